"""Writes the resources of one patient: ids, authors, dates and codes in one place.

Ids are drawn from the patient's own seeded generator, so the same seed gives the same bytes.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from dossier.fhir import allergies, encounters, medications, problems
from dossier.fhir.elements import Coding, Signature
from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, shapes, story

Json = dict[str, Any]

_SITES = ("deltoïde gauche", "deltoïde droit")
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


class Pen:
    """One patient's record while it is written."""

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
        drug: "DrugLine",
        since: date,
        by: str,
        *,
        secret: bool = False,
        until: date | None = None,
        reason: str = "",
    ) -> None:
        said = medications.NewTreatment(
            drug=self._drug(drug), dose=_dose(drug), since=since.isoformat()
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

    def _drug(self, line: "DrugLine") -> medications.Drug:
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

    def results(
        self, day: date, values: Iterable[tuple[str, float]], laboratory: str = "testbiologie"
    ) -> None:
        """One laboratory visit: its results and the report that groups them."""
        sampled, issued = story.at(day, "08:10"), story.at(day, "16:30")
        who = clinic.BY_KEY[laboratory].reference
        ids = [self.put(self._result(key, value, sampled, issued, who)) for key, value in values]
        if ids:
            title = f"Examens de biologie médicale du {day:%d/%m/%Y}"
            self.put(
                shapes.report(
                    rid=self.new_id(),
                    patient=self.subject.reference,
                    at=sampled,
                    issued=issued,
                    title=title,
                    results=ids,
                    performer=who,
                )
            )

    def _result(self, key: str, value: float, sampled: str, issued: str, who: Json) -> Json:
        analyte = self._lists.analyte(key)
        assert analyte is not None, key
        low, high = analyte.bounds(self.subject.sex)
        unit = analyte.unit
        return shapes.result(
            rid=self.new_id(),
            patient=self.subject.reference,
            at=sampled,
            issued=issued,
            code=analyte.code,
            label=analyte.fr,
            value=shapes.quantity(value, unit, analyte.ucum),
            low=None if low is None else shapes.quantity(float(low), unit, analyte.ucum),
            high=None if high is None else shapes.quantity(float(high), unit, analyte.ucum),
            performer=who,
        )

    def vital(self, code: str, value: float, day: date, by: str, time: str = "10:00") -> None:
        known = self._lists.vital_signs.get(code)
        assert known is not None, code
        value_element = shapes.quantity(value, known.unit, known.ucum)
        self.put(
            shapes.vital(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=story.at(day, time),
                code=code,
                label=known.fr,
                value=value_element,
                author=clinic.BY_KEY[by].reference,
            )
        )

    def pressure(
        self, systolic: int, diastolic: int, day: date, by: str, time: str = "10:00"
    ) -> None:
        self.put(
            shapes.pressure(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=story.at(day, time),
                systolic=systolic,
                diastolic=diastolic,
                author=clinic.BY_KEY[by].reference,
            )
        )

    def tobacco(self, text: str, day: date, by: str) -> None:
        self.put(
            shapes.tobacco(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=story.at(day, "10:00"),
                text=text,
                author=clinic.BY_KEY[by].reference,
            )
        )

    def vaccine(
        self,
        code: str,
        day: date,
        by: str,
        *,
        dose: int | None = None,
        site: str = "",
        label: str = "",
    ) -> None:
        known = self._lists.vaccines.get(code)
        assert known is not None, code
        letters = "ABCDEFGHJKLMNPRSTVWXYZ"
        lot = (
            "".join(self.random.choices(letters, k=2))
            + f"{self.random.randrange(100):02d}"
            + self.random.choice(letters)
            + f"{self.random.randrange(1000):03d}"
        )
        self.put(
            shapes.vaccine(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=day.isoformat(),
                system=known.system,
                code=code,
                label=label or known.fr,
                lot=lot,
                site=site or self.random.choice(_SITES),
                dose=dose,
                author=clinic.BY_KEY[by].reference,
            )
        )

    def visit(
        self,
        day: date,
        by: str,
        title: str,
        text: str,
        *,
        time: str = "10:00",
        home: bool = False,
        secret: bool = False,
    ) -> None:
        """A consultation and its note."""
        minutes = int(time[:2]) * 60 + int(time[3:]) + 15
        encounter = shapes.consultation(
            rid=self.new_id(),
            patient=self.subject.reference,
            start=story.at(day, time),
            end=story.at(day, f"{minutes // 60:02d}:{minutes % 60:02d}"),
            reason=title,
            author=clinic.BY_KEY[by].reference,
            place=clinic.PRACTICE,
            home=home,
        )
        note = encounters.build_note(
            text,
            title=title,
            rid=self.new_id(),
            patient=self.subject.reference,
            signature=self.sign(by, day, time),
        )
        self.put(encounter, secret=secret)
        self.put(note, secret=secret)

    def letter(
        self,
        day: date,
        by: str,
        code: str,
        title: str,
        text: str,
        *,
        received: date | None = None,
        labels: tuple[str, ...] = (),
    ) -> None:
        known = self._lists.document_types.get(code)
        assert known is not None, code
        self.put(
            shapes.document(
                rid=self.new_id(),
                patient=self.subject.reference,
                day=day.isoformat(),
                received=story.at(received or day, "07:41" if received else "17:10"),
                system=known.system,
                code=code,
                label=known.fr,
                title=title,
                text=text,
                author=clinic.BY_KEY[by].reference,
                labels=labels,
            )
        )

    def consent(self, by: str, day: date) -> None:
        self.put(
            shapes.consent(
                rid=self.new_id(),
                patient=self.subject.reference,
                at=story.at(day, "10:00"),
                author=clinic.BY_KEY[by].reference,
                organisation=clinic.PRACTICE,
            )
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


def spread(random: Random, first: date, last: date, each_days: int) -> list[date]:
    """Working days about `each_days` apart from `first` to `last`."""
    found, day = [], first
    while day <= last:
        working = story.working_day(day)
        if working <= last:
            found.append(working)
        day += timedelta(days=max(7, round(each_days * random.uniform(0.75, 1.25))))
    return found
