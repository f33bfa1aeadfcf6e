"""What the pages of the way in need, while everything is locked: known before any screen of a session is."""

from typing import TYPE_CHECKING, Protocol

from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ActivationReply, EnrolReply
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.session import LockFacts

if TYPE_CHECKING:
    from practitioner_app.services.sync_centre import CopyRow


class Gate(Protocol):
    """The way in, while everything is locked. `unlock` blocks: it runs on a lane."""

    def facts(self) -> LockFacts:
        """Counts and dates for the lock page: no patient's name, no reason."""
        ...

    def unlock(self, phrase: str) -> None:
        """Raises SealBroken, KeychainError, StoreError kin; Refused(`lease_over`) where `facts` then says
        whether continuity mode is open.
        """
        ...

    def unlock_in_continuity(self, phrase: str) -> None:
        """The phrase again, to read what the practice wrote although the lease is over. Raises the same."""
        ...

    def unlock_with_code(self, code: str) -> None:
        """The recovery code is right: then `choose_phrase` or `keep_phrase` opens. Raises SealBroken."""
        ...

    def own_words(self) -> frozenset[str]:
        """What others know of this person and place: no phrase holds it."""
        ...

    def choose_phrase(self, phrase: str) -> None:
        """Seal the copy under a new phrase, then open it. Raises KeychainError, DiskFull, `unlock`'s kin."""
        ...

    def keep_phrase(self) -> None:
        """Open without a new phrase. Raises `unlock`'s kin."""
        ...

    def forget(self) -> None:
        """Nobody goes on: what the recovery code opened leaves the memory."""
        ...


class Installer(Protocol):
    """The effects of the first start, each blocking, each on a lane. Raises the errors of the ports."""

    def capabilities(self, state: FirstStart) -> Capabilities: ...
    def ask_activation(self, state: FirstStart) -> ActivationReply: ...
    def activate(self, state: FirstStart) -> None: ...
    def enrol(self, state: FirstStart) -> EnrolReply: ...
    def ask_page(self, state: FirstStart) -> str:
        """The page for the person's browser; from now on this computer listens for its answer."""
        ...

    def enrol_by_browser(self, state: FirstStart) -> EnrolReply:
        """Returns once the person signed in there."""
        ...

    def give_up_browser(self) -> None:
        """Nobody waits for it any more; from any thread."""
        ...

    def make_profile(self, state: FirstStart) -> str:
        """The recovery code, shown once."""
        ...

    def first_copy(self, state: FirstStart) -> None:
        """Returns once the first class of patients is here."""
        ...

    def progress(self) -> "CopyRow | None": ...
