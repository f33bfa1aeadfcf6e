"""One error tree for the kernel, the wire and both programs.

    DossierError                 key: the sentence in the catalogue; detail: safe to log
    |- AccessDenied              reason: one of `Reason`
    |- Unavailable               moved, erased, blocked, narrowed and unknown are one answer
    |- Invalid                   issues: what is wrong and where (OperationOutcome)
    |- Conflict                  the base moved: elements
    |- Unreachable               the server cannot be reached; retry_after_s
    |  |- TlsRefused             certificate or protocol refused
    |  `- NotColloque            something answered, but not our server (captive portal, redirect)
    |- BadAnswer                 garbage, truncated, too large, wrong digest
    |- Distrusted                the server cannot prove who it is, or that its past is whole: reason
    |- Refused                   the server said no, with a reason
    |  |- SignInNeeded           the token is gone
    |  |- NonceStale             the proof of the device's key named an old nonce: here is another
    |  |- DeviceRevoked          and the signed order to erase the copy
    |  |- TooOld                 this program must be upgraded
    |  `- Busy                   retry_after_s
    |- SealBroken                wrong key or altered content; never says which
    |- KeychainError             absent, locked, insecure or slow keyring: reason
    |- NotPrinted                no print system, no printer, refused or slow: reason
    `- StoreError
       |- StoreLocked            another process holds it
       |- StoreCorrupt           quarantined, never deleted
       |- WrongKey
       |- TooNew                 written by a newer program
       |- StoreAway              the database cannot be reached now: retry_after_s
       `- DiskFull

No message carries patient data. Adapters translate foreign exceptions at their border and chain the
cause; services raise only these; view-models turn `key` into a sentence.
"""

from typing import ClassVar, NamedTuple


class Issue(NamedTuple):
    """One thing wrong with a resource or a request: FHIR path, rule name, plain detail without data."""

    path: str
    rule: str
    detail: str = ""


class DossierError(Exception):
    """Base of every expected failure."""

    key: ClassVar[str] = "error.unknown"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.key)
        self.detail = detail


class AccessDenied(DossierError):
    """The five gates said no; `reason` is the gate's word."""

    key = "error.access_denied"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


class Unavailable(DossierError):
    """Not to be had: moved, erased, blocked, narrowed or unknown, on purpose not told apart."""

    key = "error.unavailable"


class Invalid(DossierError):
    """The input breaks a rule; every issue is listed."""

    key = "error.invalid"

    def __init__(self, issues: tuple[Issue, ...], detail: str = "") -> None:
        super().__init__(detail or "; ".join(f"{i.path}: {i.rule}" for i in issues[:5]))
        self.issues = issues


class Conflict(DossierError):
    """Somebody else changed these elements since the base was read."""

    key = "error.conflict"

    def __init__(self, elements: tuple[str, ...]) -> None:
        super().__init__(", ".join(elements))
        self.elements = elements


class Unreachable(DossierError):
    """No answer from the server."""

    key = "error.unreachable"

    def __init__(self, detail: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TlsRefused(Unreachable):
    """The certificate, its name or the protocol was refused; never retried in clear."""

    key = "error.tls"


class NotColloque(Unreachable):
    """Something answered that is not our server."""

    key = "error.not_colloque"


class BadAnswer(DossierError):
    """The answer is garbage, truncated, too large or does not match its digest."""

    key = "error.bad_answer"


class Distrusted(DossierError):
    """The server cannot prove that it is the one we enrolled with, or that its past is the one we saw.

    `reason`: other_server, keys_forged, keys_rolled_back, restore_undeclared, log_forged, log_rolled_back, log_forked.
    """

    key = "error.distrusted"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(DossierError):
    """The server understood and said no; `code` is machine readable. `past`: the last signed root of its log, told to
    a device that proved itself and whose session it does not know; nothing before its signature was checked.
    """

    key = "error.refused"
    past = ""

    def __init__(self, code: str, detail: str = "", issues: tuple[Issue, ...] = ()) -> None:
        super().__init__(detail or code)
        self.code = code
        self.issues = issues


class SignInNeeded(Refused):
    """The token is unknown or over; sign in again with the device key."""

    key = "error.sign_in"

    def __init__(self, detail: str = "") -> None:
        super().__init__("sign_in_needed", detail)


class NonceStale(Refused):
    """The proof names no nonce that is good now; `nonce` is one (RFC 9449 §8)."""

    key = "error.sign_in"

    def __init__(self, nonce: str = "") -> None:
        super().__init__("use_dpop_nonce")
        self.nonce = nonce


class DeviceRevoked(Refused):
    """The device is known no more. `order` is the server's signed order to erase the copy, as it came: it
    is nothing before its signature was checked.
    """

    key = "error.device_revoked"

    def __init__(self, order: str = "") -> None:
        super().__init__("device_revoked")
        self.order = order


class TooOld(Refused):
    """The server does not speak this version any more."""

    key = "error.too_old"

    def __init__(self, detail: str = "") -> None:
        super().__init__("upgrade_required", detail)


class Busy(Refused):
    """The server asks to come back later."""

    key = "error.busy"

    def __init__(self, retry_after_s: float = 5.0) -> None:
        super().__init__("busy")
        self.retry_after_s = retry_after_s


class SealBroken(DossierError):
    """Wrong key or altered content; on purpose not told apart."""

    key = "error.seal"


class KeychainError(DossierError):
    """`reason`: absent, locked, insecure, slow, missing."""

    key = "error.keychain"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


class NotPrinted(DossierError):
    """A page did not reach the print system; `reason` is `no_printing`, `no_page`, `refused` or `slow`."""

    key = "error.printing"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreError(DossierError):
    """The store on this machine cannot do what was asked."""

    key = "error.store"


class StoreLocked(StoreError):
    """Another process holds the store."""

    key = "error.store_locked"


class StoreCorrupt(StoreError):
    """The file is damaged; it is kept aside, never deleted."""

    key = "error.store_corrupt"


class WrongKey(StoreError):
    """The key does not open this file."""

    key = "error.wrong_key"


class TooNew(StoreError):
    """The file was written by a newer program."""

    key = "error.too_new"


class StoreAway(StoreError):
    """The database cannot be reached now; what was asked may or may not be done: ask again."""

    key = "error.store_away"
    retry_after_s: ClassVar[float] = 2.0


class DiskFull(StoreError):
    """No room left; nothing was changed."""

    key = "error.disk_full"
