"""Finding a patient among those held: parts of names without accents, a birth date, an INS.

Every word must be the beginning of a word of a name; digits that read as a date, or as the beginning of
an INS, narrow. Where nobody answers, one slip in a word of five letters or more is forgiven. Candidates are capped before ranking; a limit never cuts between homonyms (HZ-01, HZ-02).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from dossier.identity.birth import birth_dates
from local_store.connections import Connection
from local_store.rows import plain_words
from practitioner_app.ports import PatientLine
from practitioner_app.services.slips import SHORTEST, one_slip

_QUERY_CHARS: Final = 200
_WORDS: Final = 8
_CANDIDATES: Final = 400
_NEAR: Final = 40
_INS: Final = re.compile(r"\d{5,6}(?:[0-9AB]\d{0,8})?")
_LAST: Final = "\U0010ffff"
_COLUMNS: Final = (
    "p.owner, p.family, p.given, p.birth_name, p.birth_date, p.sex, p.ins, p.status, p.deceased"
)


class Sought(NamedTuple):
    """What a person typed: name beginnings, readings of a date (prefixes), beginning of an INS."""

    names: tuple[str, ...]
    dates: tuple[str, ...]
    ins: str


def read_query(words: str) -> Sought:
    """The longest run of words that is a date or an INS is that; the others are names."""
    parts = unicodedata.normalize("NFKC", words)[:_QUERY_CHARS].split()[:_WORDS]
    for length in range(len(parts), 0, -1):
        for start in range(len(parts) - length + 1):
            run = " ".join(parts[start : start + length])
            if not any(ch.isdigit() for ch in run):
                continue
            dates = birth_dates(run)
            digits = re.sub(r"[\s.\-]", "", run).upper()
            ins = digits if _INS.fullmatch(digits) else ""
            if dates or ins:
                rest = " ".join(parts[:start] + parts[start + length :])
                return Sought(tuple(plain_words(rest)), dates, ins)
    return Sought(tuple(plain_words(" ".join(parts))), (), "")


def find_patients(db: Connection, words: str, limit: int) -> list[PatientLine]:
    """Best first: the family name as typed, then its beginning, then the others; then by name."""
    sought = read_query(words)
    if words.strip() and not any(sought):
        return []
    rows = _found(db, _conditions(sought), limit)
    if not rows and any(len(name) >= SHORTEST for name in sought.names):
        rows = _found(db, _conditions(sought, _words_near(db, sought.names)), limit)
    ranked = sorted(rows, key=lambda row: _rank(row, sought.names))
    end = min(limit, len(ranked))
    while 0 < end < len(ranked) and _name(ranked[end]) == _name(ranked[end - 1]):
        end += 1
    return [as_line(row[:9]) for row in ranked[:end]]


def _found(db: Connection, conditions: tuple[str, list[str]], limit: int) -> list[tuple[str, ...]]:
    where, values = conditions
    rows: list[tuple[str, ...]] = db.execute(
        f"SELECT {_COLUMNS}, p.sorted FROM listed AS p WHERE 1 = 1{where} "  # noqa: S608 - conditions are constants
        "ORDER BY p.sorted, p.birth_date, p.owner LIMIT ? + 0",
        (*values, max(_CANDIDATES, limit)),
    ).fetchall()
    return rows


def _words_near(db: Connection, names: Sequence[str]) -> dict[str, list[str]]:
    """For each name typed with a slip, the words of names it may have been; asked when nothing answers as typed."""
    words = [word for (word,) in db.execute("SELECT DISTINCT word FROM patient_word")]
    return {
        name: [word for word in words if one_slip(name, word)][:_NEAR]
        for name in names
        if len(name) >= SHORTEST
    }


def patient_of(db: Connection, owner: int) -> PatientLine | None:
    """The line of one patient."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM shelf AS s CROSS JOIN listed AS p "  # noqa: S608 - constant
        "WHERE s.owner = ? AND s.rtype = 'Patient' AND p.n >= s.shelf << 24 "
        "AND p.n < (s.shelf + 1) << 24 ORDER BY p.n LIMIT 1",
        (owner,),
    ).fetchone()
    return None if row is None else as_line(row)


def as_line(row: Sequence[object]) -> PatientLine:
    """One row of `_COLUMNS` as the screens want it."""
    return PatientLine._make([*row[:8], bool(row[8])])


def _conditions(
    sought: Sought, near: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, list[str]]:
    """`near`: the words that stand for a name which no word begins with."""
    where, values = "", list[str]()
    for name in sought.names:
        if near and near.get(name):
            marks = ", ".join("?" * len(near[name]))
            where += f" AND p.n IN (SELECT w.n FROM patient_word AS w WHERE w.word IN ({marks}))"  # noqa: S608 - marks only
            values += near[name]
            continue
        where += " AND p.n IN (SELECT w.n FROM patient_word AS w WHERE w.word >= ? AND w.word < ?)"
        values += [name, name + _LAST]
    numbers: list[str] = []
    for date in sought.dates:
        numbers.append("(p.birth_date >= ? AND p.birth_date < ?)")
        values += [date, date + _LAST]
    if sought.ins:
        numbers.append("(p.ins >= ? AND p.ins < ?)")
        values += [sought.ins, sought.ins + _LAST]
    if numbers:
        where += f" AND ({' OR '.join(numbers)})"
    return where, values


def _name(row: Sequence[str]) -> str:
    """Family and given name, as homonyms share them."""
    return row[9].rpartition("\t")[0]


def _rank(row: Sequence[str], names: Sequence[str]) -> int:
    """Lower is better; rows of equal rank keep the order of the names."""
    family, _, birth = (part.split() for part in row[9].split("\t"))
    rank = 0
    for name in names:
        if name in family:
            continue
        if any(word.startswith(name) for word in family):
            rank += 1
        elif any(word.startswith(name) for word in birth):
            rank += 2
        else:
            rank += 3
    return rank * 2 + (row[7] != "active")
