"""Device keys: Ed25519 (RFC 8032), raw 32-byte keys, 64-byte signatures."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from dossier.entropy import Entropy

KEY_BYTES = 32


def new_private_key(entropy: Entropy) -> bytes:
    """A fresh private key (its 32-byte seed)."""
    return entropy.bytes(KEY_BYTES)


def public_key(private: bytes) -> bytes:
    """The public key that belongs to it."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sign(private: bytes, message: bytes) -> bytes:
    """Sign a message, always a `tup` under a label of its own."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """True iff this key signed this message; False for a malformed key or signature as well."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
