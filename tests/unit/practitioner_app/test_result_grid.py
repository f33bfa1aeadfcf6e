"""The grid of results: a line an analyte in one unit, a column a day, nothing sent is changed."""

from decimal import Decimal

import pytest

from dossier.fhir.patients import Sex
from dossier.fhir.results import Flag
from dossier.terminology.catalogue import Terminology
from dossier.terminology.concepts import Panel
from practitioner_app.services.result_grid import Group, ResultService
from practitioner_app.services.rows import Emptiness
from tests.builders import OTHER_OWNER, OWNER, a_patient, a_result
from tests.fakes.record_store import MemoryRecordStore

TERMS = Terminology.load()
CREATININE = "14682-9"


def creatinine(rid, value, at):
    body = a_result(rid, CREATININE, value=value, unit="µmol/L", at=at, label="Créatinine")
    body["valueQuantity"]["code"] = "umol/L"
    return body


@pytest.fixture
def store():
    return MemoryRecordStore()


def grid_of(store, language="fr"):
    return ResultService(store, TERMS).grid(OWNER, language)


def numbers(line):
    return [cell.value.number if cell else None for cell in line.cells]


def test_a_day_is_a_column_and_what_was_not_measured_is_an_empty_cell(store):
    store.hold(
        OWNER,
        a_result("1", "2951-2", value=139, unit="mmol/L", at="2024-03-19", label="Sodium"),
        a_result("2", "2951-2", value=136, unit="mmol/L", at="2026-11-20", label="Sodium"),
        a_result("3", "718-7", value=12.7, unit="g/dL", at="2026-11-20", label="Hb"),
    )
    store.hold(OTHER_OWNER, a_result("4", "718-7", at="2020-01-01"))
    grid = grid_of(store)
    assert grid.days == ("2024-03-19", "2026-11-20")
    assert [(line.heading, line.label, numbers(line)) for line in grid.lines.rows] == [
        (Panel.KIDNEY, "Sodium", [139, 136]),
        (Panel.BLOOD, "Hémoglobine", [None, Decimal("12.7")]),
    ]


def test_two_values_of_a_day_are_one_cell_that_keeps_both(store):
    store.hold(
        OWNER,
        a_result("1", "2951-2", value=131, unit="mmol/L", at="2026-11-20T08:00:00+01:00"),
        a_result("2", "2951-2", value=134, unit="mmol/L", at="2026-11-20T18:00:00+01:00"),
    )
    [line] = grid_of(store).lines.rows
    [cell] = line.cells
    assert cell.value.number == 134
    assert [value.number for value in cell.earlier] == [131]


def test_hz11_two_units_are_two_lines(store):
    store.hold(
        OWNER,
        a_result("1", "1558-6", value=1.21, unit="g/L", at="2026-01-01"),
        a_result("2", "1558-6", value=6.7, unit="mmol/L", at="2026-02-01"),
    )
    assert [(line.unit, numbers(line)) for line in grid_of(store).lines.rows] == [
        ("g/L", [Decimal("1.21"), None]),
        ("mmol/L", [None, Decimal("6.7")]),
    ]


def test_a_second_unit_stands_beside_the_one_that_was_sent(store):
    body = a_result("1", "4548-4", value=7.4, unit="%", at="2026-11-18")
    body["valueQuantity"]["code"] = "%"
    store.hold(OWNER, body)
    [line] = grid_of(store).lines.rows
    assert (line.unit, line.second_unit) == ("%", "mmol/mol")
    [cell] = line.cells
    assert (cell.value.number, cell.second) == (Decimal("7.4"), Decimal(57))


def test_the_rate_is_computed_only_for_days_on_which_none_was_sent(store):
    store.hold(
        OWNER,
        a_patient(birth_date="1942-03-03", sex=Sex.MALE),
        creatinine("1", 118, "2022-11-14"),
        creatinine("2", 138, "2026-11-20"),
        a_result("3", "62238-1", value=50, unit="mL/min/1,73 m²", at="2022-11-14", label="DFG"),
    )
    lines = {(line.key.split("|")[0], line.computed): line for line in grid_of(store).lines.rows}
    assert numbers(lines["62238-1", False]) == [50, None]
    computed = lines["62238-1", True]
    assert numbers(computed) == [None, 40]
    assert computed.cells[1].value.flag is Flag.UNKNOWN
    assert computed.band is None


def test_no_rate_without_a_birth_date_to_the_day_or_a_known_sex(store):
    store.hold(OWNER, a_patient(birth_date="1942"), creatinine("1", 118, "2022-11-14"))
    assert [line.computed for line in grid_of(store).lines.rows] == [False]
    store.hold(OWNER, a_patient(sex=Sex.UNKNOWN), creatinine("1", 118, "2022-11-14"))
    assert [line.computed for line in grid_of(store).lines.rows] == [False]


def test_what_counts_no_more_has_no_cell_and_an_unknown_analyte_keeps_its_own_words(store):
    wrong = a_result("1", "2951-2", at="2026-11-20") | {"status": "entered-in-error"}
    other = a_result("2", "99999-9", at="2026-11-21", label="Dosage rare", unit="UI")
    store.hold(OWNER, wrong, other)
    grid = grid_of(store, "en")
    assert grid.days == ("2026-11-21",)
    assert [(line.heading, line.label) for line in grid.lines.rows] == [
        (Group.OTHER, "Dosage rare")
    ]


def test_hz17_an_empty_grid_says_whether_there_is_nothing_or_nothing_yet(store):
    assert grid_of(store).lines.emptiness is Emptiness.NONE
    store.received(OWNER, 1, 10)
    assert grid_of(store).lines.emptiness is Emptiness.NOT_RECEIVED
