"""The matrix pack: which profession may read which class of documents, as dated data (ACC-08).

Document types that the same professions may read share a class, and a class is what a facet is named
after. A pack is checked whole when it is loaded; nothing of it lies in code.
"""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Self

import msgspec

from dossier.errors import Invalid, Issue

_PACKS = "dossier.access.packs"
_CLASS_NAME = re.compile(r"[a-z][a-z0-9]{1,8}")


class _Class(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    read: tuple[str, ...]
    types: tuple[str, ...]


class Verified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows read in a source; `types` is `all` or the codes."""

    profession: str
    source: str
    types: tuple[str, ...]


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    valid_from: str
    text: str
    source_sha256: str
    unlisted: str
    clinical: str
    professions: dict[str, str]
    secretaries: dict[str, str]
    classes: dict[str, _Class]
    verified: tuple[Verified, ...] = ()


class MatrixPack:
    """One dated matrix. Immutable; professions are codes of TRE_G15, types codes of JDV_J07."""

    def __init__(self, sheet: _Sheet) -> None:
        self._sheet = sheet
        self._readers = {name: frozenset(rows.read) for name, rows in sheet.classes.items()}
        self._class_of = {code: name for name, rows in sheet.classes.items() for code in rows.types}
        self._professions = frozenset(sheet.professions)
        self._secretaries = frozenset(sheet.secretaries)

    @classmethod
    def load(cls, version: str = "fr-2026-11") -> Self:
        """The pack of this version that came with the program. Raises FileNotFoundError, Invalid."""
        return cls.parse(files(_PACKS).joinpath(f"matrix-{version}.toml").read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pack an administrator edited; raises Invalid naming every rule it breaks."""
        try:
            sheet = msgspec.convert(tomllib.loads(text), _Sheet)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise Invalid((Issue("matrix", "not_a_pack", str(error)[:120]),)) from error
        issues = tuple(_issues(sheet))
        if issues:
            raise Invalid(issues)
        return cls(sheet)

    @property
    def version(self) -> str:
        return self._sheet.version

    @property
    def valid_from(self) -> str:
        return self._sheet.valid_from

    @property
    def professions(self) -> frozenset[str]:
        """The care professions: those with a column."""
        return self._professions

    @property
    def secretaries(self) -> frozenset[str]:
        """Roles that act for others and never read clinical content."""
        return self._secretaries

    @property
    def names(self) -> Mapping[str, str]:
        """French names of professions and roles, by code."""
        return self._sheet.professions | self._sheet.secretaries

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self._readers)

    @property
    def clinical_class(self) -> str:
        """The class of resources that are not documents; every care profession reads it."""
        return self._sheet.clinical

    @property
    def verified(self) -> tuple[Verified, ...]:
        """What was read in a source; every other cell is a project default."""
        return self._sheet.verified

    def doc_class(self, type_code: str) -> str:
        """The class of a document type; the restrictive `unlisted` class for a code without a row."""
        return self._class_of.get(type_code, self._sheet.unlisted)

    def may_read(self, profession: str, class_name: str) -> bool:
        """Gate 4. False for an unknown profession, a secretary or an unknown class."""
        return profession in self._readers.get(class_name, frozenset())

    def readers(self, class_name: str) -> frozenset[str]:
        """The professions that may read a class."""
        return self._readers.get(class_name, frozenset())


def _issues(sheet: _Sheet) -> list[Issue]:
    found: list[Issue] = []
    known = set(sheet.professions)
    seen: set[str] = set()
    for name, rows in sheet.classes.items():
        path = f"classes.{name}"
        if not _CLASS_NAME.fullmatch(name):
            found.append(Issue(path, "class_name"))
        found += [Issue(path, "unknown_profession", p) for p in rows.read if p not in known]
        found += [Issue(path, "type_twice", t) for t in rows.types if t in seen]
        seen.update(rows.types)
    if known & set(sheet.secretaries):
        found.append(Issue("secretaries", "secretary_with_a_column"))
    clinical = sheet.classes.get(sheet.clinical)
    if clinical is None or set(clinical.read) != known:
        found.append(Issue("clinical", "every_care_profession_reads_it"))
    if sheet.unlisted not in sheet.classes:
        found.append(Issue("unlisted", "unknown_class"))
    found += [
        Issue("verified", "unknown_profession", v.profession)
        for v in sheet.verified
        if v.profession not in known
    ]
    return found
