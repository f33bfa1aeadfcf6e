"""Is a passphrase long enough to stand an offline attack on a stolen profile?

Length, no composition rule (CNIL 2022, ANSSI-PG-078): twelve characters that are not one word and a
number, a row of the keyboard, or words the person is known by.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple
from unicodedata import combining, normalize

MIN_CHARACTERS = 12
MAX_CHARACTERS = 128
MIN_DISTINCT = 6
_NAME_LENGTH = 4
_KEYBOARDS = "azertyuiopqsdfghjklmwxcvbn qwertyuiopasdfghjklzxcvbnm"


class Strength(NamedTuple):
    """What was counted, and why it is not enough: `too_short`, `too_long`, `repetitive`, `sequence`,
    `one_word_and_number`, `forbidden_word`. No reason: accepted.
    """

    words: int
    characters: int
    reasons: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        return not self.reasons


def phrase_strength(phrase: str, forbidden_words: Iterable[str] = ()) -> Strength:
    """Judge a passphrase. `forbidden_words` are names of the person, the practice, the product.

    Comparison ignores case and accents. Forbidden words of fewer than four letters are not looked for.
    """
    text = normalize("NFKC", phrase).strip()
    words = [word for word in re.split(r"[\W_]+", text) if word]
    flat = flat_form(text)
    rules = (
        ("too_short", len(text) < MIN_CHARACTERS),
        ("too_long", len(text) > MAX_CHARACTERS),
        ("repetitive", len(set(flat)) < MIN_DISTINCT or (len(words) > 1 and len(set(words)) == 1)),
        ("sequence", _is_sequence(flat)),
        ("one_word_and_number", bool(re.fullmatch(r"[^\W\d_]+[\d\W_]*", text)) and len(text) < 20),
        ("forbidden_word", _holds(flat, forbidden_words)),
    )
    return Strength(len(words), len(text), tuple(name for name, broken in rules if broken))


def flat_form(text: str) -> str:
    """Letters and digits alone, without case or accents: the form in which words are looked for."""
    return "".join(
        c for c in normalize("NFKD", text.casefold()) if c.isalnum() and not combining(c)
    )


def holds_word(flat: str, words: str) -> bool:
    """Does this flat text hold one of these words, when it is of four letters or more?"""
    found = [flat_form(word) for word in words.split()]
    return any(len(word) >= _NAME_LENGTH and word in flat for word in found)


def _is_sequence(flat: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(flat)}
    return len(flat) > 1 and (steps <= {1, -9} or steps <= {-1, 9} or flat in _KEYBOARDS)


def _holds(flat: str, forbidden: Iterable[str]) -> bool:
    """Is the phrase little more than words others know? What is left without them must be long enough."""
    rest = flat
    for word in sorted((flat_form(word) for word in forbidden), key=len, reverse=True):
        if len(word) >= _NAME_LENGTH:
            rest = rest.replace(word, "")
    return rest != flat and len(rest) < MIN_CHARACTERS
