"""Two real desktops and one real server, through the screens, offline and back. Keys only, real processes."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from dossier.clock import SystemClock
from dossier.sealing import totp
from tests.fakes.desktop_process import DesktopProcess
from tests.fakes.plain_words import words_in
from tests.fakes.small_practice import FONTAINE, LEMAIRE, SmallPractice, find, small_practice

PATIENT = "MARTINEAU"
NAMES = ("MARTINEAU", "Martineau", "Élodie", "HADDAD", "Martine")
OFFLINE, ONLINE, PENDING = "Hors connexion", "En ligne", "Pas encore envoyé"
BACK_S = 60.0


class Practice(NamedTuple):
    house: SmallPractice
    fontaine: DesktopProcess
    lemaire: DesktopProcess
    enrolled_s: float


def first_start(house: SmallPractice) -> DesktopProcess:
    """The six pages of the first start, with keys alone."""
    account = house.accounts[FONTAINE]
    desktop = DesktopProcess(house.house, account["login"]).start()
    desktop.sees("Adresse du serveur", "n'est pas un dispositif médical certifié", focus="Adresse")
    desktop.types(house.server.url)
    desktop.press("Return")
    desktop.sees("Est-ce votre serveur ?", "Maison du Port", "oui : patients inventés", focus="Oui")
    desktop.press("Space", "Return")
    desktop.sees("Qui êtes-vous ?", focus="Identifiant")
    desktop.fills("Identifiant", account["login"])
    desktop.fills("Mot de passe", account["password"])
    seed = totp.read_seed(account["authenticator"])
    desktop.fills("Code à six chiffres", totp.code_at(seed, totp.step_of(SystemClock().now())))
    desktop.fills("Nom de ce poste", "Poste 1")
    desktop.press("Return")
    desktop.sees("Choisissez votre phrase secrète", focus="Phrase secrète")
    desktop.types(house.phrase)
    desktop.fills("Saisissez-la", house.phrase)
    desktop.sees("convient", enabled="Continuer")
    desktop.press("Return")
    desktop.sees("Gardez votre code de secours", focus="Je l'ai imprimé")
    desktop.press("Space")
    desktop.sees(focus="Continuer")
    desktop.press("Return")
    desktop.sees("Première mise à jour de ce poste")
    desktop.sees(enabled="Commencer", within_s=BACK_S)
    desktop.press("Return")
    desktop.sees("Aucun dossier ouvert", "Ce poste n'a pas de trousseau")
    return desktop


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Both desktops unlocked and up to date."""
    with small_practice(tmp_path_factory.mktemp("two")) as house:
        lemaire = house.enrolled(LEMAIRE, "Poste 2").start()
        house.unlock(lemaire)
        clock = SystemClock()
        began = clock.monotonic()
        fontaine = first_start(house)
        enrolled_s = clock.monotonic() - began
        for desktop in (fontaine, lemaire):
            desktop.sees(ONLINE, within_s=BACK_S)
        yield Practice(house, fontaine, lemaire, enrolled_s)
        fontaine.stop()
        lemaire.stop()


def allergy(desktop: DesktopProcess, agent: str, note: str = "") -> None:
    """Alt+A, the agent, Ctrl+Enter; returns once it is written on this computer."""
    desktop.press("Alt+A")
    desktop.sees("Ajouter une allergie", focus="Agent")
    desktop.types(agent)
    if note:
        desktop.fills("Note", note)
    desktop.press("Ctrl+Return")
    desktop.sees(
        "Enregistré sur ce poste, pas encore envoyé", agent, gone=["Une substance ou une classe"]
    )


def test_enrolment_takes_less_than_a_minute(practice: Practice) -> None:
    assert practice.enrolled_s < 60.0


def test_an_allergy_recorded_with_the_cable_out_reaches_the_other_desktop(
    practice: Practice,
) -> None:
    house, fontaine, lemaire = practice[:3]
    find(fontaine, "martineau", PATIENT)
    find(lemaire, "elo mart", PATIENT)
    fontaine.sees("Allergies connues", "pénicilline", "Traitements en cours", "metformine")
    house.server.stop()
    allergy(fontaine, "kanarilatex")
    fontaine.sees(PENDING, OFFLINE, "1 en attente d'envoi")
    lemaire.sees(OFFLINE, gone=["kanarilatex"])
    house.server.start()
    fontaine.press("F5")
    fontaine.sees(ONLINE, "kanarilatex", gone=[PENDING, "en attente d'envoi", OFFLINE])
    lemaire.sees(ONLINE, "kanarilatex", within_s=BACK_S)


def treatment_line(said: str, drug: str) -> set[str]:
    """The lines of the summary that speak of this drug."""
    return {line for line in said.splitlines() if line.startswith(drug) and "DOSE" in line}


def corrects(desktop: DesktopProcess, drug: str, fields: dict[str, str]) -> None:
    """Walk to the line of this drug, open it, Alt+E, other values, Ctrl+Enter."""
    desktop.press("F6")
    desktop.tabs_to(drug)
    desktop.press("Space")
    desktop.sees("Détail", "Corriger")
    desktop.press("Alt+E")
    desktop.sees("Corriger un traitement", focus="Médicament")
    for name, text in fields.items():
        desktop.fills(name, text)
    desktop.press("Ctrl+Return")
    desktop.sees("Enregistré sur ce poste, pas encore envoyé", gone=["Corriger un traitement"])


def who_disagrees(one: DesktopProcess, other: DesktopProcess) -> DesktopProcess:
    """The desktop whose change came second."""
    clock = SystemClock()
    deadline = clock.monotonic() + BACK_S
    while clock.monotonic() < deadline:
        for desktop in (one, other):
            if "désaccord à régler" in "\n".join(desktop.texts()):
                return desktop
    raise AssertionError(f"nobody disagrees, {one.picture()}, {other.picture()}")


def test_hz18_two_changes_of_one_treatment_are_settled_field_by_field(practice: Practice) -> None:
    house, fontaine, lemaire = practice[:3]
    for desktop in (fontaine, lemaire):
        find(desktop, "martineau", PATIENT)
        desktop.sees(ONLINE, "périndopril", within_s=BACK_S)
    house.server.stop()
    corrects(fontaine, "périndopril", {"Moment des prises": "le soir", "Motif": "toux"})
    corrects(lemaire, "périndopril", {"Dose par prise": "0,5", "Motif": "malaise"})
    for desktop in (fontaine, lemaire):
        desktop.sees(OFFLINE, PENDING)
    house.server.start()
    for desktop in (fontaine, lemaire):
        desktop.press("F5")
    second = who_disagrees(fontaine, lemaire)
    second.press("F6")
    second.tabs_to("Régler")
    second.press("Space")
    second.sees("1 désaccord à régler : périndopril", "Ma version", gone=["pas encore reçu"])
    second.sees("Choisir", "2 champs à choisir", "0,5 comprimé", "toux", "malaise")
    second.tabs_to("Posologie: ")
    second.press("1")
    second.sees("1 champ choisi sur 2")
    second.tabs_to("Motif: ")
    second.press("2")
    second.sees("2 champs choisis sur 2", enabled="Enregistrer la version retenue")
    second.press("Ctrl+Return")
    second.sees("Résumé du dossier", ONLINE, gone=["désaccord à régler", PENDING, "en attente"])
    other = lemaire if second is fontaine else fontaine
    line = treatment_line(second.sees(), "périndopril")
    assert len(line) == 1, line
    other.sees(*line, ONLINE, gone=["désaccord à régler"], within_s=BACK_S)
    assert treatment_line(other.sees(), "périndopril") == line


def holds_no_patient(desktop: DesktopProcess) -> None:
    """Neither the title nor any widget, tool tip or clipboard names a patient (HZ-25)."""
    title, held = desktop.held()
    assert title == "Colloque"
    assert "Déverrouiller" in held
    assert [name for name in NAMES if name in held] == []


def test_hz25_a_locked_desktop_names_nobody(practice: Practice) -> None:
    house, fontaine = practice[:2]
    find(fontaine, "martineau", PATIENT)
    fontaine.press("Ctrl+K")
    fontaine.types("Martineau")
    fontaine.press("Ctrl+A", "Ctrl+C", "Escape")
    assert "Martineau" in fontaine.held()[1]
    fontaine.press("F12")
    fontaine.sees("Colloque est verrouillé", "Dr Claire FONTAINE", focus="Phrase secrète")
    holds_no_patient(fontaine)
    house.unlock(fontaine)
    fontaine.sees("Aucun dossier ouvert")


def test_a_wrong_phrase_opens_nothing(practice: Practice) -> None:
    house, _, lemaire = practice[:3]
    lemaire.press("F12")
    lemaire.sees("Colloque est verrouillé", focus="Phrase secrète")
    lemaire.types("loutre velours quatorze brise moulin")
    lemaire.press("Return")
    lemaire.sees("Cette phrase n'ouvre pas la copie", "verrouillage des majuscules")
    holds_no_patient(lemaire)
    house.unlock(lemaire)


def test_a_desktop_killed_right_after_a_save_loses_nothing(practice: Practice) -> None:
    house, fontaine, lemaire = practice[:3]
    find(fontaine, "martineau", PATIENT)
    house.server.stop()
    allergy(fontaine, "kanarigommes")
    fontaine.kill()
    fontaine.start()
    house.unlock(fontaine)
    find(fontaine, "martineau", PATIENT)
    fontaine.sees("kanarigommes", PENDING, "1 en attente d'envoi")
    house.server.start()
    fontaine.press("F5")
    fontaine.sees(ONLINE, "kanarigommes", gone=[PENDING, "en attente d'envoi"], within_s=BACK_S)
    find(lemaire, "martineau", PATIENT)
    lemaire.sees("kanarigommes", within_s=BACK_S)
    house.server.stop()
    try:
        assert house.stored("kanarigommes") == 1
    finally:
        house.server.start()


def test_no_file_of_any_process_names_a_patient(practice: Practice) -> None:
    """Profiles, server, logs, homes, temporary and XDG folders, in the forms a program would write."""
    house, fontaine = practice[:2]
    find(fontaine, "martineau", PATIENT)
    allergy(fontaine, "kanaripollen", "kanarinote")
    words = ["kanaripollen", "kanarinote", "kanarigommes", "kanarilatex", PATIENT, "Martineau"]
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    pictures = house.house.pictures
    scanned = [path for path in files if pictures not in path.parents]
    names = {path.name for path in scanned}
    assert {"work.db", "cache.db", "data.db", "keys.db"} <= names, names
    assert words_in(scanned, words) == {}
    told = house.folder / "told.txt"
    told.write_bytes("…kanarinote…".encode("utf-16-le"))
    assert words_in([told], words) == {str(told): {"kanarinote"}}
