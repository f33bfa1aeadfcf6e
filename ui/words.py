"""Sentences for the closed lists of the kernel and the services. One place, one word per thing."""

import re

from dossier.fhir.allergies import Certainty, Criticality, Severity
from dossier.fhir.medications import Taking
from dossier.fhir.patients import IdentityStatus, Sex
from dossier.fhir.problems import Chapter, Course
from dossier.fhir.results import Flag
from practitioner_app.ports import ItemState
from practitioner_app.services.rows import Emptiness, Kind, Struck
from ui.i18n import Texts
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState

_SHORT_IN_BRACKETS = re.compile(r"\(([A-Z][A-Za-z0-9]{1,6})\)$")

_IF_NEEDED = ("si besoin", "au besoin", "si nécessaire", "if needed", "as needed", "when needed")

KIND_GLYPHS: dict[Kind, str] = {
    Kind.CONSULTATION: "visit",
    Kind.LABORATORY: "flask",
    Kind.MEASURES: "pulse",
    Kind.HABIT: "person",
    Kind.IMAGING: "image",
    Kind.LETTER: "letter",
    Kind.DOCUMENT: "page",
    Kind.TREATMENT: "pill",
    Kind.PRESCRIPTION: "note",
    Kind.PROBLEM: "problem",
    Kind.ALLERGY: "allergy",
    Kind.VACCINE: "syringe",
    Kind.PROCEDURE: "tools",
    Kind.HISTORY: "family",
    Kind.PLAN: "calendar",
    Kind.QUESTIONNAIRE: "note",
    Kind.MESSAGE: "letter",
    Kind.OTHER: "page",
    Kind.UNREADABLE: "alert",
}


SHORT = {
    "pression artérielle": "PA",
    "fréquence cardiaque": "FC",
    "fréquence respiratoire": "FR",
    "rapport albumine sur créatinine urinaire": "RAC",
    "débit de filtration glomérulaire": "DFG",
    "débit de filtration glomérulaire estimé": "DFG",
    "indice de masse corporelle": "IMC",
    "cholestérol ldl": "LDL",
    "cholestérol hdl": "HDL",
    "thyréostimuline": "TSH",
}
"""What a French doctor writes for these measures; never for a drug."""


def short_label(label: str) -> str:
    """The usual short form of a measure: HbA1c, DFG, PA; else the label as it came."""
    known = SHORT.get(label.casefold())
    if known:
        return known
    for long, short in SHORT.items():
        if label.casefold().startswith(long + " "):
            return short
    inside = _SHORT_IN_BRACKETS.search(label)
    return inside[1] if inside else label


def kind_word(texts: Texts, kind: Kind) -> str:
    """The first word of a timeline line."""
    tr, trc = texts.tr, texts.trc
    return {
        Kind.CONSULTATION: trc("timeline", "Consultation"),
        Kind.LABORATORY: trc("timeline", "Laboratory"),
        Kind.MEASURES: trc("timeline", "Measures"),
        Kind.HABIT: trc("timeline", "Lifestyle"),
        Kind.IMAGING: trc("timeline", "Imaging"),
        Kind.LETTER: trc("timeline", "Letter"),
        Kind.DOCUMENT: trc("timeline", "Document"),
        Kind.TREATMENT: trc("timeline", "Treatment"),
        Kind.PRESCRIPTION: tr("Prescription"),
        Kind.PROBLEM: trc("timeline", "Problem"),
        Kind.ALLERGY: trc("timeline", "Allergy"),
        Kind.VACCINE: trc("timeline", "Vaccination"),
        Kind.PROCEDURE: trc("timeline", "Procedure"),
        Kind.HISTORY: trc("timeline", "Family history"),
        Kind.PLAN: trc("timeline", "Care plan"),
        Kind.QUESTIONNAIRE: trc("timeline", "Questionnaire"),
        Kind.MESSAGE: trc("timeline", "Conversation"),
        Kind.OTHER: trc("timeline", "Other"),
        Kind.UNREADABLE: trc("timeline", "Unreadable"),
    }[kind]


def state_chip(texts: Texts, state: ItemState) -> ChipState | None:
    """What a line says of its own way to the server; nothing when it is simply there."""
    tr = texts.tr
    return {
        ItemState.CONFIRMED: None,
        ItemState.PENDING: ChipState(tr("Not sent yet"), Tone.WAIT, "hourglass"),
        ItemState.SENT: ChipState(tr("Recorded"), Tone.NEUTRAL),
        ItemState.REFUSED: ChipState(tr("Refused"), Tone.WARN, "stop"),
        ItemState.CONFLICT: ChipState(tr("Two versions to settle"), Tone.WARN, "versions"),
    }[state]


def struck_word(texts: Texts, struck: Struck, rtype: str) -> str:
    """Why a line is struck through: each cause its own word; empty where it is not."""
    tr = texts.tr
    refuted = {"AllergyIntolerance": tr("Allergy ruled out")}
    cancelled = {
        "Encounter": tr("Visit cancelled"),
        "Observation": tr("Test cancelled"),
        "DiagnosticReport": tr("Test cancelled"),
    }
    undone = {"Immunization": tr("Vaccine not given")}
    return {
        Struck.NO: "",
        Struck.ERROR: tr("Entered in error"),
        Struck.REFUTED: refuted.get(rtype, tr("Diagnosis ruled out")),
        Struck.CANCELLED: cancelled.get(rtype, tr("Cancelled")),
        Struck.NOT_DONE: undone.get(rtype, tr("Not done")),
        Struck.ENDED: tr("No longer active"),
    }[struck]


def struck_chips(texts: Texts, struck: Struck, rtype: str) -> tuple[ChipState, ...]:
    """The chip of a line that is struck through, or none."""
    word = struck_word(texts, struck, rtype)
    return (ChipState(word, Tone.NEUTRAL),) if word else ()


def says_if_needed(posology: str) -> bool:
    """Whether a wording says by itself that the drug is taken if needed: it is not said twice."""
    return any(words in posology.casefold() for words in _IF_NEEDED)


def flag_words(texts: Texts, flag: Flag) -> str:
    """The sign and the word; empty inside the reference values and where nothing is known."""
    tr = texts.tr
    return {
        Flag.HIGH: "▲ " + tr("high"),
        Flag.LOW: "▼ " + tr("low"),
        Flag.CRITICAL_HIGH: "▲▲ " + tr("very high"),
        Flag.CRITICAL_LOW: "▼▼ " + tr("very low"),
        Flag.ABNORMAL: "◆ " + tr("abnormal"),
    }.get(flag, "")


def flag_sign(flag: Flag) -> str:
    return {
        Flag.HIGH: "▲",
        Flag.LOW: "▼",
        Flag.CRITICAL_HIGH: "▲▲",
        Flag.CRITICAL_LOW: "▼▼",
        Flag.ABNORMAL: "◆",
    }.get(flag, "")


def certainty_word(texts: Texts, certainty: Certainty) -> str:
    tr = texts.tr
    return {
        Certainty.CONFIRMED: tr("certain"),
        Certainty.PROBABLE: tr("probable"),
        Certainty.UNCONFIRMED: tr("unconfirmed"),
        Certainty.REFUTED: tr("ruled out"),
        Certainty.ERRONEOUS: tr("Entered in error"),
        Certainty.UNKNOWN: tr("certainty not stated"),
    }[certainty]


def severity_word(texts: Texts, severity: Severity) -> str:
    tr = texts.tr
    return {
        Severity.MILD: tr("mild"),
        Severity.MODERATE: tr("moderate"),
        Severity.SEVERE: tr("severe"),
        Severity.UNKNOWN: texts.trc("severity", "not stated"),
    }[severity]


def criticality_word(texts: Texts, criticality: Criticality) -> str:
    tr = texts.tr
    return {
        Criticality.LOW: tr("low risk"),
        Criticality.HIGH: tr("high risk"),
        Criticality.UNABLE: tr("cannot be assessed"),
        Criticality.UNKNOWN: tr("not stated"),
    }[criticality]


def chapter_word(texts: Texts, chapter: Chapter) -> str:
    tr = texts.tr
    return {
        Chapter.MEDICAL: tr("Medical"),
        Chapter.SURGICAL: tr("Surgical"),
        Chapter.OBSTETRIC: tr("Obstetric"),
        Chapter.FAMILY: tr("Family"),
    }[chapter]


def course_word(texts: Texts, course: Course) -> str:
    tr = texts.tr
    return {
        Course.ACTIVE: tr("active"),
        Course.RECURRENCE: tr("recurrence"),
        Course.RELAPSE: tr("relapse"),
        Course.INACTIVE: tr("inactive"),
        Course.REMISSION: tr("in remission"),
        Course.RESOLVED: tr("resolved"),
        Course.UNKNOWN: tr("course not stated"),
    }[course]


def taking_word(texts: Texts, taking: Taking) -> str:
    tr = texts.tr
    return {
        Taking.ACTIVE: tr("in progress"),
        Taking.INTENDED: tr("planned"),
        Taking.COMPLETED: tr("finished"),
        Taking.STOPPED: tr("stopped"),
        Taking.ON_HOLD: tr("suspended"),
        Taking.NOT_TAKEN: tr("not taken"),
        Taking.CANCELLED: tr("cancelled"),
        Taking.DRAFT: tr("draft"),
        Taking.ERRONEOUS: tr("Entered in error"),
        Taking.UNKNOWN: tr("not stated"),
    }[taking]


def sex_word(texts: Texts, sex: Sex) -> str:
    tr = texts.tr
    return {
        Sex.FEMALE: tr("Female"),
        Sex.MALE: tr("Male"),
        Sex.OTHER: tr("Undetermined"),
        Sex.UNKNOWN: tr("Not recorded"),
    }[sex]


def identity_word(texts: Texts, status: IdentityStatus) -> str:
    tr = texts.tr
    return {
        IdentityStatus.QUALIFIED: tr("Qualified"),
        IdentityStatus.VALIDATED: tr("Validated"),
        IdentityStatus.RETRIEVED: tr("Retrieved"),
        IdentityStatus.PROVISIONAL: tr("Provisional"),
    }[status]


def born_label(texts: Texts, sex: Sex) -> str:
    """Born, agreed with the sex where it is known."""
    if sex is Sex.FEMALE:
        return texts.trc("female", "Born")
    if sex is Sex.MALE:
        return texts.trc("male", "Born")
    return texts.trc("person", "Born")


def deceased_word(texts: Texts, sex: Sex) -> str:
    if sex is Sex.FEMALE:
        return texts.trc("female", "Deceased")
    return texts.trc("male", "Deceased")


def died_words(texts: Texts, sex: Sex, *, day: str, age: str) -> str:
    """Décédée le 02/03/2026 à 91 ans."""
    if sex is Sex.FEMALE:
        return texts.trc("female", "Died on {date} at {age}", date=day, age=age)
    return texts.trc("male", "Died on {date} at {age}", date=day, age=age)


def additions_word(texts: Texts, sex: Sex) -> str:
    """What the patient added, as a filter."""
    if sex is Sex.FEMALE:
        return texts.trc("female", "Additions of the patient")
    return texts.trc("male", "Additions of the patient")


def declared_by_word(texts: Texts, sex: Sex) -> str:
    """The title over what the patient declared."""
    if sex is Sex.FEMALE:
        return texts.trc("female", "Declared by the patient")
    return texts.trc("male", "Declared by the patient")


def by_patient_word(texts: Texts, sex: Sex) -> str:
    if sex is Sex.FEMALE:
        return texts.trc("female", "Added by the patient")
    return texts.trc("male", "Added by the patient")


def empty_word(texts: Texts, emptiness: Emptiness, percent: int, none: str) -> str:
    """Why a list has no line; `none` is what may be said only when the copy is complete (HZ-17)."""
    tr = texts.tr
    return {
        Emptiness.FILLED: "",
        Emptiness.NONE: none,
        Emptiness.NOT_RECEIVED: tr("Not received yet ({percent} %)", percent=percent),
        Emptiness.UNREADABLE: tr("This computer may not show this record any more."),
        Emptiness.OTHERS_HIDDEN: tr("Nothing written by the practice; the rest is hidden."),
        Emptiness.FILTERED: tr("A filter is on: nothing answers it."),
    }[emptiness]
