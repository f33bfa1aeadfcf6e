"""The records opened today on this computer by this person: what the day holds while there is no diary."""

from typing import Final

import msgspec
from msgspec import Struct

from dossier.clock import Clock
from practitioner_app.ports import Settings

_KEY: Final = "day.opened"
_KEPT: Final = 200


class _Day(Struct, frozen=True):
    day: str = ""
    owners: tuple[int, ...] = ()


class DayService:
    """`opened` on the write lane, `owners` on a read lane. Only numbers are kept, of one day."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    def opened(self, owner: int) -> None:
        """The person displays this record; the latest comes last."""
        today = self._read()
        kept = (*(one for one in today.owners if one != owner), owner)[-_KEPT:]
        body = msgspec.json.encode(_Day(day=self.today, owners=kept))
        self._settings.put(_KEY, body.decode())

    def owners(self) -> tuple[int, ...]:
        """The latest first."""
        return tuple(reversed(self._read().owners))

    @property
    def today(self) -> str:
        return self._clock.now().date().isoformat()

    def _read(self) -> _Day:
        raw = self._settings.get(_KEY)
        try:
            found = msgspec.json.decode(raw, type=_Day) if raw else _Day()
        except msgspec.DecodeError:
            return _Day()
        return found if found.day == self.today else _Day()
