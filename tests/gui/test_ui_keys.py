"""Own keys: chosen by keyboard, refused with a reason, kept, shown wherever the key is written."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.gui.ui_samples import PARIS
from tests.gui.ui_world import World
from ui.i18n import load_texts
from ui.keys import fault_of, moved_keys, shortcut_of, with_keys
from ui.main_window import MainWindow
from ui.preferences import Preferences, keep_preferences, look_of, read_preferences
from ui.registry import all_commands
from ui.widgets.rail import RailButton

NONE = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def pressed(key, held=NONE):
    return QKeyEvent(QEvent.Type.KeyPress, key, held)


@pytest.fixture
def world(qapp):
    return World(qapp)


def opened(world, qapp, qtbot, preferences=None):
    wanted = preferences or Preferences()
    window = MainWindow(qapp, look_of(wanted, PARIS, system="light"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), wanted)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.mark.parametrize(
    ("key", "held", "shortcut"),
    [
        (Qt.Key.Key_J, CTRL, "Ctrl+J"),
        (Qt.Key.Key_F8, NONE, "F8"),
        (Qt.Key.Key_Eacute, ALT, "Alt+2"),
        (Qt.Key.Key_2, ALT, "Alt+2"),
        (Qt.Key.Key_Alt, ALT, ""),
    ],
)
def test_a_pressed_key_is_read_the_same_on_a_french_and_an_english_keyboard(key, held, shortcut):
    assert shortcut_of(pressed(key, held)) == shortcut


@pytest.mark.parametrize(
    ("shortcut", "said"),
    [
        ("Ctrl+J", ""),
        ("F8", ""),
        ("Ctrl+Alt+B", "AltGr"),
        ("Ctrl+C", "champs de texte"),
        ("B", "Une lettre seule"),
        ("F12", "Verrouiller"),
    ],
)
def test_what_cannot_be_a_key_says_why(shortcut, said):
    texts = load_texts("fr")
    fault = fault_of(texts, all_commands(texts), "sign", shortcut)
    assert (said in fault) if said else not fault


def test_own_keys_are_kept_in_the_profile_and_damaged_ones_are_forgotten(world):
    settings = world.store.settings
    keep_preferences(settings, Preferences(keys={"sign": "Ctrl+J"}))
    assert read_preferences(settings, Preferences()).keys == {"sign": "Ctrl+J"}
    settings.put("ui.keys", "{")
    assert read_preferences(settings, Preferences()).keys == {}


def test_a_key_is_changed_on_the_settings_page_by_keyboard(world, qapp, qtbot):
    window = opened(world, qapp, qtbot)
    card, chosen = window.session.keys_card, []
    window.preferences_chosen.connect(chosen.append)
    card.list.setCurrentIndex(card.model.index(card.model.place_of("sign"), 0))
    QApplication.sendEvent(card.list, pressed(Qt.Key.Key_Return))
    assert "Viser" in card.sentence.text()
    QApplication.sendEvent(card.list, pressed(Qt.Key.Key_F12))
    assert "Verrouiller" in card.sentence.text()
    assert chosen == []
    QApplication.sendEvent(card.list, pressed(Qt.Key.Key_J, CTRL))
    assert [one.keys for one in chosen] == [{"sign": "Ctrl+J"}]
    QApplication.sendEvent(card.list, pressed(Qt.Key.Key_Delete))
    assert chosen[-1].keys == {}
    window.close()


def test_palette_sheet_tooltips_and_buttons_write_the_own_key(world, qapp, qtbot):
    window = opened(world, qapp, qtbot, Preferences(keys={"results": "Ctrl+J", "hand_over": "F8"}))
    session = window.session
    bound = {one.key: one.shortcut for one in session.commands}
    assert (bound["results"], bound["hand_over"], bound["sync"]) == ("Ctrl+J", "F8", "Alt+3")
    session.models.palette.begin(None, "")
    session.models.palette.type("laboratoire")
    [hit] = [row for row in session.models.palette.state.rows if row.key == "results"]
    assert hit.shortcut == "Ctrl+J"
    assert any(
        "Ctrl+J" in button.toolTip() for button in session.frame.rail.findChildren(RailButton)
    )
    texts = session.look.texts
    assert moved_keys(all_commands(texts), {"results": "Ctrl+J"}) == {"Alt+2": "Ctrl+J"}
    assert session.look.key("Alt+2") == "Ctrl+J"
    assert with_keys(all_commands(texts), {})[0] == all_commands(texts)[0]
    window.close()


def test_the_palette_finds_settings_and_commands_in_both_languages(world, qapp, qtbot):
    window = opened(world, qapp, qtbot)
    session, chosen = window.session, []
    window.preferences_chosen.connect(chosen.append)
    model = session.models.palette
    for typed in ("dark", "sombre", "drak t", "sombr"):
        model.begin(None, "")
        model.type(typed)
        assert any(row.key == "set:theme:dark" for row in model.state.rows) is (typed != "drak t")
    model.type("resultts")
    assert any(row.key == "results" for row in model.state.rows)
    session.overlay_flow.run("set:theme:dark")
    session.overlay_flow.run("set:scale:130")
    assert [(one.theme, one.scale) for one in chosen] == [("dark", 100), ("system", 130)]
    window.close()
