"""The store, the key store, what stands across owners, and the hint board."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, TypeVar

from server.ports.closures import KeyClosures
from server.ports.rows import JournalRow
from server.ports.tables import OwnerTx

T = TypeVar("T")


class LogLeaf(NamedTuple):
    """A placed leaf: where it came from and its hash."""

    position: int
    owner: int
    month: int
    n: int
    leaf: bytes


class Maintenance(Protocol):
    """The only door across owners, in restartable batches, never in a request (SCALE rule 18)."""

    async def owners(self, kind: str | None, after: int, limit: int) -> list[int]: ...
    async def owners_with_effects(self, now_ms: int, limit: int) -> list[int]: ...
    async def owners_unplaced(self, limit: int) -> list[int]: ...
    async def reserve_all(self, space: str, names: Sequence[int], target: int) -> list[bool]:
        """Reserve each name for `target` alone, each under its own owner, in as few commits as the
        engine can: for each, False when another target holds it. Repeating is harmless (an import).
        """
        ...

    async def holders(self, space: str, names: Sequence[int]) -> list[int | None]:
        """Who holds each of these unique reservations; only reads (an import decides before it writes)."""
        ...

    async def log_size(self) -> int: ...
    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        """Append at log_size and mark each journal row placed: in one transaction, or the log first and
        then the rows. StoreError when another process appended there; then nothing was done.
        """
        ...

    async def log_repair(self, batch: int) -> None:
        """Mark the journal rows of the last `batch` leaves, where an append was cut off before it did."""
        ...

    async def log_leaves(self, start: int, limit: int) -> list[LogLeaf]: ...
    async def log_at(self, positions: Sequence[int]) -> list[LogLeaf]:
        """The leaves at these positions, in no order; a position without a leaf is left out."""
        ...

    async def journal_after(
        self, after: tuple[int, int, int], months: tuple[int, int], limit: int
    ) -> list[tuple[int, JournalRow]]:
        """Journal rows with their owner, in order of (owner, month, n), above `after`, from the first of
        `months` to the last: what an audit and a breach report read, never a request.
        """
        ...

    async def put_checkpoint(self, size: int, text: bytes) -> None: ...
    async def checkpoint(self) -> tuple[int, bytes] | None: ...
    def settling(self) -> AbstractAsyncContextManager[None]:
        """The turn of one process to do effects and extend the log. It saves double work; nothing is
        wrong without it.
        """
        ...

    async def forget_attempts(self, before_ms: int, limit: int) -> int:
        """Drop up to `limit` rows of tries that need not be kept any more; how many."""
        ...

    async def counts(self) -> dict[str, int]:
        """Rows per table, for `doctor` and the benchmarks."""
        ...

    async def check(self) -> list[str]:
        """The engine's own integrity check; empty when sound."""
        ...


class Store(Protocol):
    """The truth. Raises StoreLocked, StoreCorrupt, TooNew, DiskFull; a failed unit leaves nothing."""

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` in one durable transaction of `owner`; returns after the commit."""
        ...

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        """Units of different owners, each as `write`; they may reach the disk together. Returns in their
        order once all are durable. Raises the first failure: those before it are kept, those after it
        may be.
        """
        ...

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` on a snapshot of `owner`; writing raises."""
        ...

    @property
    def maintenance(self) -> Maintenance: ...
    async def close(self) -> None: ...


class KeyProvider(Protocol):
    """Where ROOT lives, outside every database and every backup of one (security.md §4.1)."""

    def root(self) -> bytes:
        """The 32-byte ROOT. Raises KeychainError when it is missing or open to others."""
        ...


class NarrowRow(NamedTuple):
    """A narrowing act recorded before its commit; `cell` is sealed by who recorded it."""

    op_id: str
    n: int
    cell: bytes


class KeyRotation(Protocol):
    """Keys replaced while others use them (security.md §4.3). Each step is one durable transaction and may be
    repeated after a crash. Raises the StoreError family, SealBroken, Unavailable.
    """

    async def new_kek(self) -> int:
        """A new KEK: data keys made from now on lie under it. Returns its version."""
        ...

    async def rewrap(self, limit: int) -> int:
        """Bring up to `limit` data keys under the newest KEK; how many were brought, 0 at the end."""
        ...

    async def drop_keks(self, retired_before_ms: int) -> int:
        """Destroy the KEKs that hold no data key and were replaced before this moment; how many."""
        ...

    async def reroot(self, root: bytes) -> None:
        """Wrap KEKs, secrets and the restore number under another ROOT, all or nothing."""
        ...

    async def ask_renewal(self, subjects: Sequence[int], space: str = "record") -> None:
        """These data keys shall be replaced; asking twice is harmless."""
        ...

    async def ask_all(self, space: str = "record") -> int:
        """Every data key that lives shall be replaced; how many."""
        ...

    async def renewals(self, limit: int) -> list[int]:
        """Subjects whose data key waits for its replacement."""
        ...

    async def renew(self, subject: int, space: str = "record") -> int:
        """Make the next version of a data key, which new cells use; the version. Until that one superseded
        those before it, it is the one.
        """
        ...

    async def supersede(
        self, subject: int, version: int, until_ms: int, space: str = "record"
    ) -> None:
        """No cell that lives uses a version below this one, which waits no longer. Backups of the data may hold
        such cells: the versions stay until then.
        """
        ...

    async def superseded(self, now_ms: int, limit: int) -> list[tuple[int, int]]:
        """(subject, version) of data keys of which the versions below may go now."""
        ...

    async def retire(self, subject: int, version: int, space: str = "record") -> None:
        """Remove every version below this one."""
        ...

    async def give_up(self, subject: int, space: str = "record") -> None:
        """The key waits no longer: it was destroyed."""
        ...


class ReachedTime(Protocol):
    """How far the server's time ever came, kept beside the keys: for every process and through every restore.
    Raises the StoreError family.
    """

    async def reach(self, now_ms: int) -> int:
        """Time has come this far, durably; returns how far it ever came, never less."""
        ...

    async def take_back(self, now_ms: int) -> None:
        """An operator says what time it is, after a clock that stood wrong."""
        ...


class KeyStore(Protocol):
    """Data keys, in a database of their own (security.md §4). One key per (subject, space).

    `space` is `record` while the patient's space is open. Keys are cached in memory only.
    Raises SealBroken when ROOT is not the one that wrapped them, Unavailable when a key was destroyed.
    """

    async def key(self, subject: int, space: str = "record") -> tuple[int, bytes]:
        """(key version, 32-byte data key), made on first use and durable before it is returned."""
        ...

    async def prepare(self, subjects: Sequence[int], space: str = "record") -> None:
        """Make the keys that are missing in one durable step (an import); destroyed ones are left."""
        ...

    async def key_at(self, subject: int, version: int, space: str = "record") -> bytes: ...
    async def destroy(self, subject: int, space: str = "record") -> None: ...
    async def secret(self, name: str) -> bytes:
        """A named 32-byte server secret wrapped by ROOT: `facets`, `tokens`, `blind`, `log`..."""
        ...

    async def restore_number(self) -> int: ...
    async def begin_restore(self) -> int:
        """A restore begins: the number grows by one, durably, and is returned."""
        ...

    async def narrow(self, owner: int, op_id: str, n: int, cell: bytes) -> None:
        """Record a narrowing act before it commits: it survives any restore."""
        ...

    async def narrowed(self, owner: int) -> list[NarrowRow]:
        """The narrowing acts of an owner, in order of n: what a restore applies again."""
        ...

    async def narrowing_owners(self, after: int, limit: int) -> list[int]:
        """Owners above `after` of whom such acts are kept, in order."""
        ...

    @property
    def rotation(self) -> KeyRotation: ...
    @property
    def time(self) -> ReachedTime: ...
    @property
    def closures(self) -> KeyClosures: ...
    async def close(self) -> None: ...


class HintLine(Protocol):
    """One listener's place at the board. A wake-up between two waits is kept for the next one."""

    async def wait(self, timeout_s: float) -> bool:
        """True when one of its readers was woken since the last wait; False after the time or the end."""
        ...

    @property
    def closed(self) -> bool: ...
    def close(self) -> None:
        """Leave the board; a wait under way ends with False. Closing twice is harmless."""
        ...


class HintBoard(Protocol):
    """Wakes readers after a commit; losing a wake-up is harmless."""

    def wake(self, readers: Sequence[str]) -> None: ...
    def listen(self, readers: Sequence[str]) -> HintLine:
        """Listen from now on for any of these readers."""
        ...

    async def wait(self, readers: Sequence[str], timeout_s: float) -> bool:
        """`listen`, one `wait`, `close`."""
        ...
