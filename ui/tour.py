"""The tour: every screen of the real application as a picture, light and dark, French and English.

Driven by the event loop: a scene asks for something, the next step waits until it is there (with a
deadline), then the window is grabbed. Nothing is drawn from invented states; what the open practice does
not hold (no disagreement, nothing refused) is skipped and said.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from practitioner_app.services.search import SearchService
from ui.context import SessionContext
from ui.i18n import LANGUAGES
from ui.main_window import MainWindow
from ui.patient.state import Ref
from ui.preferences import Preferences, look_of
from ui.session_view import SessionView
from ui.sign_in.view_model import LockModel, StartModel

STEP_MS = 60
DEADLINE_STEPS = 160
SETTLE_STEPS = 3
LARGE, SMALL = (1600, 1000), (1280, 800)
_log = logging.getLogger("colloque.tour")

Wait = Callable[[], bool]


class TourHost(Struct, frozen=True, kw_only=True):
    """What the tour is given. `words` find the patient whose record is shown; `lock` and `start` make the
    pages outside a session.
    """

    window: MainWindow
    context: SessionContext
    zone: tzinfo
    words: str = "martineau"
    lock: Callable[[], LockModel] | None = None
    start: Callable[[], StartModel] | None = None


class Tour(QObject):
    """`begin` returns at once; `finished` carries the number of pictures."""

    finished = Signal(int)

    def __init__(
        self, host: TourHost, folder: Path, *, step_ms: int = STEP_MS, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._host, self._folder = host, folder
        self._owner: int | None = None
        self._prefix = ""
        self._count = 0
        self._waited = 0
        self._wait: Wait = _now
        self._scenes = self._everything()
        self._timer = QTimer(self)
        self._timer.setInterval(step_ms)
        self._timer.timeout.connect(self._step)

    def begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        search: SearchService = self._host.context.services.search
        words = self._host.words
        self._host.context.lanes.read(
            lambda: search.patients(words, 5) or search.patients("", 5), self._found
        )

    def _found(self, hits: object) -> None:
        if isinstance(hits, tuple) and hits:
            self._owner = hits[0].owner
        self._timer.start()

    @Slot()
    def _step(self) -> None:
        self._waited += 1
        if not self._wait() and self._waited < DEADLINE_STEPS:
            return
        if self._waited >= DEADLINE_STEPS:
            _log.warning("a screen was late: %s", self._prefix)
        self._waited = 0
        try:
            self._wait = next(self._scenes)
        except StopIteration:
            self._timer.stop()
            self.finished.emit(self._count)

    def _settled(self) -> bool:
        return self._waited >= SETTLE_STEPS

    def _shot(self, name: str) -> None:
        path = self._folder / f"{self._prefix}_{name}.png"
        self._host.window.grab().save(str(path))
        self._count += 1

    # -- scenes ---------------------------------------------------------------

    def _everything(self) -> Iterator[Wait]:
        for language in LANGUAGES:
            for theme in ("light", "dark"):
                self._prefix = f"{language}_{theme}"
                wanted = Preferences(language=language, theme=theme)
                yield from self._dressed(wanted, LARGE)
                yield from self._session_scenes()
        for name, scale, size in (("small", 100, SMALL), ("large_text", 150, LARGE)):
            self._prefix = f"fr_light_{name}"
            yield from self._dressed(Preferences(theme="light", scale=scale), size)
            yield from self._record_scenes(self._view())
            yield from self._centre_scene(self._view())
        for theme in ("light", "dark"):
            self._prefix = f"fr_{theme}"
            yield from self._outside(theme)

    def _dressed(self, wanted: Preferences, size: tuple[int, int]) -> Iterator[Wait]:
        host = self._host
        host.window.wear(look_of(wanted, host.zone, system="light"))
        host.window.resize(*size)
        host.window.show_session(host.context, wanted)
        view = self._view()
        yield lambda: view.models.status.status is not None
        yield self._settled

    def _view(self) -> SessionView:
        view = self._host.window.session
        assert view is not None
        return view

    def _session_scenes(self) -> Iterator[Wait]:
        view = self._view()
        self._shot("start_of_day")
        view.overlay_flow.open_palette()
        view.palette_view.edit.setText(self._host.words[:5])
        view.models.palette.type(self._host.words[:5])
        yield lambda: view.models.palette.state.settled
        yield self._settled
        self._shot("find_a_patient")
        view.overlay_flow.close()
        yield from self._record_scenes(view)
        yield from self._form_scenes(view)
        view.overlay_flow.open_palette()
        view.palette_view.edit.setText("a")
        view.models.palette.type("a")
        yield lambda: view.models.palette.state.settled
        yield self._settled
        self._shot("palette_over_record")
        view.overlay_flow.close()
        view.overlay_flow.open_sheet()
        yield self._settled
        self._shot("keys")
        view.overlay_flow.close()
        yield from self._centre_scene(view)
        view.navigator.go("settings")
        yield self._settled
        self._shot("settings")

    def _record_scenes(self, view: SessionView) -> Iterator[Wait]:
        if self._owner is None:
            return
        view.record_flow.open(self._owner)
        yield lambda: view.models.record.state.record is not None
        yield self._settled
        self._shot("record")
        record = view.models.record.record
        if record is None:
            return
        rows = record.timeline.rows
        reports = [item for item in rows if item.kind == "laboratory" and item.facts]
        report = max(reports[:20], key=lambda item: len(item.facts), default=None)
        if report is not None:
            view.models.record.choose(Ref(report.rtype, report.id))
            yield self._settled
            self._shot("results")
        letter = next((item for item in rows if item.kind in {"letter", "document"}), None)
        if letter is not None:
            view.models.record.choose(Ref(letter.rtype, letter.id))
            yield self._settled
            self._shot("document")
        if record.allergies.rows:
            allergy = record.allergies.rows[0]
            view.models.record.choose(Ref(allergy.rtype, allergy.id))
            yield self._settled
            self._shot("allergy")

    def _form_scenes(self, view: SessionView) -> Iterator[Wait]:
        if view.models.record.record is None:
            return
        for kind in ("allergies", "problems", "treatments"):
            view.record_flow.add(kind)
            yield self._settled
            self._shot(f"add_{kind}")
            view.models.forms.drop()
            view.record_view.show_panel(None)

    def _centre_scene(self, view: SessionView) -> Iterator[Wait]:
        view.navigator.go("sync")
        yield lambda: view.models.centre.state is not None
        yield self._settled
        self._shot("sending")
        state = view.models.centre.state
        if state is None or not state.conflicts:
            _log.info("no disagreement to show")
            return
        view.sync_flow.settle(state.conflicts[0].op_id)
        yield lambda: view.models.conflict.state is not None
        yield self._settled
        self._shot("two_versions")
        view.models.conflict.close()

    def _outside(self, theme: str) -> Iterator[Wait]:
        host = self._host
        host.window.resize(*LARGE)
        host.window.wear(look_of(Preferences(theme=theme), host.zone, system="light"))
        if host.lock is not None:
            host.window.show_lock(host.lock())
            yield self._settled
            self._shot("lock")
        if host.start is not None:
            host.window.show_start(host.start())
            yield self._settled
            self._shot("first_start")


def _now() -> bool:
    return True


def run_tour(host: TourHost, folder: Path) -> Tour:
    """Begin the tour; keep what is returned until `finished`."""
    tour = Tour(host, folder, parent=host.window)
    tour.begin()
    return tour
