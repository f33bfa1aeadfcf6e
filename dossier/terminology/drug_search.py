"""Finding a drug as a doctor types it: common name first, brand found too, strength and form beside.

One index over our short list and, once somebody imported it, the State's database. Every word typed must begin a
word of the drug; numbers count whole (`1 000` is `1000`, `2,5` is not `25`). The order is: our list, common names
that begin with the first word, other common names, brands; what is not marketed comes last.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec import Struct

from dossier.terminology.bdpm import SYSTEM, OfficialDrug
from dossier.terminology.concepts import Drug
from dossier.terminology.reading import fold

_THOUSANDS: Final = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_DECIMAL: Final = re.compile(r"(?<=\d)[.,](?=\d)")
_LEADING: Final = re.compile(r"^(\d+(?:[.,]\d+)?) ?(\D[^/]*)$")


_RANKS: Final = 6
_BUCKETS: Final = _RANKS * 3


class DrugChoice(Struct, frozen=True, gc=False):
    """One line of the list. `brand` "" where the line stands for every drug of that substance, form and strength."""

    substance: str
    form: str
    strength: str
    brand: str = ""
    system: str = ""
    code: str = ""
    posology: str = ""
    generic: bool = False

    def label(self) -> str:
        """`metformine, comprimé, 1000 mg`."""
        return ", ".join(part for part in (self.substance, self.form, self.strength) if part)


class _Entry(Struct, frozen=True, gc=False):
    choice: DrugChoice
    common: str
    every: str
    rank: int


def drug_words(text: str) -> tuple[str, ...]:
    """The words of a drug or of what was typed; a decimal number is one word."""
    return fold(_DECIMAL.sub("d", _THOUSANDS.sub("", text)))


def plain_strength(text: str) -> str:
    """A strength as it is kept: no space inside a number (`1 000 mg` is `1000 mg`)."""
    return _THOUSANDS.sub("", " ".join(text.split()))


def amount_of(strength: str) -> tuple[Decimal | None, str]:
    """`1 000 mg` as (1000, `mg`); (None, "") where it is not one number and one unit."""
    found = _LEADING.match(_THOUSANDS.sub("", strength.strip()))
    if found is None:
        return None, ""
    try:
        return Decimal(found[1].replace(",", ".")), found[2].strip()
    except InvalidOperation:
        return None, ""


class DrugIndex:
    """Immutable; `search` may be asked from any thread."""

    def __init__(self, own: Iterable[Drug], official: Sequence[OfficialDrug] = ()) -> None:
        entries = [_own(drug) for drug in own]
        known = {entry.choice.label().casefold() for entry in entries}
        for drug in official:
            entries += _official(drug, known)
        self._entries = tuple(sorted(entries, key=lambda entry: len(entry.common)))
        """Shorter first: the plain drug before what it is combined in."""

    def __len__(self) -> int:
        return len(self._entries)

    def search(self, typed: str, limit: int = 12) -> tuple[DrugChoice, ...]:
        """Best first; nothing for nothing typed."""
        wanted = [f" {word}" for word in drug_words(typed)]
        if not wanted:
            return ()
        hardest, first = max(wanted, key=len), wanted[0]
        one_word = len(wanted) == 1
        buckets: list[list[DrugChoice]] = [[] for _ in range(_BUCKETS)]
        for entry in self._entries:
            every = entry.every
            if hardest not in every or not (one_word or all(word in every for word in wanted)):
                continue
            common = entry.common
            inside = hardest in common and (one_word or all(word in common for word in wanted))
            bucket = buckets[
                entry.rank * 3 + (0 if common.startswith(first) else 1 if inside else 2)
            ]
            if len(bucket) < limit:
                bucket.append(entry.choice)
        return tuple(choice for bucket in buckets for choice in bucket)[:limit]

    def exact(self, typed: str) -> DrugChoice | None:
        """What the words name without a doubt: the only line, or the first whose every word was typed."""
        found = self.search(typed, 2)
        if len(found) == 1:
            return found[0]
        words = set(drug_words(typed))
        whole = [
            one for one in found if set(drug_words(one.substance + " " + one.strength)) <= words
        ]
        return whole[0] if whole and (len(whole) == 1 or whole[0].brand == "") else None


def _own(drug: Drug) -> _Entry:
    strength = plain_strength(drug.strength)
    choice = DrugChoice(
        drug.fr, drug.form_fr, strength, "", drug.system, drug.code, drug.posology_fr
    )
    common = _hay(f"{drug.fr} {strength} {drug.form_fr}")
    return _Entry(choice, common, f"{common}{_hay(drug.en)}", 0)


def _official(drug: OfficialDrug, known: set[str]) -> list[_Entry]:
    """The line of its common name, once for all who share it, and the line of its brand."""
    substance = drug.substance or drug.name.split(",")[0]
    strength = plain_strength(drug.strength)
    common = _hay(f"{substance} {strength} {drug.form}")
    late = 0 if drug.marketed else 3
    found = []
    generic = DrugChoice(substance, drug.form, strength, generic=drug.generic)
    label = generic.label().casefold()
    if drug.substance and label not in known:
        known.add(label)
        found.append(_Entry(generic, common, common, 1 + late))
    brand = DrugChoice(
        substance, drug.form, strength, drug.name, SYSTEM, drug.code, "", drug.generic
    )
    found.append(_Entry(brand, common, f"{common}{_hay(drug.name)}", 2 + late))
    return found


def _hay(text: str) -> str:
    return "".join(f" {word}" for word in drug_words(text))
