"""What the services of the desktop need from outside, as Protocols wired in bootstrap.

Rows are display-ready bodies: raw FHIR bytes plus the state of the newest op on them. Screens read only
`current` (confirmed rows overlaid by pending ones); a user action writes only the outbox (design law 3).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct

from dossier.wire.messages import Capabilities, Op, Version
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationReply,
    ActivationRequest,
    ChallengeReply,
    DevicesReply,
    EnrolReply,
    EnrolRequest,
    OwnDeviceRequest,
    ProveReply,
    ProveRequest,
)


class ItemState(StrEnum):
    """What the screen says of one item."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    SENT = "sent"
    """Of a row: acknowledged and not yet seen in the feed, shown as recorded. Of an op: in flight."""
    REFUSED = "refused"
    CONFLICT = "conflict"


class CurrentRow(NamedTuple):
    """One resource as the screens see it."""

    owner: int
    rtype: str
    id: str
    version: Version
    body: bytes
    state: ItemState
    op_id: str
    at: str
    """Sort time: clinical date of the resource, as extracted by dossier.fhir.index."""


class PatientLine(NamedTuple):
    """One line of a patient list: always two identifiers."""

    owner: int
    family: str
    given: str
    birth_name: str
    birth_date: str
    sex: str
    ins: str
    status: str
    deceased: bool


class Completeness(NamedTuple):
    """How much of one patient this desktop holds; an empty list may say `none` only when complete."""

    complete: bool
    rows: int
    rows_wanted: int
    copied_at: datetime | None
    readable: bool
    narrowed: bool = False
    """Continuity mode: only what the practice wrote is shown; `complete` is then never true."""


class PendingOp(NamedTuple):
    """One line of the sync centre."""

    op_id: str
    owner: int
    rtype: str
    id: str
    kind: str
    state: ItemState
    at: str
    size_bytes: int
    reason: str
    body: bytes


class ConflictCase(NamedTuple):
    """Both versions of one resource and what they came from; nothing is lost."""

    op_id: str
    owner: int
    rtype: str
    id: str
    at: str
    base: bytes
    mine: bytes
    theirs: bytes
    elements: tuple[str, ...]


class CopyFacts(NamedTuple):
    """The state of this desktop's copy, for the status bar and the sync centre."""

    patients: int
    patients_complete: int
    rows: int
    rows_wanted: int
    size: int
    size_wanted: int
    last_contact: datetime | None
    lease_until: datetime | None
    pending: int
    refused: int
    conflicts: int
    disk_bytes: int
    by_rank: tuple[tuple[int, int, int, int, int], ...]
    """(rank, patients complete, patients, rows, rows wanted)"""
    member_until: datetime | None = None
    """Until when the membership lives, as the last contact showed it; None without an end."""
    purging: bool = False
    """An order to erase is held and not carried out yet."""


class Hit(NamedTuple):
    """One full-text hit. `excerpt` marks the match between U+0002 and U+0003."""

    owner: int
    rtype: str
    id: str
    at: str
    title: str
    excerpt: str


class RecordReader(Protocol):
    """Reading, on the read lane. Raises StoreError kin."""

    def patients(self, words: str, limit: int) -> Sequence[PatientLine]:
        """Parts of names without accents, a birth date in any usual form, an INS; best first."""
        ...

    def patient(self, owner: int) -> PatientLine | None: ...
    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]:
        """Everything current of one patient, clustered by type then time."""
        ...

    def resource(self, owner: int, rtype: str, rid: str) -> CurrentRow | None: ...
    def everywhere(self, rtype: str) -> Sequence[CurrentRow]:
        """Every current row of one type, of all patients held, by time: what a work list is made of."""
        ...

    def since(self, rtype: str, day: str) -> Sequence[CurrentRow]:
        """The same, dated on this day (YYYY-MM-DD) or later."""
        ...

    def directory(self, references: Sequence[str]) -> Mapping[str, bytes]:
        """Bodies of directory resources by `Type/id`."""
        ...

    def completeness(self, owner: int) -> Completeness: ...
    def search(
        self, words: str, owner: int | None, limit: int, excerpts: int | None = None
    ) -> Sequence[Hit]:
        """Best first; only the first `excerpts` documents need one (None: all), a Patient never."""
        ...

    def copy_facts(self) -> CopyFacts: ...


class Outbox(Protocol):
    """Writing, on the write lane. One call is one durable transaction of work.db."""

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        """`shows` is the whole resource as the screens show it meanwhile; `saw` what the person started
        from (empty for a create). For `opened` and `receipt` both are empty.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Every `put`, `withdraw` and `Drafts.drop` of this thread inside is one durable act: all of it or,
        when something is raised, nothing. Not to be nested.
        """
        ...

    def withdraw(self, op_id: str) -> bool:
        """Undo before sending; False when it already left."""
        ...

    def pending(self) -> Sequence[PendingOp]:
        """Waiting, sent and refused ops, oldest first."""
        ...

    def conflicts(self) -> Sequence[ConflictCase]: ...
    def settle(self, op_id: str) -> None:
        """A person decided: the case leaves the list, its versions stay in the archive."""
        ...

    def discard_refused(self, op_id: str) -> None:
        """A person withdrew a refused item; it stays in the archive."""
        ...


class KeptDraft(NamedTuple):
    """One draft as it lies in work.db."""

    key: str
    owner: int
    text: bytes
    at: str


class Drafts(Protocol):
    """What was being typed; survives a crash, a lock and the end of a right (design law 8)."""

    def keep(self, key: str, owner: int, text: bytes, at: str) -> None:
        """`text` holds what this person typed and nothing of the row it would change: a purge, which
        erases the other side's text, leaves it.
        """
        ...

    def get(self, key: str) -> bytes | None: ...
    def all(self) -> Sequence[KeptDraft]:
        """Every draft of this profile, the latest first."""
        ...

    def drop(self, key: str) -> None: ...


class Settings(Protocol):
    """Small durable preferences of this profile, inside work.db.

    A name that ends in `.` and an owner is about that patient, and goes when nothing of them may be read
    any more.
    """

    def get(self, key: str, default: str = "") -> str: ...
    def put(self, key: str, value: str) -> None: ...


class Packs(Protocol):
    """Official lists a person imported, inside work.db; nothing of a patient is in them."""

    def keep(self, name: str, content: bytes, at: str) -> None:
        """Keep or replace one."""
        ...

    def get(self, name: str) -> tuple[bytes, str] | None:
        """Its content and when it was kept."""
        ...

    def drop(self, name: str) -> None: ...


class Keychain(Protocol):
    """The operating system's keyring. Raises KeychainError with its reason; never falls back silently."""

    def name(self) -> str: ...
    def get(self, device: str) -> bytes:
        """The device secret; KeychainError('missing') when it is not there."""
        ...

    def put(self, device: str, secret: bytes) -> None: ...
    def drop(self, device: str) -> None: ...


class BrowserCode(Struct, frozen=True, kw_only=True):
    """What a desktop shows in the place of password and digits, once."""

    code: str
    verifier: str


class Printing(Protocol):
    """The print system of this computer. Raises NotPrinted. Blocks: never on the main thread."""

    def printers(self) -> tuple[str, ...]:
        """The usual one first; empty where there is none."""
        ...

    def print(self, pdf: bytes, *, printer: str, title: str, copies: int) -> None:
        """The very bytes, never through a clear file; `title` is seen by others and names nobody."""
        ...


class SyncControl(Protocol):
    """What the screens ask of the synchronisation."""

    def now(self) -> None:
        """Try at once (F5)."""
        ...

    def show(self, password: str, proof: str) -> None:
        """The person shows who they are; nothing of it is kept."""
        ...

    def show_code(self, found: BrowserCode) -> None:
        """The same, by what their browser brought back."""
        ...


class ComputerServer(Protocol):
    """The server about the computers of one's own account. Raises Unreachable, Refused and kin."""

    def challenge(self, device: str) -> ChallengeReply: ...
    def prove(self, token: str, request: ProveRequest, proof: str) -> ProveReply: ...
    def own_devices(self, token: str) -> DevicesReply: ...
    def end_own(self, path: str, token: str, request: OwnDeviceRequest, proof: str) -> None: ...


class RequestProver(Protocol):
    """Proves requests by this device's key (RFC 9449)."""

    def posting(self, path: str, given: ChallengeReply, token: str = "") -> str:
        """The proof of one POST with this nonce, and with the access token it shows."""
        ...


class EnrolmentServer(Protocol):
    """The server during the first start. Raises Unreachable, TlsRefused, NotColloque, Refused and kin."""

    def capabilities(self) -> Capabilities: ...
    def activation(self, request: ActivationRequest) -> ActivationReply: ...
    def activate(self, request: ActivateRequest) -> None: ...
    def challenge(self, device: str) -> ChallengeReply: ...
    def enrol(self, request: EnrolRequest, proof: str) -> EnrolReply: ...


WHOLE_RECORD = frozenset({"*"})
"""In `owners`: any type of this patient may have changed."""


class Topic(StrEnum):
    """What changed besides rows."""

    OUTBOX = "outbox"
    CONFLICTS = "conflicts"
    COPY = "copy"
    """Progress of the copy, its date, the lease."""
    CONNECTION = "connection"
    SESSION = "session"
    LEASE = "lease"
    """What others wrote is shown again."""
    PURGE = "purge"
    """The server ordered this device to erase its copy."""
    DRAFTS = "drafts"
    """A draft appeared or went; not each time it grew."""
    PATIENTS = "patients"
    """A patient appeared, left, or changed identity."""


class ChangeSet(Struct, frozen=True, kw_only=True):
    """`owners`: the FHIR types that changed of each patient."""

    owners: Mapping[int, frozenset[str]] = {}
    topics: frozenset[Topic] = frozenset()

    def touches(self, owner: int) -> bool:
        return owner in self.owners

    def about(self, *topics: Topic) -> bool:
        return bool(self.topics & set(topics))


Announce = Callable[[ChangeSet], None]
