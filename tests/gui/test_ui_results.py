"""The results of the open patient: the grid by keyboard, the curve of a line, one patient at a time."""

from decimal import Decimal

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from dossier.fhir.patients import Sex
from practitioner_app.ports import ChangeSet
from tests.builders import OTHER_OWNER, OWNER, a_patient, a_result
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.results.grid_model import FIRST_DAY

DAYS = ("2022-11-14", "2024-03-19", "2024-04-16", "2025-05-12", "2026-11-20")
SENT = (
    ("14682-9", "Créatinine", "µmol/L", "umol/L", (118, 126, None, 131, 138), (60, 110)),
    ("2823-3", "Potassium", "mmol/L", "mmol/L", ("4.6", "5.0", None, "5.3", "6.1"), ("3.5", "5.0")),
    ("2951-2", "Sodium", "mmol/L", "mmol/L", (139, 137, 138, 138, 136), (136, 145)),
    ("33762-6", "NT-proBNP", "ng/L", "ng/L", (None, 4200, 1900, 1150, None), (None, 125)),
    ("718-7", "Hémoglobine", "g/dL", "g/dL", ("13.4", "12.9", None, "13.1", "12.7"), (13, 17)),
    ("4548-4", "HbA1c", "%", "%", (None, None, None, "6.1", None), None),
)


def sent(code, label, unit, ucum, value, band, at):
    body = a_result(f"{code}-{at}", code, value=Decimal(value), unit=unit, label=label, at=at)
    body["valueQuantity"]["code"] = ucum
    body.pop("referenceRange", None)
    body.pop("interpretation", None)
    if band:
        ends = zip(("low", "high"), band, strict=True)
        body["referenceRange"] = [
            {name: {"value": Decimal(end), "unit": unit} for name, end in ends if end is not None}
        ]
    return body


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.store.hold(
        OTHER_OWNER,
        a_patient(
            "p2", birth_name="LE GOFF", used_given="Yves", birth_date="1942-03-03", sex=Sex.MALE
        ),
    )
    for code, label, unit, ucum, values, band in SENT:
        for at, value in zip(DAYS, values, strict=True):
            if value is not None:
                world.store.hold(OTHER_OWNER, sent(code, label, unit, ucum, value, band, at))
    return world


@pytest.fixture
def window(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window
    window.close()


@pytest.fixture
def page(window):
    window.session.record_flow.open(OTHER_OWNER)
    window.session.overlay_flow.run("results")
    return window.session.results_page.results


def press(widget, key):
    press_event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, press_event)


def rows_of(page):
    grid = page.table.grid
    return [grid.line(row) for row in range(grid.rowCount())]


def said(page):
    """What a screen reader says of the value under the focus."""
    return page.table.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)


def test_lines_stand_under_their_headings_and_the_computed_rate_says_so(page):
    heads = [line.label for line in rows_of(page) if line.is_heading]
    assert heads == ["Ionogramme et fonction rénale", "Cœur", "Diabète", "Hématologie et fer"]
    computed = next(line for line in rows_of(page) if line.about)
    assert computed.label == "DFG (CKD-EPI 2009)"
    assert "calculé par Colloque" in computed.about
    assert [cell.text for cell in computed.cells] == ["50", "45", "non dosé", "43", "40"]


def test_a_value_is_said_with_its_day_unit_second_unit_and_flag(page):
    page.table.choose(next(line.key for line in rows_of(page) if line.label == "Créatinine"))
    words = said(page).replace("\u00a0", " ").replace("\u202f", " ")
    assert words == ("Créatinine, 20/11/2026 : 138 µmol/L — soit 15,6 mg/L — ▲ élevé")


def test_arrows_walk_the_values_and_step_over_headings(page):
    table = page.table
    table.setFocus()
    labels = []
    for _ in range(7):
        labels.append(table.grid.line(table.currentIndex().row()).label)
        press(table, Qt.Key.Key_Down)
    assert labels[:5] == [
        "Sodium",
        "Potassium",
        "Créatinine",
        "DFG (CKD-EPI 2009)",
        "NT-proBNP",
    ]
    press(table, Qt.Key.Key_Left)
    assert table.currentIndex().column() == table.grid.band_column - 2


def test_days_that_do_not_fit_are_counted_and_reached_by_the_arrow(page, window, qtbot):
    window.resize(1280, 800)
    page.table.resize(700, 400)
    grid, table = page.table.grid, page.table
    qtbot.waitUntil(lambda: grid.shown < len(DAYS))
    hidden = grid.older
    assert f"{hidden} " in page._window.text()
    assert grid.newer == 0
    table.choose(table.chosen_key())
    for _ in range(grid.shown):
        press(table, Qt.Key.Key_Left)
    assert grid.older == hidden - 1
    assert table.currentIndex().column() == FIRST_DAY
    press(table, Qt.Key.Key_Home)
    assert grid.older == 0
    press(table, Qt.Key.Key_End)
    assert grid.newer == 0


def test_the_curve_follows_the_line_and_reads_out_the_value_before(page):
    page.table.choose(next(line.key for line in rows_of(page) if line.label == "Potassium"))
    out = page.curve.out
    assert out.value.text().replace("\u00a0", " ") == "6,1 mmol/L"
    assert "5,3" in out.before.text()
    assert "12/05/2025" in out.before.text()
    assert "+0,8" in out.change.text()
    assert "en 18 mois" in out.change.text().replace("\u00a0", " ")
    press(page.curve.plot, Qt.Key.Key_Left)
    assert out.value.text().startswith("5,3")


def test_a_period_without_a_value_says_so_and_when_the_last_one_was(page, window):
    window.session.models.results.choose(
        next(line.key for line in rows_of(page) if line.label == "NT-proBNP")
    )
    page.period_asked.emit("1y")
    state = window.session.models.results.state
    assert state.curve.plot is None
    assert "12/05/2025" in state.curve.sentence


def test_hz01_the_page_is_of_the_patient_of_the_banner_or_empty(page, window, world):
    session = window.session
    assert session.models.results.state.grid.owner == OTHER_OWNER
    assert session.results_page.banner.owner == OTHER_OWNER
    assert not session.frame.banner.isVisible()
    session.record_flow.open(OWNER)
    session.overlay_flow.run("results")
    assert session.models.results.state.grid.owner == OWNER
    assert session.models.record.state.owner == OWNER
    assert session.results_page.banner.owner == OWNER
    session.overlay_flow.run("close_record")
    assert session.results_page.banner.owner is None
    assert session.models.results.state.grid is None
    shown = [widget.accessibleName() for widget in page.findChildren(QWidget)]
    assert not [name for name in shown if "Potassium" in name]
    assert page.table.grid.rowCount() == 0


def test_a_result_that_arrives_is_in_the_grid_without_a_key(page, world):
    world.store.hold(
        OTHER_OWNER, sent("2951-2", "Sodium", "mmol/L", "mmol/L", 131, None, "2026-11-22")
    )
    world.changes.announce(ChangeSet(owners={OTHER_OWNER: frozenset({"Observation"})}))
    assert page.table.grid.days == len(DAYS) + 1


def test_the_second_unit_stands_under_the_value_that_was_sent(page):
    page.table.choose(next(line.key for line in rows_of(page) if line.label == "Créatinine"))
    second = page.curve.out.second
    assert second.text().replace("\u00a0", " ") == "soit 15,6 mg/L"
    page.table.choose(next(line.key for line in rows_of(page) if line.label == "Sodium"))
    assert not second.isVisible()


def test_measures_stand_apart_with_the_days_on_which_they_were_made(page, window, world):
    weight = sent("29463-7", "Poids", "kg", "kg", 58, None, "2026-10-27")
    weight["category"] = [{"coding": [{"code": "vital-signs"}]}]
    world.store.hold(OTHER_OWNER, weight)
    world.changes.announce(ChangeSet(owners={OTHER_OWNER: frozenset({"Observation"})}))
    assert page.table.grid.days == len(DAYS)
    page.kind_asked.emit("measures")
    assert page.table.grid.days == 1
    assert [line.label for line in rows_of(page)] == ["Mesures", "Poids"]
    assert window.session.models.results.state.curve.title == "Poids"
    page.kind_asked.emit("laboratory")
    assert page.table.grid.days == len(DAYS)
