"""Who works here, and who stands in for whom today: from the directory that every desktop of the practice holds.

An absence lies in the directory (decision 014), so that the absent person, the one who replaces them and
their colleagues read the same fact, offline too.
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from dossier.clock import Clock
from dossier.errors import Invalid
from dossier.fhir import roles
from dossier.fhir.roles import DOCTOR, Absence, Role
from practitioner_app.ports import RecordReader
from practitioner_app.services.authors import Authors
from practitioner_app.services.writing import Actor

_TYPE = "PractitionerRole"


class Colleague(Struct, frozen=True, kw_only=True):
    """`reference` is a literal reference. `absence`: why what is asked of them today reaches somebody else."""

    reference: str
    name: str
    absence: Absence | None = None
    substitute: str = ""


class Team(Struct, frozen=True, kw_only=True):
    """The doctors of one's own organisations on one day, oneself apart."""

    me: Colleague
    doctors: tuple[Colleague, ...] = ()

    def get(self, reference: str) -> Colleague | None:
        everybody = (self.me, *self.doctors)
        return next((one for one in everybody if one.reference == reference), None)

    def replaced_by_me(self, reference: str) -> Absence | None:
        """Their absence, if this very person stands in for them today."""
        found = self.get(reference) if self.me.reference else None
        if found is None or found.absence is None or found.absence.by != self.me.reference:
            return None
        return found.absence


class ColleagueService:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, clock: Clock, actor: Actor) -> None:
        self._reader, self._clock, self._actor = reader, clock, actor
        self._authors = Authors(reader)

    def team(self) -> Team:
        """Everybody a result may be handed to, by name; oneself is `me`, not among them."""
        me, today = self._actor.reference, self._clock.now().date()
        found = self._roles()
        mine = {role.organisation for role in found if role.person == me and role.organisation}
        here = [role for role in found if role.organisation in mine]
        doctors = {role.person for role in here if role.profession == DOCTOR and role.active}
        absent = _absences((role for role in here if role.person in doctors), today)
        substitutes = {one.by for one in absent.values()}
        self._authors.learn((*doctors, *substitutes))
        written = {role.person: role.name for role in here}
        return Team(
            me=Colleague(reference=me, name=self._actor.name),
            doctors=tuple(
                sorted(
                    (
                        Colleague(
                            reference=person,
                            name=self._authors.name(person, written.get(person, "")),
                            absence=absent.get(person),
                            substitute=self._substitute(absent.get(person)),
                        )
                        for person in doctors
                        if person != me
                    ),
                    key=lambda one: one.name.rpartition(" ")[2],
                )
            ),
        )

    def forget(self) -> None:
        """The session locks."""
        self._authors.forget()

    def _substitute(self, absence: Absence | None) -> str:
        return self._authors.name(absence.by, absence.by_name) if absence is not None else ""

    def _roles(self) -> list[Role]:
        found = []
        for row in self._reader.everywhere(_TYPE):
            try:
                found.append(roles.decode(row.body))
            except Invalid:
                continue  # a directory entry that does not decode names nobody
        return found


def _absences(found: Iterable[Role], on: date) -> dict[str, Absence]:
    """Of each person the absence of that day; one that names a substitute wins over one that names none."""
    absent: dict[str, Absence] = {}
    for role in found:
        for absence in role.absences:
            if absence.covers(on) and (role.person not in absent or absence.by):
                absent[role.person] = absence
    return absent
