"""D9: what somebody writes into a record is text on every screen: never markup, never an address to open."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel

from tests.builders import OTHER_OWNER, OWNER, a_patient, a_problem, a_treatment, an_allergy
from tests.e2e.driven_desktop import spoken
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.preferences import Preferences

MAGENTA = QColor(255, 0, 254)
RLO, ZERO_WIDTH = "\u202e", "\u200b"


@pytest.fixture
def picture(tmp_path):
    """A picture that nothing of ours would paint."""
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    image.fill(MAGENTA)
    path = tmp_path / "red.png"
    assert image.save(str(path))
    return path


@pytest.fixture
def hostile(picture):
    return f'<img src="file://{picture}"><b>x</b><a href="file://{picture}">{RLO}y{ZERO_WIDTH}</a>'


@pytest.fixture
def window(qapp, qtbot, hostile):
    world = World(qapp)
    world.store.hold(OWNER, a_patient(birth_name=hostile, used_given=hostile))
    world.store.hold(OTHER_OWNER, a_patient("p2", birth_name=hostile[:60], birth_givens=(hostile,)))
    world.store.hold(OWNER, an_allergy(agent=hostile, reactions=(hostile,), note=hostile))
    world.store.hold(OWNER, a_problem(label=hostile))
    world.store.hold(OWNER, a_treatment("t9", substance=hostile, posology=hostile))
    world.disagree()
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show_session(world.context(person=hostile, place=hostile), Preferences())
    window.show()
    yield window
    window.close()


def magenta_in(window):
    image = window.grab().toImage()
    return sum(
        image.pixelColor(x, y) == MAGENTA
        for x in range(0, image.width(), 4)
        for y in range(0, image.height(), 4)
    )


def test_d9_markup_in_a_record_is_shown_as_it_was_typed_and_opens_nothing(window, hostile):
    window.session.record_flow.open(OWNER)
    said = "\n".join(spoken(window))
    assert "<img src=" in said
    assert "<b>x</b>" in said
    assert magenta_in(window) == 0
    labels = window.findChildren(QLabel)
    assert len(labels) > 10
    assert [one.text() for one in labels if one.textFormat() != Qt.TextFormat.PlainText] == []
    assert not [one for one in labels if one.openExternalLinks()]


def test_d9_characters_that_hide_or_turn_a_name_are_spelled_out(window):
    window.session.record_flow.open(OWNER)
    shown = [label.text() for label in window.findChildren(QLabel)]
    assert not [text for text in shown if RLO in text or ZERO_WIDTH in text]
    assert any("⟦U+202E⟧y⟦U+200B⟧" in text for text in shown)


def test_the_comparison_is_able_to_fail(qapp, qtbot, picture, hostile):
    """The control: a label that takes markup paints the picture."""
    label = QLabel(hostile)
    label.setTextFormat(Qt.TextFormat.RichText)
    qtbot.addWidget(label)
    label.resize(600, 500)
    assert magenta_in(label) > 100
