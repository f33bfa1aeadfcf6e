"""Measures that stand in the words of an examination: `PA 138/82, FC 70, poids 79 kg`.

Reading them decides nothing: a person takes each over by an explicit act. What is written in another unit
than ours, or lies outside the bounds of the pack, is not offered: nothing is converted or guessed here.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from dossier.fhir.measures import DIASTOLIC, PRESSURE, SYSTOLIC, Taken
from dossier.terminology.concepts import Measure
from dossier.terminology.reading import Pack

_NUMBER: Final = r"(\d{1,3}(?:[.,]\d{1,2})?)"
_END: Final = r"(?![\d.,/]*\d)(?!\s*[-–]\s*\d)"
_SIGN: Final = r"\s*(?::|=|à)?\s*"
_ONE: Final[tuple[tuple[str, str, str], ...]] = (
    ("8867-4", r"fc|pouls|fr[ée]quence cardiaque", r"(?:\s*(?:/\s*min|bpm|batt))?"),
    ("9279-1", r"fr|fr[ée]quence respiratoire", r"(?:\s*/\s*min)?"),
    ("8310-5", r"t°|temp[ée]rature|temp\.?", r"(?:\s*°\s*c?)?"),
    ("20564-1", r"spo2|sao2|sat(?:uration)?", r"(?:\s*%)?"),
    ("29463-7", r"poids|pds", r"\s*kg"),
    ("8302-2", r"taille", r"\s*cm"),
    ("8287-5", r"p[ée]rim[èe]tre cr[âa]nien|pc", r"\s*cm"),
    ("8280-0", r"p[ée]rim[èe]tre abdominal|tour de taille", r"\s*cm"),
)
_PRESSURE: Final = re.compile(
    rf"(?<!\w)(?:pa|ta|tension){_SIGN}(\d{{2,3}})\s*/\s*(\d{{2,3}}){_END}", re.IGNORECASE
)
_PATTERNS: Final = tuple(
    (code, re.compile(rf"(?<!\w)(?:{names}){_SIGN}{_NUMBER}{unit}{_END}", re.IGNORECASE))
    for code, names, unit in _ONE
)


def read(text: str, known: Pack[Measure]) -> tuple[Taken, ...]:
    """Every measure in the text that may be offered, the last of each kind, in the order of the pack."""
    found = {taken.code: taken for taken in _read(text, known)}
    order = [PRESSURE, *(entry.code for entry in known.entries)]
    return tuple(sorted(found.values(), key=lambda taken: order.index(taken.code)))


def _read(text: str, known: Pack[Measure]) -> Iterator[Taken]:
    upper, lower = known.get(SYSTOLIC), known.get(DIASTOLIC)
    for match in _PRESSURE.finditer(text):
        high, low = (Decimal(part) for part in match.groups())
        if (
            upper
            and lower
            and upper.plausible(float(high))
            and lower.plausible(float(low))
            and low < high
        ):
            yield Taken(
                code=PRESSURE,
                label="Pression artérielle",
                number=high,
                second=low,
                unit=upper.unit,
                ucum=upper.ucum,
            )
    for code, pattern in _PATTERNS:
        entry = known.get(code)
        for match in pattern.finditer(text) if entry else ():
            number = Decimal(match.group(1).replace(",", "."))
            if entry and entry.plausible(float(number)):
                yield Taken(
                    code=code,
                    label=entry.fr,
                    number=number,
                    unit=entry.unit,
                    ucum=entry.ucum,
                )
