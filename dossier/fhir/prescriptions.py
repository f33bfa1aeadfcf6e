"""Prescriptions: MedicationRequests of one group (R4 §11.1, `groupIdentifier` is the requisition) beside the
document that was printed and signed (`documents.build`, LOINC 57833-6).

The structured line and the printed line are one sentence (HZ-13): `dosageInstruction.patientInstruction` is what is
printed, made of the parts that fill `timing`, `doseAndRate`, `asNeeded` and `maxDosePerPeriod`. A part that was not
understood is words alone. Quantities are counts of what is taken; times are UCUM.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir import medications
from dossier.fhir.elements import (
    LOINC,
    UCUM,
    Coding,
    Concept,
    Identifier,
    Json,
    Quantity,
    Reference,
    Signature,
    annotation,
    code_in,
    coded,
    concept,
    first_code,
    member,
    read,
)
from dossier.fhir.medications import Drug, Taking, Treatment
from dossier.terminology.posology import Ceiling, Lasting, Moments, Needed, Posology, Rhythm
from dossier.terminology.units import Span, time_name

TYPE_CODE: Final = "57833-6"
TYPE_LABEL: Final = "Ordonnance de médicaments"
GROUPS: Final = "urn:ietf:rfc:3986"
ZONES: Final = "urn:colloque:prescription-zone"
LINES: Final = "urn:colloque:prescription-line"
MENTIONS: Final = "urn:colloque:not-substitutable"
DOCUMENT: Final = Coding(system=LOINC, code=TYPE_CODE, display=TYPE_LABEL)
"""The type of the document that is signed."""


class Zone(StrEnum):
    """Of a two-zone prescription: what the long-term condition pays for, and the rest."""

    ALD = "ald"
    OTHER = "other"


class Mention(StrEnum):
    """Why a drug may not be substituted; only these three (wr.nonsub)."""

    NONE = ""
    MTE = "MTE"
    EFG = "EFG"
    CIF = "CIF"


class NewLine(Struct, frozen=True, kw_only=True):
    """One line as it is signed. `letters`: secured, every number in letters. `reason`: why in spite of an allergy.

    `prior` is the reference of the request it takes the place of.
    """

    number: int
    drug: Drug
    posology: Posology
    supply: Span | None = None
    renewals: int = 0
    mention: Mention = Mention.NONE
    zone: Zone = Zone.OTHER
    letters: bool = False
    reason: str = ""
    prior: str = ""

    def sentence(self) -> str:
        """What is shown, printed and filed."""
        return self.posology.letters() if self.letters else self.posology.words()


class Line(Struct, frozen=True, kw_only=True):
    """A line of a prescription that exists. `sentence` is the printed one."""

    id: str
    treatment: Treatment
    sentence: str
    group: str = ""
    number: int = 0
    supply: Span | None = None
    renewals: int = 0
    mention: Mention = Mention.NONE
    zone: Zone = Zone.OTHER


def build_line(line: NewLine, *, rid: str, patient: str, group: str, signature: Signature) -> Json:
    """One MedicationRequest, active since it was signed."""
    body: Json = {
        "resourceType": "MedicationRequest",
        "id": rid,
        "identifier": [{"system": LINES, "value": str(line.number)}],
        "status": str(Taking.ACTIVE),
        "intent": "order",
        "category": [coded(ZONES, line.zone)],
        **medications.drug_elements(line.drug),
        "subject": {"reference": patient},
        "authoredOn": signature.at,
        "requester": signature.author,
        "groupIdentifier": {"system": GROUPS, "value": f"urn:uuid:{group}"},
    }
    if dosage := dosage_of(line.posology, letters=line.letters):
        body["dosageInstruction"] = [dosage]
    dispense: Json = {}
    if line.renewals:
        dispense["numberOfRepeatsAllowed"] = line.renewals
    if line.supply is not None:
        dispense["expectedSupplyDuration"] = _duration(line.supply)
    if dispense:
        body["dispenseRequest"] = dispense
    if line.mention:
        body["substitution"] = {
            "allowedBoolean": False,
            "reason": concept("", Coding(system=MENTIONS, code=line.mention)),
        }
    if line.prior:
        body["priorPrescription"] = {"reference": line.prior}
    if line.reason:
        body["note"] = [annotation(line.reason, signature)]
    return body


def dosage_of(posology: Posology, *, letters: bool = False) -> Json:
    """A Dosage: `patientInstruction` the whole sentence, `text` without the dose it begins with; {} for nothing."""
    whole, rest = posology, posology.after_dose()
    found: Json = {"text": rest.letters() if letters else rest.words()}
    found["patientInstruction"] = whole.letters() if letters else whole.words()
    if repeat := _repeat(posology):
        found["timing"] = {"repeat": repeat}
    needed = posology.one(Needed)
    if needed is not None and needed.reason:
        found["asNeededCodeableConcept"] = concept(needed.reason)
    elif needed is not None:
        found["asNeededBoolean"] = True
    dose, ceiling = posology.dose, posology.one(Ceiling)
    if dose is not None:
        found["doseAndRate"] = [{"doseQuantity": _amount(dose.quantity, dose.unit)}]
    if ceiling is not None and (ceiling.unit or dose is not None):
        most = ceiling.count if ceiling.unit or dose is None else ceiling.count * dose.quantity
        unit = ceiling.unit or (dose.unit if dose is not None else "")
        found["maxDosePerPeriod"] = {
            "numerator": _amount(most, unit),
            "denominator": _duration(Span(1, "d")),
        }
    return {name: value for name, value in found.items() if value}


def _repeat(posology: Posology) -> Json:
    found: Json = {}
    moments, rhythm, lasting = (posology.one(kind) for kind in (Moments, Rhythm, Lasting))
    if lasting is not None:
        found["boundsDuration"] = _duration(lasting.span)
    if rhythm is not None:
        found |= {"frequency": rhythm.times, "period": rhythm.period, "periodUnit": rhythm.unit}
    if moments is not None:
        found["when"] = list(moments.codes)
    return found


def _amount(value: Decimal, unit: str) -> Json:
    whole = value == value.to_integral_value()
    return {"value": int(value) if whole else float(value), "unit": unit}


def _duration(span: Span) -> Json:
    unit = time_name(span.unit, span.number)
    return {"value": span.number, "unit": unit, "system": UCUM, "code": span.unit}


# -- reading -----------------------------------------------------------------------------------------------------


class _Dispense(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    number_of_repeats_allowed: int = 0
    expected_supply_duration: Quantity | None = None


class _Substitution(Struct, frozen=True, kw_only=True, gc=False):
    reason: Concept | None = None


class _Said(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    patient_instruction: str = ""


class _Request(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    identifier: tuple[Identifier, ...] = ()
    category: tuple[Concept, ...] = ()
    group_identifier: Identifier | None = None
    dispense_request: _Dispense | None = None
    substitution: _Substitution | None = None
    dosage_instruction: tuple[_Said, ...] = ()


class _Context(Struct, frozen=True, kw_only=True, gc=False):
    related: tuple[Reference, ...] = ()


class _Document(Struct, frozen=True, kw_only=True, gc=False):
    type: Concept | None = None
    status: str = ""
    date: str = ""
    context: _Context | None = None


_request_decoder = msgspec.json.Decoder(_Request)
_document_decoder = msgspec.json.Decoder(_Document)


def decode_line(body: bytes) -> Line:
    """A MedicationRequest as a line. Raises Invalid(`unreadable`)."""
    raw, treatment = read(_request_decoder, body), medications.decode(body)
    dispense = raw.dispense_request or _Dispense()
    number = next((one.value for one in raw.identifier if one.system == LINES), "")
    said = raw.dosage_instruction[0].patient_instruction if raw.dosage_instruction else ""
    zone = next((code for item in raw.category if (code := code_in(item, ZONES))), "")
    reason = raw.substitution.reason if raw.substitution else None
    return Line(
        id=raw.id,
        treatment=treatment,
        sentence=said or f"{treatment.dose} {treatment.posology}".strip(),
        group=raw.group_identifier.value if raw.group_identifier else "",
        number=int(number[:3]) if number.isascii() and number.isdigit() else 0,
        supply=_span(dispense.expected_supply_duration),
        renewals=dispense.number_of_repeats_allowed,
        mention=member(Mention, first_code(reason)[1]),
        zone=Zone(zone) if zone in Zone.__members__.values() else Zone.OTHER,
    )


def requests_of(body: bytes) -> tuple[str, ...]:
    """The ids of the lines of a prescription document; () for any other document, replaced or wrong."""
    raw = read(_document_decoder, body)
    if code_in(raw.type, LOINC) != TYPE_CODE or raw.status != "current" or raw.context is None:
        return ()
    kept = (one.reference.partition("/") for one in raw.context.related)
    return tuple(rid for rtype, _, rid in kept if rtype == "MedicationRequest")


def _span(quantity: Quantity | None) -> Span | None:
    if quantity is None or quantity.value is None or quantity.system != UCUM:
        return None
    whole = quantity.value == quantity.value.to_integral_value()
    known = quantity.code in ("h", "d", "wk", "mo", "a")
    return Span(int(quantity.value), quantity.code) if whole and known else None


# -- ends --------------------------------------------------------------------------------------------------------


def cancelled(body: Json, *, reason: str) -> Json:
    """A line whose prescription was replaced."""
    return {**body, "status": str(Taking.CANCELLED), "statusReason": concept(reason)}
