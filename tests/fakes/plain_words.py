"""Looks for words in raw bytes, in the forms in which a careless program would write them."""

import base64
from collections.abc import Iterable
from pathlib import Path


def forms(word: str) -> list[bytes]:
    """UTF-8, UTF-16 both ways, hexadecimal both cases, base64 at each alignment."""
    plain = word.encode()
    coded = [base64.b64encode(b"x" * pad + plain) for pad in range(3)]
    inner = [code[4 if pad else 0 : -4] for pad, code in enumerate(coded)]
    hexed = plain.hex().encode()
    wide = [word.encode("utf-16-le"), word.encode("utf-16-be")]
    return [plain, *wide, hexed, hexed.upper(), *(code for code in inner if len(code) >= 6)]


def words_in(paths: Iterable[Path], words: Iterable[str]) -> dict[str, set[str]]:
    """Each file that holds one of the words in one of its forms, with the words found."""
    wanted = [(word, form) for word in words for form in forms(word)]
    found: dict[str, set[str]] = {}
    for path in paths:
        raw = path.read_bytes()
        hits = {word for word, form in wanted if form in raw}
        if hits:
            found[str(path)] = hits
    return found
