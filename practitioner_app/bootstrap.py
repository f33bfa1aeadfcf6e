"""The composition root of the desktop: the only place where concrete classes meet. Known by none.

Builds clock, randomness, lanes, profile, window; wires the window's signals; holds the timers of the main
thread (idle lock, clock guard); stops everything in one order.
"""

import logging
import signal
import sys
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, structs
from PySide6.QtCore import QObject, Qt, QTimer, QTimeZone, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from dossier.clock import Clock, SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import DossierError, Refused, SignInNeeded
from dossier.sealing import totp
from dossier.terminology.catalogue import Terminology
from dossier.wire import codec
from practitioner_app import hardening
from practitioner_app.keychain import system_keychain
from practitioner_app.lock_watch import LockWatch
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.purge_watch import PurgeWatch
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.housekeeping import Collector, Shutdown
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import QtMainThread
from practitioner_app.runtime.system_lock import SystemLock
from practitioner_app.seats import Seats
from practitioner_app.services import first_start
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.session import (
    IDLE_MINUTES,
    LeaseState,
    Lock,
)
from practitioner_app.sharing import Sharing
from practitioner_app.surroundings import Surroundings
from practitioner_app.workstation import Workstation
from ui.main_window import MainWindow
from ui.open_page import open_page
from ui.preferences import Preferences, keep_preferences, look_of, read_preferences
from ui.sign_in.view_model import Given, LockModel, StartModel
from ui.speaking import Speaking
from ui.theme.look import Look

if TYPE_CHECKING:
    from practitioner_app.open_session import OpenSession
    from practitioner_app.rehearsal import Stage, TourSecrets
    from practitioner_app.tour_walk import TourWalk
    from sync.transport import RequestsTransport
    from sync.vouching import Vouching
    from ui.tour_host import TourHost

TICK_MS = 1_000
SEEN_EVERY_TICKS = 60
PAINTED_MS = 50
SWITCH_S = 0.001
"""The interpreter changes threads five times as often as usual: the main thread is late by less."""
_log = logging.getLogger("colloque.desktop")
Shows = Callable[[str], bool]
"""Shows a page of this address in a browser; False when it cannot."""


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says. `phrase` comes on standard input, and is used for a demonstration only."""

    profile: Path
    server: str = ""
    ca_file: Path | None = None
    language: str = "fr"
    theme: str = "system"
    scale: int = 100
    device_name: str = ""
    phrase: str = ""
    screenshots: Path | None = None
    tour: "TourSecrets | None" = None


class Enrolment(Struct, frozen=True, kw_only=True):
    """What a script says instead of a person, on standard input."""

    login: str
    password: str
    authenticator: str
    phrase: str
    device_name: str


class Enrolled(Struct, frozen=True, kw_only=True):
    person: str
    recovery_code: str
    without_keyring: bool


class Desktop(QObject):
    """The running program: one window, one person at a time."""

    def __init__(
        self, application: QApplication, options: Options, stage: "Stage | None" = None
    ) -> None:
        super().__init__()
        self._options, self._stage = options, stage
        self._clock: Clock = stage.clock if stage is not None else SystemClock()
        self._main_thread = QtMainThread(self._unexpected, self)
        self._lanes = ThreadLanes(self._main_thread, self._unexpected)
        self._changes = Changes(self._main_thread, self)
        around = _surroundings(options, stage, self._clock, self._lanes, self._changes)
        self.seats = Seats(options.profile, around, system_keychain)
        self._default = self._preferences = Preferences(
            language=options.language, theme=options.theme, scale=options.scale
        )
        self.window = MainWindow(application, self._look())
        self._watch, self._ticks = LockWatch(self._clock), 0
        pages = (self._show_lock, self._show_start)
        self._purge = PurgeWatch(lambda: self.workstation, self._lanes, pages, self._unexpected)
        self._sharing = Sharing(
            self.seats, options.server, self._lanes, self.window, pages, self._unexpected
        )
        self._walk: TourWalk | None = None
        self._collector, self._system_lock = Collector(self), SystemLock(self)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._shutdown = self._stopping()
        self._wire()

    @property
    def workstation(self) -> Workstation:
        """Of whoever is at the computer."""
        return self.seats.present.workstation

    def begin(self) -> None:
        """Show the first page: first start, lock, or (a demonstration's phrase was given) the session."""
        if not self.seats.present.folder.is_enrolled:
            self._show_start()
        else:
            self.seats.present.sit(self._options.server)
            self._show_lock()
            if self._options.phrase and self.workstation.card.demonstration:
                unlock = partial(self.workstation.unlock, self._options.phrase)
                self._lanes.write(unlock, lambda _nothing: self._show_session(), self._told)
        for station in self.seats.owing():
            self._lanes.write(station.pay_receipt, failed=self._unexpected)
        self.window.show()
        self._timer.start()
        self._system_lock.listen()
        self._collector.begin()
        ahead = partial(self._lanes.write, _read_screens, failed=self._unexpected)
        QTimer.singleShot(PAINTED_MS, ahead)

    def _stopping(self) -> Shutdown:
        return Shutdown(
            (
                ("drafts", self.window.keep_drafts),
                ("commands", self._lanes.stop_accepting),
                ("browser", self.seats.give_up_browsers),
                ("timer", self._timer.stop),
                ("session", self.seats.lock_last),
                ("lanes", self._lanes.close),
                ("bridge", self._main_thread.close),
                ("profile", self.seats.release),
                ("collector", self._collector.stop),
            ),
            self._unexpected,
        )

    def _wire(self) -> None:
        window = self.window
        window.lock_asked.connect(self._lock_asked)
        window.lock_wanted.connect(self._lock_wanted)
        window.unlocked.connect(self._show_session)
        window.installed.connect(self._show_session)
        window.acted.connect(self._acted)
        window.preferences_chosen.connect(self._prefer)
        window.closing.connect(self.stop)
        window.keyring_given_up.connect(window.close)
        self._system_lock.locked.connect(self._system_locked)
        self._changes.published.connect(self._lease_moved)

    @Slot(object)
    def _lease_moved(self, change: ChangeSet) -> None:
        if change.about(Topic.LEASE):
            self._lanes.read(self.workstation.lease, self._keep_lease, key="lease")
        self._purge.hear(change)

    @Slot()
    def stop(self) -> None:
        self._shutdown.run()

    def _look(self) -> Look:
        is_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return look_of(self._preferences, _zone(), system="dark" if is_dark else "light")

    def _speaking(self) -> Speaking:
        look = self.window.look
        return Speaking(look.texts, look.formats, self._clock.now(), offline=True)

    def _start_model(self, shows: Shows = open_page, *, erased: bool = False) -> StartModel:
        return StartModel(
            installer=self.seats.present.installation,
            lanes=self._lanes,
            speak=self._speaking,
            open_page=shows,
            given=Given(self._options.server, self._options.device_name),
            erased=erased or self.seats.present.folder.owed_receipt() is not None,
            shared=bool(self.seats.lines()),
        )

    def _lock_model(self) -> LockModel:
        return LockModel(gate=self.workstation, lanes=self._lanes, speak=self._speaking)

    def _show_start(self) -> None:
        self.window.show_start(self._start_model())

    def _show_lock(self) -> None:
        self.window.show_lock(self._lock_model())

    @Slot()
    def _show_session(self) -> None:
        session = self.workstation.session
        if session is None:
            self._show_lock()
            return
        self._lanes.read(
            partial(read_preferences, session.context.settings, self._default),
            self._show_session_as,
        )

    def _show_session_as(self, preferences: Preferences) -> None:
        session = self.workstation.session
        if session is None:
            return
        if preferences != self._preferences:
            self._preferences = preferences
            self.window.wear(self._look())
        self._watch.begin(preferences.lock_minutes)
        self._watch.lease_is(session.context.lease)
        self.window.show_session(session.context, preferences)

    @Slot(Preferences)
    def _prefer(self, chosen: Preferences) -> None:
        session = self.workstation.session
        if session is None:
            return
        self._lanes.write(partial(keep_preferences, session.context.settings, chosen))
        self._show_session_as(chosen)

    def toured(self, folder: Path, ended: Callable[[int], None]) -> None:
        """Walk through every screen once the whole copy is here; `ended` gets the exit code."""
        from practitioner_app.tour_walk import TourWalk  # noqa: PLC0415 - see `_read_screens`

        self._walk = TourWalk(self.workstation, self.window, self._tour_host, folder, ended, _print)
        self._walk.await_copy(self._changes)

    def _tour_host(self, session: "OpenSession") -> "TourHost":
        from ui.tour_host import TourCodes, TourHost  # noqa: PLC0415 - see `_read_screens`

        self._watch.begin(IDLE_MINUTES[1])
        station, secrets = self.workstation, self._options.tour
        troubles = None
        if self._stage is not None and secrets is not None and station.card.demonstration:
            troubles = self._stage.rehearsal(lambda: station.session, station.card.server, secrets)
        return TourHost(
            window=self.window,
            context=session.context,
            zone=_zone(),
            lock=self._lock_model,
            start=partial(self._start_model, _to_nobody),
            present=lambda: station.session.context if station.session is not None else None,
            troubles=troubles,
            phrase=self._options.phrase,
            codes=TourCodes(*secrets.codes) if secrets is not None else TourCodes(),
        )

    @Slot()
    def _acted(self) -> None:
        self._watch.acted()

    @Slot()
    def _lock_wanted(self) -> None:
        """Not while the page that asked is still on the stack of calls: it is destroyed."""
        QTimer.singleShot(0, self, self._show_lock)

    @Slot()
    def _lock_asked(self) -> None:
        self._lock(Lock.ASKED)

    @Slot()
    def _system_locked(self) -> None:
        self._lock(Lock.SYSTEM)

    def _lock(self, reason: Lock) -> None:
        """The screen first, at once; the databases right behind it, on the write lane."""
        if self.window.session is None:
            return
        _log.info("locked %s", reason)
        self._show_lock()
        self._lanes.write(partial(self.workstation.lock, reason), self._locked)

    def _locked(self, _nothing: None) -> None:
        hardening.let_go()
        if self.window.lock_view is not None:
            self._show_lock()

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        watch, session = self._watch, self.workstation.session
        if self.window.phrase_view is not None and watch.is_idle():
            self.workstation.forget()
            self._show_lock()
        if self.window.session is None or session is None:
            watch.tick()
            return
        reason = watch.reason(continuity=session.continuity)
        if reason is not Lock.OPEN:
            self._lock(reason)
            return
        self.window.show_countdown(watch.countdown_s())
        if self._ticks % SEEN_EVERY_TICKS == 0:
            self._lanes.write(self.workstation.seen)
        if self._ticks % SEEN_EVERY_TICKS == 0 or not watch.knows_lease:
            self._lanes.read(self.workstation.lease, self._keep_lease, key="lease")

    def _keep_lease(self, lease: LeaseState | None) -> None:
        self._watch.lease_is(lease)
        session = self.workstation.session
        if session is not None and lease is not None and lease.whole:
            session.continuity = False  # the next end of a lease asks for the phrase again

    def _unexpected(self, error: BaseException) -> None:
        if isinstance(error, DossierError):
            _log.info("not done %s", error.key)
        else:
            hardening.report(error)

    def _told(self, error: DossierError) -> None:
        _log.warning("not opened %s", error.key)
        if self._walk is not None:
            self._walk.give_up()


def _to_nobody(_address: str) -> bool:
    """The browser of a tour: its page is awaited, and nobody acts there."""
    return True


def run(options: Options, argv: list[str]) -> int:
    """The desktop, until its window closes. The profile is released whatever happens."""
    return _with_desktop(options, argv, _shown)


def run_enrolment(options: Options, given: Enrolment, argv: list[str]) -> int:
    """Enrol without a window; one JSON object on the last line."""

    def enrolled(_application: QApplication, desktop: Desktop) -> int:
        _print(codec.encode(enrol(desktop, options, given)).decode())
        return 0

    return _with_desktop(options, argv, enrolled)


def walk(options: Options, argv: list[str]) -> int:
    """Unlock, walk through every screen, save the pictures, leave."""

    def toured(application: QApplication, desktop: Desktop) -> int:
        desktop.toured(options.screenshots or options.profile / "tour", application.exit)
        desktop.begin()
        return application.exec()

    from practitioner_app.rehearsal import Stage  # noqa: PLC0415 - as for `_transport`

    stage = Stage(SystemClock(), SystemEntropy(), options.ca_file)
    return _with_desktop(options, argv, toured, stage)


def _shown(application: QApplication, desktop: Desktop) -> int:
    desktop.begin()
    return application.exec()


def _with_desktop(
    options: Options,
    argv: list[str],
    body: Callable[[QApplication, Desktop], int],
    stage: "Stage | None" = None,
) -> int:
    hardening.harden()
    sys.setswitchinterval(SWITCH_S)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    application = QApplication(argv)
    application.setApplicationName("Colloque")
    application.setStyle("Fusion")
    desktop = Desktop(application, options, stage)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.exit(0))
    try:
        return body(application, desktop)
    except DossierError as error:
        _log.error("cannot start %s %s", error.key, error.detail)
        return 3
    finally:
        desktop.stop()


def enrol(desktop: Desktop, options: Options, given: Enrolment) -> Enrolled:
    """The six steps without a window, for a demonstration server only. Raises DossierError kin."""
    if desktop.seats.present.folder.is_enrolled:
        desktop.seats.another()
    folder, _, installation = desktop.seats.present
    folder.hold()
    try:
        state = first_start.with_address(FirstStart(), options.server)
        state = first_start.answered(state, installation.capabilities(state))
        if not (state.capabilities and state.capabilities.demonstration):
            raise Refused("not_a_demonstration")
        state = first_start.with_identity(state, given.login, given.password, given.device_name)
        seed, step = totp.read_seed(given.authenticator), totp.step_of(SystemClock().now())
        state = first_start.with_proof(state, totp.code_at(seed, step))
        try:
            told = installation.enrol(state)
        except SignInNeeded:  # an enrolment stopped just now may have used this code up
            state = first_start.with_proof(state, totp.code_at(seed, step + 1))
            told = installation.enrol(state)
        state = first_start.enrolled(state, told)
        reply = state.reply
        if state.situation is None and reply is not None and reply.situations:
            state = first_start.with_situation(state, reply.situations[0])
        code = installation.make_profile(structs.replace(state, phrase=given.phrase))
        desktop.workstation.lock(Lock.START)
        return Enrolled(
            person=desktop.workstation.card.person,
            recovery_code=code,
            without_keyring=folder.without_keyring,
        )
    finally:
        folder.release()


def _print(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _read_screens() -> None:
    """A session's screens are half of all imports: they are read while a phrase is typed, before any unlocking
    on the same lane.
    """
    import_module("practitioner_app.open_session")
    import_module("ui.session_view")


def _surroundings(
    options: Options, stage: "Stage | None", clock: Clock, lanes: ThreadLanes, changes: Changes
) -> Surroundings:
    by_wire = partial(_transport, clock, options.ca_file)
    return Surroundings(
        clock=clock,
        entropy=SystemEntropy(),
        lanes=lanes,
        changes=changes,
        terms=Terminology.load(),
        transport=stage.transport if stage is not None else by_wire,
    )


def _transport(
    clock: Clock, ca_file: Path | None, server: str, vouching: "Vouching | None" = None
) -> "RequestsTransport":
    """Its library is a fifth of all imports: the first page does not wait for it."""
    from sync.transport import RequestsTransport  # noqa: PLC0415 - see above

    return RequestsTransport(server, clock, vouching=vouching, ca_file=ca_file)


def _zone() -> tzinfo:
    """The computer's zone; UTC where it is unknown."""
    name = bytes(QTimeZone.systemTimeZoneId().data()).decode()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        return UTC
