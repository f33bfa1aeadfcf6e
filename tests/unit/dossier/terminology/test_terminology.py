"""Packs are dated, sourced, checked at load, and found by words without accents."""

from importlib.resources import files
from pathlib import Path

import pytest

from dossier.errors import Invalid
from dossier.terminology import Terminology
from dossier.terminology.concepts import Concept
from dossier.terminology.reading import read_pack


@pytest.fixture(scope="module")
def terms() -> Terminology:
    return Terminology.load()


def test_every_pack_shows_its_date_version_and_source(terms: Terminology) -> None:
    notes = terms.notes()

    folder = files("dossier.terminology") / "packs"
    files_there = {entry.name for entry in folder.iterdir() if entry.name.endswith(".csv")}
    assert {f"{note.name}.csv" for note in notes} == files_there
    assert all(note.date >= "2026-11-20" and note.source and note.version for note in notes)
    counts = {note.name: note.entries for note in notes}
    assert counts["document_types"] >= 60
    assert counts["professions"] == 25
    assert counts["specialties"] >= 15
    assert counts["problems"] >= 60
    assert counts["drugs"] == 60
    assert counts["analytes"] == 27
    assert counts["vaccines"] >= 20


def test_no_content_of_snomed_is_shipped(terms: Terminology) -> None:
    assert all("snomed" not in (note.system + note.source).lower() for note in terms.notes())
    assert all("snomed" not in entry.system for entry in terms.document_types.entries)


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("diab", "Diabète de type 2"),
        ("DIABETE 1", "Diabète de type 1"),
        ("hta", "Hypertension artérielle essentielle"),
        ("oeso", "Reflux gastro-œsophagien"),
        ("gout", "Goutte"),
        ("E11", "Diabète de type 2"),
        ("heart fail", "Insuffisance cardiaque"),
    ],
)
def test_a_problem_is_found_without_accents(terms: Terminology, words: str, label: str) -> None:
    assert terms.problems(words)[0].fr == label


def test_a_word_that_nothing_begins_with_finds_nothing(terms: Terminology) -> None:
    assert terms.problems("diab xyz") == ()
    assert terms.problems("abete") == ()


def test_labels_that_begin_with_the_word_come_first_and_the_limit_holds(terms: Terminology) -> None:
    found = terms.allergens("p", limit=5)

    assert len(found) == 5
    assert found[0].fr == "Pénicillines"
    assert len(terms.problems("", limit=7)) == 7


def test_drugs_read_as_a_line_in_both_languages(terms: Terminology) -> None:
    drug = terms.drugs("metfor")[0]

    assert drug.line("fr") == "metformine 1 000 mg, comprimé"
    assert drug.line("en") == "metformin 1 000 mg, tablet"
    assert terms.drug_list.get(drug.code) is drug
    assert drug.coding()["display"] == "metformine"


def test_an_analyte_knows_its_code_unit_and_bounds(terms: Terminology) -> None:
    hba1c = terms.analyte("hba1c")

    assert hba1c is not None
    assert terms.analyte_list.get("4548-4") is hba1c
    assert (hba1c.ucum, hba1c.bounds("male"), hba1c.bounds("other")) == ("%", (4, 6), (None, None))
    haemoglobin = terms.analytes("hemoglobine")[0]
    assert haemoglobin.bounds("female") == (12, 16)
    assert haemoglobin.plausible(3)
    assert not haemoglobin.plausible(140)


def test_every_type_of_document_has_a_known_class_or_none(terms: Terminology) -> None:
    assert terms.document_types.get("11502-2").document_class == "10"  # type: ignore[union-attr]
    assert terms.document_types.get("nope") is None
    assert [c.code for c in terms.certainties.entries][:2] == ["confirmed", "unconfirmed"]


GOOD = [
    "#name;p", "#title;P", "#version;1", "#date;2026-11-20", "#system;urn:p", "#source;ours",
    "code;fr;en", "a;Un;One", "b;Deux;Two",
]  # fmt: skip


def written(folder: Path, lines: list[str]) -> Path:
    (folder / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_pack_of_another_folder_is_read(tmp_path: Path) -> None:
    pack = read_pack(written(tmp_path, GOOD), "p", Concept)

    assert [entry.fr for entry in pack.entries] == ["Un", "Deux"]
    assert pack.get("b") == Concept(code="b", system="urn:p", fr="Deux", en="Two")


@pytest.mark.parametrize(
    ("line", "text", "where", "rule"),
    [
        (3, "#date;20 novembre", "p.csv", "date"),
        (5, "#source;", "p.csv", "origin_missing"),
        (0, "#name;q", "p.csv", "other_pack"),
        (0, "code;fr", "p.csv", "origin_missing"),
        (8, "b;Deux", "p.csv:9", "columns"),
        (8, "a;Encore;Again", "p.csv:9", "repeated_code"),
        (8, "b;;Two", "p.csv:9", "entry"),
        (6, "code;fr;english", "p.csv:8", "entry"),
        (4, "#system;", "p.csv:8", "entry"),
    ],
)
def test_a_faulty_pack_is_refused_with_its_line_and_reason(
    tmp_path: Path, line: int, text: str, where: str, rule: str
) -> None:
    lines = [*GOOD[:line], text, *GOOD[line + 1 :]]

    with pytest.raises(Invalid) as caught:
        read_pack(written(tmp_path, lines), "p", Concept)
    assert (caught.value.issues[0].path, caught.value.issues[0].rule) == (where, rule)


def test_an_absent_or_empty_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="unreadable"):
        read_pack(tmp_path, "p", Concept)
    with pytest.raises(Invalid, match="empty"):
        read_pack(written(tmp_path, GOOD[:7]), "p", Concept)
