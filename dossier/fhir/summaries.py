"""The patient summary as a document: International Patient Summary (HL7 IPS 1.1) over R4 (EUR-01).

A Bundle of type `document`: a Composition, the patient, its authors, then copies of the very resources of the
record that each section stands on. What is copied is not reworded: server stamps, narratives of others and
references that lead out of the document go, everything else stays. A required section that stands on nothing
holds the IPS assertion that there is no information: an empty list of ours is never an assertion that there
is nothing (HZ-05, HZ-17).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from html import escape
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir import patients
from dossier.fhir.elements import LOINC, Json
from dossier.identity.systems import INS_SYSTEMS

DOCUMENT_TYPE: Final = "60591-5"
_PROFILE: Final = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
_ABSENT: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_DIRECTORY: Final = ("Practitioner", "PractitionerRole", "Organization")
_PATIENT: Final = frozenset(("AllergyIntolerance", "FamilyMemberHistory", "Immunization"))
"""These name the patient under `patient`, the others under `subject`."""
_DEPTH: Final = 64


class Part(StrEnum):
    """The sections of the IPS that a record of ours can fill, by their LOINC code, in their order."""

    ALLERGIES = "48765-2"
    MEDICATIONS = "10160-0"
    PROBLEMS = "11450-4"
    PAST_ILLNESS = "11348-0"
    PROCEDURES = "47519-4"
    FAMILY = "10157-6"
    IMMUNIZATIONS = "11369-6"
    RESULTS = "30954-2"
    VITAL_SIGNS = "8716-3"
    SOCIAL_HISTORY = "29762-2"


REQUIRED: Final = (Part.ALLERGIES, Part.MEDICATIONS, Part.PROBLEMS)


class Section(Struct, frozen=True, kw_only=True):
    """`lines` are what a person reads, `resources` the bodies they stand on, in the same order."""

    part: Part
    title: str
    lines: tuple[str, ...] = ()
    resources: tuple[Json, ...] = ()


class Head(Struct, frozen=True, kw_only=True):
    """Of whom, by whom, when. `at` is an RFC 3339 instant, `language` a BCP 47 tag, `author` and `custodian`
    literal references with a display name; their bodies come from the directory where it holds them.
    """

    title: str
    language: str
    at: str
    patient: Json
    author: Json
    custodian: Json | None = None


def document(
    head: Head, sections: Iterable[Section], directory: Mapping[str, Json], identifier: UUID
) -> Json:
    """The Bundle. `directory`: bodies by `Type/id`; `identifier` is new for each document, and the names of
    its entries are made from it. Raises Invalid where the head does not name a patient.
    """
    if head.patient.get("resourceType") != "Patient" or not head.patient.get("id"):
        raise Invalid((Issue("$", "no_patient"),))
    return _Document(head, tuple(sections), directory, identifier).bundle()


class _Document:
    def __init__(
        self,
        head: Head,
        sections: tuple[Section, ...],
        directory: Mapping[str, Json],
        identifier: UUID,
    ) -> None:
        self._head, self._directory, self._identifier = head, directory, identifier
        self._patient = self._urn(f"Patient/{head.patient['id']}")
        self._sections = self._filled(sections)
        self._people: dict[str, Json] = {}
        self._names: dict[str, str] = {}

    def bundle(self) -> Json:
        author = self._met(self._head.author, "Practitioner")
        keeper = self._head.custodian
        custodian = self._met(keeper, "Organization") if keeper is not None else None
        clinical = {
            _literal(body): body for section in self._sections for body in section.resources
        }
        for body in (self._head.patient, *clinical.values()):
            self._meet(body)
        self._names |= {name: self._urn(name) for name in (*clinical, *self._people)}
        self._names[f"Patient/{self._head.patient['id']}"] = self._patient
        entries = [
            (self._urn("Composition/1"), self._composition(author, custodian)),
            (self._patient, self._copied(_identified(self._head.patient))),
            *((self._names[name], self._copied(body)) for name, body in self._people.items()),
            *((self._names[name], self._copied(body)) for name, body in clinical.items()),
        ]
        return {
            "resourceType": "Bundle",
            "id": str(self._identifier),
            "meta": {"profile": [f"{_PROFILE}Bundle-uv-ips"]},
            "language": self._head.language,
            "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{self._identifier}"},
            "type": "document",
            "timestamp": self._head.at,
            "entry": [{"fullUrl": url, "resource": body} for url, body in entries],
        }

    def _filled(self, sections: tuple[Section, ...]) -> tuple[Section, ...]:
        """In the order of the IPS; what it requires is there, an optional part without a line is not."""
        given = {section.part: section for section in sections}
        found = []
        for part in Part:
            section = given.get(part)
            if section is not None and section.resources:
                found.append(section)
            elif part in REQUIRED:
                said = section or Section(part=part, title=part.name.capitalize())
                found.append(
                    Section(
                        part=part, title=said.title, lines=said.lines, resources=(_no_facts(part),)
                    )
                )
        return tuple(found)

    def _composition(self, author: Json, custodian: Json | None) -> Json:
        head = self._head
        body: Json = {
            "resourceType": "Composition",
            "id": "1",
            "meta": {"profile": [f"{_PROFILE}Composition-uv-ips"]},
            "language": head.language,
            "status": "final",
            "type": {"coding": [{"system": LOINC, "code": DOCUMENT_TYPE}]},
            "subject": {"reference": self._patient},
            "date": head.at,
            "author": [self._led(author)],
            "title": head.title,
            "confidentiality": "N",
            "section": [self._section(section) for section in self._sections],
        }
        if custodian is not None:
            body["custodian"] = self._led(custodian)
        return body

    def _section(self, section: Section) -> Json:
        return {
            "title": section.title,
            "code": {"coding": [{"system": LOINC, "code": str(section.part)}]},
            "text": {"status": "generated", "div": _div(section, self._head.language)},
            "entry": [{"reference": self._urn(_literal(body))} for body in section.resources],
        }

    def _met(self, named: Json, rtype: str) -> Json:
        """A reference to somebody of the directory; where it holds no body, one with the name alone."""
        literal = str(named.get("reference") or "")
        if literal in self._directory:
            self._person(literal)
            return named
        literal = f"{rtype}/{len(self._people) + 1}"
        shown = str(named.get("display") or "")
        name: Any = [{"text": shown}] if rtype == "Practitioner" else shown
        self._people[literal] = {"resourceType": rtype, "id": literal.split("/")[1], "name": name}
        return {"reference": literal, "display": shown} if shown else {"reference": literal}

    def _person(self, literal: str) -> None:
        if literal not in self._people:
            self._people[literal] = body = self._directory[literal]
            self._meet(body)

    def _meet(self, body: Json) -> None:
        """Whoever of the directory this body names comes along, and whom they name in turn."""
        for literal in references(body):
            if literal.startswith(_DIRECTORY) and literal in self._directory:
                self._person(literal)

    def _copied(self, body: Json) -> Json:
        """Without stamps, without a narrative, every reference leading inside or said by its words alone."""
        kept = {key: value for key, value in body.items() if key not in ("meta", "text")}
        meta = body.get("meta")
        marks = {key: meta[key] for key in ("security", "tag") if meta.get(key)} if meta else {}
        copied: Json = {"resourceType": body["resourceType"]}
        if marks:
            copied["meta"] = marks
        copied |= self._inside(kept, _DEPTH)
        rtype = body["resourceType"]
        if rtype != "Patient" and rtype not in _DIRECTORY:
            copied["patient" if rtype in _PATIENT else "subject"] = {"reference": self._patient}
        return copied

    def _inside(self, value: Any, depth: int) -> Any:
        if not depth:
            raise Invalid((Issue("$", "too_deep"),))
        if isinstance(value, list):
            items = [self._inside(one, depth - 1) for one in value]
            return [one for one in items if one not in ({}, [])]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("reference"), str):
            return self._led(value)
        found = {key: self._inside(one, depth - 1) for key, one in value.items()}
        return {key: one for key, one in found.items() if one not in ({}, [])}

    def _led(self, named: Json) -> Json:
        literal = named["reference"]
        if literal.startswith("#"):
            return named
        inside = self._names.get(literal)
        rest = {key: value for key, value in named.items() if key != "reference"}
        return {"reference": inside} | rest if inside is not None else rest

    def _urn(self, literal: str) -> str:
        return f"urn:uuid:{uuid5(self._identifier, literal)}"


def _literal(body: Json) -> str:
    return f"{body['resourceType']}/{body['id']}"


def references(value: Any, depth: int = _DEPTH) -> Iterable[str]:
    if not depth:
        raise Invalid((Issue("$", "too_deep"),))
    if isinstance(value, list):
        for one in value:
            yield from references(one, depth - 1)
    elif isinstance(value, dict):
        literal = value.get("reference")
        if isinstance(literal, str):
            yield literal
        for one in value.values():
            yield from references(one, depth - 1)


def _identified(patient: Json) -> Json:
    """The INS travels with a qualified identity only (FACTS §2, fr-core-1)."""
    if patients.decode(msgspec.json.encode(patient)).status is patients.IdentityStatus.QUALIFIED:
        return patient
    kept = [one for one in patient.get("identifier", ()) if one.get("system") not in INS_SYSTEMS]
    rest = {key: value for key, value in patient.items() if key != "identifier"}
    return rest | {"identifier": kept} if kept else rest


def _no_facts(part: Part) -> Json:
    """The assertion that a required section knows nothing, as the IPS words it."""
    if part is Part.ALLERGIES:
        return {
            "resourceType": "AllergyIntolerance",
            "id": "no-allergy-info",
            "clinicalStatus": _of("allergyintolerance-clinical", "active"),
            "code": _absent("no-allergy-info"),
        }
    if part is Part.MEDICATIONS:
        return {
            "resourceType": "MedicationStatement",
            "id": "no-medication-info",
            "status": "unknown",
            "medicationCodeableConcept": _absent("no-medication-info"),
        }
    return {
        "resourceType": "Condition",
        "id": "no-problem-info",
        "clinicalStatus": _of("condition-clinical", "active"),
        "code": _absent("no-problem-info"),
    }


def _absent(code: str) -> Json:
    return {"coding": [{"system": _ABSENT, "code": code}]}


def _of(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def _div(section: Section, language: str) -> str:
    """The lines as a list of text; what they hold is never markup."""
    items = "".join(f"<li>{escape(_plain(line), quote=False)}</li>" for line in section.lines)
    words = f"<ul>{items}</ul>" if items else f"<p>{escape(_plain(section.title), quote=False)}</p>"
    return (
        f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{language}" xml:lang="{language}">'
        f"{words}</div>"
    )


def _plain(line: str) -> str:
    """Without the control characters that XML does not know."""
    return "".join(one for one in line if one >= " " and one not in "\ufffe\uffff")
