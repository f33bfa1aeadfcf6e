"""The whole practice, bundle by bundle: the directory first, then one bundle a patient."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import msgspec

from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, crowd, duties, people, sheets
from server.demonstration.pen import Pen
from server.demonstration.story import Story
from server.demonstration.yearly import Yearly

Json = dict[str, Any]

SEED = 20261123
_FULLNESS = 1.5
"""How often people come, for records of about 150 resources on average."""


def directory_bundle(now: Story) -> bytes:
    """Practitioners and roles (organisations are made apart, as owners)."""
    return bundle(clinic.week(now))


class Deposit(NamedTuple):
    """One bundle and the organisation that deposits it."""

    organisation: str
    raw: bytes


def deposits(
    terminology: Terminology, now: Story, count: int, seed: int = SEED
) -> Iterator[Deposit]:
    """`count` patients, the cast first. The same arguments give the same bytes.

    What a patient masked was deposited by its author's organisation, and is a bundle of its own.
    """
    for resources in _records(terminology, now, count, seed):
        masked = [one for one in resources if "securityLabel" in one]
        rest = [one for one in resources if "securityLabel" not in one]
        yield Deposit(clinic.PRACTICE, bundle(rest))
        for one in masked:
            author = str(one["author"][0]["reference"]).removeprefix("Practitioner/ps-")
            yield Deposit(clinic.BY_KEY[author].organisation, bundle([one]))


def _records(terminology: Terminology, now: Story, count: int, seed: int) -> Iterator[list[Json]]:
    cast, yearly = sheets.cast(), Yearly(terminology, now)
    order = dict.fromkeys(("martineau", "le_goff", *cast))
    for name in islice(order, count):
        told = sheets.write(cast[name], terminology, Random(f"{seed}/{name}"), now).resources
        to = cast[name]["person"].get("results_to", "")
        yield told + duties.due(told, now.today, to) + yearly.summary(told)
    rest = max(0, count - len(cast))
    known = [
        (person["birth_name"], people.strict(person.get("used_given", person["givens"][0])))
        for person in (one["person"] for one in cast.values())
    ]
    for person in people.Crowd(rest, Random(seed), now, known).people():
        told = _resident(person, terminology, Random(f"{seed}/{person.number}"), now)
        yield told + duties.due(told, now.today) + yearly.summary(told)


def _resident(
    person: people.Identity, terminology: Terminology, random: Random, now: Story
) -> list[Json]:
    pen = Pen(terminology, random, person.sex, person.birth)
    pen.resources.append(people.resource(person, pen.subject.rid))
    by = person.attending or "vasseur"
    crowd.write(pen, by, now, _FULLNESS)
    if person.deceased:
        limit = person.deceased.isoformat()
        pen.resources = [one for one in pen.resources if _day(one) <= limit]
    return pen.resources


def _day(body: Json) -> str:
    """The day of an act, for what must not follow a death."""
    period = body.get("period") or body.get("effectivePeriod") or {}
    moments = (
        body.get("effectiveDateTime"),
        body.get("occurrenceDateTime"),
        body.get("recordedDate"),
        body.get("date"),
        period.get("start"),
    )
    return next((str(moment)[:10] for moment in moments if moment), "")


def bundle(resources: list[Json]) -> bytes:
    """A collection bundle of these resources."""
    return msgspec.json.encode(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": one} for one in resources],
        }
    )
