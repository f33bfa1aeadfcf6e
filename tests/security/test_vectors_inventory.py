"""docs/crypto-inventory.toml tells the truth: every import of `cryptography` is listed, nothing else is."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("practitioner_app", "ui", "sync", "local_store", "server", "dossier")
INVENTORY = tomllib.loads((ROOT / "docs" / "crypto-inventory.toml").read_text("utf-8"))


def imported(source):
    """Dotted names imported from `cryptography` by a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and _ours(node.module or ""):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _ours(name):
    return name.split(".")[0] == "cryptography"


def used():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for name in imported(path.read_text("utf-8")):
                yield module, name


def listed():
    for entry in [*INVENTORY["primitive"], INVENTORY["exceptions"]]:
        for module in entry["modules"]:
            yield from ((module, name) for name in entry["imports"])


def test_every_import_of_cryptography_is_in_the_inventory():
    assert set(used()) - set(listed()) == set()


def test_the_inventory_lists_no_module_or_primitive_that_is_not_used():
    pairs = set(used())
    for entry in [*INVENTORY["primitive"], INVENTORY["exceptions"]]:
        for module in entry["modules"]:
            assert any(pair in pairs for pair in ((module, name) for name in entry["imports"]))
        for name in entry["imports"]:
            assert any((module, name) in pairs for module in entry["modules"])


def test_every_entry_says_why_and_what_a_quantum_computer_would_do():
    for entry in INVENTORY["primitive"]:
        assert all(entry[key] for key in ("name", "standard", "used_for", "why", "quantum"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import cryptography.fernet", ["cryptography.fernet"]),
        ("def f():\n    from cryptography.fernet import Fernet", ["cryptography.fernet.Fernet"]),
        ("from cryptographyx import y", []),
    ],
)
def test_a_hidden_import_would_be_seen(source, found):
    assert list(imported(source)) == found


def test_each_library_of_the_inventory_is_imported_by_its_own_module_alone():
    for entry in INVENTORY["library"]:
        name, found = entry["name"], set()
        for package in PACKAGES:
            for path in (ROOT / package).rglob("*.py"):
                text = path.read_text("utf-8")
                if any(
                    line.startswith((f"from {name}", f"import {name}"))
                    for line in text.splitlines()
                ):
                    found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
        assert found == set(entry["modules"])
