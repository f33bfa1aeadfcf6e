"""The page as it will be printed and filed: the very bytes, read from memory, never from a file.

Paper stays white in the dark theme. Pages are drawn by threads of the PDF library; the main thread only
shows what is ready. A screen reader is given the text of the page.
"""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtPdf import QPdfDocument, QPdfDocumentRenderOptions, QPdfPageRenderer
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Card, row
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel

_MARGIN = 12
_STEP, _LARGEST = 1.25, 4.0


class PaperPreview(QAbstractScrollArea):
    """One page at a time. Page keys turn it, + and - make it larger, 0 makes it fit again."""

    spoken_role = Role.Document

    turned = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._title = ""
        self._page, self._zoom, self._asked = 0, 1.0, 0
        self._image: QImage | None = None
        self._buffer: QBuffer | None = None
        self._document = QPdfDocument(self)
        self._renderer = QPdfPageRenderer(self)
        self._renderer.setRenderMode(QPdfPageRenderer.RenderMode.MultiThreaded)
        self._renderer.setDocument(self._document)
        self._renderer.pageRendered.connect(self._rendered)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clear()

    @property
    def count(self) -> int:
        """Pages; 0 when nothing is shown or the file cannot be read."""
        return self._document.pageCount() if self._buffer is not None else 0

    @property
    def page(self) -> int:
        """The page in sight, from 0."""
        return self._page

    @property
    def ready(self) -> bool:
        """Whether the page in sight is painted as it now should be."""
        return self._image is not None

    def show_pdf(self, pdf: bytes, title: str) -> None:
        """Show a document; the page in sight stays where the new one has it."""
        page = self._page
        self.clear()
        buffer = QBuffer(self)
        buffer.setData(QByteArray(pdf))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._document.load(buffer)
        self._buffer, self._title = buffer, title
        self._go(min(page, max(0, self.count - 1)))

    def clear(self) -> None:
        """Nothing of a document stays."""
        self._document.close()
        if self._buffer is not None:
            self._buffer.close()
            self._buffer.deleteLater()
        self._buffer, self._image, self._title, self._page = None, None, "", 0
        self._speak()
        self.viewport().update()

    def page_text(self) -> str:
        """The words of the page in sight, as the file says them."""
        return self._document.getAllText(self._page).text() if self.count else ""

    # -- moving ---------------------------------------------------------------

    def turn(self, step: int) -> None:
        """The next page, the previous page."""
        page = self._page + step
        if 0 <= page < self.count:
            self._go(page)
            self.verticalScrollBar().setValue(0)

    def magnify(self, factor: float) -> None:
        """Larger or smaller; never smaller than the whole page."""
        self._zoom = min(_LARGEST, max(1.0, self._zoom * factor))
        self._ask()

    def fit(self) -> None:
        self._zoom = 1.0
        self._ask()

    def _go(self, page: int) -> None:
        self._page = page
        self._speak()
        self._ask()
        self.turned.emit()

    def _speak(self) -> None:
        """What a screen reader says of it."""
        tr = self._look.tr
        name = tr("Preview")
        if self.count:
            name = tr(
                "Preview: {title}, page {page} of {count}",
                title=self._title,
                page=self._page + 1,
                count=self.count,
            )
        self.setAccessibleName(name)
        self.setAccessibleDescription(self.page_text())

    # -- painting -------------------------------------------------------------

    def _paper(self) -> QSize:
        """The size of the page on the screen, in its own pixels."""
        points = self._document.pagePointSize(self._page)
        room = self.maximumViewportSize() - QSize(2 * _MARGIN, 2 * _MARGIN)
        if points.isEmpty() or room.width() < 1 or room.height() < 1:
            return QSize()
        scale = min(room.width() / points.width(), room.height() / points.height()) * self._zoom
        return QSize(round(points.width() * scale), round(points.height() * scale))

    def _ask(self) -> None:
        """Ask for the page at the present size; what is shown meanwhile is the last one, stretched."""
        size = self._paper()
        if not self.count or size.isEmpty():
            return
        sheet, view = size + QSize(2 * _MARGIN, 2 * _MARGIN), self.maximumViewportSize()
        if sheet.width() > view.width() or sheet.height() > view.height():
            view = self.viewport().size()
        for bar, long, seen in (
            (self.horizontalScrollBar(), sheet.width(), view.width()),
            (self.verticalScrollBar(), sheet.height(), view.height()),
        ):
            bar.setPageStep(seen)
            bar.setRange(0, max(0, long - seen))
        self._image = None
        pixels = size * self.devicePixelRatioF()
        self._asked = self._renderer.requestPage(self._page, pixels, QPdfDocumentRenderOptions())
        self.viewport().update()

    @Slot(int, QSize, QImage, QPdfDocumentRenderOptions, "qulonglong")
    def _rendered(
        self, _page: int, _size: QSize, image: QImage, _options: object, request: int
    ) -> None:
        if request != self._asked or self._buffer is None:
            return
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self._image = image
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ask()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        look, view = self._look, self.viewport().size()
        painter.fillRect(self.viewport().rect(), look.colour("alt"))
        size = self._paper()
        if self.count and not size.isEmpty():
            left = max(_MARGIN, (view.width() - size.width()) // 2)
            top = max(_MARGIN, (view.height() - size.height()) // 2)
            scrolled = QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
            place = QRect(QPoint(left, top) - scrolled, size)
            painter.fillRect(place, QColor(look.tokens.paper))
            painter.setPen(QPen(look.colour("line"), 1))
            painter.drawRect(place.adjusted(-1, -1, 0, 0))
            if self._image is not None:
                painter.drawImage(place.topLeft(), self._image)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in {Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}:
            self.turn(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.magnify(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.magnify(1 / _STEP)
        elif key in {Qt.Key.Key_0, Qt.Key.Key_Agrave}:
            self.fit()
        else:
            super().keyPressEvent(event)


class PaperCard(Card):
    """A preview with its title and where one is in the pages."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, pad=1, parent=parent)
        self.preview = PaperPreview(look)
        self.preview.turned.connect(self._tell)
        self._where = PlainLabel(look, size=Size.LABEL, colour="muted")
        head = row(PlainLabel(look, title, weight=Weight.BOLD), 1, self._where)
        head.setContentsMargins(12, 9, 12, 9)
        self.body.addLayout(head)
        self.body.addWidget(self.preview, 1)

    def show_pdf(self, pdf: bytes, title: str) -> None:
        self.preview.show_pdf(pdf, title)

    def clear(self) -> None:
        self.preview.clear()
        self._where.setText("")

    @Slot()
    def _tell(self) -> None:
        words = self._look.tr(
            "A4, page {page} of {count}", page=self.preview.page + 1, count=self.preview.count
        )
        self._where.setText(words if self.preview.count else "")
