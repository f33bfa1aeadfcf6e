"""The pages of a signed document beside the timeline: read from memory, turned by the page keys."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.paper.preview import PaperPreview
from ui.theme.look import Look
from ui.theme.tokens import Size
from ui.widgets.card import column, row
from ui.widgets.text import PlainLabel

MOST_PAGES = 40


class ReadingPages(QWidget):
    """A page, where one is, and how to find words."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.preview = PaperPreview(look)
        self.preview.turned.connect(self._tell)
        self._where = PlainLabel(look, size=Size.LABEL, colour="muted")
        keys = look.tr("Ctrl+F finds in the document")
        hint = PlainLabel(look, keys, size=Size.LABEL, colour="muted")
        stack = column()
        stack.addWidget(self.preview, 1)
        stack.addLayout(row(self._where, 1, hint, margins=(16, 4, 16, 8)))
        self.setLayout(stack)
        self.setFocusProxy(self.preview)

    @Slot()
    def _tell(self) -> None:
        place = {"page": self.preview.page + 1, "count": self.preview.count}
        self._where.setText(self._look.tr("Page {page} of {count}", **place))


def pages_of(look: Look, pdf: bytes, title: str) -> QWidget | None:
    """The pages of a file of our own form; None where it cannot be read, or holds more than a signed one does."""
    pages = ReadingPages(look)
    pages.preview.show_pdf(pdf, title)
    if 0 < pages.preview.count <= MOST_PAGES:
        return pages
    pages.preview.clear()
    pages.deleteLater()
    return None
