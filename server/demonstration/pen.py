"""Writes what happened to one patient: visits, results, measures, vaccines, letters, consents."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from dossier.fhir import encounters, notes
from dossier.fhir.notes import Contact, NewNote, Sections
from server.demonstration import clinic, shapes, story
from server.demonstration.summary import DrugLine, Summary

Json = dict[str, Any]

_ORAL = "J07BH01"
_SITES = ("deltoïde gauche", "deltoïde droit")
_OTHER_UNITS = {"hemoglobine": (10, "g/L", "g/L"), "glycemie": (100, "mg/dL", "mg/dL")}
"""Analyte: how many of the other unit make one, and its name. The code stays: both are mass in volume."""
_COMPUTED_FROM = frozenset(
    ("creatinine", "dfg", "cholesterol_total", "hdl", "triglycerides", "ldl", "hba1c")
)
"""What something else is computed from, or is: these stay coherent."""
__all__ = ["DrugLine", "Pen", "spread"]


class Pen(Summary):
    """One patient's record while it is written."""

    def results(
        self,
        day: date,
        values: Sequence[tuple[str, float]],
        laboratory: str = "testbiologie",
        *,
        odd: bool = False,
    ) -> None:
        """One laboratory visit: its results and the report that groups them. `odd`: as laboratories are,
        now and then abnormal without a reason, in another unit, or corrected.
        """
        sampled, issued = story.at(day, "08:10"), story.at(day, "16:30")
        who = clinic.BY_KEY[laboratory].reference
        bodies = [self._result(key, value, sampled, issued, who) for key, value in values]
        if odd:
            bodies = [self._odd(key, body) for (key, _), body in zip(values, bodies, strict=True)]
        ids = [self.put(body) for body in bodies]
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
            value=shapes.quantity(value, unit, analyte.ucum, decimals=clinic.DECIMALS.get(key, 0)),
            low=None if low is None else shapes.quantity(float(low), unit, analyte.ucum),
            high=None if high is None else shapes.quantity(float(high), unit, analyte.ucum),
            performer=who,
        )

    def _odd(self, key: str, body: Json) -> Json:
        roll = self.random.random()
        if roll < 1 / 300:
            share = self.random.choice((0.7, 0.8, 1.25, 1.4))
            return shapes.corrected(body, share, clinic.DECIMALS.get(key, 0))
        if key in _OTHER_UNITS and roll < 1 / 40:
            return shapes.in_unit(body, *_OTHER_UNITS[key])
        if key not in _COMPUTED_FROM and roll < 1 / 40:
            return shapes.out_of_range(
                body, self.random.uniform(1.04, 1.15), clinic.DECIMALS.get(key, 0)
            )
        return body

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
                text,
                rid=self.new_id(),
                patient=self.subject.reference,
                signature=self.sign(by, day),
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
                site="" if code == _ORAL else site or self.random.choice(_SITES),
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

    def unsigned(self, day: date, by: str, time: str, said: Sections) -> None:
        """A consultation whose note was left to be signed."""
        encounter, patient = self.new_id(), self.subject.reference
        start, signature = story.at(day, time), self.sign(by, day, time)
        reason = notes.reason_of(said)
        place = {"reference": f"Organization/{clinic.PRACTICE}"}
        self.put(
            notes.build_encounter(
                rid=encounter,
                patient=patient,
                contact=Contact.CONSULTATION,
                start=start,
                reason=reason,
                signature=signature,
                place=place,
                over=False,
            )
        )
        note = notes.build(
            NewNote(sections=said, encounter=encounter, signed=False),
            rid=self.new_id(),
            patient=patient,
            start=start,
            title=reason,
            signature=signature,
        )
        self.put({**note, "custodian": place})

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
        writer = clinic.BY_KEY[by]
        if text.rstrip().endswith("confraternellement,"):
            text = f"{text.rstrip()}\n{writer.shown}"
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
                author=writer.reference,
                organisation=writer.organisation,
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


def spread(random: Random, first: date, last: date, each_days: int) -> list[date]:
    """Working days about `each_days` apart from `first` to `last`."""
    found, day = [], first + timedelta(days=random.randrange(max(1, each_days // 2)))
    while day <= last:
        working = story.working_day(day)
        if working <= last:
            found.append(working)
        day += timedelta(days=max(7, round(each_days * random.uniform(0.75, 1.25))))
    return found
