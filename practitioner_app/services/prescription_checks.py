"""What is checked of a draft before it may be signed, and what is not.

Checked: known allergies (declared by the patient and disputed ones too) against the substance and its class, the same
substance already taken or twice here, the dated rules of substances, the weight of a child. Nothing else: no
interaction, no kidney, no pregnancy (HZ-15). Pure: the same facts give the same answer, at the screen and again when
it is signed (HZ-04).
"""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from dossier.fhir import dates
from dossier.fhir.prescriptions import Mention
from dossier.terminology.concepts import RegulatedSubstance
from dossier.terminology.drug_search import amount_of
from dossier.terminology.substances import Concern, Substances, same_substance
from dossier.terminology.units import unit_named
from practitioner_app.ports import ItemState
from practitioner_app.services.prescription_draft import Draft, DraftLine
from practitioner_app.services.rows import AllergyPanel, AllergyRow, Record, TreatmentRow

MOST_DAYS: Final = 365
"""Of any prescription, where no rule says less: twelve months."""
CHILD_YEARS: Final = 12
EFG_YEARS: Final = 6
_BABY_MONTHS: Final = 24
_WEIGHT_DAYS, _BABY_WEIGHT_DAYS = 92, 31
_SOLID: Final = frozenset(
    (
        "comprimé",
        "gélule",
        "capsule",
        "sachet",
        "suppositoire",
        "ampoule",
        "dosette",
        "film",
        "pastille",
    )
)
"""Units that hold a strength said without a volume."""
_IN_MG: Final = {"mg": Decimal(1), "g": Decimal(1000), "microgramme": Decimal("0.001")}


class Trouble(StrEnum):
    """What keeps a line, or the whole, from being signed."""

    NO_LINE = "no_line"
    NO_DRUG = "no_drug"
    NO_POSOLOGY = "no_posology"
    ALLERGY = "allergy"
    UNDECIDED = "undecided"
    """Two versions of the treatment wait for a decision (HZ-18)."""
    NO_DURATION = "no_duration"
    TOO_LONG = "too_long"
    NOT_RENEWABLE = "not_renewable"
    NOT_IN_LETTERS = "not_in_letters"
    """A secured line of which a part was not understood cannot be written in letters."""
    EFG_AGE = "efg_age"
    WEIGHT = "weight"


class Allergen(Struct, frozen=True):
    """An allergy that concerns a line, and why."""

    row: AllergyRow
    concern: Concern


class PerKilo(Struct, frozen=True):
    """Arithmetic, no advice: milligrammes at once, a day, and a day by kilogramme (None: not so many a day said)."""

    once: Decimal
    by_weight_once: Decimal
    a_day: Decimal | None = None
    by_weight_a_day: Decimal | None = None


class LineCheck(Struct, frozen=True, kw_only=True):
    """Of one line. `twins`: other lines of the draft with its substance. `days`: what it covers, renewals counted.
    `rest`: words that were not understood and are kept as text.
    """

    key: int
    number: int = 0
    allergens: tuple[Allergen, ...] = ()
    duplicates: tuple[TreatmentRow, ...] = ()
    twins: tuple[int, ...] = ()
    rule: RegulatedSubstance | None = None
    days: Decimal | None = None
    most_days: int = MOST_DAYS
    rest: tuple[str, ...] = ()
    per_kilo: PerKilo | None = None
    troubles: tuple[Trouble, ...] = ()


class WeightCheck(Struct, frozen=True, kw_only=True):
    """`child`: younger than twelve. `fresh`: young enough to count with; `value` in kg, None where none is known."""

    child: bool = False
    fresh: bool = False
    value: Decimal | None = None
    day: str = ""
    most_days: int = _WEIGHT_DAYS


class Checked(Struct, frozen=True, kw_only=True):
    """Of a whole draft, on the record as it is now."""

    lines: tuple[LineCheck, ...] = ()
    weight: WeightCheck = WeightCheck()
    allergies: AllergyPanel | None = None
    ald: bool = False
    """Two zones: a long-term condition is on the list of problems."""
    secured: bool = False
    troubles: tuple[Trouble, ...] = ()

    def of(self, key: int) -> LineCheck:
        return next((line for line in self.lines if line.key == key), LineCheck(key=key))

    @property
    def to_settle(self) -> tuple[tuple[int, Trouble], ...]:
        """(line, what): the whole draft's own under the number 0."""
        own = [(0, trouble) for trouble in self.troubles]
        return (*own, *((line.key, one) for line in self.lines for one in line.troubles))


def check(draft: Draft, record: Record, substances: Substances, today: date) -> Checked:
    """Everything that can be said of a draft beside this record."""
    weight = weight_of(draft, record, today)
    lines = tuple(_line(draft, line, record, substances, weight, today) for line in draft.lines)
    troubles = []
    if not draft.lines:
        troubles.append(Trouble.NO_LINE)
    if weight.child and not weight.fresh and draft.printed:
        troubles.append(Trouble.WEIGHT)
    return Checked(
        lines=lines,
        weight=weight,
        allergies=record.allergies,
        ald=bool(record.strip.ald),
        secured=any(line.rule is not None and line.rule.secured for line in lines if line.number),
        troubles=tuple(troubles),
    )


def _line(
    draft: Draft,
    line: DraftLine,
    record: Record,
    substances: Substances,
    weight: WeightCheck,
    today: date,
) -> LineCheck:
    if line.stop:
        return LineCheck(key=line.key)
    posology = line.posology
    rule = substances.rule(line.substance)
    allergens = allergens_of(line.substance, record.allergies, substances)
    days = _days(line)
    most = rule.max_days if rule is not None else MOST_DAYS
    return LineCheck(
        key=line.key,
        number=draft.number(line.key),
        allergens=allergens,
        duplicates=_duplicates(line, record),
        twins=_twins(draft, line),
        rule=rule,
        days=days,
        most_days=most,
        rest=posology.rest,
        per_kilo=per_kilo(line, weight.value) if weight.child else None,
        troubles=(
            *_word_troubles(line, rule, days, most),
            *((Trouble.ALLERGY,) if _unanswered(line, allergens) else ()),
            *((Trouble.UNDECIDED,) if _is_undecided(line, record) else ()),
            *((Trouble.EFG_AGE,) if _wrong_efg(line, record, today) else ()),
        ),
    )


def allergens_of(
    substance: str, panel: AllergyPanel, substances: Substances
) -> tuple[Allergen, ...]:
    """Known, disputed and declared allergies that concern a substance; each once."""
    found: dict[str, Allergen] = {}
    for row in (*panel.rows, *panel.declared_by_patient):
        concern = substances.concern(row.agent, row.code, substance)
        if concern is not None:
            found[row.id] = Allergen(row, concern)
    return tuple(found.values())


def _unanswered(line: DraftLine, allergens: tuple[Allergen, ...]) -> bool:
    """A reason is wanted, and one typed before this allergy was known answers nothing (HZ-04)."""
    if not allergens:
        return False
    answered = {one.row.id for one in allergens} <= set(line.reason_for)
    return not (line.reason.strip() and answered)


def _duplicates(line: DraftLine, record: Record) -> tuple[TreatmentRow, ...]:
    """Treatments already taken with this substance, but the one this line renews."""
    return tuple(
        row
        for row in record.treatments.rows
        if not row.struck
        and row.id not in (line.treatment, line.prior)
        and same_substance(row.substance, line.substance)
    )


def _twins(draft: Draft, line: DraftLine) -> tuple[int, ...]:
    return tuple(
        draft.number(other.key)
        for other in draft.printed
        if other.key != line.key and same_substance(other.substance, line.substance)
    )


def _word_troubles(
    line: DraftLine, rule: RegulatedSubstance | None, days: Decimal | None, most: int
) -> tuple[Trouble, ...]:
    found = []
    if not line.substance.strip():
        found.append(Trouble.NO_DRUG)
    if not line.text.strip():
        found.append(Trouble.NO_POSOLOGY)
    if days is not None and days > most:
        found.append(Trouble.TOO_LONG)
    if rule is not None:
        if days is None:
            found.append(Trouble.NO_DURATION)
        if line.renewals and not rule.renewable:
            found.append(Trouble.NOT_RENEWABLE)
        posology = line.posology
        if rule.secured and (posology.rest or posology.dose is None):
            found.append(Trouble.NOT_IN_LETTERS)
    return tuple(found)


def _days(line: DraftLine) -> Decimal | None:
    """What the line covers: the longer of its duration and of its quantity with the renewals."""
    duration, quantity = line.posology.duration, line.quantity
    covered = [quantity.days * (1 + line.renewals)] if quantity is not None else []
    if duration is not None:
        covered.append(duration.days)
    return max(covered, default=None)


def _is_undecided(line: DraftLine, record: Record) -> bool:
    return any(
        row.id == line.treatment and (row.undecided or row.state is ItemState.CONFLICT)
        for row in record.treatments.rows
    )


# -- age and weight ----------------------------------------------------------------------------------------------


def _months(birth: str, today: date) -> int | None:
    """Completed months; None where not even the year is known."""
    born = dates.day(birth)
    if born is not None:
        return (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    rough = dates.age(birth, today)
    return rough.value * 12 if rough is not None else None


def _wrong_efg(line: DraftLine, record: Record, today: date) -> bool:
    """EFG is for children younger than six."""
    if line.mention is not Mention.EFG:
        return False
    months = _months(record.identity.birth_date, today)
    return months is not None and months >= EFG_YEARS * 12


def weight_of(draft: Draft, record: Record, today: date) -> WeightCheck:
    """The weight to count with: typed here, else the last one measured, if it is young enough (HZ-13)."""
    months = _months(record.identity.birth_date, today)
    child = months is not None and months < CHILD_YEARS * 12
    most = _BABY_WEIGHT_DAYS if months is not None and months < _BABY_MONTHS else _WEIGHT_DAYS
    value, day = draft.weight, draft.weight_day
    measured = record.strip.weight
    if value is None and measured is not None and measured.number is not None:
        grams = measured.unit.strip() == "g"
        value = measured.number / 1000 if grams else measured.number
        day = measured.at
    when = dates.day(day)
    fresh = value is not None and when is not None and today - when <= timedelta(days=most)
    return WeightCheck(child=child, fresh=fresh, value=value, day=day, most_days=most)


def per_kilo(line: DraftLine, weight: Decimal | None) -> PerKilo | None:
    """Milligrammes by kilogramme, where dose and strength are both said in amounts; None otherwise."""
    posology = line.posology
    dose = posology.dose
    if dose is None or not weight:
        return None
    once = _milligrammes(dose.quantity, dose.unit, line.strength)
    if once is None:
        return None
    takings = posology.takings_a_day
    a_day = once * takings if takings is not None else None
    return PerKilo(once, once / weight, a_day, a_day / weight if a_day is not None else None)


def _milligrammes(quantity: Decimal, unit: str, strength: str) -> Decimal | None:
    if unit in _IN_MG:
        return quantity * _IN_MG[unit]
    amount, _, per = strength.partition("/")
    value, of = amount_of(amount)
    known = unit_named(of) if of else None
    factor = _IN_MG.get(known.name) if known is not None else None
    if value is None or factor is None:
        return None
    if not per:
        return quantity * value * factor if unit in _SOLID else None
    volume, volume_unit = amount_of(per) if per[:1].isdigit() else (Decimal(1), per.strip())
    if unit == "mL" and volume_unit == "mL" and volume:
        return quantity * value * factor / volume
    return None
