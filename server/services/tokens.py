"""The tokens of a session as text: a prefix that says whose they are, their account, 256 random bits.

The prefix lets a leaked one be found by who scans logs and files for secrets; the server keeps a hash of it only,
which names the restore number: after a restore no token of before is known, so that no late copy of a request is
answered twice.
"""

import hashlib
from typing import Final, NamedTuple

from dossier.errors import SignInNeeded
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from server.services.premises import Premises

ACCESS: Final = "clq_a_"
REFRESH: Final = "clq_r_"
SECRET_BYTES: Final = 32
_ACCOUNT_BYTES: Final = 8


class Named(NamedTuple):
    """A token read: whose it says it is, and the hash it would be kept under."""

    account: int
    token_hash: bytes


def written(prefix: str, account: int, secret: bytes) -> str:
    """The token of an account."""
    return prefix + base64url(account.to_bytes(_ACCOUNT_BYTES, "big") + secret)


def read(premises: Premises, prefix: str, token: str) -> Named:
    """Raises SignInNeeded for what is no token of this kind."""
    try:
        raw = unbase64url(token.removeprefix(prefix))
    except ValueError as error:
        raise SignInNeeded from error
    account = int.from_bytes(raw[:_ACCOUNT_BYTES], "big")
    is_ours = token.startswith(prefix) and len(raw) == _ACCOUNT_BYTES + SECRET_BYTES
    if not is_ours or account >> 63:
        raise SignInNeeded
    digest = hashlib.sha256(tup("colloque/v1/token", premises.restore, token)).digest()
    return Named(account, digest)
