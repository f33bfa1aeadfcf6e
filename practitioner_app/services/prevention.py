"""Prevention of one patient: the facts of the record against the dated rules, and what a doctor notes of it.

Commands carry the owner of the key press (HZ-01). Nothing is computed while the copy is incomplete (HZ-17),
for somebody deceased, or without a birth date.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

from msgspec import Struct, structs

from dossier.clock import Clock
from dossier.fhir import immunizations, prevention
from dossier.fhir.dates import day, sort_key
from dossier.fhir.elements import Coding
from dossier.fhir.history import Procedure
from dossier.fhir.immunizations import ATC, Immunization, NewImmunization, Refusal
from dossier.fhir.lifestyle import TERM
from dossier.fhir.patients import Patient
from dossier.fhir.prevention import CALENDAR, NewPrevention, Outcome
from dossier.fhir.problems import Problem
from dossier.fhir.results import Result
from dossier.prevention import due
from dossier.prevention.due import Dismissed, Done, Dose, Facts, Line, Standing
from dossier.terminology.catalogue import Terminology
from dossier.terminology.reading import Pack
from dossier.terminology.recommendations import Rule
from practitioner_app.ports import CurrentRow
from practitioner_app.services.act_rows import PreventionKind, PreventionRow
from practitioner_app.services.authors import Authors, who
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.writing import Writer, Written, require

R = TypeVar("R", bound=Rule)
_PREGNANCY = timedelta(weeks=42)


class DismissVaccination(Struct, frozen=True, kw_only=True):
    """`rule` is the one put aside, `vaccine` its words, `atc` its vaccine."""

    owner: int
    rule: str
    atc: str
    vaccine: str
    reason: str


class NotePrevention(Struct, frozen=True, kw_only=True):
    """A screening or an examination: done on a day, never done, put aside with a reason."""

    owner: int
    said: NewPrevention


class PreventionNotes:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def dismiss(self, command: DismissVaccination) -> Written:
        """The dose of a rule put aside: an Immunization not done, with the reason."""
        signature = self._writer.signature()
        said = NewImmunization(
            vaccine=command.vaccine,
            coding=Coding(system=CALENDAR, code=command.rule),
            at=signature.at[:10],
            refusal=Refusal.OTHER,
            reason=require(command.reason, "reason"),
        )
        body = immunizations.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=signature,
        )
        body["vaccineCode"]["coding"].append({"system": ATC, "code": command.atc})
        return self._writer.create(command.owner, body)

    def note(self, command: NotePrevention) -> Written:
        said = command.said
        require(said.at, "Procedure.performedDateTime")
        if said.outcome is Outcome.DISMISSED:
            require(said.reason, "reason")
        body = prevention.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)


class Prevention:
    """The rules, and what they say of one record. Any thread."""

    def __init__(self, terms: Terminology, clock: Clock) -> None:
        self._terms, self._clock = terms, clock

    def due(self, decoded: Sequence[Decoded], authors: Authors) -> tuple[PreventionRow, ...]:
        """What is to be thought of today: vaccinations, examinations of children, screenings."""
        today = self._clock.now().date()
        facts = self._facts(decoded, authors, today)
        if facts is None:
            return ()
        terms = self._terms
        return (
            *self._vaccinations(facts, today),
            *_rows(
                PreventionKind.EXAMINATION,
                due.examinations(facts, terms.child_examinations.entries, today),
                terms.child_examinations,
            ),
            *_rows(
                PreventionKind.SCREENING,
                due.screenings(facts, terms.screenings.entries, today),
                terms.screenings,
            ),
        )

    def _vaccinations(self, facts: Facts, today: date) -> Iterator[PreventionRow]:
        pack = self._terms.vaccination_calendar
        lines = due.vaccinations(facts, pack.entries, today)
        if [line.standing for line in lines] == [Standing.UNKNOWN]:
            yield PreventionRow(
                code="",
                system=pack.note.system,
                kind=PreventionKind.VACCINE,
                standing=Standing.UNKNOWN,
                table=pack.note.date,
            )
            return
        for row in _rows(PreventionKind.VACCINE, lines, pack):
            rule = pack.get(row.code)
            assert rule is not None
            atc = rule.vaccine.split("|")[0]
            vaccine = self._terms.vaccines.get(atc)
            yield structs.replace(
                row,
                atc=atc,
                vaccine_fr=vaccine.fr if vaccine else rule.fr,
                vaccine_en=vaccine.en if vaccine else rule.en,
                mandatory=rule.obligation == "mandatory",
                checked=rule.checked == "yes",
            )

    # -- facts ----------------------------------------------------------------

    def _facts(self, decoded: Sequence[Decoded], authors: Authors, today: date) -> Facts | None:
        patient = next((value for _, value in decoded if isinstance(value, Patient)), None)
        birth = _first_day(patient.birth_date) if patient is not None else None
        if patient is None or birth is None or patient.deceased or birth > today:
            return None
        doses: list[Dose] = []
        done: list[Done] = []
        aside: list[Dismissed] = []
        risks: set[str] = set()
        for row, value in decoded:
            match value:
                case Immunization() if value.counts and value.given:
                    doses.append(_dose(value))
                case Immunization() if value.counts:
                    aside.append(_dismissed(row, value, authors))
                case Procedure() if value.code and value.status in ("completed", "not-done"):
                    _screened(row, value, authors, done, aside)
                case Problem() if value.current:
                    risks |= self._risks(value.code)
        return Facts(
            birth=birth,
            sex=str(patient.sex),
            doses=tuple(doses),
            done=tuple(done),
            dismissed=tuple(aside),
            risks=frozenset(risks),
            term=_term(decoded, today) if "pregnancy" in risks else None,
        )

    def _risks(self, code: str) -> frozenset[str]:
        known = (group for group in self._terms.risk_groups.entries if code.startswith(group.code))
        return frozenset().union(*(group.risks for group in known))


_NEVER = 2200
"""A year no act can bear: nothing can be counted on from there."""


def _first_day(text: str) -> date | None:
    """The day itself, or the first one that a year or a month allows."""
    found = day((text + "-01-01")[:10]) if len(text) in (4, 7) else day(text)
    return found if found is not None and found.year < _NEVER else None


def _dose(value: Immunization) -> Dose:
    said = value.dose_number
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
    return Dose(atc=value.atc, at=_first_day(value.at), number=number)


def _dismissed(row: CurrentRow, value: Immunization, authors: Authors) -> Dismissed:
    return Dismissed(
        code=value.code,
        at=_first_day(value.at) or date.min,
        reason=value.reason,
        by=authors.name(*who(value)),
        rtype=row.rtype,
        id=row.id,
    )


def _screened(
    row: CurrentRow, value: Procedure, authors: Authors, done: list[Done], aside: list[Dismissed]
) -> None:
    at = _first_day(value.at)
    if at is None:
        return
    if value.status == "completed" or value.reason_code == Outcome.NEVER:
        done.append(Done(code=value.code, at=at, never=value.status != "completed"))
        return
    by = authors.name(value.writer, value.writer_name)
    aside.append(
        Dismissed(code=value.code, at=at, reason=value.reason, by=by, rtype=row.rtype, id=row.id)
    )


def _term(decoded: Sequence[Decoded], today: date) -> date | None:
    """The estimated day of delivery of a pregnancy that may still go on."""
    found = [
        value
        for _, value in decoded
        if isinstance(value, Result) and value.counts and value.value.code == TERM
    ]
    if not found:
        return None
    term = day(max(found, key=lambda value: sort_key(value.at)).value.text)
    return term if term is not None and abs(term - today) <= _PREGNANCY else None


def _rows(kind: PreventionKind, lines: Iterable[Line], pack: Pack[R]) -> Iterator[PreventionRow]:
    for line in lines:
        rule = pack.get(line.code)
        assert rule is not None
        yield PreventionRow(
            code=line.code,
            system=pack.note.system,
            kind=kind,
            standing=line.standing,
            fr=rule.fr,
            en=rule.en,
            dose=line.dose,
            since=line.since,
            until=line.until,
            last=line.last,
            late_since=line.late_since,
            dismissed=line.dismissed,
            table=pack.note.date,
            valid_from=rule.valid_from,
            source=rule.rule_source,
        )
