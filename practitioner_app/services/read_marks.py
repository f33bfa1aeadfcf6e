"""Which lines of a record this person has not read yet, on this device.

Short hashes of (type, id, version), as `last_look` keeps them, in the profile's settings: a line that changes
is another mark, and what arrived since the last passage is new by that. The person's own facet of the server
does not carry them yet: a second computer of the same person keeps marks of its own.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from practitioner_app.ports import Settings

_WIDTH: Final = 6


class ReadMarks:
    """Read lane for `unread`, write lane for `keep`. Raises StoreError kin."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def unread(self, owner: int) -> frozenset[bytes]:
        """The marks of the lines left unread; none where they were kept in a form we do not know."""
        raw = b64decode(self._settings.get(f"unread.{owner}"))
        if len(raw) % _WIDTH:
            return frozenset()
        return frozenset(raw[at : at + _WIDTH] for at in range(0, len(raw), _WIDTH))

    def keep(self, owner: int, marks: Iterable[bytes]) -> None:
        """From now on these lines are unread, and no other of this record."""
        self._settings.put(f"unread.{owner}", b64encode(b"".join(sorted(marks))).decode())
