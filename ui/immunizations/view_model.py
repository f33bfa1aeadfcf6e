"""From the answers of the form to the commands of the immunization service."""

from datetime import date

from dossier.fhir.elements import Coding
from dossier.fhir.immunizations import NewImmunization, Origin, Refusal
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.immunizations import (
    ImmunizationService,
    RecordImmunization,
    ReviseImmunization,
)
from practitioner_app.services.writing import Written
from ui.dates_in import coming_date, read_date
from ui.forms import Answers, WrongField
from ui.i18n import Texts
from ui.immunizations.view import GIVEN
from ui.immunizations.words import refusal_word

PATHS = {
    "Immunization.vaccineCode": "vaccine",
    "Immunization.occurrenceDateTime": "at",
    "Immunization.statusReason": "reason",
}
_MOST_DOSES = 20


class ImmunizationEntry:
    """Parses and writes for one patient; `rid` when a line is corrected."""

    def __init__(
        self,
        texts: Texts,
        today: date,
        terms: Terminology,
        service: ImmunizationService,
        owner: int,
        rid: str = "",
    ) -> None:
        self._texts, self._today, self._terms = texts, today, terms
        self._service, self._owner, self._rid = service, owner, rid

    def parse(self, answers: Answers) -> RecordImmunization | ReviseImmunization:
        said = self._said(answers)
        if self._rid:
            return ReviseImmunization(owner=self._owner, id=self._rid, immunization=said)
        return RecordImmunization(owner=self._owner, immunization=said)

    def write(self, command: RecordImmunization | ReviseImmunization) -> Written:
        """Write lane."""
        if isinstance(command, ReviseImmunization):
            return self._service.revise(command)
        return self._service.record(command)

    def _said(self, answers: Answers) -> NewImmunization:
        vaccine = answers.get("vaccine", "").strip()
        known = self._terms.vaccines.named(vaccine)
        outcome = answers.get("outcome", GIVEN)
        refusal = None if outcome == GIVEN else Refusal(outcome.removeprefix("not:"))
        reason = answers.get("reason", "").strip()
        if refusal and not reason:
            reason = refusal_word(self._texts, refusal)
        origin = Origin(answers.get("origin", str(Origin.HERE)))
        by = answers.get("by", "").strip()
        if by and origin is Origin.HERE:
            origin = Origin.PROFESSIONAL
        return NewImmunization(
            vaccine=vaccine,
            coding=Coding(system=known.system, code=known.code) if known else None,
            at=self._day(answers.get("at", ""), origin),
            lot=answers.get("lot", "").strip() if refusal is None else "",
            expires=self._expiry(answers.get("expires", "")) if refusal is None else "",
            site=answers.get("site", "").strip() if refusal is None else "",
            route=answers.get("route", "").strip() if refusal is None else "",
            dose_number=self._dose(answers.get("dose", "").strip()),
            origin=origin,
            by=by,
            refusal=refusal,
            reason=reason if refusal is not None else "",
            note=answers.get("note", "").strip(),
        )

    def _day(self, text: str, origin: Origin) -> str:
        """A date of any precision; words are kept only of what was declared."""
        try:
            return read_date(text, self._today)
        except ValueError as error:
            if origin is Origin.DECLARED and not any(char.isdigit() for char in text):
                return text.strip()
            sentence = self._texts.tr("Type a date that has come: 1994, 05/1994 or 14/05/1994.")
            raise WrongField("at", sentence) from error

    def _expiry(self, text: str) -> str:
        """The last day of the month where the box says a month only."""
        try:
            return coming_date(text)
        except ValueError as error:
            sentence = self._texts.tr("Type a month or a day: 05/2027 or 31/05/2027.")
            raise WrongField("expires", sentence) from error

    def _dose(self, text: str) -> int | None:
        if not text:
            return None
        if not (text.isdecimal() and 1 <= int(text) <= _MOST_DOSES):
            raise WrongField("dose", self._texts.tr("Type a number from 1 to 20, or nothing."))
        return int(text)
