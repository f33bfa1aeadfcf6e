"""What every service stands on, built once by the composition root and passed in."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from dossier.access.matrix import MatrixPack
from dossier.access.policy import Policy
from dossier.clock import Clock, to_ms
from dossier.entropy import Entropy
from dossier.sealing.blind import BlindIndex
from dossier.sealing.encoding import tup
from dossier.sealing.facets import FacetTags
from dossier.sealing.text import base64url
from dossier.sealing.tokens import Tokens
from server.ports import KeyStore, OwnerRow, Store
from server.services.sealer import CellSealer, Sealer
from server.services.steady import SteadyClock

COUNTER_SPAN = 1 << 40
"""Counters start at restore x this (DATA-MODEL §5)."""


_KEPT = 16_384
"""Terms remembered: those of a few practices' readers."""


class TermKey:
    """Hashes the paths to a right. The paths are read at each request; only their hash is remembered."""

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")
        self.term = lru_cache(_KEPT)(self._term)

    def _term(self, *parts: bytes | str | int) -> str:
        mac = self._keyed.copy()
        mac.update(tup("colloque/v1/term", *parts))
        return base64url(mac.digest()[:18])


@dataclass(frozen=True, slots=True)
class Premises:
    """Store, keys, time, randomness and the pack in force. `restore` is read once: a restore restarts us.

    `directory` is the owner of the operator's directory, the same at every start of one server. `clock` never goes
    back; `wall` is the machine's own, for the digits of an authenticator alone.
    """

    store: Store
    keys: KeyStore
    sealer: Sealer
    clock: SteadyClock
    wall: Clock
    entropy: Entropy
    pack: MatrixPack
    policy: Policy
    tags: FacetTags
    tokens: Tokens
    blind: BlindIndex
    restore: int
    directory: int
    term_key: TermKey

    @property
    def now_ms(self) -> int:
        return to_ms(self.clock.now())

    @property
    def grace_ms(self) -> int:
        """How long an ended membership may still file what was begun under it (DATA-MODEL §3)."""
        return self.policy.deposit_after_leaving_days * 86_400_000

    @property
    def first_number(self) -> int:
        """Where the counters of this line of time start."""
        return self.restore * COUNTER_SPAN + 1

    def is_stale(self, row: OwnerRow) -> bool:
        """Were this owner's grants computed from another pack than the one in force?"""
        return row.kind == "patient" and row.pack != self.pack.version

    def term(self, *parts: bytes | str | int) -> str:
        """The keyed hash of every path to a right; equal iff the paths are."""
        return self.term_key.term(*parts)


async def open_premises(
    store: Store,
    keys: KeyStore,
    clock: Clock,
    entropy: Entropy,
    pack: MatrixPack,
    policy: Policy,
    sealer: Sealer | None = None,
) -> Premises:
    """Read the named secrets and the restore number. Raises SealBroken when ROOT is another one."""
    blind = BlindIndex(await keys.secret("blind"))
    return Premises(
        store=store,
        keys=keys,
        sealer=sealer or CellSealer(keys, entropy),
        clock=SteadyClock(clock, await keys.time.reach(to_ms(clock.now()))),
        wall=clock,
        entropy=entropy,
        pack=pack,
        policy=policy,
        tags=FacetTags(await keys.secret("facets")),
        tokens=Tokens(await keys.secret("tokens")),
        blind=blind,
        restore=await keys.restore_number(),
        directory=blind.locator("colloque:directory"),
        term_key=TermKey(await keys.secret("terms")),
    )
