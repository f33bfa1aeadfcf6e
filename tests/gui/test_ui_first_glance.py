"""What one sees before looking closer: whose line it is, what is over, what waits, and no empty column."""

import pytest
from msgspec import structs
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout

from dossier.fhir.medications import Taking
from practitioner_app.services.conflicts import Choice
from practitioner_app.services.rows import Kind
from practitioner_app.services.search import Action as SearchAction
from practitioner_app.services.search import Found
from practitioner_app.services.session import Lock, LockFacts
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.ui_samples import a_look, a_record, a_speaking, event, hba1c
from tests.gui.ui_world import World
from ui.conflicts.state import Pick
from ui.main_window import MainWindow
from ui.patient.model import RowRole
from ui.patient.timeline_presenter import timeline_row
from ui.preferences import Preferences
from ui.registry import all_commands, sheet_columns
from ui.results.presenter import plot_of
from ui.search.presenter import palette_state
from ui.search.state import HitKind, HitRow
from ui.search.view import PaletteDelegate
from ui.sign_in.presenter import lock_state
from ui.sign_in.start_parts import add_code
from ui.widgets.text import PlainLabel
from ui.widgets.trend import TrendPlot


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


def test_a_record_opens_on_what_is_new_or_latest_where_there_is_a_third_column(qapp, qtbot, window):
    world = World(qapp)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    session = window.session
    session.record_flow.open(OWNER)
    shown = session.models.record
    qtbot.waitUntil(lambda: shown.state.detail is not None)
    column = session.record_view.timeline
    first = column.list.currentIndex().data(RowRole)
    assert first.group is None
    assert shown.state.detail.ref in first.refs
    session.record_flow.open(OTHER_OWNER)
    qtbot.waitUntil(lambda: shown.state.owner == OTHER_OWNER and shown.state.record is not None)
    assert shown.state.detail is None or shown.state.detail.ref != first.refs[0]


def test_hz01_the_line_marked_in_the_list_is_the_one_shown_beside_it(qapp, qtbot, window):
    world = World(qapp)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    session = window.session
    session.record_flow.open(OWNER)
    shown, column = session.models.record, session.record_view.timeline
    qtbot.waitUntil(lambda: shown.state.detail is not None)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    qapp.processEvents()
    (index,) = column.list.selectedIndexes()
    assert shown.state.detail.title == "Goutte"
    assert shown.state.detail.ref in index.data(RowRole).refs
    session.record_flow.undo()
    qapp.processEvents()
    session.models.record.show_curve("nothing")
    assert shown.state.detail is None or not column.list.selectedIndexes()


def test_a_drawer_stays_shut_when_a_record_opens(qapp, window):
    world = World(qapp)
    window.resize(1280, 800)
    window.show_session(world.context(), Preferences())
    window.show()
    session = window.session
    session.record_flow.open(OWNER)
    qapp.processEvents()
    session.record_flow._show_first()
    assert session.models.record.state.record is not None
    assert session.models.record.state.detail is None


def test_the_lock_page_counts_disagreements_too(speaking):
    facts = LockFacts(
        reason=Lock.ASKED, person="Dr F", device_name="Cabinet 2", pending=1, refused=2, conflicts=3
    )
    state = lock_state(facts, speaking, recovery=False, problem="", waiting=False)
    assert [words for _, words in state.tiles] == [
        "1 en attente d'envoi",
        "2 à corriger",
        "3 désaccords à régler",
    ]


def test_hz01_an_answer_says_whose_it_is_and_what_the_identity_is_worth(qapp, speaking):
    found = World(qapp).search.find("martineau", open_owner=None)
    rows = palette_state(found, speaking, open_record="", shortcuts={}).rows
    (patient,) = [row for row in rows if row.kind is HitKind.PATIENT]
    assert patient.second.endswith("identité qualifiée")
    action = SearchAction(key="add", title="Ajouter une allergie", words="x", needs_patient=True)
    found = Found(words="aj", actions=(action,), actions_total=1)
    whose = "Mme MARTINEAU Élodie, 14/07/1958"
    rows = palette_state(found, speaking, open_record=whose, shortcuts={}).rows
    assert rows[1].second == whose


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_hz01_a_long_title_never_cuts_whose_document_it_is(qapp, speaking):
    row = HitRow(
        kind=HitKind.ELSEWHERE,
        key="k",
        title="Compte rendu de consultation de cardiologie et de rythmologie interventionnelle",
        whose=" — Mme MARTINEAU Élodie, 14/07/1958",
        words="w",
        act="Change de patient",
    )
    look = a_look("fr")
    drawn: list[tuple[str, float, float]] = []

    class Ears(QPainter):
        def drawText(self, rect, flags, text):  # noqa: N802 - Qt chose it
            drawn.append((text, rect.x(), self.fontMetrics().horizontalAdvance(text)))

    image = QImage(760, 48, QImage.Format.Format_ARGB32)
    painter = Ears(image)
    PaletteDelegate(look)._paint_marked(painter, QRectF(60, 4, 520, 20), row)
    painter.end()
    title, whose = drawn
    assert title[0].endswith("…")
    assert "14/07/1958" in whose[0]
    assert "…" not in whose[0]
    assert title[1] + title[2] <= whose[1] + 1
    assert whose[1] + whose[2] <= 60 + 520 + 1


@pytest.mark.parametrize(
    ("taking", "kind", "said"),
    [
        (Taking.STOPPED, Kind.TREATMENT, "Arrêté le 03/11/2026"),
        (Taking.STOPPED, Kind.PRESCRIPTION, "Arrêté le 03/11/2026"),
        (Taking.COMPLETED, Kind.TREATMENT, "Terminé le 03/11/2026"),
        (Taking.COMPLETED, Kind.PRESCRIPTION, ""),
        (Taking.ACTIVE, Kind.TREATMENT, ""),
    ],
)
def test_a_treatment_that_is_over_says_so_in_the_timeline(speaking, taking, kind, said):
    item = event("t", "2024-01-05", kind, "périndopril")
    item = structs.replace(item, taking=taking, until="2026-11-03")
    row = timeline_row(item, a_record(), speaking)
    assert " ".join(chip.word for chip in row.chips) == said
    assert said in row.words
    assert not row.struck


def test_the_columns_of_the_f1_sheet_are_about_equally_high():
    texts = a_look("fr").texts
    columns = sheet_columns(texts, all_commands(texts))
    lines = [sum(len(listed) for _, listed in groups) for groups in columns]
    assert len(columns) == 3
    assert max(lines) - min(lines) <= 2
    assert min(lines) >= 6
    keys = [key for groups in columns for _, listed in groups for _, key in listed]
    assert {"Ctrl+K", "F12", "Ctrl+Entrée", "Échap"} <= set(keys)


def test_hz18_what_will_be_written_names_what_is_not_decided_yet(qapp, window):
    world = World(qapp)
    world.disagree()
    window.show_session(world.context(), Preferences())
    session = window.session
    session.sync_flow.settle("mine")
    shown = session.models.conflict
    open_ = [row.label.lower() for row in shown.state.rows if not row.decided]
    assert open_
    missing = [run.text for run in shown.state.preview if run.colour == "warn"]
    assert missing == [f" — {label} à choisir" for label in open_]
    for row in shown.state.rows:
        if not row.decided:
            shown.pick(Pick(row.key, Choice.THEIRS))
    assert not [run for run in shown.state.preview if run.colour == "warn"]


def test_the_places_of_the_f1_sheet_stand_in_the_order_of_their_keys():
    texts = a_look("fr").texts
    _, listed = sheet_columns(texts, all_commands(texts))[0][0]
    places = [key for _, key in listed if key.startswith("Alt+")]
    assert places == sorted(places)
    assert listed[-1][1] == places[-1]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_code_to_copy_out_has_letters_of_one_width(qapp, qtbot):
    look, body = a_look("fr"), QVBoxLayout()
    add_code(look, body, "MJ3K II4V 10O0", "code")
    card = body.itemAt(0).widget()
    qtbot.addWidget(card)
    (label,) = card.findChildren(PlainLabel)
    metrics = QFontMetrics(label.font())
    assert metrics.horizontalAdvance("IIII") == metrics.horizontalAdvance("MMMM")
    assert label.text() == "MJ3K II4V 10O0"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_focus_line_of_a_curve_does_not_cross_its_own_value(qapp, qtbot, speaking):
    curve = TrendPlot(a_look("fr"))
    qtbot.addWidget(curve)
    curve.resize(440, 240)
    curve.show_plot(plot_of(hba1c(), speaking))
    curve.show()
    drawn = []

    class Ears(QPainter):
        def drawText(self, at, text):  # noqa: N802 - Qt chose it
            drawn.append((text, at.x(), at.x() + self.fontMetrics().horizontalAdvance(text)))

    image = QImage(curve.size(), QImage.Format.Format_ARGB32)
    painter = Ears(image)
    spots = curve._xy(curve._state)
    curve._paint_values(painter, curve._state, spots)
    painter.end()
    line = spots[curve._focus].x()
    assert len(drawn) >= 2
    assert not [text for text, left, right in drawn if left - 1 <= line <= right + 1]
