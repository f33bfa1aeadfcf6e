"""The seam to Argon2id: it costs a tenth of a second, so the server runs it off its loop."""

from typing import Protocol

from dossier.entropy import Entropy
from dossier.sealing import passwords
from dossier.sealing.stretching import DEFAULT, Cost


class Passwords(Protocol):
    """Makes and checks records of passwords."""

    async def record(self, password: str) -> str: ...
    async def is_right(self, password: str, record: str | None) -> bool:
        """False, after the same work, where there is no record."""
        ...


class InlinePasswords:
    """Argon2id on the calling thread (`cost` is lowered in tests only)."""

    def __init__(self, entropy: Entropy, cost: Cost = DEFAULT) -> None:
        self._entropy, self._cost = entropy, cost

    async def record(self, password: str) -> str:
        return passwords.hash_password(password, self._entropy, self._cost)

    async def is_right(self, password: str, record: str | None) -> bool:
        if record is None:
            passwords.spend_equal_time(password, self._cost)
            return False
        return passwords.verify_password(password, record)
