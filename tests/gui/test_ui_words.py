"""The words on the screens: catalogue, binding words, typography, formats."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import ui
from dossier.errors import Refused
from tests.gui.ui_samples import PARIS, a_look
from ui import i18n
from ui.dates_in import read_date
from ui.errors import error_sentence
from ui.formats import Formats
from ui.i18n import load_texts, po_path
from ui.typography import NBSP, NNBSP, french, visible

FRENCH = load_texts("fr")
KEYWORDS = {"tr": None, "trn": (1, 2), "trc": ((1, "c"), 2)}

BINDING = {
    "Record": "Dossier",
    "Search": "Rechercher",
    "Settings": "Réglages",
    "Birth name": "Nom de naissance",
    "First birth given name": "1er prénom de naissance",
    "Sex": "Sexe",
    "Female": "Féminin",
    "Male": "Masculin",
    "Undetermined": "Indéterminé",
    "INS number": "Matricule INS",
    "Qualified": "Qualifiée",
    "Validated": "Validée",
    "Retrieved": "Récupérée",
    "Provisional": "Provisoire",
    "Attending doctor": "Médecin traitant",
    "Active problems": "Problèmes en cours",
    "Past history": "Antécédents",
    "Known allergies": "Allergies connues",
    "No known allergies": "Aucune allergie connue",
    "Allergies not recorded": "Allergies non renseignées",
    "Allergies unavailable": "Allergies indisponibles",
    "Allergies and adverse reactions": "Allergies et effets indésirables",
    "Current treatments": "Traitements en cours",
    "Key measures": "Constantes et mesures",
    "Long-term condition (ALD)": "Affection de longue durée (ALD)",
    "Timeline": "Chronologie",
    "Unread": "Non lu",
    "Some information in this record may not be accessible to you.": (
        "Certaines informations de ce dossier peuvent ne pas vous être accessibles."
    ),
    "Drug interactions are not checked by Colloque.": (
        "Les interactions médicamenteuses ne sont pas contrôlées par Colloque."
    ),
    "Entered in error": "Saisi par erreur",
    "Undo": "Annuler",
    "Close": "Fermer",
    "Not sent yet": "Pas encore envoyé",
    "Waiting to be sent": "En attente d'envoi",
    "Recorded": "Enregistré",
    "Refused": "Refusé",
    "Refused because": "Refusé parce que",
    "Two versions to settle": "Deux versions à départager",
    "To fix": "À corriger",
    "My version": "Ma version",
    "Version kept": "Version retenue",
    "Nothing is lost: both versions are kept.": (
        "Rien n'est perdu : les deux versions sont conservées."
    ),
    "Lock": "Verrouiller",
    "Unlock": "Déverrouiller",
    "Passphrase": "Phrase secrète",
    "Recovery code": "Code de secours",
    "Prescription": "Ordonnance",
    "Go to…": "Aller à…",
}

FORBIDDEN = (
    "crypter",
    "crypté",
    "digital",
    "email",
    "login",
    "upload",
    "timeline",
    "dashboard",
    "slot",
    "worklist",
    "triage",
    "doublon",
    "lapin",
    "portail",
    "conflit",
    "bail",
    "mon espace santé",
    "messagerie sécurisée",
)


def sources():
    folder = Path(ui.__file__).parent
    found = extract_from_dir(str(folder), method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {(context, msgid) for _file, _line, msgid, _comments, context in found}


def catalogue():
    with po_path("fr").open("rb") as source:
        return read_po(source, locale="fr")


def test_every_sentence_of_the_screens_has_its_french():
    known = {(message.context, message.id) for message in catalogue() if message.id}
    assert sources() - known == set()
    assert known - sources() == set(), "the catalogue holds sentences nobody says"


def test_no_translation_is_empty_or_fuzzy_and_every_field_is_kept():
    for message in catalogue():
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert all(texts), message.id
        assert not message.fuzzy, message.id
        wanted = set(ids[-1].split("{")[1:])
        assert {w.split("}")[0] for w in wanted} == {
            w.split("}")[0] for w in texts[-1].split("{")[1:]
        }, message.id


def test_words_refused_in_french_never_appear():
    for message in catalogue():
        if not message.id:
            continue
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            words = f" {text.lower()} "
            for word in FORBIDDEN:
                assert word not in words, text


@pytest.mark.parametrize(("english", "french_words"), BINDING.items())
def test_the_words_a_french_doctor_expects_are_binding(english, french_words):
    assert FRENCH.tr(english) == french_words


def test_gendered_words_agree_with_the_person():
    assert FRENCH.trc("female", "Born") == "Née le"
    assert FRENCH.trc("male", "Born") == "Né le"
    assert FRENCH.trc("person", "Born") == "Né(e) le"
    assert FRENCH.trc("female", "Added by the patient") == "Ajouté par la patiente"


def test_french_is_spoken_without_the_compiled_catalogue_and_with_it(tmp_path, monkeypatch):
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "colloque.po").write_bytes(po_path("fr").read_bytes())
    monkeypatch.setattr(i18n, "LOCALE_FOLDER", tmp_path)
    assert load_texts("fr").tr("Record") == "Dossier"
    assert i18n.compile_catalogues() == [folder / "colloque.mo"]
    assert load_texts("fr").tr("Record") == "Dossier"


@pytest.mark.parametrize(
    ("typed", "painted"),
    [
        ("Rien : « oui » !", f"Rien{NBSP}: «{NBSP}oui{NBSP}»{NNBSP}!"),
        ("Phrase oubliée ?", f"Phrase oubliée{NNBSP}?"),
        ("7,4 % et 92 µmol/L", f"7,4{NBSP}% et 92{NBSP}µmol/L"),
        ("Dr Fontaine, 68 ans", f"Dr{NBSP}Fontaine, 68{NBSP}ans"),
        ("d'envoi", "d’envoi"),
        ("1 comprimé matin et soir", f"1{NBSP}comprimé matin et soir"),
        ("le 14 novembre à 08:12", f"le 14{NBSP}novembre à 08:12"),
        ("23 au 27/11", "23 au 27/11"),
    ],
)
def test_typography_is_put_at_the_last_moment_and_only_once(typed, painted):
    assert french(typed) == painted
    assert french(painted) == painted


def test_characters_that_reorder_text_are_spelled_out():
    assert visible("a\u202eb") == "a⟦U+202E⟧b"
    assert visible("MARTINEAU") == "MARTINEAU"


def test_strict_traits_keep_their_straight_apostrophe(qapp):
    from ui.widgets.text import PlainLabel

    look = a_look("fr")
    assert PlainLabel(look, "D'ALMEIDA", strict=True).text() == "D'ALMEIDA"
    assert PlainLabel(look, "<b>x</b> l'envoi").text() == "<b>x</b> l’envoi"


@pytest.fixture
def formats():
    return Formats(FRENCH, PARIS)


@pytest.mark.parametrize(
    ("born", "today", "words"),
    [
        ("2026-11-19", date(2026, 11, 23), "4 jours"),
        ("2026-10-05", date(2026, 11, 23), "7 semaines"),
        ("2026-05-20", date(2026, 11, 23), "6 mois"),
        ("2024-08-20", date(2026, 11, 23), "2 ans et 3 mois"),
        ("2019-02-05", date(2026, 11, 23), "7 ans"),
        ("1958-07-14", date(2026, 11, 23), "68 ans"),
        ("2000", date(2026, 11, 23), "environ 26 ans"),
        ("", date(2026, 11, 23), ""),
    ],
)
def test_ages_are_said_as_precisely_as_they_matter(formats, born, today, words):
    assert formats.age(born, today) == words


def test_dates_keep_their_precision_and_instants_are_local(formats):
    assert formats.day("1994") == "1994"
    assert formats.day("1994-05") == "05/1994"
    assert formats.day("1958-07-14") == "14/07/1958"
    assert formats.moment("2026-11-20T18:22:00Z") == "20/11/2026 à 19:22"
    assert formats.moment("2026-11-20") == "20/11/2026"
    instant = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
    assert formats.long_day(instant) == f"vendredi 1er{NBSP}janvier 2027"
    english = Formats(load_texts("en"), PARIS)
    assert english.day("1958-07-14") == f"14{NBSP}July{NBSP}1958"


def test_numbers_have_a_comma_no_useless_zero_and_thousands(formats):
    assert formats.number("7.40") == "7,4"
    assert formats.number(Decimal("5.0")) == "5"
    assert formats.number(1500) == f"1{NNBSP}500"
    assert formats.number(225000) == f"225{NNBSP}000"
    assert formats.measured(Decimal("7.0")) == "7,0"
    assert formats.measured(Decimal("77.69999999")) == "77,7"
    assert formats.in_text("1000 mg") == f"1{NNBSP}000{NBSP}mg"
    assert formats.in_text("2.5 mg") == f"2,5{NBSP}mg"
    assert formats.joined("74", "/min") == "74/min"
    assert formats.decimals("2.5 mg le 12.05.2026, v1.2") == "2,5 mg le 12.05.2026, v1.2"
    assert formats.span("3.5", "5.0") == f"3,5{NBSP}à{NBSP}5,0"
    assert formats.span("60", None) == f"≥{NBSP}60"
    assert formats.percent(0.99999) == f"99,9{NBSP}%"


def test_an_ins_is_grouped_and_held_together(formats):
    assert formats.ins("258074499090110") == NBSP.join(["2", "58", "07", "44", "990", "901", "10"])
    assert french(formats.ins("258074499090110")) == formats.ins("258074499090110")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("14/07/1958", "1958-07-14"),
        ("14071958", "1958-07-14"),
        ("7/1958", "1958-07"),
        ("1958", "1958"),
        ("1958-07-14", "1958-07-14"),
        ("", ""),
    ],
)
def test_a_date_is_read_in_any_usual_form(typed, read):
    assert read_date(typed, date(2026, 11, 23)) == read


@pytest.mark.parametrize("typed", ["14/14/2020", "hier", "2027", "24/11/2026", "1700"])
def test_a_date_that_is_none_or_has_not_come_is_refused(typed):
    with pytest.raises(ValueError, match=r"date|future|month|day"):
        read_date(typed, date(2026, 11, 23))


@pytest.mark.parametrize(
    "code", ["card_altered", "clock_went_back", "lease_over", "device_revoked"]
)
def test_hz_19_a_closed_way_in_says_why_and_what_to_do(code):
    french = error_sentence(FRENCH, Refused(code))
    assert french != error_sentence(FRENCH, Refused("anything_else"))
    assert french != error_sentence(load_texts("en"), Refused(code))
