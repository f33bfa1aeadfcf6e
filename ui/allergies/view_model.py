"""From the answers of the form to the commands of the allergy service."""

from datetime import date

from dossier.fhir.allergies import Certainty, Criticality, NewAllergy, Severity
from practitioner_app.services.allergies import AllergyService, RecordAllergy, ReviseAllergy
from practitioner_app.services.writing import Written
from ui.dates_in import read_date
from ui.forms import Answers, WrongField
from ui.i18n import Texts

PATHS = {
    "AllergyIntolerance.code": "agent",
    "AllergyIntolerance.onsetDateTime": "since",
    "AllergyIntolerance.reaction": "reactions",
}


def read_since(texts: Texts, text: str, today: date, field: str = "since") -> str:
    """A date of any precision; WrongField says what to type."""
    try:
        return read_date(text, today)
    except ValueError as error:
        if str(error) == "in the future":
            raise WrongField(field, texts.tr("This date has not come yet.")) from error
        sentence = texts.tr("Type a date: 1994, 05/1994 or 14/05/1994.")
        raise WrongField(field, sentence) from error


class AllergyEntry:
    """Parses and writes for one patient; `rid` when a line is corrected."""

    def __init__(
        self, texts: Texts, today: date, service: AllergyService, owner: int, rid: str = ""
    ) -> None:
        self._texts, self._today = texts, today
        self._service, self._owner, self._rid = service, owner, rid

    def parse(self, answers: Answers) -> RecordAllergy | ReviseAllergy:
        said = NewAllergy(
            agent=answers.get("agent", "").strip(),
            reactions=tuple(
                part.strip() for part in answers.get("reactions", "").split(",") if part.strip()
            ),
            severity=Severity(answers.get("severity", "")),
            criticality=Criticality(answers.get("criticality", "")),
            certainty=Certainty(answers.get("certainty", "")),
            since=read_since(self._texts, answers.get("since", ""), self._today),
            note=answers.get("note", "").strip(),
        )
        if self._rid:
            return ReviseAllergy(owner=self._owner, id=self._rid, allergy=said)
        return RecordAllergy(owner=self._owner, allergy=said)

    def write(self, command: RecordAllergy | ReviseAllergy) -> Written:
        """Write lane."""
        if isinstance(command, ReviseAllergy):
            return self._service.revise(command)
        return self._service.record(command)
