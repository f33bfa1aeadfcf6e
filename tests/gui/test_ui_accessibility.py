"""The whole application, screen after screen, for an eye, a screen reader and a hand on the keyboard (EN 301 549, WCAG 2.2)."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication

from tests.builders import OWNER
from tests.gui import ui_eyes as eyes
from tests.gui.ui_walk import a_window, full_world, screens

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SMALL_LAPTOP = (1280, 800)


def found(qapp, qtbot, looks, **look):
    """What the eyes find on the walk, each sentence once, with the first screen where it is so."""
    world = full_world(qapp)
    window = a_window(qapp, qtbot, world, size=SMALL_LAPTOP, **look)
    seen = {}
    for name in screens(window, world):
        QApplication.processEvents()
        for eye in looks:
            for sentence in eye(window):
                seen.setdefault(sentence, f"{name}: {sentence}")
    window.close()
    return list(seen.values())


def press(widget, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def test_each_control_says_its_name_and_its_role_and_each_painted_row_its_words(qapp, qtbot):
    assert found(qapp, qtbot, (eyes.unheard, eyes.silent_rows)) == []


@pytest.mark.parametrize("scale", [100, 115])
def test_nothing_is_cut_too_small_or_out_of_order_in_french_at_any_text_size(qapp, qtbot, scale):
    assert found(qapp, qtbot, (eyes.cut, eyes.small_targets, eyes.disorder), scale=scale) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_whatever_has_the_focus_shows_it(qapp, qtbot, dark):
    watch = eyes.FocusWatch()
    assert found(qapp, qtbot, (watch.unseen,), dark=dark) == []
    assert watch.count > 60


def walked_by(walked, stop):
    """Of answers that exclude each other Tab reaches one, and the arrows the others."""
    group = stop.group() if isinstance(stop, QAbstractButton) else None
    return any(one in walked for one in (group.buttons() if group is not None else [stop]))


def test_tab_goes_round_every_control_of_the_record_and_back(qapp, qtbot):
    world = full_world(qapp)
    window = a_window(qapp, qtbot, world)
    window.session.record_flow.open(OWNER)
    stops = window.focus_stops()
    stops[0].setFocus()
    walked = []
    while QApplication.focusWidget() not in walked:
        walked.append(QApplication.focusWidget())
        press(walked[-1], Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is stops[0]
    assert [stop for stop in stops if not walked_by(walked, stop)] == []
    press(stops[0], Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is stops[-1]
    window.close()


def test_tab_stays_in_the_palette_and_escape_gives_the_record_back(qapp, qtbot):
    world = full_world(qapp)
    window = a_window(qapp, qtbot, world)
    window.session.record_flow.open(OWNER)
    for key in ("palette", "help"):
        window.session.overlay_flow.run(key)
        panel = window.session.veil.panel
        for _ in range(4):
            focus = QApplication.focusWidget()
            assert focus is panel or panel.isAncestorOf(focus)
            press(focus, Qt.Key.Key_Tab)
        press(QApplication.focusWidget(), Qt.Key.Key_Escape)
        assert window.session.veil.panel is None
        assert window.session.record_view.isAncestorOf(QApplication.focusWidget())
    window.close()


def test_what_tab_reaches_is_scrolled_into_sight(qapp, qtbot):
    world = full_world(qapp)
    window = a_window(qapp, qtbot, world, scale=150, size=(1024, 640))
    window.session.record_flow.open(OWNER)
    window.session.overlay_flow.run("add:treatments")
    QApplication.processEvents()
    window.activateWindow()
    QApplication.processEvents()
    panel = window.session.record_view.panel
    panel.field("substance").edit.setFocus()
    walked = 0
    while panel.isAncestorOf(focus := QApplication.focusWidget()):
        assert not focus.visibleRegion().isEmpty(), eyes.named(focus)
        press(focus, Qt.Key.Key_Tab)
        walked += 1
    assert walked > 6
    window.close()


def test_a_curve_is_a_chart_that_says_the_value_under_its_line(qapp, qtbot):
    world = full_world(qapp)
    window = a_window(qapp, qtbot, world)
    window.session.record_flow.open(OWNER)
    window.session.overlay_flow.run("results")
    QApplication.processEvents()
    plot = next(stop for stop in window.focus_stops() if type(stop).__name__ == "TrendPlot")
    heard = QAccessible.queryAccessibleInterface(plot)
    assert heard.role() is QAccessible.Role.Chart
    last = heard.text(QAccessible.Text.Description)
    assert "7,4" in last
    press(plot, Qt.Key.Key_Left)
    heard = QAccessible.queryAccessibleInterface(plot)
    assert heard.text(QAccessible.Text.Description) not in {"", last}
    window.close()
