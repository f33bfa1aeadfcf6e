"""Vaccinations, measures, procedures, family and way of life: what is built is R4 and is read back the same."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from dossier.fhir import history, immunizations, lifestyle, measures, results
from dossier.fhir.elements import Coding, Signature, in_error
from dossier.fhir.history import Kin, NewProcedure, NewRelative
from dossier.fhir.immunizations import ATC, NewImmunization, Origin, Refusal
from dossier.fhir.lifestyle import Habit, NewHabit, Smoking
from dossier.fhir.measures import Taken, body_mass_index, is_old_weight
from dossier.fhir.problems import Chapter
from dossier.fhir.validate import Validator
from tests.builders import SIGNATURE, encoded

VALIDATOR = Validator()
WHERE = {"rid": "x1", "patient": "Patient/p1"}
OTHER = Signature(
    author={"reference": "Practitioner/roche", "display": "Dr Inès ROCHE"}, at=SIGNATURE.at
)


def is_r4(body):
    """Raises Invalid with the path and the rule where it is not."""
    VALIDATOR.check(msgspec.json.decode(encoded(body)))
    return True


def built(said, build, **more):
    body = build(said, **WHERE, signature=SIGNATURE, **more)
    assert is_r4(body)
    return body


def test_a_dose_is_read_back_with_its_batch_site_and_number():
    said = NewImmunization(
        vaccine="Grippe saisonnière",
        coding=Coding(system=ATC, code="J07BB02"),
        at="2026-11-23",
        lot="AB12C345",
        expires="2027-05-31",
        site="deltoïde gauche",
        route="intramusculaire",
        dose_number=1,
    )
    read = immunizations.decode(encoded(built(said, immunizations.build)))
    assert (read.vaccine, read.atc, read.lot, read.expires) == (
        "Grippe saisonnière",
        "J07BB02",
        "AB12C345",
        "2027-05-31",
    )
    assert (read.site, read.route, read.dose_number) == ("deltoïde gauche", "intramusculaire", "1")
    assert (read.origin, read.given, read.performer) == (Origin.HERE, True, read.writer)


def test_who_gave_a_dose_and_who_wrote_it_are_two_persons():
    said = NewImmunization(
        vaccine="Zona", at="2026-10", origin=Origin.PROFESSIONAL, by="Julien BODIN"
    )
    read = immunizations.decode(encoded(built(said, immunizations.build)))
    assert (read.performer_name, read.writer) == ("Julien BODIN", "Practitioner/fontaine")
    assert read.origin is Origin.PROFESSIONAL


def test_a_declared_dose_has_a_writer_and_no_giver():
    said = NewImmunization(vaccine="ROR", at="enfance", origin=Origin.DECLARED)
    body = built(said, immunizations.build)
    read = immunizations.decode(encoded(body))
    assert (read.at, read.performer, read.writer_name) == ("enfance", "", "Dr Claire FONTAINE")
    assert body["occurrenceString"] == "enfance"
    assert not body["primarySource"]


@pytest.mark.parametrize("refusal", list(Refusal))
def test_a_dose_not_given_says_why(refusal):
    said = NewImmunization(vaccine="VRS", at="2026-11-23", refusal=refusal, reason="refuse")
    read = immunizations.decode(encoded(built(said, immunizations.build)))
    assert (read.given, read.refusal, read.reason) == (False, refusal, "refuse")


def test_a_pressure_is_one_observation_of_two_components():
    taken = Taken(
        code="85354-9",
        label="Pression artérielle",
        number=Decimal(138),
        second=Decimal(82),
        unit="mmHg",
        ucum="mm[Hg]",
    )
    read = results.decode(encoded(built(taken, measures.build, at=SIGNATURE.at)))
    assert read.component("8480-6").number == 138
    assert read.component("8462-4").number == 82
    assert read.component("8462-4").ucum == "mm[Hg]"


def test_a_corrected_measure_says_so_and_an_error_keeps_its_reason():
    taken = Taken(code="29463-7", label="Poids", number=Decimal("7.60"), unit="kg", ucum="kg")
    body = built(taken, measures.build, at="2026-11-19")
    other = Taken(code="29463-7", label="Poids", number=Decimal(76), unit="kg", ucum="kg")
    after = measures.corrected(body, other, note="unité", signature=OTHER)
    assert is_r4(after)
    assert (results.decode(encoded(after)).value.number, after["status"]) == (76, "corrected")
    struck = in_error(after, "mauvais patient", OTHER)
    assert is_r4(struck)
    assert not results.decode(encoded(struck)).counts
    assert [note["text"] for note in struck["note"]] == ["unité", "mauvais patient"]


@pytest.mark.parametrize(
    ("kilograms", "centimetres", "index"),
    [("79", "164", "29.4"), ("100", "179", "31.2"), ("7.6", "67", "16.9"), ("79", "0", None)],
)
def test_the_body_mass_index_is_kilograms_over_square_metres(kilograms, centimetres, index):
    found = body_mass_index(Decimal(kilograms), Decimal(centimetres))
    assert found == (None if index is None else Decimal(index))


@pytest.mark.parametrize(
    ("birth", "at", "old"),
    [
        ("2026-05-20", "2026-11-19", False),
        ("2026-05-20", "2026-10-21", True),
        ("2019-02-05", "2026-08-24", False),
        ("2019-02-05", "2026-08-20", True),
        ("1958-07-14", "2012-06-12", False),
    ],
)
def test_hz13_the_weight_of_a_child_grows_old(birth, at, old):
    days = [date.fromisoformat(text) for text in (birth, at, "2026-11-23")]
    assert is_old_weight(*days) is old


@pytest.mark.parametrize("chapter", [Chapter.SURGICAL, Chapter.OBSTETRIC, None])
def test_a_procedure_is_read_back_under_its_chapter(chapter):
    said = NewProcedure(label="cholécystectomie", at="2009", chapter=chapter, by="Dr CHIR")
    read = history.decode_procedure(encoded(built(said, history.build_procedure)))
    assert (read.label, read.at, read.chapter) == ("cholécystectomie", "2009", chapter)
    assert (read.performer_name, read.writer_name) == ("Dr CHIR", "Dr Claire FONTAINE")


def test_words_stand_for_the_date_of_a_procedure():
    said = NewProcedure(label="2 accouchements", at="1984 et 1987", chapter=Chapter.OBSTETRIC)
    assert built(said, history.build_procedure)["performedString"] == "1984 et 1987"


def test_an_illness_of_a_relative_is_read_back_with_its_age():
    said = NewRelative(kin=Kin.FATHER, relation="père", label="infarctus", age=52)
    [read] = history.decode_family(encoded(built(said, history.build_relative)))
    assert (read.kin, read.relation, read.label, read.at_age) == (
        Kin.FATHER,
        "père",
        "infarctus",
        "52 ans",
    )


def test_tobacco_has_a_coded_status_and_pack_years():
    said = NewHabit(
        habit=Habit.TOBACCO,
        label="Tabac",
        text="Ex-fumeuse",
        smoking=Smoking.FORMER,
        pack_years=Decimal(18),
    )
    read = results.decode(encoded(built(said, lifestyle.build, at="2026-11-23")))
    assert (lifestyle.habit_of(read), read.value.answer) == (Habit.TOBACCO, Smoking.FORMER)
    assert read.component(lifestyle.PACK_YEARS).number == 18


@pytest.mark.parametrize("lines", [(), ("Condition/c1", "Procedure/x")])
def test_a_review_of_the_past_history_is_a_dated_list(lines):
    body = history.build_review("Antécédents", lines, **WHERE, signature=SIGNATURE)
    assert is_r4(body)
    read = history.decode_review(encoded(body))
    assert (read.counts, read.at, read.author_name) == (True, SIGNATURE.at, "Dr Claire FONTAINE")
