"""Fifty practitioners at once, nine requests in ten a read, against a real server process.

`python -m benchmarks.bench_load [--quick] [--patients N]`: 300 patients (60 quick). Fifty kept connections, each
with a token of its own, in one child process with the fast loop: each asks again as soon as it was answered (a
closed loop), for a bounded number of requests. A read is the last row of a compartment copied before, a write one new
allergy, durable, its effects and log included in the CPU. Floor of the same run: the same loop against a bare
ASGI application that answers as many bytes.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

from msgspec import Raw

from benchmarks.figures import at, cpu_of, tell
from benchmarks.served import HERE, Device, Served
from dossier.clock import to_wire
from dossier.fhir.allergies import NewAllergy, build
from dossier.fhir.elements import Signature
from dossier.ids import new_op_id, uuid7
from dossier.wire import codec
from dossier.wire.messages import ChangesRequest, Head, Op, OpsRequest, Want
from server.cli import loop_factory
from sync.proofs import begin

PRACTITIONERS = 50
PATIENTS_EACH = 10
EACH = 120
"""An account may make 1,000 requests at once; these are the requests of seven accounts."""
SEED = 7
WANTED = 2_000
_BARE = [sys.executable, "-m", "benchmarks.bench_server", "--bare"]


class Figures(NamedTuple):
    """What one closed loop gave."""

    rate: float
    p50_ms: float
    p99_ms: float
    server_ms: float
    client_ms: float
    size: int
    write_ms: float


class Person:
    """One token, and the requests its holder may send."""

    def __init__(self, device: Device, address: str) -> None:
        self.device = device
        self.token = begin(device.transport, device.key, device.situation, device.entropy).token
        self._address = address
        self.reads: list[bytes] = []
        self.patients: list[tuple[int, str]] = []

    def learn(self, chance: random.Random) -> None:
        """Some patients, the copies of their names, and a request for the last row of each."""
        for head in chance.sample(names_of(self), PATIENTS_EACH):
            want, since, more = Want(owner=head.owner, facet=head.facet, term=head.term), "", True
            while more:
                want = Want(owner=head.owner, facet=head.facet, term=head.term, since=since)
                (page,) = self.device.transport.changes(self.token, [want], 1).pages
                more, since = page.more, page.to
                self.patients += [
                    (head.owner, row.id) for row in page.rows if row.rtype == "Patient"
                ]
            asked = codec.encode(ChangesRequest(items=(want,)))
            self.reads.append(self._request("/sync/v1/changes", asked))

    def write(self, chance: random.Random) -> bytes:
        """One new allergy of one of the patients."""
        owner, patient = chance.choice(self.patients)
        clock, entropy = self.device.clock, self.device.entropy
        at_, rid = to_wire(clock.now()), uuid7(clock, entropy)
        signature = Signature(author={"display": "bench"}, at=at_)
        body = build(
            NewAllergy(agent="latex"), rid=rid, patient=f"Patient/{patient}", signature=signature
        )
        op = Op(
            op_id=new_op_id(clock, entropy),
            owner=owner,
            kind="create",
            acting=self.device.situation,
            at=at_,
            rtype="AllergyIntolerance",
            id=rid,
            body=Raw(codec.encode(body)),
        )
        return self._request("/sync/v1/ops", codec.encode(OpsRequest(ops=(op,))))

    def _request(self, path: str, body: bytes) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._address}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def names_of(person: Person) -> list[Head]:
    """The compartments with the names of the patients this person may read."""
    heads = person.device.transport.heads(person.token, "")
    assert heads is not None
    return [head for head in heads.heads if head.rank == 0 and head.rows]


class Loop(asyncio.Protocol):
    """One connection of the closed loop: the next request leaves when the answer is whole."""

    def __init__(self, requests: list[bytes], ended: asyncio.Future[None]) -> None:
        self._requests, self._ended = iter(requests), ended
        self.walls: list[float] = []
        self.writes: list[float] = []
        self.sizes: list[int] = []
        self._got = b""
        self._sent_s, self._is_write = 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        self._next()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, blank, body = self._got.partition(b"\r\n\r\n")
        if not blank:
            return
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < size:
            return
        self.walls.append(time.perf_counter() - self._sent_s)
        if self._is_write:
            self.writes.append(self.walls[-1])
        if not head.startswith(b"HTTP/1.1 200") or b'"rejected"' in body:
            self._ended.set_exception(SystemExit(f"refused: {head[:60]!r} {body[:200]!r}"))
            self._transport.close()
            return
        self.sizes.append(size)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_exception(exc or ConnectionError("closed too early"))

    def _next(self) -> None:
        self._got = b""
        request = next(self._requests, None)
        if request is None:
            self._ended.set_result(None)
            self._transport.close()
            return
        self._is_write = request.startswith(b"POST /sync/v1/ops")
        self._sent_s = time.perf_counter()
        self._transport.write(request)


async def loop(address: str, of_each: list[list[bytes]]) -> tuple[float, list[Loop]]:
    """Wall seconds, and the lines with what each of their requests took."""
    running = asyncio.get_running_loop()
    host, port = address.rsplit(":", 1)
    lines: list[Loop] = []
    ends: list[asyncio.Future[None]] = []
    begun = time.perf_counter()
    for requests in of_each:
        ends.append(running.create_future())
        lines.append(Loop(requests, ends[-1]))
        await running.create_connection(lambda one=lines[-1]: one, host, int(port))  # type: ignore[misc]  # bound now
    await asyncio.gather(*ends)
    return time.perf_counter() - begun, lines


def mixed(people: list[Person], each: int, chance: random.Random) -> list[list[bytes]]:
    """Nine reads in ten for everybody, in no order."""
    return [
        [
            one.write(chance) if chance.random() < 0.1 else chance.choice(one.reads)
            for _ in range(each)
        ]
        for one in people
    ]


def run(address: str, of_each: list[list[bytes]], pid: int, rest: Callable[[], None]) -> Figures:
    """One closed loop to its end, and what the server still owed after it."""
    rest()
    before, mine = cpu_of(pid), time.process_time()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        took, lines = runner.run(loop(address, of_each))
    mine = time.process_time() - mine
    rest()
    walls = [wall for line in lines for wall in line.walls]
    writes = [wall for line in lines for wall in line.writes]
    sizes = [size for line in lines for size in line.sizes]
    count = len(walls)
    return Figures(
        count / took,
        at(walls, 0.5) * 1e3,
        at(walls, 0.99) * 1e3,
        (cpu_of(pid) - before) / count * 1e3,
        mine / count * 1e3,
        sum(sizes) // count,
        at(writes, 0.5) * 1e3 if writes else 0.0,
    )


def bare(of_each: list[list[bytes]], size: int) -> list[list[bytes]]:
    """The same requests for an application that answers `size` bytes."""
    return [
        [b"POST /%d HTTP/1.1\r\n" % size + one.partition(b"\r\n")[2] for one in requests]
        for requests in of_each
    ]


def measure(served: Served, folder: Path, each: int) -> None:
    address, chance = served.address.removeprefix("http://"), random.Random(SEED)
    devices = [Device(served, login, folder / login) for login in served.passwords]
    doctors = [one for one in devices if len(names_of(Person(one, address))) >= PATIENTS_EACH]
    people = [Person(doctors[n % len(doctors)], address) for n in range(PRACTITIONERS)]
    for one in people:
        one.learn(chance)
    run(address, mixed(people, each // 10, chance), served.pid, served.settle)
    asked = mixed(people, each, chance)
    ours = run(address, asked, served.pid, served.settle)
    with subprocess.Popen(_BARE, cwd=HERE, stdout=subprocess.PIPE) as floor:
        assert floor.stdout is not None
        at_ = f"127.0.0.1:{json.loads(floor.stdout.readline())}"
        time.sleep(1)
        least = run(at_, bare(asked, ours.size), floor.pid, _nothing)
        floor.terminate()
    note = (
        f"{WANTED} at least; {len(doctors)} accounts, {PRACTITIONERS} tokens, {each} requests each"
    )
    tell("load: requests a second", ours.rate, least.rate, "req/s", note=note)
    note = f"p50 {ours.p50_ms:.0f}, of a write {ours.write_ms:.0f}"
    tell("load: p99", ours.p99_ms, least.p99_ms, "ms", budget=60, note=note)
    note = f"effects and log included; this client {ours.client_ms:.3f}"
    tell("load: server CPU a request", ours.server_ms, least.server_ms, "ms", note=note)
    for device in devices:
        device.store.close()


def _nothing() -> None:
    """A bare application owes nothing afterwards."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--patients", type=int)
    options = parser.parse_args()
    patients = options.patients or (60 if options.quick else 300)
    with tempfile.TemporaryDirectory() as name, Served(Path(name), patients) as served:
        measure(served, Path(name), 40 if options.quick else EACH)


if __name__ == "__main__":
    main()
