"""What the engine needs: a store that survives crashes and a way to the server.

Durable rules (background protocol §2.4, DATA-MODEL §5):
- rows and cursor of a page change in one transaction, compare-and-set on (term, cursor, generation);
- a purge raises the compartment's generation, so a late page or `gone` of before is dropped;
- a verdict is made durable, applied, then its op leaves the outbox: asking again changes nothing;
- the highest version of an id wins, whichever compartment arrives first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from dossier.wire.messages import (
    Capabilities,
    DigestsReply,
    Head,
    Heads,
    KeysReply,
    LogReply,
    Op,
    OpsReply,
    OpsRequest,
    Page,
    Pages,
    TermsReply,
    Verdict,
    Want,
)
from dossier.wire.sessions import (
    ChallengeReply,
    EnrolReply,
    EnrolRequest,
    PurgedRequest,
    TokenReply,
    TokenRequest,
)

Key = tuple[int, str]
"""A compartment on the client: (owner, facet tag)."""


class Held(NamedTuple):
    """What this device holds of a compartment. `at` is the cursor; `wanted` the `at` of the last head,
    or the end of the last complete page if that came later; `complete` once a page said `more` is false; `generation` grows with each purge.
    """

    owner: int
    facet: str
    kind: str
    term: str
    at: str
    wanted: str
    generation: int
    complete: bool
    rank: int
    rows: int
    rows_wanted: int
    size_wanted: int
    until: str | None


class Applied(NamedTuple):
    """What a page did. `stale`: its cursor was not ours any more, nothing changed. `digest_ok` False: the
    compartment must be taken again from zero. `touched`: (owner, rtypes) for the screens.
    """

    stale: bool
    rows: int
    digest_ok: bool
    touched: Mapping[int, frozenset[str]]


class Receipt(NamedTuple):
    """An erasure this device owes a receipt for; listed only once the erasure is complete and checked.

    `op_id` and `at` (RFC 3339) were made durable with the purge, so a resend is the same op. A verdict
    on `op_id` (apply_verdicts) settles it, and then it is listed by `unacknowledged` like any other op.
    Owed no more once heads or terms tell that the copy is readable again under that very `term`.
    """

    op_id: str
    owner: int
    facet: str
    term: str
    at: str


class KeptSession(NamedTuple):
    """What lets the session go on: the refresh token, and the id of the exchange it was last shown in ("" while it
    was shown in none).
    """

    refresh: str
    ask: str = ""


class SessionBoard(Protocol):
    """Where the session of this device is remembered. Raises StoreError subclasses."""

    def session(self) -> KeptSession | None:
        """What lets it go on; None before there is one."""
        ...

    def keep(self, was: str, kept: KeptSession | None) -> None:
        """Durable at once, unless the refresh token kept is not `was` ("": none) any more: then nothing changes."""
        ...


class SyncStore(Protocol):
    """The device's copy. Raises StoreError subclasses; every method is one transaction."""

    @property
    def board(self) -> SessionBoard: ...
    def restore(self) -> int: ...
    def begin_restore(self, restore: int) -> None:
        """A later restore number: drop confirmed rows, cursors, `v`; queue own acknowledged ops again."""
        ...

    def heads_v(self) -> str: ...
    def apply_heads(self, heads: Heads) -> None:
        """Record what is wanted; a `gone` head or a different term hides and purges at once."""
        ...

    def apply_terms(self, asked: Sequence[Key], heads: Sequence[Head]) -> None:
        """The answer about compartments held: those not readable any more are purged."""
        ...

    def held(self) -> Sequence[Held]:
        """Every compartment known, in order of rank then owner."""
        ...

    def held_one(self, owner: int, facet: str) -> Held | None: ...
    def apply_page(self, page: Page, generation: int) -> Applied: ...
    def together(self, owners: Collection[int]) -> AbstractContextManager[None]:
        """Pages of these owners applied inside may become durable in one transaction at its end; what is
        raised inside leaves none of them. Not for a `gone`, which erases.
        """
        ...

    def forget(self, owner: int, facet: str) -> None:
        """Take this compartment again from zero (digest mismatch); rows stay visible until replaced."""
        ...

    def digest(self, owner: int, facet: str) -> str: ...
    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        """Oldest first, without those waiting for an unsent dependency; marks them sent."""
        ...

    def apply_verdicts(self, verdicts: Iterable[Verdict]) -> None: ...
    def unacknowledged(self, limit: int) -> Sequence[tuple[int, str]]:
        """(owner, op_id) whose verdict is durable here and not yet told to the server."""
        ...

    def acknowledged(self, ops: Sequence[tuple[int, str]]) -> None: ...
    def receipts_owed(self, limit: int) -> Sequence[Receipt]: ...
    def contact(self, at: datetime, lease_until: datetime | None) -> None:
        """An authenticated exchange happened."""
        ...

    def membership(self, until: datetime | None) -> None:
        """Until when the server said that the membership lives: None without an end, an instant that is
        past once it ended or the device was revoked.
        """
        ...


class Transport(Protocol):
    """One server, one device. Raises Unreachable, TlsRefused, NotColloque, BadAnswer, Refused and its kin.

    Blocking, bounded in bytes and time, never redirected; a reply is parsed and its digest checked before
    it is returned.
    """

    @property
    def address(self) -> str:
        """Where the server answers, as proofs name it."""
        ...

    def capabilities(self) -> Capabilities: ...
    def keys(self) -> KeysReply: ...
    def log(self, token: str, since: int) -> LogReply: ...
    def purged(self, request: PurgedRequest) -> None:
        """The device erased its copy by the order it was sent."""
        ...

    def enrol(self, request: EnrolRequest, proof: str) -> EnrolReply: ...
    def challenge(self, device: str) -> ChallengeReply: ...
    def token(self, request: TokenRequest, proof: str) -> TokenReply: ...
    def heads(self, token: str, since: str) -> Heads | None:
        """None: nothing moved (304)."""
        ...

    def changes(self, token: str, items: Sequence[Want], max_bytes: int) -> Pages: ...
    def ops(self, token: str, request: OpsRequest) -> OpsReply: ...
    def terms(self, token: str, items: Sequence[Key]) -> TermsReply: ...
    def digests(self, token: str, items: Sequence[Key]) -> DigestsReply: ...


class HintStream(Protocol):
    """The optional wake-up line. Losing it costs only latency."""

    def wait(self, token: str) -> bool:
        """Block until a hint (True) or the end of the line (False)."""
        ...

    def pause_s(self) -> float:
        """Seconds to let go by after the end of a line before `wait` opens the next."""
        ...

    def close(self) -> None: ...


class DeviceKey(Protocol):
    """Proof of this device: the private key lies in work.db."""

    @property
    def device(self) -> str: ...
    @property
    def public(self) -> bytes:
        """The raw public key."""
        ...

    def sign(self, message: bytes) -> bytes: ...


class Pins(NamedTuple):
    """What this device remembers of its server, durably. `checkpoint` was believed under `restore`; `order`
    is the serial of the last order obeyed.
    """

    identity: bytes
    key_list: bytes = b""
    size: int = 0
    root: bytes = b""
    restore: int = 0
    order: int = 0


class PinBoard(Protocol):
    """Keeps the pins of one device inside work.db; each call is one durable step. Raises StoreError kin."""

    def pins(self) -> Pins: ...
    def pin(self, pins: Pins) -> None: ...
