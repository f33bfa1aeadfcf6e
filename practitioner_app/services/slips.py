"""One slip of the fingers: a letter too many, too few, another one, or two in the wrong order (Damerau).

Forgiven in words of five letters or more only: in shorter ones it would be another word.
"""

from typing import Final

SHORTEST: Final = 5
_LONGEST: Final = 14
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def one_slip(typed: str, word: str) -> bool:
    """Whether `typed` is one slip away from a beginning of `word`; both folded."""
    if len(typed) < SHORTEST or len(typed) > len(word) + 1:
        return False
    at = 0
    while at < len(typed) and at < len(word) and typed[at] == word[at]:
        at += 1
    if at == len(typed):
        return False  # no slip at all: a beginning
    rest = typed[at + 1 :]
    return (
        word.startswith(rest, at)  # a letter too many
        or word.startswith(typed[at:], at + 1)  # one too few
        or word.startswith(rest, at + 1)  # another one
        or (
            typed[at : at + 2] == word[at : at + 2][::-1]
            and word.startswith(typed[at + 2 :], at + 2)
        )
    )


def slips_of(word: str) -> tuple[str, ...]:
    """Every word one slip away, and the word itself first; nothing but the word where none is forgiven."""
    if not SHORTEST <= len(word) <= _LONGEST:
        return (word,)
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = dict.fromkeys((word,))
    for head, tail in cuts:
        if len(tail) > 1:
            found[head + tail[1] + tail[0] + tail[2:]] = None
        if tail:
            found[head + tail[1:]] = None
        for letter in _LETTERS:
            found[head + letter + tail] = None
            if tail:
                found[head + letter + tail[1:]] = None
    return tuple(found)
