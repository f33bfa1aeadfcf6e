"""The lock page and the first start: what was typed leaves the view-model as soon as it served."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError, KeychainError, Refused
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ActivationReply, EnrolReply
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services import first_start
from practitioner_app.services.first_start import Effect, FirstStart, Step
from practitioner_app.services.session import LockFacts
from ui.errors import error_sentence
from ui.sign_in.phrase_model import PhraseModel
from ui.sign_in.ports import Gate, Installer
from ui.sign_in.presenter import lock_state, start_state
from ui.sign_in.state import LockState, StartState
from ui.speaking import Speaking

if TYPE_CHECKING:
    from practitioner_app.services.sync_centre import CopyRow

TICK_MS = 1000
PROGRESS_MS = 500


class LockModel(QObject):
    """Intents: submit, toggle_recovery. `opened` when the store is open, `recovered` when the recovery code
    was right, `keyring` when it cannot be used.
    """

    changed = Signal()
    opened = Signal()
    recovered = Signal()
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
        self._problem = ""
        self._waiting = False
        self._recovery = False
        self._facts: LockFacts = gate.facts()
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self.refresh)
        self._clock.start()

    @property
    def state(self) -> LockState:
        return lock_state(
            self._facts,
            self._speak(),
            recovery=self._recovery,
            problem=self._problem,
            waiting=self._waiting,
        )

    @Slot()
    def refresh(self) -> None:
        """The hour moves; counts are those of the moment of the lock."""
        self._facts = self._gate.facts()
        self.changed.emit()

    def submit(self, text: str) -> None:
        """Try the phrase (or the code); nothing of it is kept here."""
        if self._waiting or self._facts.wait_s > 0:
            self.refresh()
            return
        self._waiting, self._problem = True, ""
        self.changed.emit()
        gate, lease = self._gate, self._facts.lease
        if self._recovery:
            self._lanes.write(lambda: gate.unlock_with_code(text), self._recovered, self._refused)
        elif lease is not None and lease.narrowed:
            self._lanes.write(
                lambda: gate.unlock_in_continuity(text), self._unlocked, self._refused
            )
        else:
            self._lanes.write(lambda: gate.unlock(text), self._unlocked, self._refused)

    def toggle_recovery(self) -> None:
        self._recovery, self._problem = not self._recovery, ""
        self.changed.emit()

    def stop(self) -> None:
        self._clock.stop()

    def _unlocked(self, _nothing: None) -> None:
        self._waiting = False
        self.stop()
        self.opened.emit()

    def _recovered(self, _nothing: None) -> None:
        self._waiting = False
        self.stop()
        self.recovered.emit()

    def phrase_model(self) -> PhraseModel:
        """What goes on after the recovery code."""
        return PhraseModel(gate=self._gate, lanes=self._lanes, speak=self._speak)

    def _refused(self, error: DossierError) -> None:
        self._waiting = False
        self._facts = self._gate.facts()
        lease = self._facts.lease
        is_offer = isinstance(error, Refused) and lease is not None and lease.narrowed
        self._problem = "" if is_offer else error_sentence(self._speak().texts, error)
        if isinstance(error, KeychainError):
            self.keyring.emit(error)
        self.changed.emit()


class Given(NamedTuple):
    """What stands in the fields before anybody typed."""

    address: str = ""
    device_name: str = ""


NOTHING_GIVEN = Given()


class StartModel(QObject):
    """The six steps. Intents: edit, choose, check, forward, back, use_browser. `finished` when the computer is usable.

    `open_page` shows a page in the person's browser; False where there is none.
    """

    changed = Signal()
    finished = Signal()
    left = Signal()
    """Nobody new after all, before anything was enrolled."""
    keyring = Signal(object)

    def __init__(
        self,
        *,
        installer: Installer,
        lanes: Lanes,
        speak: Callable[[], Speaking],
        open_page: Callable[[str], bool],
        given: Given = NOTHING_GIVEN,
        erased: bool = False,
        shared: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._installer, self._lanes, self._speak = installer, lanes, speak
        self._shared, self._open_page = shared, open_page
        problem = "first_start.erased" if erased else ""
        self._first = FirstStart(
            address=given.address, device_name=given.device_name, problem=problem
        )
        self._error: DossierError | None = None
        self._progress: CopyRow | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(PROGRESS_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def state(self) -> StartState:
        shown = start_state(self._first, self._speak(), error=self._error, progress=self._progress)
        leaves = self._shared and self._first.step is Step.SERVER
        return structs.replace(shown, can_go_back=shown.can_go_back or leaves)

    @property
    def step(self) -> Step:
        return self._first.step

    @property
    def is_awaiting_browser(self) -> bool:
        return self._first.wants is Effect.AWAIT_BROWSER

    def _set(self, state: FirstStart) -> None:
        self._first = state
        self.changed.emit()

    # -- intents --------------------------------------------------------------

    def edit(self, field: str, text: str) -> None:
        first = self._first
        match field:
            case "address":
                self._set(first_start.with_address(first, text))
            case "login":
                self._set(first_start.with_identity(first, text, first.password, first.device_name))
            case "password":
                self._set(first_start.with_identity(first, first.login, text, first.device_name))
            case "proof":
                self._set(first_start.with_proof(first, text))
            case "activation_code":
                self._set(first_start.with_activation_code(first, text))
            case "new_password":
                self._set(first_start.with_new_password(first, text, first.password_again))
            case "password_again":
                self._set(first_start.with_new_password(first, first.password, text))
            case "device_name":
                self._set(first_start.with_identity(first, first.login, first.password, text))
            case "phrase":
                self._set(first_start.with_phrase(first, text, first.phrase_again))
            case "again":
                self._set(first_start.with_phrase(first, first.phrase, text))

    def choose(self, field: str, value: str) -> None:
        if field == "lock_minutes":
            self._set(first_start.with_lock_minutes(self._first, int(value)))
        if field == "situation" and self._first.reply is not None:
            chosen = next(one for one in self._first.reply.situations if one.id == value)
            self._set(first_start.with_situation(self._first, chosen))

    def check(self, on: bool) -> None:  # noqa: FBT001 - the value of a box to tick
        if self._first.step is Step.CHECK:
            self._set(first_start.with_server_confirmed(self._first, confirmed=on))
        else:
            self._set(first_start.with_recovery_kept(self._first, kept=on))

    def toggle_activation(self) -> None:
        """With an activation code, or with login and password."""
        self._error = None
        self._set(first_start.with_activating(self._first, activating=not self._first.activating))

    @Slot()
    def use_browser(self) -> None:
        """Sign in there; once it is awaited, wait no more."""
        self._error = None
        if self.is_awaiting_browser:
            self._installer.give_up_browser()
            return
        self._set(first_start.by_browser(self._first))
        self._effect()

    def forward(self) -> None:
        self._error = None
        self._set(first_start.forward(self._first))
        self._effect()
        if self._first.step is Step.DONE:
            self._timer.stop()
            self.finished.emit()

    def back(self) -> None:
        if self._shared and self._first.step is Step.SERVER:
            self.left.emit()
            return
        self._set(first_start.back(self._first))

    # -- effects --------------------------------------------------------------

    def _effect(self) -> None:
        state, installer = self._first, self._installer
        match state.wants:
            case Effect.ASK_CAPABILITIES:
                self._lanes.write(
                    lambda: installer.capabilities(state), self._answered, self._failed
                )
            case Effect.ASK_ACTIVATION:
                self._lanes.write(
                    lambda: installer.ask_activation(state), self._offered, self._failed
                )
            case Effect.ACTIVATE:
                self._lanes.write(lambda: installer.activate(state), self._activated, self._failed)
            case Effect.ENROL:
                self._lanes.write(lambda: installer.enrol(state), self._enrolled, self._failed)
            case Effect.ASK_PAGE:
                self._lanes.browser(
                    lambda: installer.ask_page(state), self._page_found, self._failed
                )
            case Effect.AWAIT_BROWSER:
                self._lanes.browser(
                    lambda: installer.enrol_by_browser(state), self._enrolled, self._failed
                )
            case Effect.MAKE_PROFILE:
                self._lanes.write(lambda: installer.make_profile(state), self._made, self._failed)
            case Effect.FIRST_COPY:
                self._timer.start()
                self._lanes.write(lambda: installer.first_copy(state), self._usable, self._failed)
            case Effect.NOTHING:
                pass

    def _answered(self, capabilities: Capabilities) -> None:
        self._set(first_start.answered(self._first, capabilities))

    def _offered(self, offer: ActivationReply) -> None:
        self._set(first_start.offered(self._first, offer))

    def _activated(self, _nothing: None) -> None:
        self._set(first_start.activated(self._first))

    def _page_found(self, address: str) -> None:
        if not self._open_page(address):
            self._installer.give_up_browser()
            self._failed(Refused("no_browser"))
            return
        self._set(first_start.page_shown(self._first))
        self._effect()

    def _enrolled(self, reply: EnrolReply) -> None:
        self._set(first_start.enrolled(self._first, reply))

    def _made(self, code: str) -> None:
        self._set(first_start.profile_made(self._first, code))

    def _usable(self, _nothing: None) -> None:
        self._tick()
        self._set(first_start.copy_usable(self._first))

    def _failed(self, error: DossierError) -> None:
        if isinstance(error, Refused) and error.code == "browser_given_up":
            self._set(first_start.gave_up(self._first))
            return
        self._error = error
        self._set(first_start.failed(self._first, error.key))
        if isinstance(error, KeychainError):
            self.keyring.emit(error)

    @Slot()
    def _tick(self) -> None:
        self._progress = self._installer.progress()
        self.changed.emit()
