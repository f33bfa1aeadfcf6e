"""A right that ends while its copy is on the way, page after page (security.md §5 row 42): the server's own services give
the pages, a desktop's own store takes them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dossier.entropy import SeededEntropy
from dossier.wire import messages as wire
from dossier.wire.limits import PAGE_ROWS
from local_store.store import LocalStore
from tests.fakes.server_room import Desktop, ServerRoom, an_allergy

MORE = 60


class Reading:
    """A desktop in the middle of a record of more than one page."""

    def __init__(self, room: ServerRoom, folder: Path) -> None:
        self.room, unit = room, room.unit()
        self.author = room.desktop("fontaine", unit)
        self.reader: Desktop = room.desktop("diallo", unit)
        self.anne = room.patient(unit)
        room.settle()
        for first in range(0, PAGE_ROWS + MORE, 50):
            ops = [
                room.create(self.author, self.anne, an_allergy("pat-1", f"all-{number}"))
                for number in range(first, first + 50)
            ]
            assert {verdict.code for verdict in room.push(self.author, *ops)} == {"ok"}
        room.settle()
        self.store = LocalStore.open(folder / "store", bytes(32), room.clock, SeededEntropy(1))
        heads = room.run(room.feed.heads(self.reader.session, ""))
        assert heads is not None
        self.store.sync.apply_heads(heads)
        mine = [head for head in heads.heads if head.owner == self.anne]
        self.head = max(mine, key=lambda head: head.rows)

    def next(self) -> wire.Page:
        """The next page of the record, as the desktop's own cursor asks for it, and taken by its store."""
        held = self.store.sync.held_one(self.anne, self.head.facet)
        assert held is not None
        want = wire.Want(
            owner=self.anne, facet=self.head.facet, term=held.term, since=held.at or ""
        )
        asked = wire.ChangesRequest(items=(want,))
        (page,) = self.room.run(self.room.feed.changes(self.reader.session, asked)).pages
        self.store.sync.apply_page(page, held.generation)
        return page

    def seen(self) -> int:
        return len(list(self.store.records.rows(self.anne)))


@pytest.fixture
def reading(engine: Any, tmp_path: Path) -> Iterator[Reading]:
    made = Reading(engine.room(), tmp_path)
    yield made
    made.store.close()


def test_row42_a_right_that_ends_between_two_pages_stops_the_next_and_purges_with_a_receipt(
    reading: Reading,
) -> None:
    first = reading.next()
    assert first.more
    assert reading.seen() >= PAGE_ROWS
    assert not reading.store.sync.receipts_owed(9)
    reading.room.run(reading.room.access.block(reading.anne, reading.reader.account))
    refused = reading.next()
    assert (refused.kind, refused.rows) == ("gone", ())
    assert reading.seen() == 0
    owed = reading.store.sync.receipts_owed(9)
    assert [(one.owner, one.facet, one.term) for one in owed] == [
        (reading.anne, reading.head.facet, first.term)
    ]


def test_row42_without_an_end_the_next_page_completes_the_copy(reading: Reading) -> None:
    """The control: the same two pages, and nothing ended."""
    assert reading.next().more
    last = reading.next()
    assert (last.kind, last.more) == ("page", False)
    assert reading.seen() >= PAGE_ROWS + MORE
    assert reading.store.sync.digest(reading.anne, reading.head.facet) == last.digest
