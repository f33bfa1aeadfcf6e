"""Data keys of archived records, sealed to a key that is kept offline (security.md §4.5; HPKE, RFC 9180)."""

import hashlib

from dossier.sealing.encoding import tup
from dossier.sealing.recovery_key import open_sealed, seal_to


def seal_archived(public: bytes, key: bytes, subject: int, space: str, version: int) -> bytes:
    """Bound to whose key it is: one sealed key never passes for another."""
    return seal_to(public, key, _context(subject, space, version))


def open_archived(private: bytes, sealed: bytes, subject: int, space: str, version: int) -> bytes:
    """Undo `seal_archived`; raises SealBroken."""
    return open_sealed(private, sealed, _context(subject, space, version))


def key_fingerprint(sealed_or_key: bytes) -> str:
    """What the journal says of a key that is no more: which one it was, and nothing of it."""
    return hashlib.sha256(tup("colloque/v1/key-fingerprint", sealed_or_key)).hexdigest()[:32]


def _context(subject: int, space: str, version: int) -> bytes:
    return tup("colloque/v1/archive", subject, space, version)
