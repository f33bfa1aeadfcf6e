"""Widgets kept from one patient to the next keep nothing of the one before (HZ-01, HZ-25)."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from practitioner_app.runtime.lanes import InlineLanes
from tests.builders import OTHER_OWNER, OWNER, a_patient, a_problem, a_result, an_allergy
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate, World
from ui.main_window import MainWindow
from ui.patient.line import LineWidget
from ui.patient.state import Ref
from ui.preferences import Preferences
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking
from ui.widgets.chip import FilterChip
from ui.widgets.strip import CellBox
from ui.widgets.text import Paragraph
from ui.work_lists.view import WorkListsView
from ui.work_lists.view_model import WorkListsModel

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

THEIRS = ("MARTINEAU", "Élodie", "14/07/1958", "pénicilline", "Goutte rare", "metformine")
"""Words of the first patient that no other has."""
NUMBER = "2 58 07 44 990 901 10".replace(" ", "\u00a0")


class HeldLanes(InlineLanes):
    """Answers of the read lane wait until `deliver`."""

    def __init__(self):
        super().__init__()
        self.held = []
        self.holds = False

    def read(self, fn, then, failed=None, key=None):
        if self.holds:
            self.held.append((fn, then, failed, key))
        else:
            super().read(fn, then, failed, key)

    def deliver(self):
        self.holds = False
        held, self.held = self.held, []
        for asked in held:
            super().read(*asked)


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.lanes = HeldLanes()
    world.disagree()
    world.store.hold(
        OTHER_OWNER,
        a_patient(
            "p2",
            birth_name="LE GOFF",
            birth_givens=("YVES",),
            used_given="Yves",
            birth_date="1971-02-03",
            ins="",
        ),
    )
    world.store.hold(OWNER, an_allergy())
    world.store.hold(OWNER, a_problem("c9", "Goutte rare"))
    for place, value in enumerate((7.1, 7.4, 7.9)):
        world.store.hold(
            OWNER,
            a_result(
                f"o{place}",
                effectiveDateTime=f"2026-0{place + 1}-03",
                valueQuantity={"value": value, "unit": "%"},
            ),
        )
    return world


@pytest.fixture(params=[(100, "light"), (150, "dark")])
def window(world, qapp, qtbot, request):
    scale, theme = request.param
    window = MainWindow(qapp, a_look("fr", dark=theme == "dark", scale=scale))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences(theme=theme, scale=scale))
    window.show()
    yield window
    window.close()


def held_by(value):
    """What an attribute of a widget holds, in words."""
    if isinstance(value, Paragraph):
        return repr(value.runs)
    if isinstance(value, list | tuple):
        return " ".join(map(held_by, value))
    return repr(value)


def told_by(widget):
    """Everything one can read, hear or copy of a widget, in sight or not, and what it keeps."""
    words = [held_by(value) for value in vars(widget).values()]
    if isinstance(widget, QWidget):
        words += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        words += [widget.whatsThis(), widget.statusTip(), widget.windowTitle()]
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        words.append(widget.text())
    return "\n".join(words)


def traces(window, words=(*THEIRS, NUMBER)):
    """(word, widget) for every word of the first patient that some object of the window still holds; the work
    lists speak of several patients, whoever is open.
    """
    lists = [*window.findChildren(WorkListsView), *window.findChildren(WorkListsModel)]
    several = {one for page in lists for one in (page, *page.findChildren(QObject))}
    things = [one for one in (window, *window.findChildren(QObject)) if one not in several]
    told = [(type(thing).__name__, told_by(thing)) for thing in things]
    told.append(("clipboard", QGuiApplication.clipboard().text()))
    return [(word, name) for word in words for name, text in told if word in text]


def settled(window):
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    return window


def test_hz01_no_word_of_a_patient_stays_in_a_kept_widget_when_another_is_read(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("Condition", "c9"))
    found = {word for word, _ in traces(settled(window))}
    assert found == {*THEIRS, NUMBER}, "the words sought are on the screen to begin with"
    world.lanes.holds = True
    session.record_flow.open(OTHER_OWNER)
    assert session.models.record.state.record is None
    assert traces(settled(window)) == []
    assert session.frame.banner.isVisible()
    assert session.frame.banner.owner is None is session.record_view.owner
    world.lanes.deliver()
    assert traces(settled(window)) == []
    assert session.frame.banner.owner == OTHER_OWNER == session.record_view.owner


def test_hz01_a_patient_who_is_left_leaves_no_word_and_the_page_says_none_is_open(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.models.record.leave()
    assert traces(settled(window)) == []
    assert session.empty.isVisible()


def test_hz25_a_lock_destroys_the_kept_widgets_with_their_words(window, world):
    window.session.record_flow.open(OWNER)
    settled(window)
    look = window.look
    speaking = Speaking(look.texts, look.formats, world.clock.now(), offline=True)
    gate = OpenGate(world.clock)
    window.show_lock(LockModel(gate=gate, lanes=world.lanes, speak=lambda: speaking))
    assert traces(settled(window)) == []
    kept = (LineWidget, FilterChip, CellBox)
    assert not [widget for widget in window.findChildren(QWidget) if isinstance(widget, kept)]


def test_the_lines_of_the_summary_are_changed_in_place_from_one_patient_to_the_next(window):
    session = window.session
    session.record_flow.open(OWNER)
    before = session.record_view.findChildren(LineWidget)
    session.record_flow.open(OTHER_OWNER)
    session.record_flow.open(OWNER)
    after = session.record_view.findChildren(LineWidget)
    assert set(before) <= set(after)
    assert len(before) > 5
    shown = [line for line in after if line.isVisibleTo(session.record_view)]
    assert set(shown) == {line for line in before if line.isVisibleTo(session.record_view)}


def line_of(session, ref):
    lines = session.record_view.findChildren(LineWidget)
    return next(line for line in lines if line.ref == ref)


def test_the_focus_follows_its_line_when_another_is_inserted_above(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    window.activateWindow()
    gout = Ref("Condition", "c9")
    line_of(session, gout).setFocus()
    world.store.hold(OWNER, a_problem("c1", "Asthme", since="1970-01-01"))
    session.models.record.refresh()
    assert line_of(session, gout).accessibleName().startswith("Goutte rare")
    assert window.focusWidget() is line_of(session, gout)


def test_hz01_the_focus_does_not_stay_on_a_line_that_became_another_patients(window):
    session = window.session
    session.record_flow.open(OWNER)
    window.activateWindow()
    line_of(session, Ref("Condition", "c9")).setFocus()
    session.record_flow.open(OTHER_OWNER)
    assert not isinstance(window.focusWidget(), LineWidget)


def test_a_line_that_stands_in_no_place_cannot_be_reached(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.record_flow.open(OTHER_OWNER)
    spare = [line for line in session.record_view.findChildren(LineWidget) if line.isHidden()]
    assert spare
    assert not any(line.isEnabled() or line.accessibleName() for line in spare)


def test_a_deceased_patients_banner_gives_its_colour_back_to_the_next(window, world):
    gone = {"resourceType": "Patient", "id": "p2", "deceasedBoolean": True}
    world.store.hold(OTHER_OWNER, gone | {"name": [{"use": "official", "family": "LE GOFF"}]})
    session = window.session
    session.record_flow.open(OTHER_OWNER)
    banner = session.frame.banner
    dead = banner.grab().toImage().pixelColor(2, banner.height() - 2).name()
    session.record_flow.open(OWNER)
    living = banner.grab().toImage().pixelColor(2, banner.height() - 2).name()
    assert dead != living
