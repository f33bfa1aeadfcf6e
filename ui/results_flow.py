"""Between the results page and its models. What stands beside the list is always the open record (HZ-01)."""

from PySide6.QtCore import QObject, QTimer, Slot

from practitioner_app.services.colleagues import Team
from practitioner_app.services.reviews import HandOverResult
from practitioner_app.services.writing import Written
from ui.entry import EntryModel
from ui.navigation import RESULTS
from ui.results_page import ResultsPage
from ui.reviews.hand_over import PATHS, HandOverDialog, command_of, hand_over_form
from ui.reviews.state import OTHERS, SIGNED
from ui.session_flow import SessionSurface

SETTLED_MS = 250
"""How long a line is chosen before its record is opened: stepping over a line opens nothing."""


class ResultsFlow(QObject):
    """The list opens records; the open record shows its results; signing goes on to the next line."""

    def __init__(self, session: SessionSurface, page: ResultsPage) -> None:
        super().__init__(session)
        self._session, self._page = session, page
        self._models = models = session.models
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED_MS)
        self._settled.timeout.connect(self._open_chosen)
        models.results.changed.connect(self._show_patient)
        models.record.changed.connect(self._follow)
        models.reviews.changed.connect(self._show_list)
        models.reviews.signed.connect(self._was_signed)
        models.reviews.refused.connect(self._refused)
        models.reviews.handed.connect(self._was_handed)
        models.reviews.colleagues_told.connect(self._ask_hand_over)
        session.navigator.moved.connect(self._moved)
        page.results.line_chosen.connect(models.results.choose)
        page.results.kind_asked.connect(models.results.show_kind)
        page.results.period_asked.connect(models.results.in_period)
        page.reviews.chosen.connect(self._chosen)
        page.reviews.tab_asked.connect(models.reviews.show_tab)
        page.reviews.sign_asked.connect(self.sign)
        page.reviews.joined.connect(models.reviews.join)
        page.reviews.hand_asked.connect(self.hand_over)
        page.alert.hand_asked.connect(self.hand_over)
        page.reviews.results_wanted.connect(page.results.focus_grid)
        page.alert.acknowledged.connect(self.acknowledge)

    # -- state up -------------------------------------------------------------

    @Slot()
    def _show_patient(self) -> None:
        record = self._models.record.state.record
        self._page.show_patient(record.banner if record else None, self._models.results.state)
        self._show_alert()

    @Slot()
    def _show_list(self) -> None:
        state = self._models.reviews.state
        self._page.reviews.show_state(state)
        self._session.frame.set_badge(RESULTS, state.to_sign)
        self._show_alert()

    def _show_alert(self) -> None:
        """Only above the results of its own patient."""
        state = self._models.reviews.state
        shown = self._shows_chosen() and state.tab != SIGNED
        self._page.alert.show_alert(state.alert if shown else None)

    def _shows_chosen(self) -> bool:
        """Whether what stands beside the list is the chosen line of it: nothing else is ever signed."""
        row, owner = self._models.reviews.state.row, self._models.results.state.owner
        return row is not None and row.owner is not None and row.owner == owner

    # -- intents down ---------------------------------------------------------

    @Slot(str)
    def _moved(self, place: str) -> None:
        self._settled.stop()
        if place != RESULTS:
            self._models.results.leave()
            return
        self._models.reviews.refresh()
        owner = self._models.record.state.owner
        if owner is None:
            self._page.reviews.list.setFocus()
            self._settled.start()
            return
        rows = self._models.reviews.state.rows
        own = next((row for row in rows if row.owner == owner), None)
        if own is not None:
            self._models.reviews.choose(own.key)
        self._models.results.open(owner, own.code if own is not None else "")
        self._page.results.focus_grid()

    @Slot(str)
    def _chosen(self, key: str) -> None:
        self._models.reviews.choose(key)
        if self._session.navigator.place == RESULTS and self._page.reviews.list.hasFocus():
            self._settled.start()

    @Slot()
    def _open_chosen(self) -> None:
        """The record of the chosen line, its results in sight."""
        row, models = self._models.reviews.state.row, self._models
        if row is None or row.owner is None or self._session.navigator.place != RESULTS:
            return
        if models.record.state.owner != row.owner:
            models.forms.drop()
            models.record.open(row.owner)
        models.results.open(row.owner, row.code)

    @Slot()
    def _follow(self) -> None:
        """The open record is another one, or none any more."""
        models, owner = self._models, self._models.record.state.owner
        if owner is None:
            models.results.leave()
        elif self._session.navigator.place == RESULTS and owner != models.results.state.owner:
            models.results.open(owner)
        self._show_patient()

    @Slot(object)
    def _was_signed(self, written: tuple[Written, ...]) -> None:
        """Taken back like any other act; the next line is chosen."""
        texts = self._session.look.texts
        sentence = texts.trn(
            "{count} result signed as read, not sent yet.",
            "{count} results signed as read, not sent yet.",
            len(written),
        )
        if len(written) == 1:
            sentence = texts.tr("Signed as read, not sent yet.")
        self._session.record_flow.done_together(written, sentence)
        self._go_on()

    @Slot(object)
    def _was_handed(self, written: Written) -> None:
        self._session.record_flow.done(written, self._session.look.tr("Handed over, not sent yet."))
        self._go_on()

    def _go_on(self) -> None:
        self._models.reviews.refresh()
        if self._session.navigator.place == RESULTS:
            self._page.reviews.list.setFocus()
            self._settled.start()

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)

    @Slot()
    def sign(self) -> None:
        """Alt+V, on the results page only; a line whose results are not in sight is shown, not signed. Several
        are signed by what their lines say, each within its reference values.
        """
        if (
            self._models.reviews.state.joined and self._session.navigator.place == RESULTS
        ) or self._is_in_sight():
            self._models.reviews.sign()

    @Slot()
    def hand_over(self) -> None:
        """Alt+F: to whom, and why."""
        if self._session.navigator.place == RESULTS:
            self._models.reviews.ask_colleagues()

    @Slot(object)
    def _ask_hand_over(self, team: Team) -> None:
        session, state = self._session, self._models.reviews.state
        row = state.row
        if row is None or row.owner is None or self._session.navigator.place != RESULTS:
            return
        if not team.doctors:
            self._refused(session.look.tr("No colleague of this practice is in the directory."))
            return
        service = self._models.reviews.service
        model: EntryModel[HandOverResult] = EntryModel(
            spec=hand_over_form(session.look.texts, row, team, mine=state.tab != OTHERS),
            owner=row.owner,
            parse=command_of(row, team),
            write=service.hand_over,
            tools=self._models.entry_tools(),
            paths=PATHS,
        )
        model.saved.connect(self._models.reviews.was_handed)
        self.dialog = HandOverDialog(session.look, model, session)
        self.dialog.open()

    @Slot()
    def acknowledge(self) -> None:
        """Alt+Q, likewise."""
        if self._is_in_sight():
            self._models.reviews.acknowledge()

    def _is_in_sight(self) -> bool:
        if self._session.navigator.place != RESULTS:
            return False
        if not self._shows_chosen():
            self._page.reviews.list.setFocus()
            self._open_chosen()
            return False
        return True
