"""What the screens are given: frozen, typed, ready to be laid out.

No sentence and no translated word here: closed lists are enums whose value is the key of a sentence,
numbers are Decimal, dates are the R4 text with its own precision (`dossier.fhir.dates`), instants are
aware. Text that came from data (`label`, `title`, names) is shown as it is and never parsed as markup.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from dossier.fhir.additions import Decision, Outcome
from dossier.fhir.allergies import Activity, Certainty, Criticality, Severity
from dossier.fhir.dates import Age
from dossier.fhir.history import Kin
from dossier.fhir.medications import Taking
from dossier.fhir.patients import IdentityStatus, Sex
from dossier.fhir.problems import Chapter, Course
from dossier.fhir.results import Band, Flag
from practitioner_app.ports import ItemState
from practitioner_app.services.act_rows import (
    HabitRow,
    MeasureRow,
    PreventionRow,
    Reviewed,
    VaccinationRow,
)
from practitioner_app.services.lines import Emptiness, Item, Listing, Struck

__all__ = ("Emptiness", "Item", "Listing", "Struck")
"""The base of every line belongs to these rows too, for who imports them."""


class AllergyState(StrEnum):
    """Exactly one of these is the title (PAB-0064)."""

    KNOWN = "known"
    NONE = "none"
    NOT_RECORDED = "not_recorded"
    UNAVAILABLE = "unavailable"


class AllergyRow(Item, frozen=True, kw_only=True):
    agent: str
    code: str = ""
    """Of our list of substances, or whoever coded it."""
    reactions: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    criticality: Criticality = Criticality.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    activity: Activity = Activity.UNKNOWN
    intolerance: bool = False
    since: str = ""
    recorded: str = ""
    note: str = ""
    struck: Struck = Struck.NO
    undecided: bool = False
    """Two versions to settle; the severer one is shown (HZ-05)."""


class AllergyPanel(Struct, frozen=True, kw_only=True):
    """Banner and card speak from this one value.

    `undecided`: show `à départager`; the state is then the severest of all versions (HZ-05).
    `copy_at`: the date of the copy, always set; the title shows it whenever the desktop is offline (HZ-04).
    `verified_at`, `verified_by`: of the assertion that there is none, or of the newest line.
    `partial`: the copy is not complete, more may arrive; NONE is then never answered.
    """

    state: AllergyState
    rows: tuple[AllergyRow, ...] = ()
    struck: tuple[AllergyRow, ...] = ()
    declared_by_patient: tuple[AllergyRow, ...] = ()
    """Third banner line (HZ-07): entries of the patient that nobody has taken over."""
    undecided: bool = False
    copy_at: datetime | None = None
    verified_at: str = ""
    verified_by: str = ""
    partial: bool = False
    received_percent: int = 100
    narrowed: bool = False
    """Continuity mode: what others wrote is hidden."""


class ProblemRow(Item, frozen=True, kw_only=True):
    label: str
    code: str = ""
    system: str = ""
    course: Course = Course.UNKNOWN
    since: str = ""
    until: str = ""
    recorded: str = ""
    """When it was written down: never shown as when it began."""
    ald: bool = False
    ald_number: str = ""
    note: str = ""
    struck: Struck = Struck.NO
    undecided: bool = False


class HistoryRow(Item, frozen=True, kw_only=True):
    chapter: Chapter
    label: str
    since: str = ""
    relation: str = ""
    """Of a family history: `père`, `FTH`..., as written."""
    kin: Kin = Kin.OTHER
    note: str = ""
    struck: Struck = Struck.NO


class TreatmentVersion(Struct, frozen=True, kw_only=True):
    """One of two versions of a line in disagreement, with its author and claimed time."""

    strength: str
    dose: str
    posology: str
    author: str
    at: str
    mine: bool
    stopped: bool = False
    as_needed: bool = False


class TreatmentRow(Item, frozen=True, kw_only=True):
    """A MEDI line: **substance** — form strength — DOSE **dose** posology — duration.

    `versions` is filled only while two versions wait: both are shown, neither wins (HZ-18).
    """

    substance: str
    form: str = ""
    strength: str = ""
    dose: str = ""
    posology: str = ""
    duration: str = ""
    as_needed: bool = False
    status: Taking = Taking.UNKNOWN
    since: str = ""
    until: str = ""
    reason: str = ""
    note: str = ""
    struck: Struck = Struck.NO
    undecided: bool = False
    versions: tuple[TreatmentVersion, ...] = ()


class Identity(Struct, frozen=True, kw_only=True):
    """Zone 1 of the banner. `used_*` is empty when it does not differ. `ins` is 15 characters, ungrouped."""

    owner: int
    civility: str
    """`M`, `MME` or ""."""
    birth_name: str
    birth_given: str
    used_name: str = ""
    used_given: str = ""
    birth_date: str = ""
    age: Age | None = None
    sex: Sex = Sex.UNKNOWN
    ins: str = ""
    status: IdentityStatus = IdentityStatus.PROVISIONAL
    deceased: bool = False
    deceased_at: str = ""
    age_at_death: Age | None = None
    address: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Measure(Struct, frozen=True, kw_only=True):
    """One value with its unit. `second` is the diastolic pressure. `text` for a result in words."""

    label: str
    at: str
    number: Decimal | None = None
    second: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    text: str = ""
    flag: Flag = Flag.UNKNOWN
    band: Band | None = None
    state: ItemState = ItemState.CONFIRMED
    code: str = ""
    id: str = ""


class AldRow(Struct, frozen=True, kw_only=True):
    number: str
    label: str
    since: str = ""


class Strip(Struct, frozen=True, kw_only=True):
    """Zone 2. None = nothing recorded; whether that reads `non renseigné` or `pas encore reçu` is told by
    `received_percent` (below 100: not yet received).
    """

    attending_doctor: str = ""
    ald: tuple[AldRow, ...] = ()
    history: tuple[str, ...] = ()
    tobacco: str = ""
    pack_years: Decimal | None = None
    weight: Measure | None = None
    weight_is_old: bool = False
    """Of a child: no dose may rest on it any more (HZ-13)."""
    bmi: Decimal | None = None
    blood_pressure: Measure | None = None
    egfr: Measure | None = None
    hba1c: Measure | None = None
    received_percent: int = 100
    narrowed: bool = False


class Point(Struct, frozen=True, kw_only=True):
    """`at` may lack a time; `order` is sortable text. `second` is the diastolic pressure."""

    at: str
    number: Decimal
    id: str
    second: Decimal | None = None
    comparator: str = ""
    flag: Flag = Flag.UNKNOWN
    band: Band | None = None
    state: ItemState = ItemState.CONFIRMED


class Series(Struct, frozen=True, kw_only=True):
    """One analyte in one unit (HZ-11), oldest point first. `band` is the one sent with the last point that
    had one (HZ-12). `other_units`: the same analyte also exists in these units, in curves of its own.
    `jump`: two neighbours differ by a factor 5 to 12: `unité à vérifier`.
    """

    code: str
    label: str
    unit: str
    points: tuple[Point, ...]
    band: Band | None = None
    other_units: tuple[str, ...] = ()
    jump: bool = False

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def previous(self) -> Point | None:
        return self.points[-2] if len(self.points) > 1 else None


class Kind(StrEnum):
    """Glyph and first word of a timeline line."""

    CONSULTATION = "consultation"
    LABORATORY = "laboratory"
    MEASURES = "measures"
    HABIT = "habit"
    IMAGING = "imaging"
    LETTER = "letter"
    DOCUMENT = "document"
    TREATMENT = "treatment"
    PRESCRIPTION = "prescription"
    PROBLEM = "problem"
    ALLERGY = "allergy"
    VACCINE = "vaccine"
    PROCEDURE = "procedure"
    HISTORY = "history"
    PLAN = "plan"
    QUESTIONNAIRE = "questionnaire"
    MESSAGE = "message"
    OTHER = "other"
    UNREADABLE = "unreadable"
    """The body does not decode: said, never dropped."""


class Fact(Struct, frozen=True, kw_only=True):
    """One value of a summary line: `HbA1c 7,4 % ▲`."""

    label: str
    number: Decimal | None = None
    second: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    text: str = ""
    flag: Flag = Flag.UNKNOWN
    band: Band | None = None
    """As sent with this very result (HZ-12)."""
    note: str = ""
    """What the laboratory wrote beside it: above all why it was corrected."""


class Reading(Struct, frozen=True, kw_only=True):
    """A review of a line: `mine`, the duty of this person; `signed`, `by` whom and when; else asked of `by`."""

    task: str
    mine: bool
    signed: bool
    by: str = ""
    at: str = ""
    op_id: str = ""


class TimelineItem(Item, frozen=True, kw_only=True):
    """One event. Title and summary are data; `facts` are values to set after them.

    `members` are the (rtype, id) that this line speaks for (a report and its results, one set of measures).
    """

    at: str
    order: str
    kind: Kind
    title: str
    summary: str = ""
    facts: tuple[Fact, ...] = ()
    unread: bool = False
    struck: Struck = Struck.NO
    undecided: bool = False
    members: tuple[tuple[str, str], ...] = ()
    dose: str = ""
    """Of a vaccine: which dose, by its number."""
    taking: Taking = Taking.UNKNOWN
    until: str = ""
    """Of a treatment: whether it is still taken, and the day it ended."""
    none_known: bool = False
    """Somebody asked, and there is no known allergy: said in the words of the screen."""
    lot: str = ""
    arrived: str = ""
    """When it was sent or received, where that is told apart from the day of care."""
    reading: Reading | None = None
    versions: tuple["TimelineItem", ...] = ()
    """The versions this one stands for, newest first: folded under it, counted nowhere."""
    replaced: bool = False
    corrected: bool = False
    """The laboratory corrected one of the values."""
    ongoing: bool = False
    mine: bool = False
    """Written by the person at this desktop."""
    signed: bool = False
    note: bool = False
    """A consultation with a note of this program: it may be corrected and completed."""
    asked: bool = False
    """Its note waits for the signature of the person at this desktop."""
    responsible: str = ""
    """For whom it was written, by its author."""
    decision: Decision | None = None
    """Of an addition of the patient: what was decided about it; None while it waits."""

    @property
    def waits(self) -> bool:
        """An addition of the patient that nobody took over or keeps apart."""
        is_settled = self.decision is not None and self.decision.outcome is not Outcome.ANSWER
        return self.by_patient and not is_settled and not self.struck


DRAFT: Final = "Draft"
"""The type of a line that is still being typed; its id is the key of the draft."""


class Record(Struct, frozen=True, kw_only=True):
    """Everything the record screen shows of one patient, consistent with itself (HZ-01: one owner).

    `found` False: this device holds nothing of this patient (any more); nothing else is then filled.
    `copy_at`: date of the copy; `received_percent` of this patient; `complete` once all is here.
    `last_look`: the previous passage of this person on this device, None if never.
    `narrowed`: continuity mode, only what the practice wrote is here.
    """

    owner: int
    found: bool
    identity: Identity
    allergies: AllergyPanel
    strip: Strip
    problems: Listing[ProblemRow]
    history: dict[Chapter, Listing[HistoryRow]]
    treatments: Listing[TreatmentRow]
    past_treatments: Listing[TreatmentRow]
    series: Listing[Series]
    timeline: Listing[TimelineItem]
    complete: bool
    received_percent: int
    copy_at: datetime | None = None
    last_look: datetime | None = None
    new_count: int = 0
    narrowed: bool = False
    vaccinations: Listing[VaccinationRow] = Listing()
    measures: Listing[MeasureRow] = Listing()
    habits: Listing[HabitRow] = Listing()
    reviewed: Reviewed | None = None
    prevention: Listing[PreventionRow] = Listing()
