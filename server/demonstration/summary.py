"""The head of a record in the demonstration: problems, history, allergies, treatments.

Ids are drawn from the patient's own seeded generator, so the same seed gives the same bytes.
"""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from dossier.fhir import allergies, medications, problems
from dossier.fhir.elements import Coding, Signature
from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, shapes, story

Json = dict[str, Any]

_SECRET = {"security": [{"system": shapes.LABELS, "code": "INVISIBLE_REPRESENTANTS_LEGAUX"}]}


class Subject(NamedTuple):
    """Whose record is written."""

    rid: str
    sex: str
    birth: date

    @property
    def reference(self) -> str:
        return f"Patient/{self.rid}"

    def age(self, day: date) -> int:
        return (
            day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))
        )


class DrugLine(NamedTuple):
    """A drug of our list by its code, or in words; what is given here wins over the list."""

    code: str = ""
    dose: str = "1"
    posology: str = ""
    substance: str = ""
    form: str = ""
    strength: str = ""
    unit: str = ""


def _dose(line: DrugLine) -> medications.Dose:
    unit = line.unit or _unit_of(line.form or line.code)
    return medications.Dose(
        quantity=Decimal(line.dose),
        unit=unit,
        posology=line.posology,
        as_needed="besoin" in line.posology,
    )


_UNITS = (
    ("capsule", "gélule"),
    ("gélule", "gélule"),
    ("ampoule", "ampoule"),
    ("inhal", "bouffée"),
    ("spray", "pulvérisation"),
    ("powder", "sachet"),
    ("granules", "sachet"),
    ("injection", "unité"),
)


def _unit_of(text: str) -> str:
    return next((unit for word, unit in _UNITS if word in text), "comprimé")


def _amount(strength: str) -> tuple[Decimal | None, str]:
    """`1 000 mg` as a number and its unit; None where the strength is not one number."""
    text = strength.replace("\u202f", " ").replace("\u00a0", " ").replace(",", ".")
    words = text.split(" ")
    digits = [word for word in words if word.replace(".", "", 1).isdigit()]
    unit = " ".join(word for word in words if word not in digits)
    if not digits or "/" in text or not unit:
        return None, ""
    return Decimal("".join(digits)), unit


class Summary:
    """What stands at the head of one patient's record: problems, history, allergies, treatments."""

    def __init__(self, terminology: Terminology, random: Random, sex: str, birth: date) -> None:
        self._lists, self.random = terminology, random
        self.subject = Subject(str(self._uuid()), sex, birth)
        self.resources: list[Json] = []

    def new_id(self) -> str:
        return str(self._uuid())

    def _uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def put(self, body: Json, *, secret: bool = False) -> str:
        if secret:
            body = {**body, "meta": _SECRET}
        self.resources.append(body)
        return str(body["id"])

    def sign(self, by: str, day: date, time: str = "10:00") -> Signature:
        return Signature(author=clinic.BY_KEY[by].reference, at=story.at(day, time))

    def problem(
        self,
        code: str,
        since: str,
        by: str,
        day: date,
        *,
        label: str = "",
        ald: str = "",
        until: str = "",
    ) -> None:
        known = self._lists.problem_list.get(code)
        coding = Coding(system="http://hl7.org/fhir/sid/icd-10", code=code)
        said = problems.NewProblem(
            label=label or (known.fr if known else code),
            code=coding,
            since=since,
            until=until,
            ald=bool(ald),
            ald_number=ald,
            course=problems.Course.RESOLVED if until else problems.Course.ACTIVE,
        )
        self.put(
            problems.build(
                said,
                rid=self.new_id(),
                patient=self.subject.reference,
                signature=self.sign(by, day),
            )
        )

    def past(self, label: str, at: str, by: str, day: date) -> None:
        """A line of the medical past history."""
        said = problems.NewProblem(label=label, since=at, until=at, course=problems.Course.RESOLVED)
        self.put(
            problems.build(
                said,
                rid=self.new_id(),
                patient=self.subject.reference,
                signature=self.sign(by, day),
            )
        )

    def act(self, label: str, at: str, chapter: str) -> None:
        self.put(
            shapes.procedure(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=at,
                label=label,
                chapter=chapter,
            )
        )

    def relative(self, relation: str, label: str, age: int | None) -> None:
        self.put(
            shapes.family(
                rid=self.new_id(),
                patient=self.subject.reference,
                relation=relation,
                label=label,
                age=age,
            )
        )

    def allergy(self, said: allergies.NewAllergy, by: str, day: date) -> None:
        self.put(
            allergies.build(
                said,
                rid=self.new_id(),
                patient=self.subject.reference,
                signature=self.sign(by, day),
            )
        )

    def no_allergy(self, by: str, day: date) -> None:
        body = allergies.build_none_known(
            rid=self.new_id(), patient=self.subject.reference, signature=self.sign(by, day)
        )
        self.put(body)

    def treatment(
        self,
        drug: DrugLine,
        since: date,
        by: str,
        *,
        secret: bool = False,
        until: date | None = None,
        reason: str = "",
        note: str = "",
    ) -> None:
        said = medications.NewTreatment(
            drug=self._drug(drug), dose=_dose(drug), since=since.isoformat(), note=note
        )
        signature = self.sign(by, since)
        body = medications.build(
            said, rid=self.new_id(), patient=self.subject.reference, signature=signature
        )
        if until:
            body = medications.stopped(
                body,
                on=until.isoformat(),
                reason=reason or "fin de traitement",
                signature=self.sign(by, until),
            )
        self.put(body, secret=secret)

    def _drug(self, line: DrugLine) -> medications.Drug:
        known = self._lists.drug_list.get(line.code) if line.code else None
        substance = line.substance or (known.fr if known else line.code)
        form = line.form or (known.form_fr if known else "")
        strength = line.strength or (known.strength if known else "")
        number, unit = _amount(strength)
        if number is None and strength:
            form = f"{form} {strength}"
        coding = (
            Coding(system=known.system, code=known.code, display=known.fr)
            if known and not line.form
            else None
        )
        return medications.Drug(
            substance=substance, form=form, strength=number, strength_unit=unit, coding=coding
        )
