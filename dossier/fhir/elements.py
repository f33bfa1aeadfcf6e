"""The R4 data types the concepts share, read from raw JSON as frozen structs.

Every field has a default and unknown elements are ignored, so decoding never fails on valid R4; lists of
primitives may hold null (R4 JSON, an element with an extension and no value). A body that still does not
fit is answered by `Invalid` with the rule `unreadable`, and the caller shows it as unreadable: it is never
dropped. Nothing here is written back: a change is a patch of the stored body (design law 6).
"""

from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue

T = TypeVar("T")
M = TypeVar("M", bound=StrEnum)

Json = dict[str, Any]
Primitives = tuple[str | None, ...]


class Coding(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    system: str = ""
    code: str = ""
    display: str = ""
    user_selected: bool = False


class Concept(Struct, frozen=True, kw_only=True, gc=False):
    """CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Period(Struct, frozen=True, kw_only=True, gc=False):
    start: str = ""
    end: str = ""


class Identifier(Struct, frozen=True, kw_only=True, gc=False):
    use: str = ""
    system: str = ""
    value: str = ""
    type: Concept | None = None
    period: Period | None = None


class Reference(Struct, frozen=True, kw_only=True, gc=False):
    reference: str = ""
    type: str = ""
    display: str = ""
    identifier: Identifier | None = None


class Quantity(Struct, frozen=True, kw_only=True, gc=False):
    value: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Range(Struct, frozen=True, kw_only=True, gc=False):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Struct, frozen=True, kw_only=True, gc=False):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Annotation(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    text: str = ""
    time: str = ""
    author_string: str = ""
    author_reference: Reference | None = None


class HumanName(Struct, frozen=True, kw_only=True, gc=False):
    use: str = ""
    text: str = ""
    family: str = ""
    given: Primitives = ()
    prefix: Primitives = ()
    suffix: Primitives = ()


class ContactPoint(Struct, frozen=True, kw_only=True, gc=False):
    system: str = ""
    value: str = ""
    use: str = ""


class Address(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    use: str = ""
    text: str = ""
    line: Primitives = ()
    city: str = ""
    postal_code: str = ""
    country: str = ""


class Extension(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    url: str = ""
    extension: tuple["Extension", ...] = ()
    value_string: str = ""
    value_code: str = ""
    value_boolean: bool | None = None
    value_coding: Coding | None = None
    value_codeable_concept: Concept | None = None


class Tags(Struct, frozen=True, kw_only=True, gc=False):
    """Meta, without the stamps a server writes."""

    tag: tuple[Coding, ...] = ()


def read(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """Decode `body`; raises Invalid(`unreadable`) and quotes nothing of it."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid((Issue("$", "unreadable"),)) from error


def member(kind: type[M], value: str) -> M:
    """The member of a closed list, its member "" for a code the list does not have."""
    return kind(value) if value in kind.__members__.values() else kind("")


def words(concept: Concept | None) -> str:
    """What a person reads of a concept: its text, the coding its author chose, the first display, a code."""
    if concept is None:
        return ""
    if concept.text:
        return concept.text
    for coding in concept.coding:
        if coding.user_selected and coding.display:
            return coding.display
    for coding in concept.coding:
        if coding.display:
            return coding.display
    return concept.coding[0].code if concept.coding else ""


def code_in(concept: Concept | None, system: str) -> str:
    """The code of `concept` in `system`, or ""."""
    if concept is not None:
        for coding in concept.coding:
            if coding.system == system:
                return coding.code
    return ""


def first_code(concept: Concept | None) -> tuple[str, str]:
    """(system, code) of the first coding that has a code."""
    if concept is not None:
        for coding in concept.coding:
            if coding.code:
                return coding.system, coding.code
    return "", ""


def present(values: Primitives) -> tuple[str, ...]:
    """A list of primitives without its nulls."""
    return tuple(value for value in values if value)


def reference(target: str, display: str = "", rtype: str = "") -> Json:
    """A Reference: literal where we know the target, else by type and name only (R4 §2.3.0)."""
    found: Json = {}
    if target:
        found["reference"] = target
    elif rtype:
        found["type"] = rtype
    if display:
        found["display"] = display
    return found


def concept(text: str, *codings: Coding) -> Json:
    """A CodeableConcept with its words as the person wrote them."""
    found: Json = {}
    if codings:
        found["coding"] = [
            {
                key: value
                for key, value in (
                    ("system", coding.system),
                    ("code", coding.code),
                    ("display", coding.display),
                )
                if value
            }
            for coding in codings
        ]
    if text:
        found["text"] = text
    return found


def coded(system: str, code: str) -> Json:
    """A CodeableConcept of one code of a closed list."""
    return {"coding": [{"system": system, "code": code}]}


class Signature(Struct, frozen=True, kw_only=True):
    """Who writes and at what claimed time: a Reference to the author, an RFC 3339 instant."""

    author: Json
    at: str


def annotation(text: str, signature: Signature) -> Json:
    """An Annotation by its author at the claimed time."""
    found: Json = {}
    if signature.author.get("reference"):
        found["authorReference"] = signature.author
    elif signature.author.get("display"):
        found["authorString"] = signature.author["display"]
    return found | {"time": signature.at, "text": text}


def json_number(value: Decimal) -> int | float:
    """A JSON number; both sides hash it as it decodes."""
    return int(value) if value == value.to_integral_value() else float(value)


def in_error(body: Json, reason: str, signature: Signature) -> Json:
    """The same resource marked as an error by its `status`, where R4 gives it that one; the reason is a note."""
    note = annotation(reason, signature)
    return {**body, "status": "entered-in-error", "note": [*body.get("note", []), note]}


UCUM: Final = "http://unitsofmeasure.org"
SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
PATIENT_ADDED: Final = "PATAST"
"""v3-ActCode / v3-Integrity `patient asserted`: the code on `meta.tag` or `meta.security` of own entries."""
