"""Keys under keys: AES-256-GCM wraps and HKDF-SHA256 derivation (RFC 5869, NIST SP 800-38D)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup

KEY_BYTES = 32
NONCE_BYTES = 12


def wrap(kek: bytes, key: bytes, aad: bytes, entropy: Entropy) -> bytes:
    """nonce12 || AES-256-GCM(kek, key, aad). `aad` is a `tup` that says which key this is."""
    nonce = entropy.bytes(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, key, aad)


def unwrap(kek: bytes, wrapped: bytes, aad: bytes) -> bytes:
    """Undo `wrap`; raises SealBroken for a wrong key, another context or altered bytes."""
    try:
        return AESGCM(kek).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def derive(key: bytes, label: str, *parts: bytes | str | int) -> bytes:
    """A 32-byte key for one purpose: HKDF-SHA256 with empty salt and info `tup(label, *parts)`."""
    return expand(key, b"", tup(label, *parts), KEY_BYTES)


def expand(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869 §2), extract and expand."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(key)
