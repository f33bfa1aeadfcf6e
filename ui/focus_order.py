"""Tab goes as one reads: bands from the top, columns from the left, each column downwards.

The toolkit walks widgets in the order in which they were made. Here screens are rebuilt while they are
shown, so the order is read from the layouts at each step. While a panel lies above the screen, Tab stays
inside it; where it lands is scrolled into sight (WCAG 2.2: 2.4.3, 2.4.11).
"""

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QLayout, QScrollArea, QScrollBar, QWidget

from ui.widgets.overlay import OverlayVeil
from ui.widgets.roles import speak_roles


def in_reading_order(top: QWidget) -> list[QWidget]:
    """What Tab reaches inside `top`."""
    return [widget for widget in _walk(top) if _takes_focus(widget)]


def _walk(widget: QWidget) -> Iterator[QWidget]:
    yield widget
    for child in _children(widget):
        if child.isVisible():
            yield from _walk(child)


def _children(widget: QWidget) -> list[QWidget]:
    """First those of the layout, in its order; then the others as they lie."""
    layout = widget.layout()
    laid = list(_laid_out(layout)) if layout is not None else []
    known = set(laid)
    rest = [
        child
        for child in widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if child not in known and not child.isWindow()
    ]
    return laid + sorted(rest, key=lambda child: (child.y(), child.x()))


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    places = range(layout.count())
    for place in sorted(places, key=partial(_cell, layout)):
        item = layout.itemAt(place)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _laid_out(inner)


def _cell(layout: QLayout, place: int) -> tuple[int, int]:
    """Line and column; of what is no grid, its place."""
    if not isinstance(layout, QGridLayout):
        return 0, place
    found: tuple[int, int, int, int] = layout.getItemPosition(place)  # type: ignore[assignment]
    return found[0], found[1]


def _takes_focus(widget: QWidget) -> bool:
    return (
        widget.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and widget.focusProxy() is None
        and not isinstance(widget, QScrollBar)
    )


class ReadingWindow(QWidget):
    """A window whose Tab goes as one reads, and whose painted widgets say their roles."""

    def __init__(self, application: QApplication, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_roles(application)

    def focus_stops(self) -> list[QWidget]:
        """What Tab reaches now: all of it, or what lies in the panel above the screen."""
        veil = next((one for one in self.findChildren(OverlayVeil) if one.isVisible()), None)
        panel = veil.panel if veil is not None else None
        return in_reading_order(panel if panel is not None else self)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, FBT001 - the toolkit's own
        stops, focus = self.focus_stops(), QApplication.focusWidget()
        if not stops:
            return False
        step, edge = (1, 0) if next else (-1, -1)
        place = stops.index(focus) + step if focus in stops else edge
        target = stops[place % len(stops)]
        reason = Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason
        target.setFocus(reason)
        bring_into_sight(target)
        return True


def bring_into_sight(target: QWidget) -> None:
    """Scroll whatever holds it."""
    parent = target.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(target)
        parent = parent.parentWidget()
