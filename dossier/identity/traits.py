"""Strict traits and the forms of a name that are compared.

Strict form (RNIV): capitals without diacritics, hyphen and apostrophe kept. Compared form (`norm`):
letters and digits only, so that `D'Orval`, `D ORVAL` and `d’orval` are one name in a blind index. No
value of this module is ever logged; `repr` shows no trait.
"""

import re
import unicodedata
from typing import Final

from msgspec import Struct

from dossier.errors import Issue

_SPELLED: Final = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i",
        "’": "'", "ʼ": "'", "‘": "'", "´": "'", "`": "'",
        "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-",
    }
)  # fmt: skip
_NOT_STRICT: Final = re.compile(r"[^A-Z0-9' \-]+")
_SPACES: Final = re.compile(r"\s+")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
UNKNOWN_PLACE: Final = "99999"
_PLACE: Final = re.compile(r"(?:\d{5}|2[AB]\d{3})")


def plain(text: str) -> str:
    """Letters without their diacritics, ligatures spelled out, straight apostrophe and hyphen."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).translate(
        _SPELLED
    )


def strict(text: str) -> str:
    """The strict form of a name trait: `Hélène d’Orval` gives `HELENE D'ORVAL`."""
    bare = _NOT_STRICT.sub(" ", plain(text).upper())
    return _SPACES.sub(" ", bare).strip()


def norm(text: str) -> str:
    """The form two names are compared in: lower case letters and digits, nothing else."""
    return "".join(words(text))


def words(text: str) -> tuple[str, ...]:
    """The parts of a name or of a query, folded: `Marie-Louise` gives (`marie`, `louise`)."""
    return tuple(part for part in _NOT_WORD.split(plain(text).lower()) if part)


class Traits(Struct, frozen=True, kw_only=True):
    """The strict traits (IDT-01) and, beside them, the names in use.

    `birth_givens` is the list as one text, `sex` one of M, F, I; `birth_date` ISO, day or month left out
    where unknown; `birth_place` a COG code (99999: unknown).
    """

    birth_name: str
    birth_givens: str
    first_birth_given: str
    sex: str
    birth_date: str
    birth_place: str = ""
    used_name: str = ""
    used_given: str = ""

    def __repr__(self) -> str:
        return "Traits(masked)"

    __str__ = __repr__

    def strict(self) -> "Traits":
        """The same with its names in strict form; the names in use are kept as typed."""
        return Traits(
            birth_name=strict(self.birth_name),
            birth_givens=strict(self.birth_givens),
            first_birth_given=strict(self.first_birth_given),
            sex=self.sex,
            birth_date=self.birth_date,
            birth_place=self.birth_place.upper(),
            used_name=self.used_name,
            used_given=self.used_given,
        )

    def issues(self) -> tuple[Issue, ...]:
        """What is wrong or doubtful: missing traits, a first given name that does not open the list, an
        unknown sex, a malformed or unknown place of birth (IDT-08).
        """
        found = [
            Issue(name, "missing")
            for name in ("birth_name", "birth_givens", "first_birth_given", "birth_date")
            if not getattr(self, name).strip()
        ]
        if not norm(self.birth_givens).startswith(norm(self.first_birth_given)):
            found.append(Issue("first_birth_given", "not_first_of_list"))
        if self.sex not in ("M", "F", "I"):
            found.append(Issue("sex", "unknown_code"))
        if self.birth_place == UNKNOWN_PLACE:
            found.append(Issue("birth_place", "place_unknown"))
        elif self.birth_place and not _PLACE.fullmatch(self.birth_place.upper()):
            found.append(Issue("birth_place", "place_format"))
        return tuple(found)

    def keys(self) -> tuple[str, ...]:
        """The texts a blind index holds for this person (IDT-04): exact with sex, then without it."""
        parts = (norm(self.birth_name), norm(self.first_birth_given), self.birth_date)
        exact = "|".join(parts)
        return (f"{exact}|{self.sex}", exact)
