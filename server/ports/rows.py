"""Rows of the tables of one owner (DATA-MODEL §2), as values."""

from typing import NamedTuple

from dossier.wire.messages import Version


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
    """`secret` is the Argon2id record of the password, "" before the activation; `cell` seals the person's name,
    identifiers and the seed of their authenticator, of which `step` was used last. `code` is the SHA-256 of an
    activation code, good until `code_until_ms`. `factors` counts how often a password, an authenticator or a passkey of
    this person was ended.
    """

    account: int
    kind: str
    state: str
    secret: str
    cell: bytes
    step: int | None = None
    code: bytes | None = None
    code_until_ms: int | None = None
    factors: int | None = None


class DeviceRow(NamedTuple):
    """An enrolled desktop and its raw Ed25519 public key; `revoked_ms` ends it at the next request. `nonces` are
    the marks of its latest proofs, `seen_ms` its last sign-in, `proved_ms` when its person last showed password
    and second factor there: None when they have to. `confirmed`: the ids of the situations that proof opens, a line
    each; None: each of theirs.
    """

    device: str
    account: int
    public_key: bytes
    cell: bytes
    enrolled_ms: int
    revoked_ms: int | None
    nonces: bytes | None = None
    seen_ms: int | None = None
    proved_ms: int | None = None
    confirmed: str | None = None


class SessionRow(NamedTuple):
    """An access token: `token_hash` is its SHA-256; the rights are never in it. Until `proven_ms` the person
    behind it counts as having just shown their password and code.
    """

    token_hash: bytes
    device: str
    situation: str
    expires_ms: int
    proven_ms: int | None = None
    family: str | None = None


class FamilyRow(NamedTuple):
    """A session of one device: the tokens that follow from one sign-in. `restore`: the line of time it began on;
    `refreshed_ms` None: no token followed the first. It is over at `ends_ms`, or at `ended_ms` for `reason`:
    superseded, reused, person, step_up, revoked, closed, factor.
    """

    family: str
    device: str
    situation: str
    restore: int
    begun_ms: int
    ends_ms: int
    refreshed_ms: int | None = None
    ended_ms: int | None = None
    reason: str = ""


class RefreshRow(NamedTuple):
    """A refresh token of a family, by its hash. Once `used_ms`: `ask` marks the exchange that used it, `follows` is
    the hash of the token that was given for it.
    """

    token_hash: bytes
    family: str
    made_ms: int
    used_ms: int | None = None
    ask: bytes | None = None
    follows: bytes | None = None


class MemberRow(NamedTuple):
    """A membership: situation id, unit (organisation), profession, role. It ends by itself at `until_ms`;
    `ended` once somebody ended it, at `until_ms`, which no clock undoes.
    """

    situation: str
    unit: int
    profession: str
    role: str
    since_v: int
    until_ms: int | None
    ended: int | None = None

    def is_over(self, now_ms: int, grace_ms: int = 0) -> bool:
        """Whether it ended at least `grace_ms` ago."""
        if self.until_ms is None:
            return bool(self.ended)
        return (bool(self.ended) and not grace_ms) or self.until_ms + grace_ms <= now_ms


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


class AlarmRow(NamedTuple):
    """`kind`: step_up, blocked, refresh_reused or password_replaced. `patients` were displayed within the hour around `at_ms`; raised
    at `raised_ms`; `ended_ms` None: it still stands.
    """

    n: int
    kind: str
    at_ms: int
    raised_ms: int
    patients: int
    unit: int
    ended_ms: int | None


class PasskeyRow(NamedTuple):
    """A passkey: `credential` is the SHA-256 of its id; `cell` seals id, public key and name; `counter` is what its
    device counted last.
    """

    credential: bytes
    cell: bytes
    counter: int
    added_ms: int
    used_ms: int | None


class SlipRow(NamedTuple):
    """What a browser of the account was given, good until `until_ms`: `mark` is its SHA-256, `cell` seals what it
    holds. `kind`: page, code or used.
    """

    mark: bytes
    kind: str
    until_ms: int
    cell: bytes


class AttemptRow(NamedTuple):
    """Tries from one place: `wrong` in a row, the next one not before `until_ms`, kept until `kept_ms`; `usual`: 1
    where somebody signed in from there. The row of the empty place is a bucket of tries, full again at `until_ms`.
    """

    place: bytes
    wrong: int
    until_ms: int
    kept_ms: int
    usual: int


class ProjectionRow(NamedTuple):
    """A row of `granted` (reader = unit, profession) or `reader` (reader = account): what moved.
    `facet` `*` means: ask again for everything held of this target.
    """

    target: int
    facet: str
    head_hint: int
    moved_v: int
