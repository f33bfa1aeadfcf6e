"""sync.ports.PinBoard inside work.db: what this device remembers of its server survives every rebuilding."""

from typing import Final

import msgspec

from dossier.errors import StoreCorrupt
from local_store.keepsakes import Vault
from local_store.lanes import Writer
from sync.ports import KeptSession, Pins

_NAME: Final = "server"


class LocalPins:
    """`identity` was pinned with the card at enrolment; the rest moves with what is believed."""

    def __init__(self, vault: Vault, identity: bytes) -> None:
        self._vault, self._identity = vault, identity

    def pins(self) -> Pins:
        """What is remembered; at first, the identity alone. Raises StoreCorrupt."""
        kept = self._vault.get(_NAME)
        if kept is None:
            return Pins(self._identity)
        try:
            found = msgspec.msgpack.decode(kept, type=Pins)
        except msgspec.DecodeError as error:
            raise StoreCorrupt("pins") from error
        return found._replace(identity=self._identity)

    def pin(self, pins: Pins) -> None:
        """Remember, durably."""
        self._vault.put(_NAME, msgspec.msgpack.encode(pins))


class LocalSession:
    """sync.ports.SessionBoard: the refresh token lies in work.db alone."""

    def __init__(self, work: Writer) -> None:
        self._work = work

    def session(self) -> KeptSession | None:
        """What lets the session go on."""
        with self._work.alone() as db:
            row = db.execute("SELECT refresh, ask FROM session").fetchone()
        return None if row is None else KeptSession(*row)

    def keep(self, was: str, kept: KeptSession | None) -> None:
        """Durable at once; nothing changes when another refresh token than `was` lies there by now."""
        with self._work.transaction() as db:
            row = db.execute("SELECT refresh FROM session").fetchone()
            if ("" if row is None else row[0]) != was:
                return
            db.execute("DELETE FROM session")
            if kept is not None:
                db.execute("INSERT INTO session (one, refresh, ask) VALUES (1, ?, ?)", kept)
