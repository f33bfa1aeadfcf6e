"""From the record to the banner and the strip: the words of zones 1 and 2."""

from datetime import date

from dossier.fhir.dates import day
from dossier.fhir.patients import IdentityStatus
from practitioner_app.services.rows import (
    AllergyPanel,
    AllergyState,
    Identity,
    Measure,
    Record,
    Strip,
)
from ui.formats import Formats
from ui.patient_words import is_minor
from ui.speaking import Speaking
from ui.widgets.banner import AllergyKind, AllergyLine, AllergyPanelState, BannerState
from ui.widgets.strip import StripCell
from ui.words import (
    born_label,
    deceased_word,
    died_words,
    flag_words,
    identity_word,
    sex_word,
)


def civility_word(civility: str) -> str:
    return {"M": "M.", "MME": "Mme"}.get(civility, "")


def full_name(identity: Identity, today: date) -> str:
    """Mme MARTINEAU Élodie: civility of an adult, name in use, given name in use."""
    family = identity.used_name or identity.birth_name
    given = identity.used_given or identity.birth_given
    child = is_minor(identity.birth_date, today)
    civility = "" if child else civility_word(identity.civility)
    return " ".join(part for part in (civility, family, given) if part)


def born_words(identity: Identity, speaking: Speaking) -> str:
    """14/07/1958 (68 ans); an unknown day or month is said in words."""
    tr, formats = speaking.texts.tr, speaking.formats
    if not identity.birth_date:
        return tr("Date of birth not recorded")
    shown = formats.day(identity.birth_date)
    if identity.deceased:
        age = formats.age(identity.birth_date, day(identity.deceased_at) or speaking.today)
    else:
        age = formats.age(identity.birth_date, speaking.today)
    if day(identity.birth_date) is None:
        shown = tr("{date}, day not known", date=shown)
    return f"{shown} ({age})" if age and not identity.deceased else shown


def deceased_words(identity: Identity, speaking: Speaking) -> str:
    """Décédée le 02/03/2026 à 91 ans."""
    if not identity.deceased:
        return ""
    texts, formats = speaking.texts, speaking.formats
    end = day(identity.deceased_at)
    if end is None:
        return deceased_word(texts, identity.sex)
    age = formats.age(identity.birth_date, end)
    return died_words(texts, identity.sex, day=formats.day(end), age=age)


def missing_words(record: Record, speaking: Speaking) -> str:
    """Why more of this record is not here; empty when all is."""
    tr = speaking.texts.tr
    if record.narrowed:
        return tr("Continuity mode: what others wrote is hidden")
    if not record.complete:
        return tr("Not received yet ({percent} %)", percent=record.received_percent)
    return ""


def banner(record: Record, speaking: Speaking) -> BannerState:
    """Zone 1 of this record."""
    identity, texts = record.identity, speaking.texts
    gone = deceased_words(identity, speaking)
    given = identity.birth_given
    return BannerState(
        owner=record.owner,
        name=full_name(identity, speaking.today),
        birth_name=identity.birth_name,
        first_birth_given=given if identity.used_given or given.isupper() else "",
        born_label=born_label(texts, identity.sex),
        born=f"{born_words(identity, speaking)} · {gone}"
        if gone
        else born_words(identity, speaking),
        sex=sex_word(texts, identity.sex),
        ins=speaking.formats.ins(identity.ins),
        identity=identity_word(texts, identity.status),
        identity_sure=identity.status is IdentityStatus.QUALIFIED,
        allergies=allergy_panel(record.allergies, speaking),
        deceased=gone,
    )


def allergy_panel(panel: AllergyPanel, speaking: Speaking) -> AllergyPanelState:
    """Exactly one of four titles; the date of the copy whenever the server is out of reach (HZ-04)."""
    texts, formats = speaking.texts, speaking.formats
    copy = ""
    if speaking.offline and panel.copy_at is not None:
        copy = texts.tr("copy of {moment}", moment=formats.moment(panel.copy_at))
    if panel.state is AllergyState.KNOWN:
        return _known(panel, speaking, copy)
    if panel.state is AllergyState.NONE:
        return AllergyPanelState(
            kind=AllergyKind.NONE,
            title=texts.tr("No known allergies"),
            note=copy,
            detail=" · ".join(
                part
                for part in (verified_words(panel, speaking), _declared(panel, speaking))
                if part
            ),
        )
    if panel.state is AllergyState.NOT_RECORDED:
        return AllergyPanelState(
            kind=AllergyKind.NOT_RECORDED,
            title=texts.tr("Allergies not recorded"),
            note=copy,
            detail=_declared(panel, speaking)
            or texts.tr("Nobody has asked, or nobody has written it."),
        )
    why = texts.tr("Offline, no copy on this computer.")
    if panel.narrowed:
        why = texts.tr("Nothing written by the practice; the rest is hidden.")
    elif panel.partial:
        why = texts.tr("Not received yet ({percent} %)", percent=panel.received_percent)
    return AllergyPanelState(
        kind=AllergyKind.UNAVAILABLE,
        title=texts.tr("Allergies unavailable"),
        note=copy,
        detail=why,
    )


def _known(panel: AllergyPanel, speaking: Speaking, copy: str) -> AllergyPanelState:
    texts = speaking.texts
    lines = tuple(
        AllergyLine(row.agent, ", ".join(row.reactions), row.undecided) for row in panel.rows
    )
    extra = []
    if panel.undecided and not any(line.open_ for line in lines):
        extra.append(texts.tr("two versions to settle"))
    if panel.narrowed:
        extra.append(texts.tr("what others wrote is hidden"))
    elif panel.partial:
        extra.append(
            texts.tr("more may arrive ({percent} % received)", percent=panel.received_percent)
        )
    declared = _declared(panel, speaking)
    if declared:
        extra.append(declared)
    return AllergyPanelState(
        kind=AllergyKind.KNOWN,
        title=texts.tr("Known allergies"),
        note=copy,
        lines=lines,
        detail=" · ".join(extra),
    )


def _declared(panel: AllergyPanel, speaking: Speaking) -> str:
    """HZ-07: what the patient declared and nobody has taken over."""
    if not panel.declared_by_patient:
        return ""
    agents = ", ".join(row.agent for row in panel.declared_by_patient)
    return speaking.texts.tr("Declared by the patient: {agents}", agents=agents)


def verified_words(panel: AllergyPanel, speaking: Speaking) -> str:
    """`vérifié le … par …`: when somebody last made sure, and who."""
    if not panel.verified_at:
        return ""
    date_ = speaking.formats.day(panel.verified_at)
    if not panel.verified_by:
        return speaking.texts.tr("verified on {date}", date=date_)
    return speaking.texts.tr("verified on {date} by {person}", date=date_, person=panel.verified_by)


def measure_words(measure: Measure, formats: Formats) -> str:
    """132/78 mmHg, 7,4 %, or the words of the laboratory."""
    if measure.number is None:
        return measure.text
    number = formats.measured(measure.number)
    if measure.second is not None:
        number = f"{number}/{formats.measured(measure.second)}"
    sign = {"<": "< ", ">": "> ", "<=": "≤ ", ">=": "≥ "}.get(measure.comparator, "")
    return sign + formats.joined(number, formats.unit(measure.unit))


def strip(shown: Strip, speaking: Speaking) -> tuple[StripCell, ...]:
    """Zone 2: what is not recorded is said, what has not arrived too."""
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    absent = tr("not recorded")
    if shown.received_percent < 100:
        absent = tr("not received yet")
    if shown.narrowed:
        absent = tr("not shown")
    ald = ", ".join(
        " ".join(
            part for part in (tr("ALD"), row.number, f"— {row.label}" if row.label else "") if part
        )
        + (f" ({formats.year(row.since)})" if row.since else "")
        for row in shown.ald
    )
    cells = [
        StripCell(tr("Attending doctor"), shown.attending_doctor or absent),
        StripCell(
            tr("Long-term condition (ALD)"),
            ald or (absent if absent != tr("not recorded") else tr("none")),
        ),
    ]
    if shown.history:
        cells.append(StripCell(tr("Past history"), " · ".join(shown.history[:2])))
    tobacco = shown.tobacco
    if tobacco and shown.pack_years is not None:
        tobacco += ", " + tr("{count} pack-years", count=formats.number(shown.pack_years))
    cells.append(StripCell(tr("Tobacco"), tobacco or absent))
    if shown.weight is not None:
        weight = measure_words(shown.weight, formats)
        if shown.bmi is not None:
            weight += " (" + tr("BMI {value}", value=formats.number(shown.bmi)) + ")"
        old = "◷ " + tr("old weight") if shown.weight_is_old else ""
        dated = _dated(tr("Weight"), shown.weight.at, speaking)
        cells.append(StripCell(dated, weight, old, "warn"))
    for label, measure in (
        (tr("BP"), shown.blood_pressure),
        (tr("eGFR"), shown.egfr),
        (tr("HbA1c"), shown.hba1c),
    ):
        if measure is not None:
            value = measure_words(measure, formats)
            dated = _dated(label, measure.at, speaking)
            cells.append(StripCell(dated, value, flag_words(texts, measure.flag)))
    return tuple(cells)


def _dated(label: str, at: str, speaking: Speaking) -> str:
    """`DFG le 11/11/2026`: a value without its date may be years old."""
    day_ = speaking.formats.day(at) if at else speaking.texts.tr("undated")
    return (
        speaking.texts.tr("{label} on {date}", label=label, date=day_) if at else f"{label}, {day_}"
    )
