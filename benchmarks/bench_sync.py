"""Synchronisation end to end: a real server process, real devices without a window.

`python -m benchmarks.bench_sync [--quick] [--full] [--patients N] [--practice DIR]`. 300 patients of the
demonstration practice (60 quick, 1,500 full); DIR keeps the practice between runs. Client CPU is this
process's, server CPU the server's by its CPU clock. Floors of the same run: the same bodies inserted bare into
SQLCipher plus the same bytes over bare HTTP; a request of the same server that asks its store nothing.
"""

import argparse
import gc
import http.client
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec import Raw

from benchmarks.bench_cache import bare
from benchmarks.figures import at, tell
from benchmarks.served import Device, Served
from dossier.clock import to_wire
from dossier.fhir.allergies import NewAllergy, build
from dossier.fhir.elements import Signature
from dossier.ids import new_op_id, uuid7
from dossier.wire.codec import encode
from dossier.wire.messages import Op, OpsRequest
from practitioner_app.ports import ChangeSet
from practitioner_app.services.session import Connection
from practitioner_app.sync_loop import SyncLoop
from sync.hints import EventLine
from sync.states import Did, SyncState
from sync.transport import RequestsTransport

_ECHO = """
import http.server, sys
class Bare(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        size = int(self.path[1:])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(bytes(size))
    def log_message(self, *_):
        return
served = http.server.HTTPServer(("127.0.0.1", 0), Bare)
print(served.server_address[1], flush=True)
served.serve_forever()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--patients", type=int)
    parser.add_argument("--practice", type=Path)
    options = parser.parse_args()
    patients = options.patients or (60 if options.quick else 1_500 if options.full else 300)
    with tempfile.TemporaryDirectory(prefix="colloque-bench-") as made:
        folder = options.practice or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with Served(folder, patients) as served:
            served.settle()
            device = Device(served, "fontaine", Path(made) / "profile")
            first_copy(served, device, Path(made))
            nothing_changed(served, device)
            colleague = Colleague(served, Path(made) / "colleague", device)
            delta(served, device, colleague)
            hinted(served, device, colleague, 30 if options.quick else 100)
            device.store.close()


def until_quiet(device: Device, seen: Callable[[], None] = lambda: None) -> None:
    """Steps until there is nothing to ask."""
    while device.engine.step().did is not Did.WAITED:
        seen()


class FirstCopy:
    """Marks of one first copy as its steps go by."""

    def __init__(self, served: Served, device: Device) -> None:
        self.served, self.device = served, device
        self.begun_s = time.perf_counter()
        self.client_s, self.server_s = time.process_time(), served.cpu_s()
        self.names_s = self.whole_s = 0.0
        self.names = 0
        self.exchanges = 0

    def step(self) -> None:
        progress = self.device.engine.state.progress
        if not self.names_s and progress.by_rank:
            names = progress.by_rank[0]
            if names.rows and names.rows == names.rows_wanted:
                found = self.device.store.records.patients("", 5_000)
                self.names_s, self.names = time.perf_counter() - self.begun_s, len(found)
        if not self.whole_s and progress.compartments and progress.complete:
            self.whole_s = time.perf_counter() - self.begun_s
            self.client_s = time.process_time() - self.client_s
            self.server_s = self.served.cpu_s() - self.server_s
            self.exchanges = self.device.transport.exchanges


def first_copy(served: Served, device: Device, folder: Path) -> None:
    """From the first challenge until every row is held and searchable; then the check of every digest."""
    gc.collect()
    gc.freeze()
    copy = FirstCopy(served, device)
    while not copy.whole_s:
        device.engine.step()
        copy.step()
    received, rows = device.transport.received, device.transport.rows
    checking_s, checked_s = time.process_time(), served.cpu_s()
    until_quiet(device)
    checking_s, checked_s = time.process_time() - checking_s, served.cpu_s() - checked_s
    floor = floor_of(device, folder, received, copy.exchanges) / rows * 1e6
    note = f"{copy.names} patients, {rows} resources, {copy.exchanges} exchanges"
    client = copy.client_s / rows * 1e6
    tell("first sync: client CPU per resource", client, floor, "us", budget=70, note=note)
    tell("first sync: server CPU per resource", copy.server_s / rows * 1e6, None, "us")
    tell("first sync: wire per resource", received / rows, None, "bytes", budget=180)
    tell("first sync: wall", copy.whole_s, None, "s")
    tell("first sync: patient list usable", copy.names_s, None, "s", budget=2)
    note = "after it, once per session and hour"
    tell("digests of everything: client CPU per resource", checking_s / rows * 1e6, None, "us")
    tell("digests of everything: server CPU", checked_s * 1e3, None, "ms", note=note)


def floor_of(device: Device, folder: Path, received: int, exchanges: int) -> float:
    """Client CPU seconds for the same bodies into bare SQLCipher and the same bytes over bare HTTP."""
    held = device.store.records
    owners = [line.owner for line in held.patients("", 5_000)]
    bodies = [[(owner, row.id, row.body) for row in held.rows(owner)] for owner in owners]
    begun = time.process_time()
    db = bare(folder / "bare.db")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, owner INTEGER, id TEXT, body BLOB)")
    for rows in bodies:
        db.execute("BEGIN")
        db.executemany("INSERT INTO t (owner, id, body) VALUES (?, ?, ?)", rows)
        db.execute("COMMIT")
    db.execute("CREATE INDEX o ON t (owner)")
    db.close()
    spent = time.process_time() - begun
    with subprocess.Popen([sys.executable, "-c", _ECHO], stdout=subprocess.PIPE) as echo:
        assert echo.stdout is not None
        line = http.client.HTTPConnection("127.0.0.1", int(echo.stdout.readline()))
        begun = time.process_time()
        for _ in range(exchanges):
            line.request("GET", f"/{received // exchanges}")
            line.getresponse().read()
        spent += time.process_time() - begun
        line.close()
        echo.terminate()
    return spent


def nothing_changed(served: Served, device: Device) -> None:
    """Heads that answer 304, through the engine."""
    count, transport = 300, device.transport
    until_quiet(device)
    floor_s = served.cpu_s()
    for _ in range(count):
        transport.capabilities()
    floor_s = served.cpu_s() - floor_s
    server_s, client_s = served.cpu_s(), time.process_time()
    moved = transport.sent + transport.received
    walls = []
    for _ in range(count):
        begun = time.perf_counter()
        device.engine.hint()
        until_quiet(device)
        walls.append((time.perf_counter() - begun) * 1e3)
    server_ms = (served.cpu_s() - server_s) / count * 1e3
    client_ms = (time.process_time() - client_s) / count * 1e3
    moved = transport.sent + transport.received - moved
    floor_ms = floor_s / count * 1e3
    tell("nothing changed: server CPU", server_ms, floor_ms, "ms", budget=0.35)
    tell("nothing changed: bytes both ways", moved / count, None, "bytes", budget=1024)
    tell("nothing changed: client CPU", client_ms, None, "ms")
    tell("nothing changed: wall p50", at(walls, 0.5), None, "ms")


class Colleague:
    """Another doctor's device that only writes."""

    def __init__(self, served: Served, folder: Path, reader: Device) -> None:
        self._device = Device(served, "kaci", folder)
        while not self._device.engine.token:
            self._device.engine.step()
        held = reader.store.records
        known = Counter(one.owner for one in reader.store.sync.held())
        self.owners = [one.owner for one in held.patients("", 5_000) if known[one.owner] > 1]
        self._names = {
            owner: f"Patient/{held.rows(owner, ('Patient',))[0].id}" for owner in self.owners
        }

    def op(self, owner: int, agent: str) -> Op:
        clock, entropy = self._device.clock, self._device.entropy
        now = to_wire(clock.now())
        rid = uuid7(clock, entropy)
        signature = Signature(author={"display": "Dr Samira KACI"}, at=now)
        body = build(
            NewAllergy(agent=agent), rid=rid, patient=self._names[owner], signature=signature
        )
        return Op(
            op_id=new_op_id(clock, entropy),
            owner=owner,
            kind="create",
            acting=self._device.situation,
            at=now,
            rtype="AllergyIntolerance",
            id=rid,
            body=Raw(encode(body)),
        )

    def send(self, ops: list[Op]) -> None:
        reply = self._device.transport.ops(self._device.engine.token, OpsRequest(ops=tuple(ops)))
        wrong = {verdict.code for verdict in reply.verdicts} - {"ok"}
        if wrong:
            raise SystemExit(f"not accepted: {wrong}")


def delta(served: Served, device: Device, colleague: Colleague) -> None:
    """100 new resources of 20 patients, and of one patient, fetched after the server rests."""
    for name, spread in (("20 patients", 20), ("one patient", 1)):
        walls, delivered, client, server = [], set(), [], []
        for turn in range(5):
            owners = colleague.owners[turn : turn + spread]
            colleague.send(
                [colleague.op(owners[n % len(owners)], f"agent {n}") for n in range(100)]
            )
            served.settle()
            before, served_s = device.transport.rows, served.cpu_s()
            device.engine.hint()
            begun, spent = time.perf_counter(), time.process_time()
            until_quiet(device)
            walls.append((time.perf_counter() - begun) * 1e3)
            client.append((time.process_time() - spent) * 1e3)
            server.append((served.cpu_s() - served_s) * 1e3)
            delivered.add(device.transport.rows - before)
        note = f"CPU client {at(client, 0.5):.1f}, server {at(server, 0.5):.1f} ms"
        tell(f"delta of 100 in {name}, wall p50", at(walls, 0.5), None, "ms", budget=20, note=note)
        tell(f"delta of 100 in {name}: delivered", max(delivered), 100, "rows", budget=100)
        if delivered != {100}:
            raise SystemExit(f"delivered {delivered}, not 100")


class _Listener:
    def connected(self, connection: Connection) -> None:
        """The chip of the desktop."""

    def noted(self, key: str, **figures: int) -> None:
        """The journal of exchanges of the desktop."""


def hinted(served: Served, device: Device, colleague: Colleague, count: int) -> None:
    """A colleague's POST until the row can be read on an online device: hint line, engine, store."""
    arrived = threading.Event()
    wanted = 0

    def announce(change: ChangeSet) -> None:
        if wanted in change.owners:
            arrived.set()

    def contacted(_state: SyncState) -> None:
        """The figures of the desktop."""

    loop = SyncLoop(
        outbox=device.store.outbox,
        listener=_Listener(),
        announce=announce,
        clock=device.clock,
        contacted=contacted,
    )
    engine = device.new_engine(publish=loop.published)
    line = EventLine(
        RequestsTransport(served.address, device.clock).hints, device.clock, device.entropy
    )
    lanes = [
        threading.Thread(target=loop.run, args=(engine,)),
        threading.Thread(target=loop.listen, args=(line, lambda: engine.token)),
    ]
    for lane in lanes:
        lane.start()
    while not engine.token:
        time.sleep(0.05)
    time.sleep(3)
    served.settle()
    posts, seen = [], []
    for n in range(count):
        wanted = colleague.owners[n % len(colleague.owners)]
        op = colleague.op(wanted, f"remote {n}")
        arrived.clear()
        begun = time.perf_counter()
        colleague.send([op])
        posts.append((time.perf_counter() - begun) * 1e3)
        if not arrived.wait(10):
            raise SystemExit("a remote change never came")
        seen.append((time.perf_counter() - begun) * 1e3)
        if device.store.records.resource(wanted, op.rtype, op.id) is None:
            raise SystemExit("announced, but not there")
        time.sleep(0.05)
    loop.stop()
    line.close()
    for lane in lanes:
        lane.join()
    note = f"p50 {at(seen, 0.5):.0f}, p99 {at(seen, 0.99):.0f}; floor: the POST alone, p95"
    tell("remote change by hint, p95", at(seen, 0.95), at(posts, 0.95), "ms", budget=300, note=note)


if __name__ == "__main__":
    main()
