"""A real browser, with an authenticator of its own that a test may look into and copy (WebAuthn over CDP)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP evil.localhost 127.0.0.1",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's own Chromium; the test is skipped in words where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium on this machine: `python3 dev.py test` installs it")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Authenticator:
    """The virtual authenticator of one page: it recognises its person, unless told not to."""

    def __init__(self, page: Page) -> None:
        self._line: CDPSession = page.context.new_cdp_session(page)
        self._line.send("WebAuthn.enable")
        made = self._line.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self._id = made["authenticatorId"]

    def passkeys(self) -> list[dict[str, Any]]:
        """What it holds, private keys and counters included."""
        asked = {"authenticatorId": self._id}
        found: list[dict[str, Any]] = self._line.send("WebAuthn.getCredentials", asked)[
            "credentials"
        ]
        return found

    def take(self, passkey: dict[str, Any]) -> None:
        """Hold a passkey: one that was copied from another device, for instance."""
        self._line.send(
            "WebAuthn.addCredential", {"authenticatorId": self._id, "credential": passkey}
        )

    def recognises(self, *, person: bool) -> None:
        self._line.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": person}
        )
