"""Reading dated packs: CSV with semicolons, six `#` lines of origin, one line of columns, then entries.

A pack is data: replaceable without a release, its date and source visible, checked before anything is
served from it. Raises Invalid with the file, the line and the rule that failed.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from importlib.resources.abc import Traversable
from typing import Final, Generic, TypeVar

import msgspec

from dossier.errors import Invalid, Issue
from dossier.terminology.concepts import Concept, PackNote

C = TypeVar("C", bound=Concept)

_NOTES: Final = ("name", "title", "version", "date", "system", "source")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})


def fold(text: str) -> tuple[str, ...]:
    """The words of a text in small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_LIGATURES))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return tuple(part for part in _NOT_WORD.split(bare) if part)


class Pack(Generic[C]):
    """The entries of one pack in their order, by code, and by words."""

    def __init__(self, note: PackNote, entries: tuple[C, ...]) -> None:
        self.note = note
        self.entries = entries
        self._by_code = {entry.code: entry for entry in entries}
        self._words = [
            (fold(entry.fr), fold(f"{entry.en} {entry.also} {entry.code}")) for entry in entries
        ]

    def get(self, code: str) -> C | None:
        return self._by_code.get(code)

    def named(self, words: str) -> C | None:
        """The entry whose French or English label is these very words, accents and capitals aside."""
        wanted = fold(words)
        labels = ((entry, (fold(entry.fr), fold(entry.en))) for entry in self.entries)
        return next((entry for entry, known in labels if wanted and wanted in known), None)

    def search(self, words: str, limit: int = 20) -> tuple[C, ...]:
        """Entries in which every word typed begins a word, labels that begin with it first; the pack's
        order otherwise. Everything, up to the limit, when nothing is typed.
        """
        wanted = fold(words)
        found = []
        for place, (label, more) in enumerate(self._words):
            if all(_begins(word, label) or _begins(word, more) for word in wanted):
                first = not wanted or (bool(label) and label[0].startswith(wanted[0]))
                found.append((not first, place))
        return tuple(self.entries[place] for _, place in sorted(found)[:limit])


def _begins(word: str, words: Iterable[str]) -> bool:
    return any(candidate.startswith(word) for candidate in words)


def read_pack(folder: Traversable, name: str, kind: type[C]) -> Pack[C]:
    """Load `<name>.csv` of a folder; raises Invalid."""
    file = f"{name}.csv"
    try:
        lines = folder.joinpath(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid((Issue(file, "unreadable"),)) from error
    notes = dict(line[1:].split(";", 1) for line in lines[: len(_NOTES)] if line.startswith("#"))
    _check_notes(file, name, notes)
    rows = csv.reader(lines[len(_NOTES) :], delimiter=";", quoting=csv.QUOTE_NONE)
    columns = next(rows, [])
    entries: list[C] = []
    codes: set[str] = set()
    for number, row in enumerate(rows, start=len(_NOTES) + 2):
        entry = _entry(f"{file}:{number}", columns, row, notes["system"], kind)
        if entry.code in codes:
            raise Invalid((Issue(f"{file}:{number}", "repeated_code"),))
        codes.add(entry.code)
        entries.append(entry)
    if not entries:
        raise Invalid((Issue(file, "empty"),))
    note = PackNote(**{key: notes[key] for key in _NOTES}, entries=len(entries))
    return Pack(note, tuple(entries))


def _check_notes(file: str, name: str, notes: dict[str, str]) -> None:
    missing = [key for key in _NOTES if key not in notes]
    if missing or not notes["source"] or not notes["version"]:
        raise Invalid((Issue(file, "origin_missing", ", ".join(missing)),))
    if notes["name"] != name:
        raise Invalid((Issue(file, "other_pack"),))
    try:
        date.fromisoformat(notes["date"])
    except ValueError as error:
        raise Invalid((Issue(file, "date"),)) from error


def _entry(path: str, columns: list[str], row: list[str], system: str, kind: type[C]) -> C:
    if len(row) != len(columns):
        raise Invalid((Issue(path, "columns", f"{len(row)} instead of {len(columns)}"),))
    fields = {column: cell for column, cell in zip(columns, row, strict=True) if cell}
    try:
        entry = msgspec.convert({"system": system, **fields}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid((Issue(path, "entry", str(error)),)) from error
    unknown = set(columns) - set(kind.__struct_fields__)
    if unknown or not entry.system:
        raise Invalid((Issue(path, "entry", ", ".join(sorted(unknown)) or "system"),))
    return entry
