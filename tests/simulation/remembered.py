"""Keyed pure functions computed once for many schedules: terms and tokens of the same parts are the same.

The keys are those of the one room that every schedule rewinds, so what is remembered is what would be
computed again.
"""

from dataclasses import dataclass, field, fields
from functools import lru_cache

from dossier.errors import SealBroken
from dossier.sealing.tokens import Tokens
from server.services.premises import Premises

_KEPT = 1 << 16


class RememberedTokens:
    """Tokens that answer from what they sealed or opened before."""

    def __init__(self, tokens: Tokens) -> None:
        self.seal = lru_cache(_KEPT)(tokens.seal)
        self._tokens = tokens
        self._opened = lru_cache(_KEPT)(self._try)

    def open(self, kind: str, token: str) -> tuple[str, ...]:
        parts = self._opened(kind, token)
        if parts is None:
            raise SealBroken
        return parts

    def _try(self, kind: str, token: str) -> tuple[str, ...] | None:
        try:
            return self._tokens.open(kind, token)
        except SealBroken:
            return None


@dataclass(frozen=True, slots=True)
class RememberedPremises(Premises):
    """Premises whose terms are computed once."""

    terms: dict[tuple[bytes | str | int, ...], str] = field(default_factory=dict)

    def term(self, *parts: bytes | str | int) -> str:
        found = self.terms.get(parts)
        if found is None:
            if len(self.terms) >= _KEPT:
                self.terms.clear()
            found = self.terms[parts] = Premises.term(self, *parts)
        return found


def remembered(premises: Premises) -> Premises:
    """The same premises, which remember."""
    same = {one.name: getattr(premises, one.name) for one in fields(premises)}
    return RememberedPremises(**{**same, "tokens": RememberedTokens(premises.tokens)})


def under_restore(premises: Premises, restore: int) -> None:
    """As the premises would be had they been opened with this number: a restore restarts the server."""
    object.__setattr__(premises, "restore", restore)
