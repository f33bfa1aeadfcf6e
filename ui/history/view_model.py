"""From the answers to the commands of the past history."""

from datetime import date

from dossier.fhir.history import Kin, NewProcedure, NewRelative
from dossier.fhir.lifestyle import Habit, NewHabit, Smoking
from dossier.fhir.problems import Chapter
from practitioner_app.services.history import (
    HistoryService,
    RecordHabit,
    RecordProcedure,
    RecordRelative,
)
from practitioner_app.services.writing import Written
from ui.dates_in import coming_date, read_date
from ui.formats import plain_decimal
from ui.forms import Answers, WrongField
from ui.history.view import NO_CHAPTER
from ui.history.words import habit_word, kin_word, smoking_word
from ui.i18n import Texts

PATHS = {
    "Procedure.code": "label",
    "FamilyMemberHistory.condition": "label",
    "FamilyMemberHistory.relationship": "relation",
    "Observation.value": "text",
}
_OLDEST = 120


class HistoryEntry:
    """Parses and writes for one patient; `rid` when a line is corrected."""

    def __init__(
        self, texts: Texts, today: date, service: HistoryService, owner: int, rid: str = ""
    ) -> None:
        self._texts, self._today = texts, today
        self._service, self._owner, self._rid = service, owner, rid

    def parse_procedure(self, answers: Answers) -> RecordProcedure:
        chapter = answers.get("chapter", NO_CHAPTER)
        said = NewProcedure(
            label=answers.get("label", "").strip(),
            at=self._date_or_words(answers.get("at", "").strip()),
            chapter=None if chapter == NO_CHAPTER else Chapter(chapter),
            by=answers.get("by", "").strip(),
            note=answers.get("note", "").strip(),
        )
        return RecordProcedure(owner=self._owner, procedure=said, id=self._rid)

    def parse_relative(self, answers: Answers) -> RecordRelative:
        kin, age = Kin(answers.get("kin", "")), answers.get("age", "").strip()
        if age and not (age.isdecimal() and int(age) <= _OLDEST):
            raise WrongField("age", self._texts.tr("Type an age in years, or nothing."))
        relation = answers.get("relation", "").strip()
        if kin is not Kin.OTHER:
            relation = kin_word(self._texts, kin)
        said = NewRelative(
            kin=kin,
            relation=relation,
            label=answers.get("label", "").strip(),
            age=int(age) if age else None,
            note=answers.get("note", "").strip(),
        )
        return RecordRelative(owner=self._owner, relative=said, id=self._rid)

    def parse_habit(self, answers: Answers) -> RecordHabit:
        habit, tr = Habit(answers.get("habit", str(Habit.TOBACCO))), self._texts.tr
        text, smoking, years = answers.get("text", "").strip(), Smoking.UNKNOWN, None
        if habit is Habit.TOBACCO:
            smoking = Smoking(answers.get("smoking", ""))
            text = text or (smoking_word(self._texts, smoking) if smoking else "")
            typed = answers.get("pack_years", "").strip()
            years = plain_decimal(typed) if typed else None
            if typed and (years is None or years < 0):
                raise WrongField("pack_years", tr("Type a number, such as 18 or 2.5."))
        if habit is Habit.PREGNANCY:
            text = self._coming(text)
        said = NewHabit(
            habit=habit,
            label=habit_word(self._texts, habit),
            text=text,
            smoking=smoking,
            pack_years=years,
            note=answers.get("note", "").strip(),
        )
        at = self._today.isoformat()
        return RecordHabit(owner=self._owner, habit=said, at=at, id=self._rid)

    def write(self, command: RecordProcedure | RecordRelative | RecordHabit) -> Written:
        """Write lane."""
        if isinstance(command, RecordProcedure):
            return self._service.record_procedure(command)
        if isinstance(command, RecordRelative):
            return self._service.record_relative(command)
        return self._service.record_habit(command)

    def _date_or_words(self, text: str) -> str:
        """What begins like a date must be one that has come; the rest are words."""
        try:
            return read_date(text, self._today)
        except ValueError as error:
            if str(error) == "in the future":
                sentence = self._texts.tr("This date has not come yet.")
                raise WrongField("at", sentence) from error
            return text

    def _coming(self, text: str) -> str:
        try:
            found = coming_date(text)
        except ValueError as error:
            raise WrongField(
                "text", self._texts.tr("Type the expected day: 15/03/2027.")
            ) from error
        if not found:
            raise WrongField("text", self._texts.tr("Type the expected day: 15/03/2027."))
        return found
