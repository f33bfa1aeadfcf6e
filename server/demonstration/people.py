"""Who lives in Saint-Exemple: the crowd's identities, households, homonyms and numbers.

INS numbers carry the commune 990 and an order of 100 or more under the TEST system, so that they can be
nobody's.
"""

import tomllib
import unicodedata
from collections.abc import Callable, Iterable
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
"""From, to (years of age) and their share in a hundred people."""
_WHOLE = 1_482
"""A practice of 1,500 without its cast: the counts below are those of such a crowd."""
_LIKE_A_PARENT, _OTHER_HOMONYMS, _DECEASED, _PROVISIONAL, _RENAMED, _PROTECTED, _TWINS = (
    3, 8, 5, 5, 3, 2, 2,
)  # fmt: skip
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
    used_name: str = ""
    protection: str = ""

    def age(self, today: date) -> int:
        """In whole years."""
        return (today - self.birth).days * 100 // 36_525


class Crowd:
    """Draws people until they have the ages, households, homonyms and oddities of a practice of this size.

    `known`: names (family, given) that somebody else has already.
    """

    def __init__(
        self, count: int, random: Random, now: Story, known: Iterable[tuple[str, str]] = ()
    ) -> None:
        text = (files("server.demonstration") / "names.toml").read_text(encoding="utf-8")
        self._lists, self._random, self._today = tomllib.loads(text), random, now.today
        self._count, self._taken = count, set(known)
        self._people = [self._person(number, band) for number, band in enumerate(self._bands())]

    def people(self) -> list[Identity]:
        """Everybody; the same arguments give the same people."""
        self._families()
        self._twins()
        self._homonyms()
        for index in self._some(_DECEASED, lambda one: one.age(self._today) >= 70):
            died = self._today - timedelta(days=self._random.randrange(30, 1_000))
            self._change(index, deceased=died)
        for index in self._some(_PROVISIONAL, lambda one: one.deceased is None):
            self._change(index, provisional=True)
        married = self._lists["family"]["frequent"]
        for index in self._some(
            _RENAMED, lambda one: one.sex == "female" and 28 <= self._years(one) < 60
        ):
            self._change(index, used_name=self._random.choice(married))
        kinds = ("curatelle renforcée", "tutelle")
        elders = self._some(_PROTECTED, lambda one: self._years(one) >= 60 and not one.deceased)
        for index, kind in zip(elders, kinds, strict=False):
            self._change(index, protection=kind)
        return self._people

    def _years(self, one: Identity) -> int:
        return one.age(self._today)

    def _change(self, index: int, **fields: Any) -> None:
        self._people[index] = self._people[index]._replace(**fields)

    def _some(self, wanted: int, fits: Callable[[Identity], bool]) -> list[int]:
        """Indexes of as many as this size has of them, drawn among those who fit."""
        many = max(self._count >= 60, round(wanted * self._count / _WHOLE))
        fitting = [index for index, one in enumerate(self._people) if fits(one)]
        return self._random.sample(fitting, min(many, len(fitting)))

    def _bands(self) -> list[tuple[int, int, int]]:
        """One band of ages a person, in the shares of the practice."""
        found = [band for band in _BANDS for _ in range(round(band[2] * self._count / 100))]
        found = (found + [_BANDS[3]] * self._count)[: self._count]
        self._random.shuffle(found)
        return found

    def _person(self, number: int, band: tuple[int, int, int]) -> Identity:
        random = self._random
        sex = "female" if random.random() < 0.53 else "male"
        birth = self._today - timedelta(
            days=random.randrange(band[0] * 366 + 5, (band[1] + 1) * 365)
        )
        origin = random.choices([o[0] for o in _ORIGINS], [o[1] for o in _ORIGINS])[0]
        family, given = self._named(self._lists["family"][origin], sex, birth)
        street = f"{random.randrange(1, 140)} {random.choice(self._lists['streets']['ways'])}"
        attending = random.choices([a[0] for a in _ATTENDING], [a[1] for a in _ATTENDING])[0]
        return Identity(family, given, sex, birth, attending, street, number)

    def _named(self, families: list[str], sex: str, birth: date) -> tuple[str, str]:
        """A name nobody has yet, unless every one that fits is taken."""
        decade = max(d for d in _DECADES if d <= max(birth.year, 1930))
        givens = self._lists["given"][sex][str(decade)]
        for _ in range(40):
            family, given = self._random.choice(families), self._random.choice(givens)
            if (family, strict(given)) not in self._taken:
                break
        self._taken.add((family, strict(given)))
        return family, given

    def _families(self) -> None:
        """Children live with somebody who could be their parent."""
        adults = [one for one in self._people if 22 <= self._years(one) <= 48]
        for index, child in enumerate(self._people):
            parents = [one for one in adults if 20 <= (child.birth - one.birth).days / 365.25 <= 42]
            if self._years(child) >= 16 or not parents:
                continue
            parent = self._random.choice(parents)
            _, given = self._named([parent.family], child.sex, child.birth)
            self._change(
                index,
                family=parent.family,
                given=given,
                address=parent.address,
                attending=parent.attending,
            )

    def _twins(self) -> None:
        """Two children of one birth: another child of the practice becomes the second."""
        children = [index for index, one in enumerate(self._people) if 1 <= self._years(one) < 16]
        for index in self._some(_TWINS, lambda one: 3 <= self._years(one) <= 12):
            first = self._people[index]
            others = [
                place
                for place in children
                if place != index and self._people[place].given != first.given
            ]
            if index in children and others:
                other = self._random.choice(others)
                children = [place for place in children if place not in {index, other}]
                family, birth, address = first.family, first.birth, first.address
                self._change(other, family=family, birth=birth, address=address)
                self._change(other, attending=first.attending)

    def _homonyms(self) -> None:
        """Sons who have their father's name and address; people who share a name and nothing else."""
        adults = [index for index, one in enumerate(self._people) if self._years(one) >= 18]
        for index in self._some(
            _LIKE_A_PARENT, lambda one: one.sex == "male" and 50 <= self._years(one) < 80
        ):
            one = self._people[index]
            self._name_another(index, adults, range(22, 41), address=one.address)
        for index in self._some(_OTHER_HOMONYMS, lambda one: 25 <= self._years(one) < 80):
            self._name_another(index, adults, range(3, 20))

    def _name_another(
        self, index: int, adults: list[int], younger: range, **fields: object
    ) -> None:
        """Give this person's name to another of the same sex, that many years younger; once each."""
        one = self._people[index]
        if index not in adults:
            return
        adults.remove(index)
        others = [
            place
            for place in adults
            if self._people[place].sex == one.sex
            and self._years(one) - self._years(self._people[place]) in younger
        ]
        if others:
            other = self._random.choice(others)
            adults.remove(other)
            self._change(other, family=one.family, given=one.given, **fields)


def resource(person: Identity, rid: str) -> Json:
    """The FHIR Patient."""
    birth_name = strict(person.family)
    said = patients.NewPatient(
        birth_name=birth_name,
        birth_givens=(strict(person.given),),
        birth_date=person.birth.isoformat(),
        sex=patients.Sex(person.sex),
        civility="" if person.birth.year > 2008 else ("MME" if person.sex == "female" else "M"),
        used_name=person.used_name,
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
    if person.protection:
        body["contact"] = [guardian(f"Mandataire judiciaire, {person.protection}")]
    if person.deceased:
        body["deceasedDateTime"] = person.deceased.isoformat()
    return body


def guardian(relationship: str, **name: object) -> Json:
    """Who protects an adult, as an element of `Patient.contact`."""
    phone = {"system": "phone", "value": "02 61 91 09 90"}
    named = {"name": name} if name else {}
    return {"relationship": [{"text": relationship}], **named, "telecom": [phone]}


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
