"""Digits on French keyboards: the physical row without Shift, the keypad, and nothing else."""

import pytest
from PySide6.QtCore import QEvent, QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.builders import OWNER
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.commands import shown_shortcut
from ui.digits import digit_of, sequences_of
from ui.i18n import load_texts
from ui.main_window import MainWindow
from ui.preferences import Preferences

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

K, M = Qt.Key, Qt.KeyboardModifier
AZERTY = (
    K.Key_Ampersand,
    K.Key_Eacute,
    K.Key_QuoteDbl,
    K.Key_Apostrophe,
    K.Key_ParenLeft,
    K.Key_Minus,
    K.Key_Egrave,
    K.Key_Underscore,
    K.Key_Ccedilla,
)


def pressed(key, modifiers=M.NoModifier, scan=0):
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers, scan, 0, 0)


@pytest.mark.parametrize(("digit", "key"), list(enumerate(AZERTY, start=1)))
def test_each_key_of_the_french_row_is_its_digit_without_shift(digit, key):
    assert digit_of(pressed(key)) == digit
    assert digit_of(pressed(K(K.Key_0.value + digit), M.ShiftModifier)) == digit
    assert digit_of(pressed(K(K.Key_0.value + digit), M.KeypadModifier)) == digit


def test_a_key_that_sends_another_letter_is_known_by_its_place(monkeypatch):
    monkeypatch.setattr("ui.digits._FIRST_SCAN", 10)
    assert digit_of(pressed(K.Key_Ediaeresis, scan=11)) == 2
    assert digit_of(pressed(K.Key_A, scan=24)) is None


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (K.Key_Minus, M.KeypadModifier),
        (K.Key_A, M.NoModifier),
        (K.Key_0, M.NoModifier),
        (K.Key_1, M.ControlModifier),
        (K.Key_1, M.AltModifier),
    ],
)
def test_no_other_key_is_taken_for_a_digit(key, modifiers):
    assert digit_of(pressed(key, modifiers)) is None


def test_a_shortcut_with_a_digit_answers_to_the_symbol_and_to_the_keypad():
    found = sequences_of("Alt+3")
    assert found[0] == QKeySequence("Alt+3")
    assert QKeySequence(QKeyCombination(M.AltModifier, K.Key_QuoteDbl)) in found
    assert QKeySequence(QKeyCombination(M.AltModifier | M.KeypadModifier, K.Key_3)) in found
    assert sequences_of("F5") == [QKeySequence("F5")]
    assert sequences_of("Alt+A") == [QKeySequence("Alt+A")]


@pytest.fixture
def window(qapp, qtbot):
    world = World(qapp)
    world.disagree()
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences())
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    yield window
    window.close()


@pytest.mark.parametrize(
    ("key", "modifiers", "place"),
    [
        (K.Key_QuoteDbl, M.AltModifier, "sync"),
        (K.Key_Apostrophe, M.AltModifier, "settings"),
        (K.Key_3, M.AltModifier, "sync"),
        (K.Key_4, M.AltModifier | M.KeypadModifier, "settings"),
    ],
)
def test_alt_and_the_french_row_go_to_the_places_of_the_rail(window, qtbot, key, modifiers, place):
    session = window.session
    session.record_flow.open(OWNER)
    QTest.keyClick(window, key, modifiers)
    qtbot.waitUntil(lambda: session.navigator.place == place, timeout=1000)


@pytest.mark.parametrize("key", [K.Key_Eacute, K.Key_2])
def test_hz18_a_version_is_chosen_by_its_key_on_a_french_keyboard(window, key):
    session = window.session
    session.record_flow.open(OWNER)
    session.sync_flow.settle("mine")
    row = next(row for row in session.models.conflict.state.rows if not row.same)
    box = next(b for (name, _), b in session.conflict_view._boxes.items() if name == row.key)
    QApplication.sendEvent(box, pressed(key))
    chosen = next(r for r in session.models.conflict.state.rows if r.key == row.key)
    assert chosen.theirs_chosen
    assert not chosen.mine_chosen


def test_the_key_is_written_as_one_digit_everywhere():
    assert shown_shortcut(load_texts("fr"), "Alt+3") == "Alt+3"
