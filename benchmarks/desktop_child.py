"""The real desktop in a process of its own, driven by keys and timed at paint. Started by bench_desktop.

`python -m benchmarks.desktop_child start|floor|open|copy PROFILE [SERVER LOGIN]`: prints one JSON object and
closes. `T0` in the environment is the monotonic instant at which the parent started it.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

STARTED_S = float(os.environ.get("T0", "0")) or time.monotonic()

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot  # noqa: E402 - timed from before it
from PySide6.QtGui import QKeyEvent  # noqa: E402 - timed from before it
from PySide6.QtWidgets import QApplication, QLabel, QWidget  # noqa: E402 - timed from before it

BEAT_MS: Final = 5
_PATIENCE_S: Final = float(os.environ.get("PATIENCE", "90"))


class Painted(QObject):
    """Calls back once, right after the paint of a widget, from the moment `when` is true."""

    def __init__(self, seen: QWidget, when: Callable[[], bool], then: Callable[[], None]) -> None:
        super().__init__(seen)
        self._seen, self._when, self._then = seen, when, then
        self._is_done = False
        seen.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - the name Qt calls
        if event.type() == QEvent.Type.Paint and not self._is_done and self._when():
            self._is_done = True
            QTimer.singleShot(0, self._call)
        return False

    @Slot()
    def _call(self) -> None:
        self._seen.removeEventFilter(self)
        self._then()


class Heartbeat(QObject):
    """How late the main thread answers a precise timer, in milliseconds."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.late_ms: list[float] = []
        self._due_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._beat)
        self._arm()

    def take(self) -> list[float]:
        """The beats since the last time."""
        found, self.late_ms = self.late_ms, []
        return found

    def _arm(self) -> None:
        self._due_s = time.perf_counter() + BEAT_MS / 1e3
        self._timer.start(BEAT_MS)

    @Slot()
    def _beat(self) -> None:
        self.late_ms.append(max(0.0, (time.perf_counter() - self._due_s) * 1e3))
        self._arm()


def press(widget: QWidget, text: str, key: Qt.Key = Qt.Key.Key_unknown) -> None:
    """One key, down and up."""
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(widget, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))


def floor() -> int:
    """A bare window with a line of text."""
    application = QApplication([])
    label = QLabel("Colloque")
    label.resize(1600, 1000)
    said: dict[str, float] = {}

    def shown() -> None:
        said["start_ms"] = (time.monotonic() - STARTED_S) * 1e3
        application.quit()

    keep = Painted(label, lambda: True, shown)
    label.show()
    application.exec()
    assert keep
    print(json.dumps(said))
    return 0


class Drive(QObject):
    """Builds the real desktop and runs one plan on it."""

    def __init__(self, profile: Path, server: str = "", login: str = "") -> None:
        super().__init__()
        from practitioner_app import bootstrap, hardening  # noqa: PLC0415 - not in the floor

        hardening.harden()
        sys.setswitchinterval(bootstrap.SWITCH_S)
        self.application = QApplication(["colloque"])
        self.application.setStyle("Fusion")
        phrase = os.environ.get("COLLOQUE_PHRASE", "")
        options = bootstrap.Options(profile=profile, server=server, phrase=phrase if login else "")
        given = bootstrap.Enrolment(
            login=login,
            password=os.environ.get("COLLOQUE_PASSWORD", ""),
            authenticator=os.environ.get("COLLOQUE_AUTHENTICATOR", ""),
            phrase=phrase,
            device_name="bench",
        )
        self.desktop = bootstrap.Desktop(self.application, options)
        self.window = self.desktop.window
        self.said: dict[str, object] = {}
        self._waiting: list[QObject] = []
        self.enrol: Callable[[], object] = lambda: bootstrap.enrol(self.desktop, options, given)

    def run(self, begin: Callable[[], None]) -> int:
        """From the first step of the plan, `begin`, until one of them quits."""
        begin()
        limit = QTimer(self)
        limit.setSingleShot(True)
        limit.timeout.connect(self.application.quit)
        limit.start(int(_PATIENCE_S * 1e3))
        self.application.exec()
        self.desktop.stop()
        print(json.dumps(self.said))
        return 0

    def painted(self, seen: QWidget, when: Callable[[], bool], then: Callable[[], None]) -> None:
        self._waiting.append(Painted(seen, when, then))

    def soon(self, then: Callable[[], None], wait_ms: int = 0) -> None:
        QTimer.singleShot(wait_ms, self, then)

    def quit(self) -> None:
        self.application.quit()


class Start(Drive):
    """Process start to the lock page."""

    def begin(self) -> None:
        self.desktop.begin()
        assert self.window.lock_view is not None
        self.painted(self.window.lock_view, lambda: True, self._shown)

    def _shown(self) -> None:
        self.said["start_ms"] = (time.monotonic() - STARTED_S) * 1e3
        self.quit()


class Open(Drive):
    """Unlock, records, palette, memory, on a profile that holds the panel."""

    def begin(self) -> None:
        self._phrase = os.environ["COLLOQUE_PHRASE"]
        self._kdf_s = 0.0
        self._time_the_kdf()
        self.desktop.begin()
        self.soon(self._unlock, 300)

    def _time_the_kdf(self) -> None:
        folder = self.desktop.workstation._folder  # noqa: SLF001 - the KDF is not in the budget
        opened = folder.open

        def timed(*given: object) -> object:
            begun = time.perf_counter()
            try:
                return opened(*given)  # type: ignore[arg-type]  # the same
            finally:
                self._kdf_s = time.perf_counter() - begun

        folder.open = timed  # type: ignore[method-assign,assignment]  # timing

    def _unlock(self) -> None:
        self._begun_s = time.perf_counter()
        self.window.unlocked.connect(self._unlocked)
        view = self.window.lock_view
        assert view is not None
        view.unlock_asked.emit(self._phrase)

    @Slot()
    def _unlocked(self) -> None:
        self.soon(self._await_session)

    def _await_session(self) -> None:
        session = self.window.session
        if session is None:
            self.soon(self._await_session)
            return
        self.session = session
        self.painted(session.empty, lambda: True, self._first_page)

    def _first_page(self) -> None:
        whole_s = time.perf_counter() - self._begun_s
        self.said["unlock_ms"] = (whole_s - self._kdf_s) * 1e3
        self.said["kdf_ms"] = self._kdf_s * 1e3
        self.soon(self._choose_records, 6_000)

    def _choose_records(self) -> None:
        """After the start's synchronisation: the long record of the cast, and ordinary ones."""
        search = self.session.models.palette._search  # noqa: SLF001 - to know whom to open
        people = search.patients("", 5_000)
        long = next(one.owner for one in search.patients("PETIT Jeanne") if one.family == "PETIT")
        usual = [one.owner for one in people if one.owner != long][-12:]
        self._plan = [("record", owner) for owner in usual]
        self._plan += [
            (kind, owner)
            for _ in range(3)
            for kind, owner in (("long", long), ("between", usual[0]))
        ]
        self._family = [one.family for one in people][:400:7][:12]
        self.said.update(record=[], long=[], between=[], sizes=[])
        self.said["cpu"] = {"record": [], "long": [], "between": [], "palette": [], "words": []}
        self._next_record()

    def _next_record(self) -> None:
        if not self._plan:
            self.said["rss_mb"] = _resident_mb()
            self._begin_palette()
            return
        kind, owner = self._plan.pop(0)
        model, view = self.session.models.record, self.session.record_view
        begun, spent_s = time.perf_counter(), time.process_time()

        def is_here() -> bool:
            record = model.state.record
            return record is not None and record.owner == owner

        def shown() -> None:
            self.said[kind].append((time.perf_counter() - begun) * 1e3)  # type: ignore[attr-defined]
            self.said["cpu"][kind].append((time.process_time() - spent_s) * 1e3)  # type: ignore[index]
            self.said["sizes"].append([kind, view.timeline.model.rowCount()])  # type: ignore[attr-defined]
            self.soon(self._next_record, 400)

        self.painted(view.timeline.list.viewport(), is_here, shown)
        self.session.record_flow.open(owner)

    # -- palette ----------------------------------------------------------------

    def _begin_palette(self) -> None:
        self.said.update(palette=[], words=[], found=[])
        self._typed = [(name[:n], "palette") for name in self._family for n in range(1, 5)]
        pairs = (
            "tension artérielle",
            "diabète type",
            "vaccin grippe",
            "douleur lombaire",
            "bilan sanguin",
            "compte rendu",
            "renouvellement traitement",
            "toux fièvre",
        )
        self._typed += [(pair, "words") for pair in pairs]
        self.session.overlay_flow.run("palette")
        self.soon(self._next_key, 500)

    def _next_key(self) -> None:
        if not self._typed:
            self.quit()
            return
        words, kind = self._typed.pop(0)
        edit, model = self.session.palette_view.edit, self.session.models.palette
        edit.setText(words[:-1])
        begun, spent_s = time.perf_counter(), time.process_time()
        state = {"answered": False}

        def answered() -> None:
            if model.state.words == words:
                state["answered"] = True
                seen.update()

        def shown() -> None:
            model.changed.disconnect(answered)
            self.said[kind].append((time.perf_counter() - begun) * 1e3)  # type: ignore[attr-defined]
            self.said["cpu"][kind].append((time.process_time() - spent_s) * 1e3)  # type: ignore[index]
            self.said["found"].append([words, len(model.state.rows)])  # type: ignore[attr-defined]
            self.soon(self._next_key, 120)

        model.changed.connect(answered)
        seen = self.session.palette_view
        self.painted(seen, lambda: state["answered"], shown)
        press(edit, words[-1])


class Copy(Drive):
    """A first copy in the background of an open window, its heartbeat, then the same at rest."""

    def begin(self) -> None:
        self.enrol()
        self.desktop.begin()
        self._await_session()

    def _await_session(self) -> None:
        if self.window.session is None:
            self.soon(self._await_session, 2)
            return
        self._heart = Heartbeat(self)
        self._begun_s, self._cpu_s = time.perf_counter(), time.process_time()
        place = os.environ.get("PLACE", "")
        if place:
            self.window.session.overlay_flow.run(place)
        self.soon(self._look, 50)

    def _look(self) -> None:
        status = self.window.session.models.status.status if self.window.session else None
        if status is None or not status.complete:
            self.soon(self._look, 50)
            return
        self.said["copy_s"] = time.perf_counter() - self._begun_s
        self.said["copy_cpu_s"] = time.process_time() - self._cpu_s
        self.said["busy"] = self._heart.take()
        self.soon(self._rest, 4_000)

    def _rest(self) -> None:
        self._heart.take()
        self.soon(self._done, 6_000)

    def _done(self) -> None:
        self.said["idle"] = self._heart.take()
        self.said["rss_mb"] = _resident_mb()
        self.quit()


def _resident_mb() -> float:
    from benchmarks.figures import resident_mb  # noqa: PLC0415 - not in the start

    return resident_mb()


def main() -> int:
    plan, *rest = sys.argv[1:]
    if plan == "floor":
        return floor()
    plans: dict[str, type[Start | Open | Copy]] = {"start": Start, "open": Open, "copy": Copy}
    drive = plans[plan](Path(rest[0]), *rest[1:])
    return drive.run(drive.begin)


if __name__ == "__main__":
    sys.exit(main())
