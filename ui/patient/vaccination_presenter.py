"""From the vaccinations of a record to the side panel: one dose, and all of them by disease."""

from practitioner_app.services.act_rows import VaccinationRow
from ui.immunizations.words import origin_word
from ui.patient.state import FactLine
from ui.speaking import Speaking


def vaccination_facts(row: VaccinationRow, speaking: Speaking) -> tuple[FactLine, ...]:
    """Everything known of one dose; who gave it, and who wrote it where that is somebody else."""
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    facts = (
        FactLine(tr("Reason"), row.reason),
        FactLine(tr("Date"), formats.day(row.at)),
        FactLine(texts.trc("vaccine", "Dose"), row.dose),
        FactLine(tr("Batch number"), row.lot),
        FactLine(tr("Expiry date"), formats.day(row.expires) if row.expires else ""),
        FactLine(tr("Site"), row.site),
        FactLine(tr("Route"), row.route),
        FactLine(tr("Given by"), row.giver if row.given else ""),
        FactLine(tr("Source"), origin_word(texts, row.origin)),
        FactLine(tr("Written by"), row.author),
        FactLine(tr("Recorded on"), formats.moment(row.recorded) if row.recorded else ""),
        FactLine(tr("Note"), row.note),
    )
    return tuple(fact for fact in facts if fact.value)
