"""How keys lie under keys: ROOT wraps KEKs, secrets and the restore number; a KEK wraps data keys."""

from typing import NamedTuple

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.wrapping import unwrap, wrap

KEY_BYTES = 32


class DekName(NamedTuple):
    """Which data key: version `v` of (subject, space)."""

    subject: int
    space: str
    v: int


class Wraps:
    """Wraps and unwraps under one ROOT; raises SealBroken for another ROOT or altered bytes."""

    def __init__(self, root: bytes, entropy: Entropy) -> None:
        self._root, self._entropy = root, entropy
        self._keks: dict[int, bytes] = {}

    def fresh(self) -> bytes:
        """A new random key."""
        return self._entropy.bytes(KEY_BYTES)

    def new_kek(self, v: int) -> bytes:
        """A new KEK, usable at once; its wrap."""
        kek = self.fresh()
        self._keks[v] = kek
        return wrap(self._root, kek, tup("colloque/v1/kek", v), self._entropy)

    def learn_kek(self, v: int, wrapped: bytes) -> None:
        self._keks[v] = unwrap(self._root, wrapped, tup("colloque/v1/kek", v))

    def forget_kek(self, v: int) -> None:
        self._keks.pop(v, None)

    def knows_kek(self, v: int) -> bool:
        return v in self._keks

    def reroot(self, root: bytes) -> None:
        """From now on everything is wrapped under this ROOT."""
        self._root = root

    def rerooted_kek(self, root: bytes, v: int, wrapped: bytes) -> bytes:
        return self._again(root, wrapped, tup("colloque/v1/kek", v))

    def rerooted_secret(self, root: bytes, name: str, wrapped: bytes) -> bytes:
        return self._again(root, wrapped, tup("colloque/v1/secret", name))

    def rerooted_number(self, root: bytes, wrapped: bytes) -> bytes:
        return self._again(root, wrapped, _NUMBER)

    def _again(self, root: bytes, wrapped: bytes, aad: bytes) -> bytes:
        return wrap(root, unwrap(self._root, wrapped, aad), aad, self._entropy)

    @property
    def kek_v(self) -> int:
        """The KEK new data keys are wrapped under; 0 while there is none."""
        return max(self._keks, default=0)

    def close_dek(self, name: DekName, key: bytes) -> bytes:
        return wrap(self._keks[self.kek_v], key, _dek(name, self.kek_v), self._entropy)

    def open_dek(self, name: DekName, kek_v: int, wrapped: bytes) -> bytes:
        kek = self._keks.get(kek_v)
        if kek is None:
            raise SealBroken
        return unwrap(kek, wrapped, _dek(name, kek_v))

    def close_secret(self, name: str, key: bytes) -> bytes:
        return wrap(self._root, key, tup("colloque/v1/secret", name), self._entropy)

    def open_secret(self, name: str, wrapped: bytes) -> bytes:
        return unwrap(self._root, wrapped, tup("colloque/v1/secret", name))

    def close_number(self, number: int) -> bytes:
        return wrap(self._root, number.to_bytes(8, "big"), _NUMBER, self._entropy)

    def open_number(self, wrapped: bytes) -> int:
        return int.from_bytes(unwrap(self._root, wrapped, _NUMBER), "big")


_NUMBER = tup("colloque/v1/restore-number")


def _dek(name: DekName, kek_v: int) -> bytes:
    return tup("colloque/v1/dek", name.subject, name.space, name.v, kek_v)
