"""Identity of a patient: Patient (R4 §8.1, FR Core 2.1.0 FRCorePatientINS).

Birth name and birth given names are strict traits; the used name and given name are shown beside them
only where they differ. The matricule INS is shown only when the identity is qualified or retrieved.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    Address,
    ContactPoint,
    Extension,
    HumanName,
    Identifier,
    Json,
    Reference,
    present,
    read,
)
from dossier.identity.systems import INS_SYSTEMS

RELIABILITY: Final = frozenset(
    (
        "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",
        "http://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-ident-reliability",
        "http://interopsante.org/fhir/StructureDefinition/FrPatientIdentReliability",
    )
)
RELIABILITY_URL: Final = (
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
)
RELIABILITY_CODES: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445"
BIRTH_GIVEN: Final = frozenset(
    (
        "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name",
        "http://interopsante.org/fhir/StructureDefinition/FrPatientBirthListGivenName",
    )
)
BIRTH_GIVEN_URL: Final = (
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name"
)


class Sex(StrEnum):
    """Administrative sex; OTHER and UNKNOWN both read `indéterminé`."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class IdentityStatus(StrEnum):
    """Qualified = validated (identity document) and retrieved (INSi answered)."""

    QUALIFIED = "qualified"
    VALIDATED = "validated"
    RETRIEVED = "retrieved"
    PROVISIONAL = "provisional"


class Patient(Struct, frozen=True, kw_only=True, gc=False):
    """`birth_given` is the first given name of birth; `birth_givens` all of them as written."""

    id: str
    civility: str = ""
    birth_name: str = ""
    birth_given: str = ""
    birth_givens: str = ""
    used_name: str = ""
    used_given: str = ""
    birth_date: str = ""
    sex: Sex = Sex.UNKNOWN
    ins: str = ""
    ins_system: str = ""
    status: IdentityStatus = IdentityStatus.PROVISIONAL
    deceased: bool = False
    deceased_at: str = ""
    address: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    attending: str = ""
    attending_name: str = ""
    warnings: tuple[str, ...] = ()
    """Codes of the reliability list that ask for care: HOMA, HOMD, DOUT, FICT, DPOT..."""


class _Patient(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    name: tuple["_Name", ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: str = ""
    birth_date: str = ""
    deceased_boolean: bool = False
    deceased_date_time: str = ""
    address: tuple[Address, ...] = ()
    general_practitioner: tuple[Reference, ...] = ()


class _Name(HumanName, frozen=True, kw_only=True, gc=False):
    extension: tuple[Extension, ...] = ()


_decoder = msgspec.json.Decoder(_Patient)
_CIVILITIES: Final = {"m": "M", "mr": "M", "m.": "M", "mr.": "M", "monsieur": "M", "mme": "MME"} | {
    "mrs": "MME",
    "mrs.": "MME",
    "ms": "MME",
    "ms.": "MME",
    "madame": "MME",
}
_CAREFUL: Final = frozenset(
    ("HOMA", "HOMD", "DOUT", "FICT", "DPOT", "DOUA", "COLP", "COLV", "USUR")
)


def decode(body: bytes) -> Patient:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    official, usual = _names(raw.name)
    codes = _reliability(raw.extension)
    ins = next(
        (item for item in raw.identifier if item.system in INS_SYSTEMS and item.use != "old"),
        Identifier(),
    )
    givens = _birth_givens(official)
    first = present(official.given)[0] if present(official.given) else givens.split(" ")[0]
    used_given = " ".join(present(usual.given))
    doctor = raw.general_practitioner[0] if raw.general_practitioner else Reference()
    return Patient(
        id=raw.id,
        civility=_civility(raw.name),
        birth_name=official.family or official.text,
        birth_given=first,
        birth_givens=givens,
        used_name=usual.family if usual.family.casefold() != official.family.casefold() else "",
        used_given=used_given if used_given != first else "",
        birth_date=raw.birth_date,
        sex=Sex(raw.gender) if raw.gender in Sex.__members__.values() else Sex.UNKNOWN,
        ins=ins.value,
        ins_system=ins.system,
        status=_status(codes, has_ins=bool(ins.value)),
        deceased=raw.deceased_boolean or bool(raw.deceased_date_time),
        deceased_at=raw.deceased_date_time,
        address=_address(raw.address),
        phones=tuple(item.value for item in raw.telecom if item.system in ("phone", "sms")),
        emails=tuple(item.value for item in raw.telecom if item.system == "email"),
        attending=doctor.reference,
        attending_name=doctor.display,
        warnings=tuple(code for code in codes if code in _CAREFUL),
    )


def _names(names: tuple[_Name, ...]) -> tuple[_Name, _Name]:
    """(birth name, used name): official or maiden first; a single name is both."""
    by_use: dict[str, _Name] = {}
    for name in names:
        by_use.setdefault(name.use, name)
    first = names[0] if names else _Name()
    usual = by_use.get("usual") or by_use.get("official") or first
    official = by_use.get("official") or first
    maiden = by_use.get("maiden")
    if maiden is not None and maiden.family:
        usual = by_use.get("usual") or official
        official = maiden if maiden.given else _Name(family=maiden.family, given=official.given)
    return official, usual


def _civility(names: tuple[_Name, ...]) -> str:
    for name in names:
        for prefix in present(name.prefix):
            if prefix.casefold() in _CIVILITIES:
                return _CIVILITIES[prefix.casefold()]
    return ""


def _birth_givens(official: _Name) -> str:
    for item in official.extension:
        if item.url in BIRTH_GIVEN and item.value_string:
            return item.value_string
    return " ".join(present(official.given))


def _reliability(extensions: tuple[Extension, ...]) -> tuple[str, ...]:
    found = []
    for outer in extensions:
        if outer.url in RELIABILITY:
            found += [
                inner.value_coding.code
                for inner in (outer, *outer.extension)
                if inner.value_coding is not None and inner.url != "validationMode"
            ]
    return tuple(found)


def _status(codes: tuple[str, ...], *, has_ins: bool) -> IdentityStatus:
    if "VALI" in codes:
        return IdentityStatus.QUALIFIED if has_ins else IdentityStatus.VALIDATED
    return IdentityStatus.RETRIEVED if has_ins else IdentityStatus.PROVISIONAL


def _address(addresses: tuple[Address, ...]) -> tuple[str, ...]:
    living = [item for item in addresses if item.use != "old"]
    if not living:
        return ()
    chosen = living[0]
    town = " ".join(part for part in (chosen.postal_code, chosen.city) if part)
    lines = (*present(chosen.line), town)
    return tuple(line for line in lines if line) or ((chosen.text,) if chosen.text else ())


class NewPatient(Struct, frozen=True, kw_only=True):
    """Identity as it is read on a document, `birth_givens` in their order."""

    birth_name: str
    birth_givens: tuple[str, ...]
    birth_date: str
    sex: Sex
    civility: str = ""
    used_name: str = ""
    used_given: str = ""
    ins: str = ""
    ins_system: str = ""
    status: IdentityStatus = IdentityStatus.PROVISIONAL


def build(said: NewPatient, *, rid: str, attending: Json | None = None) -> Json:
    """An FR Core patient. `birth_date` may be a year or a month (unknown day); no INS is sent unless the
    identity is qualified or retrieved.
    """
    official: Json = {"use": "official", "family": said.birth_name, "given": [said.birth_givens[0]]}
    official["extension"] = [{"url": BIRTH_GIVEN_URL, "valueString": " ".join(said.birth_givens)}]
    if said.civility in ("M", "MME"):
        official["prefix"] = [said.civility]
    names = [official]
    if said.used_name or said.used_given:
        names.append(
            {
                "use": "usual",
                "family": said.used_name or said.birth_name,
                "given": [said.used_given or said.birth_givens[0]],
            }
        )
    body: Json = {
        "resourceType": "Patient",
        "id": rid,
        "extension": [
            {
                "url": RELIABILITY_URL,
                "extension": [
                    {
                        "url": "identityStatus",
                        "valueCoding": {
                            "system": RELIABILITY_CODES,
                            "code": "VALI"
                            if said.status in (IdentityStatus.QUALIFIED, IdentityStatus.VALIDATED)
                            else "PROV",
                        },
                    }
                ],
            }
        ],
        "active": True,
        "name": names,
        "gender": str(said.sex),
        "birthDate": said.birth_date,
    }
    if said.ins and said.status in (IdentityStatus.QUALIFIED, IdentityStatus.RETRIEVED):
        body["identifier"] = [{"use": "official", "system": said.ins_system, "value": said.ins}]
    if attending:
        body["generalPractitioner"] = [attending]
    return body
