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


def test_each_threat_of_the_model_is_tried_by_tests_that_exist_and_carry_its_number():
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([DSN][0-9]+) \| .* \| (.*) \|$", page, re.MULTILINE)
    wanted = [f"D{n}" for n in (*range(1, 11), 12)] + [f"N{n}" for n in (1, 2, 3)]
    wanted += [f"S{n}" for n in (*range(1, 9), 10, 11, 12, *range(14, 18))]
    assert sorted(number for number, _ in rows) == sorted(wanted)
    written = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    for number, told in rows:
        named = re.findall(r"`(test_[a-z0-9_]+)`", told)
        assert named, number
        assert [one for one in named if f"_{number.lower()}_" not in one] == [], number
        assert [one for one in named if f"def {one}(" not in written] == [], number


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


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_exact_versions_with_their_hashes_and_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^(-e|--index|--extra|--find|--trusted)", text, re.MULTILINE)
    wanted = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(wanted) > 20
    for one in wanted:
        assert re.match(r"[a-z0-9._\[\]-]+==[^ ]+", one), one[:60]
        assert "--hash=sha256:" in one, one[:60]


def test_what_is_locked_to_run_is_locked_alike_to_develop():
    def pins(name):
        return set(re.findall(r"^[a-z0-9._-]+==[^ ]+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_every_word_of_the_glossary_stands_there_once_and_decisions_are_numbered_in_a_row():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([a-zA-Z].*?) \|", page, re.MULTILINE)[1:]
    assert len(words) == len(set(words)) > 40
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:3] for name in pages] == [f"{n:03d}" for n in range(1, len(pages) + 1)]
