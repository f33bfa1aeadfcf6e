"""A new phrase after the recovery code: what was typed leaves the model as soon as it served."""

from collections.abc import Callable

from msgspec import structs
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError, KeychainError, Refused
from practitioner_app.runtime.lanes import Lanes
from ui.errors import error_sentence
from ui.sign_in.phrase_presenter import Typed, phrase_state
from ui.sign_in.ports import Gate
from ui.sign_in.presenter import start_reason
from ui.sign_in.state import PhraseState
from ui.speaking import Speaking


class PhraseModel(QObject):
    """Intents: edit, choose, keep, leave. `opened` when the store is open, `shut` when only the lock page
    can go on (nobody wants to, or the lease is over).
    """

    changed = Signal()
    opened = Signal()
    shut = Signal()
    keyring = Signal(object)

    def __init__(
        self,
        *,
        gate: Gate,
        lanes: Lanes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._gate, self._lanes, self._speak = gate, lanes, speak
        self._typed = Typed(own=gate.own_words())
        self._problem = ""
        self._waiting = False

    @property
    def state(self) -> PhraseState:
        texts = self._speak().texts
        why = self._typed.problem
        return phrase_state(
            texts,
            self._typed,
            why_not=start_reason(texts, why) if why else "",
            problem=self._problem,
            waiting=self._waiting,
        )

    def edit(self, field: str, text: str) -> None:
        self._typed = structs.replace(self._typed, **{field: text})
        self._problem = ""
        self.changed.emit()

    @Slot()
    def choose(self) -> None:
        """Seal the copy under what was typed twice, then open it."""
        if self._waiting or self._typed.problem:
            return
        gate, phrase = self._gate, self._typed.phrase
        self._begin(lambda: gate.choose_phrase(phrase))

    @Slot()
    def keep(self) -> None:
        """Open without a new phrase."""
        if not self._waiting:
            self._begin(self._gate.keep_phrase)

    @Slot()
    def leave(self) -> None:
        """Back to the lock page: the code opened nothing."""
        self._typed = Typed(own=self._typed.own)
        self._gate.forget()
        self.shut.emit()

    def _begin(self, act: Callable[[], None]) -> None:
        self._waiting, self._problem = True, ""
        self.changed.emit()
        self._lanes.write(act, self._done, self._failed)

    def _done(self, _nothing: None) -> None:
        self._typed = Typed(own=self._typed.own)
        self.opened.emit()

    def _failed(self, error: DossierError) -> None:
        self._waiting = False
        if isinstance(error, Refused):
            self.leave()
            return
        self._problem = error_sentence(self._speak().texts, error)
        if isinstance(error, KeychainError):
            self.keyring.emit(error)
        self.changed.emit()
