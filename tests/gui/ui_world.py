"""A whole session for widget tests: real services over a store in memory, work done at once."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from dossier.entropy import SeededEntropy
from dossier.errors import Refused
from dossier.sealing.dpop import read_proof, token_mark
from dossier.terminology.catalogue import Terminology
from dossier.terminology.letters import load_letters
from dossier.terminology.substances import Substances
from dossier.wire.limits import REVOKE_PATH, SIGN_OUT_PATH
from dossier.wire.messages import Op
from dossier.wire.sessions import ChallengeReply, DeviceLine, DevicesReply, ProveReply
from practitioner_app.ports import ItemState
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import InlineLanes
from practitioner_app.runtime.main_thread import InlineMainThread
from practitioner_app.services.additions import AdditionService
from practitioner_app.services.allergies import AllergyService
from practitioner_app.services.announcements import AnnouncingOutbox
from practitioner_app.services.browser_proof import BrowserProof
from practitioner_app.services.browser_sign_in import BrowserSignIn
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
from practitioner_app.services.session import Connection, Link, Lock, LockFacts, lease_state
from practitioner_app.services.striking import StrikingService
from practitioner_app.services.summaries import SummaryService
from practitioner_app.services.summaries_due import SummariesDue
from practitioner_app.services.sync_centre import SyncCentre
from practitioner_app.services.work_lists import WorkListService
from practitioner_app.services.writing import Writer
from sync.proofs import HeldKey, Prover
from tests.builders import (
    ACTOR,
    OTHER_OWNER,
    OWNER,
    a_patient,
    a_practitioner,
    a_treatment,
    encoded,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore
from ui.context import Services, SessionContext

TERMS = Terminology.load()


class AskedSync:
    """SyncControl that counts."""

    def __init__(self):
        self.asked, self.shown = 0, []

    def now(self):
        self.asked += 1

    def show(self, password, proof):
        self.shown.append((password, proof))

    def show_code(self, found):
        self.shown.append(found)


class ScriptedListener:
    """The loopback of a sign-in with the browser; `answer` is what somebody asks of it, or an error."""

    port = 40_000

    def __init__(self):
        self.answer, self.given_up = "", 0

    def wait(self, is_awaited, _seconds):
        if isinstance(self.answer, Exception):
            raise self.answer
        assert is_awaited(self.answer)
        return self.answer

    def give_up(self):
        self.given_up += 1


class PaperTray:
    """Printing that keeps what was printed."""

    def __init__(self, *names):
        self.names, self.printed = names or ("Accueil", "Bureau"), []

    def printers(self):
        return self.names

    def print(self, pdf, *, printer, title, copies):
        self.printed.append((pdf, printer, title, copies))


class ScriptedComputers:
    """ComputerServer with three computers; the right password is `secret`."""

    def __init__(self):
        self.is_met, self.proofs, self.ended, self.signed_out = True, 0, [], []
        self.alarms, self.listed, self.codes, self.right_code = (), 0, [], "c0de"

    def challenge(self, device):
        return ChallengeReply(nonce=device)

    def prove(self, token, request, proof):
        assert (token, read_proof(proof).ath) == ("plain", token_mark("plain"))
        self.codes += [request.code] if request.code else []
        if request.password != "secret" and request.code != self.right_code:
            raise Refused("wrong_proof")
        self.proofs += 1
        return ProveReply(token="proven", expires_in_s=900, proven_s=600)

    def own_devices(self, token):
        self.listed += 1
        return DevicesReply(
            alarms=self.alarms,
            devices=(
                self._line("here", "Cabinet 2", here=True, sessions=2),
                self._line("portable", "Portable de visite", sessions=1),
                self._line("old", "Ancien poste", revoked="2026-11-02T10:00:00.000Z"),
            ),
        )

    def end_own(self, path, token, request, proof):
        assert read_proof(proof).ath == token_mark(token)
        if token != "proven":
            raise Refused("proof_needed")
        ended = {REVOKE_PATH: self.ended, SIGN_OUT_PATH: self.signed_out}
        ended[path].append(request.device)

    def _line(self, device, name, **more):
        if device in self.ended:
            more["revoked"] = "2026-11-23T08:41:00.000Z"
        if device in self.signed_out + self.ended:
            more["sessions"] = 0
        said = {"enrolled": "2026-03-02T09:00:00.000Z", "seen": "2026-11-23T08:12:00.000Z"}
        return DeviceLine(device=device, name=name, **said, **more)


class World:
    """Two patients, one doctor, a manual clock."""

    def __init__(self, qapp):
        self.clock = ManualClock()
        self.store = MemoryRecordStore()
        self.store.hold(OWNER, a_patient())
        self.store.hold(
            OTHER_OWNER,
            a_patient("p2", birth_name="LE GOFF", birth_givens=("YVES",), used_given="Yves"),
        )
        self.store.hold_people(a_practitioner())
        self.store.hold(
            OWNER,
            a_treatment("t1", substance="metformine", strength=Decimal(1000), strength_unit="mg"),
        )
        self.lanes = InlineLanes()
        self.changes = Changes(InlineMainThread(), qapp)
        self.sync = AskedSync()
        self.listener, self.pages, self.opened = ScriptedListener(), "", []
        self.browser = BrowserProof(
            BrowserSignIn(lambda: self.listener, SeededEntropy(9)),
            "https://colloque.example",
            bytes(32),
            lambda: self.pages,
        )
        self.printing = PaperTray()
        self.computers = ScriptedComputers()
        self.outbox = AnnouncingOutbox(self.store, self.changes.announce)
        self.writer = Writer(
            reader=self.store,
            outbox=self.outbox,
            clock=self.clock,
            entropy=SeededEntropy(3),
            actor=ACTOR,
            continuity=self.narrowed,
        )
        self.search = SearchService(self.store, self.clock)
        self.centre = SyncCentre(
            reader=self.store, outbox=self.outbox, search=self.search, clock=self.clock
        )

    def narrowed(self):
        return lease_state(self.store.copy_facts(), self.clock.now()).narrowed

    def context(self, **changes):
        drafts = DraftService(
            self.store.drafts,
            self.outbox,
            self.store.settings,
            self.store,
            self.clock,
            self.changes.announce,
        )
        records = RecordService(
            reader=self.store,
            outbox=self.outbox,
            last_look=LastLook(self.store.settings, self.clock),
            read_marks=ReadMarks(self.store.settings),
            clock=self.clock,
            actor=ACTOR,
            prevention=Prevention(TERMS, self.clock),
            drafts=drafts.of,
        )
        reviews = ReviewService(
            reader=self.store,
            writer=self.writer,
            terms=TERMS,
            search=self.search,
            colleagues=ColleagueService(self.store, self.clock, ACTOR),
            clock=self.clock,
        )
        services = Services(
            record=records,
            summaries=SummaryService(
                reader=self.store,
                records=records,
                clock=self.clock,
                entropy=SeededEntropy(11),
                writer=self.writer,
            ),
            exports=ExportService(self.writer, SeededEntropy(13)),
            drugs=DrugService(TERMS, self.store.packs, self.clock),
            prescriptions=PrescriptionService(
                reader=self.store,
                writer=self.writer,
                records=records,
                drafts=drafts,
                substances=Substances(TERMS),
            ),
            documents=DocumentService(self.store),
            journal=JournalService(self.writer, self.clock, self.narrowed),
            allergies=AllergyService(self.store, self.writer),
            problems=ProblemService(self.writer),
            treatments=TreatmentService(self.writer),
            immunizations=ImmunizationService(self.writer),
            measures=MeasureService(self.writer),
            history=HistoryService(self.writer),
            additions=AdditionService(self.writer),
            striking=StrikingService(self.writer),
            prevention=PreventionNotes(self.writer),
            results=ResultService(self.store, TERMS),
            reviews=reviews,
            search=self.search,
            conflicts=ConflictService(
                reader=self.store, outbox=self.outbox, writer=self.writer, search=self.search
            ),
            centre=self.centre,
            computers=ComputerService(
                lambda: self.computers,
                Prover(HeldKey("here", bytes(32)), "http://127.0.0.1:1", SeededEntropy(4)),
                "here",
                lambda: "plain" if self.computers.is_met else "",
                self.clock,
                self.store.settings,
            ),
            letterheads=LetterheadService(self.store, ACTOR, "Maison de santé du Port"),
            letters=LetterService(
                self.store, self.writer, TERMS, load_letters(), self.store.settings
            ),
            orders=OrderService(self.store, self.writer, self.search, self.clock),
            drafts=drafts,
            notes=NoteService(
                self.store, self.writer, self.outbox, self.search, "Maison de santé du Port"
            ),
            work_lists=WorkListService(
                reader=self.store,
                search=self.search,
                reviews=reviews,
                drafts=drafts,
                centre=self.centre,
                day=DayService(self.store.settings, self.clock),
                summaries=SummariesDue(self.store, self.clock, ACTOR),
                orders=OrderService(self.store, self.writer, self.search, self.clock),
                notes=NoteService(
                    self.store, self.writer, self.outbox, self.search, "Maison de santé du Port"
                ),
            ),
            templates=TemplateService(self.store.settings, TERMS),
        )
        values = dict(
            services=services,
            lanes=self.lanes,
            changes=self.changes,
            clock=self.clock,
            terms=TERMS,
            settings=self.store.settings,
            sync=self.sync,
            browser=self.browser,
            open_page=self.open_page,
            printing=self.printing,
            person="Dr Claire FONTAINE",
            place="Maison de santé du Port",
            device_name="Cabinet 2",
            lease=self.centre.status().lease,
        )
        return SessionContext(**{**values, **changes})

    def open_page(self, address):
        """The person signs in there at once, unless the listener hears something else."""
        asked = dict(parse_qsl(urlsplit(address).query))
        self.opened.append(asked)
        self.listener.answer = (
            self.listener.answer or f"/signed-in?code=c0de&state={asked['state']}"
        )
        return True

    def disagree(self, op_id="mine"):
        """My change of the dose against the one of a colleague."""
        before = a_treatment("m", strength=Decimal(5), strength_unit="mg")
        mine = a_treatment("m", strength=Decimal(5), strength_unit="mg", posology="le soir")
        theirs = a_treatment("m", strength=Decimal("2.5"), strength_unit="mg", posology="le matin")
        self.store.hold(OWNER, theirs)
        op = Op(
            op_id=op_id,
            owner=OWNER,
            kind="change",
            acting="s",
            at="2026-11-20T18:20:00Z",
            rtype="MedicationStatement",
            id="m",
        )
        self.store.put(op, shows=encoded(mine), saw=encoded(before))
        self.store.judged(op_id, ItemState.CONFLICT)


class OpenGate:
    """A lock page's gate whose phrase is known."""

    def __init__(self, clock, lease=None):
        self.clock, self.lease = clock, lease
        self.tried = []
        self.error = None
        self.entered = False

    def facts(self):
        return LockFacts(
            lease=self.lease,
            reason=Lock.ASKED,
            person="Dr Claire FONTAINE",
            device_name="Cabinet 2",
            practice="Maison de santé du Port",
            pending=3,
            connection=Connection(link=Link.OFFLINE, since=self.clock.now()),
            lease_until=self.clock.now() + timedelta(days=7),
        )

    def unlock(self, phrase):
        self.tried.append(phrase)
        if self.error is not None:
            raise self.error

    def unlock_in_continuity(self, phrase):
        self.entered = True
        self.unlock(phrase)

    def unlock_with_code(self, code):
        self.unlock(code)

    def own_words(self):
        return frozenset({"FONTAINE"})

    def choose_phrase(self, phrase):
        self.unlock(phrase)

    def keep_phrase(self):
        self.unlock("")

    def forget(self):
        self.tried.clear()
