"""The cast: people whose story is written by hand, read from `cast/*.toml`."""

import tomllib
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any

from dossier.fhir import allergies, patients
from dossier.fhir.elements import Coding
from dossier.fhir.notes import HEADINGS, Sections
from dossier.identity.systems import INS_TEST
from dossier.terminology.catalogue import Terminology
from server.demonstration import (
    clinic,
    crowd,
    noted,
    ordering,
    own_words,
    people,
    prescribing,
)
from server.demonstration.pen import DrugLine, Pen
from server.demonstration.story import Story, working_day

Json = dict[str, Any]

_MASKED = ("MASQUE_PS",)
_DELIBERATE = "Démonstration : contradiction voulue avec l’allergie notée ({})."


def cast() -> dict[str, Json]:
    """Every sheet by its name."""
    folder = files("server.demonstration") / "cast"
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda one: one.name)
        if entry.name.endswith(".toml")
    }


def write(sheet: Json, terminology: Terminology, random: Random, story: Story) -> Pen:
    """The whole record of one person of the cast."""
    person = sheet["person"]
    pen = Pen(terminology, random, person["sex"], story.birth(person["birth"]))
    by = person.get("attending", "vasseur")
    pen.resources.append(_patient(person, pen))
    first = _first_contact(person, pen, story)
    if person.get("consent", True):
        pen.consent(by, first)
    _summary(sheet, pen, by, first, story)
    _events(sheet, pen, by, story)
    noted.write(sheet, pen, by, story, terminology)
    ald = any("ald" in one for one in sheet.get("problems", ()))
    for one in sheet.get("prescriptions", ()):
        prescribing.prescribe(pen, one, story, ald=ald)
    for one in sheet.get("orders", ()):
        ordering.order(pen, terminology, one, story)
    if heavy := person.get("heavy"):
        crowd.thicken(pen, by, story, heavy)
    own_words.add(sheet, pen, story)
    for one in sheet.get("unsigned", ()):
        said = Sections(**{field: story.text(one[field]) for field in HEADINGS if field in one})
        pen.unsigned(story.day(one["at"]), one["by"], one["time"], said)
    return pen


def _first_contact(person: Json, pen: Pen, story: Story) -> date:
    if "opened" in person:
        return story.day(person["opened"])
    return max(pen.subject.birth + timedelta(days=14), story.today - timedelta(days=15 * 365))


def _patient(person: Json, pen: Pen) -> Json:
    has_ins = "ins" in person
    said = patients.NewPatient(
        birth_name=person["birth_name"],
        birth_givens=tuple(person["givens"]),
        birth_date=person.get("birth_text", pen.subject.birth.isoformat()),
        sex=patients.Sex(person["sex"]),
        civility=person.get("civility", ""),
        used_name=person.get("used_name", ""),
        used_given=person.get("used_given", person["givens"][0].title()),
        ins=person.get("ins", ""),
        ins_system=INS_TEST if has_ins else "",
        status=patients.IdentityStatus.QUALIFIED
        if has_ins
        else patients.IdentityStatus.PROVISIONAL,
    )
    attending = clinic.BY_KEY[person["attending"]].reference if "attending" in person else None
    body = patients.build(said, rid=pen.subject.rid, attending=attending)
    body["managingOrganization"] = {"reference": f"Organization/{clinic.PRACTICE}"}
    body["telecom"] = [{"system": "phone", "value": person.get("phone", "06 39 98 04 10")}]
    line = person.get("address", "8 rue de la Halle")
    body["address"] = [{"line": [line], "postalCode": "44990", "city": "Saint-Exemple-sur-Loire"}]
    if guardian := person.get("guardian"):
        names = {"family": guardian["family"], "given": [guardian["given"]]}
        body["contact"] = [people.guardian(guardian["kind"], **names)]
    if "deceased" in person:
        body["deceasedDateTime"] = person["deceased"].isoformat()
    return body


def _summary(sheet: Json, pen: Pen, by: str, first: date, story: Story) -> None:
    person = sheet["person"]
    for one in sheet.get("problems", ()):
        pen.problem(
            one["code"],
            one["since"],
            by,
            first,
            label=one.get("label", ""),
            ald=one.get("ald", ""),
            until=one.get("until", ""),
        )
    for one in sheet.get("history", ()):
        if one["chapter"] == "medical":
            pen.past(one["label"], one["at"], by, first)
        else:
            pen.act(one["label"], one.get("at", ""), one["chapter"])
    for one in sheet.get("family", ()):
        pen.relative(one["relation"], one["label"], one.get("age"))
    reviewed = story.day(person["closures_done"]) if "closures_done" in person else first
    for one in sheet.get("allergies", ()):
        pen.allergy(_allergy(one), by, max(reviewed, _told(one, first)))
    if none := person.get("none_known"):
        pen.no_allergy(none["by"], story.day(none["at"]))
    if "tobacco" in person:
        pen.tobacco(person["tobacco"], first, by)
    for one in sheet.get("treatments", ()):
        names = ("dose", "posology", "substance", "form", "strength", "unit")
        line = DrugLine(one.get("drug", ""), **{name: one[name] for name in names if name in one})
        pen.treatment(
            line,
            max(story.day(one["since"]), pen.subject.birth),
            by,
            secret=one.get("secret", False),
            note=_DELIBERATE.format(one["contradicts"]) if "contradicts" in one else "",
        )


def _told(one: Json, first: date) -> date:
    """An allergy is written down after it happened."""
    year = int(one["since"][:4]) if "since" in one else first.year
    return working_day(date(year, 12, 1)) if year > first.year else first


def _allergy(one: Json) -> allergies.NewAllergy:
    code = Coding(system="urn:colloque:substances", code=one["code"]) if "code" in one else None
    return allergies.NewAllergy(
        agent=one["agent"],
        agent_code=code,
        reactions=(one["reaction"],),
        severity=allergies.Severity(one.get("severity", "")),
        certainty=allergies.Certainty(one.get("certainty", "")),
        since=one.get("since", ""),
    )


def _events(sheet: Json, pen: Pen, by: str, story: Story) -> None:
    samples: dict[date, list[tuple[str, float]]] = {}
    for series in sheet.get("series", ()):
        for day, value in series["values"]:
            samples.setdefault(day, []).append((series["analyte"], value))
    for day, values in sorted(samples.items()):
        pen.results(story.day(day), crowd.with_filtration(pen, story.day(day), values))
    for series in sheet.get("pressures", ()):
        for day, systolic, diastolic in series["values"]:
            pen.pressure(systolic, diastolic, story.day(day), by)
    for series in sheet.get("vitals", ()):
        for day, value in series["values"]:
            pen.vital(series["code"], value, story.day(day), by)
    for one in sheet.get("vaccines", ()):
        pen.vaccine(
            one["code"],
            story.day(one["at"]),
            one.get("by", by),
            dose=one.get("dose"),
            site=one.get("site", ""),
            label=one.get("label", ""),
        )
    for one in sheet.get("notes", ()):
        pen.visit(
            story.day(one["at"]),
            one["by"],
            one["title"],
            story.text(one["text"]),
            time=one.get("time", "10:00"),
            home="domicile" in one["title"],
            secret=one.get("secret", False),
        )
    for one in sheet.get("letters", ()):
        received = story.day(one["received"]) if "received" in one else None
        labels = _MASKED if one.get("masked") else ()
        pen.letter(
            story.day(one["at"]),
            one["by"],
            one["type"],
            story.text(one["title"]),
            story.text(one["text"]),
            received=received,
            labels=labels,
        )
