"""Sealing to a key that is kept offline: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM.

Whoever holds the public half can only close. The ephemeral key of each sealing is drawn by the library itself
from the system: this construction takes no randomness from outside.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from dossier.errors import SealBroken

KEY_BYTES = 32
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def recovery_public(private: bytes) -> bytes:
    """The public half of 32 random bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal_to(public: bytes, plain: bytes, info: bytes) -> bytes:
    """Only the private half opens it, and only with the same `info`, a `tup` that says what it is.
    Raises ValueError for a malformed key.
    """
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=info)


def open_sealed(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Undo `seal_to`; raises SealBroken for another key, another `info` or altered bytes."""
    try:
        return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info=info)
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error
