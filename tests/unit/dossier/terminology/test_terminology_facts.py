"""Our typed lists beside the public tables they restate: every code exists there and means the same."""

import csv
from pathlib import Path

import pytest

from dossier.terminology import Terminology

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def terms() -> Terminology:
    return Terminology.load()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_types_of_documents_have_the_code_and_class_of_the_public_set(
    terms: Terminology, shared: Path
) -> None:
    public = {row["code"]: row for row in rows(shared / "domain" / "document_types_J07.csv")}
    for entry in terms.document_types.entries:
        row = public[entry.code]
        assert entry.document_class == row["dmp_class_code"], entry.code
        loinc = row["code_system_oid"] == "2.16.840.1.113883.6.1"
        assert (entry.system == "http://loinc.org") is loinc, entry.code


def test_professions_and_specialties_exist_and_are_active(terms: Terminology, shared: Path) -> None:
    active = {
        row["code"]
        for row in rows(shared / "domain" / "health_professions_G15.csv")
        if row["active"] == "true"
    }
    known = {row["code"] for row in rows(shared / "domain" / "savoir_faire_specialties_J107.csv")}

    assert {entry.code for entry in terms.professions.entries} <= active
    assert {entry.code for entry in terms.specialties.entries} <= known


def test_analytes_and_vital_signs_carry_the_public_codes_and_units(
    terms: Terminology, shared: Path
) -> None:
    public = {row["key"]: row for row in rows(shared / "domain" / "practice" / "labs.csv")}
    assert set(public) == {entry.key for entry in terms.analyte_list.entries}
    for entry in terms.analyte_list.entries:
        row = public[entry.key]
        assert (entry.code, entry.ucum) == (row["loinc"], row["ucum"]), entry.key
        low, high = (float(part.replace(",", ".")) for part in row["plausible_min_max"].split("-"))
        assert (entry.lowest, entry.highest) == (low, high), entry.key
        male = row["range_male_adult"].replace(",", ".").split("-")
        if len(male) == 2 and male[1].replace(".", "").isdigit():
            assert entry.bounds("male") == (float(male[0]), float(male[1])), entry.key
    vital = {row["code"] for row in rows(shared / "domain" / "vital_signs_loinc.csv")}
    assert {entry.code for entry in terms.vital_signs.entries} <= vital


def test_problems_and_medicines_restate_the_practice_tables(
    terms: Terminology, shared: Path
) -> None:
    practice = shared / "domain" / "practice"
    for row in rows(practice / "problems.csv"):
        problem = terms.problem_list.get(row["cim10"])
        assert problem is not None, row["cim10"]
        assert (problem.fr, problem.cisp2) == (row["label_fr"], row["cisp2"])
    ours = {(drug.fr, drug.strength) for drug in terms.drug_list.entries}
    assert ours == {(row["inn_fr"], row["strength"]) for row in rows(practice / "drugs.csv")}
