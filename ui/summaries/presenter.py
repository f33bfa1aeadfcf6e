"""The patient summary in words: the sections of the IPS document, and the one page that is printed and filed.

Both are made of the same lines. The page holds every allergy, treatment and problem; of the rest it holds as
much as one page has room for, by `STEPS`, and says how many lines it leaves out: none is missing in silence.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from dossier.fhir.allergies import Certainty
from dossier.fhir.problems import Chapter
from dossier.fhir.results import TOBACCO
from dossier.fhir.summaries import Part
from practitioner_app.services.letterheads import Heading
from practitioner_app.services.rows import (
    AllergyPanel,
    AllergyState,
    HistoryRow,
    Item,
    Listing,
    Measure,
    ProblemRow,
    TreatmentRow,
)
from practitioner_app.services.summaries import Key, PatientSummary, Vaccine, Worded
from ui.paper.heads import Paper
from ui.paper.layout import Maker, Setter, paginate
from ui.paper.sheet import Sheet, Table
from ui.patient.banner import measure_words, verified_words
from ui.patient.presenter import medication_runs
from ui.speaking import Speaking
from ui.words import certainty_word, empty_word, flag_words

STEPS: Final[tuple[Mapping[Part, int], ...]] = (
    {},
    {Part.RESULTS: 14, Part.IMMUNIZATIONS: 12},
    {Part.RESULTS: 10, Part.IMMUNIZATIONS: 8, Part.VITAL_SIGNS: 6},
    {
        Part.RESULTS: 6,
        Part.IMMUNIZATIONS: 5,
        Part.VITAL_SIGNS: 4,
        Part.PROCEDURES: 5,
        Part.PAST_ILLNESS: 6,
        Part.FAMILY: 3,
        Part.SOCIAL_HISTORY: 2,
    },
)
"""How many lines a part may have, each step for a record that did not fit the one before. What no step makes
fit takes a second page: allergies, treatments and problems are never left out."""

_RUNNING: Final = frozenset(
    (Part.FAMILY, Part.IMMUNIZATIONS, Part.RESULTS, Part.SOCIAL_HISTORY, Part.VITAL_SIGNS)
)
"""Parts whose lines run on, one after the other."""

Line = tuple[str, tuple[Key, ...]]


class Page(Struct, frozen=True, kw_only=True):
    """`left_out`: lines of the record that the page only counts. `pages`: one, or as many as it needs."""

    sheet: Sheet
    left_out: int
    pages: int


def sections(summary: PatientSummary, speaking: Speaking) -> tuple[Worded, ...]:
    """Every section with every line, in the order in which a doctor reads."""
    tr, record = speaking.texts.tr, summary.record
    history = record.history
    past = [row for chapter in Chapter for row in history[chapter].rows if not row.struck]
    return (
        _worded(
            Part.ALLERGIES, tr("Allergies and adverse reactions"), _allergies(summary, speaking)
        ),
        _worded(
            Part.MEDICATIONS,
            tr("Current treatments"),
            [_treatment(row, speaking) for row in record.treatments.rows if _stands(row)]
            or [_none(record.treatments, tr("No current treatment recorded"), speaking)],
        ),
        _worded(
            Part.PROBLEMS,
            tr("Active problems"),
            [
                _problem(row, speaking)
                for row in record.problems.rows
                if row.undecided or not row.struck
            ]
            or [_none(record.problems, tr("No active problem recorded"), speaking)],
        ),
        _worded(
            Part.PAST_ILLNESS,
            tr("Past history"),
            [_history(row, speaking) for row in past if row.rtype == "Condition"],
        ),
        _worded(
            Part.PROCEDURES,
            tr("Procedures"),
            [_history(row, speaking) for row in past if row.rtype == "Procedure"],
        ),
        _worded(
            Part.FAMILY,
            tr("Family history"),
            [_history(row, speaking) for row in past if row.rtype == "FamilyMemberHistory"],
        ),
        _worded(
            Part.IMMUNIZATIONS,
            tr("Vaccinations"),
            [(_vaccine(one, speaking), (("Immunization", one.id),)) for one in summary.vaccines],
        ),
        _worded(Part.VITAL_SIGNS, tr("Measures"), _measures(summary.measures, speaking)),
        _worded(Part.RESULTS, tr("Last results"), _measures(summary.results, speaking)),
        _worded(Part.SOCIAL_HISTORY, tr("Way of life"), _social(summary, speaking)),
    )


def page(
    summary: PatientSummary, worded: Iterable[Worded], heading: Heading, paper: Paper, family: str
) -> Page:
    """The fullest page that is one page. `family`: the fonts it is set in."""
    worded = tuple(worded)
    found: Page | None = None
    for step in STEPS:
        sheet, left_out = _sheet(summary, worded, heading, paper, step)
        pages = len(paginate(Maker(Setter(family)).atoms(sheet)))
        found = Page(sheet=sheet, left_out=left_out, pages=pages)
        if pages == 1:
            break
    assert found is not None
    return found


# -- the page -----------------------------------------------------------------


def _sheet(
    summary: PatientSummary,
    worded: tuple[Worded, ...],
    heading: Heading,
    paper: Paper,
    room: Mapping[Part, int],
) -> tuple[Sheet, int]:
    tr, record = paper.texts.tr, summary.record
    rows: list[tuple[str, str]] = []
    left_out = 0
    for section in worded:
        lines = [line for line, _ in section.lines]
        most = room.get(section.part, len(lines))
        cut = len(lines) - most
        if cut > 0:
            left_out += cut
            others = paper.texts.trn(
                "and {count} other, in the record", "and {count} others, in the record", cut
            )
            lines = [*lines[:most], others]
        if lines:
            between = " · " if section.part in _RUNNING else "\n"
            rows.append((section.title, between.join(lines)))
    sheet = Sheet(
        kind=tr("Medical summary"),
        letterhead=paper.letterhead(heading),
        patient=paper.patient(record.identity, record.strip),
        dated=paper.dated(heading),
        title=tr("Medical summary"),
        blocks=(
            Table(
                columns=(
                    tr("Attending doctor"),
                    record.strip.attending_doctor or tr("not recorded"),
                ),
                rows=tuple(rows),
                shares=(24, 76),
            ),
        ),
        closing=_closing(summary, paper.speaking),
        signer=heading.writer.name,
        insurer=tr(
            "Nobody may demand this information from you for a contract, an insurance or a job."
        ),
    )
    return sheet, left_out


def _closing(summary: PatientSummary, speaking: Speaking) -> tuple[str, ...]:
    """On which copy it stands, and that there may be more."""
    tr, record = speaking.texts.tr, summary.record
    lines = []
    if record.copy_at is not None:
        moment = speaking.formats.moment(record.copy_at)
        lines.append(tr("Made from the copy of {date}.", date=moment))
    if not record.complete:
        lines.append(tr("This copy was not complete."))
    lines.append(tr("Some information in this record may not be accessible to its author."))
    return tuple(lines)


# -- lines --------------------------------------------------------------------


def _worded(part: Part, title: str, lines: Iterable[Line]) -> Worded:
    return Worded(part=part, title=title, lines=tuple(lines))


def _key(row: Item) -> Key:
    return row.rtype, row.id


def _stands(row: TreatmentRow) -> bool:
    return bool(row.versions) or not row.struck


def _allergies(summary: PatientSummary, speaking: Speaking) -> list[Line]:
    """One of the four states, in words, then each agent; what waits for a decision says so (HZ-05)."""
    panel, tr = summary.record.allergies, speaking.texts.tr
    lines: list[Line] = []
    for row in (*panel.rows, *panel.declared_by_patient):
        what = ", ".join(row.reactions) or tr("reaction not stated")
        parts = [f"{row.agent} : {what}", speaking.formats.year(row.since) if row.since else ""]
        known = row.certainty is not Certainty.UNKNOWN
        parts.append(certainty_word(speaking.texts, row.certainty) if known else "")
        parts.append(tr("declared by the patient") if row.by_patient else "")
        parts.append(tr("two versions to settle") if row.undecided else "")
        lines.append((", ".join(part for part in parts if part), (_key(row),)))
    if lines:
        return lines
    return [(_no_allergy(panel, speaking), summary.none_known)]


def _no_allergy(panel: AllergyPanel, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    if panel.state is AllergyState.NONE:
        verified = verified_words(panel, speaking)
        return " — ".join(part for part in (tr("No known allergies"), verified) if part)
    if panel.state is AllergyState.UNAVAILABLE:
        return tr("Allergies unavailable")
    return tr("Allergies not recorded")


def _treatment(row: TreatmentRow, speaking: Speaking) -> Line:
    words = "".join(run.text for run in medication_runs(row, speaking))
    if row.undecided:
        words += ", " + speaking.texts.tr("two versions to settle")
    return words, (_key(row),)


def _problem(row: ProblemRow, speaking: Speaking) -> Line:
    tr = speaking.texts.tr
    parts = [row.label, f"{tr('ALD')} {row.ald_number}".strip() if row.ald else ""]
    parts.append(tr("since {date}", date=speaking.formats.year(row.since)) if row.since else "")
    parts.append(tr("two versions to settle") if row.undecided else "")
    return ", ".join(part for part in parts if part), (_key(row),)


def _history(row: HistoryRow, speaking: Speaking) -> Line:
    said = f"{row.relation} : {row.label}" if row.relation else row.label
    since = speaking.formats.year(row.since) if row.since else ""
    return (f"{said}, {since}" if since else said), (_key(row),)


def _vaccine(one: Vaccine, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    parts = [one.label, tr("dose {number}", number=one.dose) if one.dose else ""]
    parts.append(speaking.formats.day(one.at) if one.at else "")
    parts.append(tr("lot {number}", number=one.lot) if one.lot else "")
    return ", ".join(part for part in parts if part)


def _measures(found: Iterable[Measure], speaking: Speaking) -> list[Line]:
    """The newest first: what a page leaves out is the oldest."""
    lines: list[Line] = []
    for one in sorted(found, key=lambda one: one.at, reverse=True):
        value = " ".join(
            part
            for part in (measure_words(one, speaking.formats), flag_words(speaking.texts, one.flag))
            if part
        )
        day = speaking.formats.day(one.at) if one.at else speaking.texts.tr("undated")
        if value:
            lines.append((f"{one.label} : {value} ({day})", (("Observation", one.id),)))
    return lines


def _social(summary: PatientSummary, speaking: Speaking) -> list[Line]:
    """The pack-years stand with the status of tobacco, whose component they are."""
    years, tr = summary.record.strip.pack_years, speaking.texts.tr
    tobacco = {one.id for one in summary.social if one.code in TOBACCO}
    lines: list[Line] = []
    for words, keys in _measures(summary.social, speaking):
        said = words
        if years is not None and any(rid in tobacco for _, rid in keys):
            said += ", " + tr("{count} pack-years", count=speaking.formats.number(years))
        lines.append((said, keys))
    return lines


def _none(listing: Listing[Any], none: str, speaking: Speaking) -> Line:
    """Why there is no line (HZ-17)."""
    return empty_word(speaking.texts, listing.emptiness, listing.received_percent, none), ()


def said_words(fitted: Page, summary: PatientSummary, speaking: Speaking) -> tuple[str, ...]:
    """Beside the page: what it leaves out, on which copy it stands."""
    texts, record = speaking.texts, summary.record
    lines = []
    if fitted.pages > 1:
        lines.append(texts.trn("It takes {count} page.", "It takes {count} pages.", fitted.pages))
    if fitted.left_out:
        lines.append(
            texts.trn(
                "{count} line of the record is left out: the page says so.",
                "{count} lines of the record are left out: the page says so.",
                fitted.left_out,
            )
        )
    if record.copy_at is not None and speaking.offline:
        moment = speaking.formats.moment(record.copy_at)
        lines.append(texts.tr("Made from the copy of {date}.", date=moment))
    if not record.complete:
        lines.append(texts.tr("This copy was not complete."))
    if record.allergies.undecided or any(row.undecided for row in record.treatments.rows):
        lines.append(
            texts.tr("Two versions wait for a decision: the page shows them as undecided.")
        )
    return tuple(lines)
