"""Strict traits, compared forms and dates of birth."""

from datetime import date

import pytest

from dossier.identity.birth import birth_dates, parse_birth_date, strict_birth_date
from dossier.identity.traits import Traits, norm, strict, words


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Hélène d’Orval", "HELENE D'ORVAL"),
        ("  marie–louise ", "MARIE-LOUISE"),
        ("de  la   Test", "DE LA TEST"),
        ("Œdipe Læticia Strauß", "OEDIPE LAETICIA STRAUSS"),
        ("N’Guyễn, Văn Ðức", "N'GUYEN VAN DUC"),
        ("ÇAĞLAR\u0301", "CAGLAR"),
        ("Łukasz", "LUKASZ"),
    ],
)
def test_idt_01_strict_form_has_no_diacritic_and_keeps_hyphen_and_apostrophe(
    typed: str, expected: str
) -> None:
    assert strict(typed) == expected
    assert strict(strict(typed)) == expected


@pytest.mark.parametrize(
    "group",
    [
        ("TEST-D'ORVAL", "test d’orval", "Test D Orval", "TESTDORVAL"),
        ("Élodie", "ELODIE", "E\u0301lodie"),
        ("DE LA TEST", "de-la-test"),
    ],
)
def test_idt_04_the_usual_spellings_of_a_name_meet(group: tuple[str, ...]) -> None:
    assert len({norm(name) for name in group}) == 1


def test_a_query_is_cut_in_folded_words() -> None:
    assert words("  Marie-Louise d’Orval 1958 ") == ("marie", "louise", "d", "orval", "1958")
    assert words("«»") == ()


def someone(**changes: str) -> Traits:
    fields = {"birth_name": "Dupuis", "birth_givens": "Élodie Marie", "sex": "F"}
    fields |= {"first_birth_given": "Élodie", "birth_date": "1958-07-14", "birth_place": "44990"}
    return Traits(**{**fields, **changes})


def test_idt_01_a_sound_identity_has_no_issue_and_shows_nothing() -> None:
    traits = someone()

    assert traits.issues() == ()
    assert traits.strict().birth_givens == "ELODIE MARIE"
    assert "upuis" not in repr(traits) + str(traits)
    assert traits.keys() == ("dupuis|elodie|1958-07-14|F", "dupuis|elodie|1958-07-14")
    assert traits.strict().keys() == traits.keys()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"birth_name": " "}, "missing"),
        ({"first_birth_given": "Marie"}, "not_first_of_list"),
        ({"sex": "X"}, "unknown_code"),
        ({"birth_place": "99999"}, "place_unknown"),  # IDT-08
        ({"birth_place": "2C001"}, "place_format"),
    ],
)
def test_idt_08_what_is_doubtful_is_named(changes: dict[str, str], rule: str) -> None:
    assert [issue.rule for issue in someone(**changes).issues()] == [rule]


@pytest.mark.parametrize(
    "typed",
    ["14/07/1958", "14071958", "14-07-58", "14 juil 1958", "14 juillet 1958", "1958-07-14",
     "14.07.1958", "14 juil. 58", "né le 14/07/1958", "14 7 1958", "140758", "14JUILLET1958",
     "19580714", "July 14, 1958", "1958-07-14T00:00:00Z"],
)  # fmt: skip
def test_any_usual_form_of_a_birth_date_is_read(typed: str) -> None:
    assert parse_birth_date(typed) == "1958-07-14"


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("1958", "1958"),
        ("07/1958", "1958-07"),
        ("juillet 1958", "1958-07"),
        ("1958-07", "1958-07"),
        ("1er janvier 2001", "2001-01-01"),
        ("29/02/2024", "2024-02-29"),
    ],
)
def test_a_part_of_a_date_keeps_its_precision(typed: str, known: str) -> None:
    assert parse_birth_date(typed) == known


@pytest.mark.parametrize(
    "typed", ["", "dupuis", "31/02/1958", "14/13/1958", "14/07", "3 pluviôse 1958", "1", "0000"]
)
def test_what_is_no_date_is_none(typed: str) -> None:
    assert parse_birth_date(typed) is None


def test_two_digits_of_a_year_are_read_in_both_centuries() -> None:
    assert birth_dates("14-07-12") == ("2012-07-14", "1912-07-14")
    assert birth_dates("14-07-58") == ("1958-07-14", "2058-07-14")
    assert parse_birth_date("14-07-30", date(2026, 11, 23)) == "1930-07-14"
    assert parse_birth_date("14-07-26", date(2026, 11, 23)) == "2026-07-14"
    assert parse_birth_date("01-12-26", date(2026, 11, 23)) == "1926-12-01"
    assert parse_birth_date("01/12/2027", date(2026, 11, 23)) is None


def test_unknown_days_and_months_are_filled_as_the_strict_traits_ask() -> None:
    assert strict_birth_date("1958") == "1958-12-31"
    assert strict_birth_date("1958-07") == "1958-07-01"
    assert strict_birth_date("1958-07-14") == "1958-07-14"
