"""Going from pane to pane by one key."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def first_focus(pane: QWidget) -> QWidget | None:
    """The first control of a pane that takes the focus by Tab."""
    for child in pane.findChildren(QWidget):
        reachable = child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isEnabled()
        if reachable and child.isVisibleTo(pane):
            return child
    return None


def to_next_pane(
    panes: list[QWidget], focus: QWidget | None, own: dict[int, QWidget], *, leaving: bool = False
) -> bool:
    """The focus goes from the pane it is in to the next one in sight; `own`: where it goes inside some. False
    where it stays: there is no other, or it would begin again and one is `leaving`.
    """
    here = next(
        (i for i, pane in enumerate(panes) if focus is not None and pane.isAncestorOf(focus)), -1
    )
    for step in range(1, len(panes) + 1):
        place = (here + step) % len(panes)
        target = own.get(place) or first_focus(panes[place])
        if panes[place].isVisible() and target is not None:
            if leaving and place <= here:
                return False
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
    return False
