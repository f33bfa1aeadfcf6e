"""A long timeline costs what is seen of it, and says as much as a short one."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from practitioner_app.ports import ChangeSet
from practitioner_app.services.rows import Kind, Listing
from tests.builders import OWNER, a_problem
from tests.gui.ui_samples import a_look, a_record, a_speaking, event
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.patient.model import TimelineModel
from ui.patient.presenter import record_state
from ui.patient.rows import RowPresenter, TimelineRows
from ui.patient.timeline import TimelineColumn
from ui.patient.timeline_presenter import timeline, timeline_row
from ui.preferences import Preferences
from ui.widgets.trend import PlotPoint, PlotState, TrendPlot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

MANY = 1_000


@pytest.fixture
def record():
    events = tuple(
        event(f"e{n}", f"20{n // 50:02d}-0{1 + n % 9}-14", Kind.CONSULTATION, f"visite {n}")
        for n in range(MANY)
    )
    return a_record(timeline=Listing(rows=events))


@pytest.fixture
def counted(record):
    """A presenter of that record, and the events it has presented."""
    speaking, seen = a_speaking(a_look()), []

    def present(item):
        seen.append(item.id)
        return timeline_row(item, record, speaking)

    return RowPresenter(present), seen


def rows_of(record, presenter, words=""):
    speaking = a_speaking(a_look())
    return timeline(record, speaking, presenter, filter_key="all", words=words)


def test_a_list_of_a_thousand_presents_the_rows_in_sight_alone(qapp, qtbot, record, counted):
    presenter, seen = counted
    rows, _ = rows_of(record, presenter)
    assert len(rows) == MANY + 1
    column = TimelineColumn(a_look())
    qtbot.addWidget(column)
    column.resize(600, 700)
    column.show_rows(rows, "", "")
    column.show()
    qtbot.waitUntil(lambda: bool(seen))
    column.list.scrollToBottom()
    qtbot.waitUntil(lambda: "e0" in seen)
    assert 5 < len(set(seen)) < 40
    assert len(seen) == len(set(seen)), "each once"


def test_every_row_of_a_long_list_has_its_words_for_a_screen_reader(qapp, record, counted):
    rows, _ = rows_of(record, counted[0])
    model = TimelineModel()
    model.show_rows(rows)
    last = model.index(MANY)
    assert "visite 999" in model.data(last, Qt.ItemDataRole.AccessibleTextRole)


def test_words_are_sought_in_every_event_and_not_only_in_those_seen(record, counted):
    rows, why = rows_of(record, counted[0], words="visite 987")
    assert [row.key for row in rows[1:]] == ["Observation/e987"]
    assert not why
    none, why = rows_of(record, counted[0], words="absent")
    assert not none
    assert why


def test_the_counts_of_a_long_record_are_exact_before_anything_is_presented(record, counted):
    state = record_state(record, a_speaking(a_look()), counted[0], filter_key="all", words="")
    assert {one.key: one.count for one in state.filters}["all"] == MANY
    assert not counted[1]


def test_the_same_record_again_changes_no_row_and_presents_none(qapp, qtbot, record, counted):
    presenter, seen = counted
    model = TimelineModel()
    model.show_rows(rows_of(record, presenter)[0])
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.rowsInserted):
        model.show_rows(rows_of(record, presenter)[0])
    assert not seen


def test_the_line_chosen_stays_chosen_when_a_new_event_arrives_above_it(qapp, qtbot):
    world = World(qapp)
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences())
    window.show()
    session = window.session
    session.record_flow.open(OWNER)
    column = session.record_view.timeline
    place = column.model.place_of("MedicationStatement/t1")
    column.select(place)
    world.store.hold(OWNER, a_problem("c5", "Goutte", since="2026-11-22"))
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"Condition"})}))
    QApplication.processEvents()
    chosen = column.list.currentIndex()
    assert column.model.place_of("Condition/c5") >= 0
    assert column.model.rows[chosen.row()].key == "MedicationStatement/t1"
    window.close()


def dense(abnormal):
    points = tuple(
        PlotPoint(day=700_000.0 + n, value=5.0 + (n % 3) / 50, abnormal=n == abnormal)
        for n in range(600)
    )
    return PlotState(title="Glycémie", unit="g/L", points=points)


def test_hz12_no_abnormal_value_disappears_in_a_small_crowded_curve(qapp, qtbot):
    look = a_look()
    plot = TrendPlot(look, compact=True)
    qtbot.addWidget(plot)
    plot.resize(340, 72)
    plot.show_plot(dense(abnormal=None))
    danger = look.colour("danger").name()
    assert danger not in colours_of(plot)
    plot.show_plot(dense(abnormal=301))
    assert danger in colours_of(plot)


def colours_of(widget):
    image = widget.grab().toImage()
    spots = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {image.pixelColor(x, y).name() for x, y in spots}


def test_rows_are_equal_when_they_show_the_same_things(record, counted):
    rows, _ = rows_of(record, counted[0])
    again, _ = rows_of(record, counted[0])
    assert rows == again
    assert rows != TimelineRows(rows[:3])
