"""From a command to one durable op."""

from decimal import Decimal

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid, Unavailable
from dossier.fhir import allergies, medications, problems
from dossier.fhir.allergies import Certainty, NewAllergy
from dossier.fhir.medications import Dose, Drug, NewTreatment, Taking
from dossier.fhir.problems import Course, NewProblem
from dossier.wire import codec
from dossier.wire.messages import NEVER
from practitioner_app.ports import ChangeSet, ItemState, Topic
from practitioner_app.services.allergies import (
    AllergyService,
    AssertNoKnownAllergy,
    MarkAllergyErroneous,
    RecordAllergy,
    ReviseAllergy,
)
from practitioner_app.services.announcements import AnnouncingOutbox
from practitioner_app.services.journal import JournalService
from practitioner_app.services.medications import (
    MarkTreatmentErroneous,
    RecordTreatment,
    ReviseTreatment,
    StopTreatment,
    TreatmentService,
)
from practitioner_app.services.problems import (
    CloseProblem,
    MarkProblemErroneous,
    ProblemService,
    RecordProblem,
)
from practitioner_app.services.writing import Writer, differences
from tests.builders import (
    ACTOR,
    OTHER_OWNER,
    OWNER,
    a_patient,
    a_problem,
    a_treatment,
    an_allergy,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    return store


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def writer(store, clock):
    return Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(1), actor=ACTOR)


def test_recording_an_allergy_is_one_create_with_its_author(store, writer):
    written = AllergyService(store, writer).record(
        RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="  pénicilline "))
    )
    [entry] = store.ops
    op = entry.op
    assert (op.op_id, op.owner, op.kind, op.acting) == (
        written.op_id,
        OWNER,
        "create",
        "situation-1",
    )
    assert (op.base, op.changes) == (NEVER, ())
    body = codec.resource(bytes(op.body))
    assert body == msgspec.json.decode(entry.shows)
    assert body["patient"] == {"reference": "Patient/p1"}
    assert body["code"] == {"text": "pénicilline"}
    assert body["asserter"]["reference"] == "Practitioner/fontaine"


def test_a_name_stands_for_a_practitioner_the_server_did_not_tell(store, clock):
    actor = msgspec.structs.replace(ACTOR, reference="")
    writer = Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(1), actor=actor)
    assert writer.signature().author == {"type": "Practitioner", "display": "Dr Claire FONTAINE"}


def test_an_agent_without_words_is_refused_at_its_field(store, writer):
    with pytest.raises(Invalid) as caught:
        AllergyService(store, writer).record(
            RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="   "))
        )
    assert caught.value.issues[0].path == "AllergyIntolerance.code"
    assert store.ops == []


def test_nothing_is_written_for_a_patient_not_held(store, writer):
    with pytest.raises(Unavailable):
        AllergyService(store, writer).record(
            RecordAllergy(owner=OTHER_OWNER, allergy=NewAllergy(agent="iode"))
        )


def test_undo_before_sending_and_not_after(store, writer):
    service = AllergyService(store, writer)
    first = service.record(RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="iode")))
    assert service.undo(first.op_id)
    second = service.record(RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="iode")))
    store.judged(second.op_id, ItemState.SENT)
    assert not service.undo(second.op_id)


def test_hz05_none_known_is_refused_while_an_agent_is_known(store, writer):
    store.hold(OWNER, an_allergy())
    with pytest.raises(Invalid) as caught:
        AllergyService(store, writer).assert_none(AssertNoKnownAllergy(owner=OWNER))
    assert caught.value.issues[0].rule == "known_allergy_exists"


def test_none_known_is_an_assertion_of_the_person(store, writer):
    AllergyService(store, writer).assert_none(AssertNoKnownAllergy(owner=OWNER))
    assert allergies.decode(store.ops[0].shows).asserts_none


def test_a_change_carries_only_what_differs_with_the_hash_of_what_was_seen(store, writer):
    before = an_allergy() | {"unknownElement": {"kept": True}}
    store.hold(OWNER, before)
    AllergyService(store, writer).mark_erroneous(
        MarkAllergyErroneous(owner=OWNER, id="a1", reason="mauvais patient")
    )
    op = store.ops[0].op
    assert (op.kind, op.body, op.reason) == ("change", None, "mauvais patient")
    assert op.base == store.confirmed[OWNER, "AllergyIntolerance", "a1"].version
    changed = {change.element: change for change in op.changes}
    assert set(changed) == {"clinicalStatus", "note", "verificationStatus"}
    assert "asserter" not in changed, "the same person asserts it still"
    assert changed["clinicalStatus"].base == codec.value_hash(before["clinicalStatus"])
    assert changed["clinicalStatus"].value is None
    assert changed["verificationStatus"].base is None
    assert msgspec.json.decode(store.ops[0].shows)["unknownElement"] == {"kept": True}
    assert store.ops[0].saw == store.confirmed[OWNER, "AllergyIntolerance", "a1"].body


def test_hz01_a_command_cannot_reach_the_item_of_another_patient(store, writer):
    store.hold(OTHER_OWNER, an_allergy("a9"))
    with pytest.raises(Unavailable):
        AllergyService(store, writer).mark_erroneous(
            MarkAllergyErroneous(owner=OWNER, id="a9", reason="x")
        )
    assert store.ops == []


def test_a_change_of_what_has_not_left_waits_for_it(store, writer):
    service = AllergyService(store, writer)
    first = service.record(RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="iode")))
    service.revise(
        ReviseAllergy(
            owner=OWNER,
            id=first.id,
            allergy=NewAllergy(agent="iode", certainty=Certainty.PROBABLE, note="revu"),
        )
    )
    assert store.ops[1].op.depends_on == first.op_id
    assert allergies.decode(store.ops[1].shows).certainty is Certainty.PROBABLE


def test_a_revision_that_changes_nothing_is_refused(store, writer):
    store.hold(OWNER, an_allergy())
    same = NewAllergy(agent="pénicilline", reactions=("urticaire",))
    with pytest.raises(Invalid) as caught:
        AllergyService(store, writer).revise(ReviseAllergy(owner=OWNER, id="a1", allergy=same))
    assert caught.value.issues[0].rule == "no_change"


def test_problems_are_recorded_closed_and_struck(store, writer):
    service = ProblemService(writer)
    service.record(RecordProblem(owner=OWNER, problem=NewProblem(label="asthme", since="2010")))
    assert problems.decode(store.ops[0].shows).label == "asthme"
    store.hold(OWNER, a_problem("c1"), a_problem("c2"))
    service.close(CloseProblem(owner=OWNER, id="c1", until="2026-11"))
    assert problems.decode(store.ops[1].shows).course is Course.RESOLVED
    service.mark_erroneous(MarkProblemErroneous(owner=OWNER, id="c2", reason="doublon"))
    assert not problems.decode(store.ops[2].shows).counts


def test_treatments_are_recorded_revised_stopped_and_struck(store, writer):
    service = TreatmentService(writer)
    said = NewTreatment(drug=Drug(substance="apixaban"), dose=Dose(posology="matin et soir"))
    service.record(RecordTreatment(owner=OWNER, treatment=said))
    assert medications.decode(store.ops[0].shows).since == "2026-11-23"
    store.hold(OWNER, a_treatment("m1", strength=Decimal(5), strength_unit="mg"))
    less = NewTreatment(
        drug=Drug(
            substance="périndopril arginine",
            form="comprimé",
            strength=Decimal("2.5"),
            strength_unit="mg",
        ),
        dose=Dose(posology="le matin"),
    )
    service.revise(ReviseTreatment(owner=OWNER, id="m1", treatment=less))
    assert [change.element for change in store.ops[1].op.changes] == [
        "contained",
        "medicationReference",
    ]
    assert less.note == ""
    service.stop(StopTreatment(owner=OWNER, id="m1", on="2026-11-23", reason="toux"))
    assert medications.decode(store.ops[2].shows).status is Taking.STOPPED
    service.mark_erroneous(MarkTreatmentErroneous(owner=OWNER, id="m1", reason="erreur"))
    assert medications.decode(store.ops[3].shows).status is Taking.ERRONEOUS


def test_hz18_a_change_names_its_author_so_that_two_made_apart_always_meet(store, clock):
    other = msgspec.structs.replace(ACTOR, name="Dr X", reference="Practitioner/x")
    writer = Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(1), actor=other)
    store.hold(OWNER, a_treatment("m1"), an_allergy("a1"))
    TreatmentService(writer).stop(StopTreatment(owner=OWNER, id="m1", on="2026-11-23"))
    AllergyService(store, writer).mark_erroneous(
        MarkAllergyErroneous(owner=OWNER, id="a1", reason="x")
    )
    elements = [{change.element for change in entry.op.changes} for entry in store.ops]
    assert "informationSource" in elements[0]
    assert "asserter" in elements[1]
    assert allergies.decode(store.ops[1].shows).recorder == "Practitioner/x"


def test_an_order_from_elsewhere_keeps_its_own_elements(store, writer):
    store.hold(
        OWNER,
        {
            "resourceType": "MedicationRequest",
            "id": "r1",
            "status": "active",
            "medicationCodeableConcept": {"text": "metformine"},
            "dosageInstruction": [{"text": "le soir"}],
        },
    )
    said = NewTreatment(drug=Drug(substance="metformine"), dose=Dose(posology="matin et soir"))
    TreatmentService(writer).revise(
        ReviseTreatment(owner=OWNER, id="r1", treatment=said, rtype="MedicationRequest")
    )
    shown = msgspec.json.decode(store.ops[0].shows)
    assert shown["dosageInstruction"] == [{"text": "matin et soir"}]
    assert "dosage" not in shown


def test_the_server_s_meta_is_never_a_difference():
    assert differences({"meta": {"versionId": "1"}, "a": 1}, {"a": 2}) != ()
    assert differences({"meta": {"versionId": "1"}, "a": [1]}, {"a": [1]}) == ()


def test_a_generated_narrative_goes_when_the_elements_change(store, writer):
    for status in ("generated", "additional"):
        body = an_allergy() | {"text": {"status": status, "div": "<div>pénicilline</div>"}}
        store.hold(OWNER, body)
        AllergyService(store, writer).mark_erroneous(
            MarkAllergyErroneous(owner=OWNER, id="a1", reason="x")
        )
        shown = msgspec.json.decode(store.ops.pop().shows)
        assert ("text" in shown) is (status == "additional")


def test_an_opening_is_written_once_in_ten_minutes(store, writer, clock):
    journal = JournalService(writer, clock, lambda: False)
    assert journal.opened(OWNER)
    clock.advance(599)
    assert not journal.opened(OWNER)
    assert journal.opened(OTHER_OWNER)
    clock.advance(2)
    assert journal.opened(OWNER)
    assert [entry.op.kind for entry in store.ops] == ["opened"] * 3
    assert [entry.shows for entry in store.ops] == [b""] * 3


def test_each_durable_act_is_announced_after_it_is_durable(store, clock):
    heard: list[ChangeSet] = []
    outbox = AnnouncingOutbox(store, heard.append)
    writer = Writer(reader=store, outbox=outbox, clock=clock, entropy=SeededEntropy(1), actor=ACTOR)
    service = AllergyService(store, writer)
    written = service.record(RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="iode")))
    assert heard[-1].owners == {OWNER: frozenset({"AllergyIntolerance"})}
    assert heard[-1].about(Topic.OUTBOX)
    service.undo(written.op_id)
    assert heard[-1].touches(OWNER)
    assert len(heard) == 2
    assert not outbox.withdraw("unknown")
    assert len(heard) == 2
