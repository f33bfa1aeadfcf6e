"""Randomness as a value that is passed in (design law 10)."""

from random import Random
from secrets import token_bytes
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    def bytes(self, n: int) -> bytes:
        """`n` random bytes."""
        ...


class SystemEntropy:
    """The operating system's generator: the only one used outside tests."""

    def bytes(self, n: int) -> bytes:
        return token_bytes(n)


class SeededEntropy:
    """Repeatable bytes for the simulator and the demonstration; never for real keys."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)
