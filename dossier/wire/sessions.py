"""The messages of sync v1 by which people and their computers come in: activation, enrolment, sessions, devices.

As those of `messages`: JSON, requests refuse unknown fields, answers ignore them (docs/protocol.md).
"""

from msgspec import Struct

from dossier.wire.messages import Number


class Situation(Struct, frozen=True, kw_only=True):
    """A membership a person acts in. `id` is what an op names as `acting`."""

    id: str
    organisation: Number
    organisation_name: str
    profession: str
    role: str = ""
    until: str | None = None


class ActivationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who holds a one-time activation code asks how their account begins."""

    login: str
    code: str


class ActivationReply(Struct, frozen=True, kw_only=True):
    """`seed`: what their authenticator takes in (base32); "": they keep the authenticator they have."""

    display_name: str
    seed: str = ""


class ActivateRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new password, and a code of the authenticator (`proof`), which shows that it works."""

    login: str
    code: str
    password: str
    proof: str


def _one_way(password: str, code: str) -> None:
    """A person shows what they know, or the code of their browser; never both, never neither."""
    if bool(password) == bool(code):
        raise ValueError("either a password or a code")


class EnrolRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make this device known: password and digits (`proof`), or what a browser was given, `code` and `verifier`
    (RFC 7636). `public_key`: raw Ed25519, base64url; the header `DPoP` proves that the device holds it.
    """

    device_name: str
    public_key: str
    login: str = ""
    password: str = ""
    proof: str = ""
    code: str = ""
    verifier: str = ""

    def __post_init__(self) -> None:
        _one_way(self.password, self.code)


class EnrolReply(Struct, frozen=True, kw_only=True):
    """What its person may act in; `practitioner`: the id of their Practitioner in the directory, or ""."""

    account: Number
    device: str
    display_name: str
    situations: tuple[Situation, ...]
    server_name: str
    practitioner: str = ""
    identity: str = ""
    """The server's public identity key, base64url: what the device pins, for ever."""


class ChallengeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a nonce for proofs by a device key; `device` is "" before the enrolment."""

    device: str = ""


class ChallengeReply(Struct, frozen=True, kw_only=True):
    """What proofs (dossier.sealing.dpop) name for five minutes: the nonce, and as `iat` the server's second."""

    nonce: str
    now_s: Number = 0


class TokenRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An access token, the device proved in the header `DPoP`. With `refresh` the session goes on, `ask` being the
    desktop's own id of this exchange. Without, one begins: soon after the enrolment by the device alone, later with
    password and digits (`proof`) of its person, or the `code` of their browser and its `verifier`.
    """

    device: str
    situation: str
    refresh: str = ""
    ask: str = ""
    password: str = ""
    proof: str = ""
    code: str = ""
    verifier: str = ""


class TokenReply(Struct, frozen=True, kw_only=True):
    """An opaque access token bound to (device, situation), and what asks for the next one, once."""

    token: str
    expires_in_s: Number
    situations: tuple[Situation, ...] = ()
    lease: str = ""
    """How long the copy may stay open without a further contact: a signed order (dossier.sealing.orders)."""
    refresh: str = ""
    ends_in_s: Number = 0
    """The session ends then, whatever is asked before: its person shows password and digits again."""


class ProveRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person behind a token shows password and authenticator again, for an act that needs it; or a `code` their
    browser was given, and its `verifier`.
    """

    password: str = ""
    proof: str = ""
    code: str = ""
    verifier: str = ""

    def __post_init__(self) -> None:
        _one_way(self.password, self.code)


class ProveReply(Struct, frozen=True, kw_only=True):
    """Another token in the place of the one shown: for so long it opens what needs a proof."""

    token: str
    expires_in_s: Number
    proven_s: Number


class DeviceLine(Struct, frozen=True, kw_only=True):
    """One computer of the person who asks. `here`: the one they ask from. `sessions`: tokens that live."""

    device: str
    name: str
    enrolled: str
    seen: str | None = None
    revoked: str | None = None
    here: bool = False
    sessions: Number = 0


class AlarmLine(Struct, frozen=True, kw_only=True):
    """Noticed about one's own account: step_up, blocked (`patients` within an hour), refresh_reused (a copy),
    password_replaced.
    """

    kind: str
    at: str
    patients: Number = 0


class DevicesReply(Struct, frozen=True, kw_only=True):
    """Every computer of one's own account; what was noticed about it within thirty days, the latest first."""

    devices: tuple[DeviceLine, ...]
    alarms: tuple[AlarmLine, ...] = ()


class OwnDeviceRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of one's own computers: to be refused and told to erase its copy, or to ask for its person again."""

    device: str


class PurgedRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A revoked device erased its copy: `order` is the order it obeyed, as it came; `signature` = Ed25519
    over tup("colloque/v1/purged", device, order).
    """

    device: str
    order: str
    signature: str
