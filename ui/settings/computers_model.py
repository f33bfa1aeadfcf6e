"""The list of one's own computers, asked when it is shown, and the end of one of them or of what is open on it."""

from collections.abc import Callable
from enum import Enum

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from dossier.clock import from_wire
from dossier.errors import DossierError, Refused
from dossier.wire.sessions import AlarmLine, DeviceLine, DevicesReply, ProveRequest
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.computers import ComputerService
from ui.errors import error_sentence
from ui.speaking import Speaking

_Asked = Callable[[str, ProveRequest | None], DevicesReply]


class Act(Enum):
    """What may be asked of a computer."""

    REMOVE = "remove"
    SIGN_OUT = "sign_out"


class ComputerLine(Struct, frozen=True, kw_only=True):
    """One computer in words. `mark`: why it cannot be ended from here (it is this one, or ended). `is_open`: a session
    of it lives that can be ended from here.
    """

    device: str
    name: str
    about: str
    mark: str = ""
    is_open: bool = False


class ComputersState(Struct, frozen=True, kw_only=True):
    """`sentence` stands where there is no list: being asked, or why not."""

    lines: tuple[ComputerLine, ...] = ()
    sentence: str = ""
    problem: str = ""
    waiting: bool = False


class ComputersModel(QObject):
    """Intents: refresh, end, sign_out. `proof_asked` when the person must show who they are first."""

    changed = Signal()
    proof_asked = Signal(ComputerLine, Act)
    ended = Signal()
    alarm_told = Signal(AlarmLine)
    """The list says this one: the person may read it."""

    def __init__(
        self,
        *,
        computers: ComputerService,
        lanes: Lanes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._computers, self._lanes, self._speak = computers, lanes, speak
        self._state = ComputersState()

    @property
    def state(self) -> ComputersState:
        return self._state

    @Slot()
    def refresh(self) -> None:
        """Ask the server which they are."""
        if not self._state.lines:
            self._set(ComputersState(sentence=self._speak().texts.tr("One moment…")))
        self._lanes.blobs(self._computers.own, self._told, self._failed, key="computers")

    def ask_to_end(self, device: str) -> None:
        """The first step: a proof, or at once within ten minutes of the last one."""
        line = self._named(device)
        if line is not None and not line.mark:
            self.proof_asked.emit(line, Act.REMOVE)

    def ask_to_sign_out(self, device: str) -> None:
        """The same before its session ends."""
        line = self._named(device)
        if line is not None and line.is_open:
            self.proof_asked.emit(line, Act.SIGN_OUT)

    @property
    def needs_proof(self) -> bool:
        return self._computers.needs_proof

    def end(self, device: str, shown: ProveRequest | None) -> None:
        """Nothing shown is kept here."""
        self._ask(self._computers.end, device, shown)

    def sign_out(self, device: str, shown: ProveRequest | None) -> None:
        """Nothing shown is kept here."""
        self._ask(self._computers.sign_out, device, shown)

    def _ask(self, act: _Asked, device: str, shown: ProveRequest | None) -> None:
        self._set(ComputersState(lines=self._state.lines, waiting=True))
        self._lanes.blobs(lambda: act(device, shown), self._done, self._failed)

    def _named(self, device: str) -> ComputerLine | None:
        return next((one for one in self._state.lines if one.device == device), None)

    def _done(self, told: DevicesReply) -> None:
        self._told(told)
        self.ended.emit()

    def _told(self, told: DevicesReply) -> None:
        lines = tuple(self._line(one) for one in told.devices)
        self._set(ComputersState(lines=lines, problem=self._alarm(told.alarms)))
        if told.alarms:
            self.alarm_told.emit(told.alarms[0])

    def _alarm(self, alarms: tuple[AlarmLine, ...]) -> str:
        """What was noticed last about this account, and what to do; "" for nothing."""
        if not alarms:
            return ""
        speaking, last = self._speak(), alarms[0]
        moment = speaking.formats.moment(from_wire(last.at))
        tr = speaking.texts.tr
        if last.kind == "refresh_reused":
            return tr(
                "{moment}: a copy of one of these computers tried to use your session, which was ended. "
                "Call the operator if you did not restore this computer from a backup.",
                moment=moment,
            )
        if last.kind == "password_replaced":
            return tr(
                "{moment}: your password was replaced, and every session ended. Call the operator if you did not "
                "ask for it.",
                moment=moment,
            )
        return tr(
            "{moment}: {count} records were opened in your name within an hour. Call the operator if it was not you.",
            moment=moment,
            count=speaking.formats.number(last.patients),
        )

    def _failed(self, error: DossierError) -> None:
        words = error_sentence(self._speak().texts, error)
        lines = self._state.lines
        if isinstance(error, Refused) and lines:
            self._set(ComputersState(lines=lines, problem=words))
        else:
            self._set(ComputersState(sentence=words))

    def _line(self, one: DeviceLine) -> ComputerLine:
        speaking = self._speak()
        tr, formats = speaking.texts.tr, speaking.formats
        about = [tr("set up on {day}", day=formats.moment(from_wire(one.enrolled)))]
        if one.seen is not None:
            about.append(tr("last here on {moment}", moment=formats.moment(from_wire(one.seen))))
        if one.sessions and one.revoked is None:
            about.append(
                speaking.texts.trn("{count} open session", "{count} open sessions", one.sessions)
            )
        mark = tr("This computer") if one.here else ""
        if one.revoked is not None:
            mark = tr("Removed on {moment}", moment=formats.moment(from_wire(one.revoked)))
        return ComputerLine(
            device=one.device,
            name=one.name,
            about=" · ".join(about),
            mark=mark,
            is_open=bool(one.sessions) and not mark,
        )

    def _set(self, state: ComputersState) -> None:
        self._state = state
        self.changed.emit()
