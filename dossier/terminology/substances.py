"""The substance behind a wording: `Amoxicilline trihydratée`, `AMOXICILLINE` and `amoxicilline + acide clavulanique`.

Two drugs are compared on substances, never on labels (HZ-14); an allergy concerns a drug by its substance or by a
class of our dated table. What the table does not know is not found: the screen says what was checked (HZ-15).
"""

import re
from typing import Final

from msgspec import Struct

from dossier.terminology.catalogue import Terminology
from dossier.terminology.concepts import DrugClass, RegulatedSubstance
from dossier.terminology.reading import fold

_SALTS: Final = frozenset(
    [
        "de",
        "d",
        "du",
        "la",
        "le",
        "sous",
        "forme",
        "chlorhydrate",
        "bromhydrate",
        "dichlorhydrate",
        "sulfate",
        "phosphate",
        "hemifumarate",
        "fumarate",
        "maleate",
        "succinate",
        "tartrate",
        "bitartrate",
        "citrate",
        "acetate",
        "arginine",
        "tert",
        "butylamine",
        "tosilate",
        "mesilate",
        "besilate",
        "besylate",
        "sodique",
        "sodium",
        "potassique",
        "potassium",
        "dipotassique",
        "calcique",
        "calcium",
        "magnesium",
        "monosodique",
        "disodique",
        "trihydrate",
        "trihydratee",
        "dihydrate",
        "dihydratee",
        "monohydrate",
        "monohydratee",
        "hydrate",
        "hydratee",
        "anhydre",
        "micronise",
        "micronisee",
        "base",
        "trometamol",
        "lysine",
        "hemihydrate",
        "hemihydratee",
        "sesquihydrate",
        "propionate",
        "furoate",
        "valerate",
        "dipropionate",
        "xinafoate",
        "embonate",
        "pamoate",
        "nitrate",
        "lactate",
        "gluconate",
        "hydrogene",
        "acide",
    ]
)
_ALONE: Final = frozenset(("calcium", "potassium", "magnesium", "sodium", "lysine"))
_JOINED: Final = re.compile(r"\+|/|;|\bet\b|,")
_LONGEST: Final = 500
"""Of a wording that is compared; nobody names a substance at greater length."""


def components(wording: str) -> frozenset[str]:
    """The substances of a wording, without accents, salts and water; empty for an empty wording."""
    found = set()
    for part in _JOINED.split(" ".join(wording[:_LONGEST].split()).casefold()):
        words = fold(part)
        kept = [word for word in words if word not in _SALTS and not word[0].isdigit()]
        if not kept:
            kept = [word for word in words if word in _ALONE] or list(words)
        if kept:
            found.add(" ".join(kept))
    return frozenset(found)


def same_substance(one: str, other: str) -> bool:
    """Whether two wordings share a substance."""
    return bool(components(one) & components(other))


class Concern(Struct, frozen=True):
    """Why an allergy concerns a drug: the same substance (`class_code` ""), or a class both belong to."""

    class_code: str = ""
    class_label: str = ""


class Substances:
    """Looks substances up in the packs of a terminology; pure and immutable."""

    def __init__(self, terms: Terminology) -> None:
        self._classes = tuple(
            (entry, frozenset(fold(entry.members)), _names(entry))
            for entry in terms.drug_classes.entries
        )
        self._rules = tuple(
            (
                entry,
                components(entry.fr)
                | components(entry.en)
                | (components(entry.also) if entry.also else set()),
            )
            for entry in terms.regulated_substances.entries
        )
        self.note = terms.drug_classes.note
        self.rules_note = terms.regulated_substances.note

    def rule(self, wording: str) -> RegulatedSubstance | None:
        """The rule of a drug; of several substances the one that allows the fewest days."""
        words = frozenset(word for part in components(wording) for word in part.split())
        found = [
            entry
            for entry, names in self._rules
            if any(set(name.split()) <= words for name in names)
        ]
        return min(found, key=lambda entry: (not entry.secured, entry.max_days), default=None)

    def classes(self, wording: str) -> tuple[DrugClass, ...]:
        """The classes some substance of a drug belongs to."""
        words = frozenset(word for part in components(wording) for word in part.split())
        return tuple(entry for entry, members, _ in self._classes if members & words)

    def concern(self, agent: str, code: str, drug: str) -> Concern | None:
        """Whether an allergy to `agent` (its words, its code in our list) concerns `drug`."""
        if same_substance(agent, drug):
            return Concern()
        said = frozenset(fold(agent))
        for entry in self.classes(drug):
            members = next(found for known, found, _ in self._classes if known is entry)
            names = next(found for known, _, found in self._classes if known is entry)
            if code == entry.code or said & names or said & members:
                return Concern(entry.code, entry.fr)
        return None


def _names(entry: DrugClass) -> frozenset[str]:
    """Words by which an allergy names the class itself."""
    words = {*fold(entry.also), *fold(entry.code)}
    first = fold(entry.fr)[:1] if len(fold(entry.fr)) == 1 else ()
    return frozenset((*words, *first, *fold(entry.en)[: 1 if len(fold(entry.en)) == 1 else 0]))
