"""From the answers of the form to the commands of the problem service."""

from datetime import date

from dossier.fhir.problems import Chapter, Course, NewProblem
from practitioner_app.services.problems import ProblemService, RecordProblem, ReviseProblem
from practitioner_app.services.writing import Written
from ui.dates_in import read_date
from ui.forms import Answers, WrongField
from ui.i18n import Texts

PATHS = {"Condition.code": "label", "Condition.onsetDateTime": "since"}
ALD_LAST = 32


class ProblemEntry:
    """Parses and writes for one patient; `rid` when a line is corrected."""

    def __init__(
        self, texts: Texts, today: date, service: ProblemService, owner: int, rid: str = ""
    ) -> None:
        self._texts, self._today = texts, today
        self._service, self._owner, self._rid = service, owner, rid

    def _date(self, answers: Answers, field: str) -> str:
        try:
            return read_date(answers.get(field, ""), self._today)
        except ValueError as error:
            sentence = self._texts.tr("Type a date that has come: 1994, 05/1994 or 14/05/1994.")
            raise WrongField(field, sentence) from error

    def parse(self, answers: Answers) -> RecordProblem | ReviseProblem:
        ald = answers.get("ald") == "yes"
        number = answers.get("ald_number", "").strip()
        if ald and number and not (number.isdigit() and 1 <= int(number) <= ALD_LAST):
            raise WrongField(
                "ald_number", self._texts.tr("Type a number from 1 to 32, or nothing.")
            )
        since, until = self._date(answers, "since"), self._date(answers, "until")
        if since and until and until < since[: len(until)]:
            raise WrongField("until", self._texts.tr("The end comes before the beginning."))
        said = NewProblem(
            label=answers.get("label", "").strip(),
            since=since,
            until=until,
            ald=ald,
            ald_number=number if ald else "",
            course=Course(answers.get("course", str(Course.ACTIVE))),
            chapter=Chapter(answers.get("chapter", str(Chapter.MEDICAL))),
            note=answers.get("note", "").strip(),
        )
        if self._rid:
            return ReviseProblem(owner=self._owner, id=self._rid, problem=said)
        return RecordProblem(owner=self._owner, problem=said)

    def write(self, command: RecordProblem | ReviseProblem) -> Written:
        """Write lane."""
        if isinstance(command, ReviseProblem):
            return self._service.revise(command)
        return self._service.record(command)
