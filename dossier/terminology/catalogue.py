"""Everything the forms need to know of codes, loaded once at the start and passed in.

Own short lists with our French and English labels; no SNOMED CT content. Codes of LOINC are used under its
notice; CIM-10, CISP-2 and ATC codes are plain references. Official files can replace a pack.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable

from dossier.errors import Invalid, Issue
from dossier.terminology.concepts import (
    Analyte,
    Concept,
    Delay,
    DocumentType,
    Drug,
    DrugClass,
    Measure,
    NoteTemplate,
    PackNote,
    Problem,
    RegulatedSubstance,
    Substance,
)
from dossier.terminology.reading import Pack, read_pack
from dossier.terminology.recommendations import (
    ExaminationRule,
    RiskGroup,
    ScreeningRule,
    VaccinationRule,
)


class Terminology:
    """The packs by what they are for; each answers `search(words)`, `get(code)` and `entries`."""

    def __init__(self, folder: Traversable) -> None:
        self.document_classes: Pack[Concept] = read_pack(folder, "document_classes", Concept)
        self.document_types = read_pack(folder, "document_types", DocumentType)
        self.professions: Pack[Concept] = read_pack(folder, "professions", Concept)
        self.specialties: Pack[Concept] = read_pack(folder, "specialties", Concept)
        self.substances = read_pack(folder, "allergy_substances", Substance)
        self.reactions: Pack[Concept] = read_pack(folder, "allergy_reactions", Concept)
        self.severities: Pack[Concept] = read_pack(folder, "allergy_severities", Concept)
        self.certainties: Pack[Concept] = read_pack(folder, "allergy_certainties", Concept)
        self.problem_list = read_pack(folder, "problems", Problem)
        self.drug_list = read_pack(folder, "drugs", Drug)
        self.drug_classes = read_pack(folder, "drug_classes", DrugClass)
        self.regulated_substances = read_pack(folder, "regulated_substances", RegulatedSubstance)
        self.analyte_list = read_pack(folder, "analytes", Analyte)
        self.vital_signs = read_pack(folder, "vital_signs", Measure)
        self.note_templates = read_pack(folder, "note_templates", NoteTemplate)
        self.surgery_measures = read_pack(folder, "surgery_measures", Measure)
        self.vaccines: Pack[Concept] = read_pack(folder, "vaccines", Concept)
        self.review_delays: Pack[Delay] = read_pack(folder, "review_delays", Delay)
        self.vaccination_calendar = read_pack(folder, "vaccination_calendar", VaccinationRule)
        self.screenings = read_pack(folder, "screenings", ScreeningRule)
        self.child_examinations = read_pack(folder, "child_examinations", ExaminationRule)
        self.risk_groups = read_pack(folder, "risk_groups", RiskGroup)
        self._analytes_by_key = {entry.key: entry for entry in self.analyte_list.entries}
        for entry in self.document_types.entries:
            if entry.document_class and self.document_classes.get(entry.document_class) is None:
                raise Invalid((Issue("document_types.csv", "unknown_class", entry.code),))

    @classmethod
    def load(cls, folder: Traversable | None = None) -> "Terminology":
        """Read and check every pack; raises Invalid with file, line and rule."""
        return cls(folder if folder is not None else files("dossier.terminology") / "packs")

    def problems(self, words: str, limit: int = 20) -> tuple[Problem, ...]:
        return self.problem_list.search(words, limit)

    def drugs(self, words: str, limit: int = 20) -> tuple[Drug, ...]:
        return self.drug_list.search(words, limit)

    def allergens(self, words: str, limit: int = 20) -> tuple[Substance, ...]:
        return self.substances.search(words, limit)

    def analytes(self, words: str, limit: int = 20) -> tuple[Analyte, ...]:
        return self.analyte_list.search(words, limit)

    def analyte(self, key: str) -> Analyte | None:
        """By our key (`hba1c`); by LOINC use `analyte_list.get`."""
        return self._analytes_by_key.get(key)

    def measure(self, code: str) -> Measure | None:
        """A measure of the surgery by its LOINC code."""
        return self.vital_signs.get(code) or self.surgery_measures.get(code)

    def notes(self) -> tuple[PackNote, ...]:
        """Date and source of each pack, for the screen that shows them."""
        packs = [pack for pack in vars(self).values() if isinstance(pack, Pack)]
        return tuple(pack.note for pack in packs)
