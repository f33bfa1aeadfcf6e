"""One slip is forgiven, and no more."""

import pytest

from practitioner_app.services.search import Action, matches, nearly_matches, spans
from practitioner_app.services.slips import one_slip, slips_of


@pytest.mark.parametrize(
    "typed",
    ["martineua", "martneau", "marttineau", "mortineau", "amrtineau", "martinaeu", "martinae"],
)
def test_one_slip_of_each_kind_is_forgiven_in_a_name(typed):
    assert one_slip(typed, "martineau")


@pytest.mark.parametrize("typed", ["martineau", "martin", "mratineua", "mart", "mirt", "lemaire"])
def test_a_beginning_is_no_slip_and_two_slips_or_a_short_word_are_not_forgiven(typed):
    assert not one_slip(typed, "martineau")


def test_the_slips_of_a_word_are_found_both_ways():
    for typed in ("cadriologie", "cardiolgie", "cardioologie", "cardiolovie"):
        assert "cardiologie" in slips_of(typed)
    assert slips_of("mars") == ("mars",)


def test_an_action_answers_to_a_slip_and_its_word_is_marked():
    action = Action(key="results", title="Résultats", words="laboratoire")
    assert not matches(action.title, "resultast")
    assert nearly_matches(action.title, "resultast")
    assert spans(action.title, "resultast") == ((0, 9),)
    assert spans(action.title, "resul") == ((0, 5),)
