"""From the answers of the form to the commands of the measure service; what follows from them, what one asks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from dossier.fhir.dates import day
from dossier.fhir.measures import Taken, body_mass_index
from dossier.terminology.catalogue import Terminology
from dossier.terminology.concepts import Measure
from practitioner_app.services.act_rows import MeasureRow
from practitioner_app.services.doubts import Doubt, Slip, doubt
from practitioner_app.services.measures import CorrectMeasure, MeasureService, RecordMeasures
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.dates_in import read_date
from ui.formats import plain_decimal
from ui.forms import Answers, WrongField
from ui.measures.view import FIELDS, GLUCOSE, HEAD_YEARS, HEIGHT, PRESSURE, field_of
from ui.speaking import Speaking

Command = RecordMeasures | tuple[CorrectMeasure, ...]
_GROWN_DAYS = 730


class Typed(NamedTuple):
    """One answer read: its field, the measure it is, its number or its two."""

    field: str
    known: Measure
    number: Decimal
    second: Decimal | None = None


class MeasureEntry:
    """Parses and writes for one patient; `rows` when a set is corrected."""

    def __init__(
        self,
        speaking: Speaking,
        terms: Terminology,
        service: MeasureService,
        record: Record,
        rows: Sequence[MeasureRow] = (),
    ) -> None:
        self._speaking, self._terms, self._service = speaking, terms, service
        self._record, self._rows = record, rows

    @property
    def small(self) -> bool:
        """A child whose head is measured."""
        days = self._age_days()
        return days is not None and days < HEAD_YEARS * 365

    def parse(self, answers: Answers) -> Command:
        typed, tr = self._typed(answers), self._speaking.texts.tr
        if self._rows:
            return self._corrections(typed)
        if not typed:
            raise WrongField("weight", tr("Type at least one measure."))
        taken = tuple(self._taken(one) for one in typed)
        return RecordMeasures(owner=self._record.owner, at=self._at(answers), taken=taken)

    def write(self, command: Command) -> Written:
        """Write lane."""
        if isinstance(command, RecordMeasures):
            return self._service.record(command)
        first, *others = [self._service.correct(one) for one in command]
        return first._replace(more=tuple(one.op_id for one in others))

    def tell(self, answers: Answers) -> Mapping[str, str]:
        """The body mass index and the second unit: computed, said to be, written nowhere."""
        found: dict[str, str] = {}
        texts, formats = self._speaking.texts, self._speaking.formats
        try:
            typed = {one.field: one for one in self._typed(answers)}
        except WrongField:
            return found
        weight, height = typed.get("weight"), typed.get("height")
        metres = height.number if height else self._known_height()
        if weight is not None and metres is not None:
            index = body_mass_index(weight.number, metres)
            if index is not None:
                found["weight"] = texts.tr("BMI {value}, computed", value=formats.number(index))
        glucose, table = typed.get("glucose"), self._terms.analyte("glycemie")
        if glucose is not None and table is not None:
            second = table.in_second_unit(glucose.number, glucose.known.ucum)
            if second is not None:
                shown = formats.joined(formats.number(second), table.second)
                found["glucose"] = texts.tr("That is {value}.", value=shown)
        return found

    def doubts(self, answers: Answers) -> Mapping[str, str]:
        """HZ-13: tenfold, reversed or unheard-of values are asked again, never refused."""
        days, found = self._age_days(), {}
        for one in self._typed(answers):
            last = next((row for row in self._record.measures.rows if self._is(one, row)), None)
            grown = days is None or days >= _GROWN_DAYS
            asked = doubt(one.number, one.second, one.known, last, grown=grown)
            if asked is not None:
                found[one.field] = self._question(one, asked)
        return found

    # -- reading --------------------------------------------------------------

    def _is(self, typed: Typed, row: MeasureRow) -> bool:
        corrected = any(row.id == mine.id for mine in self._rows)
        return row.code == typed.known.code and not corrected

    def _typed(self, answers: Answers) -> list[Typed]:
        found = []
        for field, code in FIELDS.items():
            one = self._read(field, code, answers)
            if one is not None:
                found.append(one)
        glucose = self._read("glucose", answers.get("glucose_unit") or GLUCOSE, answers)
        return [*found, glucose] if glucose is not None else found

    def _read(self, field: str, code: str, answers: Answers) -> Typed | None:
        text, tr = answers.get(field, "").strip(), self._speaking.texts.tr
        if not text:
            return None
        known = self._terms.measure(code)
        assert known is not None, code
        if code == PRESSURE:
            parts = [plain_decimal(part) for part in text.split("/")]
            if len(parts) != 2 or None in parts or min(part or 0 for part in parts) <= 0:
                raise WrongField(field, tr("Type both pressures: 138/82."))
            return Typed(field, known, parts[0] or Decimal(0), parts[1])
        number = plain_decimal(text)
        if number is None or number <= 0:
            raise WrongField(field, tr("Type a number, such as 72 or 37.2."))
        return Typed(field, known, number)

    def _at(self, answers: Answers) -> str:
        """An empty text is now."""
        today = self._speaking.today
        try:
            found = read_date(answers.get("at", ""), today)
        except ValueError as error:
            sentence = self._speaking.texts.tr(
                "Type a date that has come: 1994, 05/1994 or 14/05/1994."
            )
            raise WrongField("at", sentence) from error
        return "" if found == today.isoformat() else found

    def _taken(self, one: Typed) -> Taken:
        known = one.known
        return Taken(
            code=known.code,
            label=known.label("fr"),
            number=one.number,
            second=one.second,
            unit=known.unit,
            ucum=known.ucum,
        )

    def _corrections(self, typed: Sequence[Typed]) -> tuple[CorrectMeasure, ...]:
        """What differs; a value is never emptied: it is struck through with a reason."""
        tr, changed = self._speaking.texts.tr, []
        by_field = {one.field: one for one in typed}
        for row in self._rows:
            one = by_field.get(field_of(row.code))
            if one is None:
                sentence = tr("To take a value away, use “Entered in error”.")
                raise WrongField(field_of(row.code), sentence)
            if one.known.code != row.code:
                sentence = tr("Another unit is another measure: strike this one through first.")
                raise WrongField("glucose_unit", sentence)
            if (one.number, one.second) != (row.number, row.second):
                owner = self._record.owner
                changed.append(CorrectMeasure(owner=owner, id=row.id, taken=self._taken(one)))
        if not changed:
            raise WrongField(field_of(self._rows[0].code), tr("Nothing was changed."))
        return tuple(changed)

    # -- what is known --------------------------------------------------------

    def _known_height(self) -> Decimal | None:
        """The newest height in cm; a child's is as old as its growth, so only of the same day."""
        row = next((row for row in self._record.measures.rows if row.code == HEIGHT), None)
        if row is None or row.ucum != "cm":
            return None
        fresh = row.at[:10] == self._speaking.today.isoformat()
        return row.number if fresh or self._is_adult() else None

    def _is_adult(self) -> bool:
        days = self._age_days()
        return days is not None and days >= 18 * 365

    def _age_days(self) -> int | None:
        born = day(self._record.identity.birth_date)
        return None if born is None else (self._speaking.today - born).days

    def _question(self, one: Typed, asked: Doubt) -> str:
        tr, formats = self._speaking.texts.tr, self._speaking.formats
        shown = formats.measured(one.number)
        if one.second is not None:
            shown += f"/{formats.measured(one.second)}"
        value = formats.joined(shown, formats.unit(one.known.unit))
        again = tr("Record again if it is right.")
        if asked.slip is Slip.REVERSED:
            return tr("{value}: is the first pressure the higher one?", value=value) + " " + again
        if asked.last is None:
            return tr("{value}: is this what was measured?", value=value) + " " + again
        last = formats.joined(formats.measured(asked.last.number), formats.unit(asked.last.unit))
        return (
            tr(
                "{value}: the value before was {last}, on {date}.",
                value=value,
                last=last,
                date=formats.day(asked.last.at),
            )
            + " "
            + again
        )
