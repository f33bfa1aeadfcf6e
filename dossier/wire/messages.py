"""The messages of sync v1, as both programs parse them (docs/protocol.md).

Small messages are JSON; pages are MessagePack inside zstd, with the digest of the decoded bytes.
Requests refuse unknown fields, answers ignore them, so that a newer server can say more.
A facet never travels by its name: `facet` is an opaque tag, `term`, `at`, `since`, `v` are sealed
tokens that only the server reads (DATA-MODEL §5). Two tokens are equal iff their meaning is.
"""

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Raw, Struct

if TYPE_CHECKING:
    OptionalRaw = Raw | None
else:
    OptionalRaw = Raw  # msgspec knows no union with Raw: null becomes None in __post_init__


Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
"""What every store can hold: a larger number in an answer is a bad answer, not a crash at its first use."""


class Version(Struct, frozen=True, order=True, array_like=True):
    """(restore, k): any version of a later restore is higher than every one before it."""

    restore: Number
    k: Number


NEVER = Version(0, 0)
"""Lower than the version of anything stored; the base of a create."""

OwnerId = Number
"""An owner as requests may name it: what every store can hold."""

OpKind = Literal["create", "change", "opened", "receipt"]
VerdictCode = Literal["ok", "conflict", "rejected", "unavailable", "done", "later"]


def _none_for_null(message: Struct, field: str, value: OptionalRaw) -> None:
    if value is not None and bytes(value) == b"null":
        msgspec.structs.force_setattr(message, field, None)


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One top-level element: the hash of what its author saw, and the new value (None removes it).

    `base` is `codec.value_hash` of the element as the author saw it, None where it was absent.
    """

    element: str
    base: str | None
    value: OptionalRaw

    def __post_init__(self) -> None:
        _none_for_null(self, "value", self.value)


class Op(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act of a person, idempotent under `op_id`.

    create   body is the whole resource; labels say how it may be seen
    change   changes against `base`; never a whole resource
    opened   a person displayed the record of `owner` (no body)
    receipt  this device erased its copy of (`owner`, `facet`) held under `term`
    `acting` is the situation (organisation and profession) the person acts in; `at` is the claimed
    time of the act (RFC 3339, shown, never used for order).
    """

    op_id: str
    owner: OwnerId
    kind: OpKind
    acting: str
    at: str
    rtype: str = ""
    id: str = ""
    root: str | None = None
    base: Version = NEVER
    body: OptionalRaw = None
    changes: tuple[Change, ...] = ()
    labels: tuple[str, ...] = ()
    facet: str = ""
    term: str = ""
    reason: str = ""
    depends_on: str | None = None

    def __post_init__(self) -> None:
        _none_for_null(self, "body", self.body)


class WireIssue(Struct, frozen=True, kw_only=True):
    """One thing wrong, as dossier.errors.Issue."""

    path: str
    rule: str
    detail: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """What the server decided about one op; stored with its effect and answered again identically.

    ok           applied; `version` is the new version of `id`
    conflict     the base moved; `elements` differ, `version` is the present one
    rejected     never applied; `reason` is a catalogue key, `issues` say where
    unavailable  the owner or the resource is not to be had by this person
    done         a known op whose verdict was acknowledged long ago
    later        not decided: ask again (its dependency is missing, or the server is busy)
    """

    op_id: str
    code: VerdictCode
    version: Version = NEVER
    elements: tuple[str, ...] = ()
    reason: str = ""
    issues: tuple[WireIssue, ...] = ()


class OpsRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most OPS_PER_REQUEST ops in their first order; `acked` lists (owner, op_id) whose verdict is
    durable here, so that the server may forget it.
    """

    ops: tuple[Op, ...] = ()
    acked: tuple[tuple[OwnerId, str], ...] = ()


class OpsReply(Struct, frozen=True, kw_only=True):
    """One verdict per op, in their order."""

    restore: Number
    verdicts: tuple[Verdict, ...]


class Head(Struct, frozen=True, kw_only=True):
    """One compartment the reader may read, or lost.

    `at` equals the cursor of a copy that is complete; `gone` says the right ended, and its `term` is that of
    the copy for which the server still waits for this device's receipt, if any.
    `kind` of the owner: patient, agenda, conversation, practice, account, directory.
    `own` is true where the reader's organisation writes alone; elsewhere each row says it (continuity mode).
    """

    owner: Number
    facet: str
    kind: str
    term: str = ""
    at: str = ""
    rows: Number = 0
    size: Number = 0
    until: str | None = None
    gone: bool = False
    own: bool = False
    rank: Number = 3
    """Class of first copy: 0 today, 1 unread, 2 recently opened, 3 the rest."""


class Heads(Struct, frozen=True, kw_only=True):
    """What moved since `v`. `recheck` names owners of which everything held must be asked again."""

    restore: Number
    v: str
    heads: tuple[Head, ...]
    recheck: tuple[Number, ...] = ()
    lease_until: str = ""
    now: str = ""


class Want(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give me this compartment from my cursor; an empty `since` is from zero."""

    owner: OwnerId
    facet: str
    term: str
    since: str = ""


class ChangesRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most ITEMS_PER_REQUEST wishes; the answer stays within `max_bytes` but holds one row at least."""

    items: tuple[Want, ...]
    max_bytes: int = 1024 * 1024


class Row(Struct, frozen=True, array_like=True):
    """One resource, or its tombstone (`body` is None: drop it if still held from this compartment at a
    version <= this one). `subject` is the patient it speaks of (0: none); `root` the document it was
    derived from; `own` is true for what the reader's organisation wrote itself (continuity mode).
    """

    rtype: str
    id: str
    version: Version
    subject: Number = 0
    root: str | None = None
    body: bytes | None = None
    own: bool = False


PageKind = Literal["page", "gone"]


class Page(Struct, frozen=True, kw_only=True):
    """A slice of one compartment.

    Apply iff the stored (term, cursor) equal (`term`, `since`); then the cursor becomes `to`.
    `replace` with an empty `since`: rows not seen by the time `more` is false are dropped.
    `digest` (hex) is given when `more` is false: the sum mod 2^256 of SHA-256(id, version).
    """

    owner: Number
    facet: str
    kind: PageKind
    term: str = ""
    since: str = ""
    to: str = ""
    more: bool = False
    replace: bool = False
    rows: tuple[Row, ...] = ()
    digest: str = ""


class Pages(Struct, frozen=True, kw_only=True):
    """The answer to `changes`, MessagePack inside zstd."""

    restore: Number
    pages: tuple[Page, ...]


class Hint(Struct, frozen=True, kw_only=True):
    """Something moved for this reader: ask heads. Losing one is harmless."""

    restore: Number
    kind: Literal["moved", "lease", "revoked"] = "moved"


class CompartmentRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compartment by owner and opaque tag."""

    owner: OwnerId
    facet: str


class TermsRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of these may I still read?"""

    items: tuple[CompartmentRef, ...]


class TermsReply(Struct, frozen=True, kw_only=True):
    """The heads of those readable; the others come back `gone`."""

    restore: Number
    heads: tuple[Head, ...]


class CompartmentDigest(Struct, frozen=True, kw_only=True):
    """What the server counts for a compartment at `at`."""

    owner: Number
    facet: str
    at: str
    rows: Number
    digest: str


class DigestsReply(Struct, frozen=True, kw_only=True):
    """The digests of those asked that are readable."""

    restore: Number
    digests: tuple[CompartmentDigest, ...]


class Capabilities(Struct, frozen=True, kw_only=True):
    """What this server speaks; read before anything else."""

    protocols: tuple[Number, ...]
    server: str
    name: str
    restore: Number
    now: str
    demonstration: bool
    limits: dict[str, Number]
    keys: Number = 0
    """The serial of the server's key list: ask for the list when it is above the one held."""
    identity: str = ""
    """The server's public identity key, base64url: a person compares its fingerprint before signing in."""
    pages: str = ""
    """The origin of the pages where people sign in with a browser; "" where there are none."""


class KeysReply(Struct, frozen=True, kw_only=True):
    """The server's online keys, signed by its identity key (dossier.sealing.key_list); anybody may ask."""

    list: str


class LogReply(Struct, frozen=True, kw_only=True):
    """The last signed root of the log and, from the size asked for, the proof that it only grew
    (dossier.sealing.merkle, base64 hashes). `proof` is null when the log is smaller than that size.
    """

    restore: Number
    checkpoint: str
    proof: tuple[str, ...] | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """The body of every refusal: a program reads `code`, a person the catalogue sentence of it."""

    code: str
    detail: str = ""
    issues: tuple[WireIssue, ...] = ()
    retry_after_s: float | None = None


class RevokedProblem(Problem, frozen=True, kw_only=True):
    """`device_revoked`, with the signed order to erase the copy (dossier.sealing.orders)."""

    order: str


class PastProblem(Problem, frozen=True, kw_only=True):
    """`sign_in_needed` or `proof_needed`, to a device that proved itself: `checkpoint` is the last signed root of the
    log. A server that was rolled back shows a smaller one than its device saw.
    """

    checkpoint: str = ""


Message = msgspec.Struct
