"""sync.ports.PinBoard inside work.db: what this device remembers of its server survives every rebuilding."""

from typing import Final

import msgspec

from dossier.errors import StoreCorrupt
from local_store.keepsakes import Vault
from sync.ports import Pins

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
