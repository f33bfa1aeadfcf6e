"""Who lives in Saint-Exemple: the crowd's identities, households, homonyms and numbers.

INS numbers carry the commune 990 and an order of 100 or more under the TEST system, so that they can be
nobody's.
"""

import tomllib
import unicodedata
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

from dossier.fhir import patients
from dossier.identity.systems import INS_TEST
from server.demonstration import clinic
from server.demonstration.story import Story

Json = dict[str, Any]

_BANDS = ((0, 1, 2), (2, 15, 16), (16, 39, 27), (40, 64, 32), (65, 79, 16), (80, 97, 7))
_ORIGINS = (
    ("frequent", 62),
    ("breton", 18),
    ("maghreb", 7),
    ("portuguese", 5),
    ("african", 4),
    ("asian", 2),
    ("compound", 2),
)
_DECADES = (1930, 1945, 1955, 1970, 1985, 1995, 2010, 2020)
_ATTENDING = (("fontaine", 27), ("lemaire", 26), ("kaci", 19), ("vasseur", 20), ("", 8))


class Identity(NamedTuple):
    """One person of the crowd."""

    family: str
    given: str
    sex: str
    birth: date
    attending: str
    address: str
    number: int
    provisional: bool = False
    deceased: date | None = None


def crowd(count: int, random: Random, now: Story) -> list[Identity]:
    """`count` people with the ages, sexes and homonyms of a practice of this size."""
    lists = tomllib.loads(
        (files("server.demonstration") / "names.toml").read_text(encoding="utf-8")
    )
    found: list[Identity] = []
    for number in range(count):
        band = random.choices(_BANDS, [b[2] for b in _BANDS])[0]
        days = random.randrange(band[0] * 365 + 5, (band[1] + 1) * 365)
        sex = "female" if random.random() < 0.53 else "male"
        birth = now.today - timedelta(days=days)
        found.append(_person(lists, random, sex, birth, number))
    return _households(_homonyms(found, random), random, now)


def _person(lists: Json, random: Random, sex: str, birth: date, number: int) -> Identity:
    decade = max(d for d in _DECADES if d <= max(birth.year, 1930))
    origin = random.choices([o[0] for o in _ORIGINS], [o[1] for o in _ORIGINS])[0]
    given = random.choice(lists["given"][sex][str(decade)])
    street = f"{random.randrange(1, 60)} {random.choice(lists['streets']['ways'])}"
    attending = random.choices([a[0] for a in _ATTENDING], [a[1] for a in _ATTENDING])[0]
    provisional = random.random() < 0.006
    return Identity(
        random.choice(lists["family"][origin]),
        given,
        sex,
        birth,
        attending,
        street,
        number,
        provisional,
    )


def _homonyms(people: list[Identity], random: Random) -> list[Identity]:
    """About one pair in 125: the same birth name and given name, another birth date."""
    for index in range(60, len(people), 125):
        other = people[index - 40]
        people[index] = people[index]._replace(
            family=other.family, given=other.given, sex=other.sex
        )
        if index % 3 == 0:
            people[index] = people[index]._replace(address=other.address)
    for index in range(200, len(people), 250):
        people[index] = people[index]._replace(
            deceased=people[index].birth + timedelta(days=random.randrange(20000, 29000))
        )
    return people


def _households(people: list[Identity], random: Random, now: Story) -> list[Identity]:
    """Children live with somebody who could be their parent; a death lies in the past or is none."""
    adults = [p for p in people if 22 <= (now.today - p.birth).days // 365 <= 48]
    for index, person in enumerate(people):
        if (
            person.deceased
            and not now.today - timedelta(days=365 * 3) < person.deceased < now.today
        ):
            people[index] = person = person._replace(deceased=None)
        if (now.today - person.birth).days < 365 * 16 and adults:
            parent = random.choice(adults)
            people[index] = person._replace(
                family=parent.family, address=parent.address, attending=parent.attending
            )
    return people


def resource(person: Identity, rid: str) -> Json:
    """The FHIR Patient."""
    birth_name = strict(person.family)
    said = patients.NewPatient(
        birth_name=birth_name,
        birth_givens=(strict(person.given),),
        birth_date=person.birth.isoformat(),
        sex=patients.Sex(person.sex),
        civility="" if person.birth.year > 2008 else ("MME" if person.sex == "female" else "M"),
        used_given=person.given,
        ins="" if person.provisional else ins(person),
        ins_system="" if person.provisional else INS_TEST,
        status=patients.IdentityStatus.PROVISIONAL
        if person.provisional
        else patients.IdentityStatus.QUALIFIED,
    )
    attending = clinic.BY_KEY[person.attending].reference if person.attending else None
    body = patients.build(said, rid=rid, attending=attending)
    body["managingOrganization"] = {"reference": f"Organization/{clinic.PRACTICE}"}
    body["telecom"] = [
        {
            "system": "phone",
            "value": f"06 39 98 {person.number // 100 % 100:02d} {person.number % 100:02d}",
        }
    ]
    body["address"] = [
        {"line": [person.address], "postalCode": "44990", "city": "Saint-Exemple-sur-Loire"}
    ]
    if person.deceased:
        body["deceasedDateTime"] = person.deceased.isoformat()
    return body


def ins(person: Identity) -> str:
    """A number with a right key that can be nobody's: commune 990, order from 100."""
    sex = "2" if person.sex == "female" else "1"
    order = 100 + person.number % 800
    body = f"{sex}{person.birth:%y%m}{44 + person.number // 800:02d}990{order:03d}"
    return f"{body}{97 - int(body) % 97:02d}"


def strict(name: str) -> str:
    """Capitals without accents; hyphens, apostrophes and spaces stay."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(c for c in plain if not unicodedata.combining(c)).upper()
