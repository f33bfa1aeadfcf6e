"""Whole-session flows through the real view-models and services, offscreen."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from practitioner_app.ports import ItemState
from practitioner_app.services.session import Connection, Link
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.ui_samples import PARIS, a_look
from tests.gui.ui_world import OpenGate, World
from ui.main_window import MainWindow
from ui.patient.state import Action, Ref
from ui.preferences import Preferences, look_of
from ui.search.state import HitKind
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking
from ui.widgets.text import PlainLabel

# the offscreen platform has no windows to raise when a list of suggestions opens
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture
def window(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window
    window.close()


def type_into(widget, text):
    """Key events by hand: letters with accents included."""
    for char in text:
        QApplication.sendEvent(
            widget, QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, char)
        )


def press(widget, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def texts_of(window):
    """Everything a person could read or hear on this window."""
    found = [window.windowTitle()]
    for widget in window.findChildren(QWidget):
        found += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            found.append(widget.text())
    return "\n".join(found)


def test_a_patient_is_found_by_a_few_letters_and_opened_by_enter(window, qtbot):
    session = window.session
    session.overlay_flow.run("palette")
    type_into(session.palette_view.edit, "martin")
    state = session.models.palette.state
    assert [row.title for row in state.rows if row.kind is HitKind.PATIENT] == [
        "Mme MARTINEAU Élodie"
    ]
    qtbot.waitUntil(lambda: session.models.palette.state.settled, timeout=2000)
    press(session.palette_view.edit, Qt.Key.Key_Return)
    assert session.models.record.state.owner == OWNER
    assert session.frame.banner.owner == OWNER == session.record_view.owner


def test_hz01_enter_is_refused_while_the_list_may_still_move(window):
    session = window.session
    session.overlay_flow.run("palette")
    type_into(session.palette_view.edit, "martin")
    assert not session.models.palette.state.settled
    press(session.palette_view.edit, Qt.Key.Key_Return)
    assert session.models.record.state.owner is None


def test_hz01_banner_strip_and_columns_always_speak_of_the_same_patient(window, world):
    session = window.session
    walk = [OWNER, OTHER_OWNER, OWNER, OTHER_OWNER]
    for owner in walk:
        session.record_flow.open(owner)
        assert session.frame.banner.owner == owner == session.record_view.owner
        session.overlay_flow.run("sync")
        assert not session.frame.banner.isVisible()
        session.overlay_flow.run("record")
        assert session.frame.banner.owner == owner


def test_hz17_no_filter_survives_a_change_of_patient(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.record_view.timeline.focus_filter()
    session.record_view.timeline._edit.setText("zzz")
    assert session.models.record.state.words == "zzz"
    assert session.models.record.state.record.why_empty.startswith("Un filtre")
    session.record_flow.open(OTHER_OWNER)
    assert session.models.record.state.words == ""
    assert session.record_view.timeline._edit.text() == ""


def test_an_allergy_is_recorded_by_the_keyboard_and_undone_before_it_leaves(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    panel = session.record_view.panel
    type_into(panel.field("agent").edit, "pénicilline")
    type_into(panel.field("since").edit, "1994")
    press(panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    banner = session.models.record.state.record.banner
    assert banner.allergies.title == "Allergies connues"
    assert [line.agent for line in banner.allergies.lines] == ["pénicilline"]
    card = next(c for c in session.models.record.state.record.cards if c.key == "allergies")
    assert [chip.word for chip in card.lines[0].chips] == ["Pas encore envoyé"]
    pending = [item for item in world.store.pending() if item.rtype == "AllergyIntolerance"]
    assert [item.owner for item in pending] == [OWNER]
    session.overlay_flow.run("undo")
    assert [i for i in world.store.pending() if i.rtype == "AllergyIntolerance"] == []


def test_hz01_a_form_writes_for_the_patient_it_was_opened_on(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    model = session.models.forms.model
    model.edit("label", "Lombalgie")
    session.models.record.open(OTHER_OWNER)
    model.submit()
    written = [item for item in world.store.pending() if item.rtype == "Condition"]
    assert [item.owner for item in written] == [OWNER]


def test_a_wrong_date_and_a_missing_agent_are_said_beside_their_fields(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    panel = session.record_view.panel
    panel.submitted.emit()
    assert panel.field("agent").below == "Obligatoire\u00a0: remplissez ce champ."
    type_into(panel.field("agent").edit, "latex")
    type_into(panel.field("since").edit, "14/14/2020")
    panel.submitted.emit()
    assert panel.field("since").below.startswith("Saisissez une date")


def test_a_draft_comes_back_after_the_form_was_closed(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    type_into(session.record_view.panel.field("label").edit, "Goutte")
    press(session.record_view.panel, Qt.Key.Key_Escape)
    assert session.models.forms.model is None
    session.overlay_flow.run("add:problems")
    assert session.record_view.panel.field("label").value() == "Goutte"
    assert session.models.forms.model.state.draft_found


def test_a_draft_of_a_correction_holds_only_what_was_typed(window, world):
    """The rest is the other side's text: it may change, and a purge must be able to erase it."""
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.edit("note", "crise du pied droit")
    session.models.forms.model.submit()
    session.record_flow.edit_chosen()
    model = session.models.forms.model
    assert model.state.values["label"] == "Goutte"
    model.edit("note", "crise du pied gauche")
    model.keep_draft()
    (kept,) = world.store.drafts._kept.values()
    assert b"gauche" in kept.text
    assert b"Goutte" not in kept.text
    model.edit("note", model.spec.values.get("note", ""))
    model.keep_draft()
    assert not world.store.drafts._kept


def test_hz13_a_dose_in_words_is_refused_and_a_comma_is_accepted(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:treatments")
    model = session.models.forms.model
    model.edit("substance", "périndopril")
    model.edit("strength", "deux")
    model.submit()
    assert "strength" in model.state.errors
    model.edit("strength", "2,5")
    model.submit()
    card = next(c for c in session.models.record.state.record.cards if c.key == "treatments")
    assert any("2,5\u00a0mg" in line.words for line in card.lines)


def test_hz05_none_known_is_refused_while_an_agent_is_known(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    session.models.forms.model.edit("agent", "iode")
    session.models.forms.model.submit()
    session.overlay_flow.run("none:allergies")
    assert session.models.record.state.record.banner.allergies.title == "Allergies connues"
    assert "corrigez-la" in session.toast.accessibleName()


def test_hz18_two_versions_are_settled_only_when_every_field_is_chosen(window, world):
    world.disagree()
    session = window.session
    session.record_flow.open(OWNER)
    session.sync_flow.settle("mine")
    state = session.models.conflict.state
    assert session.navigator.place == "conflict"
    assert session.frame.banner.owner == OWNER
    assert state.why_not
    assert not any(row.mine_chosen or row.theirs_chosen for row in state.rows)
    session.models.conflict.save()
    assert len(world.store.conflicts()) == 1
    for row in state.rows:
        if not row.same:
            box = next(
                box for (key, _), box in session.conflict_view._boxes.items() if key == row.key
            )
            press(box, Qt.Key.Key_2)
    assert session.models.conflict.state.why_not == ""
    session.models.conflict.save()
    assert not world.store.conflicts()
    assert session.navigator.place == "record"


def test_the_sync_centre_lists_what_waits_and_takes_it_back(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    session.overlay_flow.run("sync")
    lines = [line for line in session.models.centre.state.pending if line.rtype == "Condition"]
    assert "Goutte — Mme MARTINEAU Élodie, 14/07/1958" in lines[0].title
    session.models.centre.undo(lines[0].op_id)
    assert not [i for i in session.models.centre.state.pending if i.rtype == "Condition"]
    session.overlay_flow.run("send")
    assert world.sync.asked == 1


def test_an_item_already_tried_over_the_network_stays_and_the_doctor_is_told_why(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    session.overlay_flow.run("sync")
    line = next(i for i in session.models.centre.state.pending if i.rtype == "Condition")
    assert line.undoable
    world.store.judged(line.op_id, ItemState.SENT)
    session.centre_view.undo_asked.emit(line.op_id)
    assert session.toast.isVisibleTo(session)
    assert session.toast.accessibleName() == (
        "Déjà envoyé : la réponse du serveur est attendue. "
        "Une fois enregistré, corrigez-le dans le dossier."
    )
    left = next(i for i in session.models.centre.state.pending if i.op_id == line.op_id)
    assert not left.undoable
    assert (left.chip.word, "réponse attendue" in left.second) == ("Pas encore envoyé", True)
    world.centre.connected(Connection(link=Link.SYNCING))
    session.models.centre.show()
    left = next(i for i in session.models.centre.state.pending if i.op_id == line.op_id)
    assert (left.chip.word, "réponse attendue" in left.second) == ("Envoi en cours", False)


def test_undoing_from_the_record_too_late_keeps_the_line_and_says_so(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    op_id = session.models.record.state.detail.op_id
    world.store.confirm(op_id)
    session.record_flow.undo()
    assert session.toast.accessibleName() == (
        "Le serveur vient de répondre : corrigez-le dans le dossier."
    )
    assert session.models.record.state.detail is not None


def test_hz21_a_refused_item_stays_with_its_reason_until_a_person_confirms(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    op_id = next(i.op_id for i in world.store.pending() if i.rtype == "Condition")
    world.store.judged(op_id, ItemState.REFUSED, reason="refused.unavailable")
    session.overlay_flow.run("sync")
    line = session.models.centre.state.refused[0]
    assert line.because == "ce dossier ne vous est plus accessible."
    session.sync_flow.withdraw(op_id)
    assert session.models.centre.state.refused
    session.sync_flow._confirm.accept()
    assert not session.models.centre.state.refused


def test_hz04_the_allergy_title_says_the_date_of_the_copy_as_soon_as_the_server_is_lost(
    window, world
):
    session = window.session
    world.centre.connected(Connection(link=Link.ONLINE))
    session.models.status.refresh()
    session.record_flow.open(OWNER)
    world.centre.connected(Connection(link=Link.OFFLINE))
    session.models.status.refresh()
    chips = [chip.word for chip in session.models.status.state.chips]
    assert chips[0].startswith("Hors connexion")


def test_d2_hz25_locked_leaves_nothing_clinical_in_widget_title_tooltip_or_clipboard(
    window, world, qtbot
):
    session = window.session
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("MedicationStatement", "t1"))
    assert "MARTINEAU" in texts_of(window)
    assert "metformine" in texts_of(window)
    QGuiApplication.clipboard().setText("metformine")
    look = window.look
    speak = lambda: Speaking(look.texts, look.formats, world.clock.now())  # noqa: E731 - a test
    window.show_lock(LockModel(gate=OpenGate(world.clock), lanes=world.lanes, speak=speak))
    shown = texts_of(window)
    for secret in ("MARTINEAU", "Élodie", "metformine", "1958", "2 58 07"):
        assert secret not in shown
    assert QGuiApplication.clipboard().text() == ""
    assert window.session is None
    left = [w for w in QApplication.topLevelWidgets() if type(w).__name__ == "SessionView"]
    assert left == []


def test_undo_action_of_the_side_panel_takes_back_a_waiting_line(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    session.models.forms.model.edit("agent", "latex")
    session.models.forms.model.submit()
    actions = [a.action for a in session.models.record.state.detail.actions]
    assert Action.UNDO in actions
    session.record_flow._act(Action.UNDO)
    assert session.models.record.state.detail is None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_control_that_takes_the_focus_has_a_name_and_a_role(world, qapp, qtbot, language):
    window = MainWindow(qapp, a_look(language))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences(language=language))
    window.show()
    session = window.session
    session.record_flow.open(OWNER)
    pages = ("record", "sync", "settings")
    for place in pages:
        session.overlay_flow.run(place)
        for widget in window.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                view = QAccessible.queryAccessibleInterface(widget)
                name = view.text(QAccessible.Text.Name)
                assert name, f"{place}: {type(widget).__name__} has no name"
                assert view.role() != QAccessible.Role.NoRole
    window.close()


def test_the_keyboard_alone_reaches_every_pane_of_the_record(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("MedicationStatement", "t1"))
    window.activateWindow()
    seen = set()
    for _ in range(4):
        session.overlay_flow.run("panes")
        focus = window.focusWidget()
        for name, pane in (
            ("summary", session.record_view._summary_box),
            ("timeline", session.record_view.timeline),
            ("side", session.record_view._side),
        ):
            if focus is not None and pane.isAncestorOf(focus):
                seen.add(name)
    assert {"summary", "timeline"} <= seen


@pytest.mark.parametrize(("scale", "size"), [(100, (1280, 800)), (150, (1600, 1000))])
def test_nothing_is_cut_at_1280_nor_at_150_percent(world, qapp, qtbot, scale, size):
    preferences = Preferences(scale=scale, theme="light")
    window = MainWindow(qapp, look_of(preferences, PARIS, system="light"))
    qtbot.addWidget(window)
    window.resize(*size)
    window.show_session(world.context(), preferences)
    window.show()
    session = window.session
    session.record_flow.open(OWNER)
    qtbot.waitExposed(window)
    assert (window.width(), window.height()) == size
    for part in (session.frame.banner, session.frame.status, session.record_view._summary_box):
        for label in part.findChildren(PlainLabel):
            if label.isVisible() and type(label) is PlainLabel and not label.wordWrap():
                assert label.width() >= label.sizeHint().width() - 1, label.text()
                corner = label.mapTo(window, label.rect().bottomRight())
                assert corner.x() <= size[0]
    window.close()


def test_every_command_has_words_in_both_languages_and_a_way_to_it(qapp):
    for language in ("fr", "en"):
        from ui.registry import all_commands

        commands = all_commands(a_look(language).texts)
        assert all(command.title and command.group for command in commands)
        assert all(command.shortcut or command.in_palette for command in commands)
        shortcuts = [command.shortcut for command in commands if command.shortcut]
        assert len(shortcuts) == len(set(shortcuts))
        assert not [key for key in shortcuts if "Ctrl+Alt" in key]


def test_a_new_language_shows_the_same_record_in_other_words(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    assert session.models.record.state.record.cards[1].title == "Problèmes en cours"
    wanted = Preferences(language="en", theme="dark")
    window.wear(look_of(wanted, PARIS, system="light"))
    window.show_session(world.context(), wanted)
    window.session.record_flow.open(OWNER)
    assert window.session.models.record.state.record.cards[1].title == "Active problems"


def test_the_journal_of_an_opening_is_never_taken_back_by_the_reader(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    session.overlay_flow.run("sync")
    undoable = {line.rtype: line.undoable for line in session.models.centre.state.pending}
    assert undoable == {"Condition": True}
    session.overlay_flow.run("undo")
    assert [entry.op.kind for entry in world.store.ops] == ["opened"]


def test_hz13_the_panes_of_a_disagreement_speak_in_words_and_decimal_commas(window, world):
    world.disagree()
    session = window.session
    session.record_flow.open(OWNER)
    session.sync_flow.settle("mine")
    state = session.models.conflict.state
    shown = {row.label: (row.mine, row.theirs) for row in state.rows}
    drug = "périndopril arginine, comprimé, "
    assert shown["Médicament"] == (drug + "5 mg", drug + "2,5 mg")
    assert shown["Posologie"] == ("le soir", "le matin")
    assert shown["État"][0].startswith("en cours · ")
    assert state.theirs_head.startswith("Version du Dr ")
    assert state.kept_who == "0 champ choisi sur 2"
