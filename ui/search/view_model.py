"""The palette: answers as one types, a list that stands still before Enter is taken (HZ-01).

300 ms after the last answer the list is `settled`: from then on it does not change until the next key,
and Enter opens what is under the bar, never what has just slid there.
"""

from collections.abc import Callable

from msgspec import structs
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.search import Action, Found, SearchService
from ui.errors import error_sentence
from ui.search.presenter import palette_state
from ui.search.state import PaletteState
from ui.speaking import Speaking

SETTLE_MS = 300
SHOWN = 5


class PaletteVm(QObject):
    """Intents: begin, type, stop."""

    changed = Signal()

    def __init__(
        self,
        *,
        search: SearchService,
        lanes: Lanes,
        speak: Callable[[], Speaking],
        actions: tuple[Action, ...],
        shortcuts: dict[str, str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._search, self._lanes, self._speak = search, lanes, speak
        self._actions, self._shortcuts = actions, shortcuts
        self._owner: int | None = None
        self._open_record = ""
        self._state = PaletteState()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._settle)

    @property
    def state(self) -> PaletteState:
        return self._state

    def begin(self, owner: int | None, open_record: str) -> None:
        """Open empty, over the record of `owner` if one is open."""
        self._owner, self._open_record = owner, open_record
        self.type("")

    def type(self, words: str) -> None:
        """A key was pressed: the list may move again."""
        self._timer.stop()
        self._state = structs.replace(self._state, words=words, settled=False)
        search, owner, actions = self._search, self._owner, self._actions
        self._lanes.read(
            lambda: search.find(words, open_owner=owner, actions=actions, shown=SHOWN),
            self._found,
            self._failed,
            key="search.palette",
        )

    def stop(self) -> None:
        """Closed: nothing of the answers stays in memory."""
        self._timer.stop()
        self._owner, self._open_record = None, ""
        self._state = PaletteState()
        self.changed.emit()

    def _found(self, found: Found) -> None:
        if found.words != self._state.words:
            return
        self._state = palette_state(
            found, self._speak(), open_record=self._open_record, shortcuts=self._shortcuts
        )
        self._timer.start()
        self.changed.emit()

    def _failed(self, error: DossierError) -> None:
        sentence = error_sentence(self._speak().texts, error)
        self._state = structs.replace(self._state, rows=(), answers="", sentence=sentence)
        self.changed.emit()

    @Slot()
    def _settle(self) -> None:
        self._state = structs.replace(self._state, settled=True)
        self.changed.emit()
