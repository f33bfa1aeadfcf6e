"""Sign-in passwords as Argon2id records (RFC 9106, PHC string form).

A record carries its own cost, so the cost can be raised later: `is_weak` says which records must be made
again at the next sign-in.
"""

import re

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from dossier.entropy import Entropy
from dossier.sealing.stretching import CEILING, DEFAULT, SALT_BYTES, Cost, argon2id, plain

__all__ = [
    "DEFAULT",
    "Cost",
    "hash_password",
    "is_weak",
    "spend_equal_time",
    "verify_password",
]

_RECORD = re.compile(r"\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$")


def hash_password(password: str, entropy: Entropy, cost: Cost = DEFAULT) -> str:
    """A record to store. The password is compared in NFKC."""
    return argon2id(entropy.bytes(SALT_BYTES), cost).derive_phc_encoded(plain(password))


def verify_password(password: str, record: str) -> bool:
    """True iff this password made this record; False for a malformed or over-expensive record."""
    cost = _cost_of(record)
    if cost is None:
        return False
    try:
        Argon2id.verify_phc_encoded(plain(password), record)
    except (InvalidKey, ValueError):
        return False
    return True


def is_weak(record: str, floor: Cost = DEFAULT) -> bool:
    """True when the record was made with less work than `floor`, or cannot be read."""
    cost = _cost_of(record)
    return cost is None or not cost.reaches(floor)


def spend_equal_time(password: str, cost: Cost = DEFAULT) -> None:
    """The work of one verification, for an unknown sign-in name: its answer must not come sooner."""
    argon2id(bytes(SALT_BYTES), cost).derive(plain(password))


def _cost_of(record: str) -> Cost | None:
    found = _RECORD.match(record)
    if found is None:
        return None
    cost = Cost(*(int(number) for number in found.groups()))
    return cost if cost.within(CEILING) else None
