"""Sign-in passwords as Argon2id records (RFC 9106, PHC string form).

A record carries its own cost, so the cost can be raised later: `is_weak` says which records must be made
again at the next sign-in.
"""

import re
from typing import NamedTuple
from unicodedata import normalize

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from dossier.entropy import Entropy

SALT_BYTES = 16
TAG_BYTES = 32


class Cost(NamedTuple):
    """Argon2id work: memory in KiB, passes, lanes."""

    memory_kib: int
    iterations: int
    lanes: int

    def reaches(self, floor: "Cost") -> bool:
        """At least as much memory and as many passes as `floor`."""
        return self.memory_kib >= floor.memory_kib and self.iterations >= floor.iterations


DEFAULT = Cost(65_536, 3, 4)
"""64 MiB, three passes, four lanes: the second recommended setting of RFC 9106 §4."""
CEILING = Cost(1_048_576, 16, 16)
"""What a record may ask of this machine at most."""

_RECORD = re.compile(r"\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$")


def hash_password(password: str, entropy: Entropy, cost: Cost = DEFAULT) -> str:
    """A record to store. The password is compared in NFKC."""
    return _argon2(entropy.bytes(SALT_BYTES), cost).derive_phc_encoded(_plain(password))


def verify_password(password: str, record: str) -> bool:
    """True iff this password made this record; False for a malformed or over-expensive record."""
    cost = _cost_of(record)
    if cost is None:
        return False
    try:
        Argon2id.verify_phc_encoded(_plain(password), record)
    except (InvalidKey, ValueError):
        return False
    return True


def is_weak(record: str, floor: Cost = DEFAULT) -> bool:
    """True when the record was made with less work than `floor`, or cannot be read."""
    cost = _cost_of(record)
    return cost is None or not cost.reaches(floor)


def spend_equal_time(password: str, cost: Cost = DEFAULT) -> None:
    """The work of one verification, for an unknown sign-in name: its answer must not come sooner."""
    _argon2(bytes(SALT_BYTES), cost).derive(_plain(password))


def _cost_of(record: str) -> Cost | None:
    found = _RECORD.match(record)
    if found is None:
        return None
    cost = Cost(*(int(number) for number in found.groups()))
    return cost if all(a <= b for a, b in zip(cost, CEILING, strict=True)) else None


def _argon2(salt: bytes, cost: Cost) -> Argon2id:
    return Argon2id(
        salt=salt,
        length=TAG_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )


def _plain(password: str) -> bytes:
    return normalize("NFKC", password).encode()
