"""Problems, past history and treatments of the summary, from decoded bodies."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from dossier.errors import Invalid
from dossier.fhir import medications
from dossier.fhir.dates import sort_key
from dossier.fhir.history import FamilyLine, Kin, Procedure
from dossier.fhir.medications import Taking, Treatment
from dossier.fhir.problems import Chapter, Problem
from practitioner_app.ports import Completeness, ConflictCase, CurrentRow, ItemState
from practitioner_app.services.allergy_panel import percent
from practitioner_app.services.authors import Authors, who
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.rows import (
    AldRow,
    Emptiness,
    HistoryRow,
    Listing,
    ProblemRow,
    Struck,
    TreatmentRow,
    TreatmentVersion,
)
from practitioner_app.services.standing import struck_of

R = TypeVar("R")
Name = Callable[[Any], str]
IsNew = Callable[[CurrentRow], bool]


def listing(rows: Iterable[R], completeness: Completeness) -> Listing[R]:
    """Rows with the reason of an emptiness: `none` only when the copy is complete (HZ-17)."""
    found = tuple(rows)
    if found:
        why = Emptiness.FILLED
    elif not completeness.readable:
        why = Emptiness.UNREADABLE
    elif completeness.narrowed:
        why = Emptiness.OTHERS_HIDDEN
    else:
        why = Emptiness.NONE if completeness.complete else Emptiness.NOT_RECEIVED
    return Listing(
        rows=found,
        emptiness=why,
        received_percent=percent(completeness),
        partial=not completeness.complete,
    )


class Lists:
    """Builds the lists of one patient; used once."""

    def __init__(
        self,
        decoded: Sequence[Decoded],
        cases: Sequence[ConflictCase],
        authors: Authors,
        is_new: IsNew,
        me: str = "",
        today: date | None = None,
    ) -> None:
        self._problems = [item for item in decoded if isinstance(item.value, Problem)]
        self._treatments = [item for item in decoded if isinstance(item.value, Treatment)]
        self._past = [
            item for item in decoded if isinstance(item.value, Problem | Procedure | tuple)
        ]
        self._cases = {case.id: case for case in cases}
        self._authors = authors
        self._is_new = is_new
        self._me = me
        self._today = today.isoformat() if today is not None else ""

    def item(self, row: CurrentRow, value: Any) -> dict[str, Any]:
        """What every line says of its resource, by the names of `Item`."""
        return {
            "owner": row.owner,
            "rtype": row.rtype,
            "id": row.id,
            "version": row.version,
            "state": row.state,
            "op_id": row.op_id,
            "new": self._is_new(row),
            "author": self._authors.name(*who(value)),
            "by_patient": getattr(value, "by_patient", False),
        }

    def _undecided(self, row: CurrentRow) -> bool:
        return row.id in self._cases or row.state is ItemState.CONFLICT

    def problems(self) -> list[ProblemRow]:
        """The problem list, long-term conditions first, then by age of the problem."""
        found = [
            self._problem(row, value)
            for row, value in self._problems
            if value.chapter is Chapter.MEDICAL
            and (value.current or not value.counts)
            and not value.of_visit
        ]
        return sorted(
            found,
            key=lambda item: (
                item.struck != Struck.NO,
                not item.ald,
                sort_key(item.since or item.recorded),
            ),
        )

    def _problem(self, row: CurrentRow, value: Problem) -> ProblemRow:
        return ProblemRow(
            **self.item(row, value),
            label=value.label,
            code=value.code,
            system=value.system,
            course=value.course,
            since=value.since,
            until=value.until,
            recorded=value.recorded,
            ald=value.ald,
            ald_number=value.ald_number,
            note=value.note,
            struck=struck_of(value),
            undecided=self._undecided(row),
        )

    @staticmethod
    def ald(problems: Sequence[ProblemRow]) -> tuple[AldRow, ...]:
        """The long-term conditions among the problems, for the strip."""
        return tuple(
            AldRow(number=item.ald_number, label=item.label, since=item.since)
            for item in problems
            if item.ald and not item.struck
        )

    def history(self) -> dict[Chapter, list[HistoryRow]]:
        """Past history under its four sub-titles, newest first."""
        found: dict[Chapter, list[HistoryRow]] = {chapter: [] for chapter in Chapter}
        for row, value in self._past:
            match value:
                case Problem() if value.counts and self._is_past(value):
                    self._add(found, row, value, (value.chapter, value.label, value.since))
                case Procedure() if value.counts and value.chapter is not None:
                    self._add(found, row, value, (value.chapter, value.label, value.at))
                case (FamilyLine(), *_):
                    for line in value:
                        if line.counts:
                            label = f"{line.label}, {line.at_age}" if line.at_age else line.label
                            self._add(found, row, line, (Chapter.FAMILY, label, line.at))
        for lines in found.values():
            lines.sort(key=lambda item: sort_key(item.since), reverse=True)
        return found

    @staticmethod
    def _is_past(value: Problem) -> bool:
        return not value.current or value.chapter is not Chapter.MEDICAL

    def _add(
        self,
        found: dict[Chapter, list[HistoryRow]],
        row: CurrentRow,
        value: Any,
        line: tuple[Chapter, str, str],
    ) -> None:
        chapter, label, since = line
        found[chapter].append(
            HistoryRow(
                **self.item(row, value),
                chapter=chapter,
                label=label,
                since=since,
                relation=getattr(value, "relation", ""),
                kin=getattr(value, "kin", Kin.OTHER),
                note=value.note,
            )
        )

    def treatments(self, *, current: bool) -> list[TreatmentRow]:
        """The lines taken now, or those ended, without the orders a statement already speaks for."""
        spoken_for = {
            source
            for _, value in self._treatments
            if value.rtype == "MedicationStatement"
            for source in value.comes_from
        }
        found = []
        for row, value in self._treatments:
            if f"{row.rtype}/{row.id}" in spoken_for or value.by_patient:
                continue  # what the patient declares stands apart until somebody takes it over
            taken = value.current and not self._is_over(value)
            shown = taken or (self._undecided(row) and self._taken_somewhere(row))
            if shown is current and value.status is not Taking.DRAFT:
                found.append(self._treatment(row, value))
        return sorted(
            found, key=lambda item: (item.struck != Struck.NO, not item.undecided, item.substance)
        )

    def _is_over(self, value: Treatment) -> bool:
        """It was said until when, and that day is past."""
        return (
            bool(value.until and self._today) and value.until[:10] < self._today[: len(value.until)]
        )

    def _treatment(self, row: CurrentRow, value: Treatment) -> TreatmentRow:
        return TreatmentRow(
            **self.item(row, value),
            substance=value.substance,
            form=value.form,
            strength=value.strength,
            dose=value.dose,
            posology=value.posology,
            duration=value.duration,
            as_needed=value.as_needed,
            status=value.status,
            since=value.since,
            until=value.until,
            reason=value.reason,
            note=value.note,
            struck=struck_of(value),
            undecided=self._undecided(row),
            versions=self._versions(row),
        )

    def _taken_somewhere(self, row: CurrentRow) -> bool:
        """A line that one version stops and the other keeps stays among the current ones (HZ-18)."""
        return any(not version.stopped for version in self._versions(row))

    def _versions(self, row: CurrentRow) -> tuple[TreatmentVersion, ...]:
        case = self._cases.get(row.id)
        if case is None:
            return ()
        found = []
        for mine, body in ((True, case.mine), (False, case.theirs)):
            try:
                value = medications.decode(body)
            except Invalid:
                continue
            found.append(
                TreatmentVersion(
                    strength=value.strength,
                    dose=value.dose,
                    posology=value.posology,
                    author=self._me if mine else self._authors.name(*who(value)),
                    at=case.at if mine else value.written,
                    mine=mine,
                    stopped=not value.current,
                    as_needed=value.as_needed,
                )
            )
        return tuple(found)
