"""The list of orders that never came back, by keys: chased, closed, answered (HZ-09)."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from dossier.fhir import orders
from dossier.fhir.orders import Ordered
from dossier.terminology.letters import LetterKind
from practitioner_app.services.letters import OrderLine, SignLetter
from tests.builders import OTHER_OWNER, OWNER, a_result
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.navigation import AWAITED, RECORD, TASKS
from ui.preferences import Preferences
from ui.session_view import SessionView
from ui.widgets.form_panel import FormPanel
from ui.widgets.rail import RailButton

CTRL = Qt.KeyboardModifier.ControlModifier
DAY = 86_400
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def ordered(world, owner, label, days):
    service, now = world.context().services.letters, world.clock.now()
    expected = (now + timedelta(days=days)).date().isoformat()
    service.sign(
        SignLetter(
            owner=owner,
            kind=LetterKind.LABORATORY,
            title="Ordonnance de biologie",
            at=now.date().isoformat(),
            pdf=b"%PDF-1.4",
            text=label,
            lines=(OrderLine(label=label, expected=expected),),
        )
    )


@pytest.fixture
def world(qapp):
    world = World(qapp)
    ordered(world, OWNER, "HbA1c", 30)
    ordered(world, OTHER_OWNER, "TSH", 20)
    later(world, 40)
    return world


def later(world, days):
    """Days pass, and the server is met."""
    world.clock.advance(days * DAY)
    now = world.clock.now()
    world.store.facts = {"last_contact": now, "lease_until": now + timedelta(days=7)}


@pytest.fixture
def view(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show_session(world.context(), Preferences())
    window.show()
    session = window.findChild(SessionView)
    session.overlay_flow.run(AWAITED)
    yield session
    window.close()


def listed(view):
    return [row.label for row in view.models.awaited.state.rows]


def form(view) -> FormPanel:
    (found,) = [one for one in view.awaited_view.findChildren(FormPanel) if one.isVisible()]
    return found


def all_orders(world, owner):
    return [orders.decode(row.body) for row in world.store.rows(owner, ("ServiceRequest",))]


def test_hz09_what_never_came_back_is_listed_by_two_identifiers_the_longest_first(view):
    assert view.navigator.place == AWAITED
    assert listed(view) == ["TSH", "HbA1c"]
    first = view.models.awaited.state.rows[0]
    assert "LE GOFF" in first.words
    assert "14/07/1958" in first.words
    assert "20 jours de retard" in first.words
    assert view.awaited_view.list.accessibleName() == "Prescrit, jamais revenu"
    assert view.awaited_view.list.hasFocus()


def test_hz09_a_result_that_arrives_takes_its_line_away(view, world):
    at = world.clock.now().date().isoformat()
    world.store.hold(OWNER, a_result(at=f"{at}T08:00:00Z"))
    view.models.awaited.refresh()
    assert listed(view) == ["TSH"]


def test_an_order_is_chased_by_keys_and_comes_back_after_its_new_day(view, world, qtbot):
    lines = view.awaited_view.list
    qtbot.keyClick(lines, Qt.Key.Key_R)
    panel = form(view)
    assert "LE GOFF" in spoken(panel)
    panel.field("note").set_value("Patient appelé")
    qtbot.keyClick(panel, Qt.Key.Key_Return, CTRL)
    assert listed(view) == ["HbA1c"]
    assert lines.hasFocus()
    later(world, 20)
    view.models.awaited.refresh()
    assert listed(view) == ["HbA1c", "TSH"]
    (order,) = all_orders(world, OTHER_OWNER)
    assert order.notes == ("Patient appelé",)


def spoken(widget):
    return " ".join(
        getattr(one, "text", str)() if not one.accessibleName() else one.accessibleName()
        for one in widget.findChildren(QWidget)
        if hasattr(one, "text") or one.accessibleName()
    )


def test_an_order_done_elsewhere_is_closed_with_its_reason(view, world, qtbot):
    lines = view.awaited_view.list
    qtbot.keyClick(lines, Qt.Key.Key_Down)
    qtbot.keyClick(lines, Qt.Key.Key_F)
    panel = form(view)
    qtbot.keyClick(panel, Qt.Key.Key_Return, CTRL)
    assert listed(view) == ["TSH", "HbA1c"], "a reason is required"
    panel.field("reason").set_value("Fait à l’hôpital")
    qtbot.keyClick(panel, Qt.Key.Key_Return, CTRL)
    assert listed(view) == ["TSH"]
    (order,) = all_orders(world, OWNER)
    assert (order.status, order.notes) == (Ordered.COMPLETED, ("Fait à l’hôpital",))


def test_enter_opens_the_record_at_the_paper_of_the_order(view, qtbot):
    qtbot.keyClick(view.awaited_view.list, Qt.Key.Key_Return)
    assert view.navigator.place == RECORD
    assert view.models.record.state.owner == OTHER_OWNER
    assert view.models.record.state.detail.ref.rtype == "DocumentReference"


def test_what_is_typed_of_an_act_is_kept_when_one_goes_elsewhere(view, world, qtbot):
    qtbot.keyClick(view.awaited_view.list, Qt.Key.Key_R)
    view.orders_flow._edited(("note", "Message laissé au fils"))
    view.navigator.go(RECORD)
    (kept,) = world.context().services.drafts.of(OTHER_OWNER)
    assert kept.values["note"] == "Message laissé au fils"
    view.navigator.go(AWAITED)
    qtbot.keyClick(view.awaited_view.list, Qt.Key.Key_R)
    assert form(view).values()["note"] == "Message laissé au fils"


def test_hz09_the_tasks_count_what_one_ordered_and_lead_to_it(view, qtbot):
    view.navigator.go(TASKS)
    view.models.work_lists.show_list("awaited")
    state = view.models.work_lists.state
    assert [row.second for row in state.rows] == [
        "TSH · attendu le 13/12/2026",
        "HbA1c · attendu le 23/12/2026",
    ]
    assert state.to_do >= 2
    view.models.work_lists.choose(state.rows[1].key)
    view.work_lists_flow.open_chosen()
    assert view.navigator.place == AWAITED
    assert view.models.awaited.state.row.label == "HbA1c"
    assert [one.key for one in view.frame.rail.findChildren(RailButton) if one.isChecked()] == [
        TASKS
    ]
