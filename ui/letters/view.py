"""The page where a letter is written: its form at the left, the very page that is filed at the right."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.paper.preview import PaperCard
from ui.theme.look import Look
from ui.widgets.card import column, row

FORM, PAPER, NARROW = 620, 380, 900


class LetterView(QWidget):
    """Holds whichever form it is given; the preview goes when there is no room for both."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._form: QWidget | None = None
        self._forms = column()
        left = QWidget()
        left.setLayout(self._forms)
        self.paper = PaperCard(look, look.tr("Preview before printing"))
        line = row(spacing=12, margins=(16, 12, 12, 12))
        line.addWidget(left, FORM)
        line.addWidget(self.paper, PAPER)
        self.setLayout(line)

    def minimumSizeHint(self) -> QSize:
        """The window is never made larger for this page: the form scrolls, the preview fits."""
        return QSize(0, 0)

    @property
    def form(self) -> QWidget | None:
        return self._form

    def show_form(self, form: QWidget | None) -> None:
        """Put a form in the left column; None leaves it empty, and the page too."""
        if self._form is not None:
            self._forms.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
        self._form = form
        if form is None:
            self.paper.clear()
            return
        self._forms.addWidget(form)
        form.show()
        form.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.paper.setVisible(self.width() >= self._look.px(NARROW))
