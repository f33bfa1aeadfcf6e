"""Two versions to settle: nothing pre-selected, nothing lost (HZ-05, HZ-18)."""

from decimal import Decimal

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid, Unavailable
from dossier.fhir.elements import annotation
from dossier.wire import codec
from dossier.wire.messages import Op, Version
from practitioner_app.ports import ItemState
from practitioner_app.services.conflicts import Choice, ConflictService, Settle
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Writer
from tests.builders import (
    ACTOR,
    OTHER_OWNER,
    OWNER,
    SIGNATURE,
    a_patient,
    a_practitioner,
    a_treatment,
    encoded,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

MILLIGRAMS = {"strength_unit": "mg"}
BASE = a_treatment("m", strength=Decimal(5), **MILLIGRAMS, since="2026-01-01")
MINE = a_treatment("m", strength=Decimal(5), posology="le soir", **MILLIGRAMS, since="2026-01-01")
THEIRS = a_treatment(
    "m", strength=Decimal("2.5"), posology="le matin", **MILLIGRAMS, since="2026-01-01"
) | {"informationSource": {"reference": "Practitioner/lemaire"}, "extra": [1]}


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    store.hold_people(a_practitioner())
    store.hold(OWNER, THEIRS)
    return store


@pytest.fixture
def service(store):
    clock = ManualClock()
    return ConflictService(
        reader=store,
        outbox=store,
        writer=Writer(
            reader=store, outbox=store, clock=clock, entropy=SeededEntropy(1), actor=ACTOR
        ),
        search=SearchService(store, clock),
    )


def in_conflict(store, mine=MINE, base=BASE):
    op = Op(
        op_id="mine",
        owner=OWNER,
        kind="change",
        acting="s",
        at="2026-11-20T18:20:00Z",
        rtype="MedicationStatement",
        id="m",
    )
    store.put(op, shows=encoded(mine), saw=encoded(base))
    store.judged("mine", ItemState.CONFLICT)


def test_the_three_panes_have_the_same_fields_and_say_who(store, service):
    in_conflict(store)
    [waiting] = service.waiting()
    assert waiting.patient is not None
    assert waiting.patient.birth_date == "1958-07-14"
    found = service.open("mine")
    assert [item.key for item in found.fields if item.same] == ["taking"]
    assert found.to_decide == ("drug", "dosage", "extra")
    assert (found.mine.author, found.theirs.author) == ("Dr Claire FONTAINE", "Dr Hugues LEMAIRE")
    drug = found.fields[0]
    assert (drug.base, drug.mine) == (
        "périndopril arginine, comprimé, 5 mg",
        "périndopril arginine, comprimé, 5 mg",
    )
    assert drug.theirs == "périndopril arginine, comprimé, 2.5 mg"
    assert found.line_theirs == "périndopril arginine — comprimé 2.5 mg — le matin"


def test_hz18_a_field_only_one_side_changed_is_decided_by_a_person_too(store, service):
    in_conflict(store)
    with pytest.raises(Invalid) as caught:
        service.settle(Settle(op_id="mine", owner=OWNER, choices={"dosage": Choice.MINE}))
    assert [issue.path for issue in caught.value.issues] == ["drug", "extra"]
    assert len(store.conflicts()) == 1


def test_a_decision_is_a_change_against_the_present_version(store, service):
    in_conflict(store)
    choices = {
        "drug": Choice.THEIRS,
        "dosage": Choice.MINE,
        "extra": Choice.THEIRS,
    }
    assert service.preview("mine", choices) == "périndopril arginine — comprimé 2.5 mg — le soir"
    assert service.preview("mine", {"drug": Choice.THEIRS}) == (
        "périndopril arginine — comprimé 2.5 mg"
    )
    service.settle(Settle(op_id="mine", owner=OWNER, choices=choices))
    [entry] = store.ops
    assert [change.element for change in entry.op.changes] == ["dosage", "informationSource"]
    assert entry.op.changes[0].base == codec.value_hash(THEIRS["dosage"])
    assert entry.op.base == store.confirmed[OWNER, "MedicationStatement", "m"].version
    assert entry.op.depends_on is None
    assert msgspec.json.decode(entry.shows)["extra"] == [1]
    assert [item.op.op_id for item in store.archive] == ["mine"]
    assert store.conflicts() == []


def test_keeping_theirs_everywhere_writes_nothing_and_archives_mine(store, service):
    in_conflict(store)
    choices = dict.fromkeys(service.open("mine").to_decide, Choice.THEIRS)
    service.settle(Settle(op_id="mine", owner=OWNER, choices=choices))
    assert store.ops == []
    assert bytes(store.archive[0].shows) == encoded(MINE)


def test_both_texts_may_be_kept_with_their_authors(store, service):
    mine = MINE | {"note": [annotation("Vertiges le matin.", SIGNATURE)]}
    store.hold(OWNER, THEIRS | {"note": [annotation("Malaise au lever.", SIGNATURE)]})
    in_conflict(store, mine)
    keys = service.open("mine").to_decide
    choices = dict.fromkeys(keys, Choice.THEIRS) | {"note": Choice.BOTH}
    service.settle(Settle(op_id="mine", owner=OWNER, choices=choices))
    notes = msgspec.json.decode(store.ops[0].shows)["note"]
    assert [note["text"] for note in notes] == ["Malaise au lever.", "Vertiges le matin."]


def test_a_dose_cannot_be_both(store, service):
    in_conflict(store)
    choices = dict.fromkeys(service.open("mine").to_decide, Choice.THEIRS)
    with pytest.raises(Invalid):
        service.settle(Settle(op_id="mine", owner=OWNER, choices=choices | {"dosage": Choice.BOTH}))


def test_hz01_a_decision_names_the_patient_of_the_key_press(store, service):
    in_conflict(store)
    choices = dict.fromkeys(service.open("mine").to_decide, Choice.THEIRS)
    with pytest.raises(Unavailable):
        service.settle(Settle(op_id="mine", owner=OTHER_OWNER, choices=choices))
    with pytest.raises(Unavailable):
        service.give_up_mine("mine", OTHER_OWNER)


def test_a_version_that_has_not_arrived_cannot_be_settled_against(store, service):
    del store.confirmed[OWNER, "MedicationStatement", "m"]
    in_conflict(store)
    assert not service.open("mine").ready
    with pytest.raises(Invalid) as caught:
        service.settle(Settle(op_id="mine", owner=OWNER, choices={}))
    assert caught.value.issues[0].rule == "not_received"
    service.give_up_mine("mine", OWNER)
    assert len(store.archive) == 1


def test_a_case_settled_meanwhile_is_unavailable(store, service):
    with pytest.raises(Unavailable):
        service.open("mine")


def test_a_new_version_of_the_other_side_is_what_is_compared(store, service):
    in_conflict(store)
    store.hold(OWNER, THEIRS | {"dosage": [{"text": "à midi"}]})
    [dosage] = [item for item in service.open("mine").fields if item.key == "dosage"]
    assert dosage.theirs == "à midi"
    assert store.confirmed[OWNER, "MedicationStatement", "m"].version > Version(1, 2)


def test_hz_18_versions_that_differ_by_if_needed_alone_are_told_apart(store, service):
    needed = codec.decode(encoded(MINE), dict)
    needed["dosage"] = [{**needed["dosage"][0], "asNeededBoolean": True}]
    store.hold(OWNER, MINE)
    in_conflict(store, mine=needed)
    comparison = service.open("mine")
    [field] = [one for one in comparison.fields if one.key == "dosage"]
    assert not field.same
    assert field.mine != field.theirs
    assert "as_needed" in comparison.line_mine
    assert "as_needed" not in comparison.line_theirs
