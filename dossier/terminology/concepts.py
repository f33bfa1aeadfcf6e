"""One entry of each pack. A code is only unique within its pack; `system` says whose code it is."""

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

Language = Literal["fr", "en"]


class Concept(Struct, frozen=True, kw_only=True):
    """A code with its French and English labels; `also` holds other words people type."""

    code: str
    system: str = ""
    fr: str
    en: str
    also: str = ""

    def label(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en

    def coding(self, language: Language = "fr") -> dict[str, str]:
        """The FHIR Coding of this entry."""
        return {"system": self.system, "code": self.code, "display": self.label(language)}


class DocumentType(Concept, frozen=True, kw_only=True):
    """`document_class` is a code of `document_classes`, "" where the public set has none."""

    document_class: str = ""


class Substance(Concept, frozen=True, kw_only=True):
    """`category` as AllergyIntolerance.category."""

    category: Literal["food", "medication", "environment", "biologic"]


class Problem(Concept, frozen=True, kw_only=True):
    """`code` is CIM-10, `cisp2` "" where it is not sure."""

    cisp2: str = ""


class Drug(Concept, frozen=True, kw_only=True):
    """A common name with one form and strength and a usual sentence; never advice."""

    form_fr: str
    form_en: str
    strength: str
    posology_fr: str = ""
    indication_fr: str = ""
    caution_fr: str = ""

    def line(self, language: Language) -> str:
        """Name, form and strength as one line of a prescription."""
        form = self.form_fr if language == "fr" else self.form_en
        return f"{self.label(language)} {self.strength}, {form}"


class Rule(StrEnum):
    """Why a substance has a rule of prescription."""

    NARCOTIC = "narcotic"
    ASSIMILATED = "assimilated"
    HYPNOTIC = "hypnotic"
    ANXIOLYTIC = "anxiolytic"


class RegulatedSubstance(Concept, frozen=True, kw_only=True):
    """How a substance is prescribed: `secured` form with doses in letters, `max_days` in all, delivered by
    `fraction_days` where not 0. `check_by`: the day from which the line is no longer sure.
    """

    rule: Rule
    secured: bool
    max_days: int
    fraction_days: int
    renewable: bool
    check_by: str


class DrugClass(Concept, frozen=True, kw_only=True):
    """A class that an allergy may name; `members` are words of common names."""

    members: str


class Measure(Concept, frozen=True, kw_only=True):
    """`unit` as shown in French, `ucum` as coded; outside (lowest, highest) a value is a typing error."""

    unit: str = ""
    ucum: str
    lowest: float
    highest: float

    def plausible(self, value: float) -> bool:
        return self.lowest <= value <= self.highest


class NoteTemplate(Concept, frozen=True, kw_only=True):
    """A consultation note to begin with, in French; `|` ends a line, `{...}` is a field to be filled."""

    reason: str = ""
    examination: str = ""
    conclusion: str = ""
    plan: str = ""


class Delay(Concept, frozen=True, kw_only=True):
    """How long a result of this urgency may wait before it is late, in hours."""

    hours: int


class Panel(StrEnum):
    """What a doctor reads together."""

    BLOOD = "blood"
    KIDNEY = "kidney"
    HEART = "heart"
    SUGAR = "sugar"
    LIPIDS = "lipids"
    LIVER = "liver"
    INFLAMMATION = "inflammation"
    HORMONES = "hormones"
    CLOTTING = "clotting"
    PROSTATE = "prostate"


class Analyte(Measure, frozen=True, kw_only=True):
    """A laboratory analyte, coded in LOINC; `family` groups a report, `panel` the lines of a screen. Bounds
    are usual adult ones, None where there is none: the range that came with a result always wins.
    """

    key: str
    family: str
    alert_low: Decimal | None = None
    alert_high: Decimal | None = None
    panel: Panel
    second: str = ""
    second_factor: Decimal | None = None
    second_shift: Decimal = Decimal(0)
    second_digits: int = 0
    low_male: float | None = None
    high_male: float | None = None
    low_female: float | None = None
    high_female: float | None = None

    def bounds(self, sex: str) -> tuple[float | None, float | None]:
        """(low, high) for `male` or `female`; (None, None) when the sex is neither."""
        if sex == "male":
            return self.low_male, self.high_male
        return (self.low_female, self.high_female) if sex == "female" else (None, None)

    def alert(self, number: Decimal, ucum: str) -> Decimal | None:
        """The alert value that a number reaches or passes, in the unit of this entry only (HZ-10, HZ-11)."""
        if ucum != self.ucum:
            return None
        if self.alert_high is not None and number >= self.alert_high:
            return self.alert_high
        return self.alert_low if self.alert_low is not None and number <= self.alert_low else None

    def in_second_unit(self, number: Decimal, ucum: str) -> Decimal | None:
        """The same quantity in `second`; None where there is none, or where `ucum` is not the unit of this
        entry: what is not known to be in it is never converted (HZ-11).
        """
        if self.second_factor is None or ucum != self.ucum:
            return None
        converted = number * self.second_factor + self.second_shift
        return converted.quantize(Decimal(1).scaleb(-self.second_digits), ROUND_HALF_UP)


class PackNote(Struct, frozen=True, kw_only=True):
    """What a screen says of a pack: its date and where it comes from."""

    name: str
    title: str
    version: str
    date: str
    system: str
    source: str
    entries: int
