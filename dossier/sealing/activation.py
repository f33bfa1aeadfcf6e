"""The activation code: 80 random bits that begin an account, good once and for a day.

Four groups of four characters, read as a recovery code is (case, dashes and O/0, I/1, L/1 are forgiven). Only its
hash is kept.
"""

import hashlib
from typing import Final

from dossier.entropy import Entropy
from dossier.sealing.encoding import tup
from dossier.sealing.recovery import base32, typed_characters

_BYTES: Final = 10
_CHARACTERS: Final = 16


def new_activation_code(entropy: Entropy) -> str:
    """A fresh code as a person reads it."""
    text = base32(entropy.bytes(_BYTES))
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def hash_of_code(code: str) -> bytes:
    """What is kept of a typed code; raises SealBroken for what no code can be."""
    typed = typed_characters(code, _CHARACTERS)
    return hashlib.sha256(tup("colloque/v1/activation", typed)).digest()
