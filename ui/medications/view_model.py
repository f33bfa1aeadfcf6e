"""From the answers of the form to the commands of the treatment service."""

from datetime import date
from decimal import Decimal

from dossier.fhir.medications import Dose, Drug, NewTreatment
from practitioner_app.services.medications import (
    STATEMENT,
    RecordTreatment,
    ReviseTreatment,
    TreatmentService,
)
from practitioner_app.services.writing import Written
from ui.dates_in import read_date
from ui.formats import plain_decimal
from ui.forms import Answers, WrongField
from ui.i18n import Texts

PATHS = {
    "MedicationStatement.medication": "substance",
    "MedicationStatement.effectivePeriod": "since",
}


class TreatmentEntry:
    """Parses and writes for one patient; `rid` and `rtype` when a line is corrected."""

    def __init__(
        self,
        texts: Texts,
        today: date,
        service: TreatmentService,
        owner: int,
        rid: str = "",
        rtype: str = STATEMENT,
    ) -> None:
        self._texts, self._today, self._service = texts, today, service
        self._owner, self._rid, self._rtype = owner, rid, rtype

    def _number(self, answers: Answers, field: str) -> Decimal | None:
        """Comma or point; zero, negative and words are refused (HZ-13)."""
        text = answers.get(field, "").strip()
        if not text:
            return None
        number = plain_decimal(text)
        if number is None or number <= 0:
            raise WrongField(field, self._texts.tr("Type a number, such as 500 or 2.5."))
        return number

    def parse(self, answers: Answers) -> RecordTreatment | ReviseTreatment:
        strength, quantity = self._number(answers, "strength"), self._number(answers, "dose")
        try:
            since = read_date(answers.get("since", ""), self._today)
        except ValueError as error:
            sentence = self._texts.tr("Type a date that has come: 1994, 05/1994 or 14/05/1994.")
            raise WrongField("since", sentence) from error
        said = NewTreatment(
            drug=Drug(
                substance=answers.get("substance", "").strip(),
                form=answers.get("form", "").strip(),
                strength=strength,
                strength_unit=answers.get("strength_unit", "") if strength is not None else "",
            ),
            dose=Dose(
                quantity=quantity,
                unit=answers.get("unit", "") if quantity is not None else "",
                posology=answers.get("posology", "").strip(),
                as_needed=answers.get("as_needed") == "yes",
            ),
            since=since or self._today.isoformat(),
            reason=answers.get("reason", "").strip(),
            note=answers.get("note", "").strip(),
        )
        if self._rid:
            return ReviseTreatment(
                owner=self._owner, id=self._rid, treatment=said, rtype=self._rtype
            )
        return RecordTreatment(owner=self._owner, treatment=said)

    def write(self, command: RecordTreatment | ReviseTreatment) -> Written:
        """Write lane."""
        if isinstance(command, ReviseTreatment):
            return self._service.revise(command)
        return self._service.record(command)
