"""Text on the screen, and only text: nothing from data is ever markup.

`PlainLabel` is the one label of the program. `RunLabel` shows runs of different weight and tone on one
flow (a medication line, a name with its caption) and reads to a screen reader as one sentence.
"""

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPalette,
    QShowEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.typography import visible

LINE_GAP = 1.35


class PlainLabel(QLabel):
    """A label whose text is plain whatever it holds.

    `strict` keeps identity traits exactly as received (no typography); control characters that
    reorder text are spelled out in every case.
    """

    def __init__(
        self,
        look: Look,
        text: str = "",
        *,
        size: int = Size.BODY,
        weight: int = Weight.REGULAR,
        colour: str = "text",
        wrap: bool = False,
        strict: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._strict = strict
        super().setTextFormat(Qt.TextFormat.PlainText)
        self.setForegroundRole(QPalette.ColorRole.WindowText)
        self.setFont(look.font(size, weight))
        self.set_colour(colour)
        self.setWordWrap(wrap)
        if text:
            self.setText(text)

    def setText(self, text: str) -> None:
        """Show `text` with the typography of the language, unless strict."""
        super().setText(visible(text) if self._strict else self._look.texts.shown(text))

    def setTextFormat(self, _format: Qt.TextFormat) -> None:
        """Refused: the format is plain for life."""
        raise TypeError("text from data is never markup")

    def set_colour(self, token: str) -> None:
        self._wear(self._look.colour(token))

    def set_ink(self) -> None:
        """The colour of paper's text, the same in both themes."""
        self._wear(self._look.colour("ink"))

    def _wear(self, colour: QColor) -> None:
        self._colour = colour
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, colour)
        self.setPalette(palette)

    def showEvent(self, event: QShowEvent) -> None:
        """A style sheet gives a moved widget its first palette back: wear the present colour."""
        if self.palette().color(QPalette.ColorRole.WindowText) != self._colour:
            self._wear(self._colour)
        super().showEvent(event)


class Run(Struct, frozen=True):
    """A stretch of text of one style. `strict` keeps it as received."""

    text: str
    weight: int = Weight.REGULAR
    colour: str = "text"
    size: int = Size.BODY
    strict: bool = False


def bold(text: str, colour: str = "text", size: int = Size.BODY) -> Run:
    return Run(text, Weight.SEMIBOLD, colour, size)


def quiet(text: str, size: int = Size.LABEL) -> Run:
    return Run(text, Weight.REGULAR, "muted", size)


def layout_of(look: Look, runs: tuple[Run, ...], *, wrap: bool) -> QTextLayout:
    """The runs as one laid-out paragraph, not yet given a width."""
    texts = [visible(r.text) if r.strict else look.texts.shown(r.text) for r in runs]
    layout = QTextLayout("".join(texts), look.font(runs[0].size if runs else Size.BODY))
    option = QTextOption()
    option.setWrapMode(
        QTextOption.WrapMode.WordWrap if wrap else QTextOption.WrapMode.NoWrap,
    )
    layout.setTextOption(option)
    formats, start = [], 0
    for run, text in zip(runs, texts, strict=True):
        shape = QTextCharFormat()
        shape.setFont(look.font(run.size, run.weight))
        shape.setForeground(look.colour(run.colour))
        piece = QTextLayout.FormatRange()
        piece.start, piece.length, piece.format = start, len(text.encode("utf-16-le")) // 2, shape
        formats.append(piece)
        start += piece.length
    layout.setFormats(formats)
    layout.setCacheEnabled(True)
    return layout


def flow(layout: QTextLayout, width: float, leading: float = LINE_GAP) -> float:
    """Break the paragraph at `width`; returns its height."""
    layout.beginLayout()
    y = 0.0
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        gap = max(line.height() * (leading - 1.21), 0.0)
        line.setPosition(QPointF(0.0, y + gap / 2))
        y += line.height() + gap
    layout.endLayout()
    return y


def draw_runs(
    painter: QPainter,
    look: Look,
    rect: QRectF,
    runs: tuple[Run, ...],
    *,
    elide: bool = True,
) -> float:
    """One line of runs inside `rect`, centred on its height; the last run is elided when too long.

    Returns the width used.
    """
    x = rect.x()
    for run in runs:
        room = rect.right() - x
        if room <= 0:
            break
        font = look.font(run.size, run.weight)
        painter.setFont(font)
        painter.setPen(look.colour(run.colour))
        text = visible(run.text) if run.strict else look.texts.shown(run.text)
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text)
        if elide and width > room:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            width = min(metrics.horizontalAdvance(text), int(room))
        area = QRectF(x, rect.y(), room, rect.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        x += width
    return x - rect.x()


class RunLabel(PlainLabel):
    """Runs painted in one flow, wrapping where asked, elided on one line otherwise."""

    def __init__(
        self,
        look: Look,
        runs: tuple[Run, ...] = (),
        *,
        wrap: bool = False,
        right: bool = False,
        leading: float = LINE_GAP,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent=parent)
        self._runs: tuple[Run, ...] = ()
        self._heights: dict[int, int] = {}
        self._hint: QSize | None = None
        self._paragraphs: dict[bool, QTextLayout] = {}
        self._wrap = wrap
        self._right = right
        self._leading = leading
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.set_runs(runs)

    def set_runs(self, runs: tuple[Run, ...]) -> None:
        self._runs = runs
        self._heights, self._hint, self._paragraphs = {}, None, {}
        self.setText("".join(run.text for run in runs))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        """Asked a dozen times for one layout: measured once a width."""
        if not self._runs:
            return 0
        if width not in self._heights:
            height = flow(self._paragraph(wrap=True), width, self._leading)
            self._heights[width] = round(height + 0.5)
        return self._heights[width]

    def sizeHint(self) -> QSize:
        if not self._runs:
            return QSize(0, 0)
        if self._hint is None:
            layout = self._paragraph(wrap=False)
            height = flow(layout, 1e6, self._leading)
            width = layout.lineAt(0).naturalTextWidth()
            self._hint = QSize(round(width + 1.5), round(height + 0.5))
        return self._hint

    def _paragraph(self, *, wrap: bool) -> QTextLayout:
        """The runs laid out, made once; whoever uses it gives it a width first."""
        if wrap not in self._paragraphs:
            self._paragraphs[wrap] = layout_of(self._look, self._runs, wrap=wrap)
        return self._paragraphs[wrap]

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 48), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._runs:
            return
        painter = QPainter(self)
        if self._wrap:
            layout = self._paragraph(wrap=True)
            flow(layout, self.width(), self._leading)
            layout.draw(painter, QPointF(0, 0))
            return
        area = QRectF(self.rect())
        if self._right:
            area.setLeft(max(0.0, area.right() - self.sizeHint().width()))
        draw_runs(painter, self._look, area, self._runs)


def shade(colour: QColor, alpha: float) -> QColor:
    """The colour with another opacity."""
    shaded = QColor(colour)
    shaded.setAlphaF(alpha)
    return shaded
