"""The tables of one owner inside one unit of work, a protocol a table group."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from server.ports.rows import (
    AccountRow,
    AlarmRow,
    AttemptRow,
    CompartmentRow,
    CopyRow,
    DeviceRow,
    EffectRow,
    FamilyRow,
    GrantRow,
    HistoryRow,
    JournalRow,
    MemberRow,
    OpRow,
    OwnerRow,
    PasskeyRow,
    ProjectionRow,
    RefreshRow,
    RelationRow,
    ResourceRow,
    SessionRow,
    SlipRow,
    Tombstone,
)

R = TypeVar("R")


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
    async def of_type(self, rtype: str) -> list[ResourceRow]:
        """Every row of a type, in order of id."""
        ...

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
    async def known(self, op_ids: Sequence[str]) -> set[str]:
        """Those of these that are remembered."""
        ...

    async def put(self, *rows: OpRow) -> None:
        """Insert or replace by op_id, each once."""
        ...

    async def acknowledge(self, account: int, op_ids: Sequence[str]) -> None:
        """Forget the verdicts (only those of this account); the ids stay."""
        ...

    async def forget_before(self, at_ms: int) -> int:
        """Drop acknowledged ids older than this; returns how many."""
        ...


class Access(Protocol):
    """Grants, relations and blocks of one owner: what T2 writes and every serve reads."""

    async def grants(self, facet: str | None = None) -> list[GrantRow]: ...
    async def held_by(self, principals: Sequence[str]) -> list[GrantRow]:
        """The grants of these principals, in order of (facet, principal)."""
        ...

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
    async def finish(self, *numbers: int) -> None:
        """These are done; raises StoreError when one of them never was owed."""
        ...


class People(Protocol):
    """The account's own shard: owner = the account."""

    async def account(self) -> AccountRow | None: ...
    async def put_account(self, row: AccountRow) -> None: ...
    async def devices(self) -> list[DeviceRow]: ...
    async def put_device(self, row: DeviceRow) -> None: ...
    async def session(self, token_hash: bytes) -> SessionRow | None: ...
    async def sessions(self) -> list[SessionRow]:
        """Every token of the account, in order of its hash."""
        ...

    async def put_session(self, row: SessionRow) -> None: ...
    async def drop_session(self, token_hash: bytes) -> None:
        """End one token; unknown is silent."""
        ...

    async def drop_sessions(
        self, *, device: str | None = None, before_ms: int | None = None
    ) -> None: ...
    async def members(self) -> list[MemberRow]: ...
    async def put_member(self, row: MemberRow) -> None: ...
    async def copies(self, device: str, unit: int, target: int) -> list[CopyRow]:
        """What one device holds of one target in one organisation, in order of facet."""
        ...

    async def copies_open(self, device: str, limit: int) -> list[CopyRow]:
        """What one device still holds: no receipt closed it. In order of (unit, target, facet)."""
        ...

    async def copied(self) -> list[int]:
        """Every owner of which some device of the account ever held a copy, in order."""
        ...

    async def put_copies(self, rows: Sequence[CopyRow]) -> None:
        """Insert or replace by (device, unit, target, facet)."""
        ...


class Families(Protocol):
    """The sessions of an account and the refresh tokens of each: owner = the account."""

    async def every(self) -> list[FamilyRow]:
        """Every family that is kept, in order of its id."""
        ...

    async def put(self, row: FamilyRow) -> None:
        """Insert or replace by family."""
        ...

    async def refresh(self, token_hash: bytes) -> RefreshRow | None: ...
    async def put_refresh(self, row: RefreshRow) -> None:
        """Insert or replace by hash."""
        ...

    async def forget(self, before_ms: int) -> None:
        """Drop families that were over, and refresh tokens that were made, before this moment."""
        ...


class Volumes(Protocol):
    """How much an account displays: owner = the account."""

    async def displays(self, first_ms: int, last_ms: int) -> list[tuple[int, int]]:
        """(instant, patient) of each display from the first to the last instant, in their order."""
        ...

    async def put_display(self, at_ms: int, target: int) -> None:
        """Repeating is harmless."""
        ...

    async def forget_displays(self, before_ms: int) -> None: ...
    async def alarms(self) -> list[AlarmRow]:
        """Every alarm of the account, in order of n."""
        ...

    async def put_alarm(self, row: AlarmRow) -> None: ...


class Browsers(Protocol):
    """What browsers may show for an account: owner = the account."""

    async def passkeys(self) -> list[PasskeyRow]:
        """Every passkey of the account, in order of the hash of its id."""
        ...

    async def put_passkey(self, row: PasskeyRow) -> None:
        """Insert or replace by credential."""
        ...

    async def drop_passkey(self, credential: bytes) -> None:
        """End one; unknown is silent."""
        ...

    async def slips(self) -> list[SlipRow]:
        """Every slip, also those that are over, in order of the mark."""
        ...

    async def put_slip(self, row: SlipRow) -> None: ...
    async def drop_slip(self, mark: bytes) -> None:
        """End one; unknown is silent."""
        ...


class Attempts(Protocol):
    """Tries to prove who one is: owner = an account, or the keyed hash of a name or of an address."""

    async def lock(self) -> AttemptRow:
        """The row of the empty place, made if there was none: no other unit has it before this one ends."""
        ...

    async def get(self, place: bytes) -> AttemptRow | None: ...
    async def usual(self) -> list[AttemptRow]:
        """The usual places, in order."""
        ...

    async def put(self, row: AttemptRow) -> None:
        """Insert or replace by place."""
        ...

    async def drop(self, place: bytes) -> None:
        """Forget one; unknown is silent."""
        ...


class Cells(Protocol):
    """The sealed cells of one owner, whatever table they lie in."""

    async def other(self, kind: type[R], version: int, limit: int) -> list[R]:
        """Rows of a table, named by its kind of row, whose cell another version of the owner's key sealed; in no
        order.
        """
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

    async def put_all(self, rows: Sequence[tuple[str, int, str, int]]) -> None:
        """The same for each (reader, target, facet, head_hint), in their order; no key twice."""
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
    def families(self) -> Families: ...
    @property
    def volumes(self) -> Volumes: ...
    @property
    def browsers(self) -> Browsers: ...
    @property
    def attempts(self) -> Attempts: ...
    @property
    def cells(self) -> Cells: ...
    @property
    def projections(self) -> Projections: ...
    @property
    def reservations(self) -> Reservations: ...
