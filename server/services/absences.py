"""Who is away and who stands in for them: told to everybody of the directory (decision 014).

One PractitionerRole a person and organisation, of our own, holds the absences only: what an import says of
that person's roles is left as it is.
"""

from datetime import date
from typing import Any

import msgspec

from dossier.errors import Refused
from dossier.fhir import roles
from dossier.fhir.people import decode
from server.services.accounts import Person
from server.services.directory import Directory

_ROLE = "PractitionerRole"
Json = dict[str, Any]


class Absences:
    """Operator's acts; each publishes one resource, and doing it twice changes nothing."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def begin(
        self, away: Person, by: Person, organisation: str, since: date, until: date
    ) -> None:
        """From the first to the last of these days `by` reads what `away` is asked. Raises Refused:
        `absence_ends_before`, `absence_same_person`, `no_practitioner` for somebody the directory has not.
        """
        if until < since:
            raise Refused("absence_ends_before")
        if away.practitioner == by.practitioner:
            raise Refused("absence_same_person")
        substitute = await self._reference(by)
        said = roles.absent(why="absent", since=since, until=until, by=substitute)
        body = await self._role(away, organisation)
        days = {"start": since.isoformat(), "end": until.isoformat()}
        kept = [one for one in body.get("notAvailable", []) if one.get("during") != days]
        await self._publish({**body, "notAvailable": [*kept, said]})

    async def end(self, away: Person, organisation: str, last: date) -> None:
        """They are back: no absence of theirs goes beyond `last`, what lies after it is taken out."""
        body = await self._role(away, organisation)
        kept = []
        for one in body.get("notAvailable", []):
            during = one.get("during", {})
            if str(during.get("start", "")) <= last.isoformat():
                until = min(str(during.get("end", "")) or last.isoformat(), last.isoformat())
                kept.append({**one, "during": {**during, "end": until}})
        bare = {key: value for key, value in body.items() if key != "notAvailable"}
        await self._publish({**bare, "notAvailable": kept} if kept else bare)

    async def _publish(self, body: Json) -> None:
        await self._directory.publish([(_ROLE, body["id"], msgspec.json.encode(body))])

    async def _role(self, person: Person, organisation: str) -> Json:
        rid = f"absences-{person.practitioner}-{organisation}"[:64]
        known = await self._directory.get(_ROLE, rid)
        if known is not None:
            found: Json = msgspec.json.decode(known)
            return {key: value for key, value in found.items() if key != "meta"}
        return {
            "resourceType": _ROLE,
            "id": rid,
            "active": True,
            "practitioner": await self._reference(person),
            "organization": {"reference": f"Organization/{organisation}"},
        }

    async def _reference(self, person: Person) -> Json:
        raw = await self._directory.get("Practitioner", person.practitioner)
        if raw is None:
            raise Refused("no_practitioner", person.login)
        name = decode(raw).name or person.display_name
        return {"reference": f"Practitioner/{person.practitioner}", "display": name}
