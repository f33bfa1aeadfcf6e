"""Two doctors at one computer, through real windows, keys alone: nothing of one while the other works."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.desktop_process import DesktopProcess
from tests.fakes.small_practice import FONTAINE, LEMAIRE, SmallPractice, find, small_practice

SWITCH, WHO = "Changer d'utilisateur", "Qui utilise ce poste"
CANARY = "kanariaFontaine"


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallPractice]:
    with small_practice(tmp_path_factory.mktemp("shared"), patients=4) as house:
        yield house


@pytest.fixture(scope="module")
def computer(practice: SmallPractice) -> Iterator[DesktopProcess]:
    desktop = practice.enrolled(FONTAINE, "Cabinet 2")
    practice.enrol_at(desktop, LEMAIRE, "Cabinet 2")
    desktop.start()
    yield desktop
    desktop.stop()


def switch(practice: SmallPractice, desktop: DesktopProcess, name: str, *keys: str) -> None:
    """From the lock page to the session of this person."""
    desktop.sees("Déverrouiller", focus="Phrase secrète")
    desktop.tabs_to(SWITCH)
    desktop.press("Space")
    desktop.sees(WHO, "FONTAINE", "LEMAIRE")
    desktop.press(*keys, "Return")
    desktop.sees(name, "Déverrouiller", focus="Phrase secrète")
    practice.unlock(desktop)


def test_hz_25_nothing_of_one_person_is_there_while_another_works(
    practice: SmallPractice, computer: DesktopProcess
) -> None:
    computer.sees("LEMAIRE")
    practice.unlock(computer)
    computer.sees("En ligne", within_s=60)
    find(computer, "martineau", "MARTINEAU")
    computer.press("F12")
    switch(practice, computer, "FONTAINE", "Up")
    computer.sees("En ligne", within_s=60)
    find(computer, "martineau", "MARTINEAU")
    practice.server.stop()
    computer.press("Alt+A")
    computer.sees("Ajouter une allergie", focus="Agent")
    computer.types(CANARY)
    computer.press("Ctrl+Return")
    computer.sees(CANARY, "Pas encore envoyé")
    computer.press("F12")
    switch(practice, computer, "LEMAIRE", "Down")
    find(computer, "martineau", "MARTINEAU")
    title, held = computer.held()
    assert CANARY not in held + title
    practice.server.start()
    computer.press("F5")
    computer.sees("En ligne", within_s=60)
    assert CANARY not in computer.held()[1]
    computer.press("F12")
    computer.sees("Déverrouiller")
    assert "MARTINEAU" not in computer.held()[1]
    practice.server.stop()
    try:
        assert practice.stored(CANARY) == 0
    finally:
        practice.server.start()
    switch(practice, computer, "FONTAINE", "Up")
    computer.sees("En ligne", within_s=60)
    find(computer, "martineau", "MARTINEAU")
    computer.sees(CANARY, gone=["Pas encore envoyé"], within_s=60)


def test_a_second_window_on_the_same_person_is_refused_in_words(
    practice: SmallPractice, computer: DesktopProcess
) -> None:
    second = DesktopProcess(practice.house, "second")
    second.profile = computer.profile
    second.start()
    try:
        second.sees("FONTAINE", "Déverrouiller", focus="Phrase secrète")
        second.types(practice.phrase)
        second.press("Return")
        second.sees("déjà ouvert pour cette personne", enabled="Déverrouiller")
        switch(practice, second, "LEMAIRE", "Down")
    finally:
        second.stop()


def test_another_person_begins_at_the_first_start_and_may_go_back(
    computer: DesktopProcess,
) -> None:
    computer.press("F12")
    computer.sees("Déverrouiller", focus="Phrase secrète")
    computer.tabs_to(SWITCH)
    computer.press("Space")
    computer.sees(WHO)
    computer.tabs_to("Une autre personne…")
    computer.press("Space")
    computer.sees("Adresse du serveur", focus="Adresse")
    computer.tabs_to("Précédent")
    computer.press("Space")
    computer.sees("FONTAINE", "Déverrouiller", focus="Phrase secrète")
    people = Path(computer.profile) / "people"
    assert len(list(people.iterdir())) == 1
