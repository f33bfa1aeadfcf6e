"""Ctrl+P: the signed page of the line in the side panel, to a printer of this computer."""

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QObject, Slot

from dossier.errors import DossierError
from practitioner_app.ports import Printing
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.letters import SignedPage
from ui.errors import error_sentence
from ui.navigation import RECORD
from ui.paper.print_dialog import PrintDialog
from ui.patient.state import Action, DetailState
from ui.session_flow import SessionSurface

_DOCUMENT = "DocumentReference"
JOB = "Colloque"
"""The name of every print job: it is seen by others, and words of a document may name a person."""


class _Ready(Struct, frozen=True):
    page: SignedPage
    printers: tuple[str, ...]


class PrintFlow(QObject):
    """What was signed is printed, the very bytes; what is being written is signed first."""

    def __init__(
        self,
        session: SessionSurface,
        pages: Callable[[int, str], SignedPage],
        printing: Printing,
        lanes: Lanes,
    ) -> None:
        super().__init__(session)
        self._session, self._pages = session, pages
        self._printing, self._lanes = printing, lanes
        self._page: SignedPage | None = None
        self._screens: dict[str, Callable[[], SignedPage | None]] = {}
        self.dialog: PrintDialog | None = None
        session.models.record.changed.connect(self._follow)
        session.record_flow.takers.append(self._take)

    def _take(self, action: Action, _detail: DetailState) -> bool:
        if action is Action.PRINT:
            self.print()
        return action is Action.PRINT

    def bind(self, place: str, page: Callable[[], SignedPage | None]) -> None:
        """A screen that shows a page of its own: what is in sight there is what is printed."""
        self._screens[place] = page

    @Slot()
    def print(self) -> None:
        """The page in sight, or the document that is chosen in the open record."""
        session = self._session
        shown = self._screens.get(session.navigator.place)
        if shown is not None:
            self._print_shown(shown())
            return
        state = session.models.record.state
        detail = state.detail
        ref = detail.ref if detail is not None else None
        if session.navigator.place != RECORD or ref is None or state.owner is None:
            self._tell(session.look.tr("Choose a signed document in the record, then print."))
            return
        if ref.rtype != _DOCUMENT:
            self._tell(session.look.tr("This line has no page of its own to print."))
            return
        owner, rid, pages, printing = state.owner, ref.id, self._pages, self._printing
        self._lanes.blobs(
            lambda: _Ready(pages(owner, rid), printing.printers()),
            self._ready,
            self._failed,
            "print",
        )

    def _print_shown(self, page: SignedPage | None) -> None:
        printing = self._printing
        if page is not None:
            self._lanes.blobs(
                lambda: _Ready(page, printing.printers()), self._ready, self._failed, "print"
            )

    def _ready(self, ready: _Ready) -> None:
        session, tr = self._session, self._session.look.tr
        if ready.page.owner != session.models.record.state.owner:
            return
        if not ready.printers:
            self._tell(tr("No printer is installed on this computer."))
            return
        self._page = ready.page
        self.dialog = PrintDialog(session.look, ready.page.title, ready.printers, session)
        self.dialog.chosen.connect(self._chosen)
        self.dialog.rejected.connect(self._given_up)
        self.dialog.open()

    @Slot(str, int)
    def _chosen(self, printer: str, copies: int) -> None:
        page, self._page, self.dialog = self._page, None, None
        if page is None:
            return
        printing = self._printing
        self._lanes.blobs(
            lambda: printing.print(page.pdf, printer=printer, title=JOB, copies=copies),
            self._printed,
            self._failed,
        )

    def _printed(self, _nothing: None) -> None:
        self._tell(self._session.look.tr("Given to the printer."))

    @Slot()
    def _given_up(self) -> None:
        self._page, self.dialog = None, None

    @Slot()
    def _follow(self) -> None:
        """Another record: the question about a page of the one before goes (HZ-25)."""
        page, dialog = self._page, self.dialog
        owner = self._session.models.record.state.owner
        if page is not None and dialog is not None and page.owner != owner:
            dialog.reject()

    def _failed(self, error: DossierError) -> None:
        self._tell(error_sentence(self._session.look.texts, error))

    def _tell(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)
