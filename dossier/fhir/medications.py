"""Treatments: MedicationStatement (R4 §11.4), and MedicationRequest (§11.1) when nothing states it.

We write a MedicationStatement: the line `current treatments` says what the patient takes, whoever
prescribed it. An order is another act (a signed prescription), asks somebody to dispense, and stops by
other rules; a statement stops by a status and an end. Reading accepts both, and a request that a
statement says it comes from (`basedOn`, `derivedFrom`) is not listed twice.
The drug is a contained Medication: substance, form and strength stay apart (MEDI line), and the
reference carries the whole line for whoever reads no further.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    Annotation,
    Coding,
    Concept,
    Json,
    Period,
    Quantity,
    Ratio,
    Reference,
    Signature,
    annotation,
    concept,
    first_code,
    member,
    read,
    words,
)

CONTAINED: Final = "drug"


class Taking(StrEnum):
    """Status of a statement or of a request."""

    ACTIVE = "active"
    INTENDED = "intended"
    COMPLETED = "completed"
    STOPPED = "stopped"
    ON_HOLD = "on-hold"
    NOT_TAKEN = "not-taken"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    ERRONEOUS = "entered-in-error"
    UNKNOWN = ""


class Treatment(Struct, frozen=True, kw_only=True, gc=False):
    """One drug line. `substance` is the INN when the body tells it apart, else the whole wording, with
    `form` and `strength` empty. `dose` is what is taken at once, `posology` the moment and frequency;
    when only a free text is known it is in `posology`.
    """

    id: str
    rtype: str
    substance: str
    form: str = ""
    strength: str = ""
    system: str = ""
    code: str = ""
    dose: str = ""
    posology: str = ""
    duration: str = ""
    as_needed: bool = False
    status: Taking = Taking.UNKNOWN
    since: str = ""
    until: str = ""
    written: str = ""
    reason: str = ""
    author: str = ""
    author_name: str = ""
    by_patient: bool = False
    comes_from: tuple[str, ...] = ()
    note: str = ""

    @property
    def current(self) -> bool:
        return self.status in (Taking.ACTIVE, Taking.ON_HOLD, Taking.INTENDED)


class _Ingredient(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    item_codeable_concept: Concept | None = None
    strength: Ratio | None = None


class _Contained(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    code: Concept | None = None
    form: Concept | None = None
    ingredient: tuple[_Ingredient, ...] = ()


class _DoseAndRate(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    dose_quantity: Quantity | None = None


class _Repeat(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    bounds_duration: Quantity | None = None
    bounds_period: Period | None = None
    frequency: int | None = None
    period: Decimal | None = None
    period_unit: str = ""
    when: tuple[str | None, ...] = ()


class _Timing(Struct, frozen=True, kw_only=True, gc=False):
    repeat: _Repeat | None = None
    code: Concept | None = None


class _Dosage(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    text: str = ""
    patient_instruction: str = ""
    timing: _Timing | None = None
    as_needed_boolean: bool = False
    as_needed_codeable_concept: Concept | None = None
    dose_and_rate: tuple[_DoseAndRate, ...] = ()


class _Dispense(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    expected_supply_duration: Quantity | None = None


class _Medication(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    """The union of what we read of a statement and of a request."""

    resource_type: str = ""
    id: str = ""
    contained: tuple[_Contained, ...] = ()
    based_on: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()
    status: str = ""
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    date_asserted: str = ""
    authored_on: str = ""
    information_source: Reference | None = None
    requester: Reference | None = None
    recorder: Reference | None = None
    reason_code: tuple[Concept, ...] = ()
    dosage: tuple[_Dosage, ...] = ()
    dosage_instruction: tuple[_Dosage, ...] = ()
    dispense_request: _Dispense | None = None
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Medication)


def decode(body: bytes) -> Treatment:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    system, code = first_code(raw.medication_codeable_concept)
    drug = _contained(raw)
    if drug is not None and not code:
        system, code = first_code(drug.code)
    dosages = raw.dosage or raw.dosage_instruction
    first = dosages[0] if dosages else None
    period = raw.effective_period
    author = raw.information_source or raw.requester or raw.recorder
    return Treatment(
        id=raw.id,
        rtype=raw.resource_type,
        substance=_substance(raw, drug),
        form=words(drug.form) if drug else "",
        strength=_strength(drug) if drug else "",
        system=system,
        code=code,
        dose=_dose(first),
        posology=_posology(dosages),
        duration=_duration(raw, first),
        as_needed=first is not None
        and (first.as_needed_boolean or first.as_needed_codeable_concept is not None),
        status=member(Taking, raw.status),
        since=raw.effective_date_time or (period.start if period else "") or raw.authored_on,
        until=period.end if period else "",
        written=raw.date_asserted or raw.authored_on,
        reason=", ".join(text for item in raw.reason_code if (text := words(item))),
        author=author.reference if author else "",
        author_name=author.display if author else "",
        by_patient=author is not None
        and author.reference.startswith(("Patient/", "RelatedPerson/")),
        comes_from=tuple(
            item.reference for item in (*raw.based_on, *raw.derived_from) if item.reference
        ),
        note=" ".join(item.text for item in raw.note if item.text),
    )


def _contained(raw: _Medication) -> _Contained | None:
    wanted = raw.medication_reference.reference if raw.medication_reference else ""
    for item in raw.contained:
        if item.resource_type == "Medication" and f"#{item.id}" == wanted:
            return item
    return None


def _substance(raw: _Medication, drug: _Contained | None) -> str:
    if drug is not None:
        ingredients = [words(item.item_codeable_concept) for item in drug.ingredient]
        found = " + ".join(text for text in ingredients if text) or words(drug.code)
        if found:
            return found
    text = words(raw.medication_codeable_concept)
    return text or (raw.medication_reference.display if raw.medication_reference else "")


def _strength(drug: _Contained) -> str:
    found = []
    for item in drug.ingredient:
        numerator = item.strength.numerator if item.strength else None
        denominator = item.strength.denominator if item.strength else None
        text = amount(numerator)
        if (
            text
            and denominator
            and denominator.unit
            and denominator.unit not in ("1", words(drug.form))
        ):
            text += f"/{amount(denominator) if denominator.value != 1 else denominator.unit}"
        if text:
            found.append(text)
    return " + ".join(found)


def amount(quantity: Quantity | None) -> str:
    """`1000 mg`: the plain number, no trailing zero, a space, the unit. Typography is not ours."""
    if quantity is None or quantity.value is None:
        return ""
    number = f"{quantity.value.normalize():f}"
    return f"{number} {quantity.unit or quantity.code}".strip()


def _dose(dosage: _Dosage | None) -> str:
    if dosage is None:
        return ""
    return next((text for item in dosage.dose_and_rate if (text := amount(item.dose_quantity))), "")


def _posology(dosages: tuple[_Dosage, ...]) -> str:
    found = []
    for dosage in dosages:
        text = dosage.text or dosage.patient_instruction
        if not text and dosage.timing is not None:
            text = words(dosage.timing.code) or _frequency(dosage.timing.repeat)
        if text:
            found.append(text)
    return " ; ".join(found)


def _frequency(repeat: _Repeat | None) -> str:
    """`3 / 1 d`: the bare figures of a timing without words; the screen says it in its language."""
    if repeat is None or repeat.frequency is None or repeat.period is None:
        return ""
    return f"{repeat.frequency} / {repeat.period.normalize():f} {repeat.period_unit}"


def _duration(raw: _Medication, dosage: _Dosage | None) -> str:
    if raw.dispense_request is not None:
        found = amount(raw.dispense_request.expected_supply_duration)
        if found:
            return found
    repeat = dosage.timing.repeat if dosage and dosage.timing else None
    return amount(repeat.bounds_duration) if repeat else ""


class Drug(Struct, frozen=True, kw_only=True):
    """What a person says of a drug. `strength` is a number and its unit in full (`1000`, `mg`)."""

    substance: str
    form: str = ""
    strength: Decimal | None = None
    strength_unit: str = ""
    coding: Coding | None = None

    def line(self) -> str:
        """`metformine, comprimé, 1000 mg`."""
        strength = (
            f"{self.strength.normalize():f} {self.strength_unit}".strip() if self.strength else ""
        )
        return ", ".join(part for part in (self.substance, self.form, strength) if part)


class Dose(Struct, frozen=True, kw_only=True):
    """`quantity` and `unit` are taken at once; `posology` says when, in words."""

    quantity: Decimal | None = None
    unit: str = ""
    posology: str = ""
    as_needed: bool = False


class NewTreatment(Struct, frozen=True, kw_only=True):
    """What a person says of a treatment."""

    drug: Drug
    dose: Dose = Dose()
    since: str = ""
    reason: str = ""
    note: str = ""


def build(said: NewTreatment, *, rid: str, patient: str, signature: Signature) -> Json:
    """A treatment the patient takes, since today unless said otherwise."""
    body: Json = {
        "resourceType": "MedicationStatement",
        "id": rid,
        "status": str(Taking.ACTIVE),
        "subject": {"reference": patient},
        "effectivePeriod": {"start": said.since or signature.at[:10]},
        "dateAsserted": signature.at,
        "informationSource": signature.author,
        **said_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def said_elements(said: NewTreatment) -> Json:
    """The elements a person words, without dates and note: what a revision replaces."""
    found: Json = dict(drug_elements(said.drug))
    if dosage := dosage_element(said.dose):
        found["dosage"] = dosage
    if said.reason:
        found["reasonCode"] = [concept(said.reason)]
    return found


def drug_elements(drug: Drug) -> Json:
    """`contained` and `medicationReference` of a drug (dom-3: what is contained is referred to)."""
    ingredient: Json = {"itemCodeableConcept": concept(drug.substance)}
    if drug.strength is not None:
        ingredient["strength"] = {
            "numerator": {"value": _number(drug.strength), "unit": drug.strength_unit},
            "denominator": {"value": 1, "unit": drug.form or "1"},
        }
    medication: Json = {
        "resourceType": "Medication",
        "id": CONTAINED,
        "code": concept(drug.line(), *((drug.coding,) if drug.coding else ())),
        "ingredient": [ingredient],
    }
    if drug.form:
        medication["form"] = concept(drug.form)
    return {
        "contained": [medication],
        "medicationReference": {"reference": f"#{CONTAINED}", "display": drug.line()},
    }


def dosage_element(dose: Dose) -> list[Json]:
    """The `dosage` element, empty when nothing is said."""
    found: Json = {}
    if dose.posology:
        found["text"] = dose.posology
    if dose.as_needed:
        found["asNeededBoolean"] = True
    if dose.quantity is not None:
        quantity: Json = {"value": _number(dose.quantity)}
        if dose.unit:
            quantity["unit"] = dose.unit
        found["doseAndRate"] = [{"doseQuantity": quantity}]
    return [found] if found else []


def _number(value: Decimal) -> int | float:
    """A JSON number; both sides hash it as it decodes."""
    return int(value) if value == value.to_integral_value() else float(value)


def stopped(body: Json, *, on: str, reason: str, signature: Signature) -> Json:
    """The same treatment, stopped on a day, with the reason in a note."""
    period = {**body.get("effectivePeriod", {}), "end": on}
    marked: Json = {**body, "status": str(Taking.STOPPED)}
    if body.get("resourceType") == "MedicationStatement":
        marked["effectivePeriod"] = period
        start = body.get("effectiveDateTime")
        if start:
            del marked["effectiveDateTime"]
            marked["effectivePeriod"] = {"start": start, "end": on}
        if reason:
            marked["statusReason"] = [concept(reason)]
    elif reason:
        marked["statusReason"] = concept(reason)
    if reason:
        marked["note"] = [*body.get("note", []), annotation(reason, signature)]
    return marked


def entered_in_error(body: Json, *, reason: str, signature: Signature) -> Json:
    """The same treatment, marked as an error."""
    return {
        **body,
        "status": str(Taking.ERRONEOUS),
        "note": [*body.get("note", []), annotation(reason, signature)],
    }
