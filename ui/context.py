"""What the screens of one unlocked session are given. Built by the composition root at each unlock,
dropped at each lock: no screen outlives it.
"""

from collections.abc import Callable

from msgspec import Struct

from dossier.clock import Clock
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import Printing, Settings, SyncControl
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.additions import AdditionService
from practitioner_app.services.allergies import AllergyService
from practitioner_app.services.browser_proof import BrowserProof
from practitioner_app.services.computers import ComputerService
from practitioner_app.services.conflicts import ConflictService
from practitioner_app.services.documents import DocumentService
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drugs import DrugService
from practitioner_app.services.exports import ExportService
from practitioner_app.services.history import HistoryService
from practitioner_app.services.immunizations import ImmunizationService
from practitioner_app.services.journal import JournalService
from practitioner_app.services.letterheads import LetterheadService
from practitioner_app.services.letters import LetterService
from practitioner_app.services.measures import MeasureService
from practitioner_app.services.medications import TreatmentService
from practitioner_app.services.note_templates import TemplateService
from practitioner_app.services.notes import NoteService
from practitioner_app.services.orders import OrderService
from practitioner_app.services.prescriptions import PrescriptionService
from practitioner_app.services.prevention import PreventionNotes
from practitioner_app.services.problems import ProblemService
from practitioner_app.services.record import RecordService
from practitioner_app.services.result_grid import ResultService
from practitioner_app.services.reviews import ReviewService
from practitioner_app.services.search import SearchService
from practitioner_app.services.session import LeaseState
from practitioner_app.services.striking import StrikingService
from practitioner_app.services.summaries import SummaryService
from practitioner_app.services.sync_centre import SyncCentre
from practitioner_app.services.work_lists import WorkListService
from ui.open_page import open_page


class Services(Struct, frozen=True, kw_only=True):
    """The use cases, one per clinical concept."""

    record: RecordService
    documents: DocumentService
    drugs: DrugService
    prescriptions: PrescriptionService
    journal: JournalService
    allergies: AllergyService
    problems: ProblemService
    treatments: TreatmentService
    immunizations: ImmunizationService
    measures: MeasureService
    history: HistoryService
    striking: StrikingService
    prevention: PreventionNotes
    results: ResultService
    reviews: ReviewService
    additions: AdditionService
    search: SearchService
    conflicts: ConflictService
    centre: SyncCentre
    computers: ComputerService
    letterheads: LetterheadService
    letters: LetterService
    orders: OrderService
    drafts: DraftService
    summaries: SummaryService
    exports: ExportService
    work_lists: WorkListService
    notes: NoteService
    templates: TemplateService


class SessionContext(Struct, frozen=True, kw_only=True):
    """`person` and `place` are shown in the status bar: `Dr …, médecin généraliste`, `Maison de santé …`."""

    services: Services
    lanes: Lanes
    changes: Changes
    clock: Clock
    terms: Terminology
    settings: Settings
    sync: SyncControl
    browser: BrowserProof
    printing: Printing
    person: str
    place: str
    device_name: str
    lease: LeaseState | None = None
    """As it was at the opening: in continuity mode the banner stands before the first figure is read."""
    demonstration: bool = False
    without_keyring: bool = False
    open_page: Callable[[str], bool] = open_page
    """Shows a page of this address in the person's browser; False where there is none."""
