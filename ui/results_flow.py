"""Between the results page and its model; the page always shows the patient of the banner (HZ-01)."""

from PySide6.QtCore import QObject, Slot

from ui.navigation import RESULTS, Navigator
from ui.patient.view_model import RecordModel
from ui.results.view import ResultsView
from ui.results.view_model import ResultsModel


class ResultsFlow(QObject):
    def __init__(
        self,
        view: ResultsView,
        results: ResultsModel,
        record: RecordModel,
        navigator: Navigator,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._results = view, results
        self._record, self._navigator = record, navigator
        results.changed.connect(self._show)
        record.changed.connect(self._follow)
        navigator.moved.connect(self._moved)
        view.line_chosen.connect(results.choose)
        view.period_asked.connect(results.in_period)

    @Slot()
    def _show(self) -> None:
        self._view.show_state(self._results.state)

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place == RESULTS:
            self._follow()
            self._view.focus_grid()
        else:
            self._results.leave()

    @Slot()
    def _follow(self) -> None:
        """The open record is another one, or none any more."""
        owner = self._record.state.owner
        if owner is None:
            self._results.leave()
        elif self._navigator.place == RESULTS and owner != self._results.state.owner:
            self._results.open(owner)
