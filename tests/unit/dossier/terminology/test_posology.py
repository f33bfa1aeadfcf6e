"""A posology is read into parts that say the same words again (HZ-13)."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dossier.terminology.catalogue import Terminology
from dossier.terminology.posology import (
    Ceiling,
    Circumstance,
    Dose,
    Free,
    Interval,
    Lasting,
    Moments,
    Needed,
    Posology,
    Rhythm,
)
from dossier.terminology.posology_reading import read, split_line
from dossier.terminology.units import UNITS, Span

AS_WRITTEN = (
    "1 comprimé matin et soir pendant 3 mois",
    "2 bouffées si besoin, 4 fois par jour au maximum",
    "1 gélule par jour pendant 5 jours",
    "1 comprimé en cas de douleur, 3 fois par jour au maximum, à 6 heures d'intervalle, pendant 5 jours",
    "1 comprimé matin, midi et soir, au cours des repas",
    "1,5 mL toutes les 6 heures",
    "1 à 2 sachets le matin",
    "18 unités en sous-cutané le soir à heure fixe",
)


@pytest.mark.parametrize("sentence", AS_WRITTEN)
def test_hz_13_a_sentence_that_is_understood_is_said_in_the_same_words(sentence):
    posology = read(sentence).posology
    assert posology.words() == sentence
    assert posology.rest == ()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1 cp x 3/j pdt 5 j", "1 comprimé 3 fois par jour pendant 5 jours"),
        ("1 gélule par jour 5 jours", "1 gélule par jour pendant 5 jours"),
        ("½ cp le soir", "0,5 comprimé le soir"),
        ("un demi-comprimé le soir", "0,5 comprimé le soir"),
        ("1 comprimé et demi le soir", "1,5 comprimé le soir"),
        (".5 mL par jour", "0,5 mL par jour"),
        (",5 mL par jour", "0,5 mL par jour"),
        ("5,0 mL par jour", "5 mL par jour"),
        ("1 000 UI par jour", "1000 UI par jour"),
        ("1 comprimé le matin et le soir", "1 comprimé matin et soir"),
        ("1 COMPRIME MATIN ET SOIR", "1 comprimé matin et soir"),
        (
            "une gélule matin et soir pendant vingt-huit jours",
            "1 gélule matin et soir pendant 28 jours",
        ),
        ("au plus 4 fois par jour", "4 fois par jour au maximum"),
    ],
)
def test_hz_13_abbreviations_and_decimals_are_said_in_full(typed, said):
    assert read(typed).posology.words() == said


@pytest.mark.parametrize(
    ("typed", "tenth"),
    [
        ("0,5 mL", "0.5"),
        (".5 mL", "0.5"),
        (",5 mL", "0.5"),
        ("5,0 mL", "5"),
        ("1 000 mg", "1000"),
        ("0.25 mg", "0.25"),
    ],
)
def test_hz_13_no_decimal_is_read_ten_times_too_large(typed, tenth):
    assert read(f"{typed} par jour").posology.dose.quantity == Decimal(tenth)
    inside = read(f"prendre {typed} par jour").posology
    assert inside.one(Dose).quantity == Decimal(tenth)


@pytest.mark.parametrize(
    "sentence",
    [
        "2 comprimés le 1er jour, puis 1 par jour les 4 jours suivants",
        "1 comprimé par jour pendant 21 jours, arrêt 7 jours",
        "1 comprimé le matin, 2 comprimés le soir",
        "1 comprimé pendant 3 jours, pendant 5 jours",
    ],
)
def test_hz_13_what_has_two_steps_stays_whole_as_text_and_says_so(sentence):
    posology = read(sentence).posology
    assert posology.rest == (sentence,)
    assert posology.words() == sentence
    assert posology.dose is None
    assert posology.duration is None


def test_hz_13_a_piece_that_is_not_understood_stays_in_its_place():
    posology = read("1 comprimé et une chose le soir, selon humeur").posology
    assert posology.words() == "1 comprimé et une chose le soir, selon humeur"
    assert posology.rest == ("et une chose", "selon humeur")
    assert posology.dose == Dose(Decimal(1), "comprimé")


@pytest.mark.parametrize(
    "typed",
    ["; 0", ";0", ";;0", "; ; 0", ",5", ", 5", "a;0", "a ; 0", "le matin; ;0", "; 1 comprimé"],
)
def test_hz_13_a_sign_before_a_number_is_printed_as_it_was_typed(typed):
    assert read(typed).posology.words() == typed


def test_the_quantity_and_the_renewals_stand_beside_the_sentence():
    found = read("1 comprimé le soir pendant 1 mois, QSP 1 mois, à renouveler 2 fois")
    assert found.posology.words() == "1 comprimé le soir pendant 1 mois"
    assert (found.supply, found.renewals) == (Span(1, "mo"), 2)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "amoxicilline 500 mg 2 gélules matin et soir 6 jours",
            ("amoxicilline 500 mg", "2 gélules matin et soir 6 jours"),
        ),
        (
            "metformine 1 000 mg, 1 comprimé matin et soir",
            ("metformine 1 000 mg", "1 comprimé matin et soir"),
        ),
        ("paracétamol 1 g", ("paracétamol 1 g", "")),
        (
            "vitamine D3 50 000 UI 1 ampoule par mois",
            ("vitamine D3 50 000 UI", "1 ampoule par mois"),
        ),
        ("bas de contention", ("bas de contention", "")),
    ],
)
def test_one_line_is_cut_into_a_name_and_a_posology(line, parts):
    assert split_line(line) == parts


def test_a_secured_line_has_every_number_in_letters():
    posology = read("2 gélules matin et soir pendant 28 jours").posology
    assert posology.letters() == "deux gélules matin et soir pendant vingt-huit jours"
    assert (
        read("1 gélule 21 fois par jour").posology.letters()
        == "une gélule vingt et une fois par jour"
    )
    assert not any(char.isdigit() for char in read(AS_WRITTEN[3]).posology.letters())


def test_takings_a_day_are_counted_once():
    assert read("1 comprimé matin, midi et soir").posology.takings_a_day == 3
    assert read("1 dose toutes les 6 heures").posology.takings_a_day == 4
    assert read("1 comprimé le matin 2 fois par semaine").posology.takings_a_day is None
    assert read("2 comprimés si besoin").posology.takings_a_day is None


def test_every_usual_sentence_of_the_short_list_is_a_fixed_point():
    for drug in Terminology.load().drug_list.entries:
        once = read(drug.posology_fr).posology
        assert read(once.words()).posology == once, drug.posology_fr


_numbers = st.decimals(min_value="0.05", max_value="1999", places=2).filter(lambda n: n > 0)
_small = st.integers(1, 60)
_parts = st.one_of(
    st.builds(Rhythm, _small, st.just(1), st.sampled_from(("d", "wk", "mo"))),
    st.just(Rhythm(1, 1, "d", bare=True)),
    st.builds(lambda hours: Rhythm(1, hours, "h"), st.integers(2, 72)),
    st.sampled_from(
        (
            Moments(("MORN",)),
            Moments(("HS",)),
            Moments(("MORN", "EVE")),
            Moments(("MORN", "NOON", "EVE")),
        )
    ),
    st.just(Needed()),
    st.sampled_from(
        (Needed("douleur"), Needed("fièvre"), Needed("angoisse"), Needed("douleur ou de fièvre"))
    ),
    st.builds(Ceiling, st.integers(1, 12).map(Decimal)),
    st.builds(Ceiling, st.integers(1, 12).map(Decimal), st.just("comprimé")),
    st.builds(Interval, st.integers(1, 24)),
    st.builds(lambda n, u: Lasting(Span(n, u)), _small, st.sampled_from(("d", "wk", "mo"))),
    st.sampled_from((Circumstance("au cours des repas", "C"), Circumstance("à jeun"))),
)
_posologies = st.builds(
    lambda quantity, unit, parts: Posology(
        (("", Dose(quantity.normalize(), unit)), *((",", part) for part in parts))
    ),
    _numbers,
    st.sampled_from([unit.name for unit in UNITS]),
    st.lists(_parts, max_size=5, unique_by=type),
)


@given(_posologies)
def test_hz_13_what_is_printed_reads_back_as_what_was_structured(posology):
    assert read(posology.words()).posology.words() == posology.words()
    again = read(posology.words()).posology
    assert again == posology
    assert not any(char.isdigit() for char in posology.letters())


@given(st.text(max_size=120))
@example("; 0")
@example(";0")
@example(";;0")
@example(", 5 mL par jour")
def test_hz_13_no_text_is_lost_and_reading_again_changes_nothing(text):
    once = read(text)
    again = read(once.posology.words())
    assert again.posology.words() == once.posology.words()


@given(
    st.lists(
        st.sampled_from(["patch", "selon", "INR", "dîner", "léger", "zone", "œil"]), max_size=8
    )
)
def test_hz_13_words_that_mean_nothing_to_us_are_all_printed(words):
    said = read(" ".join(words)).posology.words()
    assert sorted(said.replace(",", "").split()) == sorted(words)


def test_free_text_is_bounded():
    assert len(read("x" * 10_000).posology.words()) == 500
    assert read("   ").posology == Posology()
    assert isinstance(read("z").posology.parts[0][1], Free)
