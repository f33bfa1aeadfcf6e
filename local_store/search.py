"""Full text over the records held: quoted tokens only, never the raw syntax of FTS5 (D12).

Candidates are capped before ranking; order: the title holds the words, then the latest first. The
excerpt is cut here, because asking FTS5 for it would run a prefix query once per hit.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from local_store.connections import Connection
from local_store.rows import SERIAL_BITS, SHELVES_PER_OWNER
from practitioner_app.ports import Hit
from practitioner_app.services.slips import SHORTEST, slips_of

_QUERY_CHARS: Final = 200
_TOKENS: Final = 8
_CANDIDATES: Final = 250
_PREFIX_CHARS: Final = 3
_BEFORE: Final = 40
_EXCERPT: Final = 120
_WORD: Final = re.compile(r"[^\W_]+")
_PENDING: Final = (
    "SELECT o.owner, o.rtype, o.id, o.sort_at, o.title, o.words FROM newest AS o "
    "WHERE o.folded <> '' AND (? IS NULL OR o.owner = ?)"
)
START: Final = "\x02"
END: Final = "\x03"


def tokens(words: str) -> list[str]:
    """The searchable tokens of what a person typed."""
    text = unicodedata.normalize("NFKC", words)[:_QUERY_CHARS].replace("\0", " ")
    return [part for part in text.split() if any(ch.isalnum() for ch in part)][:_TOKENS]


def match_of(parts: Iterable[str]) -> str:
    """The MATCH expression: every word quoted, the last of a longer token also as a beginning."""
    return " ".join(
        f'"{word}"' + ("*" if open_ended else "") for word, open_ended in _beginnings(parts)
    )


def near_of(parts: Iterable[str]) -> str:
    """The same with one slip forgiven in each of its longer words; "" when there is none."""
    words = _beginnings(parts)
    if not any(len(word) >= SHORTEST for word, _ in words):
        return ""
    groups = (" OR ".join(f'"{one}"' for one in slips_of(word)) for word, _ in words)
    return " AND ".join(f"({group})" for group in groups)


def fold(text: str) -> str:
    """Lower case without accents, character for character (same length)."""
    return "".join(_fold(ch) for ch in text)


def folded_words(text: str) -> str:
    """Every word once, folded, with a space before and after each."""
    words = dict.fromkeys(_WORD.findall(fold(text)))
    return f" {' '.join(words)} " if words else ""


def excerpt(text: str, parts: Sequence[str]) -> str:
    """The surroundings of the first match, matches between U+0002 and U+0003."""
    text = text.replace(START, " ").replace(END, " ").replace("\n", " ")
    beginnings = _beginnings(parts)
    spans = [
        found.span() for found in _WORD.finditer(fold(text)) if _matches(found.group(), beginnings)
    ]
    if not spans:
        return text[:_EXCERPT]
    low = _word_after(text, max(0, spans[0][0] - _BEFORE), spans[0][0])
    high = low + _EXCERPT
    out, at = [], low
    for start, end in spans:
        if start < high:
            out += [text[at:start], START, text[start:end], END]
            at = end
    out.append(text[at : max(at, high)])
    return ("…" if low else "") + "".join(out).strip() + ("…" if high < len(text) else "")


def _word_after(text: str, low: int, high: int) -> int:
    """Where the first whole word from `low` on begins; `high` at most."""
    if not low or text[low - 1].isspace():
        return low
    gap = text.find(" ", low, high)
    return high if gap < 0 else gap + 1


def find_hits(
    db: Connection, words: str, owner: int | None, limit: int, excerpts: int | None = None
) -> list[Hit]:
    """Hits in confirmed rows that nothing covers, and in what waits to be sent. The first `excerpts`
    documents have one (all, if it is None): cutting it means reading and folding the whole text. A
    Patient has none: it is found by its name. Where nothing answers in the whole copy, one slip is forgiven.
    """
    parts = tokens(words)
    match = match_of(parts)
    if not match or limit <= 0:
        return []
    found: list[tuple[Hit, int | None]] = [(hit, None) for hit in _pending_hits(db, parts, owner)]
    near = "" if owner is not None else near_of(parts)
    rows = _matching(db, match, owner, limit)
    if near and not rows and not found:
        rows = _matching(db, near, owner, limit)
    found += [(Hit._make([*place, ""]), n) for n, *place in rows]
    beginnings = _beginnings(parts)
    found.sort(key=lambda one: one[0].at, reverse=True)
    found.sort(key=lambda one: not _holds(one[0].title, beginnings))
    left = limit if excerpts is None else excerpts
    hits = []
    for hit, n in found[:limit]:
        if n is None or hit.rtype == "Patient" or left <= 0:
            hits.append(hit)
            continue
        left -= 1
        (text,) = db.execute("SELECT words FROM texts WHERE n = ?", (n,)).fetchone()
        hits.append(hit._replace(excerpt=excerpt(text, parts)))
    return hits


def _matching(
    db: Connection, match: str, owner: int | None, limit: int
) -> list[tuple[int, int, str, str, str, str]]:
    low, high = _range(db, owner)
    rows: list[tuple[int, int, str, str, str, str]] = db.execute(
        "SELECT f.rowid, s.owner, s.rtype, c.id, c.at, t.title FROM "
        "(SELECT rowid FROM found WHERE found MATCH ? AND rowid >= ? AND rowid < ? LIMIT ? + 0) AS f "
        "CROSS JOIN confirmed AS c ON c.n = f.rowid CROSS JOIN shelf AS s ON s.shelf = c.shelf "
        "CROSS JOIN texts AS t ON t.n = f.rowid "
        "WHERE EXISTS (SELECT 1 FROM visible AS v WHERE v.n = c.compartment AND v.least <= c.own) "
        "AND NOT EXISTS (SELECT 1 FROM standing AS o WHERE o.owner = s.owner "
        "AND o.rtype = s.rtype AND o.id = c.id AND o.shows IS NOT NULL) "
        "ORDER BY c.at DESC LIMIT ? + 0",
        (match, low, high, _CANDIDATES, 2 * limit),
    ).fetchall()
    return rows


def _pending_hits(db: Connection, parts: Sequence[str], owner: int | None) -> list[Hit]:
    sought = [f" {word}" + ("" if open_ended else " ") for word, open_ended in _beginnings(parts)]
    rows = db.execute(
        _PENDING + " AND instr(o.folded, ?) > 0" * len(sought),
        (owner, owner, *sought),
    ).fetchall()
    return [Hit._make([*row[:5], excerpt(row[5], parts)]) for row in rows]


def _range(db: Connection, owner: int | None) -> tuple[int, int]:
    if owner is None:
        return 0, 1 << 62
    low = db.execute("SELECT min(shelf) FROM shelf WHERE owner = ?", (owner,)).fetchone()[0]
    if low is None:
        return 0, 0
    return low << SERIAL_BITS, (low + SHELVES_PER_OWNER) << SERIAL_BITS


def _beginnings(parts: Iterable[str]) -> list[tuple[str, bool]]:
    """(folded word, whether it may be only a beginning), punctuation cut as the index cuts it."""
    found = []
    for part in parts:
        words = _WORD.findall(fold(part))
        found += [(word, False) for word in words[:-1]]
        found += [(word, len(part) >= _PREFIX_CHARS) for word in words[-1:]]
    return found


def _matches(word: str, beginnings: Iterable[tuple[str, bool]]) -> bool:
    return any(
        word == begin or (open_ended and word.startswith(begin)) for begin, open_ended in beginnings
    )


def _holds(text: str, beginnings: Sequence[tuple[str, bool]]) -> bool:
    words = set(_WORD.findall(fold(text)))
    return all(any(_matches(word, [begin]) for word in words) for begin in beginnings)


def _fold(ch: str) -> str:
    if ch < "\x80":
        return ch.lower()
    bare = unicodedata.normalize("NFD", ch)[0].lower()
    return bare if len(bare) == 1 else ch
