"""Results side by side: one line an analyte in one unit, one column a day, grouped as a doctor reads them.

What the laboratory sent is never changed: a second unit stands beside a value (by a table of one factor an
analyte, HZ-11), an estimated filtration rate stands on a line of its own that says it was computed here,
and only for days on which the laboratory sent none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct, structs

from dossier.fhir.dates import day, sort_key
from dossier.fhir.filtration import filtration
from dossier.fhir.patients import Patient, Sex
from dossier.fhir.results import BLOOD_PRESSURE, CREATININE, EGFR, Band, Flag, Result
from dossier.terminology.catalogue import Terminology
from dossier.terminology.concepts import Analyte, Language, Panel
from practitioner_app.ports import RecordReader
from practitioner_app.services.decoding import Decoding
from practitioner_app.services.record_lists import listing
from practitioner_app.services.results import (
    KEY_ANALYTES,
    Observed,
    measure,
    observed,
    series,
)
from practitioner_app.services.rows import Listing, Measure, Series

_READ: Final = ("Observation", "Patient")
_LEFT_OUT: Final = frozenset(("social-history", "survey"))
_DAY: Final = 10
COMPUTED: Final = "computed"


class Group(StrEnum):
    """The heading of lines that no panel of the pack knows."""

    OTHER = "other"
    MEASURES = "measures"


Heading = Panel | Group
_ORDER: Final[tuple[Heading, ...]] = (
    Panel.KIDNEY,
    Panel.HEART,
    Panel.SUGAR,
    Panel.LIPIDS,
    Panel.LIVER,
    Panel.BLOOD,
    Panel.INFLAMMATION,
    Panel.HORMONES,
    Panel.CLOTTING,
    Panel.PROSTATE,
    Group.OTHER,
    Group.MEASURES,
)


class GridCell(Struct, frozen=True, kw_only=True):
    """The last value of a day; `earlier` values of that day stand before it. `second`: in the second unit."""

    value: Measure
    earlier: tuple[Measure, ...] = ()
    second: Decimal | None = None


class GridLine(Struct, frozen=True, kw_only=True):
    """One analyte in one unit. `cells` are as many as the days of the grid; `band` is the newest sent.
    `computed`: made here from another result, never sent by anybody. `curve` None: words, not numbers.
    """

    key: str
    code: str
    heading: Heading
    label: str
    unit: str
    cells: tuple[GridCell | None, ...]
    second_unit: str = ""
    band: Band | None = None
    computed: bool = False
    by_patient: bool = False
    curve: Series | None = None


class ResultGrid(Struct, frozen=True, kw_only=True):
    """The results of one patient (HZ-01: one owner). `days`: R4 dates, oldest first, one a column."""

    owner: int
    days: tuple[str, ...]
    lines: Listing[GridLine]


class _Key(NamedTuple):
    system: str
    code: str
    unit: str
    by_patient: bool = False


class ResultService:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, terms: Terminology) -> None:
        self._reader, self._terms = reader, terms
        self._decoding = Decoding()

    def grid(self, owner: int, language: Language) -> ResultGrid:
        """Every result of one patient that counts, with labels of our pack where it knows the analyte."""
        completeness = self._reader.completeness(owner)
        rows = self._reader.rows(owner, _READ) if completeness.readable else ()
        decoded = self._decoding.of(owner, rows)
        patient = next((item.value for item in decoded if isinstance(item.value, Patient)), None)
        results = [item for item in observed(decoded) if item[1].category not in _LEFT_OUT]
        shown = [*results, *_rates(results, patient)]
        days = tuple(sorted({item[1].at[:_DAY] for item in shown}))
        lines = _Lines(self._terms, language, days).of(shown)
        return ResultGrid(owner=owner, days=days, lines=listing(lines, completeness))

    def forget(self) -> None:
        """The session locks: nothing decoded stays in memory."""
        self._decoding.forget()


class _Lines:
    """Builds the lines of one grid; used once."""

    def __init__(self, terms: Terminology, language: Language, days: tuple[str, ...]) -> None:
        self._terms, self._language = terms, language
        self._places = {at: place for place, at in enumerate(days)}
        self._rank = {entry.code: i for i, entry in enumerate(terms.analyte_list.entries)}

    def of(self, results: Iterable[Observed]) -> list[GridLine]:
        groups: dict[_Key, list[Observed]] = defaultdict(list)
        for item in results:
            groups[_key(item[1])].append(item)
        lines = [self._line(key, items) for key, items in groups.items()]
        return [line for _, line in sorted(lines, key=lambda found: found[0])]

    def _line(self, key: _Key, items: Sequence[Observed]) -> tuple[tuple[object, ...], GridLine]:
        newest = items[-1][1]
        known = self._known(newest)
        heading = _heading(newest, known)
        computed = newest.status == COMPUTED
        named = known or self._terms.vital_signs.get(newest.value.code)
        label = named.label(self._language) if named else newest.value.label
        curves = series(items)
        shown = measure(*items[-1])
        line = GridLine(
            key="|".join(
                (key.code, key.unit, newest.status if computed else "", str(key.by_patient))
            ),
            code=key.code,
            heading=heading,
            label=label,
            unit=shown.unit,
            cells=self._cells(items, known),
            second_unit=known.second if known and known.ucum == newest.value.ucum else "",
            band=next((item[1].value.band for item in reversed(items) if item[1].value.band), None),
            computed=computed,
            by_patient=newest.by_patient,
            curve=structs.replace(curves[0], label=label) if len(curves) == 1 else None,
        )
        rank = self._rank.get(known.code, len(self._rank)) if known else len(self._rank)
        return (_ORDER.index(heading), rank, label, computed, line.key), line

    def _known(self, result: Result) -> Analyte | None:
        """The entry of the pack, also by the other codes an analyte goes by."""
        found = self._terms.analyte_list.get(result.value.code)
        if found is not None:
            return found
        for codes in KEY_ANALYTES:
            if result.value.code in codes:
                return next(
                    (entry for entry in self._terms.analyte_list.entries if entry.code in codes),
                    None,
                )
        return None

    def _cells(
        self, items: Sequence[Observed], known: Analyte | None
    ) -> tuple[GridCell | None, ...]:
        cells: list[GridCell | None] = [None] * len(self._places)
        for row, result in items:
            place = self._places[result.at[:_DAY]]
            before = cells[place]
            value, number, second = measure(row, result), result.value.number, None
            if known is not None and number is not None:
                second = known.in_second_unit(number, result.value.ucum)
            earlier = (*before.earlier, before.value) if before else ()
            cells[place] = GridCell(value=value, earlier=earlier, second=second)
        return tuple(cells)


def _key(result: Result) -> _Key:
    """What may share a line: the analyte, its unit, who made it."""
    system, code, unit = result.analyte
    if result.components and not unit:
        unit = next((side.ucum or side.unit for side in result.components), "")
    return _Key(
        f"{system}{COMPUTED if result.status == COMPUTED else ''}", code, unit, result.by_patient
    )


def _heading(result: Result, known: Analyte | None) -> Heading:
    if known is not None:
        return known.panel
    if result.category == "vital-signs" or result.value.code in BLOOD_PRESSURE:
        return Group.MEASURES
    return Group.OTHER


def _rates(results: Sequence[Observed], patient: Patient | None) -> list[Observed]:
    """Filtration rates of the days with a creatinine and without a rate of the laboratory."""
    if patient is None or patient.sex not in (Sex.MALE, Sex.FEMALE):
        return []
    sent = {result.at[:_DAY] for _, result in results if result.value.code in EGFR}
    found = []
    for row, result in results:
        value, on = result.value, day(result.at)
        if value.code not in CREATININE or value.comparator or result.at[:_DAY] in sent:
            continue
        years = _years(patient.birth_date, on)
        if value.number is None or years is None:
            continue
        rate = filtration(value.number, value.ucum, female=patient.sex is Sex.FEMALE, age=years)
        if rate is not None:
            made = structs.replace(
                value,
                code="62238-1",
                label="",
                number=rate,
                unit="mL/min/1,73 m²",
                ucum="mL/min/{1.73_m2}",
                band=None,
                flag=Flag.UNKNOWN,
            )
            found.append((row, structs.replace(result, value=made, status=COMPUTED, components=())))
    return sorted(found, key=lambda item: sort_key(item[1].at))


def _years(birth: str, on: date | None) -> int | None:
    """Whole years on a day, None where either date is not known to the day."""
    born = day(birth) if len(birth) == _DAY else None
    if born is None or on is None or born > on:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
