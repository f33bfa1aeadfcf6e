"""The sheets of a record: lists that the side panel shows whole, by key or from the summary."""

from practitioner_app.services.act_rows import VaccinationRow
from practitioner_app.services.rows import Record, Struck
from ui.patient.growth_presenter import growth_sheet
from ui.patient.line_words import chips_of, joined
from ui.patient.prevention_presenter import RULE, SHEET, prevention_sheet, recommendation
from ui.patient.state import DetailState, Ref, SummaryCard, SummaryLine
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, bold
from ui.words import empty_word, struck_chips

VACCINATIONS, PREVENTION, GROWTH = "vaccinations", "prevention", "growth"


def sheet(record: Record, ref: Ref, speaking: Speaking) -> DetailState | None:
    """The sheet, or the recommendation, that a reference names; None for any other."""
    if ref.rtype == RULE:
        return recommendation(record, ref.id, speaking)
    if ref.rtype != SHEET:
        return None
    if ref.id == GROWTH:
        return growth_sheet(record, speaking, ref)
    makers = {VACCINATIONS: vaccination_sheet, PREVENTION: prevention_sheet}
    return makers[ref.id](record, speaking)


def vaccination_sheet(record: Record, speaking: Speaking) -> DetailState:
    """Every dose by vaccine, newest first; what was not given or struck through stands apart."""
    texts = speaking.texts
    groups: dict[str, list[VaccinationRow]] = {}
    apart: list[VaccinationRow] = []
    for row in record.vaccinations.rows:
        if row.struck is Struck.NO and row.given:
            groups.setdefault(row.vaccine, []).append(row)
        else:
            apart.append(row)
    cards = [
        SummaryCard(
            key=name,
            title=name,
            lines=tuple(_dose_line(row, speaking) for row in rows),
            caption_width=88,
        )
        for name, rows in sorted(groups.items(), key=lambda item: item[1][0].at, reverse=True)
    ]
    if apart:
        cards.append(
            SummaryCard(
                key="apart",
                title=texts.tr("Not given, or entered in error"),
                lines=tuple(_dose_line(row, speaking) for row in apart),
                caption_width=88,
            )
        )
    listing = record.vaccinations
    why = empty_word(
        texts, listing.emptiness, listing.received_percent, texts.tr("No vaccination on record")
    )
    count = sum(len(rows) for rows in groups.values())
    return DetailState(
        title=texts.tr("Vaccinations"),
        second=texts.trn("{count} dose on record", "{count} doses on record", count),
        sections=tuple(cards),
        prose=(why,) if why and not cards else (),
        ref=Ref(SHEET, VACCINATIONS),
    )


def _dose_line(row: VaccinationRow, speaking: Speaking) -> SummaryLine:
    texts, formats = speaking.texts, speaking.formats
    day = formats.day(row.at)
    dose = texts.tr("dose {number}", number=row.dose) if row.dose.isdecimal() else row.dose
    lot = texts.tr("batch {number}", number=row.lot) if row.lot else ""
    apart = row.struck is not Struck.NO or not row.given
    parts = [row.vaccine if apart else "", dose, lot, row.site, row.giver, row.reason]
    text = " · ".join(part for part in parts if part) or texts.tr("batch not recorded")
    chips = list(chips_of(row.state, speaking))
    chips += struck_chips(texts, row.struck, row.rtype)
    if row.origin == "recall":
        chips.append(ChipState(texts.tr("Declared"), Tone.NEUTRAL))
    runs = (bold(dose), Run(text[len(dose) :])) if dose and text.startswith(dose) else (Run(text),)
    return SummaryLine(
        runs=runs,
        words=joined(row.vaccine, day, text, *(chip.word for chip in chips)),
        caption=day,
        chips=tuple(chips),
        ref=Ref(row.rtype, row.id),
    )
