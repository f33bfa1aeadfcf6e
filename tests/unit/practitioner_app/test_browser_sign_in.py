"""The desktop's side of signing in with a browser: what is opened, what is believed of the answer (RFC 8252, 7636)."""

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Refused
from dossier.sealing.text import base64url
from practitioner_app.services.browser_sign_in import ENROL, BrowserSignIn, own_pages

KEY = bytes(range(32))
SERVER = "https://port.exemple.invalid"


class ScriptedListener:
    """Hears what it is told, in order."""

    def __init__(self, heard):
        self.port, self.heard, self.given_up = 4321, heard, 0

    def wait(self, is_awaited, seconds):
        for target in self.heard:
            if is_awaited(target):
                return target
        raise Refused("browser_late")

    def give_up(self):
        self.given_up += 1


def hashed(raw):
    return base64url(hashlib.sha256(raw).digest())


def asked(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_what_is_asked_binds_the_code_to_this_process_and_this_key():
    heard = []
    service = BrowserSignIn(lambda: ScriptedListener(heard), SeededEntropy(1))
    address = service.begin(ENROL, SERVER, SERVER, KEY)
    said = asked(address)
    assert address.startswith(f"{SERVER}/sign-in?")
    assert (said["purpose"], said["port"], said["key"]) == ("enrol", "4321", hashed(KEY))
    heard += [
        "/",
        "/signed-in",
        "/signed-in?code=x",
        f"/signed-in?code=x&state={'a' * 43}",
        f"/other?code=x&state={said['state']}",
        f"/signed-in?code=x&code=y&state={said['state']}",
        "//[x",
        f"/signed-in?code=x&state={said['state']}&a=1&b=2&c=3",
        f"/signed-in?code={'z' * 2000}&state={said['state']}",
        f"/signed-in?code=right&state={said['state']}",
    ]
    found = service.wait()
    assert found.code == "right"
    assert hashed(found.verifier.encode()) == said["challenge"]
    assert found.verifier not in address
    with pytest.raises(Refused, match="browser_given_up"):
        service.wait()


def test_each_time_other_secrets_are_used_and_the_one_before_is_forgotten():
    listeners = []

    def listen():
        listeners.append(ScriptedListener([]))
        return listeners[-1]

    service = BrowserSignIn(listen, SeededEntropy(1))
    first, second = (asked(service.begin(ENROL, SERVER, SERVER, KEY)) for _ in range(2))
    assert first["state"] != second["state"]
    assert first["challenge"] != second["challenge"]
    assert [one.given_up for one in listeners] == [1, 0]
    service.give_up()
    assert [one.given_up for one in listeners] == [1, 1]


@pytest.mark.parametrize(
    ("server", "pages"),
    [
        (SERVER, ""),
        (SERVER, "https://evil.example"),
        (SERVER, "https://port.exemple.invalid.evil.example"),
        (SERVER, "https://port.exemple.invalid:444"),
        (SERVER, "http://port.exemple.invalid"),
        (SERVER, "https://me@port.exemple.invalid"),
        (SERVER, "https://port.exemple.invalid/elsewhere"),
        (SERVER, "file:///etc/passwd"),
        (SERVER, "javascript:alert(1)"),
        ("http://127.0.0.1:8413", "http://localhost:8414"),
        ("http://127.0.0.1:8413", "http://evil.localhost:8413"),
        ("http://127.0.0.1:8413", "https://localhost:8413"),
    ],
)
def test_no_page_but_the_servers_own_is_ever_opened(server, pages):
    with pytest.raises(Refused, match="no_pages"):
        own_pages(server, pages)


@pytest.mark.parametrize(
    ("server", "pages"),
    [
        (SERVER, SERVER),
        ("http://127.0.0.1:8413", "http://localhost:8413"),
        ("http://localhost:8413", "http://localhost:8413"),
    ],
)
def test_the_servers_own_page_is_opened(server, pages):
    assert own_pages(server, pages) == pages
