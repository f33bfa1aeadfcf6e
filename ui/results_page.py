"""The results page: what is to be signed at the left, one patient's results at the right, under their banner.

The list speaks of several patients, so the page has no banner of the frame; the right part has its own, and
shows results only of the patient of that banner (HZ-01).
"""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedLayout, QWidget

from ui.results.state import ResultsState
from ui.results.view import ResultsView
from ui.reviews.view import AlertStrip, ReviewsView
from ui.theme.look import Look
from ui.widgets.banner import BannerState, PatientBanner
from ui.widgets.card import Scroll, column, row
from ui.widgets.overlay import EmptyState


class ResultsPage(QWidget):
    """Left the list, right the patient; nothing of a patient without the banner of that patient."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.reviews = ReviewsView(look)
        self.banner = PatientBanner(look)
        self.alert = AlertStrip(look)
        self.results = ResultsView(look)
        patient = QWidget()
        stack = column(8)
        stack.addWidget(self.banner)
        stack.addWidget(self.alert)
        stack.addWidget(Scroll(self.results) if look.roomy else self.results, 1)
        patient.setLayout(stack)
        nobody = EmptyState(
            look, look.tr("No result is chosen"), look.tr("Choose a line, or open a record (F2).")
        )
        line = row(self.reviews, spacing=12, margins=(16, 12, 16, 12))
        self._sides = QStackedLayout()
        line.addLayout(self._sides, 1)
        self.setLayout(line)
        self._sides.addWidget(patient)
        self._sides.addWidget(nobody)
        self._sides.setCurrentIndex(1)

    def minimumSizeHint(self) -> QSize:
        """The window is never made larger for this page: lists scroll, the curve gets what is left."""
        return QSize(0, 0)

    def show_patient(self, banner: BannerState | None, state: ResultsState) -> None:
        """Both of one patient, or neither."""
        same = banner is not None and state.owner == banner.owner
        self.banner.show_state(banner if same else None, compact=True)
        self.results.show_state(state if same else ResultsState())
        self._sides.setCurrentIndex(0 if same else 1)
