"""One entry of each pack. A code is only unique within its pack; `system` says whose code it is."""

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


class Measure(Concept, frozen=True, kw_only=True):
    """`unit` as shown in French, `ucum` as coded; outside (lowest, highest) a value is a typing error."""

    unit: str = ""
    ucum: str
    lowest: float
    highest: float

    def plausible(self, value: float) -> bool:
        return self.lowest <= value <= self.highest


class Analyte(Measure, frozen=True, kw_only=True):
    """A laboratory analyte, coded in LOINC; `family` groups a report. Bounds are usual adult ones, None
    where there is none: the range that came with a result always wins.
    """

    key: str
    family: str
    low_male: float | None = None
    high_male: float | None = None
    low_female: float | None = None
    high_female: float | None = None

    def bounds(self, sex: str) -> tuple[float | None, float | None]:
        """(low, high) for `male` or `female`; (None, None) when the sex is neither."""
        if sex == "male":
            return self.low_male, self.high_male
        return (self.low_female, self.high_female) if sex == "female" else (None, None)


class PackNote(Struct, frozen=True, kw_only=True):
    """What a screen says of a pack: its date and where it comes from."""

    name: str
    title: str
    version: str
    date: str
    system: str
    source: str
    entries: int
