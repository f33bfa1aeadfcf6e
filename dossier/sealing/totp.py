"""Codes of an authenticator (RFC 6238 over RFC 4226: HMAC-SHA-1, 6 digits, 30 seconds).

SHA-1 is what authenticators speak; HMAC does not rest on its resistance to collisions. A code is accepted one
step early or late, and once: whoever checks keeps the step and asks for a later one the next time.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

from dossier.entropy import Entropy

SEED_BYTES: Final = 20
STEP_S: Final = 30
DIGITS: Final = 6
_WINDOW: Final = 1


def new_seed(entropy: Entropy) -> bytes:
    """A seed of 160 bits, as RFC 4226 advises."""
    return entropy.bytes(SEED_BYTES)


def step_of(now: datetime) -> int:
    """The step of 30 seconds that an instant lies in."""
    return int(now.timestamp()) // STEP_S


def code_at(seed: bytes, step: int) -> str:
    """The six digits of one step."""
    mac = hmac.digest(seed, step.to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(seed: bytes, code: str, now: datetime, after: int) -> int | None:
    """The step of which this is the code: within one of `now` and later than `after`; None for any other code.

    Every candidate is compared, in a time that says nothing.
    """
    typed = "".join(code.split()).encode()
    here = step_of(now)
    found = None
    for step in range(here - _WINDOW, here + _WINDOW + 1):
        same = hmac.compare_digest(code_at(seed, step).encode(), typed)
        if same and step > after and found is None:
            found = step
    return found


def written(seed: bytes) -> str:
    """The seed as a person types it into an authenticator: base32 in groups of four."""
    text = base64.b32encode(seed).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_seed(text: str) -> bytes:
    """The seed of `written`; raises ValueError for anything else."""
    letters = "".join(text.split()).upper()
    return base64.b32decode(letters + "=" * (-len(letters) % 8))
