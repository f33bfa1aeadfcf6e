"""The import contracts of pyproject.toml, and that no module escapes them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("practitioner_app", "ui", "sync", "local_store", "server", "dossier")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept():
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("ui/main_window.py", "import sqlcipher3"),
        ("sync/engine.py", "import PySide6.QtCore"),
        ("dossier/errors.py", "import dossier.wire.messages"),
        ("local_store/__init__.py", "import server.ports"),
    ],
)
def test_a_planted_violation_breaks_a_contract(tmp_path, where, line):
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    planted = tmp_path / where
    planted.write_text(line + "\n" + planted.read_text())
    assert _lint(tmp_path).returncode != 0


def test_every_top_module_stands_in_a_layer():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    layered = {
        name.strip()
        for contract in contracts
        if contract["type"] == "layers"
        for layer in contract["layers"]
        for name in layer.split("|")
    }
    missing = []
    for package in ("practitioner_app", "server", "dossier"):
        for path in sorted((ROOT / package).iterdir()):
            module = path.stem if path.suffix == ".py" else path.name
            is_module = path.suffix == ".py" or (path / "__init__.py").exists()
            if is_module and module != "__init__" and f"{package}.{module}" not in layered:
                missing.append(f"{package}.{module}")
    assert not missing, f"give these a layer in pyproject.toml: {missing}"


def test_packaging_is_not_a_package():
    assert not (ROOT / "packaging" / "__init__.py").exists()
