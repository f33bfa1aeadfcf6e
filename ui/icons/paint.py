"""Strokes made into pixmaps, once per name, colour, size and screen."""

from PySide6.QtCore import QByteArray, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.icons.strokes import STROKES

STROKE_WIDTH = 1.5


def svg_of(name: str, colour: str) -> bytes:
    """The icon as an SVG document of ours. Raises KeyError on an unknown name."""
    paths = "".join(f'<path d="{d}"/>' for d in STROKES[name])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
        f'stroke="{colour}" stroke-width="{STROKE_WIDTH}" stroke-linecap="round" '
        f'stroke-linejoin="round">{paths}</svg>'
    ).encode()


class IconSet:
    """Icons already drawn. One per `Look`."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str, int, float], QPixmap] = {}

    def pixmap(self, name: str, colour: QColor, size: int, ratio: float = 1.0) -> QPixmap:
        key = (name, colour.name(QColor.NameFormat.HexArgb), size, ratio)
        known = self._drawn.get(key)
        if known is not None:
            return known
        pixmap = QPixmap(round(size * ratio), round(size * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        renderer = QSvgRenderer(QByteArray(svg_of(name, colour.name())))
        painter = QPainter(pixmap)
        painter.setOpacity(colour.alphaF())
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        self._drawn[key] = pixmap
        return pixmap

    def icon(self, name: str, colour: QColor, size: int = 20) -> QIcon:
        return QIcon(self.pixmap(name, colour, size))

    def draw(self, painter: QPainter, at: QPoint, name: str, colour: QColor, size: int) -> None:
        ratio = painter.device().devicePixelRatio() if painter.device() else 1.0
        painter.drawPixmap(at, self.pixmap(name, colour, size, ratio))
