"""From what a server or a library says to the one error tree. Quotes nothing of a body."""

import http.client
import ssl

import urllib3.exceptions

from dossier.errors import (
    BadAnswer,
    Busy,
    DossierError,
    Issue,
    NotColloque,
    Refused,
    SignInNeeded,
    TlsRefused,
    TooOld,
    Unreachable,
)
from dossier.wire.messages import Problem
from sync.guard import TooMuch, UnlistedKey

LONGEST_RETRY_S = 900.0
_ANEW = frozenset({"sign_in_needed", "sign_in", "invalid_dpop_proof", "use_dpop_nonce"})
_BUSY = frozenset({429, 503, 507})
_VERDICTS = {
    9: "clock",  # X509_V_ERR_CERT_NOT_YET_VALID
    10: "expired",  # X509_V_ERR_CERT_HAS_EXPIRED
    18: "unknown",  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    19: "unknown",  # X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    20: "unknown",  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: "unknown",  # X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
    62: "host",  # X509_V_ERR_HOSTNAME_MISMATCH
    64: "host",  # X509_V_ERR_IP_ADDRESS_MISMATCH
}
"""What OpenSSL says of a certificate it refuses, in our words."""
_FAILURES: tuple[tuple[tuple[type[BaseException], ...], DossierError], ...] = (
    ((TooMuch,), BadAnswer("too_large")),
    ((TimeoutError, urllib3.exceptions.TimeoutError), Unreachable("timeout")),
    ((http.client.RemoteDisconnected, ConnectionError), Unreachable("connection")),
    ((urllib3.exceptions.IncompleteRead, http.client.IncompleteRead), BadAnswer("truncated")),
    (
        (http.client.HTTPException, urllib3.exceptions.ProtocolError),
        NotColloque("not_http"),
    ),
)
"""The first line one of whose types is among the causes decides."""


def refusal(status: int, problem: Problem, retry_after_s: float | None) -> DossierError:
    """The error that a problem body means."""
    if status == 401 and problem.code in _ANEW:
        return SignInNeeded()
    if status == 426:
        return TooOld()
    if status in _BUSY:
        wait_s = problem.retry_after_s if problem.retry_after_s is not None else retry_after_s
        return Busy(min(max(wait_s or 5.0, 0.0), LONGEST_RETRY_S))
    if status >= 500:
        return BadAnswer(f"status_{status}")
    issues = tuple(Issue(i.path, i.rule, i.detail) for i in problem.issues)
    return Refused(problem.code, issues=issues)


def failure(error: Exception) -> DossierError:
    """Our word for what the libraries raised, read from the whole chain of causes."""
    chain = _chain(error)
    if any(isinstance(one, ssl.SSLEOFError | ssl.SSLZeroReturnError) for one in chain):
        return Unreachable("connection")
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return TlsRefused(_tls_reason(chain))
    for kinds, meant in _FAILURES:
        if any(isinstance(one, kinds) for one in chain):
            return type(meant)(meant.detail)
    return Unreachable("connection")


def retry_after(text: str) -> float | None:
    """The seconds of a Retry-After header; dates and nonsense are None."""
    return min(float(text), LONGEST_RETRY_S) if text.isdigit() and text.isascii() else None


def _tls_reason(chain: list[BaseException]) -> str:
    """Why TLS was refused: `host`, `expired`, `clock` (not valid yet), `unknown` (nobody we know vouches for
    it), `key` (not in the server's list), `certificate`, or `protocol`.
    """
    for one in chain:
        if isinstance(one, UnlistedKey):
            return "key"
        if isinstance(one, ssl.SSLCertVerificationError):
            return _VERDICTS.get(one.verify_code, "certificate")
    return "protocol"


def _chain(error: BaseException) -> list[BaseException]:
    """The error, its causes, and the exceptions it carries."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting and len(found) < 32:
        one = waiting.pop()
        if any(one is other for other in found):
            continue
        found.append(one)
        more = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [other for other in more if isinstance(other, BaseException)]
    return found
