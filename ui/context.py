"""What the screens of one unlocked session are given. Built by the composition root at each unlock,
dropped at each lock: no screen outlives it.
"""

from typing import Protocol

from msgspec import Struct

from dossier.clock import Clock
from dossier.terminology.catalogue import Terminology
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ActivationReply, EnrolReply
from practitioner_app.ports import Settings, SyncControl
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.allergies import AllergyService
from practitioner_app.services.computers import ComputerService
from practitioner_app.services.conflicts import ConflictService
from practitioner_app.services.documents import DocumentService
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.exports import ExportService
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.history import HistoryService
from practitioner_app.services.immunizations import ImmunizationService
from practitioner_app.services.journal import JournalService
from practitioner_app.services.letterheads import LetterheadService
from practitioner_app.services.letters import LetterService
from practitioner_app.services.measures import MeasureService
from practitioner_app.services.medications import TreatmentService
from practitioner_app.services.orders import OrderService
from practitioner_app.services.prevention import PreventionNotes
from practitioner_app.services.problems import ProblemService
from practitioner_app.services.record import RecordService
from practitioner_app.services.result_grid import ResultService
from practitioner_app.services.reviews import ReviewService
from practitioner_app.services.search import SearchService
from practitioner_app.services.session import LeaseState, LockFacts
from practitioner_app.services.striking import StrikingService
from practitioner_app.services.summaries import SummaryService
from practitioner_app.services.sync_centre import CopyRow, SyncCentre
from practitioner_app.services.work_lists import WorkListService


class Services(Struct, frozen=True, kw_only=True):
    """The use cases, one per clinical concept."""

    record: RecordService
    documents: DocumentService
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


class SessionContext(Struct, frozen=True, kw_only=True):
    """`person` and `place` are shown in the status bar: `Dr …, médecin généraliste`, `Maison de santé …`."""

    services: Services
    lanes: Lanes
    changes: Changes
    clock: Clock
    terms: Terminology
    settings: Settings
    sync: SyncControl
    person: str
    place: str
    device_name: str
    lease: LeaseState | None = None
    """As it was at the opening: in continuity mode the banner stands before the first figure is read."""
    demonstration: bool = False
    without_keyring: bool = False


class Gate(Protocol):
    """The way in, while everything is locked. `unlock` blocks: it runs on a lane."""

    def facts(self) -> LockFacts:
        """Counts and dates for the lock page: no patient's name, no reason."""
        ...

    def unlock(self, phrase: str) -> None:
        """Raises SealBroken, KeychainError, StoreError kin; Refused(`lease_over`) where `facts` then says
        whether continuity mode is open.
        """
        ...

    def unlock_in_continuity(self, phrase: str) -> None:
        """The phrase again, to read what the practice wrote although the lease is over. Raises the same."""
        ...

    def unlock_with_code(self, code: str) -> None:
        """The recovery code is right: then `choose_phrase` or `keep_phrase` opens. Raises SealBroken."""
        ...

    def own_words(self) -> frozenset[str]:
        """What others know of this person and place: no phrase holds it."""
        ...

    def choose_phrase(self, phrase: str) -> None:
        """Seal the copy under a new phrase, then open it. Raises KeychainError, DiskFull, `unlock`'s kin."""
        ...

    def keep_phrase(self) -> None:
        """Open without a new phrase. Raises `unlock`'s kin."""
        ...

    def forget(self) -> None:
        """Nobody goes on: what the recovery code opened leaves the memory."""
        ...


class Installer(Protocol):
    """The effects of the first start, each blocking, each on a lane. Raises the errors of the ports."""

    def capabilities(self, state: FirstStart) -> Capabilities: ...
    def ask_activation(self, state: FirstStart) -> ActivationReply: ...
    def activate(self, state: FirstStart) -> None: ...
    def enrol(self, state: FirstStart) -> EnrolReply: ...
    def ask_page(self, state: FirstStart) -> str:
        """The page for the person's browser; from now on this computer listens for its answer."""
        ...

    def enrol_by_browser(self, state: FirstStart) -> EnrolReply:
        """Returns once the person signed in there."""
        ...

    def give_up_browser(self) -> None:
        """Nobody waits for it any more; from any thread."""
        ...

    def make_profile(self, state: FirstStart) -> str:
        """The recovery code, shown once."""
        ...

    def first_copy(self, state: FirstStart) -> None:
        """Returns once the first class of patients is here."""
        ...

    def progress(self) -> CopyRow | None: ...
