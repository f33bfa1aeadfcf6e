"""Signing in with the person's own browser (RFC 8252): our server's page, a code back to this computer's loopback.

The desktop opens one address, of its own server and nothing else, and listens once on 127.0.0.1. What comes back is a
code that only who asked can use: it is bound to a secret that never left this process (RFC 7636, S256) and to the key
of this device. Another program that knocks at the port is sent away; a person who closes the browser cancels here.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import Struct

from dossier.entropy import Entropy
from dossier.errors import Refused
from dossier.sealing.text import base64url
from practitioner_app.ports import BrowserCode

ENROL, PROVE = "enrol", "prove"
WAIT_S: Final = 300.0
"""How long a person may take in the browser."""
PATH: Final = "/signed-in"
_SECRET_BYTES: Final = 32
_TARGET_CHARS: Final = 1_000
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class Listener(Protocol):
    """One free port of 127.0.0.1."""

    @property
    def port(self) -> int: ...
    def wait(self, is_awaited: Callable[[str], bool], seconds: float) -> str:
        """The target of the first request that `is_awaited`; others are sent away. Closes itself. Raises
        Refused: `browser_late`, `browser_given_up`.
        """
        ...

    def give_up(self) -> None:
        """From any thread: `wait` ends at once."""
        ...


class _Asked(Struct, frozen=True, kw_only=True):
    listener: Listener
    state: str
    verifier: str


class BrowserSignIn:
    """One sign-in at a time. `begin` gives the address to open; `wait` blocks until its answer."""

    def __init__(self, listen: Callable[[], Listener], entropy: Entropy) -> None:
        self._listen, self._entropy = listen, entropy
        self._asked: _Asked | None = None
        self._waiting: Listener | None = None

    def begin(self, purpose: str, server: str, pages: str, public_key: bytes) -> str:
        """Listen, and say which page to open. Raises Refused: `no_pages` where the server has none of its own,
        `browser_port` where this computer gives no port.
        """
        self.give_up()
        origin = own_pages(server, pages)
        listener = self._listen()
        verifier, state = self._secret(), self._secret()
        self._asked = _Asked(listener=listener, state=state, verifier=verifier)
        asked = {
            "purpose": purpose,
            "challenge": _hashed(verifier.encode()),
            "key": _hashed(public_key),
            "state": state,
            "port": listener.port,
        }
        return f"{origin}/sign-in?{urlencode(asked)}"

    def wait(self) -> BrowserCode:
        """The code of the browser. Raises Refused: `browser_late`, `browser_given_up`."""
        asked, self._asked = self._asked, None
        if asked is None:
            raise Refused("browser_given_up")
        self._waiting = asked.listener
        target = asked.listener.wait(lambda said: bool(_code_in(said, asked.state)), WAIT_S)
        return BrowserCode(code=_code_in(target, asked.state), verifier=asked.verifier)

    def give_up(self) -> None:
        """Nobody waits any more; from any thread."""
        asked, self._asked = self._asked, None
        waiting, self._waiting = self._waiting, None
        for listener in (asked.listener if asked is not None else None, waiting):
            if listener is not None:
                listener.give_up()

    def _secret(self) -> str:
        return base64url(self._entropy.bytes(_SECRET_BYTES))


def own_pages(server: str, pages: str) -> str:
    """The origin of the pages, if it is the server's own: the same host, or two names of this very computer on the
    same port. Raises Refused("no_pages") for none and for any other: a server sends nobody elsewhere.
    """
    ours, theirs = urlsplit(server), urlsplit(pages)
    same = (ours.scheme, ours.port) == (theirs.scheme, theirs.port)
    hosts = {ours.hostname, theirs.hostname}
    is_plain = f"{theirs.scheme}://{theirs.netloc}" == pages and theirs.username is None
    is_safe = theirs.scheme == "https" or theirs.hostname in _LOOPBACK
    if not (pages and same and is_plain and is_safe and (len(hosts) == 1 or hosts == _LOOPBACK)):
        raise Refused("no_pages")
    return pages


def _code_in(target: str, state: str) -> str:
    """The code of a request that repeats our state; "" for any other, whatever a visitor sends."""
    if len(target) >= _TARGET_CHARS:
        return ""
    try:
        at = urlsplit(target)
        said = parse_qs(at.query, max_num_fields=4)
    except ValueError:
        return ""
    if at.path != PATH or said.get("state") != [state] or len(said.get("code", [])) != 1:
        return ""
    return said["code"][0]


def _hashed(raw: bytes) -> str:
    return base64url(hashlib.sha256(raw).digest())
