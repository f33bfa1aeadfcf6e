"""SCALE §2: every statement of a unit of work names its owner, so that a distributed database sends it to one shard.

Citus routes a statement by the value its distribution column is compared with. Without a Citus at hand this is read
from the statements themselves, all of them, whether or not a test runs them.
"""

import ast
import importlib
import re
from pathlib import Path

import pytest

from server.store.migrations import all_migrations
from server.store.tables.people import _raise as raised
from server.store.tables.sql import SIZES, Upsert

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "server" / "store" / "tables"
OWNED = {name for step in all_migrations() for name, kind in step.tables.items() if kind == "OWNED"}
VERB = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE)\b")
KEYED = re.compile(
    r"(?:SELECT (?:DISTINCT )?[^()]+ FROM (?P<read>[\w{}]+)|DELETE FROM (?P<gone>\w+)"
    r"|UPDATE (?P<changed>\w+) SET [^;]+?) WHERE owner = \$1(?!\d)(?: (?:AND|ORDER|LIMIT|RETURNING) .*)?",
    re.DOTALL,
)
INSERTED = re.compile(
    r"INSERT INTO (?P<table>\w+) \(owner(?:, \w+)*\) VALUES (?:\(\$1(?:, [^()]+)?\)|\{values\})"
    r" ON CONFLICT \(owner(?:, \w+)*\) DO .+",
    re.DOTALL,
)
ELSEWHERE = re.compile(
    r"\b(?:JOIN|UNION|WITH|EXISTS|ANY|NOW|RANDOM|CURRENT_\w+|NEXTVAL|GEN_RANDOM\w*)\b|;| OR ",
    re.IGNORECASE,
)
ACROSS = {
    "SELECT owner FROM owner WHERE owner > $1",
    "SELECT DISTINCT owner FROM effect WHERE done = 0 AND not_before <= $1 ORDER BY owner LIMIT $2 + 0",
    "SELECT DISTINCT owner FROM journal WHERE log_index IS NULL ORDER BY owner LIMIT $1 + 0",
    (
        "SELECT owner, month, n, facet, subject, cell, leaf, log_index FROM journal "
        "WHERE (owner, month, n) > ($1, $2, $3) AND month BETWEEN $4 AND $5 "
        "ORDER BY owner, month, n LIMIT $6 + 0"
    ),
    "SELECT owner, place FROM attempt WHERE kept < $1 LIMIT $2 + 0",
    "SELECT count(*) FROM {table}",
}
"""Maintenance: the only statements that look at many owners, in batches, never in a request (rule 18)."""


def text_of(node: ast.expr) -> str | None:
    """The words of a text put together from pieces; what is put in stands in braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"  # type: ignore[attr-defined]  # a FormattedValue
            for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        return None if left is None else left + (right or "")
    return None


def statements(source: str) -> list[str]:
    """Every text of a module that is a statement, whole."""
    found: list[str] = []

    def look(node: ast.AST) -> None:
        text = text_of(node) if isinstance(node, ast.expr) else None
        if text is not None and VERB.match(text) and text.strip() != "SELECT":
            found.append(text)
            return
        for child in ast.iter_child_nodes(node):
            look(child)

    look(ast.parse(source))
    return found


def fault(text: str) -> str:
    """Why a shard could not be told from this statement; empty when it can."""
    keyed = KEYED.fullmatch(text) or INSERTED.fullmatch(text)
    if keyed is None:
        return "its owner is not $1"
    if ELSEWHERE.search(text):
        return "it looks elsewhere, or at a clock"
    named = set(filter(None, keyed.groupdict().values()))
    return "" if named <= OWNED | {"{table}"} else f"{named - OWNED} is not OWNED"


def modules() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.py") if path.stem not in {"__init__", "sql"})


@pytest.mark.parametrize("name", modules())
def test_every_statement_of_a_unit_of_work_can_be_sent_to_the_shard_of_its_owner(name: str) -> None:
    texts = statements((TABLES / f"{name}.py").read_text())
    faults = {text: fault(text) for text in texts if fault(text)}
    if name == "across":
        assert set(faults) == ACROSS
    else:
        assert not faults


def test_every_statement_is_found() -> None:
    """The control: the scan sees as many as there are, and a statement that names no owner."""
    found = [text for name in modules() for text in statements((TABLES / f"{name}.py").read_text())]
    assert len(found) > 55
    assert {fault(text) == "" for text in found} == {True, False}
    assert fault("SELECT a FROM resource WHERE id = $2")
    assert fault("SELECT a FROM resource WHERE owner = $2")
    assert fault("SELECT a FROM resource WHERE owner = $1 OR owner = $2")
    assert fault("SELECT a FROM schema_version WHERE owner = $1")
    assert fault("UPDATE owner SET n = 1 WHERE owner = $11")
    assert fault("INSERT INTO op (owner, op_id) VALUES ($2, $1) ON CONFLICT (owner) DO NOTHING")
    assert fault("SELECT a FROM op JOIN owner USING (owner) WHERE owner = $1")


def upserts() -> list[Upsert]:
    """Every one the tables hold: of a module, of a class, or one of several in a dictionary."""
    found: list[Upsert] = []
    for name in modules():
        module = importlib.import_module(f"server.store.tables.{name}")
        holders = [module, *(one for one in vars(module).values() if isinstance(one, type))]
        values = [one for held in holders for one in vars(held).values()]
        values += [one for many in values if isinstance(many, dict) for one in many.values()]
        found += [one for one in values if isinstance(one, Upsert)]
    return found


def test_every_row_of_an_upsert_lies_in_the_shard_of_its_first_one() -> None:
    every = upserts()
    assert len(every) > 10
    for one in every:
        assert set(one.texts) == set(SIZES)
        for size, text in one.texts.items():
            rows = re.findall(
                r"\((\$\d+)[^()]*\)", text.partition(" VALUES ")[2].partition(" ON ")[0]
            )
            assert rows == ["$1"] * size, text
            assert re.match(r"INSERT INTO (\w+) \(owner[,)]", text), text
            assert re.search(r"ON CONFLICT \(owner[,)]", text), text


def test_counters_of_several_readers_are_raised_in_one_shard() -> None:
    for size in SIZES:
        text = raised(size)
        assert re.findall(r"\((\$\d+), \$\d+, \$\d+\)", text) == ["$1"] * size
