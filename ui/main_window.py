"""The window: first start, lock page, session. Exactly one of them exists at a time.

Locking destroys the session's widgets before the lock page is shown; the title never holds a name
(HZ-25). A new look (language, theme, text size) rebuilds what is on the screen.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from dossier.errors import KeychainError
from ui.focus_order import ReadingWindow
from ui.preferences import Preferences
from ui.sign_in.keyring_view import KeyringDialog
from ui.sign_in.lock_view import CountdownCard, LockView
from ui.sign_in.people_view import PeopleView
from ui.sign_in.phrase_model import PhraseModel
from ui.sign_in.phrase_view import PhraseView
from ui.sign_in.presenter import intended_use, keyring_state
from ui.sign_in.start_view import StartView
from ui.sign_in.state import PersonLine
from ui.sign_in.view_model import LockModel, StartModel
from ui.theme.look import Look
from ui.theme.style import apply_look
from ui.widgets.card import column

if TYPE_CHECKING:
    from ui.context import SessionContext
    from ui.session_view import SessionView

TITLE = "Colloque"
SIZE = (1600, 1000)
SMALLEST = (1024, 640)
ACTS = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)


class MainWindow(ReadingWindow):
    """Emits what the composition root must do; shows what it is given."""

    lock_asked = Signal()
    lock_wanted = Signal()
    """The page of the new phrase was left: the lock page again."""
    unlocked = Signal()
    installed = Signal()
    acted = Signal()
    preferences_chosen = Signal(Preferences)
    people_asked = Signal()
    """The list of those who share this computer."""
    person_chosen = Signal(str)
    another_asked = Signal()
    people_left = Signal()
    """Back to whoever was at the computer, from that list or from the start of another person."""
    closing = Signal()
    keyring_retry = Signal()
    keyring_given_up = Signal()

    def __init__(
        self, application: QApplication, look: Look, parent: QWidget | None = None
    ) -> None:
        super().__init__(application, parent)
        self._application = application
        self._look = look
        self._page: QWidget | None = None
        self._session: SessionView | None = None
        self._dialog: KeyringDialog | None = None
        self._again: Callable[[], None] | None = None
        self.setWindowTitle(TITLE)
        self.setMinimumSize(*SMALLEST)
        self.resize(*SIZE)
        self._stack = column()
        self.setLayout(self._stack)
        self._countdown = CountdownCard(look, self)
        apply_look(application, look)
        application.installEventFilter(self)

    @property
    def session(self) -> "SessionView | None":
        """The session's widgets, None while locked."""
        return self._session

    @property
    def lock_view(self) -> LockView | None:
        return self._page if isinstance(self._page, LockView) else None

    @property
    def phrase_view(self) -> PhraseView | None:
        return self._page if isinstance(self._page, PhraseView) else None

    @property
    def people_view(self) -> PeopleView | None:
        return self._page if isinstance(self._page, PeopleView) else None

    @property
    def lock_model(self) -> LockModel:
        """The model of the lock page shown last."""
        return self._lock_model

    @property
    def start_view(self) -> StartView | None:
        return self._page if isinstance(self._page, StartView) else None

    @property
    def look(self) -> Look:
        return self._look

    def _show_page(self, page: QWidget) -> None:
        self._drop_page()
        self._page = page
        self._stack.addWidget(page)
        page.show()

    def _drop_page(self) -> None:
        """Destroy what is on the screen at once: nothing of it waits for an idle moment."""
        page, self._page = self._page, None
        if page is None:
            return
        self.keep_drafts()
        self._session = None
        if isinstance(page, PhraseView):
            page.clear()
        self._stack.removeWidget(page)
        page.hide()
        page.setParent(None)
        page.deleteLater()
        QApplication.sendPostedEvents(page, QEvent.Type.DeferredDelete.value)

    def show_lock(self, model: LockModel) -> None:
        """The session is closed: no clinical widget, title, tooltip or clipboard is left."""
        self._countdown.hide()
        QGuiApplication.clipboard().clear()
        view = LockView(self._look)
        model.setParent(view)
        self._lock_model = model
        view.unlock_asked.connect(model.submit)
        view.recovery_asked.connect(model.toggle_recovery)
        view.people_asked.connect(self.people_asked)
        model.changed.connect(self._show_lock_state)
        model.opened.connect(self._unlocked)
        model.recovered.connect(self._recovered)
        model.keyring.connect(self._keyring_problem)
        self._show_page(view)
        view.show_state(model.state)
        view.focus_field()

    def show_new_phrase(self, model: PhraseModel) -> None:
        """The recovery code was right: a new phrase, before anything is opened."""
        view = PhraseView(self._look, model.state)
        model.setParent(view)
        self._phrase_model = model
        view.edited.connect(self._phrase_edited)
        view.chosen.connect(model.choose)
        view.kept.connect(model.keep)
        view.left.connect(model.leave)
        model.changed.connect(self._show_phrase_state)
        model.opened.connect(self._unlocked)
        model.shut.connect(self.lock_wanted)
        model.keyring.connect(self._keyring_problem)
        self._show_page(view)

    def show_people(self, lines: tuple[PersonLine, ...]) -> None:
        """Who may take this computer: names only."""
        view = PeopleView(self._look, lines)
        view.chosen.connect(self.person_chosen)
        view.another_asked.connect(self.another_asked)
        view.left.connect(self.people_left)
        self._show_page(view)
        view.focus_present()

    def show_start(self, model: StartModel) -> None:
        view = StartView(self._look, intended_use=intended_use(self._look.texts))
        model.setParent(view)
        self._start_model = model
        view.edited.connect(self._start_edited)
        view.chosen.connect(self._start_chosen)
        view.checked.connect(model.check)
        view.link_asked.connect(model.toggle_activation)
        view.browser_asked.connect(model.use_browser)
        view.forward_asked.connect(model.forward)
        view.back_asked.connect(model.back)
        model.changed.connect(self._show_start_state)
        model.finished.connect(self._installed)
        model.left.connect(self.people_left)
        model.keyring.connect(self._keyring_problem)
        self._show_page(view)
        view.show_state(model.state)

    def show_session(self, context: "SessionContext", preferences: Preferences) -> None:
        """The store is open: build the screens of this session."""
        self.keep_drafts()
        view = _session_view(self._look, context, preferences)
        view.lock_asked.connect(self.lock_asked)
        view.preferences_chosen.connect(self.preferences_chosen)
        self._show_page(view)
        self._session = view

    def keep_drafts(self) -> None:
        """The page goes: what is being typed goes to the write lane."""
        if self.session is not None:
            self.session.models.stop()

    def wear(self, look: Look) -> None:
        """Another look: the caller shows its page again afterwards."""
        self._look = look
        apply_look(self._application, look)
        self._countdown.deleteLater()
        self._countdown = CountdownCard(look, self)

    def show_countdown(self, seconds: int | None) -> None:
        """In the last minute before a lock; None hides it."""
        self._countdown.show_seconds(seconds if self.session is not None else None)

    # -- the keyring ----------------------------------------------------------

    def show_keyring(self, error: KeychainError) -> None:
        """A defined dialogue: nothing is ever done in its place."""
        state = keyring_state(self._look.texts, error)
        self._dialog = KeyringDialog(self._look, state, self)
        self._dialog.retried.connect(self.keyring_retry)
        self._dialog.recovery_asked.connect(self._recovery_asked)
        self._dialog.left.connect(self.keyring_given_up)
        self._dialog.open()

    @Slot(object)
    def _keyring_problem(self, error: KeychainError) -> None:
        self.show_keyring(error)

    @Slot()
    def _recovery_asked(self) -> None:
        """The recovery code needs no keyring: the lock page asks for it."""
        if self.lock_view is not None and not self._lock_model.state.recovery:
            self._lock_model.toggle_recovery()

    # -- slots ----------------------------------------------------------------

    @Slot()
    def _show_lock_state(self) -> None:
        view = self.lock_view
        if view is not None:
            view.show_state(self._lock_model.state)

    @Slot()
    def _recovered(self) -> None:
        self.show_new_phrase(self._lock_model.phrase_model())

    @Slot()
    def _show_phrase_state(self) -> None:
        view = self.phrase_view
        if view is not None:
            view.show_state(self._phrase_model.state)

    @Slot(tuple)
    def _phrase_edited(self, edit: tuple[str, str]) -> None:
        self._phrase_model.edit(*edit)

    @Slot()
    def _show_start_state(self) -> None:
        view = self.start_view
        if view is not None:
            view.show_state(self._start_model.state)

    @Slot(tuple)
    def _start_edited(self, edit: tuple[str, str]) -> None:
        self._start_model.edit(*edit)

    @Slot(tuple)
    def _start_chosen(self, choice: tuple[str, str]) -> None:
        self._start_model.choose(*choice)

    @Slot()
    def _unlocked(self) -> None:
        self.unlocked.emit()

    @Slot()
    def _installed(self) -> None:
        self.installed.emit()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in ACTS:
            self.acted.emit()
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        self._application.removeEventFilter(self)
        self._drop_page()
        self.closing.emit()
        super().closeEvent(event)


def _session_view(look: Look, context: "SessionContext", preferences: Preferences) -> "SessionView":
    """Its screens are read from the disk after the lock page is shown."""
    from ui.session_view import SessionView  # noqa: PLC0415 - see above

    return SessionView(look, context, preferences)
