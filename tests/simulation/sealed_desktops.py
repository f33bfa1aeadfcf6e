"""The desktop of level 2: the real encrypted store on files, killed at any durable step.

A kill is a copy of the files as they lie at that moment, logs included; the process goes on over the copy.
What a kill interrupts is not committed, whole, or torn in the middle of its last write.
"""

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlcipher3 import dbapi2

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.wire import codec
from dossier.wire.messages import Op, Page, Row, Verdict, Version
from local_store.connections import damage
from local_store.pins import LocalPins
from local_store.store import LocalStore
from local_store.sync_store import LocalSyncStore
from practitioner_app.ports import CurrentRow, ItemState
from sync.ports import Applied
from sync.trust import Trust
from tests.fakes.memory_sync_store import Crash, CrashAt, ShownRow
from tests.simulation.desktops import note_applied
from tests.simulation.ports import Name

KEY = bytes(range(32))
_STATES = {
    "pending": ItemState.PENDING,
    "sent": ItemState.SENT,
    "acked": ItemState.CONFIRMED,
    "refused": ItemState.REFUSED,
    "conflict": ItemState.CONFLICT,
    "archived": ItemState.CONFIRMED,
}
_STEPS = {"": "", "purge": "purge", **dict.fromkeys(("sent", "verdicts", "seen", "put"), "work")}
"""What a day calls its durable steps, as the sealed store names its own; `cache` is the rest."""

_CACHE = ("cache.db", "cache.db-wal")
_FULL = 2
"""What `PRAGMA synchronous` answers while a commit is forced to the disk."""


_REMNANTS = {
    "rows of a lost right": "SELECT count(*) FROM confirmed WHERE compartment NOT IN "
    "(SELECT n FROM compartment WHERE term <> '')",
    "texts of no row": "SELECT count(*) FROM texts WHERE n NOT IN (SELECT n FROM confirmed)",
    "a patient line of no row": "SELECT count(*) FROM patient WHERE n NOT IN "
    "(SELECT n FROM confirmed)",
    "name parts of no patient": "SELECT count(*) FROM patient_word WHERE n NOT IN "
    "(SELECT n FROM patient)",
}
"""What must not be in cache.db at rest."""
_CLINICAL = (b"Durand", b"nicilline", b"agent ")
"""Parts of every name and text of the scene."""


def in_clear(folder: Path) -> list[str]:
    """Files of a folder in which something clinical can be read."""
    return [
        f"{path.name} in clear"
        for path in folder.iterdir()
        if path.is_file() and any(part in path.read_bytes() for part in _CLINICAL)
    ]


class Item(msgspec.Struct):
    """One op as work.db holds it."""

    op: Op
    state: ItemState
    verdict: Verdict | None
    shows: bytes


class SealedDisk:
    """A folder with work.db and cache.db, and the process that has it open, if any."""

    def __init__(self, place: Path, folder: Path, identity: bytes) -> None:
        self._place, self._folder, self.identity = place, folder, identity
        self.highest: dict[Name, Version] = {}
        self.local: LocalStore | None = None
        self._image: Path | None = None
        self._logs: dict[str, int] = {}
        self._older: dict[str, bytes] = {}
        """cache.db as it was at some earlier opening."""
        self._forced = 0
        """So many bytes of the log of cache.db survive a power cut."""
        self._ops: dict[str, Op] = {}
        self._items: tuple[int, dict[str, Item]] = (-1, {})
        self._opened = 0
        self._broken: Callable[[Path, Entropy], None] | None = None

    @classmethod
    def blank(cls, place: Path, clock: Clock, entropy: Entropy, identity: bytes) -> "SealedDisk":
        """A profile that pinned the identity of its server, and never asked anything."""
        disk = cls(place, Path(tempfile.mkdtemp(dir=place)), identity)
        LocalStore.open(disk._folder, KEY, clock, entropy).close()
        return disk

    def boot(self, clock: Clock, entropy: Entropy, failpoint: CrashAt) -> LocalStore:
        """The process before is gone: open what it left. Raises Crash."""
        if self.local is not None or self._image is not None:
            image = self._image or self._copied()
            self.leave()
            shutil.rmtree(self._folder)
            self._folder, self._image = image, None
        if self._broken is not None:
            self._broken(self._folder, entropy)
            self._broken = None
        if not self._older or entropy.bytes(1)[0] < 64:
            files = (self._folder / name for name in _CACHE)
            self._older = {file.name: file.read_bytes() for file in files if file.exists()}
        self._opened += 1

        def step(name: str) -> None:
            self._step(name, failpoint, entropy)

        self.local = LocalStore.open(self._folder, KEY, clock, entropy, failpoint=step)
        return self.local

    def leave(self) -> None:
        """Drop every handle."""
        if self.local is not None:
            self.local.close()
            self.local = None

    def end(self) -> None:
        self.leave()
        shutil.rmtree(self._folder)

    @property
    def stamp(self) -> int:
        """Rises with every row written, and with every opening."""
        assert self.local is not None
        written = sum(
            writer._connection.total_changes for writer in (self.local._work, self.local._cache)
        )
        return (self._opened << 40) + written

    @property
    def ops(self) -> Mapping[str, Item]:
        assert self.local is not None
        connection = self.local._work._connection
        stamp = (self._opened << 40) + connection.total_changes
        if self._items[0] != stamp:
            rows = connection.execute("SELECT op_id, state, verdict, shows, wire FROM op")
            self._items = (stamp, {row[0]: self._item(*row) for row in rows})
        return self._items[1]

    def lose_power(self) -> None:
        """work.db is forced to the disk at each commit; cache.db at checkpoints, and where it says so."""
        self.highest.clear()

        def forgotten(folder: Path, entropy: Entropy) -> None:
            log = folder / "cache.db-wal"
            if log.exists():
                loose = max(0, log.stat().st_size - self._forced)
                with log.open("r+b") as file:
                    file.truncate(self._forced + int.from_bytes(entropy.bytes(4)) % (loose + 1))

        self._broken = forgotten

    def lose_cache(self) -> None:
        """cache.db is damaged, or gone, or an older one lies there, when the process begins again."""

        def damaged(folder: Path, entropy: Entropy) -> None:
            kind = entropy.bytes(1)[0] % 3
            if kind == 0:
                with (folder / "cache.db").open("r+b") as file:
                    file.seek(512)
                    file.write(bytes(256))
                return
            for name in _CACHE:
                (folder / name).unlink(missing_ok=True)
            if kind == 1:
                self.highest.clear()
                for name, content in self._older.items():
                    (folder / name).write_bytes(content)

        self._broken = damaged

    def step_named(self, kind: str) -> str:
        return _STEPS.get(kind, "cache")

    def twin(self) -> "SealedDisk":
        return SealedDisk(self._place, self._copied(), self.identity)

    def faults(self) -> list[str]:
        """What the engine's own checks find in both files, what a purge left, what lies in clear."""
        assert self.local is not None
        self.local.sync.index_texts()
        work, cache = self.local._work._connection, self.local._cache._connection
        found = [name for name, db in (("work.db", work), ("cache.db", cache)) if damage(db)]
        found += [said for said, text in _REMNANTS.items() if cache.execute(text).fetchone()[0]]
        try:
            cache.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
        except dbapi2.DatabaseError:
            found.append("the index of words disagrees with the texts")
        return found + in_clear(self._folder)

    def _item(
        self, op_id: str, state: str, verdict: bytes | None, shows: bytes | None, wire: bytes
    ) -> Item:
        op = self._ops.get(op_id)
        if op is None:
            op = self._ops[op_id] = codec.decode(wire, Op)
        told = None if verdict is None else codec.decode(verdict, Verdict)
        return Item(op, _STATES[state], told, shows or b"")

    def _step(self, name: str, failpoint: CrashAt, entropy: Entropy) -> None:
        """Where the process may die; then the files are kept as they lie."""
        file, _, moment = name.partition(".")
        log = self._folder / f"{file}.db-wal"
        if moment == "before_commit":
            self._logs[file] = log.stat().st_size if log.exists() else 0
        if name == "cache.after_commit":
            self._note_forced(log.stat().st_size)
        try:
            failpoint(name)
        except Crash:
            self._image = self._copied()
            written = log.stat().st_size - self._logs[file] if moment == "after_commit" else 0
            if written > 0 and entropy.bytes(1)[0] & 1:
                at = self._logs[file] + int.from_bytes(entropy.bytes(4)) % written
                with (self._image / log.name).open("r+b") as torn:
                    torn.truncate(at)
            raise

    def _note_forced(self, size: int) -> None:
        if size < self._forced:
            self._forced = 0
        if self.local is not None:
            (level,) = self.local._cache._connection.execute("PRAGMA synchronous").fetchone()
            if level == _FULL:
                self._forced = size

    def _copied(self) -> Path:
        target = Path(tempfile.mkdtemp(dir=self._place))
        for path in self._folder.iterdir():
            if not path.name.endswith("-shm"):
                shutil.copy2(path, target / path.name)
        return target


class SealedCopy:
    """The store of one process: the engine's faces of LocalStore, and what a person writes and reads."""

    believes = Trust

    def __init__(
        self, disk: SealedDisk, clock: Clock, entropy: Entropy, failpoint: CrashAt
    ) -> None:
        self.disk = disk
        self.local = disk.boot(clock, entropy, failpoint)
        self.sync: LocalSyncStore = self.local.sync
        self._grouped = False
        self._noted: list[tuple[Page, Applied]] = []

    def trust(self, device: str) -> Trust:
        """What the engines of this process believe of their server."""
        return self.believes(LocalPins(self.local.vault, self.disk.identity), device)

    def __getattr__(self, name: str) -> object:
        """What the engine asks and no level looks at."""
        return getattr(self.sync, name)

    @contextmanager
    def together(self, owners: Collection[int]) -> Iterator[None]:
        self._noted, self._grouped = [], True
        try:
            with self.sync.together(owners):
                yield
        finally:
            self._grouped = False
        for page, applied in self._noted:
            note_applied(self.disk, page, applied)

    def apply_page(self, page: Page, generation: int) -> Applied:
        applied = self.sync.apply_page(page, generation)
        if self._grouped:
            self._noted.append((page, applied))
        else:
            note_applied(self.disk, page, applied)
        return applied

    def begin_restore(self, restore: int) -> None:
        self.sync.begin_restore(restore)
        self.disk.highest.clear()

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        self.local.outbox.put(op, shows=shows, saw=saw)

    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]:
        return self.local.records.rows(owner, rtypes)

    def confirmed(self, owner: int) -> Mapping[tuple[str, str], ShownRow]:
        readers = self.local._readers
        unpack = readers.packer().unpack
        with readers.reading() as db:
            rows = db.execute(
                "SELECT rtype, id, restore, k, body FROM shown WHERE owner = ?", (owner,)
            ).fetchall()
        return {
            (rtype, rid): ShownRow(
                (owner, ""), Row(rtype, rid, Version(restore, k), 0, None, unpack(body))
            )
            for rtype, rid, restore, k, body in rows
        }
