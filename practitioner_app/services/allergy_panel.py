"""The allergy state shown in the banner, from everything unresolved (HZ-04, HZ-05, HZ-07, HZ-17).

Rule: what is shown is never less severe than any version that waits for a decision. `none` is answered
only by a live assertion, with a complete copy, no known agent, nothing declared by the patient, and no
version in disagreement that says otherwise.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dossier.fhir.allergies import Allergy, Certainty, Criticality, Severity
from dossier.fhir.dates import sort_key
from practitioner_app.ports import Completeness, ConflictCase, CurrentRow, ItemState
from practitioner_app.services.decoding import Decoded, decode
from practitioner_app.services.rows import AllergyPanel, AllergyRow, AllergyState
from practitioner_app.services.standing import struck_of

_SEVERITIES = (Severity.UNKNOWN, Severity.MILD, Severity.MODERATE, Severity.SEVERE)
Name = Callable[[Any], str]


def panel(
    decoded: Sequence[Decoded],
    cases: Sequence[ConflictCase],
    completeness: Completeness,
    name: Name,
    is_new: Callable[[CurrentRow], bool],
    settled: frozenset[str] = frozenset(),
) -> AllergyPanel:
    """`decoded` and `cases` are the AllergyIntolerance of one patient. `settled`: literal references of what
    the patient declared and somebody took over, or keeps apart with a reason.
    """
    versions = {case.id: _versions(case) for case in cases}
    all_rows: list[tuple[Allergy, AllergyRow]] = []
    assertions: list[Allergy] = []
    unreadable = 0
    for row, value in decoded:
        candidates = [item for item in (value, *versions.get(row.id, ())) if _is_allergy(item)]
        if not candidates:
            unreadable += 1
            continue
        worst = max(candidates, key=gravity)
        if worst.none_known:
            assertions += [worst] if worst.asserts_none else []
            continue
        undecided = row.id in versions or row.state is ItemState.CONFLICT
        all_rows.append((worst, _row(row, worst, name(worst), is_new(row), undecided)))
    live = [item for item in all_rows if item[0].counts]
    known = sorted((item for item in live if not item[0].by_patient), key=_order)
    declared = tuple(
        row
        for allergy, row in live
        if allergy.by_patient and f"{row.rtype}/{row.id}" not in settled
    )
    newest = max(assertions, key=lambda item: sort_key(item.recorded), default=None)
    contradicted = newest is not None and any(
        sort_key(allergy.recorded) <= sort_key(newest.recorded) for allergy, _ in known
    )
    partial = not completeness.complete
    sure = completeness.complete and completeness.readable and not unreadable
    last = max((allergy for allergy, _ in known), key=lambda item: item.recorded, default=newest)
    return AllergyPanel(
        state=_state(bool(known), newest is not None, bool(declared), sure),
        rows=tuple(row for _, row in known),
        struck=tuple(row for allergy, row in all_rows if not allergy.counts),
        declared_by_patient=declared,
        undecided=contradicted or bool(cases) or any(row.undecided for _, row in all_rows),
        copy_at=completeness.copied_at,
        verified_at=last.recorded if last else "",
        verified_by=name(last) if last else "",
        partial=partial,
        received_percent=percent(completeness),
        narrowed=completeness.narrowed,
    )


def _state(known: bool, asserted: bool, declared: bool, sure: bool) -> AllergyState:  # noqa: FBT001 - private truth table
    if known:
        return AllergyState.KNOWN
    if not sure:
        return AllergyState.UNAVAILABLE
    return AllergyState.NONE if asserted and not declared else AllergyState.NOT_RECORDED


def percent(completeness: Completeness) -> int:
    """Whole percents received; 100 only when complete, or where the copy is not what is missing."""
    if completeness.complete or completeness.narrowed:
        return 100
    if not completeness.rows_wanted:
        return 0
    return min(99, 100 * completeness.rows // completeness.rows_wanted)


def gravity(allergy: Allergy) -> tuple[int, int, int, int]:
    """Order of danger: a known agent over an assertion of none over what is struck."""
    standing = 2 if allergy.counts else 1 if allergy.asserts_none else 0
    return (
        standing,
        int(allergy.criticality is Criticality.HIGH),
        _SEVERITIES.index(allergy.severity),
        int(allergy.certainty is Certainty.CONFIRMED),
    )


def _versions(case: ConflictCase) -> tuple[Any, ...]:
    return tuple(decode(case.rtype, body) for body in (case.mine, case.theirs) if body)


def _is_allergy(value: object) -> bool:
    return isinstance(value, Allergy)


def _order(item: tuple[Allergy, AllergyRow]) -> tuple[int, ...]:
    """Most dangerous first; equal ones stay in the order of the copy."""
    return tuple(-part for part in gravity(item[0]))


def _row(row: CurrentRow, allergy: Allergy, author: str, new: bool, undecided: bool) -> AllergyRow:  # noqa: FBT001 - private
    return AllergyRow(
        owner=row.owner,
        rtype=row.rtype,
        id=row.id,
        version=row.version,
        state=row.state,
        op_id=row.op_id,
        new=new,
        author=author,
        by_patient=allergy.by_patient,
        agent=allergy.agent,
        code=allergy.code,
        reactions=allergy.reactions,
        severity=allergy.severity,
        criticality=allergy.criticality,
        certainty=allergy.certainty,
        activity=allergy.activity,
        intolerance=allergy.intolerance,
        since=allergy.since,
        recorded=allergy.recorded,
        note=allergy.note,
        struck=struck_of(allergy),
        undecided=undecided,
    )


def of_type(cases: Iterable[ConflictCase], owner: int, *rtypes: str) -> list[ConflictCase]:
    """The disagreements of one patient about some types."""
    return [case for case in cases if case.owner == owner and case.rtype in rtypes]
