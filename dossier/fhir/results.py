"""Results and measures: Observation (R4 §10.1) and DiagnosticReport (§10.3).

The range shown is the one sent with the result (HZ-12); a flag is the laboratory's, or computed from that
very range in that very unit, and from nothing else. Two units are never one analyte (HZ-11): `analyte`
holds the unit.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    LOINC,
    UCUM,
    Annotation,
    Concept,
    Period,
    Quantity,
    Ratio,
    Reference,
    first_code,
    read,
    words,
)
from dossier.fhir.elements import Range as QuantityRange

BLOOD_PRESSURE: Final = frozenset(("85354-9", "55284-4"))
_LONGEST_NUMBER: Final = 30
SYSTOLIC: Final = "8480-6"
DIASTOLIC: Final = "8462-4"
WEIGHT: Final = frozenset(("29463-7", "3141-9", "3142-7"))
HEIGHT: Final = frozenset(("8302-2", "3137-7", "8306-3"))
BMI: Final = frozenset(("39156-5", "59574-4"))
EGFR: Final = frozenset(("62238-1", "33914-3", "48642-3", "88293-6", "98979-8", "50044-7"))
CREATININE: Final = frozenset(("14682-9", "2160-0", "38483-4"))
HBA1C: Final = frozenset(("4548-4", "17856-6", "59261-8"))
TOBACCO: Final = frozenset(("72166-2", "11367-0"))
PACK_YEARS: Final = frozenset(("8664-5", "401201003"))


class Flag(StrEnum):
    """How the value stands to the range sent with it."""

    NORMAL = "normal"
    LOW = "low"
    HIGH = "high"
    CRITICAL_LOW = "critical_low"
    CRITICAL_HIGH = "critical_high"
    ABNORMAL = "abnormal"
    UNKNOWN = ""


_INTERPRETATIONS: Final = {
    "N": Flag.NORMAL,
    "NEG": Flag.NORMAL,
    "L": Flag.LOW,
    "LU": Flag.LOW,
    "LX": Flag.LOW,
    "H": Flag.HIGH,
    "HU": Flag.HIGH,
    "HX": Flag.HIGH,
    "LL": Flag.CRITICAL_LOW,
    "HH": Flag.CRITICAL_HIGH,
    "A": Flag.ABNORMAL,
    "AA": Flag.ABNORMAL,
    "POS": Flag.ABNORMAL,
}


class Band(Struct, frozen=True, kw_only=True, gc=False):
    """A reference range as sent. `text` when it was only words."""

    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    text: str = ""


class Value(Struct, frozen=True, kw_only=True, gc=False):
    """One value: a number with its unit, or words. `flag_stated`: the laboratory said it."""

    system: str = ""
    code: str = ""
    label: str = ""
    number: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    ucum: str = ""
    text: str = ""
    answer: str = ""
    """The code of a coded answer."""
    band: Band | None = None
    flag: Flag = Flag.UNKNOWN
    flag_stated: bool = False


class Result(Struct, frozen=True, kw_only=True, gc=False):
    id: str
    value: Value
    components: tuple[Value, ...] = ()
    at: str = ""
    issued: str = ""
    status: str = ""
    category: str = ""
    performers: tuple[str, ...] = ()
    performer_name: str = ""
    by_patient: bool = False
    encounter: str = ""
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status not in ("entered-in-error", "cancelled")

    @property
    def analyte(self) -> tuple[str, str, str]:
        """What may share a curve: code (or words) and unit."""
        value = self.value
        return value.system, value.code or value.label, value.ucum or value.unit

    def component(self, code: str) -> Value | None:
        return next((item for item in self.components if item.code == code), None)


class Report(Struct, frozen=True, kw_only=True, gc=False):
    """A DiagnosticReport: the results it groups, its conclusion."""

    id: str
    label: str
    at: str = ""
    issued: str = ""
    status: str = ""
    category: str = ""
    results: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()
    performer_name: str = ""
    conclusion: str = ""
    has_document: bool = False

    @property
    def counts(self) -> bool:
        return self.status not in ("entered-in-error", "cancelled")


class _ReferenceRange(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    low: Quantity | None = None
    high: Quantity | None = None
    type: Concept | None = None
    applies_to: tuple[Concept, ...] = ()
    age: QuantityRange | None = None
    text: str = ""


class _Measured(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str = ""
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: QuantityRange | None = None
    value_ratio: Ratio | None = None
    value_date_time: str = ""
    value_time: str = ""
    value_period: Period | None = None
    data_absent_reason: Concept | None = None
    interpretation: tuple[Concept, ...] = ()
    reference_range: tuple[_ReferenceRange, ...] = ()


class _Observation(_Measured, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    category: tuple[Concept, ...] = ()
    effective_date_time: str = ""
    effective_period: Period | None = None
    effective_instant: str = ""
    issued: str = ""
    performer: tuple[Reference, ...] = ()
    encounter: Reference | None = None
    note: tuple[Annotation, ...] = ()
    component: tuple[_Measured, ...] = ()


class _DiagnosticReport(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    category: tuple[Concept, ...] = ()
    code: Concept | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    issued: str = ""
    performer: tuple[Reference, ...] = ()
    results_interpreter: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()
    conclusion: str = ""
    presented_form: tuple[msgspec.Raw, ...] = ()


_observations = msgspec.json.Decoder(_Observation)
_reports = msgspec.json.Decoder(_DiagnosticReport)


def decode(body: bytes) -> Result:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_observations, body)
    performers: tuple[str, ...] = ()
    performer_name, note = "", ""
    if raw.performer:
        performers = tuple(item.reference for item in raw.performer if item.reference)
        performer_name = next((item.display for item in raw.performer if item.display), "")
    if raw.note:
        note = " ".join(item.text for item in raw.note if item.text)
    return Result(
        id=raw.id,
        value=_value(raw),
        components=tuple(_value(item) for item in raw.component) if raw.component else (),
        at=raw.effective_date_time
        or raw.effective_instant
        or (raw.effective_period.start if raw.effective_period else "")
        or raw.issued,
        issued=raw.issued,
        status=raw.status,
        category=first_code(raw.category[0])[1] if raw.category else "",
        performers=performers,
        performer_name=performer_name,
        by_patient=any(item.startswith(("Patient/", "RelatedPerson/")) for item in performers),
        encounter=raw.encounter.reference if raw.encounter else "",
        note=note,
    )


def decode_report(body: bytes) -> Report:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_reports, body)
    people = raw.performer + raw.results_interpreter
    return Report(
        id=raw.id,
        label=words(raw.code),
        at=raw.effective_date_time
        or (raw.effective_period.start if raw.effective_period else "")
        or raw.issued,
        issued=raw.issued,
        status=raw.status,
        category=first_code(raw.category[0])[1] if raw.category else "",
        results=tuple(item.reference for item in raw.result if item.reference),
        performers=tuple(item.reference for item in people if item.reference),
        performer_name=next((item.display for item in people if item.display), ""),
        conclusion=raw.conclusion,
        has_document=bool(raw.presented_form),
    )


def _value(raw: _Measured) -> Value:
    system, code = first_code(raw.code)
    quantity = raw.value_quantity
    number = quantity.value if quantity else None
    if number is None and raw.value_integer is not None:
        number = Decimal(raw.value_integer)
    unit = (quantity.unit or quantity.code) if quantity else ""
    ucum = quantity.code if quantity and quantity.system == UCUM else ""
    band = _band(raw.reference_range, quantity)
    flag = _stated(raw.interpretation)
    comparator = quantity.comparator if quantity else ""
    return Value(
        system=system,
        code=code,
        label=words(raw.code),
        number=number,
        comparator=comparator,
        unit=unit,
        ucum=ucum,
        text="" if number is not None else _text(raw),
        answer=first_code(raw.value_codeable_concept)[1] if raw.value_codeable_concept else "",
        band=band,
        flag=flag or against(number, comparator, band),
        flag_stated=bool(flag),
    )


def _stated(interpretation: tuple[Concept, ...]) -> Flag:
    for item in interpretation:
        for coding in item.coding:
            if coding.code in _INTERPRETATIONS:
                return _INTERPRETATIONS[coding.code]
    return Flag.UNKNOWN


def against(number: Decimal | None, comparator: str, band: Band | None) -> Flag:
    """Where a number stands in a band; UNKNOWN without bounds or when `< 5` could be on either side."""
    if number is None or band is None or (band.low is None and band.high is None):
        return Flag.UNKNOWN
    if band.low is not None and (number < band.low):
        return Flag.LOW if not comparator.startswith(">") else Flag.UNKNOWN
    if band.high is not None and number > band.high:
        return Flag.HIGH if not comparator.startswith("<") else Flag.UNKNOWN
    if comparator.startswith("<") and band.low is not None:
        return Flag.UNKNOWN
    if comparator.startswith(">") and band.high is not None:
        return Flag.UNKNOWN
    return Flag.NORMAL


def _band(ranges: tuple[_ReferenceRange, ...], quantity: Quantity | None) -> Band | None:
    """The normal range sent; none when several populations were sent and nobody said which applies."""
    if not ranges:
        return None
    chosen = ranges[0]
    if len(ranges) > 1 or chosen.type is not None:
        normal = [item for item in ranges if first_code(item.type)[1] in ("", "normal")]
        if not normal:
            return None
        open_to_all = [item for item in normal if not item.applies_to and item.age is None]
        if not open_to_all and len(normal) > 1:
            return Band(text=" ; ".join(item.text for item in normal if item.text))
        chosen = (open_to_all or normal)[0]
    return _bounded(chosen, quantity)


def _bounded(chosen: _ReferenceRange, quantity: Quantity | None) -> Band:
    """The bounds of one range, where they are in the unit of the value."""
    low, high = chosen.low, chosen.high
    unit = next((side.unit or side.code for side in (low, high) if side), "")
    mine = (quantity.unit, quantity.code) if quantity else ("", "")
    if unit and quantity and unit not in mine and not _same_code(low or high, quantity):
        return Band(text=chosen.text or _bounds(low, high, unit), unit=unit)
    return Band(
        low=low.value if low else None,
        high=high.value if high else None,
        unit=unit or mine[0],
        text=chosen.text,
    )


def _same_code(side: Quantity | None, quantity: Quantity) -> bool:
    return side is not None and bool(side.code) and side.code == quantity.code


def _digits(side: Quantity | None) -> str:
    """Without an exponent; nothing for a number no laboratory sends: written out it would fill the memory."""
    if side is None or side.value is None or abs(side.value.adjusted()) > _LONGEST_NUMBER:
        return ""
    return f"{side.value:f}"


def _bounds(low: Quantity | None, high: Quantity | None, unit: str) -> str:
    ends = [_digits(side) for side in (low, high)]
    return f"{ends[0]}–{ends[1]} {unit}".strip()


def _text(raw: _Measured) -> str:
    if raw.value_codeable_concept is not None:
        return words(raw.value_codeable_concept)
    if raw.value_boolean is not None:
        return "true" if raw.value_boolean else "false"
    plain = raw.value_string or raw.value_date_time or raw.value_time
    if plain:
        return plain
    if raw.value_range is not None:
        return _bounds(raw.value_range.low, raw.value_range.high, "")
    if raw.value_ratio is not None:
        sides = (raw.value_ratio.numerator, raw.value_ratio.denominator)
        return "/".join(said for side in sides if (said := _digits(side)))
    return words(raw.data_absent_reason)


def is_loinc(value: Value, codes: frozenset[str]) -> bool:
    """Whether a value is one of the analytes of a list of LOINC codes."""
    return value.code in codes and value.system in (LOINC, "")
