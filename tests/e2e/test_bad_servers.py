"""Whatever answers on the other end, the desktop stays usable, says why in French, and loses nothing."""

import gzip
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.fakes.certificate_files import Authority, old_context, server_context
from tests.fakes.desktop_process import DesktopProcess, House, display
from tests.fakes.http_server import HostileServer, Script
from tests.fakes.small_practice import FONTAINE, SmallPractice, find, small_practice
from tests.security.test_transport_hostile import drip, raw, reply

PORTAL = reply(b"<html>Wifi gratuit</html>", kind="text/html")
REDIRECT = reply(b"", status="302 Found", more="Location: http://portal.example/\r\n")
GARBAGE = raw(b"\x16\x03\x01garbage\r\n\r\n")
BOMB = reply(gzip.compress(b"0" * 50_000_000), more="Content-Encoding: gzip\r\n")
TRUNCATED = raw(
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
)
SILENT = drip(b"", b"", every_s=60.0)
GATEWAY = reply(b"<h1>Bad gateway</h1>", status="502 Bad Gateway", kind="text/html")
NOT_OURS, UNREADABLE = "ce n'est pas un serveur Colloque", "réponse du serveur est illisible"
ANOTHER_SITE, DAMAGED, OFFLINE = "page de connexion", "abîmée", "Hors connexion"


@pytest.fixture(scope="module")
def installing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopProcess]:
    """A desktop on the first page of its first start."""
    with display() as name:
        desktop = DesktopProcess(House(tmp_path_factory.mktemp("bad"), name), "nobody").start()
        yield desktop
        desktop.stop()


def asks(desktop: DesktopProcess, address: str, *sentences: str) -> None:
    """Type an address, Enter: the sentences appear, the page stays, and it can be typed again."""
    desktop.sees("Adresse du serveur", focus="Adresse")
    desktop.press("Ctrl+A")
    desktop.types(address)
    desktop.press("Return")
    desktop.sees("Adresse du serveur", *sentences, enabled="Continuer")
    desktop.press("Ctrl+A")
    desktop.types("http://127.0.0.1")
    desktop.sees(gone=sentences)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "Le serveur ne répond pas. Vérifiez le réseau"),
        (PORTAL, NOT_OURS),
        (REDIRECT, NOT_OURS),
        (GARBAGE, NOT_OURS),
        (BOMB, UNREADABLE),
        (TRUNCATED, UNREADABLE),
        (GATEWAY, "Le serveur ne répond pas. Vérifiez le réseau"),
        (SILENT, "Le serveur ne répond pas. Vérifiez le réseau"),
    ],
    ids=[
        "unreachable",
        "portal",
        "redirect",
        "garbage",
        "gzip bomb",
        "truncated",
        "gateway",
        "silent",
    ],
)
def test_d10_the_first_page_says_what_answers(
    installing: DesktopProcess, script: Script | None, sentence: str
) -> None:
    address = "http://127.0.0.1:9"
    with nullcontext() if script is None else HostileServer(script) as server:
        asks(installing, f"http://{server.address}" if server else address, sentence)


def test_d10_the_first_page_refuses_a_certificate_nobody_vouches_for(
    installing: DesktopProcess, tmp_path: Path
) -> None:
    files = Authority(tmp_path).issue("one")
    with HostileServer(PORTAL, server_context(files)) as server:
        asks(installing, f"https://{server.address}", "ne garantit le certificat du serveur")


def test_row49_the_first_page_refuses_encryption_of_before_tls_1_2(
    installing: DesktopProcess, tmp_path: Path
) -> None:
    files = Authority(tmp_path).issue("one")
    with HostileServer(PORTAL, old_context(files)) as server:
        asks(
            installing, f"https://{server.address}", "chiffrement du serveur (TLS) est trop ancien"
        )


def test_an_address_in_clear_on_the_network_is_refused_before_anything_is_sent(
    installing: DesktopProcess,
) -> None:
    installing.press("Ctrl+A")
    installing.types("http://serveur.example")
    installing.sees("https", gone=["Le serveur ne répond pas"])
    installing.press("Return")
    assert "Est-ce votre serveur" not in "\n".join(installing.texts())


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallPractice]:
    with small_practice(tmp_path_factory.mktemp("practice"), patients=4) as house:
        yield house


@pytest.fixture(scope="module")
def fontaine(practice: SmallPractice) -> Iterator[DesktopProcess]:
    desktop = practice.enrolled(FONTAINE, "Poste 1").start()
    practice.unlock(desktop)
    desktop.sees("En ligne", within_s=60)
    yield desktop
    desktop.stop()


def test_d10_an_open_desktop_works_on_whatever_stands_in_the_server_s_place(
    practice: SmallPractice, fontaine: DesktopProcess
) -> None:
    port = practice.server.port
    find(fontaine, "martineau", "MARTINEAU")
    practice.server.stop()
    answers = [
        (None, OFFLINE),
        (PORTAL, ANOTHER_SITE),
        (REDIRECT, ANOTHER_SITE),
        (GARBAGE, ANOTHER_SITE),
        (GATEWAY, OFFLINE),
        (BOMB, DAMAGED),
        (TRUNCATED, DAMAGED),
        (SILENT, OFFLINE),
    ]
    for n, (script, said) in enumerate(answers):
        with nullcontext() if script is None else HostileServer(script, port=port):
            fontaine.press("Alt+A")
            fontaine.sees("Ajouter une allergie", focus="Agent")
            fontaine.types(f"kanari{n}latex")
            fontaine.press("Ctrl+Return")
            fontaine.sees(f"kanari{n}latex", "Pas encore envoyé")
            fontaine.press("F5")
            fontaine.sees(said, f"{n + 1} en attente d'envoi", "metformine", within_s=40)
    practice.server.start()
    fontaine.press("F5")
    fontaine.sees(
        "En ligne", f"kanari{len(answers) - 1}latex", gone=["Pas encore envoyé"], within_s=60
    )
    practice.server.stop()
    try:
        assert [practice.stored(f"kanari{n}latex") for n in range(len(answers))] == [1] * len(
            answers
        )
    finally:
        practice.server.start()


def test_d8_a_clock_set_back_by_years_opens_nothing_without_the_server(
    practice: SmallPractice, fontaine: DesktopProcess
) -> None:
    practice.server.stop()
    fontaine.stop()
    try:
        fontaine.start(env={"COLLOQUE_TEST_CLOCK_DAYS": "-1100"})
        fontaine.sees("Déverrouiller", focus="Phrase secrète")
        fontaine.types(practice.phrase)
        fontaine.press("Return")
        fontaine.sees("horloge de ce poste a reculé", enabled="Déverrouiller")
        assert "MARTINEAU" not in fontaine.held()[1]
    finally:
        practice.server.start()
        fontaine.stop()
        fontaine.start()
    practice.unlock(fontaine)


def test_d8_a_clock_years_ahead_is_said_and_the_desktop_works(
    practice: SmallPractice, fontaine: DesktopProcess
) -> None:
    fontaine.stop()
    fontaine.start(env={"COLLOQUE_TEST_CLOCK_DAYS": "1100"})
    try:
        practice.unlock(fontaine)
        fontaine.sees("L'horloge de ce poste est fausse : réglez-la", within_s=30)
        find(fontaine, "martineau", "MARTINEAU")
        fontaine.sees("metformine")
    finally:
        fontaine.stop()
        fontaine.start()
