"""The use cases of one session over its open store, each with what it needs."""

from msgspec import Struct

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.terminology.catalogue import Terminology
from dossier.terminology.letters import load_letters
from dossier.terminology.substances import Substances
from local_store.store import LocalStore
from practitioner_app.ports import Announce
from practitioner_app.services.additions import AdditionService
from practitioner_app.services.allergies import AllergyService
from practitioner_app.services.announcements import AnnouncingOutbox
from practitioner_app.services.colleagues import ColleagueService
from practitioner_app.services.computers import ComputerService
from practitioner_app.services.conflicts import ConflictService
from practitioner_app.services.day import DayService
from practitioner_app.services.documents import DocumentService
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drugs import DrugService
from practitioner_app.services.exports import ExportService
from practitioner_app.services.history import HistoryService
from practitioner_app.services.immunizations import ImmunizationService
from practitioner_app.services.journal import JournalService
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.letterheads import LetterheadService
from practitioner_app.services.letters import LetterService
from practitioner_app.services.measures import MeasureService
from practitioner_app.services.medications import TreatmentService
from practitioner_app.services.note_templates import TemplateService
from practitioner_app.services.notes import NoteService
from practitioner_app.services.orders import OrderService
from practitioner_app.services.prescriptions import PrescriptionService
from practitioner_app.services.prevention import Prevention, PreventionNotes
from practitioner_app.services.problems import ProblemService
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.result_grid import ResultService
from practitioner_app.services.reviews import ReviewService
from practitioner_app.services.search import SearchService
from practitioner_app.services.striking import StrikingService
from practitioner_app.services.summaries import SummaryService
from practitioner_app.services.summaries_due import SummariesDue
from practitioner_app.services.sync_centre import SyncCentre
from practitioner_app.services.work_lists import WorkListService
from practitioner_app.services.writing import Writer
from ui.context import Services


class Making(Struct, frozen=True, kw_only=True):
    """What a session has when its services are made."""

    store: LocalStore
    clock: Clock
    entropy: Entropy
    terms: Terminology
    announce: Announce
    writer: Writer
    outbox: AnnouncingOutbox
    search: SearchService
    centre: SyncCentre
    computers: ComputerService
    practice: str


def services_of(making: Making) -> Services:
    """One of each."""
    store, clock, terms = making.store, making.clock, making.terms
    writer, outbox, search = making.writer, making.outbox, making.search
    reader = store.records
    drafts = DraftService(store.drafts, outbox, store.settings, reader, clock, making.announce)
    records = _records(making, drafts)
    reviews = _reviews(making)
    return Services(
        record=records,
        summaries=SummaryService(
            reader=reader,
            records=records,
            clock=clock,
            entropy=making.entropy,
            writer=writer,
        ),
        exports=ExportService(writer, making.entropy),
        drugs=DrugService(terms, store.packs, clock),
        prescriptions=_prescriptions(making, records, drafts),
        documents=DocumentService(reader),
        journal=JournalService(writer, clock, store.is_narrowed),
        allergies=AllergyService(reader, writer),
        problems=ProblemService(writer),
        treatments=TreatmentService(writer),
        immunizations=ImmunizationService(writer),
        measures=MeasureService(writer),
        history=HistoryService(writer),
        striking=StrikingService(writer),
        additions=AdditionService(writer),
        prevention=PreventionNotes(writer),
        results=ResultService(reader, terms),
        reviews=reviews,
        search=search,
        conflicts=ConflictService(reader=reader, outbox=outbox, writer=writer, search=search),
        centre=making.centre,
        computers=making.computers,
        letterheads=LetterheadService(reader, writer.actor, making.practice),
        letters=LetterService(reader, writer, terms, load_letters(), store.settings),
        orders=OrderService(reader, writer, search, clock),
        drafts=drafts,
        notes=NoteService(reader, writer, outbox, search, making.practice),
        templates=TemplateService(store.settings, terms),
        work_lists=_work_lists(making, reviews, drafts),
    )


def _records(making: Making, drafts: DraftService) -> RecordService:
    """How this person opens records: with what they saw and left unread of each, and what they are typing."""
    settings = making.store.settings
    return RecordService(
        reader=making.store.records,
        outbox=making.outbox,
        last_look=LastLook(settings, making.clock),
        read_marks=ReadMarks(settings),
        clock=making.clock,
        actor=making.writer.actor,
        prevention=Prevention(making.terms, making.clock),
        drafts=drafts.of,
    )


def _prescriptions(
    making: Making, records: RecordService, drafts: DraftService
) -> PrescriptionService:
    return PrescriptionService(
        reader=making.store.records,
        writer=making.writer,
        records=records,
        drafts=drafts,
        substances=Substances(making.terms),
    )


def _reviews(making: Making) -> ReviewService:
    reader, clock, writer = making.store.records, making.clock, making.writer
    return ReviewService(
        reader=reader,
        writer=writer,
        terms=making.terms,
        search=making.search,
        colleagues=ColleagueService(reader, clock, writer.actor),
        clock=clock,
    )


def _work_lists(making: Making, reviews: ReviewService, drafts: DraftService) -> WorkListService:
    reader, clock = making.store.records, making.clock
    return WorkListService(
        reader=reader,
        search=making.search,
        reviews=reviews,
        drafts=drafts,
        centre=making.centre,
        day=DayService(making.store.settings, clock),
        summaries=SummariesDue(reader, clock, making.writer.actor),
        orders=OrderService(reader, making.writer, making.search, clock),
        notes=NoteService(reader, making.writer, making.outbox, making.search, making.practice),
    )
