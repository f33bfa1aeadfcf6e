"""What an eye, a screen reader and a hand find on a screen: sentences about what is wrong there."""

from itertools import pairwise

from PySide6.QtCore import QAbstractListModel, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from ui.focus_order import bring_into_sight

Role = QAccessible.Role
NO_ROLE = {Role.NoRole, Role.Client, Role.Window, Role.LayeredPane, Role.Pane}
LEAST_TARGET = 24
SAID = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole)
_HEARD = QAccessible.Text.Name


def named(widget):
    """How a report calls it."""
    kind = type(widget).__name__
    said = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
    return f"{kind} {said[:50]!r}"


def walked_to(window):
    """What Tab reaches, in its order."""
    return window.focus_stops()


def unheard(window):
    """What can be reached and says no name, or no role."""
    for widget in walked_to(window):
        heard = QAccessible.queryAccessibleInterface(widget)
        if not heard.text(_HEARD).strip():
            yield f"{named(widget)} has no name"
        if heard.role() in NO_ROLE:
            yield f"{named(widget)} has no role ({heard.role().name})"


def silent_rows(window):
    """Painted rows that a screen reader cannot read."""
    for view in window.findChildren(QAbstractItemView):
        model = view.model()
        if model is None or not view.isVisible() or isinstance(view, QHeaderView):
            continue
        root = view.rootIndex()
        for row in range(min(model.rowCount(root), 40)):
            cells = [model.index(row, column) for column in range(columns_of(model, root))]
            said = [cell.data(role) for cell in cells for role in SAID]
            if not any(said):
                yield f"{named(view)}, row {row} is silent"


def columns_of(model, root):
    """A list has one; it keeps the count to itself."""
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount(root)


# -- order --------------------------------------------------------------------


def place(widget, window):
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def disorder(window):
    """Two steps of Tab that go against the way one reads: up within a column, left within a line."""
    steps = walked_to(window)
    for one, other in pairwise(steps):
        first, second = branches(one, other, window)
        a, b = place(first, window), place(second, window)
        if b.bottom() <= a.top() and overlap(a.left(), a.right(), b.left(), b.right()):
            yield f"from {named(one)} up to {named(other)}"
        elif b.right() <= a.left() and overlap(a.top(), a.bottom(), b.top(), b.bottom()):
            yield f"from {named(one)} back left to {named(other)}"


def overlap(low, high, other_low, other_high):
    """More than a sliver in the same column or line."""
    return min(high, other_high) - max(low, other_low) > 4


def branches(one, other, window):
    """The two children of their nearest ancestor that hold them."""
    above = []
    widget = one
    while widget is not None:
        above.append(widget)
        widget = widget.parentWidget() if widget is not window else None
    widget, before = other, other
    while widget not in above:
        before, widget = widget, widget.parentWidget()
    at = above.index(widget)
    return (above[at - 1] if at else one), before


# -- cut ----------------------------------------------------------------------


def cut(window):
    """Labels, buttons and fields that have not the room they need, and what its parent hides a part of."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, (QLabel, QAbstractButton)):
            continue
        if isinstance(widget, QLabel) and not widget.text():
            continue
        least, wanted = widget.minimumSizeHint(), widget.sizeHint()
        if isinstance(widget, QAbstractButton) and least.isValid():
            wanted = least
        wraps = widget.hasHeightForWidth()
        if not wraps and wanted.width() > widget.width() + 1:
            yield f"{named(widget)} is {widget.width()} px wide of {wanted.width()}"
        high = widget.heightForWidth(widget.width()) if wraps else wanted.height()
        if high > widget.height() + 2:
            yield f"{named(widget)} is {widget.height()} px high of {high}"
        if (lost := hidden_part(widget, window)) is not None:
            yield f"{named(widget)} sticks out of {type(lost).__name__}"


def hidden_part(widget, window):
    """The ancestor that cuts it; where one can scroll, nothing is lost."""
    parent = widget.parentWidget()
    while parent is not None and widget is not window:
        scroll = parent.parentWidget()
        if isinstance(scroll, QAbstractScrollArea) and scroll.viewport() is parent:
            if isinstance(scroll, QScrollArea) and is_wider(scroll):
                return scroll
            return None
        if (
            not parent.rect()
            .adjusted(-1, -1, 1, 1)
            .contains(QRect(widget.mapTo(parent, QPoint(0, 0)), widget.size()))
        ):
            return parent
        if parent is window:
            return None
        parent = parent.parentWidget()
    return None


def is_wider(scroll):
    never = scroll.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    return never and scroll.widget().width() > scroll.viewport().width() + 1


# -- targets, focus ------------------------------------------------------------


def small_targets(window):
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractSpinBox)
    for widget in window.findChildren(QWidget):
        if isinstance(widget, kinds) and widget.isVisible() and widget.isEnabled():
            small = min(widget.width(), widget.height()) < LEAST_TARGET
            if small:
                yield f"{named(widget)} is {widget.width()} x {widget.height()} px"


class FocusWatch:
    """Gives the focus to each kind of control, once under each name, and compares two pictures of its place."""

    def __init__(self):
        self._met = set()

    @property
    def count(self):
        return len(self._met)

    def unseen(self, window):
        window.activateWindow()
        QApplication.processEvents()
        for widget in walked_to(window):
            if named(widget) in self._met:
                continue
            self._met.add(named(widget))
            if (focus := QApplication.focusWidget()) is not None:
                focus.clearFocus()
            bring_into_sight(widget)
            before = around(widget, window)
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if not widget.hasFocus():
                yield f"{named(widget)} does not take the focus"
            elif not differs(before, around(widget, window)):
                yield f"{named(widget)} does not show its focus"


def around(widget, window):
    area = place(widget, window).adjusted(-3, -3, 3, 3)
    return window.grab(area).toImage()


def differs(one, other):
    """At least as many changed pixels as a line along the longer side."""
    if one.size() != other.size():
        return True
    changed, least = 0, max(LEAST_TARGET, min(one.width(), one.height()))
    for y in range(one.height()):
        for x in range(one.width()):
            if one.pixel(x, y) != other.pixel(x, y):
                changed += 1
                if changed >= least:
                    return True
    return False
