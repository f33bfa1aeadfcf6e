"""Blind indexes: the owner under which a globally unique value is reserved (SCALE rule 4).

A plain hash of an INS or of a name and birth date can be enumerated; a keyed one cannot without the
secret, which lies outside the database. Values are normalised first, so that the usual spellings of one
value meet.
"""

import hashlib
import hmac
from unicodedata import combining, normalize

from dossier.sealing.encoding import tup

_LIGATURES = str.maketrans({"Œ": "OE", "Æ": "AE", "Ø": "O", "Ł": "L", "Đ": "D"})


class BlindIndex:
    """Keyed 63-bit owner hashes, never 0. One 32-byte secret; the kinds never meet.

    Absence of a value is the caller's affair: empty text has a hash like any other.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def ins(self, oid: str, digits: str) -> int:
        """National health identifier: OID of its authority and its characters without spaces or key."""
        return self._hash("ins", oid.strip(), "".join(digits.split()).upper())

    def traits(self, birth_name: str, first_given: str, birth_date: str, sex: str = "") -> int:
        """Strict identity traits together; never a name alone (frequency attack)."""
        return self._hash(
            "traits", letters(birth_name), letters(first_given), birth_date.strip(), sex.strip()
        )

    def login(self, text: str) -> int:
        """A sign-in name or e-mail address, case-insensitive."""
        return self._hash("login", normalize("NFKC", text).strip().casefold())

    def device(self, id: str) -> int:  # noqa: A002 - the word of the protocol
        """A device id."""
        return self._hash("device", id)

    def locator(self, text: str) -> int:
        """A foreign identifier such as `Patient/123`, exactly as written."""
        return self._hash("locator", text)

    def rpps(self, text: str) -> int:
        """The number of a professional in the national register."""
        return self._hash("rpps", "".join(text.split()))

    def address(self, text: str) -> int:
        """A network somebody asks from."""
        return self._hash("address", text)

    def _hash(self, kind: str, *parts: str) -> int:
        mac = hmac.new(self._key, tup("colloque/v1/bi/" + kind, *parts), hashlib.sha256).digest()
        return (int.from_bytes(mac[:8], "big") >> 1) or 1


def letters(name: str) -> str:
    """Upper-case letters only, without accents: the form in which identity traits are compared."""
    upper = normalize("NFKD", name.upper().translate(_LIGATURES))
    return "".join(c for c in upper.upper() if c.isalpha() and not combining(c))
