"""A power cut takes back what no file was forced to keep; never what a person wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.wire.messages import Page, Verdict, Version
from practitioner_app.ports import ItemState
from tests.contracts.local_store_practice import (
    CLINICAL,
    TERM,
    copy,
    create,
    observation,
    patient,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import CrashAt
from tests.simulation.sealed_desktops import SealedCopy, SealedDisk

ANNE = patient(1, "Durand", "Anne", "1960-05-02")
COUGH = observation("cough", "toux")


class Worst:
    """Bytes for a power cut that takes all it can."""

    def bytes(self, n: int) -> bytes:
        return bytes(n)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SealedDisk]:
    disk = SealedDisk.blank(tmp_path, ManualClock(), Worst(), bytes(32))
    yield disk
    disk.end()


def start(disk: SealedDisk) -> SealedCopy:
    return SealedCopy(disk, ManualClock(), Worst(), CrashAt())


def shown(store: SealedCopy) -> dict[str, ItemState]:
    return {row.id: row.state for row in store.rows(1)}


def page(store: SealedCopy, to: str) -> Page:
    held = store.sync.held_one(1, CLINICAL)
    assert held is not None
    return Page(
        owner=1, facet=CLINICAL, kind="page", term=TERM, since=held.at, to=to, rows=(COUGH,)
    )


def test_a_power_cut_takes_back_pages_that_nobody_here_waited_for(disk: SealedDisk) -> None:
    """The control: the cut of these tests is able to take a page."""
    store = start(disk)
    copy(store.local, 1, [ANNE])
    assert not store.apply_page(page(store, "e2"), 0).stale
    assert shown(store).keys() == {"p1", "cough"}
    disk.lose_power()
    assert "cough" not in shown(start(disk))


def test_a_power_cut_hides_nothing_that_was_written_here_and_seen_in_the_feed(
    disk: SealedDisk,
) -> None:
    store = start(disk)
    copy(store.local, 1, [ANNE])
    op = create(1, 1, COUGH)
    store.put(op, shows=COUGH.body or b"")
    store.sync.next_ops(10, 10_000)
    store.sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
    assert shown(store)["cough"] is ItemState.SENT
    assert not store.apply_page(page(store, "e2"), 0).stale
    assert shown(store)["cough"] is ItemState.CONFIRMED
    disk.lose_power()
    assert shown(start(disk))["cough"] is ItemState.CONFIRMED


def test_a_verdict_after_the_page_hides_nothing_through_a_power_cut(disk: SealedDisk) -> None:
    store = start(disk)
    copy(store.local, 1, [ANNE])
    op = create(1, 1, COUGH)
    store.put(op, shows=COUGH.body or b"")
    store.sync.next_ops(10, 10_000)
    assert not store.apply_page(page(store, "e2"), 0).stale
    store.sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
    disk.lose_power()
    assert "cough" in shown(start(disk))
