"""Slow keys from what a person remembers: Argon2id (RFC 9106)."""

from typing import NamedTuple
from unicodedata import normalize

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SALT_BYTES = 16


class Cost(NamedTuple):
    """Argon2id work: memory in KiB, passes, lanes."""

    memory_kib: int
    iterations: int
    lanes: int

    def reaches(self, floor: "Cost") -> bool:
        """At least as much memory and as many passes as `floor`."""
        return self.memory_kib >= floor.memory_kib and self.iterations >= floor.iterations

    def within(self, ceiling: "Cost") -> bool:
        """Nothing above `ceiling`, and something to do at all."""
        return all(0 < mine <= most for mine, most in zip(self, ceiling, strict=True))


DEFAULT = Cost(65_536, 3, 4)
"""64 MiB, three passes, four lanes: the second recommended setting of RFC 9106 §4."""
CEILING = Cost(1_048_576, 16, 16)
"""What a stored record or header may ask of this machine at most."""


def plain(phrase: str) -> bytes:
    """The bytes of a typed secret: NFKC, so that every keyboard gives the same."""
    return normalize("NFKC", phrase).encode()


def argon2id(salt: bytes, cost: Cost) -> Argon2id:
    """One Argon2id run that yields 32 bytes. An object of `cryptography` is good for one call."""
    return Argon2id(
        salt=salt,
        length=32,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
