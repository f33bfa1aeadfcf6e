"""Is this still the server we enrolled with, and is its past the one we saw? (security.md S4, S5, D8, D10.)

Pinned at enrolment: the server's identity key. Believed from it: a key list with a serial that only grows,
and through that list checkpoints of the log, leases, purge orders and the restore number. A log that does
not prove that it only grew, a list that went back, a restore nobody signed: the server is refused, and
everything held stays as it is. A declared restore (a newer list names it) begins a new line of the log.
"""

from base64 import b64decode
from datetime import timedelta

from dossier.errors import (
    BadAnswer,
    DeviceRevoked,
    Distrusted,
    DossierError,
    Refused,
    SealBroken,
)
from dossier.sealing.checkpoints import Checkpoint, verify_checkpoint
from dossier.sealing.key_list import KeyList, verify_key_list
from dossier.sealing.merkle import verify_consistency
from dossier.sealing.orders import Order, OrderKind, is_for, verify_order
from dossier.sealing.text import base64url
from dossier.wire.messages import Capabilities, KeysReply, LogReply
from sync.exchanges import AskKeys, AskLog, Reply
from sync.ports import PinBoard, Pins
from sync.vouching import vouched_by

EVERY_S = 3600.0
"""How often the log is asked for its proof, besides each new token."""


class Trust:
    """What one device believes of its server. Raises Distrusted; what it remembers lies on the board."""

    def __init__(self, board: PinBoard, device: str) -> None:
        self._board, self._device = board, device
        self._pins = board.pins()
        self._told = self._kept_list()
        self.vouched = vouched_by(self._told)
        """What TLS takes of this server now; any thread may look."""
        self._serial = -1
        self._restore = 0
        self._log_due_s: float | None = None
        self._list_due = self._log_doubted = False

    @property
    def key_list(self) -> bytes:
        """The list as it was signed; empty before one was believed."""
        return self._pins.key_list

    # --- the key list ----------------------------------------------------------------------------------

    def meet(self, known: Capabilities) -> None:
        """The server says who it is, and the serial of its list: with another identity, or a lower serial than
        we saw, it is not ours any more.
        """
        if known.identity != base64url(self._pins.identity):
            raise Distrusted("other_server")
        self._serial = known.keys
        if self._told is not None and known.keys < self._told.serial:
            raise Distrusted("keys_rolled_back")

    def next(self, now_s: float, *, signed_in: bool) -> AskKeys | AskLog | None:
        """What has to be proven before anything else is exchanged, at monotonic `now_s`."""
        told = self._told
        if told is None or self._serial > told.serial or told.restore < self._restore:
            return AskKeys()
        if self._list_due:
            return AskKeys()
        is_due = self._log_due_s is None or now_s >= self._log_due_s
        return AskLog(self._pins.size) if signed_in and is_due else None

    def settle(self, exchange: AskKeys | AskLog, reply: Reply, now_s: float) -> None:
        """Believe what is proven. Raises Distrusted, BadAnswer."""
        match exchange, reply:
            case AskKeys(), KeysReply():
                self._learn_keys(reply)
            case AskLog(since), LogReply():
                self._learn_log(reply, since, now_s)
            case _:
                raise BadAnswer("proof")

    def _learn_keys(self, reply: KeysReply) -> None:
        """Believe a list that our pinned identity signed and that does not go back."""
        text = reply.list.encode()
        try:
            told = verify_key_list(self._pins.identity, text)
        except SealBroken as error:
            raise Distrusted("keys_forged") from error
        seen = -1 if self._told is None else self._told.serial
        if told.serial < max(seen, self._serial):
            raise Distrusted("keys_rolled_back")
        if told.restore < self._restore:
            self._restore = 0
            raise Distrusted("restore_undeclared")
        self._believe(told, text)
        self._list_due = False

    def offered(self, text: bytes) -> bool:
        """A list that came over a line TLS refused: believed when our identity signed it and it is newer.
        True: it is, and TLS may be tried again.
        """
        try:
            told = verify_key_list(self._pins.identity, text)
        except SealBroken:
            return False
        if self._told is not None and told.serial <= self._told.serial:
            return False
        self._believe(told, text)
        return True

    def _believe(self, told: KeyList, text: bytes) -> None:
        self._keep(self._pins._replace(key_list=text))
        self._told, self.vouched = told, vouched_by(told)

    def declares(self, restore: int) -> bool:
        """May an answer carry this restore number? False: the list has to be asked for again."""
        if self._told is not None and self._told.restore >= restore:
            return True
        self._restore = restore
        return False

    # --- the log ---------------------------------------------------------------------------------------

    def _learn_log(self, reply: LogReply, asked: int, now_s: float) -> None:
        """Believe a signed root that continues the one we saw, or begins after a declared restore."""
        if asked != self._pins.size:
            raise BadAnswer("log")
        told = self._listed()
        try:
            seen = verify_checkpoint(told.log, reply.checkpoint.encode())
        except SealBroken as error:
            if self._log_doubted:
                raise Distrusted("log_forged") from error
            self._list_due = self._log_doubted = (
                True  # the key may have been replaced since our list
            )
            return
        self._log_doubted = False
        if told.restore <= self._pins.restore:
            self._check_growth(seen, reply.proof)
        self._log_due_s = now_s + EVERY_S
        if (seen.size, told.restore) != (self._pins.size, self._pins.restore):
            self._keep(self._pins._replace(size=seen.size, root=seen.root, restore=told.restore))

    def _check_growth(self, seen: Checkpoint, proof: tuple[str, ...] | None) -> None:
        if proof is None or seen.size < self._pins.size:
            raise Distrusted("log_rolled_back")
        try:
            hashes = [b64decode(one, validate=True) for one in proof]
        except ValueError as error:
            raise BadAnswer("log") from error
        if not self._pins.root:
            return
        if not verify_consistency(self._pins.size, self._pins.root, seen.size, seen.root, hashes):
            raise Distrusted("log_forked")

    def refused(self, error: DossierError) -> None:
        """A server that does not know our session says whose past it has: less than we saw was rolled back, and is
        named before a person shows it anything. A root that is not signed is not looked at: the log proves itself under the
        next token. Raises Distrusted.
        """
        told, past = self._told, error.past if isinstance(error, Refused) else ""
        if not past or told is None or told.restore > self._pins.restore:
            return
        try:
            seen = verify_checkpoint(told.log, past.encode())
        except SealBroken:
            return
        if seen.size < self._pins.size:
            raise Distrusted("log_rolled_back")
        if seen.size == self._pins.size and self._pins.root not in (b"", seen.root):
            raise Distrusted("log_forked")

    # --- orders ----------------------------------------------------------------------------------------

    def signed_in(self, lease: str) -> timedelta | None:
        """A token came: the log proves itself before it is used. Returns how long the copy may stay open from
        now on; None for what is no lease of ours (it is ignored, and the list asked: its key may be a new one).
        """
        self._log_due_s = None
        order = self._order(lease)
        if order is None or order.kind is not OrderKind.LEASE:
            self._list_due = bool(lease)
            return None
        self._keep(self._pins._replace(order=order.serial))
        return order.until - order.issued

    def purge_order(self, error: DossierError) -> str:
        """The purge order that came with a refusal, if it is for this very device and signed; else ""."""
        text = error.order if isinstance(error, DeviceRevoked) else ""
        order = self._order(text)
        return text if order is not None and order.kind is OrderKind.PURGE else ""

    def _order(self, text: str) -> Order | None:
        if self._told is None:
            return None
        try:
            order = verify_order(self._told.order, text.encode())
        except SealBroken:
            return None
        return order if is_for(order, self._device, self._pins.order) else None

    # --- the board -------------------------------------------------------------------------------------

    def _listed(self) -> KeyList:
        if self._told is None:
            raise BadAnswer("keys")
        return self._told

    def _kept_list(self) -> KeyList | None:
        if not self._pins.key_list:
            return None
        return verify_key_list(self._pins.identity, self._pins.key_list)

    def _keep(self, pins: Pins) -> None:
        self._board.pin(pins)
        self._pins = pins


class Unproven:
    """A server nobody pinned: a script against a server in the same process. Every question is answered as
    if all were well, and no order is obeyed.
    """

    def meet(self, known: Capabilities) -> None:
        """Nothing to compare with."""

    def next(self, now_s: float, *, signed_in: bool) -> None:
        """Nothing has to be proven."""

    def settle(self, exchange: AskKeys | AskLog, reply: Reply, now_s: float) -> None:
        """Nothing was asked."""

    def declares(self, restore: int) -> bool:  # noqa: ARG002 - as Trust's
        return True

    def signed_in(self, lease: str) -> timedelta | None:  # noqa: ARG002 - as Trust's
        return None

    def refused(self, error: DossierError) -> None:
        """Nothing is looked at."""

    def purge_order(self, error: DossierError) -> str:  # noqa: ARG002 - as Trust's
        return ""
