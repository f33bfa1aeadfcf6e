"""What is to be read and signed: whose it is, how urgent, and what signing does."""

from decimal import Decimal

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid
from dossier.fhir import reviews
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ItemState
from practitioner_app.services.reviews import ReviewService, Urgency
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_patient, a_result
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

TERMS = Terminology.load()
ME = {"reference": ACTOR.reference} if ACTOR.reference else {"display": ACTOR.name}
SOMEBODY = {"reference": "Practitioner/ps-other"}
AT = "2026-11-20T17:40:00Z"


def a_report(rid, *results, issued=AT):
    return {
        "resourceType": "DiagnosticReport",
        "id": rid,
        "status": "final",
        "code": {"text": "Examens de biologie médicale"},
        "subject": {"reference": "Patient/p1"},
        "issued": issued,
        "result": [{"reference": f"Observation/{one}"} for one in results],
    }


def potassium(rid, value):
    body = a_result(rid, "2823-3", value=value, unit="mmol/L", label="Potassium")
    body["valueQuantity"]["code"] = "mmol/L"
    body["referenceRange"] = [{"low": {"value": 3.5}, "high": {"value": 5.0}}]
    return body


def a_review(rid, report, owner=ME):
    focus = f"DiagnosticReport/{report}"
    return reviews.build(rid=rid, patient="Patient/p1", focus=focus, owner=owner, at=AT)


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    return store


@pytest.fixture
def service(store):
    clock = ManualClock()
    writer = Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(3), actor=ACTOR)
    return ReviewService(store, writer, TERMS, SearchService(store, clock))


def told(store, rid, value, issued=AT, owner=OWNER):
    store.hold(owner, potassium(f"o{rid}", value), a_report(f"d{rid}", f"o{rid}", issued=issued))
    store.hold(owner, a_review(rid, f"d{rid}"))


def test_hz10_alert_values_come_first_then_those_out_of_range_then_the_newest(store, service):
    told(store, "r1", 4.1)
    told(store, "r2", 5.3, "2026-11-19T17:00:00Z")
    told(store, "r3", 6.1, "2026-11-18T17:00:00Z")
    told(store, "r4", 4.4, "2026-11-21T17:00:00Z")
    lines = service.waiting().mine
    assert [(line.id, line.urgency) for line in lines] == [
        ("r3", Urgency.ALERT),
        ("r2", Urgency.OUT),
        ("r4", Urgency.WITHIN),
        ("r1", Urgency.WITHIN),
    ]
    assert (lines[0].alert.value.number, lines[0].alert.threshold) == (Decimal("6.1"), 6)
    assert lines[0].alert.above


def test_hz08_a_result_has_one_owner_and_the_others_are_counted(store, service):
    told(store, "r1", 4.1)
    store.hold(OWNER, a_review("r2", "dr1", owner=SOMEBODY))
    found = service.waiting()
    assert [line.id for line in found.mine] == ["r1"]
    assert found.of_others == 1


def test_signing_takes_it_off_the_list_and_keeps_who_and_when(store, service):
    told(store, "r1", 4.1)
    written = service.sign(OWNER, "r1")
    assert service.waiting().mine == ()
    [line] = service.waiting().signed
    assert (line.id, line.state) == ("r1", ItemState.PENDING)
    review = reviews.decode(store.resource(OWNER, "Task", "r1").body)
    assert review.standing is reviews.Standing.COMPLETED
    assert review.end.startswith("2026-11-23T08:00:00")
    assert store.withdraw(written.op_id)
    assert [line.id for line in service.waiting().mine] == ["r1"]


def test_hz10_an_alert_value_is_acknowledged_before_it_is_signed(store, service):
    told(store, "r1", 6.1)
    with pytest.raises(Invalid, match="acknowledge_first"):
        service.sign(OWNER, "r1")
    service.acknowledge(OWNER, "r1")
    [line] = service.waiting().mine
    assert line.acknowledged
    assert line.urgency is Urgency.ALERT
    service.sign(OWNER, "r1")
    assert service.waiting().mine == ()


def test_what_was_signed_or_is_no_review_cannot_be_signed(store, service):
    told(store, "r1", 4.1)
    service.sign(OWNER, "r1")
    with pytest.raises(Invalid, match="not_open"):
        service.sign(OWNER, "r1")
    other = a_review("t9", "dr1") | {"code": {"text": "Rappeler"}}
    store.hold(OWNER, other)
    with pytest.raises(Invalid, match="not_open"):
        service.sign(OWNER, "t9")


def test_hz11_an_alert_value_is_judged_in_its_own_unit_only(store, service):
    told(store, "r1", 4.1)
    body = potassium("oR2", 61)
    body["valueQuantity"] |= {"code": "mg/L", "unit": "mg/L"}
    body["referenceRange"] = []
    store.hold(OWNER, body, a_report("dR2", "oR2"), a_review("r2", "dR2"))
    assert {line.urgency for line in service.waiting().mine} == {Urgency.WITHIN}


def test_a_result_that_is_not_here_is_listed_and_said_so(store, service):
    store.hold(OTHER_OWNER, a_review("r1", "gone"))
    [line] = service.waiting().mine
    assert line.missing
    assert line.patient is None
