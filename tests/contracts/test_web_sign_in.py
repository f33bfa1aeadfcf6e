"""The pages where people sign in with a browser, over HTTP: cookies, headers, the way back to a desktop (RFC 8252)."""

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from httpx2 import Response

from dossier.sealing import devices as device_keys
from dossier.sealing.text import base64url
from dossier.wire import codec, limits
from dossier.wire.sessions import (
    EnrolReply,
    EnrolRequest,
    OwnDeviceRequest,
    ProveReply,
    ProveRequest,
    TokenReply,
)
from tests.fakes.passkey_device import PasskeyDevice
from tests.fakes.served_house import ServedHouse, problem_in, served
from tests.fakes.server_room import PASSWORD, Desktop

VERIFIER = "v" * 43
COOKIE = "__Host-colloque"


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(tmp_path_factory.mktemp("pages") / "server") as house:
        yield house


def hashed(raw: bytes) -> str:
    return base64url(hashlib.sha256(raw).digest())


def wish(private: bytes, purpose: str = "enrol", **more: Any) -> dict[str, Any]:
    key = hashed(device_keys.public_key(private))
    said = {"challenge": hashed(VERIFIER.encode()), "key": key, "state": "s" * 43, "port": 4321}
    return {"purpose": purpose, **said, **more}


def say(room: ServedHouse, path: str, message: Any, cookie: str = "") -> Response:
    more = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    return room.post(f"/sign-in/{path}", msgspec.json.encode(message), **more)


def signed_in(room: ServedHouse, login: str, **more: str) -> str:
    """The cookie of a browser whose person typed password and digits."""
    typed = {"login": login, "password": PASSWORD, "proof": room.authenticator.code(login)} | more
    answer = say(room, "password", typed)
    assert answer.status_code == 204, answer.text
    room.client.cookies.clear()
    return cookie_of(answer)


def cookie_of(answer: Response) -> str:
    said = answer.headers["set-cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(said.split("; "))
    return said.partition("=")[2].partition(";")[0]


def gone_on(room: ServedHouse, cookie: str, asked: dict[str, Any]) -> str:
    """The code the browser carries to the desktop."""
    answer = say(room, "own/go-on", asked, cookie)
    assert answer.status_code == 200, answer.text
    at = urlsplit(msgspec.json.decode(answer.content)["next"])
    assert (at.scheme, at.netloc, at.path) == ("http", "127.0.0.1:4321", "/signed-in")
    said = parse_qs(at.query)
    assert said["state"] == ["s" * 43]
    return said["code"][0]


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, problem_in(answer).code


def enrol(room: ServedHouse, private: bytes, code: str, verifier: str = VERIFIER) -> Response:
    public = base64url(device_keys.public_key(private))
    asked = EnrolRequest(device_name="poste 2", public_key=public, code=code, verifier=verifier)
    return room.proved(limits.ENROL_PATH, asked, "", private)


def prove(room: ServedHouse, desk: Desktop, asked: ProveRequest, token: str) -> Response:
    return room.proved(limits.PROVE_PATH, asked, desk.device, desk.private, token)


def a_key(room: ServedHouse) -> bytes:
    return device_keys.new_private_key(room.entropy)


def doctor(room: ServedHouse, login: str = "martin") -> Desktop:
    return room.desktop(login, room.unit(f"org-{login}"))


def test_a_page_runs_no_script_of_its_own_text_and_is_framed_by_nobody(room: ServedHouse) -> None:
    page = room.get("/sign-in")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "style=" not in page.text
    assert "<script>" not in page.text
    assert " on" + "click" not in page.text
    for name in ("page.css", "page.js"):
        assert room.get(f"/sign-in/{name}").status_code == 200
    assert "no-referrer" in room.get("/sync/v1/capabilities").headers["referrer-policy"]


@pytest.mark.parametrize(
    ("accepted", "word"), [("en-GB,fr;q=0.5", "Sign in"), ("de", "Se connecter")]
)
def test_a_page_speaks_the_language_of_the_browser_else_french(
    room: ServedHouse, accepted: str, word: str
) -> None:
    assert word in room.get("/sign-in", **{"Accept-Language": accepted}).text
    assert "Sign in" in room.get("/sign-in?lang=en").text


def test_text_from_elsewhere_is_never_markup(room: ServedHouse) -> None:
    doctor(room, "<b>martin</b>")
    cookie = signed_in(room, "<b>martin</b>")
    page = room.get("/sign-in?lang=%3Cscript%3E", Cookie=f"{COOKIE}={cookie}").text
    assert "&lt;b&gt;martin&lt;/b&gt;" in page
    assert "<b>martin" not in page
    assert "<script>" not in page


def test_row34_a_browser_enrols_a_desktop_without_password_or_digits_in_it(
    room: ServedHouse,
) -> None:
    martin = doctor(room)
    private = a_key(room)
    code = gone_on(room, signed_in(room, "martin"), wish(private))
    answer = enrol(room, private, code)
    assert answer.status_code == 201, answer.text
    reply = codec.decode(answer.content, EnrolReply)
    assert reply.account == martin.account
    assert room.sign_in(reply.device, private, martin.situation).status_code == 200


def test_s11_a_code_serves_once_a_minute_and_its_own_desktop(room: ServedHouse) -> None:
    doctor(room)
    private, other = a_key(room), a_key(room)
    tries: list[tuple[bytes, str]] = [(private, "w" * 43), (private, "short"), (other, VERIFIER)]
    for key, verifier in tries:
        code = gone_on(room, signed_in(room, "martin"), wish(private))
        assert told(enrol(room, key, code, verifier)) == (401, "sign_in_needed")
        assert told(enrol(room, private, code)) == (401, "sign_in_needed"), "it was shown"
        room.clock.go(minutes=1)
    code = gone_on(room, signed_in(room, "martin"), wish(private))
    room.clock.go(seconds=61)
    assert told(enrol(room, private, code)) == (401, "sign_in_needed")
    code = gone_on(room, signed_in(room, "martin"), wish(private, "prove"))
    assert told(enrol(room, private, code)) == (401, "sign_in_needed"), "asked for another act"
    for garbage in ("x", base64url(bytes(40)), base64url(b"\xff" * 40)):
        assert told(enrol(room, private, garbage)) == (401, "sign_in_needed")
    assert enrol(room, private, gone_on_later(room, private)).status_code == 201


def gone_on_later(room: ServedHouse, private: bytes) -> str:
    room.clock.go(minutes=1)
    return gone_on(room, signed_in(room, "martin"), wish(private))


def test_row40_a_browser_proves_the_person_of_a_session_and_nobody_else(room: ServedHouse) -> None:
    martin, diallo = doctor(room), doctor(room, "diallo")
    token = room.token_of(martin)
    code = gone_on(room, signed_in(room, "diallo"), wish(martin.private, "prove"))
    asked = ProveRequest(code=code, verifier=VERIFIER)
    assert told(prove(room, martin, asked, token)) == (403, "wrong_proof")
    room.clock.go(minutes=1)
    code = gone_on(room, signed_in(room, "martin"), wish(martin.private, "prove"))
    asked = ProveRequest(code=code, verifier=VERIFIER)
    answer = prove(room, martin, asked, token)
    proven = codec.decode(answer.content, ProveReply).token
    gone = OwnDeviceRequest(device=martin.device)
    device = (martin.device, martin.private, proven)
    assert room.proved(limits.REVOKE_PATH, gone, *device).status_code == 204
    assert diallo.account != martin.account


def test_row38_a_session_that_is_over_begins_again_by_the_browser(room: ServedHouse) -> None:
    martin, diallo = doctor(room), doctor(room, "diallo")
    device = (martin.device, martin.private, martin.situation)
    room.clock.go(hours=12)
    assert told(room.sign_in(*device)) == (403, "proof_needed")
    code = gone_on(room, signed_in(room, "diallo"), wish(martin.private, "prove"))
    asked = {"code": code, "verifier": VERIFIER}
    assert told(room.sign_in(*device, **asked)) == (403, "wrong_proof")
    room.clock.go(minutes=1)
    code = gone_on(room, signed_in(room, "martin"), wish(martin.private, "prove"))
    answer = room.sign_in(*device, code=code, verifier=VERIFIER)
    assert codec.decode(answer.content, TokenReply).ends_in_s == 12 * 3600
    assert diallo.account != martin.account


def test_row37_each_sign_in_gives_a_new_cookie_which_ends_when_it_served(
    room: ServedHouse,
) -> None:
    doctor(room)
    private = a_key(room)
    before = signed_in(room, "martin")
    room.clock.go(minutes=1)
    after = signed_in(room, "martin")
    assert before != after
    gone_on(room, after, wish(private))
    assert told(say(room, "own/go-on", wish(private), after)) == (401, "sign_in_needed")
    assert say(room, "own/sign-out", {}, before).status_code == 204
    assert told(say(room, "own/options", {}, before)) == (401, "sign_in_needed")
    room.clock.go(minutes=1)
    late = signed_in(room, "martin")
    room.clock.go(minutes=10)
    assert told(say(room, "own/options", {}, late)) == (401, "sign_in_needed")


def test_row39_a_closed_account_is_signed_out_of_every_page_at_once(room: ServedHouse) -> None:
    martin = doctor(room)
    private = a_key(room)
    cookie = signed_in(room, "martin")
    code = gone_on(room, signed_in_again(room), wish(private))
    room.run(room.accounts.close(martin.account))
    assert told(say(room, "own/options", {}, cookie)) == (401, "sign_in_needed")
    assert told(enrol(room, private, code)) == (401, "sign_in_needed")


def signed_in_again(room: ServedHouse) -> str:
    room.clock.go(minutes=1)
    return signed_in(room, "martin")


@pytest.mark.parametrize(
    "broken",
    [
        {"port": 80},
        {"port": "4321.evil.example"},
        {"port": 70_000},
        {"state": "short"},
        {"challenge": "plain"},
        {"key": ""},
        {"purpose": "everything"},
        {"host": "evil.example"},
    ],
)
def test_a_browser_is_sent_to_the_loopback_and_nowhere_else(
    room: ServedHouse, broken: dict[str, Any]
) -> None:
    doctor(room)
    cookie = signed_in(room, "martin")
    asked = wish(a_key(room)) | broken
    answer = say(room, "own/go-on", asked, cookie)
    assert answer.status_code in {400, 422}, answer.text
    if "host" not in broken:
        page = room.client.get("/sign-in", params=asked)
        assert page.status_code == 400
        assert "arrivée incomplète" in page.text


def test_a_message_of_another_site_is_not_taken(room: ServedHouse) -> None:
    """A form of another site can send neither JSON nor, with SameSite=Strict, the cookie."""
    doctor(room)
    cookie = signed_in(room, "martin")
    more = {"Cookie": f"{COOKIE}={cookie}", "Content-Type": "text/plain"}
    answer = room.post("/sign-in/own/sign-out", b"{}", **more)
    assert told(answer) == (415, "media_type")
    assert room.client.options("/sign-in/own/sign-out").status_code == 405


def test_s10_a_wrong_password_an_unknown_name_and_a_foreign_passkey_are_one_answer(
    room: ServedHouse,
) -> None:
    doctor(room)
    wrong = say(room, "password", {"login": "martin", "password": "x", "proof": "000000"})
    nobody = say(room, "password", {"login": "nobody", "password": "x", "proof": "000000"})
    asked = msgspec.json.decode(say(room, "options", {}).content)
    device = PasskeyDevice()
    device.create({"rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "challenge": "AA"})
    answer = device.get(asked["options"])
    foreign = say(room, "passkey", {"challenge": asked["challenge"], "answer": answer})
    assert told(wrong) == told(nobody) == told(foreign) == (401, "sign_in_needed")
    assert wrong.content == nobody.content == foreign.content


def test_s10_an_address_that_tries_passkeys_without_end_waits(room: ServedHouse) -> None:
    answer = say(room, "passkey", {"challenge": "x", "answer": {}})
    for _ in range(45):
        answer = say(room, "passkey", {"challenge": "x", "answer": {}})
    assert told(answer) == (429, "busy")


def test_row34_a_passkey_made_after_the_password_signs_in_alone(room: ServedHouse) -> None:
    martin = doctor(room)
    cookie = signed_in(room, "martin")
    device = PasskeyDevice()
    asked = msgspec.json.decode(say(room, "own/options", {}, cookie).content)
    made = {"challenge": asked["challenge"], "answer": device.create(asked["options"])}
    assert say(room, "own/add", made | {"name": " Mon   téléphone "}, cookie).status_code == 204
    page = room.get("/sign-in", Cookie=f"{COOKIE}={cookie}").text
    assert "Mon téléphone" in page
    assert "jamais utilisée" in page
    asked = msgspec.json.decode(say(room, "options", {}).content)
    shown = {"challenge": asked["challenge"], "answer": device.get(asked["options"])}
    fresh = cookie_of(say(room, "passkey", shown))
    private = a_key(room)
    reply = enrol(room, private, gone_on(room, fresh, wish(private)))
    assert codec.decode(reply.content, EnrolReply).account == martin.account
    (line,) = room.run(room.house.passkeys.of_account(martin.account))
    assert say(room, "own/remove", {"passkey": line.id}, cookie).status_code == 204
    assert told(say(room, "own/remove", {"passkey": line.id}, cookie)) == (404, "unavailable")
