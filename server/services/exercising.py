"""Which memberships of an account the claims of Pro Santé Connect confirm: organisation and profession, both.

The claims give no right. They say where somebody exercises and as what; a membership is the operator's word for the
same, and a sign-in by this provider opens those that the two agree on. An organisation is known by its FINESS or SIRET
number; a number that is only its legal owner's (SIREN) names no place.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from dossier.errors import Invalid, Refused
from dossier.identity import systems
from dossier.identity.numbers import compact, read_finess, read_siret
from server.ports import MemberRow

NOWHERE: Final = "psc_nowhere"
OTHER_PROFESSION: Final = "psc_profession"
_FINESS, _SIRET = "1", "3"
"""First character of the national identifier of a structure (Struct_IdNat)."""


class Activity(msgspec.Struct, frozen=True):
    """One place of one exercise (psc_userinfo_claims): the numbers of its structure, empty where it has none."""

    numeroFinessSite: str = ""  # noqa: N815 - as the provider writes it
    numeroFinessetablissementJuridique: str = ""  # noqa: N815
    numeroSiretSite: str = ""  # noqa: N815


class Exercise(msgspec.Struct, frozen=True):
    """One profession somebody exercises, and where."""

    codeProfession: str = ""  # noqa: N815
    activities: tuple[Activity, ...] = ()


class Exercises(msgspec.Struct, frozen=True):
    """The claim `SubjectRefPro`."""

    exercices: tuple[Exercise, ...] = ()


class Place(NamedTuple):
    """A structure, as Struct_IdNat writes it, and a profession (TRE_G15)."""

    structure: str
    profession: str


def places(exercises: Exercises, chosen: str, roles: Sequence[str], *, testing: bool) -> set[Place]:
    """Every place the claims name. `chosen`, `roles`: the structure somebody chose at the provider and what they are
    there (`SubjectOrganizationID`, `SubjectRole`). A number that is none is left out.
    """
    found = {
        Place(structure, exercise.codeProfession)
        for exercise in exercises.exercices
        for activity in exercise.activities
        for structure in _structures(activity, testing=testing)
    }
    kind, number = chosen[:1], chosen[1:]
    for structure in _numbers(kind, number, testing=testing):
        found |= {Place(structure, role.partition("^")[0]) for role in roles}
    return found


def structures_of(organisation: dict[str, Any], *, testing: bool) -> set[str]:
    """The numbers of an Organization, as Struct_IdNat writes them."""
    found: set[str] = set()
    for one in organisation.get("identifier", ()):
        system, value = one.get("system"), str(one.get("value", ""))
        if system == systems.FINESS:
            found |= _numbers(_FINESS, value, testing=testing)
        elif system == systems.SIRENE:
            found |= _numbers(_SIRET, value, testing=testing)
        elif system == systems.STRUCT_IDNAT:
            found |= _numbers(value[:1], value[1:], testing=testing)
    return found


def confirmed(said: set[Place], members: Iterable[tuple[MemberRow, set[str]]]) -> tuple[str, ...]:
    """The situations of these live memberships, each with the numbers of its organisation, that the claims confirm.

    Raises Refused: `psc_profession` where an organisation is confirmed and no profession in it, `psc_nowhere` where
    none is.
    """
    is_there, found = False, []
    for member, structures in members:
        professions = {place.profession for place in said if place.structure in structures}
        is_there = is_there or bool(professions)
        if member.profession in professions:
            found.append(member.situation)
    if not found:
        raise Refused(OTHER_PROFESSION if is_there else NOWHERE)
    return tuple(found)


def _structures(activity: Activity, *, testing: bool) -> set[str]:
    return (
        _numbers(_FINESS, activity.numeroFinessSite, testing=testing)
        | _numbers(_FINESS, activity.numeroFinessetablissementJuridique, testing=testing)
        | _numbers(_SIRET, activity.numeroSiretSite, testing=testing)
    )


def _numbers(kind: str, number: str, *, testing: bool) -> set[str]:
    """The structure of this kind and number; nothing for what is no such number."""
    read = {_FINESS: read_finess, _SIRET: read_siret}.get(kind)
    if read is None or not number:
        return set()
    try:
        return {kind + read(compact(number), testing=testing).value}
    except Invalid:
        return set()
