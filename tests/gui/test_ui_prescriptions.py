"""Prescribing by keyboard: renew, add, justify, weigh, move, sign; by accessible name, over real services."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from dossier.fhir import prescriptions
from practitioner_app.ports import ChangeSet
from tests.builders import (
    OTHER_OWNER,
    OWNER,
    a_patient,
    a_problem,
    a_result,
    a_treatment,
    an_allergy,
)
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.patient.state import Action
from ui.preferences import Preferences
from ui.widgets.rail import RailButton


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.store.hold(OWNER, a_problem(ald=True, ald_number="8"))
    world.store.hold(
        OWNER, a_treatment("t2", substance="ramipril", strength=Decimal(5), strength_unit="mg")
    )
    return world


@pytest.fixture
def window(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    window.session.record_flow.open(OWNER)
    yield window
    window.close()


@pytest.fixture
def page(window):
    window.session.overlay_flow.run("prescribe")
    return window.session.prescription_view


def named(parent, name, kind=QWidget):
    found = [one for one in parent.findChildren(kind) if one.accessibleName() == name]
    assert found, name
    return found[0]


def type_line(page, text):
    edit = page.entry.edit
    edit.clear()
    edit.insert(text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def words(page):
    return [
        row.words.replace("\u00a0", " ").replace("\u202f", " ")
        for row in page.lines.lines.rows
        if not row.is_head
    ]


def signer(page):
    return named(page, "Signer", QAbstractButton)


def checked(qtbot, window):
    """What is checked and the page are those of the present draft."""
    model = window.session.models.prescriptions
    qtbot.waitUntil(lambda: model.is_shown)


def test_one_key_renews_everything_and_one_signs_it(window, world, qtbot):
    window.session.overlay_flow.run("renew")
    page = window.session.prescription_view
    assert window.session.navigator.place == "prescription"
    assert [line.split(" — ")[0] for line in words(page)] == ["1. metformine", "2. ramipril"]
    checked(qtbot, window)
    qtbot.waitUntil(signer(page).isEnabled)
    QTest.keyClick(page.lines, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.navigator.place == "record")
    rtypes = [entry.op.rtype for entry in world.store.ops if entry.op.rtype]
    assert rtypes[:3] == ["DocumentReference", "MedicationRequest", "MedicationRequest"]
    rows = window.session.models.record.state.record.timeline
    assert any(row.kind == "Ordonnance" and "metformine, ramipril" in row.words for row in rows)
    window.session.overlay_flow.run("undo")
    assert [entry.op.rtype for entry in world.store.ops if entry.op.rtype] == []


def test_hz_13_the_page_that_is_filed_says_the_very_words_of_the_lines(window, world, page, qtbot):
    type_line(
        page, "paracétamol 1 g 1 comprimé en cas de douleur, au plus 3 fois par jour, 5 jours"
    )
    checked(qtbot, window)
    window.session.models.prescriptions.sign()
    qtbot.waitUntil(lambda: window.session.navigator.place == "record")
    [row] = world.store.rows(OWNER, ("MedicationRequest",))
    sentence = prescriptions.decode_line(row.body).sentence
    assert sentence == ("1 comprimé en cas de douleur, 3 fois par jour au maximum, pendant 5 jours")
    letter = window.session.models.record._documents.read(
        OWNER,
        [("DocumentReference", next(iter(world.store.rows(OWNER, ("DocumentReference",)))).id)],
    )
    printed = " ".join(letter.lines).replace("\u00a0", " ").replace("’", "'")
    assert sentence in printed
    assert "Nombre de lignes : un" in printed


def test_hz_04_an_allergy_disables_the_signature_until_a_reason_is_typed(
    window, world, page, qtbot
):
    world.store.hold(OWNER, an_allergy())
    type_line(page, "amoxicilline 500 2 gélules matin et soir 6 jours")
    checked(qtbot, window)
    qtbot.waitUntil(lambda: not signer(page).isEnabled())
    assert "motif de la ligne 1" in signer(page).accessibleDescription()
    strip = page.strip(1)
    assert "Allergie connue à la pénicilline (urticaire)." in strip.accessibleName()
    assert not strip.reason.hasFocus()
    reason = named(page, "Motif, Ligne 1, amoxicilline", QLineEdit)
    assert reason.text() == ""
    reason.insert("prise depuis sans réaction")
    QTest.keyClick(reason, Qt.Key.Key_Return)
    checked(qtbot, window)
    qtbot.waitUntil(signer(page).isEnabled)


def test_hz_04_an_allergy_that_arrives_while_the_draft_is_open_is_checked_again(
    window, world, page, qtbot
):
    type_line(page, "amoxicilline 500 2 gélules matin et soir 6 jours")
    checked(qtbot, window)
    qtbot.waitUntil(signer(page).isEnabled)
    world.store.hold(OWNER, an_allergy())
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"AllergyIntolerance"})}))
    qtbot.waitUntil(lambda: not signer(page).isEnabled())
    assert page.strip(1) is not None


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Les interactions médicamenteuses ne sont pas contrôlées par Colloque."),
        ("en", "Drug interactions are not checked by Colloque."),
    ],
)
def test_hz_15_what_is_not_checked_stays_written_and_nothing_says_it_is_safe(
    world, qapp, qtbot, language, sentence
):
    window = MainWindow(qapp, a_look(language, scale=150))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences())
    window.session.record_flow.open(OWNER)
    window.session.overlay_flow.run("prescribe")
    page = window.session.prescription_view
    type_line(page, "apixaban 1 comprimé matin et soir pendant 1 mois")
    checked(qtbot, window)
    state = window.session.models.prescriptions.state
    assert state.interactions == sentence
    said = " ".join((state.checked, state.interactions, *(row.words for row in state.rows)))
    assert not any(
        word in said.casefold() for word in ("sûr", "safe", "sans danger", "aucun risque")
    )
    assert all(row.chip is None or row.chip.tone != "ok" for row in state.rows)
    window.close()


def test_hz_16_nothing_stops_a_line_that_has_nothing_to_say(window, world, page, qtbot):
    world.store.hold(OWNER, an_allergy())
    type_line(page, "paracétamol 1 g 1 comprimé si besoin, QSP 1 mois")
    checked(qtbot, window)
    assert window.session.models.prescriptions.state.strips == ()
    qtbot.waitUntil(signer(page).isEnabled)


def test_hz_04_a_line_that_was_just_added_is_in_sight_above_its_warning(window, world, page, qtbot):
    world.store.hold(OWNER, an_allergy("a9", "ibuprofène"))
    window.resize(1280, 600)
    for name in ("paracétamol 1 g", "amoxicilline 1 g", "oméprazole 20 mg", "ramipril 5 mg"):
        type_line(page, f"{name} 1 comprimé le matin pendant 5 jours")
    type_line(page, "ibuprofène 400 mg 1 comprimé le matin pendant 5 jours")
    checked(qtbot, window)
    lines = page.lines
    assert lines.verticalScrollBar().maximum() > 0
    qtbot.waitUntil(
        lambda: lines.viewport().rect().contains(lines.visualRect(lines.currentIndex()))
    )
    places = [
        one.key for one in window.session.frame.rail.findChildren(RailButton) if one.isChecked()
    ]
    assert places == ["record"]


def test_a_line_moves_to_the_other_zone_and_back_and_is_removed(window, page, qtbot):
    type_line(page, "paracétamol 1 g 1 comprimé si besoin, QSP 1 mois")
    type_line(page, "metformine 1 000 mg 1 comprimé matin et soir pendant 3 mois")
    checked(qtbot, window)
    qtbot.waitUntil(lambda: any(row.is_head for row in page.lines.lines.rows))
    heads = [row.title for row in page.lines.lines.rows if row.is_head]
    assert heads == ["AFFECTION EXONÉRANTE", "MALADIES INTERCURRENTES"]
    page.lines.choose(2)
    QTest.keyClick(page.lines, Qt.Key.Key_Z)
    assert [line.split(" — ")[0] for line in words(page)] == ["1. metformine", "2. paracétamol"]
    QTest.keyClick(page.lines, Qt.Key.Key_Delete)
    assert [line.split(" — ")[0] for line in words(page)] == ["1. paracétamol"]


def test_a_changed_line_is_marked_and_its_form_takes_only_what_it_can_read(
    window, world, page, qtbot
):
    window.session.overlay_flow.run("renew")
    page.lines.choose_first()
    QTest.keyClick(page.lines, Qt.Key.Key_Return)
    form = page.form
    form.field("text").set_value("2 comprimés le matin pendant 3 mois")
    form.field("supply").set_value("bientôt")
    QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.form is form
    assert "durée" in form.field("supply").below
    form.field("supply").set_value("1 mois")
    form.field("renewals").set_value("2")
    QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.form is None
    [changed, same] = words(page)
    assert "DOSE 2 comprimés le matin pendant 3 mois — QSP 1 mois, à renouveler 2 fois" in changed
    assert changed.endswith("Modifié")
    assert "Repris tel quel" in same


def test_hz_13_a_child_is_weighed_on_the_page(world, window, qtbot):
    world.store.hold(OWNER, a_patient(birth_date="2021-05-02"))
    world.store.hold(
        OWNER, a_result("w1", "29463-7", value=15, unit="kg", label="Poids", at="2026-05-01")
    )
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"Patient"})}))
    window.session.overlay_flow.run("prescribe")
    page = window.session.prescription_view
    type_line(page, "paracétamol suspension 10 mL toutes les 6 heures pendant 2 jours")
    checked(qtbot, window)
    qtbot.waitUntil(lambda: not signer(page).isEnabled())
    weight = named(page, "Poids du jour, en kg", QLineEdit)
    assert "trop ancien" in weight.accessibleDescription()
    weight.insert("16")
    QTest.keyClick(weight, Qt.Key.Key_Return)
    checked(qtbot, window)
    qtbot.waitUntil(signer(page).isEnabled)
    assert "240 mg par prise = 15 mg/kg ; 960 mg par jour = 60 mg/kg pour 16 kg" in words(page)[0]


def test_escape_keeps_the_draft_and_the_key_brings_it_back(window, page, qtbot):
    type_line(page, "paracétamol 1 g 1 comprimé si besoin, QSP 1 mois")
    QTest.keyClick(page.lines, Qt.Key.Key_Escape)
    assert window.session.navigator.place == "record"
    window.session.overlay_flow.run("prescribe")
    assert [line.split(" — ")[0] for line in words(page)] == ["1. paracétamol"]


def test_hz_01_another_record_takes_the_prescription_away(window, page):
    type_line(page, "paracétamol 1 g 1 comprimé si besoin, QSP 1 mois")
    window.session.record_flow.open(OTHER_OWNER)
    assert window.session.navigator.place == "record"
    assert window.session.models.prescriptions.owner is None
    assert page.lines.lines.rows == ()
    assert page.paper.preview.count == 0


def test_the_secured_form_prints_its_lines_in_letters(window, page, qtbot):
    type_line(page, "morphine 1 gélule matin et soir pendant 28 jours")
    checked(qtbot, window)
    ready = window.session.models.prescriptions._ready
    for said in ("dix milligrammes", "Une gélule matin et soir pendant vingt-huit jours", "[ un ]"):
        assert said in ready.text
    document = QPdfDocument()
    assert ready.pdf.startswith(b"%PDF")
    del document


def test_a_drug_is_chosen_in_the_list_and_its_posology_comes_next(window, page):
    edit = named(page, "Ajouter une ligne", QLineEdit)
    edit.insert("amox")
    assert page.entry.choices.rowCount() > 2
    QTest.keyClick(edit, Qt.Key.Key_Down)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == ""
    assert "amoxicilline" in edit.accessibleDescription()
    edit.insert("1 gélule matin et soir selon le poids")
    assert "non compris : selon le poids" in edit.accessibleDescription().replace("\u00a0", " ")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert len(words(page)) == 1


def test_what_no_list_knows_is_written_as_it_is(window, page, qtbot):
    edit = named(page, "Ajouter une ligne", QLineEdit)
    edit.insert("bas de contention classe 2, 1 paire par jour")
    for _ in range(15):
        QTest.keyClick(edit, Qt.Key.Key_Down)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    [line] = words(page)
    assert line.startswith("1. bas de contention classe 2")


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("1 000 mg", "1 000 mg"), ("1000 mg", "1 000 mg"), ("0,05 mg", "0,05 mg"), ("0.05 mg", "0,05 mg"),
     ("2,5 mg", "2,5 mg"), ("250 mg/5 mL", "250 mg/5 mL"), ("50 000 UI", "50 000 UI")],
)  # fmt: skip
def test_hz_13_a_strength_is_never_shown_ten_times_too_large_or_too_small(kept, shown):
    said = a_look("fr").formats.in_text(kept)
    assert said.replace("\u00a0", " ").replace("\u202f", " ") == shown


def test_the_drug_files_are_imported_from_the_settings_and_told(window, tmp_path):
    model, card = window.session.models.drugs, window.session.drugs_card
    model.refresh()
    assert "Seulement la liste courte" in model.state.sentences[0]
    model.take(str(tmp_path))
    assert model.state.problem == "Il manque CIS_bdpm.txt. Rien n’a été changé."
    drug = "61266250\tAMOXIX 500 mg, gélule\tgélule\to\ta\tp\tCommercialisée\t1\t\t\tX\tNon"
    (tmp_path / "CIS_bdpm.txt").write_text(drug)
    (tmp_path / "CIS_COMPO_bdpm.txt").write_text(
        "61266250\tgélule\t1\tAMOXICILLINE\t500 mg\tune gélule\tSA\t1\t"
    )
    model.take(str(tmp_path))
    assert model.state.imported
    assert not card.drop.isHidden()
    assert "1 médicaments" in model.state.sentences[0]


def test_hz_14_a_signed_prescription_is_replaced_by_another_that_says_so(
    window, world, page, qtbot
):
    type_line(page, "atorvastatine 20 mg 1 comprimé le soir pendant 3 mois")
    checked(qtbot, window)
    window.session.models.prescriptions.sign()
    qtbot.waitUntil(lambda: window.session.navigator.place == "record")
    detail = window.session.models.record.state.detail
    assert "Corriger" in [action.label for action in detail.actions]
    window.session.overlay_flow.run("edit")
    qtbot.waitUntil(lambda: window.session.navigator.place == "prescription")
    model = window.session.models.prescriptions
    assert model.state.replaced == "annule et remplace l’ordonnance du 23/11/2026"
    checked(qtbot, window)
    assert "Annule et remplace l’ordonnance du 23" in model._ready.text
    model.sign()
    qtbot.waitUntil(lambda: window.session.navigator.place == "record")
    rows = world.store.rows(OWNER, ("DocumentReference",))
    assert sorted(row.body.count(b'"superseded"') for row in rows) == [0, 1]


def test_a_signed_prescription_is_struck_through_with_its_reason(window, world, page, qtbot):
    type_line(page, "atorvastatine 20 mg 1 comprimé le soir pendant 3 mois")
    checked(qtbot, window)
    window.session.models.prescriptions.sign()
    qtbot.waitUntil(lambda: window.session.navigator.place == "record")
    for entry in list(world.store.ops):
        if entry.shows:
            world.store.confirm(entry.op.op_id)
    window.session.models.record.refresh()
    window.session.record_flow._act(Action.ERROR)
    form = window.session.record_view.panel
    form.field("reason").set_value("mauvais patient")
    QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    [document] = world.store.rows(OWNER, ("DocumentReference",))
    [request] = world.store.rows(OWNER, ("MedicationRequest",))
    assert b"entered-in-error" in document.body
    assert b"entered-in-error" in request.body
