"""From the answers to the commands of prevention."""

from datetime import date

from dossier.fhir.prevention import NewPrevention, Outcome
from practitioner_app.services.act_rows import PreventionKind, PreventionRow
from practitioner_app.services.prevention import (
    DismissVaccination,
    NotePrevention,
    PreventionNotes,
)
from practitioner_app.services.writing import Written
from ui.dates_in import read_date
from ui.forms import Answers, WrongField
from ui.i18n import Texts

PATHS = {"reason": "reason", "Procedure.performedDateTime": "at"}


class PreventionEntry:
    """Parses and writes for one patient and one recommendation."""

    def __init__(
        self, texts: Texts, today: date, service: PreventionNotes, owner: int, row: PreventionRow
    ) -> None:
        self._texts, self._today = texts, today
        self._service, self._owner, self._row = service, owner, row

    def parse_done(self, answers: Answers) -> NotePrevention:
        try:
            at = read_date(answers.get("at", ""), self._today)
        except ValueError as error:
            sentence = self._texts.tr("Type a date that has come: 1994, 05/1994 or 14/05/1994.")
            raise WrongField("at", sentence) from error
        return self._note(at, Outcome(answers.get("outcome", str(Outcome.DONE))), "")

    def parse_dismissal(self, answers: Answers) -> DismissVaccination | NotePrevention:
        reason, row = answers.get("reason", "").strip(), self._row
        if row.kind is PreventionKind.VACCINE:
            return DismissVaccination(
                owner=self._owner, rule=row.code, atc=row.atc, vaccine=row.vaccine_fr, reason=reason
            )
        return self._note(self._today.isoformat(), Outcome.DISMISSED, reason)

    def write(self, command: DismissVaccination | NotePrevention) -> Written:
        """Write lane."""
        if isinstance(command, DismissVaccination):
            return self._service.dismiss(command)
        return self._service.note(command)

    def _note(self, at: str, outcome: Outcome, reason: str) -> NotePrevention:
        row = self._row
        said = NewPrevention(
            system=row.system, code=row.code, label=row.fr, at=at, outcome=outcome, reason=reason
        )
        return NotePrevention(owner=self._owner, said=said)
