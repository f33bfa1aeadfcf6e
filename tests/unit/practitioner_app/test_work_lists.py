"""The work lists: what is in each, and what leaves it."""

import pytest

from dossier.fhir import problems
from dossier.fhir.elements import Signature
from dossier.wire.messages import Op
from practitioner_app.ports import ItemState
from practitioner_app.services.day import DayService
from practitioner_app.services.drafts import DraftService, Slot
from practitioner_app.services.notes import NoteService
from practitioner_app.services.orders import OrderService
from practitioner_app.services.search import SearchService
from practitioner_app.services.summaries_due import SummariesDue
from practitioner_app.services.sync_centre import SyncCentre
from practitioner_app.services.work_lists import ListKind, WorkListService
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_patient, an_allergy, encoded
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore
from tests.unit.practitioner_app.test_reviews import a_service, a_writer, told


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    store.hold(OTHER_OWNER, a_patient("p2", birth_name="LE GOFF"))
    return store


@pytest.fixture
def reviews(store, clock):
    return a_service(store, clock, a_writer(store, clock))


@pytest.fixture
def drafts(store, clock):
    return DraftService(store.drafts, store, store.settings, store, clock, lambda _change: None)


@pytest.fixture
def service(store, clock, reviews, drafts):
    search = SearchService(store, clock)
    return WorkListService(
        reader=store,
        search=search,
        reviews=reviews,
        drafts=drafts,
        centre=SyncCentre(reader=store, outbox=store, search=search, clock=clock),
        day=DayService(store.settings, clock),
        summaries=SummariesDue(store, clock, ACTOR),
        orders=OrderService(store, a_writer(store, clock), search, clock),
        notes=NoteService(store, a_writer(store, clock), store, search, "Maison de santé du Port"),
    )


def of(service, kind):
    return next(one.lines for one in service.lists() if one.kind is kind)


def due(service):
    return next(one.lines for one in service.apart() if one.kind is ListKind.SUMMARIES)


def a_visit(rid, at, reason="Toux"):
    return {
        "resourceType": "Encounter",
        "id": rid,
        "status": "finished",
        "class": {"code": "AMB"},
        "period": {"start": at},
        "reasonCode": [{"text": reason}],
    }


def test_the_day_holds_the_consultations_of_today_then_the_records_opened_without_one(
    store, service, clock
):
    store.hold(OWNER, a_visit("e1", "2026-11-23T08:10:00Z"), a_visit("e0", "2026-11-20T08:10:00Z"))
    service.opened(OWNER)
    service.opened(OTHER_OWNER)
    assert [(line.owner, line.title, line.opened) for line in of(service, ListKind.DAY)] == [
        (OWNER, "Toux", False),
        (OTHER_OWNER, "", True),
    ]
    clock.advance(86_400)
    assert of(service, ListKind.DAY) == ()


def test_a_record_that_left_this_computer_leaves_the_day(store, service):
    service.opened(OTHER_OWNER)
    store.confirmed = {key: row for key, row in store.confirmed.items() if key[0] == OWNER}
    assert of(service, ListKind.DAY) == ()


def test_results_to_sign_are_listed_and_leave_when_they_are_signed(store, service, reviews):
    told(store, "r1", 4.1)
    assert [line.id for line in of(service, ListKind.RESULTS)] == ["r1"]
    reviews.sign(OWNER, "r1")
    assert of(service, ListKind.RESULTS) == ()


def test_drafts_are_listed_with_what_was_typed(service, drafts):
    drafts.keep(Slot(kind="allergies", owner=OWNER), {"agent": "Amoxicilline"})
    [line] = of(service, ListKind.DRAFTS)
    assert (line.slot.kind, line.title, line.patient.family) == (
        "allergies",
        "Amoxicilline",
        "MARTINEAU",
    )


def test_hz21_what_was_refused_and_what_was_written_twice_waits_to_be_fixed(store, service):
    for op_id, state in (("a", ItemState.REFUSED), ("b", ItemState.CONFLICT)):
        op = Op(
            op_id=op_id,
            owner=OWNER,
            kind="create",
            acting="s",
            at="2026-11-20T18:20:00Z",
            rtype="AllergyIntolerance",
            id=op_id,
        )
        store.put(op, shows=encoded(an_allergy(op_id)))
        store.judged(op_id, state, reason="rejected.invalid")
    lines = of(service, ListKind.TO_FIX)
    assert [(line.op_id, line.state) for line in lines] == [
        ("a", ItemState.REFUSED),
        ("b", ItemState.CONFLICT),
    ]


def with_ald(store, owner, rid, patient=None, attending=ACTOR.reference):
    said = problems.NewProblem(label="Diabète de type 2", ald=True, ald_number="8")
    body = problems.build(said, rid=rid, patient="Patient/p1", signature=_signature())
    store.hold(owner, body)
    person = patient or a_patient("p1" if owner == OWNER else "p2")
    store.hold(owner, person | {"generalPractitioner": [{"reference": attending}]})


def _signature():
    return Signature(author={"reference": ACTOR.reference}, at="2026-11-01T08:00:00Z")


def a_summary(rid, day, code="60591-5"):
    return {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "date": f"{day}T10:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain"}}],
    }


def test_a_yearly_summary_is_due_for_ones_own_patients_with_a_long_term_condition(store, service):
    with_ald(store, OWNER, "c1")
    with_ald(store, OTHER_OWNER, "c2", attending="Practitioner/lemaire")
    [line] = due(service)
    assert (line.owner, line.at) == (OWNER, "")
    store.hold(OWNER, a_summary("d1", "2025-11-20"))
    [line] = due(service)
    assert line.at == "2025-11-20T10:00:00Z"
    store.hold(OWNER, a_summary("d2", "2025-11-24", "SYNTH"))
    assert due(service) == ()


def test_no_summary_is_due_for_someone_who_died_or_whose_condition_is_over(store, service):
    with_ald(store, OWNER, "c1", a_patient() | {"deceasedBoolean": True})
    assert due(service) == ()


def test_notes_that_wait_for_a_signature_are_listed_apart(service):
    lists = {one.kind: one.lines for one in service.apart()}
    assert lists == {ListKind.UNSIGNED: (), ListKind.SUMMARIES: ()}
