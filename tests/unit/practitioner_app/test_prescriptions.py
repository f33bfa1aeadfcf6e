"""Prescriptions: renewed, checked, signed as one act, corrected, struck through."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from msgspec import structs

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid, Unavailable
from dossier.fhir import allergies, documents, medications, prescriptions
from dossier.fhir.medications import Taking
from dossier.fhir.prescriptions import Mention, Zone
from dossier.fhir.validate import Validator
from dossier.terminology.catalogue import Terminology
from dossier.terminology.drug_search import DrugIndex
from dossier.terminology.substances import Substances
from dossier.terminology.units import Span
from practitioner_app.ports import ChangeSet, ItemState
from practitioner_app.services.announcements import AnnouncingOutbox
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.prescription_checks import Trouble, per_kilo
from practitioner_app.services.prescription_draft import (
    Draft,
    DraftLine,
    free_line,
    kept,
    line_of,
    worded,
)
from practitioner_app.services.prescription_signing import SignPrescription
from practitioner_app.services.prescriptions import (
    MarkPrescriptionErroneous,
    PrescriptionService,
    slot_of,
)
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.writing import Writer
from tests.builders import (
    ACTOR,
    OWNER,
    SIGNATURE,
    a_patient,
    a_problem,
    a_result,
    a_treatment,
    an_allergy,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

TERMS = Terminology.load()
INDEX = DrugIndex(TERMS.drug_list.entries)
VALIDATOR = Validator()
TODAY = date(2026, 11, 23)


class Desk:
    """A store, a clock, the services."""

    def __init__(self):
        self.clock, self.store = ManualClock(), MemoryRecordStore()
        self.said: list[ChangeSet] = []
        self.outbox = AnnouncingOutbox(self.store, self.said.append)
        self.writer = Writer(
            reader=self.store,
            outbox=self.outbox,
            clock=self.clock,
            entropy=SeededEntropy(3),
            actor=ACTOR,
        )
        self.records = RecordService(
            reader=self.store,
            outbox=self.outbox,
            last_look=LastLook(self.store.settings, self.clock),
            read_marks=ReadMarks(self.store.settings),
            clock=self.clock,
            actor=ACTOR,
            prevention=Prevention(TERMS, self.clock),
        )
        self.drafts = DraftService(
            self.store.drafts,
            self.outbox,
            self.store.settings,
            self.store,
            self.clock,
            self.said.append,
        )
        self.service = PrescriptionService(
            reader=self.store,
            writer=self.writer,
            records=self.records,
            drafts=self.drafts,
            substances=Substances(TERMS),
        )

    def add(self, draft, typed, drug="", zone=Zone.OTHER):
        choice = INDEX.search(drug)[0] if drug else None
        line = line_of(choice, typed, zone=zone) if choice else free_line(typed, zone=zone)
        return draft.with_lines((line,))

    def sign(self, draft):
        return self.service.sign(
            SignPrescription(
                draft=draft, today=TODAY, title="Ordonnance", pdf=b"%PDF-1.4", text="page"
            )
        )

    def checked(self, draft):
        return self.service.checked(draft, TODAY)

    def bodies(self, rtype):
        return [msgspec.json.decode(row.body) for row in self.store.rows(OWNER, (rtype,))]

    def troubles(self, draft):
        return {trouble for _, trouble in self.service.checked(draft, TODAY).to_settle}

    def confirm_all(self):
        for entry in list(self.store.ops):
            self.store.confirm(entry.op.op_id)


@pytest.fixture
def desk():
    desk = Desk()
    desk.store.hold(OWNER, a_patient())
    return desk


@pytest.fixture
def draft():
    return Draft(owner=OWNER)


def test_signing_is_one_act_that_depends_on_its_document(desk, draft):
    draft = desk.add(draft, "2 comprimés matin et soir pendant 5 jours", "paracétamol 1 g")
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril")
    desk.service.keep(draft)
    desk.said.clear()
    written = desk.sign(draft)
    ops = [entry.op for entry in desk.store.ops]
    assert [op.rtype for op in ops] == [
        "DocumentReference",
        "MedicationRequest",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationStatement",
    ]
    assert {op.depends_on for op in ops[1:]} == {ops[0].op_id}
    assert (written.rtype, written.id) == ("DocumentReference", ops[0].id)
    assert [change for change in desk.said if change.owners.get(OWNER)]
    assert sum(bool(change.owners.get(OWNER)) for change in desk.said) == 1
    assert desk.drafts.find(slot_of(OWNER)) == {}
    for rtype in ("DocumentReference", "MedicationRequest", "MedicationStatement"):
        for body in desk.bodies(rtype):
            VALIDATOR.check(body)
    groups = {body["groupIdentifier"]["value"] for body in desk.bodies("MedicationRequest")}
    assert len(groups) == 1
    [document] = desk.bodies("DocumentReference")
    related = prescriptions.requests_of(msgspec.json.encode(document))
    assert set(related) == {op.id for op in ops[1:3]}


def test_what_was_signed_is_taken_back_whole_before_it_leaves(desk, draft):
    written = desk.sign(desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril"))
    assert all(desk.writer.withdraw(op) for op in (written.op_id, *written.more))
    assert desk.store.ops == []


def test_a_new_line_starts_a_treatment_and_a_short_course_ends_on_its_day(desk, draft):
    draft = desk.add(draft, "2 gélules matin et soir pendant 6 jours", "amoxicilline 500")
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril")
    desk.sign(draft)
    by_drug = {
        treatment.substance: treatment
        for treatment in map(
            medications.decode, map(msgspec.json.encode, desk.bodies("MedicationStatement"))
        )
    }
    short, long = by_drug["amoxicilline"], by_drug["ramipril"]
    assert (short.dose, short.posology) == ("2 gélule", "matin et soir")
    assert date.fromisoformat(short.until) - date.fromisoformat(short.since[:10]) == date(
        2026, 1, 6
    ) - date(2026, 1, 1)
    assert long.until == ""
    assert all(treatment.comes_from for treatment in by_drug.values())


def test_renewing_takes_everything_over_and_changes_the_same_treatment(desk):
    desk.store.hold(OWNER, a_treatment("t1", substance="ramipril", posology="le matin"))
    desk.store.hold(OWNER, a_treatment("t2", substance="metformine", posology="matin et soir"))
    draft = desk.service.renewed(OWNER)
    assert {line.substance for line in draft.lines} == {"ramipril", "metformine"}
    assert not any(line.is_changed for line in draft.lines)
    key = next(line.key for line in draft.lines if line.substance == "ramipril")
    line = worded(draft.line(key), "2 comprimés le matin pendant 3 mois")
    draft = draft.changed(key, text=line.text)
    assert draft.line(key).is_changed
    desk.sign(draft)
    [changed, same] = sorted(desk.bodies("MedicationStatement"), key=lambda body: body["id"])
    assert changed["dosage"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 2
    assert changed["dosage"][0]["text"] == "le matin"
    assert same["dosage"][0]["text"] == "matin et soir"
    assert len(changed["basedOn"]) == len(same["basedOn"]) == 1
    record = desk.records.open(OWNER)
    assert len(record.treatments.rows) == 2


def test_renewing_again_keeps_the_sentence_that_was_prescribed(desk, draft):
    draft = desk.add(
        draft, "1 comprimé le matin pendant 3 mois, QSP 1 mois, à renouveler 2 fois", "ramipril"
    )
    draft = draft.changed(1, mention=Mention.MTE, zone=Zone.ALD)
    desk.sign(draft)
    desk.confirm_all()
    [line] = desk.service.renewed(OWNER).lines
    assert line.text == "1 comprimé le matin pendant 3 mois"
    assert (line.supply, line.renewals) == (Span(1, "mo"), 2)
    assert (line.mention, line.zone) == (Mention.MTE, Zone.ALD)


def test_hz_04_a_known_allergy_asks_a_reason_and_the_reason_is_filed(desk, draft):
    desk.store.hold(OWNER, an_allergy())
    draft = desk.add(draft, "2 gélules matin et soir pendant 6 jours", "amoxicilline 500")
    [line] = desk.checked(draft).lines
    assert [one.concern.class_code for one in line.allergens] == ["penicillins"]
    with pytest.raises(Invalid) as refused:
        desk.sign(draft)
    assert refused.value.issues[0].rule == Trouble.ALLERGY
    assert desk.store.ops == []
    draft = draft.changed(1, reason="prise depuis sans réaction", reason_for=("a1",))
    desk.sign(draft)
    [request] = desk.bodies("MedicationRequest")
    assert request["note"][0]["text"] == "prise depuis sans réaction"


def test_hz_04_an_allergy_that_arrives_while_the_draft_is_open_stops_the_signature(desk, draft):
    draft = desk.add(draft, "2 gélules matin et soir pendant 6 jours", "amoxicilline 500")
    assert desk.troubles(draft) == set()
    desk.store.hold(OWNER, an_allergy())
    with pytest.raises(Invalid):
        desk.sign(draft)
    reasoned = draft.changed(1, reason="une raison", reason_for=("a1",))
    desk.store.hold(OWNER, an_allergy("a2", agent="amoxicilline"))
    with pytest.raises(Invalid):
        desk.sign(reasoned)
    assert desk.store.ops == []


def test_hz_04_a_declared_and_a_disputed_allergy_count_too(desk, draft):
    declared = an_allergy("a1")
    declared["recorder"] = declared["asserter"] = {"reference": "Patient/p1"}
    desk.store.hold(OWNER, declared)
    draft = desk.add(draft, "2 gélules matin et soir pendant 6 jours", "amoxicilline 500")
    [line] = desk.checked(draft).lines
    assert line.allergens[0].row.by_patient
    desk.store.hold(OWNER, an_allergy("a1"))
    row = desk.store.resource(OWNER, "AllergyIntolerance", "a1")
    refuted = allergies.entered_in_error(
        msgspec.json.decode(row.body), reason="x", signature=SIGNATURE
    )
    written = desk.writer.change(row, refuted)
    desk.store.judged(written.op_id, ItemState.CONFLICT)
    [line] = desk.checked(draft).lines
    assert line.allergens[0].row.undecided


def test_hz_14_the_same_substance_is_seen_under_another_label(desk, draft):
    desk.store.hold(OWNER, a_treatment("t1", substance="périndopril arginine"))
    draft = desk.add(draft, "périndopril tert-butylamine 4 mg 1 comprimé le matin")
    draft = desk.add(draft, "périndopril 1 comprimé le soir")
    first, second = desk.checked(draft).lines
    assert [row.id for row in first.duplicates] == ["t1"]
    assert (first.twins, second.twins) == ((2,), (1,))
    assert desk.troubles(draft) == set()


def test_hz_14_a_line_that_renews_a_treatment_does_not_double_it(desk):
    desk.store.hold(OWNER, a_treatment("t1"))
    [line] = desk.checked(desk.service.renewed(OWNER)).lines
    assert line.duplicates == ()


@pytest.mark.parametrize(
    ("drug", "typed", "trouble"),
    [
        ("zopiclone", "1 comprimé au coucher pendant 5 semaines", Trouble.TOO_LONG),
        ("zopiclone", "1 comprimé au coucher", Trouble.NO_DURATION),
        (
            "zopiclone",
            "1 comprimé au coucher pendant 14 jours, à renouveler 1 fois",
            Trouble.NOT_RENEWABLE,
        ),
        ("oxazépam", "1 comprimé le soir pendant 13 semaines", Trouble.TOO_LONG),
        (
            "tramadol",
            "1 gélule matin et soir selon protocole pendant 5 jours",
            Trouble.NOT_IN_LETTERS,
        ),
        ("ramipril", "1 comprimé le matin pendant 13 mois", Trouble.TOO_LONG),
        ("ramipril", "", Trouble.NO_POSOLOGY),
    ],
)
def test_dated_rules_refuse_what_goes_beyond_them(desk, draft, drug, typed, trouble):
    assert trouble in desk.troubles(desk.add(draft, typed, drug))


@pytest.mark.parametrize(
    ("drug", "typed"),
    [
        ("zopiclone", "1 comprimé au coucher pendant 4 semaines"),
        ("oxazépam", "1 comprimé le soir pendant 12 semaines"),
        ("tramadol", "1 gélule matin et soir pendant 12 semaines"),
        ("ramipril", "1 comprimé le matin, QSP 3 mois, à renouveler 3 fois"),
    ],
)
def test_dated_rules_let_pass_what_they_allow(desk, draft, drug, typed):
    assert desk.troubles(desk.add(draft, typed, drug)) == set()


def test_a_secured_line_is_filed_in_letters(desk, draft):
    draft = desk.add(draft, "1 gélule matin et soir pendant 28 jours", "morphine")
    assert desk.checked(draft).secured
    desk.sign(draft)
    [request] = desk.bodies("MedicationRequest")
    said = request["dosageInstruction"][0]["patientInstruction"]
    assert said == "une gélule matin et soir pendant vingt-huit jours"


def a_weight(at, value=16):
    return a_result("w1", "29463-7", value=value, unit="kg", label="Poids", at=at)


@pytest.mark.parametrize(
    ("born", "weighed", "settled"),
    [
        ("2020-05-01", "2026-09-01", True),
        ("2020-05-01", "2026-08-01", False),
        ("2020-05-01", "", False),
        ("2025-06-01", "2026-11-01", True),
        ("2025-06-01", "2026-10-01", False),
        ("2014-11-24", "", False),
        ("2014-11-22", "", True),
    ],
)
def test_hz_13_a_child_is_weighed_before_a_prescription(desk, draft, born, weighed, settled):
    desk.store.hold(OWNER, a_patient(birth_date=born))
    if weighed:
        desk.store.hold(OWNER, a_weight(weighed))
    draft = desk.add(draft, "5 mL toutes les 6 heures pendant 2 jours", "paracétamol suspension")
    assert (Trouble.WEIGHT not in desk.troubles(draft)) is settled
    typed = structs.replace(draft, weight=Decimal(15), weight_day="2026-11-23")
    assert desk.troubles(typed) == set()


def test_hz_13_milligrammes_by_kilo_are_arithmetic_and_nothing_is_guessed():
    def line(strength, text):
        return DraftLine(key=1, substance="x", strength=strength, text=text)

    found = per_kilo(line("24 mg/mL", "10 mL toutes les 6 heures"), Decimal(16))
    assert (found.once, found.by_weight_once, found.a_day, found.by_weight_a_day) == (
        240,
        15,
        960,
        60,
    )
    assert per_kilo(line("250 mg/5 mL", "5 mL matin et soir"), Decimal(10)).once == 250
    assert per_kilo(line("1 g", "1 comprimé matin et soir"), Decimal(20)).by_weight_a_day == 100
    for strength, text in (
        ("24 mg/mL", "1 dose selon le poids"),
        ("500 mg", "10 gouttes par jour"),
        ("500 mg/62,5 mg", "1 comprimé par jour"),
        ("", "1 comprimé par jour"),
    ):
        assert per_kilo(line(strength, text), Decimal(16)) is None
    assert per_kilo(line("1 g", "1 comprimé si besoin"), Decimal(20)).a_day is None


def test_efg_is_for_children_younger_than_six(desk, draft):
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril")
    assert desk.troubles(draft.changed(1, mention=Mention.EFG)) == {Trouble.EFG_AGE}
    assert desk.troubles(draft.changed(1, mention=Mention.CIF)) == set()


def test_the_long_term_condition_makes_two_zones_and_its_lines_come_first(desk, draft):
    desk.store.hold(OWNER, a_problem(ald=True, ald_number="8"))
    draft = desk.add(draft, "1 comprimé si besoin", "paracétamol 1 g")
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "metformine", zone=Zone.ALD)
    assert desk.checked(draft).ald
    assert [draft.number(1), draft.number(2)] == [2, 1]
    assert [line.substance for line in draft.printed] == ["metformine", "paracétamol"]
    assert draft.zoned(1).number(1) == 1
    both = draft.zoned(1)
    assert [line.key for line in both.moved(1, 1).printed] == [2, 1]
    assert both.moved(1, -1) == both


def test_hz_14_a_prescription_that_replaces_another_cancels_it_and_says_so(desk, draft):
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril")
    draft = desk.add(draft, "1 comprimé le soir pendant 3 mois", "atorvastatine")
    first = desk.sign(draft)
    desk.confirm_all()
    second = desk.service.correcting(OWNER, first.id)
    assert (second.replaces, second.replaces_day[:10]) == (first.id, "2026-11-23")
    dropped = next(line.key for line in second.lines if line.substance == "atorvastatine")
    written = desk.sign(second.without(dropped))
    old = documents.decode(desk.store.resource(OWNER, "DocumentReference", first.id).body)
    new = documents.decode(desk.store.resource(OWNER, "DocumentReference", written.id).body)
    assert old.replaced
    assert new.replaces == (f"DocumentReference/{first.id}",)
    lines = [
        medications.decode(msgspec.json.encode(body)) for body in desk.bodies("MedicationRequest")
    ]
    assert sorted(line.status for line in lines) == ["active", "cancelled", "cancelled"]
    taken = {
        value.substance: value.status
        for value in (
            medications.decode(msgspec.json.encode(body))
            for body in desk.bodies("MedicationStatement")
        )
    }
    assert taken == {"ramipril": Taking.ACTIVE, "atorvastatine": Taking.STOPPED}


def test_a_line_the_doctor_ends_stops_its_treatment_and_is_not_printed(desk):
    desk.store.hold(OWNER, a_treatment("t1"), a_treatment("t2", substance="metformine"))
    draft = desk.service.renewed(OWNER)
    ended = next(line for line in draft.lines if line.treatment == "t1")
    draft = draft.changed(ended.key, stop=True)
    assert draft.number(ended.key) == 0
    desk.sign(draft)
    status = {body["id"]: body["status"] for body in desk.bodies("MedicationStatement")}
    assert status == {"t1": "stopped", "t2": "active"}
    assert len(desk.bodies("MedicationRequest")) == 1


def test_a_prescription_entered_in_error_takes_its_lines_and_its_own_treatments_with_it(
    desk, draft
):
    desk.store.hold(OWNER, a_treatment("t1"))
    draft = desk.service.renewed(OWNER)
    draft = desk.add(draft, "1 comprimé le soir pendant 3 mois", "atorvastatine")
    written = desk.sign(draft)
    desk.confirm_all()
    desk.store.hold(
        OWNER,
        a_treatment("t1") | {"basedOn": [{"reference": "MedicationRequest/other"}]},
    )
    with pytest.raises(Invalid):
        desk.service.mark_erroneous(
            MarkPrescriptionErroneous(owner=OWNER, id=written.id, reason=" ")
        )
    desk.service.mark_erroneous(
        MarkPrescriptionErroneous(owner=OWNER, id=written.id, reason="mauvais patient")
    )
    assert {body["status"] for body in desk.bodies("MedicationRequest")} == {"entered-in-error"}
    [document] = desk.bodies("DocumentReference")
    assert document["status"] == "entered-in-error"
    status = {body["id"]: body["status"] for body in desk.bodies("MedicationStatement")}
    assert status.pop("t1") == "active"
    assert set(status.values()) == {"entered-in-error"}


def test_hz_18_a_treatment_in_disagreement_is_settled_before_it_is_renewed(desk):
    desk.store.hold(OWNER, a_treatment("t1"))
    row = desk.store.resource(OWNER, "MedicationStatement", "t1")
    changed = a_treatment("t1", posology="le soir")
    written = desk.writer.change(row, changed)
    desk.store.judged(written.op_id, ItemState.CONFLICT)
    assert desk.troubles(desk.service.renewed(OWNER)) == {Trouble.UNDECIDED}


def test_a_draft_is_kept_and_holds_nothing_of_the_rows_it_renews(desk):
    desk.store.hold(OWNER, a_treatment("t1", substance="ramipril"))
    draft = desk.add(desk.service.renewed(OWNER), "paracétamol 1 g 1 comprimé si besoin")
    draft = structs.replace(draft, weight=Decimal("15.5"), weight_day="2026-11-23")
    desk.service.keep(draft)
    [stored] = kept(draft).values()
    assert "ramipril" not in stored
    assert "paracétamol" in stored
    assert desk.service.begin(OWNER) == draft
    desk.store.confirmed.pop((OWNER, "MedicationStatement", "t1"))
    assert [line.substance for line in desk.service.begin(OWNER).lines] == ["paracétamol"]
    desk.service.keep(Draft(owner=OWNER))
    assert desk.service.begin(OWNER) == Draft(owner=OWNER)


def test_what_is_not_a_prescription_is_not_corrected(desk):
    with pytest.raises(Unavailable):
        desk.service.correcting(OWNER, "nowhere")


def test_an_empty_prescription_is_not_signed(desk, draft):
    assert desk.troubles(draft) == {Trouble.NO_LINE}
    with pytest.raises(Invalid):
        desk.sign(draft)


def test_a_course_that_is_over_is_no_current_treatment_any_more(desk, draft):
    desk.sign(desk.add(draft, "2 gélules matin et soir pendant 6 jours", "amoxicilline 500"))
    assert [row.substance for row in desk.records.open(OWNER).treatments.rows] == ["amoxicilline"]
    desk.clock.advance(5 * 86_400)
    assert len(desk.records.open(OWNER).treatments.rows) == 1
    desk.clock.advance(86_400)
    record = desk.records.open(OWNER)
    assert record.treatments.rows == ()
    assert [row.substance for row in record.past_treatments.rows] == ["amoxicilline"]


def test_a_strength_typed_after_a_name_stands_apart():
    line = free_line("périndopril tert-butylamine 4 mg 1 comprimé le matin", zone=Zone.OTHER)
    assert (line.substance, line.strength) == ("périndopril tert-butylamine", "4 mg")
    assert free_line("bas de contention classe 2", zone=Zone.OTHER).substance == (
        "bas de contention classe 2"
    )


def test_a_prescription_is_one_line_of_the_timeline_with_the_names_of_its_drugs(desk, draft):
    draft = desk.add(draft, "1 comprimé le matin pendant 3 mois", "ramipril")
    draft = desk.add(draft, "1 comprimé le soir pendant 3 mois", "atorvastatine")
    written = desk.sign(draft)
    [line] = desk.records.open(OWNER).timeline.rows
    assert (line.rtype, line.id, line.kind) == ("DocumentReference", written.id, "prescription")
    assert line.summary == "ramipril, atorvastatine"
    assert line.state is ItemState.PENDING
    desk.store.confirm(written.more[-1])
    [line] = desk.records.open(OWNER).timeline.rows
    assert line.state is ItemState.PENDING
    desk.confirm_all()
    [line] = desk.records.open(OWNER).timeline.rows
    assert line.state is ItemState.CONFIRMED
