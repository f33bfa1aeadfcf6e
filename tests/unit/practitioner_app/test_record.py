"""Opening a record."""

from datetime import timedelta

import pytest

from dossier.errors import Invalid
from dossier.fhir.problems import Chapter, Course
from dossier.fhir.results import Flag
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ItemState
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import AllergyState, Emptiness, Kind
from tests.builders import (
    ACTOR,
    OTHER_OWNER,
    OWNER,
    a_patient,
    a_practitioner,
    a_problem,
    a_result,
    a_treatment,
    an_allergy,
    encoded,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

LEMAIRE = {"reference": "Practitioner/lemaire"}


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold_people(a_practitioner(), a_practitioner("fontaine", "Claire", "Fontaine"))
    store.hold(OWNER, a_patient(attending={"reference": "Practitioner/fontaine"}))
    return store


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def service(store, clock):
    return RecordService(
        reader=store,
        outbox=store,
        last_look=LastLook(store.settings, clock),
        read_marks=ReadMarks(store.settings),
        clock=clock,
        actor=ACTOR,
        prevention=Prevention(Terminology.load(), clock),
    )


def test_the_banner_and_the_strip_speak_of_the_patient(store, service):
    store.hold(
        OWNER,
        a_problem("c1", ald=True, ald_number="8", since="2017"),
        a_problem("c2", "polype colique", course=Course.RESOLVED, since="2021"),
        a_result("w", "29463-7", label="Poids", value=79, unit="kg"),
        a_result("h", "8302-2", label="Taille", value=164, unit="cm"),
        a_result("g", "62238-1", label="DFG", value=55, unit="mL/min", low=60),
    )
    record = service.open(OWNER)
    assert record.identity.birth_name == "MARTINEAU"
    assert record.identity.age is not None
    assert record.identity.age.value == 68
    strip = record.strip
    assert strip.attending_doctor == "Dr Claire FONTAINE"
    assert [(item.number, item.label) for item in strip.ald] == [("8", "Diabète de type 2")]
    assert strip.history == ("polype colique",)
    assert str(strip.bmi) == "29.4"
    assert strip.egfr is not None
    assert strip.egfr.flag is Flag.LOW
    assert strip.hba1c is None


def test_hz01_a_record_holds_nothing_of_another_patient(store, service):
    store.hold(OTHER_OWNER, a_patient("p2", birth_name="LE GOFF"), an_allergy("z"), a_problem("z"))
    record = service.open(OWNER)
    assert record.allergies.state is AllergyState.NOT_RECORDED
    assert record.problems.rows == ()
    assert {item.owner for item in record.timeline.rows} <= {OWNER}


def test_hz17_an_empty_list_says_none_only_when_the_copy_is_complete(store, service):
    assert service.open(OWNER).problems.emptiness is Emptiness.NONE
    store.received(OWNER, 3, 25)
    record = service.open(OWNER)
    for list_ in (record.problems, record.treatments, record.series, *record.history.values()):
        assert (list_.emptiness, list_.received_percent) == (Emptiness.NOT_RECEIVED, 12)
    store.unreadable.add(OWNER)
    hidden = service.open(OWNER)
    assert hidden.treatments.emptiness is Emptiness.UNREADABLE
    assert hidden.allergies.state is AllergyState.UNAVAILABLE


def test_a_patient_this_desktop_does_not_hold_is_not_found(service):
    assert not service.open(OTHER_OWNER).found


def test_history_stands_under_its_four_sub_titles(store, service):
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "status": "completed",
        "relationship": {"text": "père"},
        "condition": [{"code": {"text": "infarctus"}}],
    }
    store.hold(
        OWNER,
        a_problem("c2", "polype", course=Course.RESOLVED),
        a_problem("c3", "cholécystectomie", chapter=Chapter.SURGICAL, course=Course.RESOLVED),
        a_problem("c4", "deux accouchements", chapter=Chapter.OBSTETRIC),
        family,
    )
    history = service.open(OWNER).history
    assert {chapter: [row.label for row in rows.rows] for chapter, rows in history.items()} == {
        Chapter.MEDICAL: ["polype"],
        Chapter.SURGICAL: ["cholécystectomie"],
        Chapter.OBSTETRIC: ["deux accouchements"],
        Chapter.FAMILY: ["infarctus"],
    }
    assert history[Chapter.FAMILY].rows[0].relation == "père"


def test_an_order_a_statement_speaks_for_is_not_listed_twice(store, service):
    order = {
        "resourceType": "MedicationRequest",
        "id": "r",
        "status": "active",
        "medicationCodeableConcept": {"text": "apixaban"},
    }
    statement = a_treatment("m", "apixaban") | {"basedOn": [{"reference": "MedicationRequest/r"}]}
    store.hold(OWNER, order, statement)
    assert [row.rtype for row in service.open(OWNER).treatments.rows] == ["MedicationStatement"]


def test_hz18_a_treatment_in_disagreement_shows_both_versions_and_stays_current(store, service):
    from dossier.fhir import medications
    from dossier.wire.messages import Op
    from tests.builders import SIGNATURE

    base = a_treatment("m", posology="le matin")
    theirs = a_treatment("m", posology="le soir") | {"informationSource": LEMAIRE}
    store.hold(OWNER, theirs)
    mine = medications.stopped(base, on="2026-11-20", reason="", signature=SIGNATURE)
    op = Op(
        op_id="o",
        owner=OWNER,
        kind="change",
        acting="s",
        at="2026-11-20",
        rtype="MedicationStatement",
        id="m",
    )
    store.put(op, shows=encoded(mine), saw=encoded(base))
    store.judged("o", ItemState.CONFLICT)
    [row] = service.open(OWNER).treatments.rows
    assert row.undecided
    assert [(item.mine, item.posology, item.stopped) for item in row.versions] == [
        (True, "le matin", True),
        (False, "le soir", False),
    ]
    assert row.versions[1].author == "Dr Hugues LEMAIRE"


def test_a_report_speaks_for_its_results_abnormal_first(store, service):
    store.hold(
        OWNER,
        a_result("k", "2823-3", label="Potassium", value=4.2, unit="mmol/L", low=3.5, high=5),
        a_result("h", value=7.4, high=6),
        {
            "resourceType": "DiagnosticReport",
            "id": "d",
            "status": "final",
            "code": {"text": "Bilan"},
            "effectiveDateTime": "2026-11-18",
            "result": [{"reference": "Observation/k"}, {"reference": "Observation/h"}],
        },
    )
    [item] = [item for item in service.open(OWNER).timeline.rows if item.kind is Kind.LABORATORY]
    assert [fact.label for fact in item.facts] == ["HbA1c", "Potassium"]
    assert item.members == (
        ("DiagnosticReport", "d"),
        ("Observation", "k"),
        ("Observation", "h"),
    )


@pytest.mark.parametrize("linked", [True, False])
def test_a_note_is_told_by_its_consultation(store, service, linked):
    from dossier.fhir import encounters
    from tests.builders import AT, SIGNATURE

    contact = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [{"text": "Consultation"}],
        "participant": [{"individual": SIGNATURE.author}],
        "period": {"start": AT},
        "reasonCode": [{"text": "Malaise"}],
    }
    note = encounters.build_note(
        "PA 104/62",
        title="",
        rid="n",
        patient="Patient/p1",
        signature=SIGNATURE,
        encounter="Encounter/e" if linked else "",
    )
    store.hold(OWNER, contact, note)
    [item] = [item for item in service.open(OWNER).timeline.rows if item.kind is Kind.CONSULTATION]
    assert (item.title, item.summary) == ("Consultation", "Malaise — PA 104/62")
    assert item.members == (("Encounter", "e"), ("ClinicalImpression", "n"))


def test_measures_taken_together_are_one_line(store, service):
    store.hold(OWNER, a_result("1"), a_result("2", "718-7", label="Hb"), a_result("3", at="2020"))
    lines = [i for i in service.open(OWNER).timeline.rows if i.kind is Kind.LABORATORY]
    assert [len(line.members) for line in lines] == [2, 1]
    assert [line.title for line in lines] == ["", "HbA1c"]


def test_a_body_that_does_not_decode_is_said(store, service):
    store.hold(OWNER, {"resourceType": "Observation", "id": "bad", "code": 3})
    [item] = [i for i in service.open(OWNER).timeline.rows if i.kind is Kind.UNREADABLE]
    assert (item.rtype, item.id) == ("Observation", "bad")


def test_an_item_entered_in_error_stays_struck(store, service):
    store.hold(OWNER, a_treatment("m") | {"status": "entered-in-error"})
    record = service.open(OWNER)
    assert record.past_treatments.rows[0].struck
    assert record.timeline.rows[0].struck


def test_since_you_last_looked_counts_what_arrived_and_not_one_s_own(store, service, clock):
    store.hold(OWNER, a_problem("c1"))
    assert service.open(OWNER).last_look is None
    service.leave(OWNER)
    left = clock.now()
    clock.advance(3600)
    store.hold(OWNER, a_problem("c2", "goutte") | {"asserter": LEMAIRE, "recorder": LEMAIRE})
    store.hold(OWNER, a_problem("c3", "asthme"))
    record = service.open(OWNER)
    assert record.new_count == 1
    assert [row.label for row in record.problems.rows if row.new] == ["goutte"]
    assert record.last_look is not None
    assert abs(record.last_look - left) < timedelta(seconds=1)


def test_a_refresh_keeps_the_marks_until_the_person_leaves(store, service):
    service.open(OWNER)
    service.leave(OWNER)
    store.hold(OWNER, a_problem("c2") | {"asserter": LEMAIRE})
    assert service.open(OWNER).new_count == 1
    assert service.open(OWNER).new_count == 1
    service.leave(OWNER)
    assert service.open(OWNER).new_count == 0


def test_a_changed_version_is_new_even_with_an_old_date_of_care(store, service):
    letter = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "description": "Lettre de cardiologie",
        "date": "2026-11-12T10:00:00Z",
        "author": [LEMAIRE],
    }
    service.open(OWNER)
    service.leave(OWNER)
    store.hold(OWNER, letter)
    [item] = [i for i in service.open(OWNER).timeline.rows if i.rtype == "DocumentReference"]
    assert (item.new, item.unread, item.kind) == (True, True, Kind.LETTER)
    assert item.author == "Dr Hugues LEMAIRE"


def test_a_look_kept_in_an_unknown_form_is_no_look(store, clock):
    store.settings.put(f"look.{OWNER}", "AAAA")
    assert LastLook(store.settings, clock).previous(OWNER) is None


def test_what_waits_is_pending_on_its_line(store, service):
    from dossier.wire.messages import Op

    op = Op(op_id="o", owner=OWNER, kind="create", acting="s", at="x", rtype="Condition", id="n")
    store.put(op, shows=encoded(a_problem("n", "goutte")))
    record = service.open(OWNER)
    assert record.problems.rows[0].state is ItemState.PENDING
    assert record.problems.rows[0].op_id == "o"


def test_decoding_an_odd_store_never_raises(store, service):
    store.hold(OWNER, {"resourceType": "CarePlan", "id": "c", "period": 3, "title": ["x"]})
    try:
        service.open(OWNER)
    except Invalid:
        pytest.fail("a record must open whatever it holds")
