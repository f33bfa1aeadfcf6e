"""Numbered migrations: read, sorted by kind of table, and translated for SQLite.

One file per version, `NNNN_name.sql`, written in PostgreSQL's types (SCALE §2 rule 19: additive).
Each CREATE TABLE is preceded by a line `-- OWNED`, `-- REFERENCE` or `-- LOCAL`. The SQLite text is
generated: INTEGER and BLOB types, STRICT and WITHOUT ROWID tables (clustered by their primary key).
"""

import re
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, cast

TableKind = Literal["OWNED", "REFERENCE", "LOCAL"]

_FILE = re.compile(r"(\d{4})_\w+\.sql")
_TABLE = re.compile(r"(?:^-- (\w+)\n)?^CREATE TABLE (\w+)", re.MULTILINE)
_KINDS = ("OWNED", "REFERENCE", "LOCAL")


class Migration(NamedTuple):
    """One step of the schema: its number, its PostgreSQL text, its tables and their kinds."""

    version: int
    text: str
    tables: dict[str, TableKind]

    def for_sqlite(self) -> list[str]:
        """The statements of this step for SQLite, one by one."""
        return [_for_sqlite(statement) for statement in statements(self.text)]


def parse(version: int, text: str) -> Migration:
    """Read one migration; raises ValueError when a table has no kind."""
    tables: dict[str, TableKind] = {}
    for kind, table in _TABLE.findall(text):
        if kind not in _KINDS:
            raise ValueError(f"table {table} says no kind")
        tables[table] = cast("TableKind", kind)
    return Migration(version, text, tables)


@cache
def all_migrations(package: str = __name__) -> tuple[Migration, ...]:
    """Every migration of a package in order; they run 1, 2, 3... (ValueError otherwise)."""
    found = [
        parse(int(match[1]), entry.read_text(encoding="utf-8"))
        for entry in files(package).iterdir()
        if (match := _FILE.fullmatch(entry.name))
    ]
    found.sort()
    if [step.version for step in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations must be numbered without gaps")
    return tuple(found)


def statements(text: str) -> list[str]:
    """The statements of a text without comments; none of ours contains a semicolon inside."""
    bare = re.sub(r"--[^\n]*", "", text)
    return [part.strip() for part in bare.split(";") if part.strip()]


def _for_sqlite(statement: str) -> str:
    native = re.sub(r"\bBYTEA\b", "BLOB", re.sub(r"\bBIGINT\b", "INTEGER", statement))
    if native.startswith("CREATE TABLE"):
        native += " STRICT, WITHOUT ROWID"
    return native
