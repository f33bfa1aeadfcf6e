"""Vaccinations, measures, habits and the review of the past history, from decoded bodies."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dossier.fhir.dates import sort_key
from dossier.fhir.history import Review
from dossier.fhir.immunizations import Immunization
from dossier.fhir.lifestyle import PACK_YEARS, Habit, Smoking, habit_of
from practitioner_app.ports import CurrentRow
from practitioner_app.services.act_rows import HabitRow, MeasureRow, Reviewed, VaccinationRow
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.results import Observed, measure
from practitioner_app.services.standing import struck_of

Told = Callable[[CurrentRow, Any], dict[str, Any]]
"""What every line says of its resource."""
Name = Callable[[str, str], str]
_VITAL = "vital-signs"


def vaccinations(decoded: Iterable[Decoded], told: Told, name: Name) -> list[VaccinationRow]:
    """Newest first; what was not given or entered in error is listed with its reason, and does not count."""
    found = [
        _vaccination(row, value, told, name)
        for row, value in decoded
        if isinstance(value, Immunization)
    ]
    return sorted(found, key=lambda item: sort_key(item.at), reverse=True)


def _vaccination(row: CurrentRow, value: Immunization, told: Told, name: Name) -> VaccinationRow:
    giver = name(value.performer, value.performer_name)
    return VaccinationRow(
        **told(row, value),
        vaccine=value.vaccine,
        atc=value.atc,
        at=value.at,
        recorded=value.recorded,
        lot=value.lot,
        expires=value.expires,
        site=value.site,
        route=value.route,
        dose=value.dose_number,
        origin=value.origin,
        giver=giver,
        given=value.given,
        refusal=value.refusal,
        reason=value.reason,
        note=value.note,
        struck=struck_of(value),
    )


def measures(observed: Sequence[Observed], told: Told) -> list[MeasureRow]:
    """Every vital sign that counts, newest first."""
    found = []
    for row, result in reversed(observed):
        if result.category != _VITAL:
            continue
        value = measure(row, result)
        if value.number is None:
            continue
        first = result.components[0] if value.second is not None else result.value
        found.append(
            MeasureRow(
                **told(row, result),
                code=value.code,
                label=value.label,
                at=value.at,
                number=value.number,
                second=value.second,
                unit=value.unit,
                ucum=first.ucum,
            )
        )
    return found


def habits(observed: Sequence[Observed], told: Told) -> list[HabitRow]:
    """The newest word on each habit, in the order of the list."""
    newest: dict[Habit, HabitRow] = {}
    for row, result in observed:
        habit = habit_of(result)
        if habit is None:
            continue
        years = result.component(PACK_YEARS)
        answer = result.value.answer
        newest[habit] = HabitRow(
            **told(row, result),
            habit=habit,
            text=result.value.text,
            at=result.at,
            smoking=Smoking(answer) if answer in Smoking._value2member_map_ else Smoking.UNKNOWN,
            pack_years=years.number if years else None,
            note=result.note,
        )
    return [newest[habit] for habit in Habit if habit in newest]


def reviewed(decoded: Iterable[Decoded], name: Name) -> Reviewed | None:
    """The last time somebody went through the past history."""
    found = [value for _, value in decoded if isinstance(value, Review) and value.counts]
    if not found:
        return None
    last = max(found, key=lambda value: sort_key(value.at))
    return Reviewed(at=last.at, author=name(last.author, last.author_name))
