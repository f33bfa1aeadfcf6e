"""Signed roots of the log as text: C2SP tlog-checkpoint in a signed note.

<origin>
<size in decimal>
<root in base64>
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple

from dossier.errors import SealBroken
from dossier.sealing.merkle import HASH_BYTES
from dossier.sealing.notes import canonical_base64, sign_note, verify_note


class Checkpoint(NamedTuple):
    """A log, how many leaves it has and their root."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(private: bytes, origin: str, size: int, root: bytes) -> bytes:
    """The signed text. `origin` names the log: no space, no plus. Raises ValueError for what has no form."""
    if size < 0 or len(root) != HASH_BYTES:
        raise ValueError("a checkpoint is an origin without spaces, a size and a 32-byte root")
    return sign_note(private, origin, f"{origin}\n{size}\n{b64encode(root).decode()}\n")


def verify_checkpoint(publics: bytes | Sequence[bytes], text: bytes) -> Checkpoint:
    """What the log's key, or one of its keys, signed; raises SealBroken for anything else."""
    keys = (publics,) if isinstance(publics, bytes) else publics
    origin, *lines = verify_note(keys, None, text)[:-1].split("\n")
    if len(lines) < 2 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[0]):
        raise SealBroken
    root = canonical_base64(lines[1])
    if len(root) != HASH_BYTES:
        raise SealBroken
    return Checkpoint(origin, int(lines[0]), root)
