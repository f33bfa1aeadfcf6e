"""The public drug database of the French State (BDPM), as it publishes it: tab separated, UTF-8 or latin-1.

Reads `CIS_bdpm.txt` (drugs), `CIS_COMPO_bdpm.txt` (substances and strengths), `CIS_GENER_bdpm.txt` (generic groups) and
`CIS_CIP_bdpm.txt` (boxes). The files are the work of others and may be anything: sizes, lines and fields are bounded,
a line that does not fit is counted and left out, never guessed. Source: notice of the base de données publique des
médicaments (Licence Ouverte 2.0); columns as measured on a copy of August 2024.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from dossier.errors import Invalid, Issue

DRUGS, PARTS, BOXES, GROUPS = (
    "CIS_bdpm.txt",
    "CIS_COMPO_bdpm.txt",
    "CIS_CIP_bdpm.txt",
    "CIS_GENER_bdpm.txt",
)
FILES: Final = (DRUGS, PARTS, BOXES, GROUPS)
NEEDED: Final = (DRUGS, PARTS)
SYSTEM: Final = "urn:oid:1.2.250.1.213.2.3.1"
"""CIS codes."""
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_LINES: Final = 400_000
MOST_FIELD: Final = 4_000
MOST_DRUGS: Final = 60_000
_SHARE_WRONG: Final = 0.5
_CIS_DIGITS: Final = 8
_SUBSTANCES: Final = 8


class OfficialDrug(Struct, frozen=True, array_like=True, gc=False):
    """One drug. `substance` in small letters, ` + ` between several; `strength` likewise; `name` as published."""

    code: str
    name: str
    form: str
    substance: str
    strength: str
    marketed: bool
    generic: bool
    boxes: int


class Official(Struct, frozen=True):
    """What was read: `wrong` lines that did not fit, `lines` in all."""

    drugs: tuple[OfficialDrug, ...]
    lines: int
    wrong: int


def read_bdpm(files: Mapping[str, bytes]) -> Official:
    """Raises Invalid: `missing_file` (its name), `too_large`, `not_bdpm` (most lines do not fit)."""
    for name in NEEDED:
        if name not in files:
            raise Invalid((Issue(name, "missing_file"),))
    drugs = _Lines(DRUGS, files[DRUGS], 11)
    parts = _Lines(PARTS, files[PARTS], 7)
    groups = _Lines(GROUPS, files.get(GROUPS, b""), 4, place=2)
    boxes = _Lines(BOXES, files.get(BOXES, b""), 6)
    made_of = _made_of(parts)
    generic = {row[2] for row in groups.rows}
    counted: dict[str, int] = {}
    for row in boxes.rows:
        counted[row[0]] = counted.get(row[0], 0) + 1
    found: dict[str, OfficialDrug] = {}
    for row in drugs.rows[:MOST_DRUGS]:
        substance, strength = made_of.get(row[0], ("", ""))
        found[row[0]] = OfficialDrug(
            code=row[0],
            name=row[1],
            form=row[2],
            substance=substance,
            strength=strength,
            marketed=row[6].startswith("Commercialis"),
            generic=row[0] in generic,
            boxes=counted.get(row[0], 0),
        )
    each = (drugs, parts, groups, boxes)
    return Official(
        tuple(found.values()), sum(one.total for one in each), sum(one.wrong for one in each)
    )


class _Lines:
    """The lines of one file that have their columns and a CIS code at `place`."""

    def __init__(self, name: str, content: bytes, columns: int, place: int = 0) -> None:
        if len(content) > MOST_BYTES:
            raise Invalid((Issue(name, "too_large"),))
        lines = _decoded(content).split("\n")
        if len(lines) > MOST_LINES:
            raise Invalid((Issue(name, "too_large"),))
        self.rows: list[list[str]] = []
        self.total = self.wrong = 0
        for line in lines:
            if not line.strip():
                continue
            self.total += 1
            cells = [" ".join(cell.split()) for cell in line[:MOST_FIELD].split("\t")]
            right = len(cells) >= columns and len(line) <= MOST_FIELD
            if (
                right
                and len(cells[place]) == _CIS_DIGITS
                and cells[place].isdigit()
                and "\0" not in line
            ):
                self.rows.append(cells)
            else:
                self.wrong += 1
        if name in NEEDED and (not self.rows or self.wrong > self.total * _SHARE_WRONG):
            raise Invalid((Issue(name, "not_bdpm"),))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _made_of(parts: _Lines) -> dict[str, tuple[str, str]]:
    """Substances and strengths by CIS; of a substance and its therapeutic part (same link) the part is named."""
    by_drug: dict[str, dict[str, list[str]]] = {}
    for row in parts.rows:
        links = by_drug.setdefault(row[0], {})
        link = row[7] if len(row) > 7 and row[7] else row[2]
        if link not in links or row[6] == "FT":
            links[link] = row
    return {code: _line(list(links.values())[:_SUBSTANCES]) for code, links in by_drug.items()}


def _line(rows: list[list[str]]) -> tuple[str, str]:
    substances = " + ".join(row[3].lower() for row in rows if row[3])
    strengths = [_strength(row[4], row[5]) for row in rows if row[4]]
    return substances, "/".join(strengths)


def _strength(amount: str, reference: str) -> str:
    """`500 mg`, or `24 mg/1 ml` where it is said for a quantity."""
    shown = amount.replace(" ml", " mL")
    per = reference.lower()
    return f"{shown}/{per.replace('ml', 'mL')}" if per[:1].isdigit() else shown
