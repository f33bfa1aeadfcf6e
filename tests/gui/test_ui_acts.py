"""Vaccinations, measures, past history and prevention through the real view-models, by accessible name."""

from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit

from dossier.fhir import immunizations
from dossier.fhir.elements import Coding, Signature
from dossier.fhir.immunizations import ATC, NewImmunization
from dossier.fhir.measures import Taken, build
from dossier.fhir.problems import ICD10
from practitioner_app.ports import ItemState
from practitioner_app.services.session import Connection, Link
from tests.builders import OTHER_OWNER, OWNER, SIGNATURE, a_patient, a_problem
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.patient.line import LineWidget
from ui.patient.state import Action, Ref
from ui.preferences import Preferences

# the offscreen platform has no windows to raise when a list of suggestions opens
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture(params=["offline", "online"])
def link(request):
    return request.param


@pytest.fixture
def window(world, link, qapp, qtbot):
    if link == "online":
        world.centre.connected(Connection(link=Link.ONLINE))
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window
    window.close()


def opened(window, key, owner=OWNER):
    window.session.record_flow.open(owner)
    window.session.overlay_flow.run(key)
    return window.session.record_view.panel


def fill(panel, **answers):
    """By the names a screen reader says."""
    for name, text in answers.items():
        label = name.replace("_", " ")
        kinds = (QLineEdit, QComboBox, QPlainTextEdit)
        control = next(
            one
            for kind in kinds
            for one in panel.findChildren(kind)
            if one.accessibleName() == label
        )
        if isinstance(control, QComboBox):
            shown = [
                control.itemText(place).replace("\u00a0", " ") for place in range(control.count())
            ]
            control.setCurrentIndex(shown.index(text))
        elif isinstance(control, QLineEdit):
            control.setText(text)
        else:
            control.setPlainText(text)


def record(panel):
    press(panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def press(widget, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def act(window, action):
    window.session.record_flow._act(action)
    return window.session.record_view.panel


def created(world):
    """The body of the newest act that created something."""
    return [entry.shows for entry in world.store.ops if entry.op.kind == "create"][-1]


def the_record(window):
    return window.session.models.record.record


def test_a_vaccination_is_recorded_with_its_batch_and_listed(window, world):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="Grippe saisonnière", Date="23/11/2026")
    panel.field("lot").set_value("AB12C345")
    panel.field("expires").set_value("05/2027")
    panel.field("site").set_value("deltoïde gauche")
    panel.field("dose").set_value("1")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.vaccine, row.atc, row.lot) == ("Grippe saisonnière", "J07BB02", "AB12C345")
    assert (row.expires, row.site, row.dose) == ("2027-05-31", "deltoïde gauche", "1")
    assert row.author == row.giver == "Dr Claire FONTAINE"
    assert row.state is ItemState.PENDING
    detail = window.session.models.record.state.detail
    facts = {fact.label: fact.value for fact in detail.facts}
    assert facts["Fait par"] == facts["Rédigé par"] == "Dr Claire FONTAINE"
    assert [chip.word for chip in detail.chips] == ["Pas encore envoyé"]
    window.session.record_flow.undo()
    assert the_record(window).vaccinations.rows == ()


def test_a_dose_given_by_another_says_who_gave_it_and_who_wrote_it(window):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="dTP", Source="fait par un autre professionnel")
    panel.field("by").set_value("Julien BODIN, pharmacien")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.giver, row.author) == ("Julien BODIN, pharmacien", "Dr Claire FONTAINE")
    assert row.atc == "", "words the list does not know stay words"


def test_a_declared_vaccination_may_have_words_for_a_date_and_a_given_one_may_not(window):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="Rougeole-oreillons-rubéole (ROR)", Date="enfance")
    record(panel)
    assert "date" in panel.field("at").below
    assert the_record(window).vaccinations.rows == ()
    fill(panel, Source="déclaré, sans preuve")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.at, row.atc, row.giver) == ("enfance", "J07BD52", "")


def test_a_dose_not_given_keeps_its_reason_and_is_never_counted(window):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="Grippe saisonnière", Issue="Non fait : autre motif")
    record(panel)
    assert panel.field("reason").below.startswith("Obligatoire")
    fill(panel, Issue="Non fait : refus du patient")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.given, row.reason, row.struck) == (False, "refus du patient", "not_done")
    assert row.lot == ""


def test_a_correction_of_a_colleague_s_dose_leaves_who_gave_it(window, world):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="Zona")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    body = (
        created(world)
        .replace(b"Claire FONTAINE", b"Hugues LEMAIRE")
        .replace(b"Practitioner/fontaine", b"Practitioner/lemaire")
    )
    window.session.record_flow.undo()
    world.store.hold(OWNER, msgspec.json.decode(body))
    window.session.record_flow.open(OWNER, Ref("Immunization", row.id))
    panel = act(window, Action.EDIT)
    panel.field("lot").set_value("XY99Z001")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.giver, row.lot) == ("Dr Hugues LEMAIRE", "XY99Z001")


def test_a_vaccination_entered_in_error_stays_struck_through_with_its_reason(window, world):
    panel = opened(window, "add:immunizations")
    fill(panel, Vaccin="Zona")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    body = msgspec.json.decode(created(world))
    window.session.record_flow.undo()
    world.store.hold(OWNER, body)
    window.session.record_flow.open(OWNER, Ref("Immunization", row.id))
    panel = act(window, Action.ERROR)
    fill(panel, Motif="mauvais patient")
    record(panel)
    [row] = the_record(window).vaccinations.rows
    assert (row.struck, row.note) == ("error", "mauvais patient")
    chips = [chip.word for chip in window.session.models.record.state.detail.chips]
    assert "Saisi par erreur" in chips


def test_only_the_measures_typed_are_written_as_one_line_and_undone_together(window, world):
    panel = opened(window, "add:measures")
    fill(panel, **{"Poids_(kg)": "79", "Pression_artérielle (mmHg)": "138/82"})
    record(panel)
    rows = {row.code: row for row in the_record(window).measures.rows}
    assert set(rows) == {"29463-7", "85354-9"}
    assert (rows["85354-9"].number, rows["85354-9"].second) == (138, 82)
    lines = [one for one in the_record(window).timeline.rows if one.kind == "measures"]
    assert [len(one.members) for one in lines] == [2]
    window.session.record_flow.undo()
    assert the_record(window).measures.rows == ()


def test_hz11_the_body_mass_index_and_the_second_unit_are_said_and_never_written(window, world):
    panel = opened(window, "add:measures")
    fill(panel, **{"Poids_(kg)": "79", "Taille_(cm)": "164", "Glycémie_capillaire": "1,58"})
    assert panel.field("weight").below == "IMC 29,4, calculé"
    assert panel.field("glucose").below == "Soit 8,8\u00a0mmol/L."
    record(panel)
    codes = {row.code for row in the_record(window).measures.rows}
    assert codes == {"29463-7", "8302-2", "41653-7"}
    strip = {cell.label: cell.value for cell in window.session.models.record.state.record.strip}
    assert "29,4" in next(value for label, value in strip.items() if label.startswith("Poids"))


@pytest.mark.parametrize(
    ("field", "typed", "question"),
    [
        ("weight", "790", "790"),
        ("weight", "7,9", "la valeur précédente était 79"),
        ("pressure", "82/138", "la plus haute"),
        ("pressure", "13/8", "est-ce bien la valeur mesurée"),
        ("temperature", "372", "est-ce bien"),
    ],
)
def test_hz13_a_tenfold_or_reversed_value_is_asked_again_and_never_refused(
    window, world, field, typed, question
):
    world.store.hold(OWNER, a_measure("w1", "29463-7", "Poids", 79, "kg"))
    panel = opened(window, "add:measures")
    panel.field(field).set_value(typed)
    record(panel)
    assert question in panel.field(field).below
    assert world.store.ops == [] or all(op.op.kind != "create" for op in world.store.ops)
    record(panel)
    assert [op.op.rtype for op in world.store.ops if op.op.kind == "create"] == ["Observation"]


def test_another_doubtful_value_is_another_question(window, world):
    panel = opened(window, "add:measures")
    panel.field("temperature").set_value("372")
    record(panel)
    panel.field("temperature").set_value("373")
    record(panel)
    assert "est-ce bien" in panel.field("temperature").below


def test_a_measure_is_corrected_alone_and_the_others_of_its_line_stay(window, world):
    panel = opened(window, "add:measures")
    fill(panel, **{"Poids_(kg)": "97", "Pression_artérielle (mmHg)": "138/82"})
    record(panel)
    panel = act(window, Action.EDIT)
    assert panel.field("weight").value() == "97"
    panel.field("weight").set_value("79")
    record(panel)
    rows = {row.code: row.number for row in the_record(window).measures.rows}
    assert rows == {"29463-7": 79, "85354-9": 138}


def test_one_value_of_a_line_is_struck_through_and_leaves_the_curve(window, world):
    for rid, code, number in (("w1", "29463-7", 790), ("h1", "8302-2", 164)):
        world.store.hold(
            OWNER, a_measure(rid, code, "Poids" if code == "29463-7" else "Taille", number, "kg")
        )
    window.session.record_flow.open(OWNER, Ref("Observation", "w1"))
    panel = act(window, Action.ERROR)
    [which] = panel.findChildren(QComboBox)
    which.setCurrentIndex(which.findData("w1"))
    fill(panel, Motif="faute de frappe")
    record(panel)
    assert [row.code for row in the_record(window).measures.rows] == ["8302-2"]


def test_hz01_a_form_writes_for_the_patient_of_its_opening(window, world):
    panel = opened(window, "add:measures")
    panel.field("weight").set_value("79")
    record(panel)
    assert {op.op.owner for op in world.store.ops if op.op.kind == "create"} == {OWNER}
    window.session.record_flow.open(OTHER_OWNER)
    assert the_record(window).measures.rows == ()


def a_measure(rid, code, label, number, unit, at="2026-11-03T10:00:00+01:00"):
    taken = Taken(code=code, label=label, number=Decimal(number), unit=unit, ucum=unit)
    signature = Signature(author=SIGNATURE.author, at=at)
    return build(taken, rid=rid, patient="Patient/p1", at=at, signature=signature)


def card(window, title):
    cards = window.session.models.record.state.record.cards
    return next(one for one in cards if one.title == title)


def words_of(window):
    return [line.words for line in card(window, "Prévention à prévoir").lines]


def hold_doses(world, *said):
    for number, (atc, label, at) in enumerate(said):
        coding = Coding(system=ATC, code=atc)
        dose = NewImmunization(vaccine=label, coding=coding, at=at)
        world.store.hold(
            OWNER,
            immunizations.build(dose, rid=f"v{number}", patient="Patient/p1", signature=SIGNATURE),
        )


def test_without_any_vaccination_on_record_the_history_is_unknown_and_nothing_is_due(window):
    window.session.record_flow.open(OWNER)
    said = words_of(window)
    assert said[0] == "Historique vaccinal inconnu"
    assert not any("retard" in words or "à jour" in words for words in said)


def test_a_second_dose_is_thought_of_recorded_from_its_line_and_gone(window, world):
    hold_doses(world, ("J07BK03", "Zona", "2025-10-28"))
    window.session.record_flow.open(OWNER)
    assert words_of(window)[0] == "Zona: 2e dose à prévoir, délai habituel dépassé"
    window.session.record_flow._open_ref(Ref("Recommendation", "ZONA-2"))
    detail = window.session.models.record.state.detail
    facts = {fact.label: fact.value for fact in detail.facts}
    assert facts["Motif"].startswith("Recommandé par le calendrier public, table du ")
    panel = act_of_sheet(window, Action.DONE)
    assert (panel.field("vaccine").value(), panel.field("dose").value()) == ("Zona", "2")
    record(panel)
    assert not any(words.startswith("Zona") for words in words_of(window))


def test_a_recommendation_is_put_aside_with_a_reason_and_taken_up_again(window, world):
    hold_doses(world, ("J07BK03", "Zona", "2025-10-28"))
    window.session.record_flow.open(OWNER)
    window.session.record_flow._open_ref(Ref("Recommendation", "ZONA-2"))
    panel = act_of_sheet(window, Action.DISMISS)
    record(panel)
    assert panel.field("reason").below.startswith("Obligatoire")
    fill(panel, Motif="refus après information")
    record(panel)
    assert not any(words.startswith("Zona") for words in words_of(window))
    [row] = [row for row in the_record(window).prevention.rows if row.code == "ZONA-2"]
    assert (row.standing, row.dismissed.reason, row.dismissed.by) == (
        "dismissed",
        "refus après information",
        "Dr Claire FONTAINE",
    )
    window.session.record_flow._open_ref(Ref("Recommendation", "ZONA-2"))
    panel = act_of_sheet(window, Action.RESUME)
    fill(panel, Motif="la patiente a changé d’avis")
    record(panel)
    assert any(words.startswith("Zona") for words in words_of(window))


def test_a_screening_is_noted_as_done_or_as_never_done(window, world):
    window.session.record_flow.open(OWNER)
    window.session.record_flow._open_ref(Ref("Recommendation", "COLORECTAL"))
    panel = act_of_sheet(window, Action.DONE)
    button(panel, "jamais fait, dit le patient").click()
    record(panel)
    [row] = [row for row in the_record(window).prevention.rows if row.code == "COLORECTAL"]
    assert row.standing == "due"
    window.session.record_flow._open_ref(Ref("Recommendation", "COLORECTAL"))
    panel = act_of_sheet(window, Action.DONE)
    panel.field("at").set_value("03/11/2026")
    record(panel)
    [row] = [row for row in the_record(window).prevention.rows if row.code == "COLORECTAL"]
    assert (row.standing, str(row.since)) == ("planned", "2028-11-03")


def test_the_sheets_list_every_dose_and_every_recommendation_and_open_them(window, world):
    hold_doses(world, ("J07BB02", "Grippe", "2025-10-28"), ("J07BB02", "Grippe", "2024-10-22"))
    window.session.record_flow.open(OWNER)
    window.session.overlay_flow.run("vaccinations")
    detail = window.session.models.record.state.detail
    assert (detail.title, detail.second) == ("Vaccinations", "2 doses enregistrées")
    [section] = detail.sections
    assert [line.caption for line in section.lines] == ["28/10/2025", "22/10/2024"]
    lines = window.session.record_view.panel.findChildren(LineWidget)
    lines[0].click()
    assert window.session.models.record.state.detail.title == "Grippe"
    window.session.overlay_flow.run("prevention")
    heads = [one.title for one in window.session.models.record.state.detail.sections]
    assert "Non renseigné : à demander" in heads


def test_hz17_nothing_is_said_of_prevention_while_the_copy_is_incomplete(window, world):
    world.store.received(OWNER, 1, 9)
    window.session.record_flow.open(OWNER)
    shown = card(window, "Prévention à prévoir")
    assert shown.lines == ()
    assert shown.why_empty.startswith("Pas encore reçu")


def button(panel, words):
    return next(one for one in panel.findChildren(QAbstractButton) if one.text() == words)


def act_of_sheet(window, action):
    window.session.record_view.acted.emit(action)
    return window.session.record_view.panel


def test_an_operation_a_relative_and_tobacco_are_recorded_and_corrected(window, world):
    panel = opened(window, "add:procedures")
    fill(panel, Intitulé="cholécystectomie", Date="2009")
    record(panel)
    [row] = the_record(window).history["surgical"].rows
    assert (row.label, row.since) == ("cholécystectomie", "2009")
    panel = opened(window, "add:family")
    fill(panel, Parent="père", Maladie="infarctus du myocarde")
    panel.field("age").set_value("52")
    record(panel)
    [row] = the_record(window).history["family"].rows
    assert (row.relation, row.label) == ("père", "infarctus du myocarde, 52 ans")
    panel = act(window, Action.EDIT)
    assert panel.field("age").value() == "52"
    panel.field("age").set_value("54")
    record(panel)
    [row] = the_record(window).history["family"].rows
    assert row.label == "infarctus du myocarde, 54 ans"
    panel = opened(window, "add:lifestyle")
    fill(panel, Tabac="a fumé", **{"Paquets-années": "18"})
    record(panel)
    strip = {cell.label: cell.value for cell in window.session.models.record.state.record.strip}
    assert strip["Tabac"] == "a fumé, 18 paquets-années"


def test_words_may_stand_for_the_date_of_an_operation_and_a_day_to_come_may_not(window):
    panel = opened(window, "add:procedures")
    fill(panel, Intitulé="accouchements", Date="12/12/2030")
    record(panel)
    assert panel.field("at").below.startswith("Cette date")
    fill(panel, Date="1984 et 1987")
    record(panel)
    [row] = the_record(window).history["surgical"].rows
    assert row.since == "1984 et 1987"


def test_a_pregnancy_has_its_term_and_the_weeks_of_a_vaccine_follow(window, world):
    world.store.hold(OWNER, a_problem("c9", "Grossesse", code=Coding(system=ICD10, code="Z34")))
    hold_doses(world, ("J07CA02", "dTcaPolio", "2026-11-09"))
    panel = opened(window, "add:lifestyle")
    panel.field("habit").set_value("11778-8")
    fill(panel, **{"En toutes lettres": "15/03/2027"})
    record(panel)
    [row] = [row for row in the_record(window).prevention.rows if row.code == "VRS-PREG"]
    assert (str(row.since), str(row.until)) == ("2027-01-18", "2027-01-31")


def test_the_past_history_is_marked_as_reviewed_and_the_mark_is_undone(window):
    window.session.record_flow.open(OWNER)
    window.session.overlay_flow.run("reviewed")
    assert card(window, "Antécédents").aside == "revus le 23/11/2026"
    window.session.record_flow.undo()
    assert card(window, "Antécédents").aside == ""


def test_growth_is_drawn_by_age_without_a_band_and_says_so(window, world):
    for rid, code, number, at in (
        ("w1", "29463-7", 6, "2026-08-20"),
        ("w2", "29463-7", 7, "2026-10-21"),
    ):
        world.store.hold(OTHER_OWNER, a_measure(rid, code, "Poids", number, "kg", at))
    born = a_patient("p2", birth_name="LE GOFF", birth_date="2026-05-20")
    world.store.hold(OTHER_OWNER, born)
    window.session.record_flow.open(OTHER_OWNER)
    window.session.overlay_flow.run("growth")
    detail = window.session.models.record.state.detail
    [plot] = detail.plots
    assert (plot.low, plot.high, len(plot.points)) == (None, None, 2)
    assert [word for _, word in plot.ages][:3] == ["0 mois", "1 mois", "2 mois"]
    assert "Pas de courbe de référence" in detail.footnote
    [line] = [line for line in detail.sections[0].lines if line.words.startswith("Poids")]
    assert "poids ancien" in line.words, "HZ-13: of 33 days, under two years"
    strip = {cell.label: cell.flag for cell in window.session.models.record.state.record.strip}
    assert "◷ poids ancien" in strip.values()
