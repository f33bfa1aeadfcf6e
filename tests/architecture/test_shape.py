"""Caps on files, functions and classes; words that name nothing; prose that belongs elsewhere."""

import ast
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("practitioner_app", "ui", "sync", "local_store", "server", "dossier")
FILE_LINES, FUNCTION_LINES, CLASS_LINES, PUBLIC_METHODS = 500, 60, 250, 20
EMPTY_WORDS = {
    "data",
    "info",
    "manager",
    "helper",
    "utils",
    "util",
    "common",
    "base",
    "misc",
    "handle",
    "process",
    "do",
    "stuff",
}
FOREIGN_NAMES = {
    "data",
    "data_received",
    "handle_data",
    "handle_endtag",
    "handle_startendtag",
    "handle_starttag",
    "headerData",
}
"""Methods whose name Qt, asyncio or html.parser chose."""
DOCUMENTED = (
    "dossier",
    "sync",
    "local_store",
    "server/ports",
    "server/store",
    "practitioner_app/ports.py",
)


def sources() -> list[Path]:
    found = [p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py"))]
    return [*found, *sorted(ROOT.glob("dev*.py"))]


def repository() -> list[Path]:
    """What git tracks; without git, everything but what a run makes."""
    if shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
        )
        return [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    made = {".git", ".venv", "build", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not made & set(p.relative_to(ROOT).parts)]


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    """Every source, parsed once for all tests here."""
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sources()]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _where(path: Path, node: ast.AST, name: str) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {name}"


def too_long(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    found: list[tuple[ast.AST, str]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and _length(node) > FUNCTION_LINES
        ):
            found.append((node, f"{node.name} has {_length(node)} lines"))
        if isinstance(node, ast.ClassDef):
            public = [
                n
                for n in node.body
                if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name[0] != "_"
            ]
            if _length(node) > CLASS_LINES:
                found.append((node, f"{node.name} has {_length(node)} lines"))
            if len(public) > PUBLIC_METHODS:
                found.append((node, f"{node.name} has {len(public)} public methods"))
    return found


def test_no_file_is_over_its_cap():
    over = [
        f"{p.relative_to(ROOT)}: {n}"
        for p in sources()
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    ]
    assert not over


def test_no_function_or_class_is_over_its_cap():
    over = [_where(path, node, what) for path, tree in trees() for node, what in too_long(tree)]
    assert not over


def test_the_cap_sees_a_long_function():
    body = "\n".join("    x = 1" for _ in range(FUNCTION_LINES + 1))
    assert too_long(ast.parse(f"def f():\n{body}\n"))


def test_names_say_something():
    empty = []
    for path, tree in trees():
        if path.stem in EMPTY_WORDS:
            empty.append(str(path.relative_to(ROOT)))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", node.name)
                if {w.lower() for w in words} & EMPTY_WORDS and node.name not in FOREIGN_NAMES:
                    empty.append(_where(path, node, node.name))
    assert not empty


def _public_without_docstring(tree: ast.Module) -> list[ast.ClassDef | ast.FunctionDef]:
    return [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]  # type: ignore[return-value]


def test_the_kernel_sync_stores_and_ports_are_documented():
    """At least nine in ten public classes and functions, and every module."""
    total, bare, modules = 0, [], []
    for path, tree in trees():
        relative = path.relative_to(ROOT).as_posix()
        if not relative.startswith(DOCUMENTED) or path.name == "__init__.py":
            continue
        if ast.get_docstring(tree) is None:
            modules.append(relative)
        total += sum(
            isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and n.name[0] != "_"
            for n in tree.body
        )
        bare += [_where(path, node, node.name) for node in _public_without_docstring(tree)]
    assert not modules, f"modules that do not say what they are: {modules}"
    assert len(bare) <= total / 10, f"{len(bare)} of {total} without a docstring: {bare[:40]}"


@pytest.mark.parametrize(
    "pattern",
    [
        r"/work/",
        r"/root/",
        r"/home/\w",
        r"\bAKIA[0-9A-Z]{16}\b",
        r"BEGIN [A-Z ]*PRIVATE KEY",
        r"pypi\.org|registry\.npmjs|files\.pythonhosted",
    ],
)
def test_the_repository_holds_no_machine_path_no_secret_no_registry(pattern):
    found = []
    for path in repository():
        name = path.relative_to(ROOT).as_posix()
        if (
            name == "tests/architecture/test_shape.py"
            or not path.is_file()
            or path.stat().st_size > 2_000_000
        ):
            continue
        if re.search(pattern, path.read_text(encoding="utf-8", errors="ignore")):
            found.append(name)
    assert not found


def test_nothing_is_left_unfinished():
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [
        str(p.relative_to(ROOT)) for p in sources() if marks.search(p.read_text(encoding="utf-8"))
    ]
    assert not found
