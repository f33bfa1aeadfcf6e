"""The tour: every screen of the real application as a picture, light and dark, French and English.

First a colleague and we write apart (`ui.tour_trouble`): nothing is drawn from invented states. Driven by
the event loop: a scene asks for something, the next step waits until it is there, then the window is
grabbed. What did not come before its deadline, and what the practice did not let it show, is in the report.
"""

import logging
from collections.abc import Generator, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from practitioner_app.services.rows import TimelineItem
from practitioner_app.services.search import SearchService
from ui import tour_acts, tour_results, tour_start, tour_trouble, tour_writing
from ui.i18n import LANGUAGES
from ui.navigation import SETTINGS
from ui.patient.state import Ref
from ui.preferences import Preferences, look_of
from ui.session_view import SessionView
from ui.settings.computers_view import RemoveDialog
from ui.tour_host import FIRST, LARGE, TourHost, TourReport, Wait
from ui.widgets.confirm import Confirm

STEP_MS = 60
DEADLINE_STEPS = 400
"""Of a screen on a laden machine: 24 seconds. Acts and sign-in wait longer (`ui.tour_trouble.LONG_STEPS`)."""
SETTLE_STEPS = 3
_log = logging.getLogger("colloque.tour")


class Tour(QObject):
    """`begin` returns at once; `finished` carries a TourReport."""

    finished = Signal(object)

    def __init__(
        self, host: TourHost, folder: Path, *, step_ms: int = STEP_MS, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.host, self._folder = host, folder
        self.owner: int | None = None
        self._others: tuple[int, ...] = ()
        self.prefix = ""
        self._count = 0
        self._waited = 0
        self._late: list[str] = []
        self._lacking: list[str] = []
        self._wait: Wait = _now
        self._what, self._deadline = "", DEADLINE_STEPS
        self._scenes = self._everything()
        self._timer = QTimer(self)
        self._timer.setInterval(step_ms)
        self._timer.timeout.connect(self._step)

    def begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        search: SearchService = self.host.context.services.search
        words = self.host.words
        self.host.context.lanes.read(
            lambda: (*search.patients(words, 5), *search.patients("", 40)), self._found
        )

    def _found(self, hits: object) -> None:
        if isinstance(hits, tuple) and hits:
            self.owner = hits[0].owner
            self._others = tuple(hit.owner for hit in hits if hit.owner != self.owner)
        self._timer.start()

    @Slot()
    def _step(self) -> None:
        self._waited += 1
        if not self._wait():
            if self._waited < self._deadline:
                return
            self._late.append(f"{self.prefix}, {self._what or 'a screen'}")
            _log.info("late: %s", self._late[-1])
        self._waited, self._what, self._deadline = 0, "", DEADLINE_STEPS
        try:
            self._wait = next(self._scenes)
        except StopIteration:
            self._timer.stop()
            self.finished.emit(
                TourReport(
                    pictures=self._count, late=tuple(self._late), lacking=tuple(self._lacking)
                )
            )

    def settled(self) -> bool:
        return self._waited >= SETTLE_STEPS

    def awaits(
        self, what: str, is_there: Wait, *, steps: int = DEADLINE_STEPS
    ) -> Generator[Wait, None, bool]:
        """Wait for it by its name; False when it did not come within so many steps."""
        self._what, self._deadline = what, steps
        yield is_there
        return is_there()

    def lacks(self, what: str) -> None:
        """Something the practice or the day did not let it show."""
        self._lacking.append(f"{self.prefix}, {what}")

    def shot(self, name: str) -> None:
        self._save(name, self.host.window)

    def _save(self, name: str, shown: QWidget) -> None:
        shown.grab().save(str(self._folder / f"{self.prefix}_{name}.png"))
        self._count += 1

    # -- scenes ---------------------------------------------------------------

    def _everything(self) -> Iterator[Wait]:
        self.prefix = FIRST
        yield from self.dressed(Preferences(theme="light"), LARGE)
        yield from tour_trouble.apart(self, self._others)
        for language in LANGUAGES:
            yield from self._in_language(language)
        yield from self._outside()

    def _in_language(self, language: str) -> Iterator[Wait]:
        """What is done in a day, light and dark."""
        for theme in ("light", "dark"):
            self.prefix = f"{language}_{theme}"
            yield from self.dressed(Preferences(language=language, theme=theme), LARGE)
            yield from self._session_scenes()

    def _outside(self) -> Iterator[Wait]:
        """The first start, trouble, the other sizes, the lock and what follows it."""
        yield from tour_start.first_start(self)
        yield from self.dressed(Preferences(theme="light"), LARGE)
        yield from tour_trouble.unsent(self)
        yield from tour_writing.in_sizes(self)
        yield from tour_results.in_sizes(self)
        yield from tour_trouble.distrusted(self)
        yield from tour_start.locked(self)
        yield from self.dressed(Preferences(theme="light"), LARGE)
        yield from tour_trouble.after_the_lease(self)
        yield from tour_trouble.new_phrase(self)

    def dressed(self, wanted: Preferences, size: tuple[int, int]) -> Iterator[Wait]:
        host = self.host
        host.window.wear(look_of(wanted, host.zone, system="light"))
        host.window.resize(*size)
        host.window.show_session(host.now(), wanted)
        view = self.view()
        yield from self.awaits("the status bar", lambda: view.models.status.status is not None)
        yield self.settled

    def view(self) -> SessionView:
        view = self.host.window.session
        assert view is not None
        return view

    def _session_scenes(self) -> Iterator[Wait]:
        view = self.view()
        self.shot("start_of_day")
        view.overlay_flow.open_palette()
        view.palette_view.edit.setText(self.host.words[:5])
        view.models.palette.type(self.host.words[:5])
        yield from self.awaits("the palette", lambda: view.models.palette.state.settled)
        yield self.settled
        self.shot("find_a_patient")
        view.overlay_flow.close()
        yield from tour_results.to_sign(self)
        yield from tour_results.tasks(self)
        yield from self._record_scenes(view)
        yield from tour_results.by_days(self)
        yield from self._form_scenes(view)
        yield from tour_writing.scenes(self)
        view.overlay_flow.open_palette()
        view.palette_view.edit.setText("a")
        view.models.palette.type("a")
        yield from self.awaits("the palette", lambda: view.models.palette.state.settled)
        yield self.settled
        self.shot("palette_over_record")
        view.overlay_flow.close()
        view.overlay_flow.open_sheet()
        yield self.settled
        self.shot("keys")
        view.overlay_flow.close()
        yield from self._settings_scenes(view)

    def _settings_scenes(self, view: SessionView) -> Iterator[Wait]:
        computers = view.models.computers
        view.navigator.go(SETTINGS)
        yield from self.awaits("the list of computers", lambda: bool(computers.state.lines))
        yield self.settled
        self.shot("settings")
        other = next((line for line in computers.state.lines if not line.mark), None)
        if other is None:
            self.lacks("the question before a computer is removed")
            return
        computers.ask_to_end(other.device)
        yield self.settled
        question = view.findChild(RemoveDialog)
        assert question is not None
        self._save("remove_computer", question)
        question.close()

    def record_scene(self, view: SessionView, name: str) -> Iterator[Wait]:
        """The open record as it is."""
        if self.owner is None:
            self.lacks(name)
            return
        view.record_flow.open(self.owner)
        yield from self.awaits(
            f"{name}: the record", lambda: view.models.record.state.record is not None
        )
        yield self.settled
        self.shot(name)

    def _record_scenes(self, view: SessionView) -> Iterator[Wait]:
        yield from self.record_scene(view, "record")
        record = view.models.record.record
        if record is None:
            return
        rows = record.timeline.rows
        reports = [item for item in rows if item.kind == "laboratory" and item.facts]
        report = max(reports[:20], key=lambda item: len(item.facts), default=None)
        if report is None:
            self.lacks("results")
        else:
            self._select(view, report)
            yield self.settled
            self.shot("results")
        letter = next((item for item in rows if item.kind in {"letter", "document"}), None)
        if letter is None:
            self.lacks("document")
        else:
            self._select(view, letter)
            yield self.settled
            self.shot("document")
        if not record.allergies.rows:
            self.lacks("allergy")
        else:
            allergy = record.allergies.rows[0]
            view.models.record.choose(Ref(allergy.rtype, allergy.id))
            yield self.settled
            self.shot("allergy")

    def _select(self, view: SessionView, item: TimelineItem) -> None:
        column = view.record_view.timeline
        column.select(column.model.place_of(f"{item.rtype}/{item.id}"))

    def _form_scenes(self, view: SessionView) -> Iterator[Wait]:
        if view.models.record.record is None:
            return
        for kind in ("allergies", "problems", "treatments"):
            view.record_flow.add(kind)
            yield self.settled
            self.shot(f"add_{kind}")
            view.models.forms.drop()
            view.record_view.show_detail(view.models.record.state.detail)
        if self.prefix == FIRST:
            yield from tour_acts.scenes(self, view)

    def centre_scene(self, view: SessionView) -> Iterator[Wait]:
        view.navigator.go("sync")
        yield from self.awaits("the sending screen", lambda: view.models.centre.state is not None)
        yield self.settled
        self.shot("sending")
        state = view.models.centre.state
        if state is not None and state.refused:
            view.sync_flow.withdraw(state.refused[0].op_id)
            yield self.settled
            question = view.findChild(Confirm)
            assert question is not None
            self._save("withdraw", question)
            question.close()
        if state is None or not state.conflicts:
            self.lacks("two versions")
            return
        view.sync_flow.settle(state.conflicts[0].op_id)
        yield from self.awaits("two versions", lambda: view.models.conflict.state is not None)
        yield self.settled
        self.shot("two_versions")
        view.models.conflict.close()


def _now() -> bool:
    return True


def run_tour(host: TourHost, folder: Path) -> Tour:
    """Begin the tour; keep what is returned until `finished`."""
    tour = Tour(host, folder, parent=host.window)
    tour.begin()
    return tour
