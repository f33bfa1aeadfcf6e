"""The server of level 2: the real application over the real stores on files, killed and opened again.

A request is an asyncio task that the scheduler lets go from one unit of work to the next. A kill is a copy
of the files as they lie at that moment, inside a transaction or in the middle of its last write, with
everything else forgotten. The clock of the loop is the scheduler's.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import sqlcipher3
from starlette.types import ASGIApp, Message

from dossier.clock import Clock
from dossier.entropy import Entropy, SeededEntropy
from dossier.errors import DossierError, Unreachable
from dossier.fhir.validate import Validator
from server.app import House, build_app
from server.folder import Folder, ServerFile, init
from server.operations.fitness import Fitness
from server.ports import CopyRow, OwnerTx
from server.services import bodies
from server.services.online_keys import open_online_keys, signed_list
from server.store.hints import LoopHintBoard
from server.store.keystore import FileKeyProvider, SqliteKeyStore
from server.store.keystore.key_file import read_key_file
from server.store.sqlite import SqliteStore
from sync.exchanges import Exchange, Reply
from tests.fakes.authenticator import Authenticator
from tests.fakes.served_house import CHEAP, move_in
from tests.fakes.server_room import MONDAY, ServerRoom, SteppingClock
from tests.simulation import ports
from tests.simulation.ports import ADDRESS, Name
from tests.simulation.sealed_desktops import in_clear
from tests.simulation.served_wire import Answered, Wire

T = TypeVar("T")
Work = Callable[[OwnerTx], Awaitable[Any]]

_FILES = (
    "root.key",
    "keys.txt",
    "server.json",
    "keys.db",
    "keys.db-wal",
    "data.db",
    "data.db-wal",
)
_SETTLED = 1_000_000_000
"""More bytes of disk than any server asks for."""


class ScheduledLoop(asyncio.SelectorEventLoop):
    """A loop whose time is the scheduler's: no deadline of a request passes but in virtual time."""

    def __init__(self, clock: Clock) -> None:
        self._scheduled_clock = clock
        super().__init__()

    def time(self) -> float:
        return self._scheduled_clock.monotonic()


class Death:
    """How the program ends at the next unit of work: `open` inside its transaction, `torn` in the middle
    of the write of its commit, `told` after the commit and before anybody knows.
    """

    KINDS = ("open", "torn", "told")

    def __init__(self, kind: str, draw: Random, image: Callable[[], Path]) -> None:
        self.kind, self._draw, self._take = kind, draw, image
        self.image: Path | None = None

    async def strike(self, store: SqliteStore, owner: int, work: Work, log: Path) -> Any:
        """Run one unit of work and keep the files of the moment."""
        before = _size(log)

        async def interrupted(tx: OwnerTx) -> Any:
            found = await work(tx)
            if self.kind == "open":
                self.image = self._take()
            return found

        try:
            return await store.write(owner, interrupted)
        finally:
            if self.image is None:
                self.image = self._take()
                after = _size(log)
                if self.kind == "torn" and after > before:
                    _cut(self.image / log.name, self._draw.randrange(before, after))


class GatedStore:
    """A store before which a request stops at each unit of work, while the scheduler advances it."""

    def __init__(self, inner: SqliteStore, log: Path) -> None:
        self.inner, self._log = inner, log
        self.advancing: AsgiTask | None = None
        self.death: Death | None = None

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        await self._gate()
        return await self._write(owner, work)

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        await self._gate()
        if self.death is not None:
            return [await self._write(owner, work) for owner, work in works]
        return await self.inner.write_each(works)

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        await self._gate()
        return await self.inner.read(owner, work)

    async def close(self) -> None:
        await self.inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def _gate(self) -> None:
        if self.advancing is not None:
            await self.advancing.pause()

    async def _write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        if self.death is not None and self.death.image is None:
            found: T = await self.death.strike(self.inner, owner, work, self._log)
            return found
        return await self.inner.write(owner, work)


class AsgiTask:
    """One request to the application."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, app: ASGIApp, store: GatedStore, wire: Wire,
        exchange: Exchange, token: str,
    ) -> None:  # fmt: skip
        self._loop, self._app, self._store = loop, app, store
        self._wire, self._exchange, self._token = wire, exchange, token
        self._task: asyncio.Task[None] | None = None
        self._go: asyncio.Future[None] | None = None
        self._stopped: asyncio.Future[None] | None = None
        self._sent: list[Message] = []
        self.outcome: Reply | DossierError = None

    def advance(self) -> bool:
        self._stopped = self._loop.create_future()
        self._store.advancing = self
        try:
            if self._task is None:
                self._task = self._loop.create_task(self._serve())
                self._task.add_done_callback(self._ended)
            elif self._go is not None:
                self._go.set_result(None)
            self._loop.run_until_complete(self._stopped)
        finally:
            self._store.advancing = None
        if not self._task.done():
            return False
        self._task.result()
        self.outcome = self._wire.told(self._exchange, self._token, self._answer())
        return True

    async def pause(self) -> None:
        """The scheduler decides when this request goes on."""
        assert self._stopped is not None
        self._go = self._loop.create_future()
        self._stopped.set_result(None)
        await self._go

    def truncated(self, draw: Random) -> DossierError:
        answer = self._answer()
        if not answer.body:
            return Unreachable("connection")
        cut = answer.cut(draw.randrange(len(answer.body)), announced=draw.random() < 0.5)
        outcome = self._wire.told(self._exchange, self._token, cut)
        assert isinstance(outcome, DossierError), "half an answer was believed"
        return outcome

    def abandon(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.remove_done_callback(self._ended)
            self._task.cancel()
            self._loop.run_until_complete(asyncio.wait([self._task]))

    def _ended(self, _task: object) -> None:
        assert self._stopped is not None
        self._stopped.set_result(None)

    async def _serve(self) -> None:
        asked = self._wire.asked(self._exchange, self._token)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "query_string": asked.query,
            "root_path": "",
            "headers": list(asked.headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        middle = len(asked.body) // 2
        pieces = [asked.body[:middle], asked.body[middle:]]

        async def receive() -> Message:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            self._sent.append(message)

        await self._app(scope, receive, send)

    def _answer(self) -> Answered:
        start, *rest = self._sent
        headers = tuple((k.decode(), v.decode()) for k, v in start["headers"])
        return Answered(start["status"], headers, b"".join(one.get("body", b"") for one in rest))


class SqlRows:
    """The rows of the embedded store."""

    def __init__(self, room: ServerRoom) -> None:
        self._room = room

    def kinds(self) -> Mapping[int, str]:
        return dict(self._look("SELECT owner, kind FROM owner"))

    def present(self) -> dict[Name, tuple[int, int]]:
        rows = self._look("SELECT owner, rtype, id, version_restore, version_k FROM resource")
        return {(owner, rtype, rid): (restore, k) for owner, rtype, rid, restore, k in rows}

    def bodies(self, owner: int, rtype: str, rid: str) -> dict[int, bytes]:
        async def read(tx: OwnerTx) -> Any:
            return await tx.resources.get(rtype, rid), await tx.resources.history(rtype, rid)

        row, history = self._room.run(self._room.store.read(owner, read))
        cells = {row.version.k: (bodies.place_of(owner, row), row.cell)}
        for past in history:
            cells[past.version.k] = (bodies.past_place(owner, past), past.cell)
        sealer = self._room.premises.sealer
        return {
            k: bodies.unpack(self._room.run(sealer.open(place, cell))).resource
            for k, (place, cell) in cells.items()
        }

    def copies(self, account: int, device: str) -> Iterable[CopyRow]:
        text = (
            "SELECT device, unit, target, facet, term, since, gone, receipt FROM copy "
            "WHERE owner = $1 AND device = $2 ORDER BY unit, target, facet"
        )
        return [CopyRow(*row) for row in self._look(text, (account, device))]

    def drop_tombstones(self, owner: int) -> None:
        self._room.run(
            self._room.store.submit(
                lambda sql: sql.run("DELETE FROM tombstone WHERE owner = $1", (owner,))
            )
        )

    def _look(self, text: str, given: tuple[object, ...] = ()) -> list[Any]:
        found: list[Any] = self._room.store.look(lambda sql: sql.rows(text, given))
        return found


class HouseRoom(ServerRoom):
    """A room whose services are those of a house that may be left for another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: SteppingClock, house: House) -> None:
        self._run, self.clock = loop.run_until_complete, clock
        self.authenticator = Authenticator(clock)
        move_in(self, house)


class ServedServer:
    """The application of one house at a time, each in a folder of its own below `place`."""

    def __init__(self, place: Path) -> None:
        self._place, self._clock = place, SteppingClock()
        self._loop = ScheduledLoop(self._clock)
        self._wire = Wire(self._clock)
        self._validator = Validator()
        self._entropy: Entropy = SeededEntropy(7)
        self._folder = self._fresh()
        said = ServerFile(name="simulated", demonstration=True)
        self._loop.run_until_complete(init(self._folder, self._clock, self._entropy, said))
        self._identity = Folder(self._folder).identity.rename(place / "identity.key")
        self._open()
        self.identity = self._house.online.identity
        """What desktops pin."""
        self.room: ServerRoom = HouseRoom(self._loop, self._clock, self._house)
        self.rows = SqlRows(self.room)

    # --- what a mutant replaces -------------------------------------------------------------------------

    @property
    def changes(self) -> Any:
        return self._house.changes

    @changes.setter
    def changes(self, instead: Any) -> None:
        self._house.changes = instead
        self._app = build_app(self._house, reached_at=(ADDRESS,))

    @property
    def feed(self) -> Any:
        return self._house.feed

    @feed.setter
    def feed(self, instead: Any) -> None:
        self._house.feed = instead
        self._app = build_app(self._house, reached_at=(ADDRESS,))

    # --- requests ---------------------------------------------------------------------------------------

    def start(self, exchange: Exchange, token: str) -> AsgiTask:
        return AsgiTask(self._loop, self._app, self._store, self._wire, exchange, token)

    def die(self, running: Sequence[ports.Task], draw: Random) -> None:
        """Between two units of work, or in one of a request under way."""
        death = Death(draw.choice(Death.KINDS), draw, self._image)
        if running and draw.random() < 0.75:
            self._store.death = death
            draw.choice(running).advance()
        image = death.image or self._image()
        for task in running:
            task.abandon()
        self._go_on_from(image)

    # --- the folder -------------------------------------------------------------------------------------

    def snapshot(self) -> Path:
        """The files between two units of work, their logs folded in; requests under way go on."""
        image = self._image()
        for name in ("data.db", "keys.db"):
            connection = sqlcipher3.connect(str(image / name))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        return image

    def rewind(self, snapshot: Path, seed: int) -> None:
        self._entropy = SeededEntropy(seed)
        self._clock.instant, self._clock.wrong_by = MONDAY, timedelta()
        folder = self._fresh()
        _copy(snapshot, folder)
        self._go_on_from(folder)

    def go_back(self, snapshot: Path, restore: int) -> None:
        folder = self._fresh()
        _copy(snapshot, folder)
        self._go_on_from(folder)
        run, keys = self._loop.run_until_complete, self._house.keys
        if run(keys.restore_number()) < restore:
            while run(keys.begin_restore()) < restore:
                """Each call raises it by one."""
            run(self._sign_again())
            self._close()
            self._open()
            self._move_in()

    def beat(self) -> None:
        house = self._house
        self._loop.run_until_complete(house.premises.clock.keep(house.keys))

    def sequence(self) -> None:
        self._loop.run_until_complete(self._house.sequencer.run())

    def replace_key(self, kind: str) -> None:
        self._loop.run_until_complete(self._sign_again(replace=(kind,)))
        self._close()
        self._open()
        self._move_in()

    async def _sign_again(self, replace: tuple[str, ...] = ()) -> None:
        """The operator brings identity.key: the list names the present restore number and keys."""
        private = read_key_file(self._identity)
        before = self._house.online.told
        text = await signed_list(
            self._house.keys, private, before, self._clock.now(), replace=replace
        )
        Folder(self._folder).write_key_list(text)

    def faults(self) -> list[str]:
        """The journal's log and both files, as the server's own check finds them; what lies in clear."""
        house, run = self._house, self._loop.run_until_complete
        run(house.sequencer.run())
        wrong = run(house.sequencer.verify())
        found = [f"the log: {wrong}"] if wrong is not None else []
        found += [*run(house.store.maintenance.check()), *house.keys.check()]
        return found + in_clear(self._folder)

    def close(self) -> None:
        """Nothing is left open; the files stay."""
        self._close()
        self._wire.close()
        self._loop.close()

    def _go_on_from(self, folder: Path) -> None:
        self._close()
        shutil.rmtree(self._folder)
        self._folder = folder
        self._open()
        self._move_in()

    def _move_in(self) -> None:
        move_in(self.room, self._house)

    def _open(self) -> None:
        self._house = self._loop.run_until_complete(self._opened())
        self._app: ASGIApp = build_app(self._house, reached_at=(ADDRESS,))

    async def _opened(self) -> House:
        """As `House.open`, with a gate before the store and every statement guarded."""
        folder, clock = self._folder, self._clock
        files = Folder(folder)
        told, provider = files.read_told(), FileKeyProvider(files.root)
        keys = SqliteKeyStore.open(files.keys, provider, clock=clock, entropy=self._entropy)
        listed = files.read_key_list()
        online = await open_online_keys(keys, files.read_identity(told), listed)
        store = SqliteStore.open(files.data, clock=clock, restore=online.told.restore, guard=True)
        self._store = GatedStore(store, folder / "data.db-wal")
        fitness = Fitness(store, keys, clock, lambda: _SETTLED)
        held: Any = self._store
        house = House(told, held, keys, online, fitness, LoopHintBoard())
        await house.furnish(clock, self._entropy, CHEAP, self._validator)
        return house

    def _close(self) -> None:
        self._loop.run_until_complete(self._house.close())

    def _image(self) -> Path:
        """The files as they lie now: what a program killed here leaves."""
        image = self._fresh()
        _copy(self._folder, image)
        return image

    def _fresh(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._place))


def _copy(source: Path, target: Path) -> None:
    for name in _FILES:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
