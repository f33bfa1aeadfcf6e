"""Sign-in by an OpenID provider, for real: our server's process, a certified provider's library in another (F1).

It stands for Pro Santé Connect, which was never reached from here. What a forged answer meets lies in
tests/unit/server/services/test_server_pro_sante_connect.py.
"""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
import requests

from tests.fakes.provider_process import CLIENT, RPPS, SECRET, provider
from tests.fakes.server_process import ServerProcess, operator

COOKIE, JOURNEY = "__Host-colloque", "__Host-colloque-psc"
WISH = {"purpose": "enrol", "challenge": "c" * 43, "key": "k" * 43, "state": "s" * 43, "port": 4321}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server with one account and its membership, made once: each command of the operator is a process."""
    made = tmp_path_factory.mktemp("begun") / "server"
    assert operator("init", made, "--demonstration").code == 0
    told = operator("account", "create", made, "martin", "--name", "Dr Martin", "--rpps", RPPS)
    assert told.code == 0, told.err
    place = ("--name", "Cabinet du Test", "--finess", "990000101")
    assert operator("member", "organisation", made, "org-1", *place).code == 0
    assert operator("member", "add", made, "martin", "org-1", "--profession", "10").code == 0
    return made


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "server"))


@contextmanager
def serving(folder: Path, port: int, issuer: str, secret: str = SECRET) -> Iterator[str]:
    """Our server, told of this provider; where browsers reach it."""
    kept = folder.parent / "provider.json"
    kept.with_suffix(".secret").write_text(secret)
    kept.with_suffix(".secret").chmod(0o400)
    said = {"issuer": issuer, "client_id": CLIENT, "client_secret_file": "provider.secret"}
    kept.write_bytes(msgspec.json.encode(said))
    more = ("--pro-sante-connect", str(kept))
    server = ServerProcess(folder, folder.parent / "log", more=more)
    server.port = port
    with server:
        yield f"http://localhost:{port}"


def go(url: str) -> requests.Response:
    """One step of a browser, without following it."""
    return requests.get(url, allow_redirects=False, timeout=30)


def cookie(answer: requests.Response, name: str) -> str:
    for said in answer.raw.headers.getlist("Set-Cookie"):
        if said.startswith(f"{name}="):
            assert {"Secure", "HttpOnly", "Path=/"} <= set(said.split("; "))
            return str(said.partition("=")[2].partition(";")[0])
    return ""


def journey(origin: str) -> tuple[requests.Response, str, str]:
    """The answer our server gives to a browser that comes back, its address, and what the browser kept."""
    leaving = go(f"{origin}/sign-in/pro-sante-connect?{urlencode(WISH)}")
    assert leaving.status_code == 303, leaving.text
    kept = cookie(leaving, JOURNEY)
    there = go(leaving.headers["Location"])
    assert there.status_code == 303, there.text
    back = there.headers["Location"]
    return back_at(back, kept), back, kept


def back_at(address: str, kept: str) -> requests.Response:
    headers = {"Cookie": f"{JOURNEY}={kept}"}
    return requests.get(address, headers=headers, allow_redirects=False, timeout=30)


def test_f1_who_the_provider_knows_signs_in_and_the_desktop_gets_its_code(folder: Path) -> None:
    port = free_port()
    back = f"http://localhost:{port}/sign-in/pro-sante-connect/return"
    with provider(back) as there, serving(folder, port, there.issuer) as origin:
        assert "Pro Santé Connect" in go(f"{origin}/sign-in").content.decode()
        answer, address, kept = journey(origin)
        assert answer.status_code == 200, answer.text
        slip = cookie(answer, COOKIE)
        assert not cookie(answer, JOURNEY)
        headers = {"Cookie": f"{COOKIE}={slip}", "Content-Type": "application/json"}
        page = requests.get(f"{origin}/sign-in?{urlencode(WISH)}", headers=headers, timeout=30)
        assert "Bonjour Dr Martin" in page.content.decode()
        asked = msgspec.json.encode(WISH)
        on = requests.post(f"{origin}/sign-in/own/go-on", asked, headers=headers, timeout=30)
        assert on.json()["next"].startswith("http://127.0.0.1:4321/signed-in?code=")
        again = back_at(address, kept)
        assert again.status_code == 403
        assert "pas recevable" in again.content.decode()
        assert not cookie(again, COOKIE)


def test_f1_a_professional_without_an_account_is_told_so_and_none_is_made(folder: Path) -> None:
    port = free_port()
    back = f"http://localhost:{port}/sign-in/pro-sante-connect/return"
    with (
        provider(back, "899900001019") as there,
        serving(folder, port, there.issuer) as origin,
    ):
        answer, _, _ = journey(origin)
        assert answer.status_code == 403
        assert "aucun compte d’ici" in answer.content.decode()
        assert not cookie(answer, COOKIE)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"finess": "990000119"}, "aucun de vos lieux d’exercice"),
        ({"finess": ""}, "aucun de vos lieux d’exercice"),
        ({"profession": "60"}, "une autre profession"),
    ],
)
def test_f1_claims_that_confirm_no_membership_sign_nobody_in_and_say_why(
    folder: Path, person: dict[str, str], said: str
) -> None:
    port = free_port()
    back = f"http://localhost:{port}/sign-in/pro-sante-connect/return"
    with provider(back, **person) as there, serving(folder, port, there.issuer) as origin:
        answer, _, _ = journey(origin)
    assert answer.status_code == 403
    assert said in answer.content.decode()
    assert not cookie(answer, COOKIE)


def test_f1_a_provider_that_refuses_our_secret_or_is_gone_leaves_the_other_ways_open(
    folder: Path,
) -> None:
    port = free_port()
    back = f"http://localhost:{port}/sign-in/pro-sante-connect/return"
    with provider(back) as there, serving(folder, port, there.issuer, "another secret") as origin:
        answer, _, _ = journey(origin)
        assert answer.status_code == 403
        assert "Avec mon mot de passe" in answer.content.decode()
    with serving(folder, port, f"http://127.0.0.1:{free_port()}") as origin:
        answer = go(f"{origin}/sign-in/pro-sante-connect")
        assert answer.status_code == 503
        assert "Avec mon mot de passe" in answer.content.decode()


def rude(kind: str) -> type[BaseHTTPRequestHandler]:
    class Rude(BaseHTTPRequestHandler):
        """A provider that answers its first question badly."""

        def do_GET(self) -> None:
            status, headers, body = {
                "huge": (200, {"Content-Type": "application/json"}, b"[" * 1_000_000),
                "html": (200, {"Content-Type": "text/html"}, b"<html>a portal</html>"),
                "elsewhere": (302, {"Location": "http://127.0.0.1:1/"}, b""),
                "twice": (200, {"Content-Type": "application/json"}, b'{"issuer":1,"issuer":2}'),
            }[kind]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Rude


@pytest.mark.parametrize("kind", ["huge", "html", "elsewhere", "twice"])
def test_f1_a_provider_that_answers_rudely_is_refused_in_words(folder: Path, kind: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), rude(kind)) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            issuer = f"http://127.0.0.1:{listening.server_port}"
            with serving(folder, free_port(), issuer) as origin:
                answer = go(f"{origin}/sign-in/pro-sante-connect")
            assert answer.status_code == 403
            assert "pas recevable" in answer.content.decode()
        finally:
            listening.shutdown()
            thread.join(10)


def test_nothing_is_asked_of_anybody_unless_the_operator_says_so(folder: Path) -> None:
    with ServerProcess(folder, folder.parent / "log") as server:
        assert go(f"{server.url}/sign-in/pro-sante-connect").status_code == 404
        assert "Pro Santé Connect" not in go(f"{server.url}/sign-in").content.decode()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"{}", "provider_file"),
        (b'{"issuer":"http://provider.example","client_id":"c"}', "provider_address"),
        (b'{"issuer":"https://provider.example","client_id":"c"}', "error.keychain"),
    ],
)
def test_a_provider_told_badly_is_refused_at_the_start_in_words(
    folder: Path, tmp_path: Path, file: bytes, code: str
) -> None:
    kept = tmp_path / "p.json"
    kept.write_bytes(file)
    said = operator("serve", folder, "--port", "0", "--pro-sante-connect", kept)
    assert said.code != 0
    assert code in said.err
