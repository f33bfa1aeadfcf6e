"""Lines of what was done and noted: vaccinations, measures, habits, prevention, the review of the history."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from dossier.fhir.immunizations import Origin, Refusal
from dossier.fhir.lifestyle import Habit, Smoking
from dossier.prevention.due import Dismissed, Standing
from practitioner_app.services.lines import Item, Struck


class VaccinationRow(Item, frozen=True, kw_only=True):
    """`author` wrote it, `giver` gave it; `at` may be words. `given` False: not done, with its reason."""

    vaccine: str
    atc: str = ""
    at: str = ""
    recorded: str = ""
    lot: str = ""
    expires: str = ""
    site: str = ""
    route: str = ""
    dose: str = ""
    origin: Origin = Origin.UNKNOWN
    giver: str = ""
    given: bool = True
    refusal: Refusal = Refusal.OTHER
    reason: str = ""
    note: str = ""
    struck: Struck = Struck.NO


class MeasureRow(Item, frozen=True, kw_only=True):
    """A vital sign; `second` is the diastolic pressure. `ucum` is the unit as coded."""

    code: str
    label: str
    at: str
    number: Decimal
    second: Decimal | None = None
    unit: str = ""
    ucum: str = ""


class HabitRow(Item, frozen=True, kw_only=True):
    """The newest word on one habit. `smoking` where the status is coded; `pack_years` of tobacco."""

    habit: Habit
    text: str
    at: str
    smoking: Smoking = Smoking.UNKNOWN
    pack_years: Decimal | None = None
    note: str = ""


class Reviewed(Struct, frozen=True, kw_only=True):
    """Somebody went through the past history on that day and says that it is as written."""

    at: str
    author: str = ""


class PreventionKind(StrEnum):
    VACCINE = "vaccine"
    SCREENING = "screening"
    EXAMINATION = "examination"


class PreventionRow(Struct, frozen=True, kw_only=True):
    """One recommendation of the public tables as it stands for this person today. `code` is that of its rule
    ("" where the whole history is unknown), `table` the date of the pack, `checked` whether every bound was
    checked against its source.
    """

    code: str
    system: str
    kind: PreventionKind
    standing: Standing
    fr: str = ""
    en: str = ""
    atc: str = ""
    vaccine_fr: str = ""
    vaccine_en: str = ""
    dose: int = 0
    since: date | None = None
    until: date | None = None
    last: date | None = None
    late_since: date | None = None
    dismissed: Dismissed | None = None
    mandatory: bool = False
    checked: bool = True
    table: str = ""
    valid_from: date | None = None
    source: str = ""
