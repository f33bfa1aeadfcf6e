"""A prescription while it is written: a frozen value, moved by small acts; nothing here reads a store.

Lines that come from a known treatment name it, so that signing changes that treatment and a changed line is marked.
What is kept on disk of such a line is only what the person changed: the rest belongs to the row (design law 8).
"""

import re
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from dossier.fhir.elements import Coding
from dossier.fhir.medications import Drug
from dossier.fhir.prescriptions import Mention, Zone
from dossier.terminology.drug_search import DrugChoice, amount_of, plain_strength
from dossier.terminology.posology import Posology
from dossier.terminology.posology_reading import read, split_line
from dossier.terminology.units import Span
from dossier.wire import codec

MOST_LINES: Final = 40
_STRENGTH: Final = re.compile(
    r"^(\D.*?),? (\d[\d \u202f\u00a0]*(?:[.,]\d+)? ?(?:mg|g|microgrammes?|UI|mL)(?:/\S.*)?)$"
)
KIND: Final = "prescription"
"""Of the draft slot."""


class DraftLine(Struct, frozen=True, kw_only=True):
    """One line. `text` is the sentence of the posology, as its parts say it. `treatment`: the MedicationStatement it
    renews; `was`: its words when it was taken over, "" for a new one. `stop`: that treatment ends, nothing is printed.
    `reason` was typed in spite of the allergies `reason_for`. `prior`: the request whose place it takes.
    """

    key: int
    substance: str = ""
    form: str = ""
    strength: str = ""
    brand: str = ""
    system: str = ""
    code: str = ""
    text: str = ""
    supply: Span | None = None
    renewals: int = 0
    mention: Mention = Mention.NONE
    zone: Zone = Zone.OTHER
    reason: str = ""
    reason_for: tuple[str, ...] = ()
    treatment: str = ""
    was: str = ""
    stop: bool = False
    prior: str = ""

    @property
    def posology(self) -> Posology:
        return read(self.text).posology

    @property
    def label(self) -> str:
        """`metformine, comprimé, 1000 mg`."""
        return ", ".join(part for part in (self.substance, self.form, self.strength) if part)

    @property
    def words(self) -> str:
        """The whole line in one sentence of data."""
        return " — ".join(part for part in (self.label, self.text) if part)

    @property
    def is_changed(self) -> bool:
        """Taken over, and not as it was."""
        return bool(self.was) and self.words != self.was

    @property
    def quantity(self) -> Span | None:
        """For how long it is dispensed at once: what was said, else the duration."""
        return self.supply or self.posology.duration

    def drug(self) -> Drug:
        """For FHIR: a strength that is no single amount is said with the form."""
        number, unit = amount_of(self.strength)
        form = self.form
        if number is None and self.strength:
            form = " ".join(part for part in (form, self.strength) if part)
        coding = Coding(system=self.system, code=self.code, display=self.brand or self.substance)
        return Drug(
            substance=self.substance,
            form=form,
            strength=number,
            strength_unit=unit,
            coding=coding if self.code else None,
        )


class Draft(Struct, frozen=True, kw_only=True):
    """The lines in their order. `replaces`: the document this one stands for, written on `replaces_day`.
    `weight` in kg, measured on `weight_day`, typed here.
    """

    owner: int
    lines: tuple[DraftLine, ...] = ()
    next_key: int = 1
    replaces: str = ""
    replaces_day: str = ""
    weight: Decimal | None = None
    weight_day: str = ""

    def line(self, key: int) -> DraftLine | None:
        return next((line for line in self.lines if line.key == key), None)

    @property
    def printed(self) -> tuple[DraftLine, ...]:
        """The lines that are prescribed: the long-term condition first, each zone in its order."""
        kept = [line for line in self.lines if not line.stop]
        return tuple(sorted(kept, key=lambda line: line.zone is not Zone.ALD))

    def number(self, key: int) -> int:
        """The number a line is printed under; 0 when it is not."""
        keys = [line.key for line in self.printed]
        return keys.index(key) + 1 if key in keys else 0

    # -- acts -----------------------------------------------------------------

    def with_lines(self, lines: tuple[DraftLine, ...]) -> "Draft":
        """More lines at the end, each under a key of its own."""
        room = lines[: max(0, MOST_LINES - len(self.lines))]
        keyed = tuple(structs.replace(line, key=self.next_key + n) for n, line in enumerate(room))
        return structs.replace(
            self, lines=(*self.lines, *keyed), next_key=self.next_key + len(keyed)
        )

    def changed(self, key: int, **fields: object) -> "Draft":
        """One line with other values."""
        return structs.replace(
            self,
            lines=tuple(
                structs.replace(line, **fields) if line.key == key else line for line in self.lines
            ),
        )

    def with_line(self, line: DraftLine) -> "Draft":
        """The line of that key as it now is."""
        return structs.replace(
            self, lines=tuple(line if one.key == line.key else one for one in self.lines)
        )

    def without(self, key: int) -> "Draft":
        return structs.replace(self, lines=tuple(one for one in self.lines if one.key != key))

    def zoned(self, key: int) -> "Draft":
        """The line goes to the other zone."""
        line = self.line(key)
        if line is None:
            return self
        other = Zone.OTHER if line.zone is Zone.ALD else Zone.ALD
        return self.changed(key, zone=other)

    def moved(self, key: int, step: int) -> "Draft":
        """One place up (-1) or down (+1) within its zone."""
        line = self.line(key)
        if line is None:
            return self
        lines = list(self.lines)
        same = [n for n, one in enumerate(lines) if one.zone is line.zone]
        here = same.index(lines.index(line))
        there = here + step
        if not 0 <= there < len(same):
            return self
        lines[same[here]], lines[same[there]] = lines[same[there]], lines[same[here]]
        return structs.replace(self, lines=tuple(lines))


def line_of(choice: DrugChoice, posology: str, *, zone: Zone) -> DraftLine:
    """A new line of a drug of the list, with what was typed after its name (else nothing is presumed)."""
    return worded(
        DraftLine(
            key=0,
            substance=choice.substance,
            form=choice.form,
            strength=choice.strength,
            brand=choice.brand,
            system=choice.system,
            code=choice.code,
            zone=zone,
        ),
        posology,
    )


def free_line(typed: str, *, zone: Zone) -> DraftLine:
    """A line of words: a device, or a drug that no list knows; a strength at the end of its name stands apart."""
    name, posology = split_line(typed)
    found = _STRENGTH.match(name)
    substance, strength = (found[1], plain_strength(found[2])) if found is not None else (name, "")
    return worded(DraftLine(key=0, substance=substance, strength=strength, zone=zone), posology)


def worded(line: DraftLine, posology: str) -> DraftLine:
    """The line with another sentence; a quantity or renewals said in it go to their own fields."""
    found = read(posology)
    return structs.replace(
        line,
        text=found.posology.words(),
        supply=found.supply or line.supply,
        renewals=found.renewals or line.renewals,
    )


# -- on disk -----------------------------------------------------------------------------------------------------


def kept(draft: Draft) -> dict[str, str]:
    """What is kept of a draft: of a line that was taken over, only what the person changed."""
    lines = tuple(_own(line) for line in draft.lines)
    return {"draft": codec.encode(structs.replace(draft, lines=lines)).decode()}


def restored(values: dict[str, str], known: tuple[DraftLine, ...]) -> Draft | None:
    """The draft as it was left, with the present words of the treatments it renews; None when there is none.

    A line whose treatment is not there any more is left out: what it said belonged to that row.
    """
    text = values.get("draft", "")
    if not text:
        return None
    draft = codec.decode(text.encode(), Draft)
    by_treatment = {line.treatment: line for line in known}
    lines = (
        _filled(line, by_treatment.get(line.treatment)) if line.treatment else line
        for line in draft.lines
    )
    return structs.replace(draft, lines=tuple(line for line in lines if line is not None))


_OF_ROW: Final = ("substance", "form", "strength", "brand", "system", "code", "was")


def _own(line: DraftLine) -> DraftLine:
    if not line.treatment:
        return line
    same = line.was.endswith(f" — {line.text}") or line.was == line.label
    blank = dict.fromkeys(_OF_ROW, "")
    return structs.replace(line, **blank, text="" if same else line.text)


def _filled(line: DraftLine, known: DraftLine | None) -> DraftLine | None:
    if known is None:
        return None
    drug = {name: getattr(known, name) for name in _OF_ROW}
    return structs.replace(line, **drug, text=line.text or known.text)
