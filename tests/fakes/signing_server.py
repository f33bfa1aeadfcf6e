"""A server's side of trust: a log that grows, keys that sign, lists and orders as a real one makes them."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from dossier.entropy import SeededEntropy
from dossier.sealing import devices
from dossier.sealing.checkpoints import sign_checkpoint
from dossier.sealing.key_list import KeyList, sign_key_list
from dossier.sealing.merkle import Tree
from dossier.sealing.orders import Order, OrderKind, sign_order
from dossier.sealing.text import base64url
from dossier.wire.messages import Capabilities, KeysReply, LogReply

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
IDENTITY = SeededEntropy(1).bytes(32)


class SigningServer:
    """A log and keys that sign."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.log, self.order = SeededEntropy(3).bytes(32), SeededEntropy(4).bytes(32)
        self.serial, self.restore = 1, 0
        self.listed: bytes | None = None
        """Said to be the log key; None: it truly is."""
        self.identity = self.said = IDENTITY

    def grow(self, leaves: int, mark: int = 0) -> None:
        for _ in range(leaves):
            self.tree.append(bytes([mark]) + self.tree.size.to_bytes(31, "big"))

    def capabilities(self) -> Capabilities:
        return Capabilities(
            protocols=(1,),
            server="x",
            name="x",
            restore=self.restore,
            now="",
            demonstration=True,
            limits={},
            keys=self.serial,
            identity=base64url(devices.public_key(self.said)),
        )

    def keys(self) -> KeysReply:
        public = devices.public_key
        told = KeyList(
            self.serial,
            NOW,
            self.restore,
            (public(self.listed or self.log),),
            (public(self.order),),
        )
        return KeysReply(list=sign_key_list(self.identity, told).decode())

    def proof(self, since: int) -> LogReply:
        size = self.tree.size
        text = sign_checkpoint(self.log, "colloque.log", size, self.tree.root()).decode()
        if since > size:
            return LogReply(restore=self.restore, checkpoint=text, proof=None)
        hashes = tuple(b64encode(one).decode() for one in self.tree.consistency(since, size))
        return LogReply(restore=self.restore, checkpoint=text, proof=hashes)

    def orders(self, kind: OrderKind, serial: int, device: str = "dev-1") -> str:
        until = NOW + timedelta(days=7)
        return sign_order(self.order, Order(kind, device, 9, serial, NOW, until)).decode()
