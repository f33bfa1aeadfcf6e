"""What the scenario, the monitors and the twins need of a level: one server, and disks under desktops.

They know no store: level 1 answers from dictionaries, level 2 from files. Whatever is watched is written
once, against these.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import DossierError
from dossier.wire.messages import Op, Verdict, Version
from practitioner_app.ports import CurrentRow, ItemState
from server.ports import CopyRow
from sync.exchanges import Exchange, Reply
from sync.ports import SyncStore
from sync.trust import Trust
from tests.fakes.memory_sync_store import CrashAt, ShownRow
from tests.fakes.server_room import ServerRoom

ADDRESS = "http://127.0.0.1:9"
"""Where every simulated server answers, as proofs name it; nothing listens there."""
Name = tuple[int, str, str]
"""(owner, type, id)"""


class Written(Protocol):
    """One op as its desktop remembers it."""

    op: Op
    state: ItemState
    verdict: Verdict | None
    shows: bytes


class Copy(SyncStore, Protocol):
    """A desktop's open store: what the engine uses, and what a person writes and reads."""

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None: ...
    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]: ...
    def confirmed(self, owner: int) -> Mapping[tuple[str, str], ShownRow]:
        """What the server told of this owner and may still be shown."""
        ...

    def trust(self, device: str) -> Trust | None:
        """What this process believes of its server; None where the server proves nothing."""
        ...


class Disk(Protocol):
    """What survives the death of a desktop's process.

    `highest` is the monitors' memory: the highest version of each id that was ever applied. `stamp` rises
    at every durable step: what was watched is looked at again only then.
    """

    highest: dict[Name, Version]
    stamp: int

    @property
    def ops(self) -> Mapping[str, Written]:
        """Every op a person put here and this disk still knows, by id."""
        ...

    def lose_cache(self) -> None:
        """The disposable file is corrupt."""
        ...

    def lose_power(self) -> None:
        """The disposable file goes back to some moment since it was last forced to the disk."""
        ...

    def step_named(self, kind: str) -> str:
        """How names of durable steps of this kind of a day begin here."""
        ...

    def faults(self) -> list[str]:
        """What is broken on this disk; empty when sound."""
        ...

    def end(self) -> None:
        """The schedule is over: nothing is left open, nor on a real disk."""
        ...

    def twin(self) -> "Disk":
        """An independent copy, as it is now."""
        ...


StoreFactory = Callable[[Any, Clock, Entropy, CrashAt], Copy]
"""Opens a process's store over its level's kind of Disk; may raise Crash."""


class Task(Protocol):
    """One request on the server. `advance` runs it to its next pause; True once `outcome` is there."""

    outcome: Reply | DossierError

    def advance(self) -> bool: ...
    def truncated(self, draw: Random) -> DossierError:
        """What a desktop makes of a part of the answer."""
        ...

    def abandon(self) -> None:
        """The server died here: units already committed stay."""
        ...


class ServerRows(Protocol):
    """What the server holds, read behind its back."""

    def kinds(self) -> Mapping[int, str]:
        """Every owner and its kind."""
        ...

    def present(self) -> dict[Name, tuple[int, int]]:
        """Every present row and its version (restore, k)."""
        ...

    def bodies(self, owner: int, rtype: str, rid: str) -> dict[int, bytes]:
        """The resource of each version (k) of one id, past ones too."""
        ...

    def copies(self, account: int, device: str) -> Iterable[CopyRow]:
        """The copies the server knows of on one device."""
        ...

    def drop_tombstones(self, owner: int) -> None:
        """Old tombstones go (the floor was raised before)."""
        ...


class Server(Protocol):
    """One server; `room` is its services, `changes` and `feed` those behind its exchanges."""

    room: ServerRoom
    rows: ServerRows
    changes: Any
    feed: Any

    def start(self, exchange: Exchange, token: str) -> Task: ...
    def die(self, running: Sequence[Task], draw: Random) -> None:
        """The program ends where it is and begins again: what was committed stays, nothing else."""
        ...

    def faults(self) -> list[str]:
        """What is broken in its files; empty when sound."""
        ...

    def beat(self) -> None:
        """What the program does every second besides: it keeps how far its time came."""
        ...

    def sequence(self) -> None:
        """Waiting journal rows reach the log."""
        ...

    def replace_key(self, kind: str) -> None:
        """The operator replaces an online key and signs the list that says so; requests under way ended."""
        ...

    def snapshot(self) -> Any:
        """Everything durable, to rewind to."""
        ...

    def go_back(self, snapshot: Any, restore: int) -> None:
        """The same program over another copy of everything, under this restore number, at the same time."""
        ...

    def rewind(self, snapshot: Any, seed: int) -> None:
        """A fresh program over a snapshot, with this seed's randomness, on Monday morning."""
        ...


class Level(NamedTuple):
    """Of what a schedule is made: an empty server, the disk of a new desktop, and what opens one."""

    server: Server
    blank: Disk
    open_store: StoreFactory
