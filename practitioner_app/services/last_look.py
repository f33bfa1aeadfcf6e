"""What this person saw of a patient the last time, on this device: "new since your last look".

Only short hashes of (type, id, version) are kept, in the profile's settings. A row whose hash was not among
them is new, whether it arrived or changed; the date of care says nothing about it (a letter of the 12th
received on the 23rd is new on the 23rd).
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

from dossier.clock import Clock, from_ms, to_ms
from dossier.wire.messages import Version
from practitioner_app.ports import Settings

_WIDTH: Final = 6
_FORMAT: Final = b"1"


class Look(NamedTuple):
    """A passage: when, and the marks of what was shown."""

    at: datetime
    marks: frozenset[bytes]


class Versioned(Protocol):
    """A resource as it was shown."""

    @property
    def rtype(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> Version: ...


def mark(row: Versioned) -> bytes:
    """Six bytes that change with the version of a row."""
    version = row.version
    text = f"{row.rtype}/{row.id}/{version.restore}.{version.k}"
    return blake2b(text.encode(), digest_size=_WIDTH).digest()


class LastLook:
    """Read lane for `previous`, write lane for `passed`. Raises StoreError kin."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def previous(self, owner: int) -> Look | None:
        """The last passage; None if there was none or it was kept in a form we do not know."""
        raw = b64decode(self._settings.get(f"look.{owner}"))
        if raw[:1] != _FORMAT or (len(raw) - 9) % _WIDTH:
            return None
        marks = frozenset(raw[at : at + _WIDTH] for at in range(9, len(raw), _WIDTH))
        return Look(from_ms(int.from_bytes(raw[1:9], "big")), marks)

    def passed(self, owner: int, marks: Iterable[bytes]) -> None:
        """The person leaves this record, having been shown these rows."""
        at = to_ms(self._clock.now()).to_bytes(8, "big")
        raw = _FORMAT + at + b"".join(sorted(marks))
        self._settings.put(f"look.{owner}", b64encode(raw).decode())
