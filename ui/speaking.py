"""Who speaks: the language, the formats, the hour, whether the server is out of reach, whether all is shown."""

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct

from ui.formats import Formats
from ui.i18n import Texts


class Speaking(Struct, frozen=True):
    """Everything a presenter needs beside the value it presents."""

    texts: Texts
    formats: Formats
    now: datetime
    offline: bool = False
    narrowed: bool = False
    """Continuity mode: what others wrote is hidden."""

    @property
    def today(self) -> date:
        return self.now.astimezone(self.formats.zone).date()


Speak = Callable[[], Speaking]
"""How every presenter of a session speaks now."""
