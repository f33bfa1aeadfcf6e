"""What is to be read and signed: whose it is, how urgent, and what signing does."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec import structs

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid
from dossier.fhir import reviews, roles
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ItemState
from practitioner_app.services.colleagues import ColleagueService
from practitioner_app.services.review_lines import Urgency, Whose
from practitioner_app.services.reviews import CurrentKey, HandOverResult, ReviewService
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Actor, Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_patient, a_practitioner, a_result
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
    return a_service(store, clock, a_writer(store, clock))


def a_writer(store, clock):
    return Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(3), actor=ACTOR)


def a_service(store, clock, writer):
    return ReviewService(
        reader=store,
        writer=writer,
        terms=TERMS,
        search=SearchService(store, clock),
        colleagues=ColleagueService(store, clock, writer.actor),
        clock=clock,
    )


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
    assert [(line.id, line.whose) for line in found.others] == [("r2", Whose.OTHERS)]


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


LEMAIRE = {"reference": "Practitioner/lemaire", "display": "Dr Hugues LEMAIRE"}


def a_role(rid, person, *absences):
    return {
        "resourceType": "PractitionerRole",
        "id": rid,
        "practitioner": person,
        "organization": {"reference": "Organization/port"},
        "code": [{"coding": [{"system": sorted(roles.PROFESSION)[1], "code": roles.DOCTOR}]}],
        **({"notAvailable": list(absences)} if absences else {}),
    }


def away(since, until, by):
    return roles.absent(why="Congés", since=since, until=until, by=by)


@pytest.fixture
def practice(store):
    """Dr Lemaire is away from Monday to Friday and this doctor replaces him."""
    absence = away(date(2026, 11, 23), date(2026, 11, 27), ME)
    store.hold_people(a_practitioner())
    store.hold(99, a_role("r-lemaire", LEMAIRE, absence), a_role("r-me", ME))
    return store


def test_hz08_a_result_of_an_absent_doctor_reaches_the_one_who_replaces_them(practice, service):
    told(practice, "r1", 4.1)
    practice.hold(OWNER, a_review("r1", "dr1", owner=LEMAIRE))
    [line] = service.waiting().mine
    assert (line.whose, line.asked_of) == (Whose.REPLACED, "Dr Hugues LEMAIRE")
    service.sign(OWNER, "r1")
    [signed] = service.waiting().signed
    assert (signed.signed_by, signed.asked_of) == (ACTOR.name, "Dr Hugues LEMAIRE")


def test_hz08_after_the_absence_it_waits_for_the_absent_doctor_again(practice):
    told(practice, "r1", 4.1)
    practice.hold(OWNER, a_review("r1", "dr1", owner=LEMAIRE))
    later = ManualClock(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))
    writer = Writer(
        reader=practice, outbox=practice, clock=later, entropy=SeededEntropy(3), actor=ACTOR
    )
    service = a_service(practice, later, writer)
    found = service.waiting()
    assert (found.mine, [line.whose for line in found.others]) == ((), [Whose.OTHERS])
    with pytest.raises(Invalid, match="of_a_colleague"):
        service.sign(OWNER, "r1")


def test_hz08_the_absent_doctor_still_sees_what_is_asked_of_them(practice):
    told(practice, "r1", 4.1)
    practice.hold(OWNER, a_review("r1", "dr1", owner=LEMAIRE))
    himself = Actor(account=8, acting="s", name=LEMAIRE["display"], reference=LEMAIRE["reference"])
    clock = ManualClock()
    writer = Writer(
        reader=practice, outbox=practice, clock=clock, entropy=SeededEntropy(3), actor=himself
    )
    assert [line.id for line in a_service(practice, clock, writer).waiting().mine] == ["r1"]


def test_hz08_what_is_asked_of_nobody_is_everybodys(store, service):
    told(store, "r1", 4.1)
    store.hold(OWNER, a_review("r1", "dr1", owner={}))
    assert [line.whose for line in service.waiting().mine] == [Whose.UNASKED]
    service.sign(OWNER, "r1")
    assert service.waiting().mine == ()


def test_hz08_a_result_handed_over_is_seen_by_both_with_the_reason(practice, service):
    told(practice, "r1", 4.1)
    command = HandOverResult(
        owner=OWNER, id="r1", to="Practitioner/lemaire", to_name="", reason="Votre patient"
    )
    absent_now = service.hand_over(command)
    found = service.waiting()
    assert found.mine[0].whose is Whose.REPLACED  # given to the one whom this doctor replaces
    assert practice.withdraw(absent_now.op_id)
    practice.hold_people(a_practitioner("kaci", "Samira", "Kaci"))
    practice.hold(99, a_role("r-kaci", {"reference": "Practitioner/kaci"}))
    assert [one.name for one in service.team().doctors] == ["Dr Samira KACI", "Dr Hugues LEMAIRE"]
    service.hand_over(
        HandOverResult(
            owner=OWNER, id="r1", to="Practitioner/kaci", to_name="", reason="Votre patiente"
        )
    )
    [line] = service.waiting().others
    assert (line.whose, line.asked_of) == (Whose.HANDED, "Dr Samira KACI")
    assert (line.handed.by_name, line.handed.reason) == (ACTOR.name, "Votre patiente")
    with pytest.raises(Invalid, match="of_a_colleague"):
        service.sign(OWNER, "r1")


def test_a_hand_over_says_why_and_never_goes_to_the_same_person(practice, service):
    told(practice, "r1", 4.1)
    command = HandOverResult(owner=OWNER, id="r1", to="Practitioner/kaci", to_name="K", reason=" ")
    with pytest.raises(Invalid, match="required"):
        service.hand_over(command)
    with pytest.raises(Invalid, match="already_theirs"):
        service.hand_over(structs.replace(command, to=ACTOR.reference, reason="moi"))


def test_hz08_what_nobody_signed_in_time_rises_above_the_others_and_is_counted(store, service):
    told(store, "r1", 4.1, "2026-11-21T17:00:00Z")
    told(store, "r2", 4.2, "2026-10-01T17:00:00Z")
    told(store, "r3", 5.3, "2026-11-20T17:00:00Z")
    told(store, "r4", 6.2, "2026-11-22T17:00:00Z")
    found = service.waiting()
    assert [(line.id, line.late) for line in found.mine] == [
        ("r4", False),
        ("r2", True),
        ("r3", False),
        ("r1", False),
    ]
    assert found.late == 1
    assert found.mine[1].delay_hours == 30 * 24


def test_hz08_what_a_colleague_left_unsigned_too_long_is_seen_by_the_others_first(store, service):
    for rid, issued in (("r1", "2026-11-21T17:00:00Z"), ("r2", "2026-10-01T17:00:00Z")):
        told(store, rid, 4.1, issued)
        store.hold(OWNER, a_review(rid, f"d{rid}", owner=SOMEBODY))
    assert [(line.id, line.late) for line in service.waiting().others] == [
        ("r2", True),
        ("r1", False),
    ]


def seen(service, *ids):
    lines = {line.id: line for line in service.waiting().mine}
    return [CurrentKey(OWNER, rid, lines[rid].version) for rid in ids]


def test_several_within_their_reference_values_are_signed_together(store, service):
    told(store, "r1", 4.1)
    told(store, "r2", 4.2)
    written = service.sign_together(seen(service, "r1", "r2"))
    assert len(written) == 2
    assert service.waiting().mine == ()


def test_hz10_nothing_abnormal_is_signed_among_others_and_then_nothing_is(store, service):
    told(store, "r1", 4.1)
    told(store, "r2", 5.3)
    with pytest.raises(Invalid, match="not_together"):
        service.sign_together(seen(service, "r1", "r2"))
    assert len(service.waiting().mine) == 2


def test_a_result_without_a_range_is_signed_alone(store, service):
    body = potassium("or1", 4.1)
    del body["referenceRange"]
    store.hold(OWNER, body, a_report("dr1", "or1"), a_review("r1", "dr1"))
    assert not service.waiting().mine[0].together


def test_what_changed_since_it_was_selected_is_not_signed(store, service):
    told(store, "r1", 4.1)
    before = seen(service, "r1")
    store.hold(OWNER, a_review("r1", "dr1"))
    with pytest.raises(Invalid, match="moved"):
        service.sign_together(before)
    assert len(service.waiting().mine) == 1


def test_a_result_that_the_laboratory_sent_again_changed_says_so(store, service):
    told(store, "r1", 4.1)
    store.hold(OWNER, potassium("or1", 4.3) | {"status": "corrected"})
    assert service.waiting().mine[0].corrected
