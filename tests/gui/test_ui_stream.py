"""Reading along the timeline: unread marks, versions, words sought in documents, signing as read."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from practitioner_app.ports import ChangeSet
from tests.builders import OTHER_OWNER, OWNER, a_result, an_allergy
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from tests.unit.practitioner_app.test_reviews import a_report, a_review
from ui.main_window import MainWindow
from ui.patient.state import Action, Ref
from ui.preferences import Preferences

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def a_letter(rid, title, text="", *, at="2026-11-12", received="2026-11-23T07:41:00+01:00", **more):
    return {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "type": {"coding": [{"code": "11488-4"}], "text": "Compte rendu de consultation"},
        "subject": {"reference": "Patient/p1"},
        "date": received,
        "author": [{"reference": "Practitioner/lemaire"}],
        "description": title,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text or title}</p></div>',
        },
        "content": [{"attachment": {"contentType": "text/plain", "creation": at}}],
        "context": {"period": {"start": at}},
        **more,
    }


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture
def session(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window.session
    window.close()


def arrives(world, *bodies):
    """Something comes after this person's last passage in the record."""
    world.store.hold(OWNER, *bodies)
    types = frozenset(body["resourceType"] for body in bodies)
    world.changes.announce(ChangeSet(owners={OWNER: types}))


def passed(session):
    """Open and leave once: what was there is seen."""
    session.record_flow.open(OWNER)
    session.models.record.leave()


def press(widget, key):
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def row_of(session, reference):
    rows = session.record_view.timeline.model.rows
    return next(row for row in rows if row.key == reference)


def chips(session, reference):
    return [chip.word for chip in row_of(session, reference).chips]


def chosen(session):
    column = session.record_view.timeline
    return column.model.rows[column.list.currentIndex().row()].key


def counts(session):
    return {one.key: one.count for one in session.models.record.state.record.filters}


def test_a_letter_that_arrived_is_unread_until_it_was_looked_at_and_left(session, world):
    passed(session)
    arrives(world, a_letter("d1", "Avis cardiologique"), a_letter("d2", "Avis dermatologique"))
    session.record_flow.open(OWNER)
    assert counts(session)["unread"] == 2
    session.overlay_flow.run("next_unread")
    first = chosen(session)
    assert "Non lu" in chips(session, first)
    session.overlay_flow.run("next_unread")
    assert chosen(session) != first
    assert "Non lu" not in chips(session, first)
    assert counts(session)["unread"] == 1
    session.models.record.leave()
    session.record_flow.open(OWNER)
    assert "unread" not in counts(session), "what was shown when the record was left is read too"


def test_what_was_not_looked_at_stays_unread_from_one_passage_to_the_next(session, world):
    passed(session)
    arrives(world, a_letter("d1", "Avis cardiologique"))
    for _ in range(3):
        passed(session)
    session.record_flow.open(OWNER)
    assert "Non lu" in chips(session, "DocumentReference/d1")


def test_u_marks_a_line_unread_again_and_read_again(session, world):
    passed(session)
    arrives(world, a_letter("d1", "Avis cardiologique"))
    session.record_flow.open(OWNER)
    session.overlay_flow.run("next_unread")
    session.overlay_flow.run("toggle_unread")
    assert "Non lu" not in chips(session, "DocumentReference/d1")
    session.overlay_flow.run("toggle_unread")
    assert "Non lu" in chips(session, "DocumentReference/d1")
    passed(session)
    session.record_flow.open(OWNER)
    assert "Non lu" in chips(session, "DocumentReference/d1"), "marked by hand, left as marked"


def test_f3_starts_again_at_the_other_end_and_says_when_nothing_is_unread(session, world, qtbot):
    passed(session)
    arrives(world, a_letter("d1", "Avis cardiologique"))
    session.record_flow.open(OWNER)
    column = session.record_view.timeline
    column.select(len(column.model.rows) - 1)
    session.overlay_flow.run("next_unread")
    assert chosen(session) == "DocumentReference/d1"
    session.models.record.leave()
    session.record_flow.open(OWNER)
    session.overlay_flow.run("previous_unread")
    assert session.toast.isVisible()


def test_a_new_item_says_when_it_arrived_and_not_only_the_day_of_care(session, world):
    passed(session)
    arrives(world, a_letter("d1", "Avis cardiologique"))
    session.record_flow.open(OWNER)
    row = row_of(session, "DocumentReference/d1")
    assert row.date == "12/11/2026"
    assert "reçu le 23/11/2026 à 07:41" in "".join(run.text for run in row.second)
    assert "reçu le 23/11/2026 à 07:41" in row.words


def a_chain():
    relation = [{"code": "replaces", "target": {"reference": "DocumentReference/v1"}}]
    newer = [{"code": "replaces", "target": {"reference": "DocumentReference/v2"}}]
    return (
        a_letter("v1", "Bilan, premier jet", status="superseded"),
        a_letter("v2", "Bilan corrigé", status="superseded", relatesTo=relation),
        a_letter("v3", "Bilan définitif", relatesTo=newer),
    )


def test_replaced_versions_are_folded_under_the_newest_and_opened_by_the_arrows(session, world):
    world.store.hold(OWNER, *a_chain())
    session.record_flow.open(OWNER)
    column = session.record_view.timeline
    keys = [row.key for row in column.model.rows]
    assert "DocumentReference/v3" in keys
    assert "DocumentReference/v1" not in keys
    assert counts(session)["letters"] == 1, "a version is not another letter"
    assert "3 versions" in chips(session, "DocumentReference/v3")
    column.select(column.model.place_of("DocumentReference/v3"))
    press(column.list, Qt.Key.Key_Right)
    place = column.model.place_of("DocumentReference/v3")
    under = [column.model.rows[place + n] for n in (1, 2)]
    assert {row.key for row in under} == {"DocumentReference/v1", "DocumentReference/v2"}
    assert all("Remplacé" in row.words for row in under)
    column.select(place + 2)
    press(column.list, Qt.Key.Key_Left)
    assert chosen(session) == "DocumentReference/v3"
    assert column.model.place_of("DocumentReference/v1") < 0


def test_versions_that_name_one_another_in_a_circle_are_all_shown(session, world):
    def replacing(rid, other):
        relation = [{"code": "replaces", "target": {"reference": f"DocumentReference/{other}"}}]
        return a_letter(rid, f"lettre {rid}", relatesTo=relation)

    world.store.hold(OWNER, replacing("a", "b"), replacing("b", "a"))
    session.record_flow.open(OWNER)
    rows = session.record_view.timeline.model.rows
    said = " ".join(row.words for row in rows)
    folded = sum(row.versions for row in rows)
    assert "lettre a" in said or "lettre b" in said or folded
    assert sum("lettre" in row.words for row in rows) + folded >= 2


def test_words_of_a_document_are_found_and_marked_though_no_line_says_them(session, world):
    page = "Holter : extrasystoles ventriculaires isolées, sans gravité."
    world.store.hold(OWNER, a_letter("d1", "Avis cardiologique", page))
    world.store.hold(OTHER_OWNER, a_letter("d9", "Autre", page))
    session.record_flow.open(OWNER)
    session.models.record.search("extrasystoles")
    rows = [row for row in session.record_view.timeline.model.rows if row.group is None]
    assert [row.key for row in rows] == ["DocumentReference/d1"]
    session.models.record.search("cardio")
    [row] = [row for row in session.record_view.timeline.model.rows if row.group is None]
    assert [run.text.casefold() for run in row.summary if run.marked] == ["cardio"]


def test_hz17_filter_words_and_unfolded_versions_end_with_the_patient(session, world):
    world.store.hold(OWNER, *a_chain())
    session.record_flow.open(OWNER)
    model = session.models.record
    model.search("bilan")
    model.filter("letters")
    model.unfold("DocumentReference/v3", is_open=True)
    session.record_flow.open(OTHER_OWNER)
    assert model.state.asked == ("all", "", frozenset())


def test_a_result_is_signed_as_read_from_the_record_and_says_so(session, world):
    world.store.hold(
        OWNER, a_result("o1", low="4.0", high="6.0"), a_report("b1", "o1"), a_review("r1", "b1")
    )
    session.record_flow.open(OWNER)
    assert "À viser" in chips(session, "DiagnosticReport/b1")
    assert counts(session)["to_sign"] == 1
    column = session.record_view.timeline
    column.select(column.model.place_of("DiagnosticReport/b1"))
    session.overlay_flow.run("sign")
    assert "Visé" in chips(session, "DiagnosticReport/b1")
    assert "visé par Dr Claire FONTAINE" in row_of(session, "DiagnosticReport/b1").words
    session.record_flow.undo()
    assert "À viser" in chips(session, "DiagnosticReport/b1")


def test_a_letter_asked_of_nobody_is_signed_as_read_by_an_act_of_its_own(session, world):
    world.store.hold(OWNER, a_letter("d1", "Avis cardiologique"))
    session.record_flow.open(OWNER)
    column = session.record_view.timeline
    column.select(column.model.place_of("DocumentReference/d1"))
    session.overlay_flow.run("sign")
    assert "Visé" in chips(session, "DocumentReference/d1")
    assert not session.models.record.state.detail.may_sign


def test_hz10_an_alert_value_nobody_took_note_of_is_not_signed_from_the_record(session, world):
    potassium = a_result("o2", "2823-3", label="Potassium", value=6.4, unit="mmol/L")
    world.store.hold(OWNER, potassium, a_report("b2", "o2"), a_review("r2", "b2"))
    session.record_flow.open(OWNER)
    column = session.record_view.timeline
    column.select(column.model.place_of("DiagnosticReport/b2"))
    session.overlay_flow.run("sign")
    assert "À viser" in chips(session, "DiagnosticReport/b2")
    assert session.toast.isVisible()


def test_a_corrected_value_says_so_in_its_line_and_the_note_of_the_laboratory_in_the_panel(
    session, world
):
    note = "Valeur corrigée : 7,9 rendue d’abord par erreur."
    body = a_result("o3", status="corrected", note=[{"text": note}])
    world.store.hold(OWNER, body)
    session.record_flow.open(OWNER)
    assert "Corrigé" in chips(session, "Observation/o3")
    column = session.record_view.timeline
    column.select(column.model.place_of("Observation/o3"))
    assert note in [row.note for row in session.models.record.state.detail.grid]


def declared(agent="arachide"):
    patient = {"reference": "Patient/p1"}
    return an_allergy("d", agent) | {"recorder": patient, "asserter": patient}


def acts(session):
    return [one.action for one in session.models.record.state.detail.actions]


def test_hz07_an_allergy_declared_by_the_patient_stands_apart_until_somebody_acts(session, world):
    world.store.hold(OWNER, declared())
    session.record_flow.open(OWNER)
    state = session.models.record.state.record
    assert "arachide" in str(state.banner)
    card = next(card for card in state.cards if card.key == "declared")
    assert (card.title, card.count) == ("Déclaré par la patiente", "1")
    assert counts(session)["patient"] == 1
    session.models.record.choose(card.lines[0].ref)
    assert acts(session) == [Action.ACCEPT, Action.APART, Action.ANSWER]
    session.record_view.acted.emit(Action.ACCEPT)
    state = session.models.record.state.record
    assert not [card for card in state.cards if card.key == "declared"]
    assert "Repris dans le dossier" in chips(session, "AllergyIntolerance/d")
    session.record_flow.undo()
    assert "À examiner" in chips(session, "AllergyIntolerance/d")


def test_hz07_kept_apart_with_a_reason_it_says_by_whom_and_why(session, world):
    world.store.hold(OWNER, declared())
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("AllergyIntolerance", "d"))
    session.record_view.acted.emit(Action.APART)
    form = session.models.forms.model
    form.submit()
    assert form.state.errors, "a reason is asked"
    form.edit("apart", "Test négatif en 2024")
    form.submit()
    detail = session.models.record.state.detail
    assert "Gardé à part par Dr Claire FONTAINE" in detail.decision
    assert "Test négatif en 2024" in detail.decision
    assert "Gardé à part" in chips(session, "AllergyIntolerance/d")


def test_hz07_an_answer_owed_is_noted_and_the_addition_goes_on_waiting(session, world):
    world.store.hold(OWNER, declared())
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("AllergyIntolerance", "d"))
    session.record_view.acted.emit(Action.ANSWER)
    form = session.models.forms.model
    form.edit("answer", "Demander la date et le produit")
    form.submit()
    assert "qu’une réponse est attendue" in session.models.record.state.detail.decision
    assert "À examiner" in chips(session, "AllergyIntolerance/d")
