"""Documents stay true: links resolve, routes and words are the ones of the code."""

import re
from pathlib import Path

import pytest

from dossier.access.policy import load_policy

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists()], ids=lambda p: p.name)
def test_every_link_leads_somewhere(page):
    broken = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_the_protocol_page_names_every_route_of_the_server():
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    source = "".join(
        (ROOT / "server" / "api" / name).read_text() for name in ("sync.py", "session.py")
    )
    routes = set(re.findall(r'"(/(?:sync|session)/v1/[a-z]+)"', source))
    assert len(routes) >= 10
    missing = [route for route in routes if route.rsplit("/", 1)[1] not in page]
    assert not missing


def test_tests_named_in_the_hazard_log_exist():
    page = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page))
    written = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    missing = [name for name in named if f"def {name}(" not in written]
    assert named
    assert not missing


def test_every_hazard_has_its_line():
    page = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
    assert [f"HZ-{n:02d}" for n in range(1, 26) if f"HZ-{n:02d}" not in page] == []


def test_acc_14_the_purposes_are_a_closed_list_without_insurer_employer_or_research():
    purposes = " ".join(load_policy().purposes).lower()
    assert purposes
    assert not re.search(r"insur|assur|employ|research|recherche", purposes)


def test_the_readme_says_what_colloque_is_not():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in ("not a certified medical device", "No homologation", "backup", "EUPL-1.2"):
        assert words in text
