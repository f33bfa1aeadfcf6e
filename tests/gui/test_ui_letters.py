"""Writing a letter, a certificate, an order: by keys and by accessible names, kept, signed, corrected."""

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from dossier.errors import Invalid
from dossier.fhir import documents, orders
from dossier.terminology.letters import LetterKind
from practitioner_app.ports import ItemState
from practitioner_app.services.letters import MarkLetterErroneous
from server.demonstration import clinic
from tests.builders import OTHER_OWNER, OWNER, a_problem, a_result, an_allergy
from tests.gui.test_ui_session import press
from tests.gui.ui_samples import a_look, a_record, a_speaking, an_unfinished_record
from tests.gui.ui_world import World
from ui.letters.fields import RecordFields
from ui.letters_flow import LETTER
from ui.main_window import MainWindow
from ui.navigation import RECORD
from ui.paper.heads import french_paper
from ui.patient.state import Action
from ui.preferences import Preferences
from ui.session_view import SessionView

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.store.hold(OWNER, an_allergy(), a_problem(ald=True, ald_number="8"), a_result())
    listed = [*clinic.directory(), *clinic.organisations()]
    world.store.hold(77, *listed)
    world.store.hold_people(*listed)
    return world


@pytest.fixture
def window(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    session(window).record_flow.open(OWNER)
    yield window
    window.close()


def session(window) -> SessionView:
    return window.findChild(SessionView)


def named(window, name) -> QWidget:
    found = [
        one
        for one in window.findChildren(QWidget)
        if one.accessibleName() == name and one.isVisible()
    ]
    assert found, name
    return found[-1]


def text_of(window, name="Texte") -> QPlainTextEdit:
    found = named(window, name)
    assert isinstance(found, QPlainTextEdit)
    return found


def written_documents(world, owner=OWNER):
    rows = world.store.rows(owner, ("DocumentReference",))
    return [(row, documents.decode(row.body)) for row in rows]


def fill(window, name, old, new):
    edit = text_of(window, name)
    edit.setPlainText(edit.toPlainText().replace(old, new))


def test_a_referral_is_written_previewed_and_signed_by_keys(window, world, qtbot):
    press(window, Qt.Key.Key_L, ALT)
    view = session(window)
    assert view.navigator.place == LETTER
    said = text_of(window).toPlainText()
    assert "Mme MARTINEAU Élodie, née le 14 juillet 1958" in said
    assert "pénicilline (urticaire)" in said
    assert "HbA1c 7,4 % le 18/11/2026" in said
    assert "metformine" in said
    fill(window, "Texte", "{motif de l’adressage}", "des palpitations")
    paper = view.letter_view.paper.preview
    qtbot.waitUntil(lambda: "des palpitations" in paper.page_text())
    assert paper.accessibleName() == "Aperçu : Courrier d’adressage, page 1 sur 1"
    qtbot.keyClick(text_of(window), Qt.Key.Key_Return, CTRL)
    ((row, document),) = written_documents(world)
    assert (document.type_code, row.state) == ("96349-6", ItemState.PENDING)
    assert documents.pdf_of(row.body).startswith(b"%PDF")
    assert view.navigator.place == RECORD
    assert view.models.record.state.detail.ref.id == row.id


def test_what_is_filed_is_what_was_previewed(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Bon état général.")
    shown = view.letter_view.paper.preview
    qtbot.waitUntil(lambda: "Bon état général." in shown.page_text())
    before = shown.page_text()
    view.letters_flow._model.submit()
    ((row, _),) = written_documents(world)
    shown.show_pdf(documents.pdf_of(row.body), "Certificat")
    assert shown.page_text() == before
    assert "à la demande de l’intéressée et remis en main propre." in before


def test_a_field_that_stands_blocks_the_signature_and_says_which(window, world, qtbot):
    session(window).letters_flow.write(LetterKind.REFERRAL)
    qtbot.keyClick(text_of(window), Qt.Key.Key_Return, CTRL)
    assert written_documents(world) == []
    assert "motif de l’adressage" in text_of(window).accessibleDescription()


def test_a_laboratory_order_makes_its_document_and_follows_each_line(window, world, qtbot):
    press(window, Qt.Key.Key_B, ALT)
    view = session(window)
    choose_template(view, "laboratory-diabetes")
    assert "Glycémie à jeun" in text_of(window, "Ce qui est prescrit").toPlainText()
    view.letters_flow._model.submit()
    ((row, document),) = written_documents(world)
    assert document.type_code == "PRESC-BIO"
    asked = [orders.decode(one.body) for one in world.store.rows(OWNER, ("ServiceRequest",))]
    assert {one.loinc for one in asked} == {"4548-4", "1558-6"}
    assert {one.expected for one in asked} == {"2026-12-23"}
    assert set(documents.ordered_by(row.body)) == {one.id for one in asked}
    press(window, Qt.Key.Key_Z, CTRL)
    assert world.store.rows(OWNER, ("ServiceRequest", "DocumentReference")) == []


def choose_template(view, code):
    panel = view.letters_flow._panel
    panel.field("template").set_value(code)


def test_a_template_never_takes_away_what_was_typed(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Mes mots.")
    choose_template(view, "certificate-sport")
    assert "Mes mots." in text_of(window).toPlainText()
    text_of(window).setPlainText("")
    choose_template(view, "certificate-absence")
    assert "absence" in text_of(window).toPlainText()


def test_a_draft_survives_a_lock_and_opens_again_where_it_was(window, world, qtbot):
    session(window).letters_flow.write(LetterKind.REFERRAL)
    fill(window, "Texte", "{motif de l’adressage}", "une dyspnée")
    session(window).models.stop()
    window.show_session(world.context(), Preferences())
    view = session(window)
    assert view.navigator.place == LETTER
    assert "une dyspnée" in text_of(window).toPlainText()
    view.letters_flow._model.submit()
    assert len(written_documents(world)) == 1
    assert world.context().services.drafts.of(OWNER) == ()


def test_hz01_a_letter_never_stands_under_the_banner_of_another_patient(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.REFERRAL)
    fill(window, "Texte", "{motif de l’adressage}", "une dyspnée")
    view.record_flow.open(OTHER_OWNER)
    assert view.navigator.place == RECORD
    assert view.letter_view.form is None
    assert view.letter_view.paper.preview.count == 0
    (kept,) = world.context().services.drafts.of(OWNER)
    assert "une dyspnée" in kept.values["body"]


def test_a_correction_is_a_new_version_with_the_same_answers(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Première version.")
    view.letters_flow._model.submit()
    ((first, _),) = written_documents(world)
    view.letters_flow.correct(first.id)
    fill(window, "Texte", "Première", "Seconde")
    view.letters_flow._model.submit()
    by_id = {row.id: (row, read) for row, read in written_documents(world)}
    assert by_id[first.id][1].replaced
    (newer,) = [row for rid, (row, _) in by_id.items() if rid != first.id]
    paper = view.letter_view.paper
    paper.show_pdf(documents.pdf_of(newer.body), "Certificat")
    text = paper.preview.page_text().replace("\u00a0", " ").replace("\r\n", " ")
    assert "Seconde version." in text
    assert "Annule et remplace la version du 23 novembre 2026." in text


def test_a_sick_leave_says_that_it_is_only_a_copy_and_refuses_days_that_go_back(
    window, world, qtbot
):
    view = session(window)
    view.letters_flow.write(LetterKind.SICK_LEAVE)
    model = view.letters_flow._model
    model.edit("last", "20/11/2026")
    model.submit()
    assert written_documents(world) == []
    model.edit("last", "27/11/2026")
    model.submit()
    ((row, document),) = written_documents(world)
    assert document.type_code == "PRESC-AAT"
    letter = world.context().services.documents.read(OWNER, [("DocumentReference", row.id)])
    told = " ".join(letter.lines)
    assert "soit 5" in told
    assert "seul le formulaire officiel" in told


def test_own_templates_are_kept_from_what_was_written(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.REFERRAL)
    fill(window, "Texte", "Chère consœur, cher confrère,", "Cher ami,")
    view.letters_flow._model.keep_as_template()
    body = text_of(window).toPlainText()
    assert body.startswith("Cher ami,")
    assert "{patient}" in body
    assert "{allergies}" in body
    assert "MARTINEAU" not in body
    view.letters_flow._template.edit("name", "Mon cardiologue")
    view.letters_flow._template.submit()
    kept = world.context().services.letters.templates(LetterKind.REFERRAL)[-1]
    assert (kept.fr, kept.own) == ("Mon cardiologue", True)
    assert "Cher ami," in text_of(window).toPlainText()


def test_hz17_a_field_with_no_honest_answer_is_left_standing(qapp):
    paper = french_paper(a_speaking(a_look("fr")))
    unfinished = RecordFields(an_unfinished_record(), paper)
    for name in ("problèmes", "traitements", "résultats"):
        words = unfinished.values("{" + name + "}").get(name, "")
        assert "aucun" not in words
    whole = RecordFields(a_record(), paper)
    assert whole.values("{patient} {âge} {allergies} {traitements}").keys() == {
        "patient",
        "âge",
        "allergies",
        "traitements",
    }


def test_the_page_of_an_order_has_two_zones_where_there_is_a_long_term_condition(window, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.LABORATORY)
    model = view.letters_flow._model
    model.edit("lines", "TSH")
    model.edit("ald", "yes")
    sheet = model.page.sheet(model.entry.state.values)
    first, second = sheet.blocks[:2]
    assert [line.head for line in first.lines] == ["TSH"]
    assert second.lines == ()
    assert first.name == "AFFECTION EXONÉRANTE"


def test_every_word_of_the_page_is_french_on_an_english_screen(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("en"))
    qtbot.addWidget(window)
    window.show_session(world.context(), Preferences(language="en"))
    window.show()
    view = session(window)
    view.record_flow.open(OWNER)
    view.letters_flow.write(LetterKind.LABORATORY)
    shown = view.letter_view.paper.preview
    qtbot.waitUntil(lambda: shown.count == 1)
    assert "Ordonnance de biologie" in shown.page_text()
    assert "sexe féminin" in shown.page_text().replace("\u00a0", " ")
    window.close()


def test_what_was_signed_is_printed_the_very_bytes_by_keys(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Bon état général.")
    view.letters_flow._model.submit()
    ((row, _),) = written_documents(world)
    press(window, Qt.Key.Key_P, CTRL)
    dialog = view.print_flow.dialog
    assert named(window, "Imprimante").isVisible()
    dialog.copies.set_value("200")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert world.printing.printed == []
    dialog.copies.set_value("2")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    ((pdf, printer, title, copies),) = world.printing.printed
    assert pdf == documents.pdf_of(row.body)
    assert (printer, copies) == ("Accueil", 2)
    assert "MARTINEAU" not in title


def test_hz25_the_print_question_goes_with_its_record(window, world, qtbot):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Bon état général.")
    view.letters_flow._model.submit()
    press(window, Qt.Key.Key_P, CTRL)
    dialog = view.print_flow.dialog
    view.record_flow.open(OTHER_OWNER)
    assert not dialog.isVisible()
    assert world.printing.printed == []
    press(window, Qt.Key.Key_P, CTRL)
    assert view.print_flow.dialog is None


def test_a_signed_letter_is_corrected_printed_or_struck_through_from_the_side_panel(
    window, world, qtbot
):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Bon état général.")
    view.letters_flow._model.submit()
    offered = [one.label for one in view.models.record.state.detail.actions]
    assert offered[-3:] == ["Imprimer", "Corriger", "Saisi par erreur…"]
    view.record_flow.edit_chosen()
    assert view.navigator.place == LETTER
    assert "Bon état général." in text_of(window).toPlainText()
    view.navigator.go(RECORD)
    view.record_flow._act(Action.ERROR)
    model = view.models.forms.model
    model.edit("reason", "Mauvais patient")
    model.submit()
    ((_, document),) = written_documents(world)
    assert document.status == "entered-in-error"


def test_only_its_author_corrects_a_letter_or_strikes_it_through(window, world):
    view = session(window)
    view.letters_flow.write(LetterKind.CERTIFICATE)
    fill(window, "Texte", "{constatations}", "Bon état général.")
    view.letters_flow._model.submit()
    ((row, _),) = written_documents(world)
    letters = world.context().services.letters
    body = msgspec.json.decode(row.body)
    body["author"] = [{"reference": "Practitioner/lemaire"}]
    world.store.hold(OWNER, {**body, "id": "theirs"})
    assert letters.signed(OWNER, "theirs") is None
    with pytest.raises(Invalid) as refused:
        letters.mark_erroneous(MarkLetterErroneous(owner=OWNER, id="theirs", reason="x"))
    assert refused.value.issues[0].rule == "not_author"
