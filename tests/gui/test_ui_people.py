"""Who uses this computer: names and practices only, walked with keys alone (HZ-25)."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from practitioner_app.runtime.lanes import InlineLanes
from practitioner_app.services.first_start import Step
from tests.fakes.manual_clock import ManualClock
from tests.gui.test_ui_sign_in import ScriptedInstaller
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate
from ui.main_window import MainWindow
from ui.sign_in.people_view import PeopleView, PersonRow, about_of
from ui.sign_in.state import PersonLine
from ui.sign_in.view_model import LockModel, StartModel
from ui.speaking import Speaking
from ui.widgets.button import Button

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

PORT = "Maison de santé du Port"
LINES = (
    PersonLine("", "Dr Claire FONTAINE", PORT, "Cabinet 2", present=True),
    PersonLine("a1", "Dr Claire FONTAINE", "Hôpital de la Côte", "Cabinet 2"),
    PersonLine("b2", "Dr Yann LEMAIRE", PORT, "Cabinet 2"),
)


@pytest.fixture
def look(qapp):
    return a_look("fr")


@pytest.fixture
def window(qapp, look, qtbot):
    window = MainWindow(qapp, look)
    qtbot.addWidget(window)
    window.show()
    return window


def shown(window):
    return window.findChild(PeopleView)


def press(window, key):
    QTest.keyClick(window.focusWidget(), key)


def test_up_down_and_enter_choose_a_person(window, qtbot):
    window.show_people(LINES)
    assert window.focusWidget().key == ""
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Up)
    with qtbot.waitSignal(window.person_chosen) as chosen:
        press(window, Qt.Key.Key_Return)
    assert chosen.args == ["a1"]


def test_escape_goes_back_and_another_person_is_one_tab_away(window, qtbot):
    window.show_people(LINES)
    with qtbot.waitSignal(window.people_left):
        press(window, Qt.Key.Key_Escape)
    while not isinstance(window.focusWidget(), Button):
        press(window, Qt.Key.Key_Tab)
    assert window.focusWidget().text() == "Une autre personne…"
    with qtbot.waitSignal(window.another_asked):
        press(window, Qt.Key.Key_Space)


def test_each_row_says_name_and_practice_to_a_screen_reader(window):
    window.show_people(LINES)
    said = [row.accessibleName() for row in shown(window).findChildren(PersonRow)]
    assert said[1] == "Dr Claire FONTAINE, Hôpital de la Côte"
    assert len(said) == 3


def test_two_profiles_of_one_situation_are_told_apart_by_their_computer_name():
    twin = PersonLine("c3", "Dr Yann LEMAIRE", PORT, "Ancien nom")
    assert about_of(twin, (*LINES, twin)) == f"{PORT} · Ancien nom"
    assert about_of(LINES[1], LINES) == "Hôpital de la Côte"


def test_the_lock_page_leads_to_the_list_and_forgets_what_was_typed(window, look, qtbot):
    clock = ManualClock()
    speak = lambda: Speaking(look.texts, look.formats, clock.now())  # noqa: E731
    window.show_lock(LockModel(gate=OpenGate(clock), lanes=InlineLanes(), speak=speak))
    field = window.focusWidget()
    QTest.keyClicks(field, "une phrase")
    (switch,) = [
        one for one in window.findChildren(Button) if one.text() == "Changer d’utilisateur"
    ]
    with qtbot.waitSignal(window.people_asked):
        switch.click()
    assert field.text() == ""


def test_somebody_new_may_go_back_before_anything_was_enrolled(window, look, qtbot):
    clock = ManualClock()
    speak = lambda: Speaking(look.texts, look.formats, clock.now())  # noqa: E731
    made = {"installer": ScriptedInstaller(), "lanes": InlineLanes(), "speak": speak}
    made |= {"open_page": lambda _address: True}
    alone = StartModel(**made)
    assert not alone.state.can_go_back
    model = StartModel(**made, shared=True)
    assert model.state.can_go_back
    window.show_start(model)
    with qtbot.waitSignal(window.people_left):
        model.back()
    model.edit("address", "https://port.example")
    model.forward()
    assert model.step is Step.CHECK
    with qtbot.assertNotEmitted(model.left):
        model.back()
    assert model.step is Step.SERVER
