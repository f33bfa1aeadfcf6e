"""How a patient is named, and what a new allergy is asked."""

from datetime import date

import pytest

from dossier.fhir.allergies import Certainty, Severity
from dossier.fhir.patients import Sex
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.rows import Kind
from tests.builders import OWNER
from tests.gui.ui_samples import a_look, a_speaking, event
from tests.gui.ui_world import World
from ui.allergies.view import allergy_form
from ui.allergies.view_model import AllergyEntry
from ui.formats import dose_taken
from ui.i18n import load_texts
from ui.main_window import MainWindow
from ui.patient.timeline_presenter import told
from ui.patient_words import civility_of
from ui.preferences import Preferences
from ui.words import severity_word

TODAY = date(2026, 11, 23)


@pytest.fixture
def window(qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show_session(World(qapp).context(), Preferences())
    window.show()
    yield window
    window.close()


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


def test_none_of_the_certainties_stands_chosen_on_the_screen(window):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    assert session.record_view.panel.field("certainty").value() == ""


@pytest.mark.parametrize(
    ("language", "text", "shown"),
    [
        ("fr", "1 bouffée", "1\u00a0bouffée"),
        ("fr", "2 bouffée", "2\u00a0bouffées"),
        ("fr", "1.5 comprimé", "1,5\u00a0comprimé"),
        ("en", "1.5 tablet", "1.5\u00a0tablets"),
        ("fr", "5 mL", "5\u00a0mL"),
        ("fr", "", ""),
    ],
)
def test_what_is_taken_twice_is_in_the_plural(language, text, shown):
    assert dose_taken(text, a_look(language).formats, language) == shown


def test_that_no_allergy_is_known_is_no_error_and_is_said_in_the_words_of_the_screen():
    item = event("none", "2026-11-03", Kind.ALLERGY, "No known allergy", none_known=True)
    shown = told(item, "Allergie", a_speaking(a_look("fr")))
    assert shown == "Aucune allergie connue"
