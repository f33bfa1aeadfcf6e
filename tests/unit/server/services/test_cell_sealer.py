"""The seam to sealing: a cell opens in its own place only."""

from collections.abc import Callable

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import SealBroken, Unavailable
from dossier.wire.messages import Version
from server.services.bodies import Body, pack, unpack
from server.services.sealer import CellSealer, Place, Sealer
from server.store.keystore import MemoryKeyStore
from server.store.units import drive
from tests.fakes.clear_sealer import ClearSealer

HERE = Place("resource", 7, "facet", 7, "Condition", "c-1", Version(0, 1))


@pytest.fixture(params=["cells", "clear"])
def sealer(request: pytest.FixtureRequest) -> Sealer:
    if request.param == "clear":
        return ClearSealer()
    return CellSealer(MemoryKeyStore(SeededEntropy(1)), SeededEntropy(2))


def test_a_cell_opens_where_it_was_sealed(sealer: Sealer) -> None:
    cell = drive(sealer.seal(HERE, b"body"))
    assert drive(sealer.open(HERE, cell)) == b"body"


@pytest.mark.parametrize(
    "elsewhere",
    [
        HERE._replace(table="history"),
        HERE._replace(owner=8),
        HERE._replace(facet="other"),
        HERE._replace(rtype="Observation"),
        HERE._replace(id="c-2"),
        HERE._replace(version=Version(1, 1)),
    ],
)
def test_a_cell_opens_nowhere_else(sealer: Sealer, elsewhere: Place) -> None:
    cell = drive(sealer.seal(HERE, b"body"))
    with pytest.raises(SealBroken):
        drive(sealer.open(elsewhere, cell))


def test_a_destroyed_key_opens_nothing() -> None:
    keys = MemoryKeyStore(SeededEntropy(1))
    sealer = CellSealer(keys, SeededEntropy(2))
    cell = drive(sealer.seal(HERE, b"body"))
    drive(keys.destroy(7))
    with pytest.raises(Unavailable):
        drive(sealer.open(HERE, cell))
    clear = ClearSealer()
    cell = drive(clear.seal(HERE, b"body"))
    clear.destroy(7)
    with pytest.raises(Unavailable):
        drive(clear.open(HERE, cell))


def test_many_cells_open_in_their_order_and_a_dead_key_leaves_its_place_empty() -> None:
    keys, clear = MemoryKeyStore(SeededEntropy(1)), ClearSealer()
    sealers: tuple[tuple[Sealer, Callable[[], object]], ...] = (
        (CellSealer(keys, SeededEntropy(2)), lambda: drive(keys.destroy(7))),
        (clear, lambda: clear.destroy(7)),
    )
    for sealer, destroy in sealers:
        places = [HERE._replace(subject=n, id=f"c-{n}") for n in (7, 8, 7)]
        held = [(place, drive(sealer.seal(place, place.id.encode()))) for place in places]
        assert drive(sealer.open_all(held)) == [b"c-7", b"c-8", b"c-7"]
        with pytest.raises(SealBroken):
            drive(sealer.open_all([held[0], (held[1][0], held[0][1])]))
        destroy()
        assert drive(sealer.open_all(held)) == [None, b"c-8", None]


def test_a_body_keeps_its_author_and_its_bytes() -> None:
    body = Body(2**62 + 1, 5, "representative", b'{"a": 1.50}')
    assert unpack(pack(body)) == body
    with pytest.raises(SealBroken):
        unpack(b"short")
