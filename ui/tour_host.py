"""What the tour is given."""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import NamedTuple, Protocol

from msgspec import Struct

from ui.context import SessionContext
from ui.main_window import MainWindow
from ui.sign_in.view_model import LockModel, StartModel

LARGE, SMALL = (1600, 1000), (1280, 800)
FIRST = "fr_light"
"""The look in which every page is shown once."""
Wait = Callable[[], bool]


class TourReport(Struct, frozen=True, kw_only=True):
    """What became of a tour. `late`: what did not come in time, and on which look; `lacking`: what the practice
    or the day did not let it show.
    """

    pictures: int
    late: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Every screen came, in time."""
        return self.pictures > 0 and not self.late and not self.lacking

    def sentences(self) -> list[str]:
        """For whoever started the tour."""
        return [
            f"{self.pictures} pictures.",
            *(f"Late: {what}." for what in self.late),
            *(f"Not shown: {what}." for what in self.lacking),
        ]


class TourCodes(NamedTuple):
    """What is typed instead of a phrase or a password; `newcomer` is who begins with the activation code."""

    recovery: str = ""
    newcomer: str = ""
    activation: str = ""


class Troubles(Protocol):
    """Real acts that make trouble. `pull`, `plug`, `misdirect`, `pass_days`, `identity` return at once; the others block, on a lane."""

    def pull(self) -> None:
        """The cable to the server is out."""
        ...

    def plug(self) -> None: ...
    def misdirect(self) -> None:
        """Another server answers at the end of the cable."""
        ...

    def pass_days(self, days: int) -> None: ...
    def identity(self) -> tuple[str, str, str]:
        """Our login, our password and six digits that serve now."""
        ...

    def disagree(self, owner: int) -> None:
        """A colleague and we change one treatment apart."""
        ...

    def join(self) -> None:
        """We have a second computer."""
        ...

    def be_refused(self, owners: Sequence[int]) -> None:
        """A change that depends on one to be settled, on the first of these records that has a treatment."""
        ...

    def write(self, owner: int) -> None:
        """Something that waits to be sent."""
        ...


class TourHost(Struct, frozen=True, kw_only=True):
    """`words` find the patient whose record is shown; `lock` and `start` make the pages outside a session;
    `start(erased=True)` is that of a computer that obeyed an order to erase its copy; `present` is the context of the session open now, None while locked.
    """

    window: MainWindow
    context: SessionContext
    zone: tzinfo
    words: str = "martineau"
    lock: Callable[[], LockModel] | None = None
    start: Callable[..., StartModel] | None = None
    present: Callable[[], SessionContext | None] | None = None
    troubles: Troubles | None = None
    phrase: str = ""
    codes: TourCodes = TourCodes()

    def now(self) -> SessionContext:
        """The context to show: a session opened later than the tour began has another one."""
        found = self.present() if self.present is not None else None
        return found or self.context

    def is_open(self) -> bool:
        """Is a session open behind the window?"""
        return self.present is None or self.present() is not None
