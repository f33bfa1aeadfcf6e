"""What the services need from outside: a store, a key store, a hint board.

Every method is `async`. The SQLite and memory stores never suspend: they run a whole unit of work on
one thread (the writer, with group commit). The PostgreSQL store suspends on its driver. Services are
written once.

Laws kept here (DATA-MODEL §2-§5, SCALE §2):
- one unit of work touches exactly one `owner`; every statement names it (OwnerGuard);
- `lock` is the first call of a writing unit of work: it bumps the owner's row, which is its lock;
- rights are read after the lock, never before; readers read rows first, rights after;
- numbers (n, seq, moved_v, since_v) come from counters of locked rows, never from a clock or sequence;
- facets are opaque tags (dossier.sealing.facets); nothing clinical and no name is ever an argument.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from dossier.wire.messages import Version

T = TypeVar("T")


class OwnerRow(NamedTuple):
    """The owner's row after its lock. `n` is the first of the k numbers just reserved (n .. n+k-1)."""

    kind: str
    state: str
    n: int
    access_v: int
    facets_v: int
    pack: str


class CompartmentRow(NamedTuple):
    """One compartment. `digest` is 32 bytes, big endian, sum mod 2^256; `floor` the oldest tombstone kept."""

    facet: str
    head: int
    floor: int
    rows: int
    size: int
    digest: bytes


class ResourceRow(NamedTuple):
    """A stored resource. `subject` 0 means none; `cell` is the sealed body."""

    rtype: str
    id: str
    facet: str
    seq: int
    version: Version
    subject: int
    root: str | None
    size: int
    cell: bytes


class Tombstone(NamedTuple):
    """A row that left its facet at this version; written by the server only."""

    facet: str
    seq: int
    rtype: str
    id: str
    version: Version


class HistoryRow(NamedTuple):
    """One past version of a resource, readable iff the resource is."""

    rtype: str
    id: str
    version: Version
    subject: int
    schema: int
    cell: bytes


class OpRow(NamedTuple):
    """A known op. `verdict` is encoded wire.Verdict, or None once acknowledged (the id stays)."""

    op_id: str
    account: int
    device: str
    acting: str
    digest: bytes
    verdict: bytes | None
    at_ms: int


class GrantRow(NamedTuple):
    """`principal`: `a:<account>:<unit>`, `m:<unit>:<profession>` or `r:<relation kind>`.
    `rights`: letters of r(ead) w(rite) d(eposit) b(ook) m(atch) g(manage). `until_ms` None: no end.
    """

    facet: str
    principal: str
    rights: str
    cause: str
    since_v: int
    until_ms: int | None


class RelationRow(NamedTuple):
    """`kind`: self, representative, attending, trusted."""

    account: int
    kind: str
    since_v: int
    until_ms: int | None
    cause: str


class JournalRow(NamedTuple):
    """One journal row: `facet` is the access facet it lies in; `leaf` its 32-byte hash; `log_index` None until
    the sequencer placed it.
    """

    month: int
    n: int
    facet: str
    subject: int
    cell: bytes
    leaf: bytes
    log_index: int | None


class EffectRow(NamedTuple):
    """Something owed to another owner, done later and idempotently (op id = hash(owner, n))."""

    n: int
    not_before_ms: int
    target: int
    kind: str
    cell: bytes
    done: bool


class AccountRow(NamedTuple):
    """`secret` is the Argon2id record of the password; `cell` seals the person's name and identifiers."""

    account: int
    kind: str
    state: str
    secret: str
    cell: bytes


class DeviceRow(NamedTuple):
    """An enrolled desktop and its raw Ed25519 public key; `revoked_ms` ends it at the next request."""

    device: str
    account: int
    public_key: bytes
    cell: bytes
    enrolled_ms: int
    revoked_ms: int | None


class SessionRow(NamedTuple):
    """An access token: `token_hash` is its SHA-256; the rights are never in it."""

    token_hash: bytes
    device: str
    situation: str
    expires_ms: int


class MemberRow(NamedTuple):
    """A membership: situation id, unit (organisation), profession, role."""

    situation: str
    unit: int
    profession: str
    role: str
    since_v: int
    until_ms: int | None


class CopyRow(NamedTuple):
    """One device holds (target, facet) under `term` since `since_ms`; `receipt_ms` closes it."""

    device: str
    unit: int
    target: int
    facet: str
    term: str
    since_ms: int
    gone_ms: int | None
    receipt_ms: int | None


class ProjectionRow(NamedTuple):
    """A row of `granted` (reader = unit, profession) or `reader` (reader = account): what moved.
    `facet` `*` means: ask again for everything held of this target.
    """

    target: int
    facet: str
    head_hint: int
    moved_v: int


class OwnerTable(Protocol):
    """The owner's row: its lock, its counters and its state."""

    async def lock(self, k: int) -> OwnerRow | None:
        """Bump n by `k` and return the row as it now is, with `n` the first reserved number; None if unknown."""
        ...

    async def get(self) -> OwnerRow | None:
        """The row without locking (`n` is the next free number)."""
        ...

    async def create(self, kind: str, pack: str, start: int) -> None:
        """Insert a fresh owner in state `active`, its counter at `start` (restore x 2^40 + 1)."""
        ...

    async def update(
        self,
        *,
        state: str | None = None,
        access_v: int | None = None,
        facets_v: int | None = None,
        pack: str | None = None,
    ) -> None: ...


class Compartments(Protocol):
    """The heads and digests of the facets of one owner."""

    async def get(self, facet: str) -> CompartmentRow | None: ...
    async def all(self) -> list[CompartmentRow]: ...
    async def put(self, row: CompartmentRow) -> None: ...


class Resources(Protocol):
    """Resources, tombstones and history of one owner."""

    async def get(self, rtype: str, rid: str) -> ResourceRow | None: ...
    async def put(self, rows: Sequence[ResourceRow]) -> None:
        """Insert or replace by (rtype, id)."""
        ...

    async def drop(self, rtype: str, rid: str) -> None: ...
    async def since(self, facet: str, seq: int, limit: int) -> list[ResourceRow]:
        """Rows of a facet with a seq above `seq`, in order of seq."""
        ...

    async def of_root(self, root: str) -> list[ResourceRow]: ...
    async def of_facets(self, facets: Sequence[str]) -> list[ResourceRow]:
        """Every row of these facets (the patient's page, export), in order of (rtype, id)."""
        ...

    async def put_tombstones(self, rows: Sequence[Tombstone]) -> None: ...
    async def tombstones_since(self, facet: str, seq: int, limit: int) -> list[Tombstone]: ...
    async def tombstone_of(self, rtype: str, rid: str) -> Tombstone | None:
        """Any tombstone of this id: an id ever used is never created again."""
        ...

    async def put_history(self, rows: Sequence[HistoryRow]) -> None: ...
    async def history(self, rtype: str, rid: str) -> list[HistoryRow]: ...


class Ops(Protocol):
    """Known operations and their verdicts."""

    async def get(self, op_id: str) -> OpRow | None: ...
    async def put(self, row: OpRow) -> None: ...
    async def acknowledge(self, account: int, op_ids: Sequence[str]) -> None:
        """Forget the verdicts (only those of this account); the ids stay."""
        ...

    async def forget_before(self, at_ms: int) -> int:
        """Drop acknowledged ids older than this; returns how many."""
        ...


class Access(Protocol):
    """Grants, relations and blocks of one owner: what T2 writes and every serve reads."""

    async def grants(self, facet: str | None = None) -> list[GrantRow]: ...
    async def put_grants(self, rows: Sequence[GrantRow]) -> None:
        """Insert or replace by (facet, principal)."""
        ...

    async def drop_grants(self, keys: Sequence[tuple[str, str]]) -> None:
        """Remove by (facet, principal)."""
        ...

    async def relations(self) -> list[RelationRow]: ...
    async def put_relation(self, row: RelationRow) -> None: ...
    async def drop_relation(self, account: int, kind: str) -> None: ...
    async def denied(self) -> list[int]:
        """Accounts the patient blocked."""
        ...

    async def deny(self, account: int, since_v: int) -> None: ...
    async def undeny(self, account: int) -> None: ...


class Journal(Protocol):
    """Who did what: sealed cells and their leaves."""

    async def put(self, rows: Sequence[JournalRow]) -> None: ...
    async def of_facets(self, facets: Sequence[str], limit: int) -> list[JournalRow]:
        """Newest first."""
        ...

    async def place(self, month: int, n: int, log_index: int) -> None:
        """The sequencer placed this row."""
        ...

    async def unplaced(self, limit: int) -> list[JournalRow]: ...


class Effects(Protocol):
    """What this owner owes to others."""

    async def put(self, rows: Sequence[EffectRow]) -> None: ...
    async def due(self, now_ms: int, limit: int) -> list[EffectRow]: ...
    async def finish(self, n: int) -> None: ...


class People(Protocol):
    """The account's own shard: owner = the account."""

    async def account(self) -> AccountRow | None: ...
    async def put_account(self, row: AccountRow) -> None: ...
    async def devices(self) -> list[DeviceRow]: ...
    async def put_device(self, row: DeviceRow) -> None: ...
    async def session(self, token_hash: bytes) -> SessionRow | None: ...
    async def put_session(self, row: SessionRow) -> None: ...
    async def drop_sessions(
        self, *, device: str | None = None, before_ms: int | None = None
    ) -> None: ...
    async def members(self) -> list[MemberRow]: ...
    async def put_member(self, row: MemberRow) -> None: ...
    async def copies(self, device: str) -> list[CopyRow]: ...
    async def put_copies(self, rows: Sequence[CopyRow]) -> None:
        """Insert or replace by (device, unit, target, facet)."""
        ...


class Projections(Protocol):
    """`reader` under owner = account, `granted` and `roster` under owner = unit. Monotone, rebuildable,
    never a right.
    """

    async def moved_v(self, reader: str) -> int:
        """The counter of a reader (`a:<account>` or `m:<unit>:<profession>`)."""
        ...

    async def since(self, reader: str, moved_v: int) -> list[ProjectionRow]: ...
    async def put(self, reader: str, target: int, facet: str, head_hint: int) -> int:
        """Upsert with the next moved_v; returns it."""
        ...

    async def roster(self) -> list[int]:
        """Accounts of this unit."""
        ...

    async def put_roster(self, account: int, since_v: int) -> None: ...
    async def drop_roster(self, account: int) -> None: ...


class Reservations(Protocol):
    """Globally unique values: owner = keyed 63-bit hash of the value (SCALE rule 4)."""

    async def holder(self, space: str) -> list[tuple[int, bytes]]:
        """(target owner, sealed detail) rows reserved under this hash in `space` (ins, traits, login, device, locator)."""
        ...

    async def reserve(self, space: str, target: int, detail: bytes, *, unique: bool) -> bool:
        """False when `unique` and another target holds it; repeating is harmless."""
        ...

    async def release(self, space: str, target: int) -> None: ...


class OwnerTx(Protocol):
    """One owner's tables inside one unit of work."""

    @property
    def id(self) -> int: ...
    @property
    def owner(self) -> OwnerTable: ...
    @property
    def compartments(self) -> Compartments: ...
    @property
    def resources(self) -> Resources: ...
    @property
    def ops(self) -> Ops: ...
    @property
    def access(self) -> Access: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def effects(self) -> Effects: ...
    @property
    def people(self) -> People: ...
    @property
    def projections(self) -> Projections: ...
    @property
    def reservations(self) -> Reservations: ...


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

    async def log_size(self) -> int: ...
    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        """Append at log_size and mark each journal row placed, in one transaction per call."""
        ...

    async def log_leaves(self, start: int, limit: int) -> list[LogLeaf]: ...
    async def put_checkpoint(self, size: int, text: bytes) -> None: ...
    async def checkpoint(self) -> tuple[int, bytes] | None: ...
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
