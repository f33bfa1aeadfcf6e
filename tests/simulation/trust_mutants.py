"""Bugs of what a desktop believes of its server, planted in the stores of level 2."""

from dataclasses import dataclass
from datetime import timedelta

from dossier.errors import DeviceRevoked, DossierError
from dossier.sealing.checkpoints import Checkpoint
from dossier.sealing.key_list import verify_key_list
from dossier.sealing.orders import verify_order
from dossier.wire.messages import Capabilities, KeysReply
from sync.trust import Trust
from tests.simulation.sealed_desktops import SealedCopy


class SmallerLogBelieved(Trust):
    """Any signed root is as good as the one seen before."""

    def _check_growth(self, seen: Checkpoint, proof: tuple[str, ...] | None) -> None:
        """Nothing is proven."""

    def refused(self, error: DossierError) -> None:
        """Nor is the past compared that a refused session is shown."""


class LowerSerialBelieved(Trust):
    """The list of the day is the list."""

    def meet(self, known: Capabilities) -> None:
        self._serial = known.keys
        self._list_due = True

    def _learn_keys(self, reply: KeysReply) -> None:
        text = reply.list.encode()
        self._told, self._list_due = verify_key_list(self._pins.identity, text), False
        self._keep(self._pins._replace(key_list=text))


class UnsignedPurgeObeyed(Trust):
    """An order to erase is obeyed whoever wrote it."""

    def purge_order(self, error: DossierError) -> str:
        return error.order if isinstance(error, DeviceRevoked) else ""


class ReplayedLeaseBelieved(Trust):
    """An order counts as often as it is shown."""

    def signed_in(self, lease: str) -> timedelta | None:
        self._pins = self._pins._replace(order=0)
        assert self._told is not None
        verify_order(self._told.order, lease.encode())
        return super().signed_in(lease)


@dataclass(frozen=True)
class Opens:
    """Opens stores whose engines believe in another way."""

    believes: type[Trust]

    def __call__(self, *given: object) -> SealedCopy:
        copy = SealedCopy(*given)  # type: ignore[arg-type]
        copy.believes = self.believes  # type: ignore[misc]
        return copy
