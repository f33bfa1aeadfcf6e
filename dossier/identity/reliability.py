"""How sure an identity is: provisional, retrieved, validated, qualified (IDT-02, IDT-03, IDT-05).

Qualified = the INS service answered (retrieved) and an identity document was checked (validated). A
doubtful or fictive identity (DOUT, FICT) is provisional whatever else is known and forbids the INS
service; a homonym (HOMA, HOMD) only asks for care. The matricule leaves only with a qualified identity.
Nothing merges by itself: doubles (DPOT, DOUA) are flags for a person.
Source: RNIV; FR Core 2.1.0 (table 0445, invariants fr-core-1 and fr-core-2).
"""

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dossier.errors import Invalid, Issue
from dossier.identity import systems
from dossier.identity.traits import UNKNOWN_PLACE

RELIABILITY_URLS: Final = frozenset(
    (
        "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",
        "http://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-ident-reliability",
    )
)
"""FR Core 2.1 and the state of 2023: both are read."""
_INSEE_CODE: Final = "/StructureDefinition/fr-core-address-insee-code"
CODES: Final = frozenset(
    [
        "VIDE",
        "PROV",
        "VALI",
        "DOUB",
        "DESA",
        "DPOT",
        "DOUA",
        "COLP",
        "COLV",
        "FILI",
        "CACH",
        "ANOM",
        "IDVER",
        "RECD",
        "IDRA",
        "USUR",
        "HOMD",
        "INVA",
        "HOMA",
        "FICT",
        "DOUT",
    ]
)
"""FR Core code system fr-core-cs-v2-0445."""
FORCE_PROVISIONAL: Final = frozenset(("DOUT", "FICT"))
ASK_FOR_CARE: Final = frozenset(("HOMA", "HOMD", "DPOT", "DOUA", "COLP", "COLV", "USUR"))


class Status(StrEnum):
    PROVISIONAL = "provisional"
    RETRIEVED = "retrieved"
    VALIDATED = "validated"
    QUALIFIED = "qualified"


class Reliability(Struct, frozen=True, kw_only=True):
    """The two facts and the attributes; every step gives a new value, an impossible one raises Invalid."""

    retrieved: bool = False
    validated: bool = False
    attributes: frozenset[str] = frozenset()

    @property
    def status(self) -> Status:
        if self.attributes & FORCE_PROVISIONAL:
            return Status.PROVISIONAL
        if self.retrieved and self.validated:
            return Status.QUALIFIED
        if self.validated:
            return Status.VALIDATED
        return Status.RETRIEVED if self.retrieved else Status.PROVISIONAL

    @property
    def may_ask_ins(self) -> bool:
        """Whether the INS service may be called: never for a doubtful or fictive identity."""
        return not self.attributes & FORCE_PROVISIONAL

    @property
    def may_send_ins(self) -> bool:
        """Whether the matricule may leave with a document or a message (IDT-02)."""
        return self.status is Status.QUALIFIED

    @property
    def warnings(self) -> frozenset[str]:
        """Attributes that a screen shows and that stop one-key filing (HZ-02)."""
        return self.attributes & (ASK_FOR_CARE | FORCE_PROVISIONAL)

    def retrieve(self) -> "Reliability":
        """The INS service answered with matching traits."""
        if not self.may_ask_ins:
            raise Invalid((Issue("identity", "ins_forbidden"),))
        return replace(self, retrieved=True)

    def validate(self) -> "Reliability":
        """A person checked an identity document of high confidence."""
        if not self.may_ask_ins:
            raise Invalid((Issue("identity", "doubtful_or_fictive"),))
        return replace(self, validated=True)

    def mark(self, attribute: str) -> "Reliability":
        """Add an attribute; doubtful and fictive end what was known, a homonym does not."""
        if attribute not in CODES - {"VALI", "PROV", "VIDE"}:
            raise Invalid((Issue("identity", "unknown_attribute"),))
        if attribute in FORCE_PROVISIONAL:
            return Reliability(attributes=self.attributes | {attribute})
        return replace(self, attributes=self.attributes | {attribute})

    def unmark(self, attribute: str) -> "Reliability":
        """Remove an attribute; retrieval and validation are done again, never assumed."""
        return replace(self, attributes=self.attributes - {attribute})


def of_patient(patient: dict[str, Any]) -> Reliability:
    """Read an FR Core Patient; VALI means a checked document, an INS identifier means retrieved."""
    codes = frozenset(_codes(patient))
    return Reliability(
        retrieved=bool(_ins_uses(patient)),
        validated="VALI" in codes,
        attributes=codes & CODES - {"VALI", "PROV", "VIDE"},
    )


def fr_core_issues(patient: dict[str, Any]) -> tuple[Issue, ...]:
    """fr-core-1, fr-core-2 (errors) and IDT-08 (`place_unknown`, a warning) on a Patient."""
    if "VALI" not in set(_codes(patient)):
        return ()
    found = []
    uses = _ins_uses(patient)
    if not uses:
        found.append(Issue("Patient.identifier", "fr-core-1"))
    official = sum(use == "official" for _, use in uses)
    waiting = any(system == systems.INS_NIA and use == "temp" for system, use in uses)
    if official != 1 and not waiting:
        found.append(Issue("Patient.identifier", "fr-core-2"))
    if UNKNOWN_PLACE in set(_insee_codes(patient)):
        found.append(Issue("Patient.extension", "place_unknown"))
    return tuple(found)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _codes(patient: dict[str, Any]) -> list[str]:
    found = []
    for outer in _dicts(patient.get("extension")):
        if outer.get("url") not in RELIABILITY_URLS:
            continue
        for inner in (outer, *_dicts(outer.get("extension"))):
            coding = inner.get("valueCoding")
            if isinstance(coding, dict) and inner.get("url") != "validationMode":
                code = coding.get("code")
                found += [code] if isinstance(code, str) else []
    return found


def _ins_uses(patient: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for identifier in _dicts(patient.get("identifier")):
        system, use = identifier.get("system"), identifier.get("use")
        if isinstance(system, str) and system in systems.INS_SYSTEMS and use != "old":
            found.append((system, use if isinstance(use, str) else ""))
    return found


def _insee_codes(patient: dict[str, Any]) -> list[str]:
    found = []
    for outer in _dicts(patient.get("extension")):
        address = outer.get("valueAddress")
        if isinstance(address, dict):
            for inner in _dicts(address.get("extension")):
                coding = inner.get("valueCoding")
                if str(inner.get("url")).endswith(_INSEE_CODE) and isinstance(coding, dict):
                    found.append(str(coding.get("code")))
    return found
