"""The tasks page by keyboard: lists, lines, the next patient, the way back."""

from datetime import UTC, datetime
from time import monotonic

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from practitioner_app.ports import ChangeSet, ItemState, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import InlineLanes
from practitioner_app.runtime.main_thread import InlineMainThread
from practitioner_app.services.work_lists import ListKind
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.test_ui_reviews import told
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.navigation import CONFLICT, RECORD, RESULTS, TASKS
from ui.preferences import Preferences
from ui.speaking import Speaking
from ui.work_lists.view_model import LATE_MS, WorkListsModel

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    world = World(qapp)
    told(world.store, OWNER, "r1", "4.2")
    told(world.store, OTHER_OWNER, "r2", "6.1")
    return world


@pytest.fixture
def session(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    yield window.session
    window.close()


def press(widget, key):
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def spoken(shown):
    model = shown.model()
    return [
        model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole).replace("\u00a0", " ")
        for row in range(model.rowCount())
    ]


def test_every_list_is_named_and_counted_and_walked_by_the_arrows(session):
    session.overlay_flow.run("tasks")
    view = session.work_lists_view
    assert session.navigator.place == TASKS
    assert spoken(view.lists) == [
        "Ma journée : 0",
        "Résultats à viser : 2",
        "Confiés à moi : 0",
        "Notes à signer : 0",
        "Prescrit, jamais revenu : 0",
        "Brouillons : 0",
        "À corriger : 0",
        "Synthèses annuelles à faire : 0",
    ]
    assert view.list.accessibleName() == "Résultats à viser"
    view.lists.setFocus()
    press(view.lists, Qt.Key.Key_Up)
    assert session.models.work_lists.state.kind == ListKind.DAY
    assert session.models.work_lists.state.empty == "Aucun dossier n’a été ouvert aujourd’hui."


def test_enter_on_a_result_opens_the_results_of_its_patient(session, qtbot):
    session.overlay_flow.run("tasks")
    view = session.work_lists_view
    assert "Potassium 6,1 mmol/L ▲ élevé" in spoken(view.list)[0]
    view.list.setFocus()
    press(view.list, Qt.Key.Key_Return)
    assert session.navigator.place == RESULTS
    assert session.models.record.state.owner == OTHER_OWNER
    qtbot.waitUntil(lambda: session.results_page.banner.owner == OTHER_OWNER)
    assert session.models.reviews.state.row.key == f"{OTHER_OWNER}/r2"


def test_f9_goes_from_patient_to_patient_of_the_list_and_says_when_it_ends(session):
    session.overlay_flow.run("next_patient")
    assert session.models.record.state.owner == OTHER_OWNER
    session.overlay_flow.run("next_patient")
    assert session.models.record.state.owner == OWNER
    session.overlay_flow.run("next_patient")
    assert session.models.record.state.owner == OWNER
    assert session.toast.accessibleName() == (
        "Plus d’autre patient dans la liste « Résultats à viser »."
    )


def test_a_disagreement_opens_between_its_two_versions(session, world, qtbot):
    world.disagree()
    session.models.work_lists.refresh()
    session.models.work_lists.show_list(ListKind.TO_FIX)
    assert session.models.work_lists.state.to_do == 1
    session.work_lists_flow.open_chosen()
    qtbot.waitUntil(lambda: session.navigator.place == CONFLICT)
    assert session.models.record.state.owner == OWNER


def test_the_day_fills_with_the_records_that_were_opened_and_f6_leads_back(session, qtbot):
    session.record_flow.open(OWNER)
    session.models.work_lists.refresh()
    session.models.work_lists.show_list(ListKind.DAY)
    assert [row.owner for row in session.models.work_lists.state.rows] == [OWNER]
    session.overlay_flow.run("tasks")
    session.work_lists_flow.open_chosen()
    assert session.navigator.place == RECORD
    places = []
    for _ in range(4):
        session.overlay_flow.run("panes")
        places.append(session.navigator.place)
    assert TASKS in places


def test_a_refused_item_stays_in_the_list_with_its_reason(session, world):
    world.disagree("refused")
    world.store.judged("refused", ItemState.REFUSED, reason="rejected.invalid")
    session.models.work_lists.refresh()
    session.models.work_lists.show_list(ListKind.TO_FIX)
    [row] = session.models.work_lists.state.rows
    assert "Refusé parce que" in row.second


def test_openings_are_not_counted_as_something_that_was_written(session, world):
    session.record_flow.open(OWNER)
    session.overlay_flow.run("sync")
    state = session.models.centre.state
    assert state.pending == ()
    assert state.openings == "1 ouverture de dossier sera inscrite au journal au prochain contact."
    assert state.at_risk == ""


def test_hz21_a_refused_entry_is_taken_out_in_clear_only_by_a_person_and_the_journal_says_so(
    session, world, tmp_path
):
    world.disagree("refused")
    world.store.judged("refused", ItemState.REFUSED, reason="rejected.invalid")
    session.export_flow.ask("refused")
    assert session.export_flow.confirm.accessibleName() == "Enregistrer un fichier non chiffré ?"
    before = len(world.store.pending())
    session.export_flow.export(str(tmp_path / "texte.txt"))
    assert "le soir" in (tmp_path / "texte.txt").read_text(encoding="utf-8")
    [told] = world.store.pending()[before:]
    assert (told.kind, told.owner) == ("opened", OWNER)
    assert [item.op_id for item in world.store.pending() if item.state is ItemState.REFUSED]


def a_speaking():
    look = a_look("fr")
    return Speaking(look.texts, look.formats, datetime(2026, 6, 1, tzinfo=UTC))


class CountedLists:
    """Counts what is asked."""

    def __init__(self):
        self.asked = 0

    def lists(self):
        self.asked += 1
        return ()

    apart = lists

    def opened(self, owner):
        """Nothing is kept."""


def test_opening_records_asks_for_the_lists_once_and_late(qtbot):
    counted, changes = CountedLists(), Changes(InlineMainThread())
    model = WorkListsModel(
        work_lists=counted, lanes=InlineLanes(), changes=changes, speak=a_speaking
    )
    model.refresh_apart()
    counted.asked = 0
    noted = ChangeSet(topics=frozenset({Topic.OUTBOX}))
    for owner in (OWNER, OTHER_OWNER, OWNER):
        changes.announce(noted)
        model.opened(owner)
    began = monotonic()
    assert counted.asked == 0
    qtbot.waitUntil(lambda: counted.asked > 0, timeout=LATE_MS + 4_000)
    assert monotonic() - began > LATE_MS / 2_000
    assert counted.asked == 1


def test_an_opening_noted_in_the_outbox_is_no_reason_to_ask_but_a_written_row_is(qtbot):
    counted, changes = CountedLists(), Changes(InlineMainThread())
    model = WorkListsModel(
        work_lists=counted, lanes=InlineLanes(), changes=changes, speak=a_speaking
    )
    model.refresh_apart()
    counted.asked = 0
    changes.announce(ChangeSet(topics=frozenset({Topic.OUTBOX})))
    assert not [one for one in model.findChildren(QTimer) if one.isActive()]
    written = {OWNER: frozenset({"AllergyIntolerance"})}
    changes.announce(ChangeSet(owners=written, topics=frozenset({Topic.OUTBOX})))
    qtbot.waitUntil(lambda: counted.asked == 1, timeout=4_000)
