"""A consultation note by the keyboard: written, templated, signed, taken back, corrected, offline or not."""

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from dossier.entropy import SeededEntropy
from dossier.fhir import notes
from dossier.fhir.notes import Sections
from practitioner_app.ports import ItemState
from practitioner_app.services.drafts import Slot
from practitioner_app.services.note_reading import Colleague
from practitioner_app.services.notes import NoteService, WriteNote
from practitioner_app.services.rows import DRAFT
from practitioner_app.services.writing import Actor, Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_practitioner
from tests.gui.test_ui_drafts import _lock_model
from tests.gui.test_ui_session import press, type_into
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.note_templates_flow import MENU_NAME
from ui.notes.view import NotePanel
from ui.patient.state import Ref
from ui.preferences import Preferences

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
LEMAIRE = Colleague("Practitioner/lemaire", "Dr Hugues LEMAIRE")


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.store.hold_people(
        a_practitioner("fontaine", "Claire", "Fontaine"), a_practitioner("lemaire")
    )
    return world


@pytest.fixture(params=["fr"])
def window(world, qapp, qtbot, request):
    window = MainWindow(qapp, a_look(request.param))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window
    window.close()


def named(root, name, kind=QWidget):
    """The control of this accessible name, as a screen reader finds it."""
    found = [one for one in root.findChildren(kind) if one.accessibleName() == name]
    assert len(found) == 1, (name, found)
    return found[0]


def opened(window, owner=OWNER):
    session = window.session
    if session.models.record.state.owner != owner:
        session.record_flow.open(owner)
    session.overlay_flow.run("note")
    assert isinstance(session.record_view.panel, NotePanel)
    return session.record_view.panel


def pending(world, rtype):
    return [msgspec.json.decode(item.body) for item in world.store.pending() if item.rtype == rtype]


def confirm(world):
    for item in list(world.store.pending()):
        if item.rtype:
            world.store.confirm(item.op_id)


def prose(window):
    return [line.text for line in window.session.models.record.state.detail.note]


def chips(window):
    return [chip.word for chip in window.session.models.record.state.detail.chips]


def test_a_note_is_written_and_signed_by_the_keyboard_alone(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Renouvellement")
    type_into(named(panel, "Examen"), "PA 138/82, pieds : pouls perçus")
    type_into(named(panel, "Conclusion"), "Diabète équilibré")
    type_into(named(panel, "Conduite à tenir"), "Poursuite")
    press(named(panel, "Conduite à tenir"), Qt.Key.Key_Return, CONTROL)
    [encounter], [document] = pending(world, "Encounter"), pending(world, "DocumentReference")
    assert encounter["status"] == "finished"
    assert notes.decode(msgspec.json.encode(document)).sections == Sections(
        reason="Renouvellement",
        examination="PA 138/82, pieds : pouls perçus",
        conclusion="Diabète équilibré",
        plan="Poursuite",
    )
    page = document["content"][0]["attachment"]
    assert page["contentType"] == "application/pdf"
    assert page["size"] > 1_000
    detail = window.session.models.record.state.detail
    assert detail.ref == Ref("Encounter", encounter["id"])
    assert prose(window)[1:3] == ["Motif", "Renouvellement"]
    assert prose(window)[0].startswith("Signé par Dr Claire FONTAINE")
    assert "Pas encore envoyé" in chips(window)
    assert world.context().services.drafts.all() == ()
    assert window.session.models.forms.is_free


def test_the_timeline_stays_beside_and_the_draft_stands_at_its_top(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    window.session.overlay_flow.run("note_save")
    model = window.session.record_view.timeline.model
    assert model.rows[0].head == "Aujourd’hui — consultation en cours"
    assert model.rows[1].refs[0].rtype == DRAFT
    assert window.session.record_view.timeline.isVisible()
    assert isinstance(window.session.record_view.panel, NotePanel)
    assert "Brouillon enregistré à" in "".join(
        one.text() for one in panel.findChildren(QWidget) if hasattr(one, "text")
    )


def test_enter_on_another_line_puts_the_note_aside_and_alt_n_brings_it_back(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    rows = window.session.record_view.timeline.model.rows
    other = next(row for row in rows if row.refs and row.refs[0].rtype != DRAFT)
    window.session.record_view.timeline.opened.emit(other)
    assert not isinstance(window.session.record_view.panel, NotePanel)
    assert window.session.models.record.state.detail.ref == other.refs[0]
    panel = opened(window)
    assert named(panel, "Motif").toPlainText() == "Toux"


def test_undo_gives_the_words_back_under_the_fingers(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    panel.signed.emit()
    assert len(pending(world, "DocumentReference")) == 1
    window.session.overlay_flow.run("undo")
    assert pending(world, "DocumentReference") == pending(world, "Encounter") == []
    assert named(window.session.record_view.panel, "Motif").toPlainText() == "Toux"


def test_undo_after_it_left_says_so_and_changes_nothing(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    panel.signed.emit()
    for item in list(world.store.pending()):
        world.store.judged(item.op_id, ItemState.SENT)
    window.session.overlay_flow.run("undo")
    assert "déjà parti" in window.session.toast.accessibleName()
    assert len(pending(world, "DocumentReference")) == 1
    assert world.context().services.drafts.all() == ()


def test_hz13_measures_in_the_words_are_offered_and_recorded_only_when_taken_over(window, world):
    panel = opened(window)
    type_into(named(panel, "Examen"), "PA 138/82, FC 70, poids 79 kg")
    model = window.session.notes_flow._model
    model._look_for_measures()
    offered = [chip.words for chip in model.state.measures]
    assert offered == [
        "PA 138/82\u00a0mmHg",
        "Fréquence cardiaque 70/min",
        "Poids 79\u00a0kg",
    ]
    named(panel, "Poids 79\u00a0kg").click()
    panel.signed.emit()
    [weight] = pending(world, "Observation")
    [encounter] = pending(world, "Encounter")
    assert weight["valueQuantity"]["value"] == 79
    assert weight["encounter"] == {"reference": f"Encounter/{encounter['id']}"}


def test_nothing_is_recorded_of_measures_nobody_took_over(window, world):
    panel = opened(window)
    type_into(named(panel, "Examen"), "PA 138/82")
    panel.signed.emit()
    assert pending(world, "Observation") == []


def test_a_template_is_inserted_below_and_its_fields_are_reached_by_tab(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Vient aussi pour")
    window.session.overlay_flow.run("note_templates")
    menu = panel.findChild(QMenu, MENU_NAME)
    action = next(one for one in menu.actions() if one.text() == "Suivi HTA")
    action.trigger()
    menu.close()
    reason, examination = named(panel, "Motif"), named(panel, "Examen")
    assert reason.toPlainText().startswith("Vient aussi pour\nSuivi HTA\n")
    assert reason.textCursor().selectedText() == "{plaintes}"
    type_into(reason, "céphalées")
    press(reason, Qt.Key.Key_Tab)
    assert examination.textCursor().selectedText() == "{…}"
    panel.signed.emit()
    assert "accolades" in window.session.notes_flow._model.state.problem
    assert pending(world, "DocumentReference") == []


def test_no_line_of_a_field_that_grows_is_out_of_sight_in_large_letters(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr", scale=150))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences(scale=150))
    window.show()
    panel = opened(window)
    for field in panel.fields.values():
        field.edit.insertPlainText("un\ndeux\ntrois\nquatre\ncinq\nsix\nsept")
    bars = [field.edit.verticalScrollBar() for field in panel.fields.values()]
    qtbot.waitUntil(lambda: all((bar.value(), bar.maximum()) == (0, 0) for bar in bars))
    window.close()


def test_a_template_of_ones_own_is_kept_used_and_taken_out(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Plâtre")
    type_into(named(panel, "Examen"), "Doigts {couleur}")
    window.session.overlay_flow.run("note_templates")
    menu = panel.findChild(QMenu, MENU_NAME)
    next(a for a in menu.actions() if a.text().startswith("Garder cette note")).trigger()
    menu.close()
    templates = world.context().services.templates
    first = templates.all("fr")[0]
    assert (first.name, first.own, first.sections.examination) == (
        "Plâtre",
        True,
        "Doigts {couleur}",
    )
    templates.drop("Plâtre")
    assert not any(one.own for one in templates.all("fr"))


def test_a_note_left_to_be_signed_is_listed_and_signed_later(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    named(panel, "Laisser à signer").click()
    confirm(world)
    [line] = world.context().services.notes.unsigned()
    assert line.title == "Toux"
    window.session.models.record.refresh()
    window.session.models.record.choose(Ref("Encounter", line.encounter))
    assert "Non signé" in chips(window)
    window.session.overlay_flow.run("edit")
    panel = window.session.record_view.panel
    assert named(panel, "Motif").toPlainText() == "Toux"
    type_into(named(panel, "Conclusion"), "Bronchite")
    panel.signed.emit()
    confirm(world)
    assert world.context().services.notes.unsigned() == ()


def test_a_signed_note_is_corrected_by_a_version_that_keeps_the_old_one_readable(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    panel.signed.emit()
    confirm(world)
    world.clock.advance(600)
    window.session.models.record.refresh()
    window.session.overlay_flow.run("edit")
    panel = window.session.record_view.panel
    assert panel.accessibleName() == "Corriger la note de consultation"
    named(panel, "Motif").selectAll()
    type_into(named(panel, "Motif"), "Toux fébrile")
    panel.signed.emit()
    confirm(world)
    window.session.models.record.refresh()
    record = window.session.models.record.record
    line = next(one for one in record.timeline.rows if one.note)
    assert line.summary == "Toux fébrile"
    [older] = line.versions
    window.session.models.record.choose(Ref(older.rtype, older.id))
    assert "Toux" in prose(window)


def test_a_colleague_completes_a_note_that_is_not_theirs(window, world):
    other = Writer(
        reader=world.store,
        outbox=world.outbox,
        clock=world.clock,
        entropy=SeededEntropy(9),
        actor=Actor(account=2, acting="s2", name=LEMAIRE.name, reference=LEMAIRE.reference),
    )
    service = NoteService(world.store, other, world.outbox, world.search)
    command = WriteNote(
        owner=OWNER,
        sections=Sections(reason="Garde"),
        started="2026-11-22T10:00:00.000Z",
        sign=True,
        responsible=Colleague(ACTOR.reference, ACTOR.name),
    )
    rid = service.write(command).id
    confirm(world)
    session = window.session
    session.record_flow.open(OWNER, Ref("Encounter", rid))
    detail = session.models.record.state.detail
    assert "rédigé par Dr Hugues LEMAIRE pour Dr Claire FONTAINE" in detail.second
    named(session.record_view.panel, "Compléter…").click()
    form = session.record_view.panel
    type_into(
        form.field("addendum").edit
        if hasattr(form.field("addendum"), "edit")
        else form.field("addendum")._edit,
        "Rappelée ce jour.",
    )
    form.submitted.emit()
    session.models.record.choose(Ref("Encounter", rid))
    assert "Rappelée ce jour." in prose(window)
    assert any(text.startswith("Complément de Dr Claire FONTAINE") for text in prose(window))


def test_an_error_is_struck_through_with_its_reason(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Autre patient")
    panel.signed.emit()
    confirm(world)
    session = window.session
    session.models.record.refresh()
    named(session.record_view.panel, "Saisi par erreur…").click()
    session.models.forms.model.edit("reason", "mauvais dossier")
    session.models.forms.model.submit()
    line = next(one for one in session.models.record.record.timeline.rows if one.note)
    assert line.struck
    session.models.record.choose(Ref(line.rtype, line.id))
    assert "Saisi par erreur : mauvais dossier" in prose(window)
    assert "Autre patient" in prose(window)


def test_a_refused_note_keeps_its_whole_text_to_take_up_to_copy_or_to_withdraw(window, world, qapp):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    panel.signed.emit()
    for item in list(world.store.pending()):
        if item.rtype:
            world.store.judged(item.op_id, ItemState.REFUSED, reason="no_right")
    session = window.session
    session.models.record.refresh()
    panel = session.record_view.panel
    assert "Toux" in prose(window)
    named(panel, "Copier le texte").click()
    assert qapp.clipboard().text() == "Motif\nToux"
    named(panel, "Reprendre le texte").click()
    assert named(session.record_view.panel, "Motif").toPlainText() == "Toux"
    assert pending(world, "DocumentReference") == pending(world, "Encounter") == []


def test_a_note_half_written_at_a_lock_opens_again_where_it_was(window, world):
    panel = opened(window)
    type_into(named(panel, "Examen"), "Murmure vésiculaire")
    window.show_lock(_lock_model(world))
    window.show_session(world.context(), Preferences())
    panel = window.session.record_view.panel
    assert isinstance(panel, NotePanel)
    assert named(panel, "Examen").toPlainText() == "Murmure vésiculaire"
    assert window.session.models.record.state.owner == OWNER


def test_a_change_of_language_keeps_the_note_open(window, world):
    panel = opened(window)
    type_into(named(panel, "Examen"), "RAS")
    window.wear(a_look("en"))
    window.show_session(world.context(), Preferences())
    assert named(window.session.record_view.panel, "Examination").toPlainText() == "RAS"


def test_hz01_a_note_belongs_to_the_patient_it_was_opened_on(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    window.session.record_flow.open(OTHER_OWNER)
    assert window.session.models.forms.is_free
    panel = opened(window, OTHER_OWNER)
    assert named(panel, "Motif").toPlainText() == ""
    assert [one.slot for one in world.context().services.drafts.all()] == [
        Slot(kind="note", owner=OWNER)
    ]


def test_an_empty_note_is_not_signed(window, world):
    panel = opened(window)
    press(named(panel, "Motif"), Qt.Key.Key_Return, CONTROL)
    assert "écrivez une ligne" in window.session.notes_flow._model.state.problem
    assert pending(world, "Encounter") == []


def test_a_draft_is_thrown_away_only_when_a_person_confirms(window, world):
    panel = opened(window)
    type_into(named(panel, "Motif"), "Toux")
    window.session.overlay_flow.run("note_save")
    named(panel, "Jeter le brouillon").click()
    assert world.context().services.drafts.all()
    window.session.notes_flow._confirm.accepted.emit()
    assert world.context().services.drafts.all() == ()
    assert window.session.models.forms.is_free


def test_pasted_text_is_never_markup(window, world):
    panel = opened(window)
    edit = named(panel, "Motif")
    type_into(edit, "<b>x</b>")
    panel.signed.emit()
    assert "<b>x</b>" in prose(window)
