"""The side panel: pages of letters, notes, reports with the laboratory's range."""

from decimal import Decimal

import pytest
from msgspec import structs

from dossier.fhir.results import Band, Flag
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.services.rows import Fact, Kind, Point, Series
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.ui_samples import PARIS, a_look, a_speaking, event
from tests.gui.ui_world import World
from ui.formats import Formats, band_words
from ui.i18n import load_texts
from ui.main_window import MainWindow
from ui.patient.detail_presenter import number_of
from ui.patient.paper import Paper
from ui.patient.state import Ref
from ui.patient.timeline_presenter import told
from ui.preferences import Preferences
from ui.results.presenter import plot_of
from ui.typography import NBSP
from ui.widgets.text import PlainLabel
from ui.widgets.trend import TrendPlot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LETTER = {
    "resourceType": "DocumentReference",
    "id": "d1",
    "status": "current",
    "type": {"text": "Compte rendu de consultation ou de visite"},
    "date": "2026-11-23T06:41:00Z",
    "author": [{"reference": "Practitioner/absent", "display": "Dr Claire BERTHELOT"}],
    "description": "Compte rendu de cardiologie",
    "content": [{"attachment": {"contentType": "text/plain", "creation": "2026-11-12"}}],
    "text": {
        "status": "additional",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Chère consœur,</p>'
        "<p>PA &lt;b&gt; 136/80.</p></div>",
    },
}
NOTE = {
    "resourceType": "ClinicalImpression",
    "id": "n1",
    "status": "completed",
    "description": "Malaise au lever",
    "effectiveDateTime": "2026-11-14T10:20:00Z",
    "summary": "PA 104/62 mmHg debout, 118/70 assise.\nDemi-dose jusqu'à la consultation. " * 4,
}


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture(params=["light", "dark"])
def session(world, qapp, qtbot, request):
    window = MainWindow(qapp, a_look("fr", dark=request.param == "dark"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences(theme=request.param))
    window.show()
    yield window.session
    window.close()


def words_in(widget):
    return [label.text() for label in widget.findChildren(PlainLabel)]


def test_a_letter_is_a_white_page_with_its_own_words_in_both_themes(session, world):
    world.store.hold(OWNER, LETTER)
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("DocumentReference", "d1"))
    detail = session.models.record.state.detail
    assert detail.second == "12/11/2026 · Dr Claire BERTHELOT · reçu le 23/11/2026"
    [page] = session.record_view.panel.findChildren(Paper)
    said = words_in(page)
    assert f"PA <b>{NBSP}136/80." in said
    assert f"Compte rendu de cardiologie — Mme{NBSP}MARTINEAU Élodie, 14/07/1958" in said
    spot = page.grab().toImage().pixelColor(6, 6)
    assert spot.name().upper() == "#FFFFFF"


def test_hz01_no_page_of_one_patient_stays_when_another_is_opened(session, world):
    world.store.hold(OWNER, LETTER)
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("DocumentReference", "d1"))
    session.record_flow.open(OTHER_OWNER)
    assert session.models.record.state.detail is None
    assert not session.record_view.panel.findChildren(Paper)


def test_a_note_is_read_whole_and_its_line_separates_title_and_text(session, world):
    world.store.hold(OWNER, NOTE)
    session.record_flow.open(OWNER)
    row = next(r for r in session.models.record.state.record.timeline if r.key.endswith("n1"))
    line = "".join(run.text for run in row.summary)
    assert line.startswith("Malaise au lever — PA 104/62")
    session.models.record.choose(Ref("ClinicalImpression", "n1"))
    detail = session.models.record.state.detail
    assert detail.paper is None
    assert "\n".join(line.text for line in detail.note).count("Demi-dose") == 4
    assert detail.note[0].text == "PA 104/62 mmHg debout, 118/70 assise."


def test_a_vaccine_says_its_dose_and_its_batch():
    speaking = a_speaking(a_look("fr"))
    zona = event("v1", "2025-10-21", Kind.VACCINE, "Zona", dose="1", lot="YL02H357")
    assert told(zona, "Vaccination", speaking) == "Zona — dose 1, lot YL02H357"
    flu = event("v2", "2025-10-21", Kind.VACCINE, "Grippe", lot="CH52N708")
    assert told(flu, "Vaccination", speaking) == "Grippe — lot CH52N708"
    english = a_speaking(a_look("en"))
    assert told(zona, "Vaccination", english) == "Zona — dose 1, batch YL02H357"


@pytest.mark.parametrize(
    ("band", "beside", "words"),
    [
        (Band(low=Decimal(4), high=Decimal(6)), Decimal("7.4"), f"4,0{NBSP}à{NBSP}6,0"),
        (Band(low=Decimal("3.5"), high=Decimal("5.0")), Decimal(4), f"3,5{NBSP}à{NBSP}5,0"),
        (Band(low=Decimal(60)), Decimal(55), f"≥{NBSP}60"),
        (Band(high=Decimal(3)), Decimal(1), f"≤{NBSP}3"),
        (Band(text="négatif"), None, "négatif"),
        (Band(text="H 4 à 6", low=None), None, "H 4 à 6"),
        (None, Decimal(1), ""),
    ],
)
def test_hz12_the_range_is_the_one_sent_with_the_result(band, beside, words):
    assert band_words(band, Formats(load_texts("fr"), PARIS), beside) == words


def test_hz12_a_report_shows_the_range_of_each_of_its_results(session, world):
    for rid, value in (("r1", 7.4), ("r2", 1.0)):
        body = {
            "resourceType": "Observation",
            "id": rid,
            "status": "final",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"text": f"Analyse {rid}"},
            "effectiveDateTime": "2026-11-18T07:10:00Z",
            "valueQuantity": {"value": value, "unit": "%"},
        }
        if rid == "r1":
            body["referenceRange"] = [{"low": {"value": 4, "unit": "%"}, "high": {"value": 6}}]
        world.store.hold(OWNER, body)
    session.record_flow.open(OWNER)
    row = next(r for r in session.models.record.state.record.timeline if "r1" in r.key + r.words)
    session.models.record.choose(row.refs[0])
    bands = {line.label: line.band for line in session.models.record.state.detail.grid}
    assert bands == {"Analyse r1": f"4,0{NBSP}à{NBSP}6,0", "Analyse r2": ""}


def test_a_fact_of_a_report_keeps_its_precision():
    formats = Formats(load_texts("fr"), PARIS)
    fact = Fact(label="HbA1c", number=Decimal("7.0"), unit="%", flag=Flag.NORMAL)
    assert number_of(fact, formats) == "7,0"


def test_gtab_a_blood_pressure_is_drawn_as_bars_with_both_values(qapp, qtbot):
    look = a_look("fr")
    series = Series(
        code="85354-9",
        label="Pression artérielle",
        unit="mm[Hg]",
        points=(
            Point(at="2026-07-28", number=Decimal(134), second=Decimal(80), id="a"),
            Point(at="2026-10-27", number=Decimal(138), second=Decimal(82), id="b"),
        ),
    )
    plot = plot_of(series, a_speaking(look))
    assert plot.last == "138/82"
    assert plot.previous == "134/80 avant"
    assert [point.shown for point in plot.points] == ["134/80", "138/82"]
    curve = TrendPlot(look)
    qtbot.addWidget(curve)
    curve.resize(420, 240)
    curve.show_plot(plot)
    image = curve.grab().toImage()
    tops, bottoms = curve._xy(plot), curve._xy(plot, lower=True)
    middle = (tops[0].y() + bottoms[0].y()) / 2

    def is_inked(x, y):
        """Blue, whatever it is blended with at the edge of a stroke."""
        seen = image.pixelColor(round(x), round(y))
        return seen.blue() - seen.red() > 40

    assert is_inked(tops[0].x(), middle), "no stem between the two values"
    between = (tops[0].x() + tops[1].x()) / 2
    assert not any(is_inked(between, y) for y in range(30, 200)), "a line joins two pressures"


def test_no_value_is_written_over_the_words_of_the_reference_range(qapp, qtbot):
    """The figure of a first value that is low goes above its point, beside the words it would hide."""
    days = (("2024-03-26", "4.6"), ("2024-06-11", "5.0"), ("2026-05-12", "5.3"))
    look = a_look("fr")
    series = Series(
        code="2823-3",
        label="Potassium",
        unit="mmol/L",
        points=tuple(Point(at=day, number=Decimal(value), id=day) for day, value in days),
        band=Band(low=Decimal("3.5"), high=Decimal(5), unit="mmol/L"),
    )
    plot = plot_of(series, a_speaking(look))

    def drawn(first, height):
        curve = TrendPlot(look)
        qtbot.addWidget(curve)
        curve.resize(640, height)
        points = (structs.replace(plot.points[0], shown=first), *plot.points[1:])
        curve.show_plot(structs.replace(plot, points=points))
        image = curve.grab().toImage()
        return image, image.copy(curve._band_words.toAlignedRect())

    for height in range(110, 260, 10):
        (whole, words), (without, same_words) = drawn("4,6", height), drawn("", height)
        assert whole != without
        assert not words.isNull()
        assert words == same_words, height


def test_the_page_being_read_stays_when_something_else_of_the_program_moves(session, world):
    world.store.hold(OWNER, LETTER)
    session.record_flow.open(OWNER)
    session.models.record.choose(Ref("DocumentReference", "d1"))
    panel = session.record_view.panel
    world.changes.announce(ChangeSet(topics=frozenset({Topic.COPY, Topic.CONNECTION})))
    assert session.record_view.panel is panel


def test_units_are_written_as_the_language_writes_them():
    french, english = (Formats(load_texts(name), PARIS) for name in ("fr", "en"))
    assert french.unit("mL/min/{1.73_m2}") == "mL/min/1,73 m²"
    assert english.unit("mL/min/{1.73_m2}") == "mL/min/1.73 m²"
    assert (french.unit("m[IU]/L"), english.unit("m[IU]/L")) == ("mUI/L", "mIU/L")
