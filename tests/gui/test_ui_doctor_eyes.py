"""What a doctor must not be misled by: dates of values, true words of states, nothing cut, one truth."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs
from PySide6.QtCore import QPoint, QRect

from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ItemState
from practitioner_app.services.decoding import decode
from practitioner_app.services.rows import Kind, Strip, Struck
from practitioner_app.services.rows import Measure as StripMeasure
from practitioner_app.services.search import DocumentHit, Found
from practitioner_app.services.session import Connection, Link
from practitioner_app.services.standing import struck_of
from tests.builders import OTHER_OWNER, OWNER, encoded
from tests.gui.ui_samples import a_look, a_record, a_speaking, event, hba1c, points
from tests.gui.ui_world import World
from ui.conflicts.presenter import line_runs
from ui.dates_in import read_date, typed_date
from ui.main_window import MainWindow
from ui.medications.view import treatment_form
from ui.patient.banner import banner as banner_of
from ui.patient.banner import strip
from ui.patient.detail_presenter import detail
from ui.patient.presenter import medication_runs, record_state
from ui.patient.state import Disagreement, Ref
from ui.patient.timeline_presenter import timeline_row
from ui.preferences import Preferences
from ui.results.presenter import plot_of
from ui.search.presenter import palette_state
from ui.theme.tokens import Size
from ui.widgets.banner import PatientBanner
from ui.widgets.strip import ClinicalStrip, StripCell
from ui.widgets.text import Run, whole_runs
from ui.widgets.trend import TrendPlot


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def speaking(qapp):
    return a_speaking(a_look("fr"))


@pytest.fixture
def window(qapp, qtbot):
    shown = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    shown.close()


# -- dates and figures --------------------------------------------------------


def test_every_value_of_the_strip_has_the_date_of_its_measure(speaking):
    measure = StripMeasure(label="x", at="2026-10-27T10:00:00+01:00", number=Decimal(80), unit="kg")
    shown = Strip(weight=measure, blood_pressure=measure, egfr=measure, hba1c=measure)
    dated = [cell.label for cell in strip(shown, speaking)][-4:]
    assert dated == [f"{name} le 27/10/2026" for name in ("Poids", "PA", "DFG", "HbA1c")]


def test_a_curve_writes_its_values_as_they_were_measured(speaking):
    flag = hba1c().points[0].flag
    rows = [("2026-01-01", "85", flag), ("2026-02-01", "84.5", flag), ("2026-03-01", "86", flag)]
    weight = structs.replace(hba1c(), unit="kg", band=None, points=points(rows, None))
    plot = plot_of(weight, speaking)
    assert [point.shown for point in plot.points] == ["85", "84,5", "86"]
    assert (plot.last, plain(plot.previous)) == ("86", "84,5 avant")


def test_a_value_without_room_is_counted_and_never_shown_without_its_sign(qapp):
    look = a_look("fr")
    facts = (
        Run("HbA1c 7,4 %"),
        Run(" ▲ ", sign=True),
        Run(", DFG 55 mL/min/1,73 m²"),
        Run(" ▼ ", sign=True),
    )
    assert whole_runs(look, facts, 1000) == facts
    for room in range(20, 400, 7):
        shown = whole_runs(look, facts, room)
        if shown != facts:
            assert shown[-1].text.strip() in {"+ 1 ▼", "+ 2 ▲ ▼"}
            assert (Run(" ▲ ", sign=True) in shown) == (facts[0] in shown)
            assert facts[2] not in shown


# -- true words ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rtype", "struck", "word"),
    [
        ("Condition", Struck.ERROR, "Saisi par erreur"),
        ("Condition", Struck.REFUTED, "Diagnostic écarté"),
        ("AllergyIntolerance", Struck.REFUTED, "Allergie écartée"),
        ("AllergyIntolerance", Struck.ENDED, "N’est plus active"),
        ("Encounter", Struck.CANCELLED, "Consultation annulée"),
        ("DiagnosticReport", Struck.CANCELLED, "Examen annulé"),
        ("Procedure", Struck.NOT_DONE, "Non réalisé"),
        ("Immunization", Struck.NOT_DONE, "Vaccin non fait"),
    ],
)
def test_a_line_struck_through_says_why_in_its_true_word(speaking, rtype, struck, word):
    item = structs.replace(event("x", "2026-11-01", Kind.PROBLEM), rtype=rtype, struck=struck)
    record = structs.replace(
        a_record(), timeline=structs.replace(a_record().timeline, rows=(item,))
    )
    row = timeline_row(item, record, speaking)
    assert ([chip.word for chip in row.chips], row.struck) == ([word], True)
    panel = detail(record, Ref(rtype, "x"), speaking)
    assert word in [chip.word for chip in panel.chips]


@pytest.mark.parametrize(
    ("body", "struck"),
    [
        ({"resourceType": "Immunization", "status": "not-done"}, Struck.NOT_DONE),
        ({"resourceType": "Procedure", "status": "not-done"}, Struck.NOT_DONE),
        ({"resourceType": "Encounter", "status": "cancelled"}, Struck.CANCELLED),
        ({"resourceType": "Observation", "status": "final"}, Struck.NO),
        ({"resourceType": "Observation", "status": "entered-in-error"}, Struck.ERROR),
        (
            {
                "resourceType": "Condition",
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            },
            Struck.REFUTED,
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            },
            Struck.REFUTED,
        ),
    ],
)
def test_why_a_line_does_not_count_is_read_from_its_own_status(body, struck):
    assert struck_of(decode(body["resourceType"], encoded(body | {"id": "x"}))) is struck


def test_adding_one_allergy_does_not_say_that_all_were_verified(speaking):
    card = record_state(a_record(), speaking, filter_key="all", words="").cards[2]
    assert card.aside == "mises à jour le 03/11/2026"


@pytest.mark.parametrize("posology", ["2 fois par jour si besoin", "le soir, au besoin"])
def test_if_needed_is_said_once(speaking, posology):
    row = structs.replace(a_record().treatments.rows[0], as_needed=True, posology=posology)
    line = "".join(run.text for run in medication_runs(row, speaking))
    assert line.count("besoin") == 1


def test_if_needed_is_said_of_each_version_and_where_only_it_differs(speaking):
    rows = a_record().treatments.rows
    place = next(n for n, row in enumerate(rows) if row.versions)
    first, second = rows[place].versions
    changed = structs.replace(
        rows[place], versions=(first, structs.replace(second, as_needed=True))
    )
    record = structs.replace(
        a_record(), treatments=structs.replace(a_record().treatments, rows=(changed,))
    )
    [line] = record_state(record, speaking, filter_key="all", words="").cards[3].lines
    assert isinstance(line, Disagreement)
    said = ["si besoin" in "".join(run.text for run in runs) for runs in line.versions]
    assert said == [False, True]


def test_hz_18_a_line_in_disagreement_is_listed_even_where_one_version_is_an_error(speaking):
    rows = a_record().treatments.rows
    undecided = next(row for row in rows if row.versions)
    changed = structs.replace(undecided, struck=Struck.ERROR)
    record = structs.replace(
        a_record(), treatments=structs.replace(a_record().treatments, rows=(changed,))
    )
    assert record_state(record, speaking, filter_key="all", words="").cards[3].lines


def test_the_substance_is_bold_in_a_whole_line_and_decimals_are_french(speaking):
    name, rest = line_runs("périndopril — comprimé 2.5 mg — as_needed", speaking)
    assert (name.text, name.weight) == ("périndopril", 600)
    assert rest.text == " — comprimé 2,5 mg — si besoin"


# -- one truth, in sight ------------------------------------------------------


def test_continuity_mode_offers_no_way_to_write(speaking):
    record = structs.replace(a_record(), narrowed=True)
    cards = record_state(record, speaking, filter_key="all", words="").cards
    assert len(cards) >= 4
    assert not any(card.add for card in cards)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("scale", [100, 150])
@pytest.mark.parametrize("width", [1280, 1600])
@pytest.mark.parametrize("family", ["MARTINEAU", "DE LA ROCHEFOUCAULD-MONTBEL DE SAINT-EXEMPLE"])
def test_the_banner_cuts_neither_name_nor_allergies(qapp, qtbot, language, scale, width, family):
    look = a_look(language, scale=scale)
    person = structs.replace(a_record().identity, birth_name=family)
    state = banner_of(structs.replace(a_record(), identity=person), a_speaking(look))
    banner = PatientBanner(look)
    qtbot.addWidget(banner)
    banner.resize(width, 64)
    banner.show_state(state, compact=width < 1360 or look.roomy)
    banner.show()
    banner.resize(width, banner.heightForWidth(width) if banner.hasHeightForWidth() else 64)
    qapp.processEvents()
    banner.resize(width, max(64, banner.layout().totalHeightForWidth(width)))
    qapp.processEvents()
    inside = QRect(0, 0, width, banner.height())
    name = banner._names._name
    for part in (banner._panel, banner._names, banner._born, banner._sex):
        assert inside.contains(QRect(part.mapTo(banner, QPoint(0, 0)), part.size())), part
    needed = name.heightForWidth(name.width()) if name.wordWrap() else name.sizeHint().height()
    assert name.height() >= needed
    assert name.wordWrap() or name.width() >= name.sizeHint().width()
    lines = banner._panel._lines
    assert lines.height() >= lines.heightForWidth(lines.width())


def test_the_toast_covers_neither_the_buttons_of_a_panel_nor_the_status_bar(qapp, window):
    world = World(qapp)
    window.resize(1280, 800)
    window.show_session(world.context(), Preferences())
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    qapp.processEvents()
    toast = session.toast
    assert toast.isVisible()
    assert not toast.geometry().intersects(_on(session, session.frame.status))
    assert not toast.geometry().intersects(_on(session, session.record_view))
    for button in session.record_view.panel.findChildren(type(toast._undo)):
        if button.isVisible():
            assert not toast.geometry().intersects(_on(session, button)), button.text()


def _on(session, part):
    return QRect(part.mapTo(session, QPoint(0, 0)), part.size())


def test_what_was_tried_is_not_being_sent_while_the_server_is_out_of_reach(qapp, window):
    world = World(qapp)
    world.centre.connected(Connection(link=Link.OFFLINE))
    window.show_session(world.context(), Preferences())
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    op_id = session.models.record.state.detail.op_id
    world.store.judged(op_id, ItemState.SENT)
    session.overlay_flow.run("sync")
    [line] = [one for one in session.models.centre.state.pending if one.op_id == op_id]
    assert (line.chip.word, "réponse attendue" in line.second) == ("Pas encore envoyé", True)


def test_the_list_of_disagreements_names_the_other_author_and_alt_d_opens_the_panes(qapp, window):
    world = World(qapp)
    world.disagree()
    window.show_session(world.context(), Preferences())
    session = window.session
    session.record_flow.open(OTHER_OWNER)
    session.overlay_flow.run("settle")
    assert session.navigator.place == "record"
    assert "Aucun désaccord" in session.toast.accessibleName()
    session.overlay_flow.run("sync")
    [line] = session.models.centre.state.conflicts
    assert "version du Dr" in line.second
    assert "serveur" not in line.second
    session.overlay_flow.run("settle")
    assert session.navigator.place == "conflict"
    session.conflict_view.postponed.emit()
    session.record_flow.open(OWNER)
    session.overlay_flow.run("settle")
    assert session.navigator.place == "conflict"


# -- what is typed again ------------------------------------------------------


def test_hz_13_correcting_a_line_shows_its_own_unit_and_never_another(speaking):
    row = structs.replace(
        a_record().treatments.rows[0],
        strength="2.5 microgrammes/dose",
        dose="0.5 bouffée par narine",
        since="2015-03-31",
    )
    spec = treatment_form(speaking.texts, "", Terminology.load(), row, date(2026, 11, 23))
    for key, unit in (("strength_unit", "microgrammes/dose"), ("unit", "bouffée par narine")):
        field = next(one for one in spec.fields if one.key == key)
        assert spec.values[key] == unit
        assert unit in [option.key for option in field.options]
    shown = [spec.values[key] for key in ("strength", "dose", "since")]
    assert shown == ["2,5", "0,5", "31/03/2015"]


@pytest.mark.parametrize("iso", ["2015-03-31", "2015-03", "2015", ""])
def test_a_date_shown_in_a_form_is_read_back_as_it_was(iso):
    assert read_date(typed_date(iso), date(2026, 11, 23)) == iso


def test_the_day_a_problem_was_noted_is_not_the_day_it_began(qapp, window):
    world = World(qapp)
    window.show_session(world.context(), Preferences())
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    [line] = session.models.record.state.record.cards[1].lines
    assert line.aside == "noté en 2026"
    facts = {fact.label: fact.value for fact in session.models.record.state.detail.facts}
    assert facts["Depuis"] == "non renseigné"
    session.record_flow.edit_chosen()
    assert session.models.forms.model.spec.values["since"] == ""


def test_a_treatment_without_posology_says_so(speaking):
    row = structs.replace(a_record().treatments.rows[0], dose="", posology="")
    line = "".join(run.text for run in medication_runs(row, speaking))
    assert line.endswith("posologie non précisée")


def test_the_palette_writes_the_strength_of_a_drug_as_the_language_does(speaking):
    hit = DocumentHit(
        owner=OWNER,
        rtype="MedicationStatement",
        id="m",
        at="2026-11-01",
        title="périndopril arginine, comprimé, 2.5 mg",
        excerpt="périndopril 2.5 mg",
        marks=(),
        patient=None,
    )
    found = Found(words="peri", here=(hit,), here_total=1)
    row = palette_state(found, speaking, open_record="", shortcuts={}).rows[1]
    assert "2,5 mg" in row.title
    assert "2,5 mg" in row.second


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_signs_of_the_landmarks_out_of_sight_stay_in_sight(qapp, qtbot):
    shown = ClinicalStrip(a_look("fr"))
    qtbot.addWidget(shown)
    shown.resize(420, 48)
    shown.show()
    wide = tuple(StripCell(f"Repère {n}", "une valeur assez longue") for n in range(3))
    shown.show_cells((*wide, StripCell("DFG", "55", "▼ bas")))
    assert shown._more.text().startswith("+ ")
    assert shown._more.text().endswith("▼")


def test_gtab_the_figures_of_a_scale_are_never_cut(qapp, qtbot, speaking):
    rows = [
        (f"202{n}-01-01", value, hba1c().points[0].flag)
        for n, value in enumerate(("0.91", "1.05", "1.33"))
    ]
    ldl = structs.replace(hba1c(), unit="g/L", band=None, points=points(rows, None))
    curve = TrendPlot(a_look("fr"), compact=True)
    qtbot.addWidget(curve)
    curve.show_plot(plot_of(ldl, speaking, small=True))
    look = a_look("fr")
    widest = max(look.metrics(Size.LABEL).horizontalAdvance(text) for text in ("0,75", "1,25"))
    assert curve._plot_area().left() - 6 >= widest
