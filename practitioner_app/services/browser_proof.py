"""A person shows again who they are in their own browser: with a passkey or Pro Santé Connect, for who has no password."""

from collections.abc import Callable

from dossier.errors import Refused
from practitioner_app.ports import BrowserCode
from practitioner_app.services.browser_sign_in import PROVE, BrowserSignIn, own_pages


class BrowserProof:
    """For the key of this computer, at the pages its own server names. `pages`: their origin, "" for none known.

    `ask_page` and `wait` block: they run on the lane of browsers.
    """

    def __init__(
        self, sign_in: BrowserSignIn, server: str, public_key: bytes, pages: Callable[[], str]
    ) -> None:
        self._sign_in, self._server = sign_in, server
        self._public_key, self._pages = public_key, pages

    @property
    def is_offered(self) -> bool:
        """Has the server pages of its own?"""
        try:
            own_pages(self._server, self._pages())
        except Refused:
            return False
        return True

    def ask_page(self) -> str:
        """The page for the person's browser; from now on this computer listens for its answer. Raises Refused:
        `no_pages`, `browser_port`.
        """
        return self._sign_in.begin(PROVE, self._server, self._pages(), self._public_key)

    def wait(self) -> BrowserCode:
        """What the browser brought back. Raises Refused: `browser_late`, `browser_given_up`."""
        return self._sign_in.wait()

    def give_up(self) -> None:
        """Nobody waits any more; from any thread."""
        self._sign_in.give_up()
