"""A command on a bare letter never fires while somebody types."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit

from tests.builders import OWNER
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.i18n import load_texts
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.registry import all_commands
from ui.session_view import CommandAction

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
BARE = [one.shortcut for one in all_commands(load_texts("fr")) if len(one.shortcut) == 1]


@pytest.fixture
def window(qapp, qtbot):
    made = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    made.show_session(World(qapp).context(), Preferences())
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.session.record_flow.open(OWNER)
    yield made
    made.close()


def asked_of(session):
    asked = []
    for action in session.actions():
        if isinstance(action, CommandAction):
            action.asked.connect(asked.append)
    return asked


@pytest.mark.parametrize(
    "place", ["filter", "palette", "add:allergies", "letter_certificate", "note"]
)
def test_a_letter_typed_in_a_text_field_is_text_and_no_command(window, qtbot, place):
    session = window.session
    session.overlay_flow.run(place)
    asked = asked_of(session)
    fields = [
        one
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit)
        for one in session.findChildren(kind)
        if one.isVisible() and one.isEnabled() and not one.isReadOnly()
    ]
    assert fields
    for field in fields:
        field.setFocus()
        for letter in BARE:
            qtbot.keyClick(field, letter.lower())
            qtbot.keyClick(field, letter, Qt.KeyboardModifier.ShiftModifier)
    assert asked == []


def test_the_same_letters_are_commands_along_the_timeline(window, qtbot):
    session = window.session
    asked = asked_of(session)
    timeline = session.record_view.timeline.list
    timeline.setFocus()
    for letter in BARE:
        qtbot.keyClick(timeline, letter.lower())
    assert sorted(BARE) == ["P", "U"]
    assert asked == ["pin", "toggle_unread"]
