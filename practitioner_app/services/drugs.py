"""The drugs one may name: our short list, and the State's public database once somebody imported it.

The imported files are parsed once and kept, packed, in this person's encrypted store; the index is made at the first
search and dropped at each lock. Importing again replaces what was there; a file that is not right changes nothing.
"""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO, Final

import msgspec
from msgspec import Struct

from dossier.clock import Clock, to_wire
from dossier.errors import Invalid, Issue
from dossier.terminology import bdpm
from dossier.terminology.bdpm import OfficialDrug
from dossier.terminology.catalogue import Terminology
from dossier.terminology.drug_search import DrugChoice, DrugIndex
from practitioner_app.ports import Packs

PACK: Final = "bdpm"
_MEMBERS: Final = 200
_BY_NAME: Final = {name.casefold(): name for name in bdpm.FILES}


class DrugSource(Struct, frozen=True, kw_only=True):
    """What is searched. `imported` "" while there is only our list, of `listed` lines dated `list_date`.
    `published`: the date of the State's file, as the disk or the archive has it.
    """

    listed: int
    list_date: str
    imported: str = ""
    published: str = ""
    drugs: int = 0
    lines: int = 0
    wrong: int = 0


class _Kept(Struct, frozen=True):
    """What lies in the store."""

    published: str
    lines: int
    wrong: int
    drugs: tuple[OfficialDrug, ...]


_decoder = msgspec.msgpack.Decoder(_Kept)


class DrugService:
    """`search`, `source`: read lane. `take`, `drop`: write lane. Raises Invalid (file, rule) and StoreError kin."""

    def __init__(self, terms: Terminology, packs: Packs, clock: Clock) -> None:
        self._terms, self._packs, self._clock = terms, packs, clock
        self._lock = Lock()
        self._index: DrugIndex | None = None

    def search(self, words: str, limit: int = 12) -> tuple[DrugChoice, ...]:
        """Best first."""
        with self._lock:
            index = self._index
            if index is None:
                kept = self._kept()
                drugs = kept[0].drugs if kept is not None else ()
                index = self._index = DrugIndex(self._terms.drug_list.entries, drugs)
        return index.search(words, limit)

    def source(self) -> DrugSource:
        """Which lists are searched, and how old they are."""
        note, kept = self._terms.drug_list.note, self._kept()
        if kept is None:
            return DrugSource(listed=note.entries, list_date=note.date)
        pack, imported = kept
        return DrugSource(
            listed=note.entries,
            list_date=note.date,
            imported=imported,
            published=pack.published,
            drugs=len(pack.drugs),
            lines=pack.lines,
            wrong=pack.wrong,
        )

    def take(self, place: Path) -> DrugSource:
        """Import the files of a folder or of a zip archive; what was imported before is replaced."""
        files, published = _read(place)
        official = bdpm.read_bdpm(files)
        kept = _Kept(published, official.lines, official.wrong, official.drugs)
        self._packs.keep(PACK, msgspec.msgpack.encode(kept), to_wire(self._clock.now()))
        self.forget()
        return self.source()

    def drop(self) -> DrugSource:
        """Back to our short list alone."""
        self._packs.drop(PACK)
        self.forget()
        return self.source()

    def forget(self) -> None:
        """The session locks, or the list was replaced."""
        with self._lock:
            self._index = None

    def _kept(self) -> tuple[_Kept, str] | None:
        found = self._packs.get(PACK)
        if found is None:
            return None
        try:
            return _decoder.decode(found[0]), found[1]
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None


def _read(place: Path) -> tuple[dict[str, bytes], str]:
    """The known files of a place, each bounded, and the day of the first of them. Raises Invalid."""
    try:
        found = dict(_from_folder(place) if place.is_dir() else _from_zip(place))
    except (OSError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise Invalid((Issue(place.name, "unreadable"),)) from error
    days = [day for day, _ in found.values() if day]
    return {name: content for name, (_, content) in found.items()}, max(days, default="")


_Files = Iterator[tuple[str, tuple[str, bytes]]]


def _from_folder(place: Path) -> _Files:
    for path in place.iterdir():
        name = _BY_NAME.get(path.name.casefold())
        if name is not None and path.is_file():
            when = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
            with path.open("rb") as file:
                yield name, (when, _bounded(name, file))


def _from_zip(place: Path) -> _Files:
    with zipfile.ZipFile(place) as archive:
        for member in archive.infolist()[:_MEMBERS]:
            name = _BY_NAME.get(Path(member.filename).name.casefold())
            if name is not None:
                year, month, day = member.date_time[:3]
                with archive.open(member) as file:
                    yield name, (f"{year:04d}-{month:02d}-{day:02d}", _bounded(name, file))


def _bounded(name: str, file: IO[bytes]) -> bytes:
    """Never more than the bound, whatever the archive declares."""
    content = file.read(bdpm.MOST_BYTES + 1)
    if len(content) > bdpm.MOST_BYTES:
        raise Invalid((Issue(name, "too_large"),))
    return content
