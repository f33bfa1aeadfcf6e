"""Which passwords are refused when they are chosen (ASVS 5.0 6.2.1 to 6.2.12, CNIL 2022).

Length between 12 and 128 characters; no rule of composition, no rotation. Refused: what everybody tries first
(`known/passwords.txt`, derived by a script of ours), a row or a repetition, and what others know of the person.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final
from unicodedata import normalize

from dossier.sealing.strength import flat_form, holds_word, phrase_strength

ADVISED_CHARACTERS: Final = 15
_LETTERS: Final = str.maketrans("01345789@$!", "oieastbgasi")
_REASONS: Final = {
    "too_short": "password_short",
    "too_long": "password_long",
    "repetitive": "password_known",
    "sequence": "password_known",
    "forbidden_word": "password_own",
}


def password_problem(password: str, names: Iterable[str] = (), places: Iterable[str] = ()) -> str:
    """Why this password is refused: `password_short`, `password_long`, `password_known`, `password_own`; "" for
    one that is taken. `names` (of the person, of sign-in) stand nowhere in it; it is more than words of `places`.
    """
    text = normalize("NFKC", password)
    names = tuple(names)
    others = " ".join((*names, *places)).split()
    for reason in phrase_strength(text, others).reasons:
        if reason in _REASONS:
            return _REASONS[reason]
    flat = flat_form(text)
    if any(holds_word(flat, name) for name in names):
        return "password_own"
    spelt = flat_form(text.casefold().translate(_LETTERS))
    return "password_known" if {flat, spelt} & _known() else ""


@cache
def _known() -> frozenset[str]:
    text = (files("dossier.sealing.known") / "passwords.txt").read_text(encoding="ascii")
    return frozenset(text.split())
