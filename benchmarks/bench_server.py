"""The server over HTTP on the loopback, with rights, journal and encryption on.

`python -m benchmarks.bench_server [--quick] [--patients N]`: 300 patients of the demonstration practice (60
quick). Server CPU is that of its whole process, background duties included, by its CPU clock; requests come
one at a time over one kept connection, never faster than one account may ask. Floors of the same run: a bare ASGI application under the same HTTP
server that answers as many bytes, with, for writes, a durable insert of the same body into plain SQLite.
"""

import argparse
import asyncio
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import sqlcipher3
import uvicorn
from msgspec import Raw

from benchmarks.figures import cpu_of, resident_mb, tell
from benchmarks.served import HERE, TODAY, Device, Served, call
from dossier.clock import SystemClock, to_wire
from dossier.entropy import SystemEntropy
from dossier.fhir.allergies import NewAllergy, build
from dossier.fhir.elements import Signature
from dossier.ids import new_op_id, uuid7
from dossier.terminology.catalogue import Terminology
from dossier.wire import codec
from dossier.wire.messages import ChangesRequest, Heads, Op, OpsRequest, Pages, Want
from server.api.connections import BoundedHttp
from server.api.pace import CALLER_A_SECOND, CALLER_BURST
from server.app import House
from server.cli import loop_factory
from server.demonstration import practice
from server.demonstration.story import Story
from sync.states import Did


async def bare(scope: dict[str, object], receive: Callable, send: Callable) -> None:
    """The floor's application: reads the body, answers as many bytes as the path says."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    size = int(str(scope["path"])[1:])
    headers = [(b"content-length", str(size).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(size)})


def serve_bare() -> None:
    config = uvicorn.Config(
        bare, port=0, log_config=None, access_log=False, http=BoundedHttp, ws="none", lifespan="off"
    )
    listening = config.bind_socket()
    print(listening.getsockname()[1], flush=True)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


_FIRST_COPIES = 300
_AT_A_TIME = 500
"""Requests between two looks at the CPU: fewer than one account may ask at once."""


class Allowance:
    """What the server lets one account ask: a burst that fills again with time. Whoever spent it waits."""

    def __init__(self) -> None:
        self._left, self._since = 0.0, time.monotonic()

    def wait_for(self, requests: int) -> None:
        """Until so many may be asked; they count as asked. What is asked beside has a tenth of the burst."""
        now = time.monotonic()
        self._left = min(0.9 * CALLER_BURST, self._left + (now - self._since) * CALLER_A_SECOND)
        self._since = now
        if self._left < requests:
            time.sleep((requests - self._left) / CALLER_A_SECOND)
        self._left -= requests


class Line:
    """One kept connection, and the CPU of the process behind it. `allowance`: of its account; None: unbounded."""

    def __init__(
        self, address: str, pid: int, token: str = "", allowance: Allowance | None = None
    ) -> None:
        self.address = address
        self._line = http.client.HTTPConnection(address)
        self._pid, self._allowance = pid, allowance
        self._headers = {"Content-Type": "application/json", "Colloque-Protocol": "1"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, str, int]:
        """Status, body, digest, and the bytes of the whole answer."""
        self._line.request(method, path, body, self._headers)
        reply = self._line.getresponse()
        raw = reply.read()
        assert reply.status < 400, (reply.status, raw)
        head = sum(len(name) + len(value) + 4 for name, value in reply.getheaders()) + 20
        return reply.status, raw, reply.getheader("Repr-Digest", ""), head + len(raw)

    def leave(self) -> None:
        """Hang up; it opens again by itself. The server hangs up on a line that rests for a minute."""
        self._line.close()

    def of(self, token: str) -> "Line":
        """Another line to the same process, with another token."""
        return Line(self.address, self._pid, token, self._allowance)

    def cpu_ms(self, work: Callable[[int], object], times: int, rest: Callable[[], None]) -> float:
        """Server CPU of one turn of `work`, with what it owes afterwards; waiting for its pace is not counted."""
        used = 0.0
        for start in range(0, times, _AT_A_TIME):
            turns = range(start, min(start + _AT_A_TIME, times))
            if self._allowance is not None:
                self._allowance.wait_for(len(turns))
            rest()
            self.leave()
            before = cpu_of(self._pid)
            for turn in turns:
                work(turn)
            rest()
            used += cpu_of(self._pid) - before
        return used / times * 1e3


class Bench:
    """The served practice, one signed-in doctor, and the bare floor beside it."""

    def __init__(self, folder: Path, served: Served, port: int, pid: int, times: int) -> None:
        self.served, self.times = served, times
        login = next(iter(served.passwords))
        self.device = Device(served, login, folder / "device")
        while self.device.engine.step().did not in (Did.WAITED, Did.FAILED):
            pass
        address = served.address.removeprefix("http://")
        self.line = Line(address, served.pid, self.device.engine.token, Allowance())
        self.floor_line = Line(f"127.0.0.1:{port}", pid)
        self.pid = pid
        self.heads = codec.decode(self.line.ask("GET", "/sync/v1/heads?since=")[1], Heads)

    def floor(self, size: int, body: bytes | None = None) -> float:
        """The same exchange with nothing behind it."""
        method = "POST" if body else "GET"
        return self.floor_line.cpu_ms(
            lambda _turn: self.floor_line.ask(method, f"/{size}", body), self.times, _nothing
        )

    def pages(self, wants: list[Want]) -> tuple[Pages, bytes, int]:
        """What `changes` answers, the request and the size of the body."""
        asked = codec.encode(ChangesRequest(items=tuple(wants)))
        status, raw, digest, _ = self.line.ask("POST", "/sync/v1/changes", asked)
        assert status == 200, raw
        return codec.decode_pages(raw, digest, Pages), asked, len(raw)

    def nothing_changed(self) -> None:
        path = f"/sync/v1/heads?since={self.heads.v}"
        status, raw, _, size = self.line.ask("GET", path)
        assert (status, raw) == (304, b"")
        ours = self.line.cpu_ms(lambda _turn: self.line.ask("GET", path), self.times, _nothing)
        tell("http: nothing changed, server CPU", ours, self.floor(0), "ms", budget=0.35)
        tell("http: nothing changed, answer", size, None, "bytes", budget=1024)

    def largest(self) -> tuple[int, list[Want]]:
        """A patient of about 150 resources: the nearest one, whole."""
        rows: dict[int, int] = {}
        for head in self.heads.heads:
            if head.kind == "patient":
                rows[head.owner] = rows.get(head.owner, 0) + head.rows
        owner = min(rows, key=lambda one: abs(rows[one] - 150))
        mine = [head for head in self.heads.heads if head.owner == owner]
        wants = [Want(owner=owner, facet=h.facet, term=h.term) for h in mine]
        of = [row for page in self.pages(wants)[0].pages for row in page.rows]
        self.patient = next(row.id for row in of if row.rtype == "Patient")
        return owner, wants

    def everything(self, wants: list[Want]) -> None:
        """A whole record again, under rights whose copy is journalled already."""
        found, asked, size = self.pages(wants)
        count = sum(len(page.rows) for page in found.pages)
        ours = self.line.cpu_ms(
            lambda _turn: self.line.ask("POST", "/sync/v1/changes", asked),
            self.times // 4,
            _nothing,
        )
        note = f"{count} resources, {size} bytes, copied before"
        floor = self.floor(size, asked)
        tell("http: everything of a patient, server CPU", ours, floor, "ms", budget=2.5, note=note)

    def first_copies(self, folder: Path) -> None:
        """Whole records a new device asks for: each copy noted, journalled and placed in the log."""
        login = next(iter(self.served.passwords))
        new = Device(self.served, login, folder / "new")
        while not new.engine.token:
            new.engine.step()
        line = self.line.of(new.engine.token)
        of: dict[int, list[Want]] = {}
        rows_of: dict[tuple[int, str], int] = {}
        for head in codec.decode(line.ask("GET", "/sync/v1/heads?since=")[1], Heads).heads:
            if head.kind == "patient":
                want = Want(owner=head.owner, facet=head.facet, term=head.term)
                of.setdefault(head.owner, []).append(want)
                rows_of[head.owner, head.facet] = head.rows
        some = list(of.values())[:_FIRST_COPIES]
        rows = sum(rows_of[want.owner, want.facet] for wants in some for want in wants)
        asked = [codec.encode(ChangesRequest(items=tuple(wants))) for wants in some]
        ours = line.cpu_ms(
            lambda turn: line.ask("POST", "/sync/v1/changes", asked[turn]),
            len(asked),
            self.served.settle,
        )
        note = f"{rows / len(some):.0f} resources each, with journal and log"
        tell("http: first copy of a patient, server CPU", ours, None, "ms", note=note)
        new.store.close()

    def one_row(self, wants: list[Want]) -> None:
        """The compartment in which the last write lies, from just before it."""
        since = wants
        while True:
            pages = self.pages(since)[0].pages
            to = {page.facet: page.to for page in pages}
            since = [msgspec.structs.replace(w, since=to.get(w.facet, w.since)) for w in since]
            if len(pages) == len(wants) and not any(page.more for page in pages):
                break
        self.line.ask("POST", "/sync/v1/ops", self.write(wants[0].owner))
        self.served.settle()
        moved = next(page for page in self.pages(since)[0].pages if page.rows)
        want = next(w for w in since if w.facet == moved.facet)
        found, asked, size = self.pages([want])
        assert len(found.pages[0].rows) == 1
        ours = self.line.cpu_ms(
            lambda _turn: self.line.ask("POST", "/sync/v1/changes", asked), self.times, _nothing
        )
        note = "1 row, copied before"
        floor = self.floor(size, asked)
        tell("http: read one, server CPU", ours, floor, "ms", budget=0.31, note=note)

    def write(self, owner: int) -> bytes:
        """A request with one new allergy, as the desktop makes it."""
        clock, entropy = self.device.clock, self.device.entropy
        at, rid = to_wire(clock.now()), uuid7(clock, entropy)
        signature = Signature(author={"reference": "Practitioner/x"}, at=at)
        body = build(
            NewAllergy(agent="pénicilline", reactions=("urticaire",)),
            rid=rid,
            patient=f"Patient/{self.patient}",
            signature=signature,
        )
        op = Op(
            op_id=new_op_id(clock, entropy),
            owner=owner,
            kind="create",
            acting=self.device.situation,
            at=at,
            rtype="AllergyIntolerance",
            id=rid,
            body=Raw(codec.encode(body)),
        )
        return codec.encode(OpsRequest(ops=(op,)))

    def writes(self, owner: int, folder: Path) -> None:
        requests = [self.write(owner) for _ in range(self.times)]
        self.line.leave()
        _, raw, _, _ = self.line.ask("POST", "/sync/v1/ops", self.write(owner))
        assert b'"ok"' in raw, raw

        def push(turn: int) -> None:
            _, raw, _, _ = self.line.ask("POST", "/sync/v1/ops", requests[turn])
            assert b'"ok"' in raw, raw

        ours = self.line.cpu_ms(push, self.times, self.served.settle)
        floor = self.floor(len(raw), requests[0]) + plain_insert_ms(folder, requests)
        note = "with journal, log, effects and projections"
        tell("http: one durable write, server CPU", ours, floor, "ms", budget=1.1, note=note)


def plain_insert_ms(folder: Path, bodies: list[bytes]) -> float:
    """One durable insert each into one plain table."""
    raw = sqlcipher3.connect(str(folder / "floor.db"), isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body BLOB)")
    before = time.process_time()
    for body in bodies:
        raw.execute("INSERT INTO rows (body) VALUES (?)", (body,))
    used = time.process_time() - before
    raw.close()
    return used / len(bodies) * 1e3


def measure_import(folder: Path, patients: int) -> None:
    """The whole path of an import, bundle by bundle, in this process."""
    call("init", str(folder / "imported"), "--demonstration")
    lists, story = Terminology.load(), Story(date.fromisoformat(TODAY))
    deposits = [one.raw for one in practice.deposits(lists, story, patients, practice.SEED)]
    floor_ms = plain_insert_ms(folder, deposits)

    async def go() -> tuple[float, int]:
        house = await House.open(folder / "imported", SystemClock(), SystemEntropy())
        await house.importer.take(practice.directory_bundle(story))
        before, count = time.process_time(), 0
        for raw in deposits:
            report = await house.importer.take(raw)
            count += report.accepted
        used = time.process_time() - before
        await house.close()
        return used, count

    used, count = asyncio.run(go())
    size = sum(path.stat().st_size for path in (folder / "imported").glob("*.db"))
    floor = floor_ms * len(deposits) / count * 1e3
    note = f"{count / len(deposits):.0f} a transaction"
    tell("import: CPU per resource", used / count * 1e6, floor, "us", budget=280, note=note)
    each = sum(len(raw) for raw in deposits) / count
    note = f"{each:.0f} bytes of JSON each"
    tell("import: disk per resource", size / count, None, "bytes", budget=2600, note=note)


def measure_start(folder: Path) -> None:
    """From the command to the line that names the address."""
    size = sum(path.stat().st_size for path in (folder / "server").glob("*.db")) / 1e6
    command = [sys.executable, "-m", "server", "serve", str(folder / "server"), "--port", "0"]
    before = time.perf_counter()
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        took = time.perf_counter() - before
        process.terminate()
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import server.cli.serving"], cwd=HERE, check=True)
    imports = time.perf_counter() - before
    note = f"{size:.0f} MB of data; the floor is importing the program"
    tell("start of the server", took, imports, "s", budget=5, note=note)


def _nothing() -> None:
    """Reading owes nothing afterwards."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--patients", type=int)
    options = parser.parse_args()
    if options.bare:
        serve_bare()
        return
    patients = options.patients or (60 if options.quick else 300)
    times = 200 if options.quick else 1000
    command = [sys.executable, "-m", "benchmarks.bench_server", "--bare"]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE) as floor,
    ):
        folder = Path(name)
        try:
            assert floor.stdout is not None
            port = int(json.loads(floor.stdout.readline()))
            with Served(folder, patients) as served:
                bench = Bench(folder, served, port, floor.pid, times)
                bench.nothing_changed()
                owner, wants = bench.largest()
                bench.everything(wants)
                bench.one_row(wants)
                bench.first_copies(folder)
                bench.writes(owner, folder)
                memory = resident_mb(str(served.pid))
                tell(
                    "memory of the server", memory, resident_mb(str(floor.pid)), "MB", budget=125.8
                )
                bench.device.store.close()
            measure_start(folder)
            measure_import(folder, patients // 3)
        finally:
            floor.terminate()


if __name__ == "__main__":
    main()
