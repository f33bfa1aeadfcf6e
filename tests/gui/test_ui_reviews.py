"""The results to be signed: the list by keyboard, the patient beside it, an alert value, undo."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from practitioner_app.ports import ChangeSet, ItemState
from tests.builders import ACTOR, OTHER_OWNER, OWNER
from tests.gui.test_ui_results import sent
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from tests.unit.practitioner_app.test_reviews import a_report, a_review, a_role
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.reviews.state import OTHERS, SIGNED

ALT = Qt.KeyboardModifier.AltModifier
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def told(store, owner, rid, value):
    body = sent("2823-3", "Potassium", "mmol/L", "mmol/L", value, ("3.5", "5.0"), "2026-11-20")
    body["id"] = f"o{rid}"
    store.hold(owner, body, a_report(f"d{rid}", f"o{rid}"), a_review(rid, f"d{rid}"))


@pytest.fixture
def world(qapp):
    assert ACTOR.name
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


@pytest.fixture
def page(session, qtbot):
    session.overlay_flow.run("results")
    qtbot.waitUntil(lambda: session.results_page.banner.owner == OTHER_OWNER)
    return session.results_page


def press(widget, key):
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def lines(page):
    model = page.reviews.model
    texts = [
        model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(model.rowCount())
    ]
    return [text.replace("\u00a0", " ") for text in texts]


def test_hz10_the_list_is_in_words_with_the_alert_first_and_the_badge_counts(session, page):
    heads = [line for line in lines(page) if " : " in line]
    assert heads == ["Valeur d’alerte : 1", "Dans les valeurs de référence : 1"]
    assert "Potassium 6,1 mmol/L ▲ élevé" in lines(page)[1]
    assert session.models.reviews.state.to_sign == 2


def test_hz01_the_results_beside_the_list_are_of_the_banner_above_them(session, page, qtbot):
    state = session.models.results.state
    assert page.banner.owner == state.grid.owner == OTHER_OWNER
    assert page.results.curve.out.value.text().startswith("6,1")
    press(page.reviews.list, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.banner.owner == OWNER)
    assert session.models.results.state.grid.owner == OWNER
    assert not page.alert.isVisible()


def test_hz10_signing_waits_for_the_acknowledgement_and_says_so(session, page, world):
    assert page.alert.isVisible()
    assert "seuil d’alerte" in page.alert.accessibleName()
    session.overlay_flow.run("sign")
    assert session.toast.accessibleName() == "Accusez d’abord réception de la valeur d’alerte."
    assert session.models.reviews.state.to_sign == 2
    session.overlay_flow.run("acknowledge")
    assert "Réception accusée" in page.alert.accessibleDescription()
    session.overlay_flow.run("sign")
    assert session.models.reviews.state.to_sign == 1
    [op] = [op for op in world.store.pending() if op.rtype == "Task"][-1:]
    assert op.state is ItemState.PENDING


def test_a_signature_is_taken_back_by_ctrl_z(session, page, qtbot):
    press(page.reviews.list, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.banner.owner == OWNER)
    session.overlay_flow.run("sign")
    assert session.models.reviews.state.to_sign == 1
    session.overlay_flow.run("undo")
    assert session.models.reviews.state.to_sign == 2


def test_what_was_signed_is_listed_and_cannot_be_signed_again(session, page, qtbot):
    press(page.reviews.list, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.banner.owner == OWNER)
    session.overlay_flow.run("sign")
    page.reviews.tab_asked.emit(SIGNED)
    state = session.models.reviews.state
    assert (state.signed, state.can_sign) == (1, False)
    assert "Pas encore envoyé" in lines(page)[0]


def test_the_keys_do_nothing_on_another_page(session):
    session.overlay_flow.run("record")
    session.overlay_flow.run("sign")
    session.overlay_flow.run("acknowledge")
    assert session.models.reviews.state.to_sign == 2
    assert not session.toast.isVisible()


def test_a_result_that_arrives_is_counted_on_the_rail(session, world):
    told(world.store, OWNER, "r3", "4.4")
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"Task"})}))
    assert session.models.reviews.state.to_sign == 3


def test_nothing_to_sign_says_so(qapp, qtbot):
    world = World(qapp)
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences())
    window.session.overlay_flow.run("results")
    assert window.session.models.reviews.state.empty == "Rien à viser."
    window.close()


def test_hz01_a_line_whose_results_are_not_in_sight_is_shown_and_not_signed(session, world, qtbot):
    told(world.store, OTHER_OWNER, "r9", "4.6")
    world.changes.announce(ChangeSet(owners={OTHER_OWNER: frozenset({"Task"})}))
    session.record_flow.open(OWNER)
    session.overlay_flow.run("results")
    page, reviews = session.results_page, session.models.reviews
    assert page.banner.owner == OWNER
    assert reviews.state.row.owner == OWNER
    reviews.choose(f"{OTHER_OWNER}/r9")
    before = reviews.state.to_sign
    session.overlay_flow.run("sign")
    assert reviews.state.to_sign == before
    assert page.banner.owner == OTHER_OWNER
    session.overlay_flow.run("sign")
    assert reviews.state.to_sign == before - 1


def space(page):
    press(page.reviews.list, Qt.Key.Key_Space)


def test_several_results_are_signed_at_once_by_space_then_alt_v_and_taken_back(
    session, page, world, qtbot
):
    told(world.store, OWNER, "r5", "4.4")
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"Task"})}))
    reviews = session.models.reviews
    for key in (f"{OWNER}/r1", f"{OWNER}/r5"):
        reviews.choose(key)
        place = page.reviews.model.place_of(key)
        page.reviews.list.setCurrentIndex(page.reviews.model.index(place, 0))
        space(page)
    assert [line for line in lines(page) if "sélectionné" in line]
    assert reviews.state.joined == 2
    session.overlay_flow.run("sign")
    assert session.toast.accessibleName() == "2 résultats visés, pas encore envoyés."
    assert reviews.state.to_sign == 1
    session.overlay_flow.run("undo")
    assert reviews.state.to_sign == 3


def test_hz10_an_abnormal_result_is_not_selected_and_says_why(session, page):
    press(page.reviews.list, Qt.Key.Key_Space)
    assert session.models.reviews.state.joined == 0
    assert session.toast.accessibleName().startswith("À viser seul")


def test_hz08_a_result_is_handed_over_with_a_reason_by_keyboard(session, page, world, qtbot):
    world.store.hold(99, a_role("r-me", {"reference": ACTOR.reference}))
    world.store.hold(99, a_role("r-lemaire", {"reference": "Practitioner/lemaire"}))
    press(page.reviews.list, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.banner.owner == OWNER)
    session.overlay_flow.run("hand_over")
    dialog = session.results_flow.dialog
    assert dialog.accessibleName() == "Confier ce résultat"
    dialog.panel.submitted.emit()
    assert dialog.isVisible()
    dialog.panel.edited.emit(("reason", "Votre patiente"))
    dialog.panel.submitted.emit()
    assert not dialog.isVisible()
    state = session.models.reviews.state
    assert (state.to_sign, state.others) == (1, 1)
    page.reviews.tab_asked.emit(OTHERS)
    assert lines(page)[0] == "Confiés par vous : 1"
    assert "demandé à : Dr Hugues LEMAIRE" in lines(page)[1]
    session.overlay_flow.run("sign")
    assert session.toast.accessibleName() == "Pour le viser, prenez-le d’abord : Confier…"
    session.overlay_flow.run("undo")
    assert session.models.reviews.state.to_sign == 2


def test_without_a_colleague_in_the_directory_nothing_is_handed_over(session, page):
    session.overlay_flow.run("hand_over")
    assert session.toast.accessibleName().startswith("Aucun confrère")
