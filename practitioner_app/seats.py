"""The persons who share this computer: one profile each (and one per situation), one open at a time.

    PROFILE/             the first one: card, header, store (practitioner_app.profile)
    PROFILE/people/ID/   each further one, the same; ID is random and says nothing

In clear lies what each card holds: the name the lock page shows, the practice, the device; nothing of a
patient, no phrase. A profile is held by one program at a time, from its first unlocking until it is left.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import structs

from dossier.errors import BadAnswer, StoreError, StoreLocked
from practitioner_app.ports import Keychain
from practitioner_app.profile import ProfileFolder
from practitioner_app.services.session import Lock
from practitioner_app.surroundings import Surroundings
from practitioner_app.workstation import Installation, Workstation
from ui.sign_in.state import PersonLine

PEOPLE: Final = "people"
_ID_BYTES: Final = 8
LAST_WRITES_S: Final = 30.0


class Seat(NamedTuple):
    """One person in one situation at this computer."""

    folder: ProfileFolder
    workstation: Workstation
    installation: Installation

    def sit(self, server: str) -> None:
        """Ready for the lock page. A demonstration moves from port to port: `server` is where it is now."""
        card = self.folder.card()
        if card.demonstration and server not in ("", card.server):
            with suppress(StoreLocked):  # the program that has it open wrote the same
                self.folder.hold()
                self.folder.write_card(structs.replace(card, server=server))
        self.workstation.begin()

    def leave(self) -> None:
        """Closed, forgotten, free for another program; what was not sent waits for her return."""
        self.workstation.lock(Lock.ASKED)
        self.folder.release()


class Seats:
    """`present` is who is at the computer now. A seat is kept once made: wrong tries are remembered."""

    def __init__(self, base: Path, around: Surroundings, keychain: Callable[[], Keychain]) -> None:
        self._base, self._around, self._keychain = base, around, keychain
        self._made: dict[Path, Seat] = {}
        used = list(self._enrolled())
        self.present = self._seat(max(used, key=_last_used, default=base))

    def lines(self) -> tuple[PersonLine, ...]:
        """Who is enrolled here, by name; blocks (it reads small files)."""
        found = []
        for path in self._enrolled():
            try:
                card = ProfileFolder(path).card()
            except (StoreError, BadAnswer):
                continue  # a damaged card opens nothing, and hides nobody else
            is_present = path == self.present.folder.path
            found.append(
                PersonLine(
                    self._key(path), card.person, card.practice, card.device_name, is_present
                )
            )
        return tuple(sorted(found, key=lambda line: (line.person, line.place, line.key)))

    def choose(self, key: str) -> tuple[Seat, Seat]:
        """Give this person the place; returns who left it and who has it now."""
        return self._take(self._base if not key else self._base / PEOPLE / Path(key).name)

    def another(self) -> tuple[Seat, Seat]:
        """A place for somebody who is not enrolled here yet; nothing is made on disk before their profile."""
        if not self.present.folder.is_enrolled:
            return self.present, self.present
        if not ProfileFolder(self._base).is_enrolled:
            return self._take(self._base)
        fresh = self._around.entropy.bytes(_ID_BYTES).hex()
        return self._take(self._base / PEOPLE / fresh)

    @property
    def key(self) -> str:
        """What `choose` calls the present one."""
        return self._key(self.present.folder.path)

    def owing(self) -> list[Workstation]:
        """Those whose copy was erased and whose receipt no server took yet."""
        paths = [self._base, *sorted((self._base / PEOPLE).glob("*"))]
        seats = [self._seat(path) for path in paths if ProfileFolder(path).owed_receipt()]
        return [seat.workstation for seat in seats]

    def give_up_browsers(self) -> None:
        """Nobody here waits for a browser any more; from any thread."""
        for seat in self._made.values():
            seat.installation.give_up_browser()

    def lock_last(self) -> None:
        """The program ends: lock behind every act and every draft that still waits on the write lane."""
        lock = partial(self.present.workstation.lock, Lock.ASKED)
        self._around.lanes.write_and_wait(lock, LAST_WRITES_S)

    def release(self) -> None:
        """Let other programs in."""
        for seat in self._made.values():
            seat.folder.release()

    def _take(self, path: Path) -> tuple[Seat, Seat]:
        self.give_up_browsers()
        before, self.present = self.present, self._seat(path)
        return before, self.present

    def _seat(self, path: Path) -> Seat:
        if path not in self._made:
            folder, around, keychain = ProfileFolder(path), self._around, self._keychain
            station = Workstation(folder, around, keychain)
            installation = Installation(folder, station, around, keychain)
            self._made[path] = Seat(folder, station, installation)
        return self._made[path]

    def _enrolled(self) -> Iterator[Path]:
        for path in (self._base, *sorted((self._base / PEOPLE).glob("*"))):
            if ProfileFolder(path).is_enrolled:
                yield path

    def _key(self, path: Path) -> str:
        return "" if path == self._base else path.name


def _last_used(path: Path) -> float:
    return ProfileFolder(path).last_held()
