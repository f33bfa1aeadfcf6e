"""The practice, its neighbours and its people, as directory resources and as accounts."""

from datetime import timedelta
from typing import Any, NamedTuple

from dossier.fhir import roles
from dossier.fhir.elements import coded
from server.demonstration.story import Story

Json = dict[str, Any]

PRACTICE = "maison-du-port"
HOSPITAL = "ch-saint-exemple"
LABORATORY = "biolab-du-port"
IMAGING = "imagerie-de-la-loire"
_TEST_FINESS = "urn:oid:1.2.250.1.71.4.2.2"
_RPPS = "urn:oid:1.2.250.1.71.4.2.1"
_PROFESSIONS = "urn:oid:1.2.250.1.71.1.2.7"
_TOWN = {"postalCode": "44990", "city": "Saint-Exemple-sur-Loire"}

DECIMALS = {
    "hba1c": 1,
    "glycemie": 2,
    "potassium": 1,
    "cholesterol_total": 2,
    "hdl": 2,
    "triglycerides": 2,
    "tsh": 2,
    "hemoglobine": 1,
    "ldl": 2,
}
"""What the laboratory measures below one; whole numbers elsewhere."""


class Staff(NamedTuple):
    """One person who works there. `profession` is the code of the G15 list (or a non-carded one);
    `weekdays` the days they work (0 = Monday).
    """

    key: str
    family: str
    given: str
    sex: str
    title: str
    rpps: str
    profession: str
    speciality: str
    organisation: str
    weekdays: tuple[int, ...]
    has_account: bool = False
    role: str = ""

    @property
    def id(self) -> str:
        return f"ps-{self.key}"

    @property
    def shown(self) -> str:
        return f"{self.title} {self.given} {self.family}".strip()

    @property
    def reference(self) -> Json:
        return {"reference": f"Practitioner/{self.id}", "display": self.shown}


_GP = "Médecin généraliste"
_DOCTOR = "10"
STAFF: tuple[Staff, ...] = (
    Staff(
        "fontaine",
        "FONTAINE",
        "Claire",
        "female",
        "Dr",
        "99900000011",
        "10",
        _GP,
        PRACTICE,
        (0, 1, 3, 4),
        True,
    ),
    Staff(
        "lemaire",
        "LEMAIRE",
        "Hugues",
        "male",
        "Dr",
        "99900000029",
        "10",
        _GP,
        PRACTICE,
        (0, 1, 3, 4),
        True,
    ),
    Staff(
        "kaci",
        "KACI",
        "Samira",
        "female",
        "Dr",
        "99900000037",
        "10",
        _GP,
        PRACTICE,
        (2, 3, 4),
        True,
    ),
    Staff(
        "vasseur",
        "VASSEUR",
        "Paul",
        "male",
        "Dr",
        "99900000045",
        "10",
        _GP,
        PRACTICE,
        (0, 1, 2),
        True,
    ),
    Staff(
        "roche",
        "ROCHE",
        "Inès",
        "female",
        "Dr",
        "99900000052",
        "10",
        _GP,
        PRACTICE,
        (0, 1, 3, 4),
        True,
        "remplaçante",
    ),
    Staff(
        "perrot",
        "PERROT",
        "Nadine",
        "female",
        "",
        "",
        "331",
        "Secrétaire médicale",
        PRACTICE,
        (0, 1, 2, 3, 4),
        True,
        "accueil",
    ),
    Staff(
        "mercier",
        "MERCIER",
        "Lucas",
        "male",
        "",
        "",
        "331",
        "Secrétaire médical",
        PRACTICE,
        (0, 1, 2, 3, 4),
        True,
        "téléphone, courrier",
    ),
    Staff(
        "aubry",
        "AUBRY",
        "Brigitte",
        "female",
        "",
        "",
        "331",
        "Secrétaire médicale",
        HOSPITAL,
        (0, 1, 2, 3, 4),
        True,
        "secrétariat hospitalier",
    ),
    Staff(
        "testcardio",
        "BERTHELOT",
        "Claire",
        "female",
        "Dr",
        "99900000102",
        "10",
        "Cardiologie",
        HOSPITAL,
        (0, 1, 2, 3, 4),
    ),
    Staff(
        "testinterne",
        "MARCHADOUR",
        "Benoît",
        "male",
        "Dr",
        "99900000110",
        "10",
        "Médecine interne",
        HOSPITAL,
        (0, 1, 2, 3, 4),
    ),
    Staff(
        "testurgence",
        "PICHON",
        "Awa",
        "female",
        "Dr",
        "99900000128",
        "10",
        "Médecine d’urgence",
        HOSPITAL,
        (0, 1, 2, 3, 4, 5),
    ),
    Staff(
        "testoncologie",
        "GUILLEMOT",
        "Marc",
        "male",
        "Dr",
        "99900000136",
        "10",
        "Oncologie médicale",
        HOSPITAL,
        (0, 1, 2, 3, 4),
    ),
    Staff(
        "testbiologie",
        "CARRÉ",
        "Léa",
        "female",
        "Dr",
        "99900000144",
        "10",
        "Biologie médicale",
        LABORATORY,
        (0, 1, 2, 3, 4, 5),
    ),
    Staff(
        "testradio",
        "LUCAS",
        "Olivier",
        "male",
        "Dr",
        "99900000151",
        "10",
        "Radiodiagnostic",
        IMAGING,
        (0, 1, 2, 3, 4),
    ),
    Staff(
        "testinfirmier",
        "RAULT",
        "Maud",
        "female",
        "",
        "99900000169",
        "60",
        "Infirmière",
        PRACTICE,
        (0, 1, 2, 3, 4, 5),
    ),
    Staff(
        "testpharma",
        "BODIN",
        "Julien",
        "male",
        "",
        "99900000177",
        "21",
        "Pharmacien",
        PRACTICE,
        (0, 1, 2, 3, 4, 5),
    ),
)
BY_KEY = {person.key: person for person in STAFF}


def organisations() -> list[Json]:
    """The four structures; FINESS numbers are not sent because none of them exists."""
    return [
        _organisation(
            PRACTICE, "Maison de santé du Port", "12 quai des Tilleuls", "02 61 91 00 10"
        ),
        _organisation(
            HOSPITAL,
            "Centre hospitalier de Saint-Exemple",
            "1 avenue de l’Hôpital",
            "02 61 91 00 40",
        ),
        _organisation(LABORATORY, "Biolab du Port", "3 rue du Bac", "02 61 91 00 50"),
        _organisation(
            IMAGING, "Centre d’imagerie de la Loire", "8 rue des Moulins", "02 61 91 00 60"
        ),
    ]


def directory() -> list[Json]:
    """Practitioners and their roles."""
    found: list[Json] = []
    for person in STAFF:
        found += [_practitioner(person), _role(person)]
    return found


def week(now: Story) -> list[Json]:
    """The directory of this week: Dr Lemaire is away, and Dr Roche stands in for him."""
    friday = now.today + timedelta(days=4)
    roche = BY_KEY["roche"].reference
    replaced = roles.absent(why="Congés", since=now.today, until=friday, by=roche)
    return [
        {**one, "notAvailable": [replaced]} if one["id"] == "role-lemaire" else one
        for one in directory()
    ]


def _organisation(rid: str, name: str, street: str, phone: str) -> Json:
    return {
        "resourceType": "Organization",
        "id": rid,
        "active": True,
        "name": name,
        "telecom": [{"system": "phone", "value": phone}],
        "address": [{"line": [street], **_TOWN}],
    }


def _practitioner(person: Staff) -> Json:
    body: Json = {
        "resourceType": "Practitioner",
        "id": person.id,
        "active": True,
        "name": [
            {
                "family": person.family,
                "given": [person.given],
                **({"prefix": [person.title]} if person.title else {}),
            }
        ],
        "gender": person.sex,
        "qualification": [{"code": {"text": person.speciality}}],
    }
    if person.rpps:
        body["identifier"] = [{"use": "official", "system": _RPPS, "value": "8" + person.rpps}]
    return body


def _role(person: Staff) -> Json:
    return {
        "resourceType": "PractitionerRole",
        "id": f"role-{person.key}",
        "active": True,
        "practitioner": person.reference,
        "organization": {"reference": f"Organization/{person.organisation}"},
        **({"code": [coded(_PROFESSIONS, person.profession)]} if person.rpps else {}),
        "specialty": [{"text": person.speciality}],
        **({"identifier": [_billing(person)]} if person.profession == _DOCTOR else {}),
    }


def _billing(person: Staff) -> Json:
    """The number of the health insurance, in a department that does not exist."""
    return {"type": {"text": "AM"}, "value": f"99{person.rpps[-7:]}"}
