"""How a patient is named, and what a new allergy is asked."""

from datetime import date

import pytest

from dossier.fhir.allergies import Certainty, Severity
from dossier.fhir.patients import Sex
from dossier.terminology.catalogue import Terminology
from ui.allergies.view import allergy_form
from ui.allergies.view_model import AllergyEntry
from ui.i18n import load_texts
from ui.patient_words import civility_of
from ui.words import severity_word

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("born", "sex", "civility"),
    [
        ("2014-05-02", Sex.FEMALE, ""),
        ("2010-10-02", Sex.FEMALE, ""),
        ("2008-11-24", Sex.MALE, ""),
        ("2008-11-23", Sex.MALE, "M."),
        ("2008-11-23", Sex.FEMALE, "Mme"),
        ("2026-11-19", Sex.FEMALE, ""),
        ("2015", Sex.FEMALE, ""),
        ("1958", Sex.FEMALE, "Mme"),
        ("", Sex.FEMALE, "Mme"),
        ("1958-07-14", Sex.UNKNOWN, ""),
    ],
)
def test_nobody_is_called_madame_or_monsieur_before_eighteen(born, sex, civility):
    assert civility_of(sex, born, TODAY) == civility


def test_a_new_allergy_has_no_certainty_until_somebody_chooses_one():
    """What nobody said is not written: a form that answers `probable` by itself would be believed."""
    texts = load_texts("fr")
    spec = allergy_form(texts, "x", Terminology.load(), None, may_say_none=True)
    assert "certainty" not in spec.values
    command = AllergyEntry(texts, TODAY, service=None, owner=1).parse({"agent": "iode"})
    assert command.allergy.certainty is Certainty.UNKNOWN


def test_the_severity_nobody_stated_agrees_with_its_noun():
    assert severity_word(load_texts("fr"), Severity.UNKNOWN) == "non précisée"
