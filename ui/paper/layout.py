"""From a sheet to pages: every text broken into lines, every line given its place.

Lengths are twentieths of a point, so that a font of 9.5 points has a whole size and no screen is asked for
its resolution. An `Atom` is what no page break may cut; `keep` ties it to the next one.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextLayout, QTextOption

from ui.paper.sheet import Block, Heading, Line, Paragraph, Sheet, Table, Zone
from ui.typography import french, visible

PT = 20
WIDTH, HEIGHT = 595 * PT + 6, 842 * PT - 2
"""A4."""
SIDE, TOP, FOOT = 48 * PT, 40 * PT, 58 * PT
INNER = WIDTH - 2 * SIDE
ROOM = HEIGHT - TOP - FOOT
PAD = 10 * PT
LEAD = 1.38
INK, GREY, FILL = QColor("#14202B"), QColor("#5A6673"), QColor("#EFEFEF")
_HAIR = 0.6 * PT
_UNREADABLE = ("tnum", "calt", "liga", "ccmp", "case")
"""Features that put another glyph in the place of a letter or a digit: the file would not say which one."""
_ZONE_LEAST = 60 * PT
_SIGN_WIDTH, _SIGN_HEIGHT = 150 * PT, 66 * PT


class Style(Struct, frozen=True):
    """A way of writing. `strict` keeps identity traits as they are held."""

    size: float = 9.5
    weight: int = 400
    grey: bool = False
    right: bool = False
    centre: bool = False
    strict: bool = False


BODY, BOLD = Style(), Style(weight=600)
SMALL, TITLE = Style(size=7.5, grey=True), Style(size=14, weight=700)
NAME = Style(size=11.5, weight=700)


class Bit(Struct, frozen=True):
    """One line of one text, at its place in an atom. The layout owns the line and must outlive it."""

    x: float
    y: float
    layout: QTextLayout
    line: int
    grey: bool

    def draw(self, painter: QPainter, top: float) -> None:
        painter.setPen(GREY if self.grey else INK)
        self.layout.lineAt(self.line).draw(painter, QPointF(SIDE + self.x, top + self.y))


class Atom(Struct, frozen=True, kw_only=True):
    """`gap`: space above it, lost at the top of a page. `frame`: the frame it stands in, 0 for none."""

    height: float
    bits: tuple[Bit, ...] = ()
    gap: float = 0
    keep: bool = False
    frame: int = 0
    fill: bool = False
    signature: bool = False


class Placed(Struct, frozen=True):
    """An atom on its page; `top` from the edge of the paper."""

    top: float
    atom: Atom


Page = tuple[Placed, ...]


class Setter:
    """Sets text in one family of fonts. Makes no widget and needs no screen: any thread may have its own."""

    def __init__(self, family: str) -> None:
        self._family = family
        self._fonts: dict[tuple[float, int], QFont] = {}

    def font(self, style: Style) -> QFont:
        key = (style.size, style.weight)
        made = self._fonts.get(key)
        if made is None:
            made = self._fonts[key] = QFont(self._family)
            made.setPixelSize(round(style.size * PT))
            made.setWeight(QFont.Weight(style.weight))
            made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
            for feature in _UNREADABLE:
                made.setFeature(QFont.Tag(feature), 0)
        return made

    def text(
        self, words: str, style: Style, width: float = INNER, x: float = 0, y: float = 0
    ) -> tuple[tuple[Bit, ...], float]:
        """The lines of a text in a width, and their height; a line break in the text is one on paper."""
        words = visible(words.replace("\r\n", "\n").replace("\r", "\n"))
        words = words if style.strict else french(words)
        layout = QTextLayout(words.replace("\n", "\u2028"), self.font(style))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setUseDesignMetrics(True)
        if style.right or style.centre:
            side = Qt.AlignmentFlag.AlignRight if style.right else Qt.AlignmentFlag.AlignHCenter
            option.setAlignment(side)
        layout.setTextOption(option)
        step = style.size * PT * LEAD
        bits: list[Bit] = []
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            bits.append(Bit(x, y + step * len(bits), layout, len(bits), style.grey))
        layout.endLayout()
        return tuple(bits), step * max(1, len(bits))


def _stack(parts: Iterable[tuple[tuple[Bit, ...], float]]) -> tuple[tuple[Bit, ...], float]:
    """Texts one under the other."""
    bits: list[Bit] = []
    high = 0.0
    for found, height in parts:
        bits += [structs.replace(bit, y=bit.y + high) for bit in found]
        high += height
    return tuple(bits), high


class Maker:
    """The atoms of one sheet."""

    def __init__(self, setter: Setter) -> None:
        self._set = setter
        self._frames = 0

    def atoms(self, sheet: Sheet) -> list[Atom]:
        found = self._head(sheet)
        for number, block in enumerate(sheet.blocks):
            made = self._block(block)
            if number == 0 and not sheet.title:
                made[0] = structs.replace(made[0], gap=max(made[0].gap, 24 * PT))
            found += made
        end = self._end(sheet)
        if end:
            found[-1] = structs.replace(found[-1], keep=True)
        return found + end

    def _head(self, sheet: Sheet) -> list[Atom]:
        """Letterhead, patient, date, addressee, title."""
        head, patient, half = sheet.letterhead, sheet.patient, INNER * 0.56
        rest = INNER - half
        atoms = []
        left = self._lines([(head.name, NAME), *((line, BODY) for line in head.lines)], half)
        right = self._lines(
            [
                (head.house, Style(weight=600, right=True)),
                *((line, Style(right=True)) for line in head.house_lines),
            ],
            rest,
            half,
        )
        atoms.append(_beside(left, right))
        traits = Style(strict=True)
        left = self._lines(
            [
                (patient.name, Style(size=11.5, weight=700, strict=True)),
                *((line, traits) for line in patient.lines),
            ],
            half,
        )
        right = self._lines(
            [(sheet.dated, Style(right=True)), (sheet.mention, Style(weight=600, right=True))],
            rest,
            half,
        )
        atoms.append(_beside(left, right, gap=22 * PT))
        if any(sheet.to):
            style = Style(size=10)
            bits, high = self._lines([(line, style) for line in sheet.to], rest, half)
            atoms.append(Atom(height=high, bits=bits, gap=16 * PT))
        if sheet.title:
            bits, high = self._set.text(sheet.title, Style(size=14, weight=700, centre=True))
            atoms.append(Atom(height=high, bits=bits, gap=20 * PT, keep=True))
        return atoms

    def _lines(
        self, lines: Sequence[tuple[str, Style]], width: float, x: float = 0
    ) -> tuple[tuple[Bit, ...], float]:
        return _stack(self._set.text(words, style, width, x) for words, style in lines if words)

    def _block(self, block: Block) -> list[Atom]:
        if isinstance(block, Heading):
            bits, high = self._set.text(block.text, Style(size=10.5, weight=700))
            return [Atom(height=high, bits=bits, gap=14 * PT, keep=True)]
        if isinstance(block, Paragraph):
            style = Style(size=10, weight=600 if block.strong else 400, grey=block.quiet)
            bits, high = self._set.text(block.text, style)
            return _split(bits, high, gap=9 * PT)
        if isinstance(block, Line):
            return self._line(block)
        if isinstance(block, Zone):
            return self._zone(block)
        return self._table(block)

    def _line(self, line: Line, frame: int = 0) -> list[Atom]:
        """One line of a prescription or an order: its parts stay together."""
        inset = PAD if frame else 0
        start, width = inset + 20 * PT, INNER - 2 * inset - 20 * PT
        number, _ = self._set.text(line.number, Style(size=10, weight=600), 20 * PT, inset)
        head = Style(size=10, weight=600, grey=line.quiet)
        words = [(line.head, head), *((text, Style(grey=line.quiet)) for text in line.rest)]
        bits, high = self._lines(words, width, start)
        atoms = _split((*number, *bits), high, gap=9 * PT, frame=frame)
        return [structs.replace(atom, keep=True) for atom in atoms[:-1]] + atoms[-1:]

    def _zone(self, zone: Zone) -> list[Atom]:
        self._frames += 1
        frame = self._frames
        words = [
            (zone.about, Style(size=8, weight=600, centre=True)),
            (zone.name, Style(size=8.5, weight=700, centre=True)),
        ]
        bits, high = self._lines(words, INNER - 2 * PAD, PAD)
        down = tuple(structs.replace(bit, y=bit.y + 5 * PT) for bit in bits)
        title = Atom(
            height=high + 10 * PT, bits=down, gap=10 * PT, keep=True, frame=frame, fill=True
        )
        inner = [atom for line in zone.lines for atom in self._line(line, frame)]
        told = sum(atom.gap + atom.height for atom in inner)
        blank = max(9 * PT, _ZONE_LEAST - told)
        if inner:
            inner[-1] = structs.replace(inner[-1], keep=True)
        return [title, *inner, Atom(height=blank, frame=frame)]

    def _table(self, table: Table) -> list[Atom]:
        parts = table.shares or (1,) * len(table.columns)
        widths = [INNER * part / sum(parts) for part in parts]
        self._frames += 1
        rows = [(table.columns, Style(size=8.5, weight=600)), *((row, BODY) for row in table.rows)]
        atoms = []
        for number, (cells, style) in enumerate(rows):
            bits: list[Bit] = []
            x, high = 0.0, 0.0
            for cell, width in zip(cells, widths, strict=False):
                found, tall = self._set.text(cell, style, width - 8 * PT, x + 4 * PT, 3 * PT)
                bits += found
                x, high = x + width, max(high, tall)
            atoms.append(
                Atom(
                    height=high + 6 * PT,
                    bits=tuple(bits),
                    gap=0 if number else 9 * PT,
                    keep=number == 0,
                    frame=self._frames,
                    fill=number == 0,
                )
            )
        return atoms

    def _end(self, sheet: Sheet) -> list[Atom]:
        """What stands beside the signature, and its box: together, and never alone on a page."""
        bits, high = self._lines(
            [(line, BODY) for line in sheet.closing], INNER - _SIGN_WIDTH - PAD
        )
        if not sheet.signer:
            return [Atom(height=high, bits=bits, gap=16 * PT)] if bits else []
        x = INNER - _SIGN_WIDTH
        style = Style(size=8.5, centre=True)
        name, _ = self._set.text(sheet.signer, style, _SIGN_WIDTH, x, 4 * PT)
        height = max(high, _SIGN_HEIGHT)
        return [Atom(height=height, bits=(*bits, *name), gap=18 * PT, signature=True)]

    def foot(self, sheet: Sheet, number: int, count: int) -> tuple[Bit, ...]:
        """Identity and page number, on every page; the sentence for insurers above them."""
        top = HEIGHT - FOOT + 16 * PT
        insurer, _ = self._set.text(sheet.insurer, SMALL, INNER, 0, top)
        who = sheet.patient.foot or sheet.patient.name
        words = f"{who} · page\u00a0{number}/{count}"
        style = Style(size=7.5, grey=True, right=True, strict=True)
        page, _ = self._set.text(words, style, INNER, 0, top + 13 * PT)
        return (*insurer, *page) if sheet.insurer else page


def _beside(
    left: tuple[tuple[Bit, ...], float], right: tuple[tuple[Bit, ...], float], gap: float = 0
) -> Atom:
    return Atom(height=max(left[1], right[1]), bits=(*left[0], *right[0]), gap=gap)


def _split(bits: tuple[Bit, ...], high: float, *, gap: float, frame: int = 0) -> list[Atom]:
    """One atom a line; the first two and the last two lines of a text stay together."""
    tops = sorted({bit.y for bit in bits})
    atoms = []
    for place, top in enumerate(tops):
        below = tops[place + 1] if place + 1 < len(tops) else high
        here = tuple(structs.replace(bit, y=0) for bit in bits if bit.y == top)
        keep = len(tops) > 1 and place in {0, len(tops) - 2}
        atoms.append(
            Atom(height=below - top, bits=here, gap=0 if place else gap, keep=keep, frame=frame)
        )
    return atoms


def paginate(atoms: Sequence[Atom], room: float = ROOM) -> list[Page]:
    """Fill pages; what is kept together moves together, unless no page could hold it."""
    pages: list[list[Placed]] = [[]]
    used = 0.0
    for chain in _chains(atoms):
        high = sum(atom.gap + atom.height for atom in chain)
        if pages[-1] and used + high > room and high - chain[0].gap <= room:
            pages.append([])
            used = 0.0
        for atom in chain:
            if pages[-1] and used + atom.gap + atom.height > room:
                pages.append([])
                used = 0.0
            used += atom.gap if pages[-1] else 0
            pages[-1].append(Placed(TOP + used, atom))
            used += atom.height
    return [tuple(page) for page in pages]


def _chains(atoms: Sequence[Atom]) -> Iterable[list[Atom]]:
    chain: list[Atom] = []
    for atom in atoms:
        chain.append(atom)
        if not atom.keep:
            yield chain
            chain = []
    if chain:
        yield chain


def draw(painter: QPainter, page: Page, foot: Iterable[Bit]) -> None:
    """Paint one page: frames under the words."""
    pen = QPen(INK, _HAIR)
    for number in dict.fromkeys(one.atom.frame for one in page if one.atom.frame):
        inside = [one for one in page if one.atom.frame == number]
        top, end = inside[0].top, inside[-1].top + inside[-1].atom.height
        for one in inside:
            if one.atom.fill:
                rect = QRectF(SIDE, one.top, INNER, one.atom.height)
                painter.fillRect(rect, FILL)
                painter.setPen(pen)
                painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(SIDE, top, INNER, end - top))
    for one in page:
        if one.atom.signature:
            painter.setPen(QPen(GREY, _HAIR, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(SIDE + INNER - _SIGN_WIDTH, one.top, _SIGN_WIDTH, _SIGN_HEIGHT))
        for bit in one.atom.bits:
            bit.draw(painter, one.top)
    for bit in foot:
        bit.draw(painter, 0)
