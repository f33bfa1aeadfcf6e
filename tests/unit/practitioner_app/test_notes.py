"""A note is signed, left to be signed, corrected, completed and marked as an error; nothing is half done."""

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid, Refused
from dossier.fhir import encounters, notes
from dossier.fhir.notes import Contact, Sections
from dossier.fhir.validate import Validator
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ItemState
from practitioner_app.services.documents import DocumentService
from practitioner_app.services.drafts import DraftLine, DraftService, Slot
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.note_reading import Colleague
from practitioner_app.services.notes import (
    AddToNote,
    MarkNoteErroneous,
    NoteService,
    WriteNote,
)
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import DRAFT
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Actor, Writer
from tests.builders import ACTOR, OWNER, a_patient, a_practitioner
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

LEMAIRE = Colleague("Practitioner/lemaire", "Dr Hugues LEMAIRE")
WORDS = Sections(
    reason="Renouvellement\npas de plainte",
    examination="PA 138/82, FC 70, poids 79 kg.\n\nPieds : pouls perçus.",
    conclusion="Diabète à peu près équilibré.",
    plan="Poursuite.",
)
AT = "2026-11-23T07:50:00.000Z"


class Desk:
    """One person at a desktop over the practice's rows."""

    def __init__(self, store, clock, actor=ACTOR, seed=3):
        self.store, self.clock = store, clock
        self.writer = Writer(
            reader=store, outbox=store, clock=clock, entropy=SeededEntropy(seed), actor=actor
        )
        search = SearchService(store, clock)
        self.notes = NoteService(store, self.writer, store, search, "Maison de santé du Port")

    def write(self, sections=WORDS, *, sign=True, **more):
        self.clock.advance(60)
        return self.notes.write(
            WriteNote(owner=OWNER, sections=sections, started=AT, sign=sign, **more)
        )

    def confirm(self):
        """The server took everything that waits."""
        for item in list(self.store.pending()):
            self.store.confirm(item.op_id)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    store.hold_people(
        a_practitioner("fontaine", "Claire", "Fontaine"),
        a_practitioner("lemaire", "Hugues", "Lemaire"),
    )
    return store


@pytest.fixture
def desk(store, clock):
    return Desk(store, clock)


@pytest.fixture
def colleague(store, clock):
    actor = Actor(account=10, acting="situation-2", name=LEMAIRE.name, reference=LEMAIRE.reference)
    return Desk(store, clock, actor, seed=4)


def ops_of(written):
    return (written.op_id, *written.more)


def bodies(store, rtype):
    return [msgspec.json.decode(item.body) for item in store.pending() if item.rtype == rtype]


@pytest.mark.parametrize(
    "said",
    [
        WORDS,
        Sections(plan="Examen\n Motif\nfin"),
        Sections(reason="  deux espaces", examination="\ttab\n\n\nligne"),
        Sections(conclusion="a\n Examen \n  Motif", plan="Conduite à tenir"),
        Sections(conclusion="été, œdème, <b>gras</b> & co"),
    ],
)
def test_what_was_typed_is_read_back_to_the_letter(said):
    assert notes.sections_of(notes.text_of(said)) == said


def test_a_foreign_text_loses_nothing():
    assert notes.sections_of("Vu ce jour.\nMotif\nToux") == Sections(
        examination="Vu ce jour.", reason="Toux"
    )


def test_signing_writes_the_consultation_and_its_document_in_one_act(desk, store):
    signed = desk.write(pdf=b"%PDF-1.4 page")
    encounter, document = bodies(store, "Encounter"), bodies(store, "DocumentReference")
    assert (len(encounter), len(document)) == (1, 1)
    assert encounter[0]["status"] == "finished"
    assert encounter[0]["period"] == {"start": AT, "end": "2026-11-23T08:01:00.000Z"}
    assert encounter[0]["reasonCode"] == [{"text": "Renouvellement"}]
    assert document[0]["docStatus"] == "final"
    assert document[0]["authenticator"] == document[0]["author"][0]
    assert document[0]["context"]["encounter"] == [{"reference": f"Encounter/{encounter[0]['id']}"}]
    assert [one["attachment"]["contentType"] for one in document[0]["content"]] == [
        "application/pdf",
        "text/plain; charset=utf-8",
    ]
    assert len(ops_of(signed)) == 2
    waiting = {entry.op.op_id: entry.op.depends_on for entry in store.ops}
    assert waiting[ops_of(signed)[1]] == ops_of(signed)[0]
    sheet = desk.notes.sheet(OWNER, signed.id)
    assert sheet.current.sections == WORDS
    assert (sheet.current.author, sheet.current.signer) == (ACTOR.name, ACTOR.name)
    assert sheet.mine


def test_both_resources_are_valid_r4(desk, store):
    desk.write(pdf=b"%PDF-1.4 page", responsible=LEMAIRE, contact=Contact.VISIT)
    validator = Validator()
    for item in store.pending():
        assert validator.issues(item.rtype, item.body) == ()


def test_a_note_without_a_word_is_refused(desk, store):
    with pytest.raises(Invalid):
        desk.write(Sections(reason=" \n"))
    assert list(store.pending()) == []


def test_who_wrote_it_for_whom_is_told(colleague, desk, store):
    rid = colleague.write(sign=False, responsible=Colleague(ACTOR.reference, ACTOR.name)).id
    colleague.confirm()
    sheet = desk.notes.sheet(OWNER, rid)
    assert (sheet.writer, sheet.responsible.name) == (LEMAIRE.name, ACTOR.name)
    assert not sheet.current.signed
    assert [line.encounter for line in desk.notes.unsigned()] == [rid]
    assert colleague.notes.unsigned() == ()
    desk.write(encounter=rid)
    desk.confirm()
    sheet = desk.notes.sheet(OWNER, rid)
    assert (sheet.current.author, sheet.current.signer) == (LEMAIRE.name, ACTOR.name)
    assert desk.notes.unsigned() == ()
    assert encounters.decode(store.resource(OWNER, "Encounter", rid).body).status == "finished"


def test_a_note_left_unsigned_is_typed_further_and_signed(desk):
    rid = desk.write(Sections(reason="Toux"), sign=False).id
    [line] = desk.notes.unsigned()
    assert (line.title, line.author, line.patient.family) == (
        "Toux",
        ACTOR.name,
        "MARTINEAU",
    )
    desk.write(Sections(reason="Toux", plan="Repos"), sign=False, encounter=rid)
    desk.write(Sections(reason="Toux", plan="Repos"), encounter=rid)
    sheet = desk.notes.sheet(OWNER, rid)
    assert sheet.current.signed
    assert sheet.current.sections.plan == "Repos"
    assert sheet.earlier == ()


def test_a_correction_is_a_new_version_and_the_old_one_stays_readable(desk, store):
    rid = desk.write().id
    desk.confirm()
    corrected = desk.write(Sections(reason="Renouvellement HTA", plan="Arrêt"), encounter=rid)
    chain = {entry.op.op_id: entry.op.depends_on for entry in store.ops}
    assert [chain[op] for op in ops_of(corrected)] == [
        None,
        ops_of(corrected)[0],
        ops_of(corrected)[0],
    ]
    desk.confirm()
    sheet = desk.notes.sheet(OWNER, rid)
    assert sheet.current.sections.plan == "Arrêt"
    assert [part.sections for part in sheet.earlier] == [WORDS]
    document = encounters.decode(store.resource(OWNER, "Encounter", rid).body)
    assert document.reason == "Renouvellement HTA"
    with pytest.raises(Invalid) as refused:
        desk.write(Sections(reason="Renouvellement HTA", plan="Arrêt"), encounter=rid)
    assert refused.value.issues[0].rule == "no_change"


def test_a_colleague_adds_below_and_changes_nothing(desk, colleague):
    rid = desk.write().id
    desk.confirm()
    colleague.clock.advance(600)
    colleague.notes.add(AddToNote(owner=OWNER, encounter=rid, text="Vu aussi : œdèmes."))
    sheet = colleague.notes.sheet(OWNER, rid)
    assert sheet.current.sections == WORDS
    assert [(part.text.strip(), part.author) for part in sheet.addenda] == [
        ("Vu aussi : œdèmes.", LEMAIRE.name)
    ]
    assert not sheet.mine
    assert desk.notes.sheet(OWNER, rid).mine


def test_an_error_strikes_consultation_and_note_with_its_reason(desk, store):
    rid = desk.write().id
    desk.confirm()
    [document] = store.rows(OWNER, ("DocumentReference",))
    members = (("Encounter", rid), ("DocumentReference", document.id))
    desk.notes.mark_erroneous(
        MarkNoteErroneous(owner=OWNER, members=members, reason="autre dossier")
    )
    sheet = desk.notes.sheet(OWNER, rid)
    assert sheet.current is None
    assert [(part.reason, part.sections) for part in sheet.errors] == [("autre dossier", WORDS)]
    assert not encounters.decode(store.resource(OWNER, "Encounter", rid).body).counts
    validator = Validator()
    for rtype in ("Encounter", "DocumentReference"):
        for row in store.rows(OWNER, (rtype,)):
            assert validator.issues(rtype, row.body) == ()


def test_undo_takes_everything_back_or_nothing(desk, store):
    signed = desk.write()
    desk.notes.undo(ops_of(signed))
    assert list(store.pending()) == []
    signed = desk.write()
    store.judged(ops_of(signed)[0], ItemState.SENT)
    with pytest.raises(Refused) as refused:
        desk.notes.undo(ops_of(signed))
    assert refused.value.code == "already_left"
    assert len(store.pending()) == 2


def test_a_refused_note_comes_back_with_its_whole_text(desk, store):
    signed = desk.write()
    for op in ops_of(signed):
        store.judged(op, ItemState.REFUSED, reason="no_right")
    assert desk.notes.sheet(OWNER, signed.id).current.state is ItemState.REFUSED
    assert desk.notes.take_back(OWNER, signed.id) == WORDS
    assert list(store.pending()) == []


def test_a_crash_between_two_ops_of_a_signature_leaves_none(desk, store, clock):
    """`finish` wraps the act: an error in the middle keeps the draft and no half of the note."""
    drafts = DraftService(store.drafts, store, store.settings, store, clock, lambda _: None)
    slot = Slot(kind="note", owner=OWNER)
    drafts.keep(slot, {"reason": "Toux"})

    def half():
        desk.write()
        raise Refused("disk")

    with pytest.raises(Refused):
        drafts.finish(slot, half)
    assert list(store.pending()) == []
    assert drafts.find(slot) == {"reason": "Toux"}


def test_one_writes_for_the_attending_doctor_or_for_who_saw_the_patient(desk, colleague):
    colleague.write()
    colleague.confirm()
    assert desk.notes.colleagues(OWNER) == (Colleague("Practitioner/lemaire", LEMAIRE.name),)
    assert colleague.notes.colleagues(OWNER) == ()


def record_of(store, clock, drafts=()):
    service = RecordService(
        reader=store,
        outbox=store,
        last_look=LastLook(store.settings, clock),
        read_marks=ReadMarks(store.settings),
        clock=clock,
        actor=ACTOR,
        prevention=Prevention(Terminology.load(), clock),
        drafts=lambda _owner: drafts,
    )
    return service.open(OWNER)


def test_the_timeline_shows_one_line_for_a_note_and_folds_its_versions(
    desk, colleague, store, clock
):
    rid = desk.write(responsible=LEMAIRE).id
    desk.confirm()
    desk.write(Sections(reason="Renouvellement HTA", plan="Arrêt"), encounter=rid)
    desk.confirm()
    colleague.notes.add(AddToNote(owner=OWNER, encounter=rid, text="Vu."))
    [line] = record_of(store, clock).timeline.rows
    assert (line.rtype, line.title, line.summary) == (
        "Encounter",
        "Consultation",
        "Renouvellement HTA — Arrêt",
    )
    assert (line.note, line.signed, line.asked, line.mine) == (True, True, False, True)
    assert (line.author, line.responsible) == (ACTOR.name, LEMAIRE.name)
    assert line.state is ItemState.PENDING
    assert [kind for kind, _ in line.members] == [
        "Encounter",
        "DocumentReference",
        "DocumentReference",
    ]
    assert [older.summary.startswith("Renouvellement pas") for older in line.versions] == [True]
    letter = DocumentService(store).read(OWNER, line.members)
    assert [(page.appends, page.author) for page in letter.pages] == [
        (False, ACTOR.name),
        (True, LEMAIRE.name),
    ]
    older = DocumentService(store).read(OWNER, line.versions[0].members)
    assert older.pages[0].sections == WORDS


def test_an_unsigned_note_and_a_draft_are_in_progress(desk, store, clock):
    desk.write(sign=False)
    slot = Slot(kind="note", owner=OWNER)
    typed = DraftLine(slot=slot, at="2026-11-23T09:00:00.000Z", values={"reason": "Toux"})
    first, second = record_of(store, clock, (typed,)).timeline.rows
    assert (first.rtype, first.summary, first.ongoing) == (DRAFT, "Toux", True)
    assert (second.note, second.signed, second.asked, second.ongoing) == (True, False, True, True)
