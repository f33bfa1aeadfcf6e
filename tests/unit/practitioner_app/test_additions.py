"""What the patient added and what a professional decided about it (HZ-07)."""

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid
from dossier.fhir import additions
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.additions import Accept, AdditionService, KeepApart, OweAnswer
from practitioner_app.services.allergies import AllergyService, MarkAllergyErroneous
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import AllergyState
from practitioner_app.services.writing import Writer
from tests.builders import (
    ACTOR,
    OWNER,
    a_patient,
    a_practitioner,
    a_result,
    a_treatment,
    an_allergy,
    no_known_allergy,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

PATIENT = {"reference": "Patient/p1"}
ALLERGY = ("AllergyIntolerance", "d")


def declared_allergy():
    return an_allergy("d", "arachide") | {"recorder": PATIENT, "asserter": PATIENT}


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold_people(a_practitioner("fontaine", "Claire", "Fontaine"))
    store.hold(OWNER, a_patient(), no_known_allergy(), declared_allergy())
    return store


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def writer(store, clock):
    return Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(5), actor=ACTOR)


@pytest.fixture
def service(writer):
    return AdditionService(writer)


@pytest.fixture
def opened(store, clock):
    records = RecordService(
        reader=store,
        outbox=store,
        last_look=LastLook(store.settings, clock),
        read_marks=ReadMarks(store.settings),
        clock=clock,
        actor=ACTOR,
        prevention=Prevention(Terminology.load(), clock),
    )
    return lambda: records.open(OWNER)


def line(record, rid):
    return next(item for item in record.timeline.rows if item.id == rid)


def written(store, rtype):
    return [msgspec.json.decode(entry.shows) for entry in store.ops if entry.op.rtype == rtype]


def test_hz07_a_declared_allergy_waits_in_the_banner_until_it_is_taken_over(store, service, opened):
    assert [row.agent for row in opened().allergies.declared_by_patient] == ["arachide"]
    assert line(opened(), "d").waits
    service.accept(Accept(owner=OWNER, members=(ALLERGY,)))
    record = opened()
    assert record.allergies.declared_by_patient == ()
    assert record.allergies.state is AllergyState.KNOWN
    assert [row.agent for row in record.allergies.rows] == ["arachide"]
    assert not line(record, "d").waits
    [made] = written(store, "AllergyIntolerance")
    assert made["asserter"]["reference"] == ACTOR.reference
    assert made["extension"][-1]["valueReference"] == {"reference": "AllergyIntolerance/d"}


def test_hz07_it_waits_again_once_what_took_it_over_was_an_error(store, writer, service, opened):
    service.accept(Accept(owner=OWNER, members=(ALLERGY,)))
    for entry in list(store.ops):
        store.confirm(entry.op.op_id)
    [known] = opened().allergies.rows
    AllergyService(store, writer).mark_erroneous(
        MarkAllergyErroneous(owner=OWNER, id=known.id, reason="doublon")
    )
    assert [row.agent for row in opened().allergies.declared_by_patient] == ["arachide"]


def test_undoing_the_act_takes_back_both_of_its_ops(store, service, opened):
    done = service.accept(Accept(owner=OWNER, members=(ALLERGY,)))
    for op_id in (done.op_id, *done.more):
        assert store.withdraw(op_id)
    assert line(opened(), "d").waits


def test_the_decision_leaves_after_the_resource_that_it_names(store, service):
    service.accept(Accept(owner=OWNER, members=(ALLERGY,)))
    made, task = store.ops
    assert (made.op.rtype, task.op.rtype) == ("AllergyIntolerance", "Task")
    assert task.op.depends_on == made.op.op_id


def test_what_is_kept_apart_says_why_and_by_whom_and_counts_nowhere(store, service, opened):
    service.keep_apart(KeepApart(owner=OWNER, members=(ALLERGY,), reason=" jamais  confirmé "))
    record = opened()
    assert record.allergies.declared_by_patient == ()
    assert record.allergies.rows == ()
    decision = line(record, "d").decision
    assert (decision.reason, decision.owner_name) == ("jamais confirmé", ACTOR.name)


def test_keeping_apart_without_a_reason_is_refused_and_writes_nothing(store, service):
    with pytest.raises(Invalid, match="required"):
        service.keep_apart(KeepApart(owner=OWNER, members=(ALLERGY,), reason="  "))
    assert not store.ops


def test_an_owed_answer_leaves_the_addition_waiting(store, service, opened):
    service.owe_answer(OweAnswer(owner=OWNER, members=(ALLERGY,), words="Voir en consultation"))
    item = line(opened(), "d")
    assert item.waits
    assert item.decision.outcome is additions.Outcome.ANSWER
    service.keep_apart(KeepApart(owner=OWNER, members=(ALLERGY,), reason="non"))
    assert not line(opened(), "d").waits


def test_measures_are_taken_over_together_and_the_words_of_the_patient_stay(store, service, opened):
    values = [
        a_result(f"g{n}", "14743-9", label="Glycémie", value=1.5 + n / 100, unit="g/L")
        | {"performer": [PATIENT]}
        for n in range(3)
    ]
    store.hold(OWNER, *values)
    item = next(one for one in opened().timeline.rows if one.facts)
    assert item.waits
    service.accept(Accept(owner=OWNER, members=item.members))
    record = opened()
    assert not [one for one in record.timeline.rows if one.facts and one.waits]
    made = written(store, "Observation")
    assert {one["derivedFrom"][0]["reference"] for one in made} == {
        f"Observation/g{n}" for n in range(3)
    }
    assert all(
        one["performer"] == [{"reference": ACTOR.reference, "display": ACTOR.name}] for one in made
    )


def test_a_treatment_the_patient_declares_stands_apart_from_the_current_ones(
    store, service, opened
):
    store.hold(OWNER, a_treatment("t9", "mélatonine") | {"informationSource": PATIENT})
    assert "mélatonine" not in [row.substance for row in opened().treatments.rows]
    assert line(opened(), "t9").waits
    service.accept(Accept(owner=OWNER, members=(("MedicationStatement", "t9"),)))
    assert "mélatonine" in [row.substance for row in opened().treatments.rows]


def test_a_type_without_an_act_of_one_key_is_refused(writer, store, service):
    store.hold(
        OWNER,
        {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed"},
    )
    with pytest.raises(Invalid, match="not_to_be_taken_over"):
        service.accept(Accept(owner=OWNER, members=(("QuestionnaireResponse", "q"),)))
    assert not store.ops
