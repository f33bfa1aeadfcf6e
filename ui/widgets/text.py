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
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.typography import visible

LINE_GAP = 1.35
NARROWEST = 48
"""A text that wraps never asks for more than this."""
_ONE_LINE = 1e6


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
        self._token = ""
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
        """Wear another colour of the theme; the same again costs nothing."""
        if token != self._token:
            self._token = token
            self._wear(self._look.colour(token))

    def set_ink(self) -> None:
        """The colour of paper's text, the same in both themes."""
        self._token = ""
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
    """A stretch of text of one style. `strict` keeps it as received; `sign`: it belongs to the one before;
    `marked`: it holds what is sought.
    """

    text: str
    weight: int = Weight.REGULAR
    colour: str = "text"
    size: int = Size.BODY
    strict: bool = False
    sign: bool = False
    marked: bool = False


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
        shape = look.shape(run.size, run.weight, run.colour)
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


_BESIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


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
        painter.setFont(look.font(run.size, run.weight))
        painter.setPen(look.colour(run.colour))
        text = visible(run.text) if run.strict else look.texts.shown(run.text)
        metrics = look.metrics(run.size, run.weight)
        width = metrics.horizontalAdvance(text)
        if elide and width > room:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            width = min(metrics.horizontalAdvance(text), int(room))
        if run.marked:
            band = QRectF(x, rect.center().y() - metrics.height() / 2, width, metrics.height())
            painter.fillRect(band, look.colour("warnbg"))
        painter.drawText(QRectF(x, rect.y(), room, rect.height()), _BESIDE, text)
        x += width
    return x - rect.x()


def whole_runs(look: Look, runs: tuple[Run, ...], room: float) -> tuple[Run, ...]:
    """The runs that fit whole, a run and the sign that follows it together; how many are left out is said
    (`+ 2 ▼`, with their signs), so that no value is ever shown without its own.
    """
    pairs: list[list[Run]] = []
    for run in runs:
        if run.sign and pairs:
            pairs[-1].append(run)
        else:
            pairs.append([run])
    wide = [sum(_width(look, run) for run in pair) for pair in pairs]
    if sum(wide) <= room:
        return runs
    room -= look.metrics(Size.BODY, Weight.SEMIBOLD).horizontalAdvance("  + 99 ▲ ▼")
    kept, used = 0, 0
    while kept < len(pairs) and used + wide[kept] <= room:
        used += wide[kept]
        kept += 1
    signs = [run for pair in pairs[kept:] for run in pair if run.sign]
    tone = signs[0].colour if signs else "accent"
    words = [f"  + {len(pairs) - kept}", *dict.fromkeys(run.text.strip() for run in signs)]
    more = Run(" ".join(words), Weight.SEMIBOLD, tone)
    return (*(run for pair in pairs[:kept] for run in pair), more)


def _width(look: Look, run: Run) -> int:
    text = visible(run.text) if run.strict else look.texts.shown(run.text)
    return look.metrics(run.size, run.weight).horizontalAdvance(text)


class Paragraph:
    """Runs in one flow: laid out once, measured once a width, painted where asked."""

    def __init__(
        self, look: Look, runs: tuple[Run, ...], *, wrap: bool = False, leading: float = LINE_GAP
    ) -> None:
        self.runs = runs
        self._look, self._wrap, self._leading = look, wrap, leading
        self._heights: dict[int, int] = {}
        self._hint: QSize | None = None
        self._laid: QTextLayout | None = None
        self._width = -1.0

    def _flow(self, width: float) -> float:
        if self._laid is None:
            self._laid = layout_of(self._look, self.runs, wrap=self._wrap)
        self._width = width
        return flow(self._laid, width, self._leading)

    def hint(self) -> QSize:
        """What it takes on one line."""
        if not self.runs:
            return QSize(0, 0)
        if self._hint is None:
            height = self._flow(_ONE_LINE)
            assert self._laid is not None
            width = self._laid.lineAt(0).naturalTextWidth()
            self._hint = QSize(round(width + 1.5), round(height + 0.5))
        return self._hint

    def height(self, width: int) -> int:
        """What it takes broken at `width`; asked a dozen times for one layout."""
        if not self.runs:
            return 0
        if width not in self._heights:
            self._heights[width] = round(self._flow(width) + 0.5)
        return self._heights[width]

    def draw(self, painter: QPainter, at: QPointF, width: int) -> None:
        """The broken flow, from its top left corner."""
        if not self.runs:
            return
        if self._width != width:
            self._flow(width)
        assert self._laid is not None
        self._laid.draw(painter, at)


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
        self._wrap = wrap
        self._right = right
        self._leading = leading
        self._paragraph = Paragraph(look, (), wrap=wrap, leading=leading)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.set_runs(runs)

    def set_runs(self, runs: tuple[Run, ...]) -> None:
        """Show other runs; the same ones change nothing."""
        if runs == self._paragraph.runs:
            return
        self._paragraph = Paragraph(self._look, runs, wrap=self._wrap, leading=self._leading)
        self.setText("".join(run.text for run in runs))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        return self._paragraph.height(width)

    def sizeHint(self) -> QSize:
        return self._paragraph.hint()

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), NARROWEST), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        paragraph = self._paragraph
        if not paragraph.runs:
            return
        painter = QPainter(self)
        if self._wrap:
            paragraph.draw(painter, QPointF(0, 0), self.width())
            return
        area = QRectF(self.rect())
        if self._right:
            area.setLeft(max(0.0, area.right() - self.sizeHint().width()))
        draw_runs(painter, self._look, area, paragraph.runs)


def shade(colour: QColor, alpha: float) -> QColor:
    """The colour with another opacity."""
    shaded = QColor(colour)
    shaded.setAlphaF(alpha)
    return shaded
