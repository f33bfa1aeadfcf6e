"""Passkeys in a real browser: made, shown, copied, from another origin, replayed; and the pages as people see them."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, expect

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing import devices as device_keys
from dossier.sealing.text import base64url
from dossier.wire import codec, limits
from dossier.wire.sessions import EnrolReply, EnrolRequest
from practitioner_app.loopback import LoopbackListener
from practitioner_app.services.browser_sign_in import ENROL, BrowserCode, BrowserSignIn
from tests.fakes.chromium import Authenticator, chromium
from tests.fakes.served_house import ServedHouse, served
from tests.fakes.server_room import PASSWORD, Desktop

PICTURES = os.environ.get("COLLOQUE_PICTURES", "")


@contextmanager
def listening(folder: Path) -> Iterator[tuple[ServedHouse, str]]:
    """A server with pages, on a real socket; the clock is the test's own."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        origin = f"http://localhost:{line.getsockname()[1]}"
        with served(folder, pages_at=origin) as house, answering(house, line):
            yield house, origin


@contextmanager
def answering(house: ServedHouse, line: socket.socket) -> Iterator[None]:
    """The same server behind one more address."""
    settings = uvicorn.Config(house.client.app, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(settings)
    assert house.client.portal is not None
    ending = house.client.portal.start_task_soon(lambda: server.serve(sockets=[line]))
    try:
        yield
    finally:
        server.should_exit = True
        ending.result(10)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[ServedHouse, str]]:
    with listening(tmp_path / "server") as found:
        yield found


@pytest.fixture
def browser(room: tuple[ServedHouse, str]) -> Iterator[Browser]:
    """After the server: the browser's driver takes this thread's event loop."""
    assert room
    with chromium() as one:
        yield one


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    one = context.new_page()
    faults: list[str] = []
    one.on("pageerror", lambda error: faults.append(str(error)))
    one.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    yield one
    context.close()
    assert faults == []


def doctor(room: ServedHouse) -> Desktop:
    return room.desktop("martin", room.unit())


class Holder(NamedTuple):
    """A doctor whose passkey was just added on the page of a server, and the device that keeps it."""

    house: ServedHouse
    origin: str
    martin: Desktop
    device: Authenticator


@pytest.fixture
def holder(page: Page, room: tuple[ServedHouse, str]) -> Holder:
    house, origin = room
    made = Holder(house, origin, doctor(house), Authenticator(page))
    type_password(page, house, f"{origin}/sign-in")
    add_passkey(page)
    return made


def type_password(page: Page, room: ServedHouse, at: str) -> None:
    page.goto(at)
    page.get_by_label("Identifiant").fill("martin")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Code à six chiffres").fill(room.authenticator.code("martin"))
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Dr martin")


def add_passkey(page: Page, name: str = "Mon téléphone") -> None:
    page.get_by_label("Nom de la nouvelle clé").fill(name)
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(page.get_by_role("listitem")).to_contain_text([name])


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Se déconnecter de cette page").click()
    expect(page.get_by_role("button", name="Utiliser une clé d’accès")).to_be_visible()


def show_passkey(page: Page) -> None:
    page.get_by_role("button", name="Utiliser une clé d’accès").click()


def refused(page: Page) -> None:
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a changé")


def test_row34_a_passkey_is_made_shown_and_removed_in_a_real_browser(
    page: Page, holder: Holder
) -> None:
    sign_out(page)
    show_passkey(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Dr martin")
    expect(page.get_by_role("listitem")).to_contain_text(["utilisée le"])
    (held,) = holder.device.passkeys()
    assert (held["rpId"], held["isResidentCredential"]) == ("localhost", True)
    page.locator("summary").click()
    page.get_by_role("button", name="Oui, la supprimer").click()
    expect(page.get_by_text("Aucune pour l’instant.")).to_be_visible()
    house = holder.house
    assert house.run(house.house.passkeys.of_account(holder.martin.account)) == []
    sign_out(page)
    show_passkey(page)
    refused(page)


def test_a_passkey_copied_from_its_device_is_refused(
    page: Page, browser: Browser, holder: Holder
) -> None:
    (copied,) = holder.device.passkeys()
    for _ in range(2):
        sign_out(page)
        show_passkey(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Dr martin")
    thief = browser.new_context(locale="fr-FR").new_page()
    Authenticator(thief).take(copied)
    thief.goto(f"{holder.origin}/sign-in")
    show_passkey(thief)
    refused(thief)
    thief.context.close()


def test_a_device_that_did_not_recognise_its_person_signs_nobody_in(
    page: Page, holder: Holder
) -> None:
    sign_out(page)
    holder.device.recognises(person=False)
    show_passkey(page)
    expect(page.get_by_role("alert")).to_contain_text("Aucune clé n’a été montrée")


def test_s11_an_answer_replayed_by_who_saw_it_is_refused(page: Page, holder: Holder) -> None:
    sign_out(page)
    with page.expect_request("**/sign-in/passkey") as seen:
        show_passkey(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Dr martin")
    request: Request = seen.value
    body = request.post_data_buffer
    assert body is not None
    answer = holder.house.post("/sign-in/passkey", body)
    assert answer.status_code == 401


def test_a_page_at_another_name_gets_nothing_out_of_a_passkey(
    page: Page, browser: Browser, holder: Holder
) -> None:
    """A proxy shows our page elsewhere: at another name the browser refuses, at another port of ours the server."""
    house, origin = holder.house, holder.origin
    (held,) = holder.device.passkeys()
    with socket.create_server(("127.0.0.1", 0)) as line, answering(house, line):
        port = origin.rpartition(":")[2]
        for there, said in (
            (f"http://evil.localhost:{port}", "Aucune clé n’a été montrée"),
            (f"http://127.0.0.1:{port}", "Aucune clé n’a été montrée"),
            (f"http://localhost:{line.getsockname()[1]}", "Rien n’a changé"),
        ):
            elsewhere = browser.new_context(locale="fr-FR").new_page()
            Authenticator(elsewhere).take(held)
            elsewhere.goto(f"{there}/sign-in")
            show_passkey(elsewhere)
            expect(elsewhere.get_by_role("alert")).to_contain_text(said)
            elsewhere.context.close()


def test_a_wrong_password_is_said_once_and_nothing_is_lost(
    page: Page, room: tuple[ServedHouse, str]
) -> None:
    house, origin = room
    doctor(house)
    page.goto(f"{origin}/sign-in")
    page.get_by_label("Identifiant").fill("martin")
    page.get_by_label("Mot de passe", exact=True).fill("not this one")
    page.get_by_label("Code à six chiffres").fill("123 456")
    page.get_by_role("button", name="Se connecter").click()
    refused(page)
    expect(page.get_by_label("Identifiant")).to_have_value("martin")
    expect(page.get_by_label("Code à six chiffres")).to_be_focused()


def test_row34_a_desktop_is_enrolled_by_a_real_browser_without_a_password_in_it(
    page: Page, room: tuple[ServedHouse, str]
) -> None:
    """RFC 8252 end to end: the desktop's own listener and verifier, the page, the code, the device key."""
    house, origin = room
    martin = doctor(house)
    private = device_keys.new_private_key(house.entropy)
    public = device_keys.public_key(private)
    desktop = BrowserSignIn(lambda: LoopbackListener(SystemClock()), SystemEntropy())
    address = desktop.begin(ENROL, origin.replace("localhost", "127.0.0.1"), origin, public)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Installer Colloque sur cet ordinateur"
    )
    type_password(page, house, address)
    found: list[BrowserCode] = []
    waiting = threading.Thread(target=lambda: found.append(desktop.wait()))
    waiting.start()
    page.get_by_role("button", name="Continuer dans Colloque").click()
    waiting.join(20)
    (code,) = found
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est fait")
    asked = EnrolRequest(
        device_name="poste 2", public_key=base64url(public), code=code.code, verifier=code.verifier
    )
    answer = house.proved(limits.ENROL_PATH, asked, "", private)
    assert answer.status_code == 201, answer.text
    reply = codec.decode(answer.content, EnrolReply)
    assert reply.account == martin.account
    assert house.sign_in(reply.device, private, martin.situation).status_code == 200
    assert house.proved(limits.ENROL_PATH, asked, "", private).status_code == 401


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_pages_fit_a_phone_in_both_lights_and_both_languages(
    browser: Browser, room: tuple[ServedHouse, str], width: int, scheme: Any, lang: str
) -> None:
    house, origin = room
    doctor(house)
    context = browser.new_context(
        locale=f"{lang}-FR", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    Authenticator(page)
    query = (
        f"purpose=enrol&challenge={'c' * 43}&key={'k' * 43}&state={'s' * 43}&port=4321&lang={lang}"
    )
    page.goto(f"{origin}/sign-in?{query}")
    fits(page, f"{lang}-{scheme}-{width}-1")
    page.locator("#login").fill("martin")
    page.locator("#password").fill(PASSWORD)
    page.locator("#proof").fill(house.authenticator.code("martin"))
    page.locator("#password-form button").click()
    page.locator("#name").fill("Une clé au nom bien long pour un téléphone étroit")
    page.locator("#add button").click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.locator("summary").click()
    fits(page, f"{lang}-{scheme}-{width}-2")
    context.close()


def fits(page: Page, name: str) -> None:
    """Nothing sticks out; what is pressed is large enough, named, and reached with the keyboard."""
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0
    for one in page.locator("button, input, summary, a").all():
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= 44, one.inner_text()
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML"))
    pressed = page.locator("button, input, summary, a").evaluate_all(
        "all => all.map(e => e.outerHTML)"
    )
    assert set(pressed) <= reached
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/sign-in-{name}.png", full_page=True)
