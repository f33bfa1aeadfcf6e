"""What one owner owes to others, written with its cause and done later, as often as needed (SCALE rule 5).

    moved    the readers of these facets are told (target: the owner itself; the indexer reads its grants)
    due      the rights of the owner are computed again (target: the owner itself), at `not_before`
    erased   a device's copy is closed by its receipt (target: the account)
    displayed  a person displayed the record (target: the account, which counts)
    alerted  an account displayed too many records, or is released (target: the organisation)
    purged   a revoked device erased its copy (target: the patient, whose journal says so)

The id under which the target remembers an effect is hash(owner, n): doing it twice changes nothing.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from server.ports import EffectRow
from server.services.premises import Premises
from server.services.sealer import Place

EffectKind = Literal["moved", "due", "erased", "purged", "displayed", "alerted"]


class Moved(msgspec.Struct, frozen=True, array_like=True):
    """Facets with new rows; (facet, reader) pairs that gained or lost the right to read; accounts that
    must ask again for everything they hold of this owner.
    """

    facets: tuple[str, ...] = ()
    gained: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    recheck: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facets or self.gained or self.lost or self.recheck)


class Erased(msgspec.Struct, frozen=True, array_like=True):
    """A device says it erased its copy of (target, facet) held under `term`."""

    device: str
    unit: int
    target: int
    facet: str
    term: str
    at_ms: int


class Displayed(msgspec.Struct, frozen=True, array_like=True):
    """A person displayed the record that owes this, acting for `unit`."""

    at_ms: int
    unit: int


class Alerted(msgspec.Struct, frozen=True, array_like=True):
    """What the organisation's journal says of the account that owes this: `action` is the entry's."""

    action: str
    at_ms: int
    unit: int
    patients: int


Owed = Moved | Erased | Displayed | Alerted
_TYPES: dict[str, Any] = {
    "erased": Erased,
    "purged": Erased,
    "displayed": Displayed,
    "alerted": Alerted,
}
"""What the cell of an effect of a kind holds; of every other kind, `Moved`."""


def together(owed: Sequence[Moved]) -> Moved:
    """What several duties of one owner have to tell, once."""
    if len(owed) == 1:
        return owed[0]
    return Moved(
        tuple(dict.fromkeys(facet for one in owed for facet in one.facets)),
        tuple(dict.fromkeys(pair for one in owed for pair in one.gained)),
        tuple(dict.fromkeys(pair for one in owed for pair in one.lost)),
        tuple(dict.fromkeys(account for one in owed for account in one.recheck)),
    )


async def row_of(
    premises: Premises,
    owner: int,
    n: int,
    target: int,
    kind: EffectKind,
    owed: Owed,
    not_before_ms: int = 0,
) -> EffectRow:
    """Seal one duty into the row numbered `n`."""
    cell = await premises.sealer.seal(place_of(owner, n), msgspec.msgpack.encode(owed))
    return EffectRow(n, not_before_ms, target, kind, cell, done=False)


async def read_row(premises: Premises, owner: int, row: EffectRow) -> Owed:
    """Open one duty. Raises SealBroken or Unavailable (its key was destroyed: void)."""
    plain = await premises.sealer.open(place_of(owner, row.n), row.cell)
    try:
        owed: Owed = msgspec.msgpack.decode(plain, type=_TYPES.get(row.kind, Moved))
    except msgspec.DecodeError as error:
        raise SealBroken from error
    return owed


def op_id_of(owner: int, n: int) -> str:
    """The op id of an effect at its target."""
    return hashlib.sha256(tup("colloque/v1/effect", owner, n)).hexdigest()[:32]


def place_of(owner: int, n: int) -> Place:
    """Where the cell of the duty numbered `n` lies."""
    return Place("effect", owner, id=str(n))
