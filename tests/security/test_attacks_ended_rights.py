"""A right that ended on the desktop: what waits to be sent shows nothing of others through it (HZ-19)."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.wire.codec import row_digest
from dossier.wire.messages import Change, Head, Heads, Op, Page, Row, Verdict, Version
from local_store.store import LocalStore
from tests.fakes.manual_clock import ManualClock

ANNE = 7
IDENTITY, CLINICAL = "identity-tag", "clinical-tag"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
UNTIL = "2026-11-23T12:00:00.000Z"
THEIRS = msgspec.json.encode(
    {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "arachide"}}
)
OURS = THEIRS.replace(b"}}", b'},"note":[{"text":"revoir"}]}')


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> LocalStore:
    """A patient whose clinical part may be read until noon, and whose identity stays readable."""
    opened = LocalStore.open(tmp_path / "store", bytes(32), clock, SeededEntropy(1))
    told = (
        Head(owner=ANNE, facet=IDENTITY, kind="patient", term="t1", at="i1", rows=1),
        Head(owner=ANNE, facet=CLINICAL, kind="patient", term="t2", at="c1", rows=1, until=UNTIL),
    )
    opened.sync.apply_heads(Heads(restore=0, v="v1", heads=told))
    patient = b'{"resourceType":"Patient","id":"p","name":[{"family":"Durand"}]}'
    for facet, term, to, row in (
        (IDENTITY, "t1", "i1", Row("Patient", "p", Version(0, 1), ANNE, None, patient)),
        (CLINICAL, "t2", "c1", Row("AllergyIntolerance", "a", Version(0, 1), ANNE, None, THEIRS)),
    ):
        total = f"{row_digest(row.id, 0, 1):064x}"
        page = Page(
            owner=ANNE,
            facet=facet,
            kind="page",
            term=term,
            to=to,
            replace=True,
            rows=(row,),
            digest=total,
        )
        applied = opened.sync.apply_page(page, 0)
        assert applied.digest_ok
        assert not applied.stale
    return opened


def changed(store: LocalStore) -> Op:
    op = Op(
        op_id="0193f0a0-0000-7000-8000-000000000001",
        owner=ANNE,
        kind="change",
        acting="s-1",
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id="a",
        base=Version(0, 1),
        changes=(Change(element="note", base=None, value=msgspec.Raw(b'[{"text":"revoir"}]')),),
    )
    store.outbox.put(op, shows=OURS, saw=THEIRS)
    return op


def seen(store: LocalStore) -> bytes:
    """Everything the screens could be given of the patient."""
    rows = [bytes(row.body) for row in store.records.rows(ANNE)]
    hits = [f"{hit.title} {hit.excerpt}".encode() for hit in store.records.search("ara", None, 9)]
    waiting = [item.body for item in store.outbox.pending()]
    cases = [
        case_part
        for case in store.outbox.conflicts()
        for case_part in (case.base, case.mine, case.theirs)
    ]
    one = store.records.resource(ANNE, "AllergyIntolerance", "a")
    return b"\n".join([*rows, *hits, *waiting, *cases, b"" if one is None else bytes(one.body)])


def test_hz_19_a_waiting_change_shows_nothing_through_a_right_that_ended(
    store: LocalStore, clock: ManualClock
) -> None:
    changed(store)
    assert b"arachide" in seen(store)
    clock.advance(5 * 3600)
    assert b"arachide" not in seen(store)
    assert [item.op_id for item in store.outbox.pending()] != []
    store.close()


def test_hz_19_a_conflict_shows_nothing_through_a_right_that_ended(
    store: LocalStore, clock: ManualClock
) -> None:
    op = changed(store)
    store.sync.next_ops(9, 100_000)
    verdict = Verdict(op_id=op.op_id, code="conflict", version=Version(0, 1), elements=("note",))
    store.sync.apply_verdicts([verdict])
    assert b"arachide" in seen(store)
    clock.advance(5 * 3600)
    assert b"arachide" not in seen(store)
    assert len(store.outbox.conflicts()) == 1
    store.close()


def test_own_words_about_a_lost_patient_stay_out_of_sight_over_a_restore(
    store: LocalStore,
) -> None:
    body = msgspec.json.encode(
        {"resourceType": "AllergyIntolerance", "id": "b", "code": {"text": "araignée"}}
    )
    op = Op(
        op_id="0193f0a0-0000-7000-8000-000000000002",
        owner=ANNE,
        kind="create",
        acting="s-1",
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id="b",
        body=msgspec.Raw(body),
    )
    store.outbox.put(op, shows=body)
    lost = tuple(
        Head(owner=ANNE, facet=facet, kind="patient", gone=True) for facet in (IDENTITY, CLINICAL)
    )
    store.sync.apply_heads(Heads(restore=0, v="v2", heads=lost))
    assert list(store.records.search("araignée", None, 9)) == []
    store.sync.begin_restore(1)
    store.sync.apply_heads(Heads(restore=1, v="v3", heads=()))
    assert list(store.records.search("araignée", None, 9)) == []
    assert [item.op_id for item in store.outbox.pending()] == [op.op_id]
    store.close()
