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
from sync.guard import TooMuch

LONGEST_RETRY_S = 900.0
_BUSY = frozenset({429, 503, 507})
_HOST_MISMATCH = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""
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
    if status == 401 and problem.code in ("sign_in_needed", "sign_in"):
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
    """Why TLS was refused: `host`, `certificate` or `protocol`."""
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return "host" if one.verify_code in _HOST_MISMATCH else "certificate"
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
