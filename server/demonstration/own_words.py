"""What people of the cast added to their own record: measures, a photograph, an allergy nobody noted.

Read from `[[additions]]` of their sheets, written after everything else and dated in the story.
"""

from typing import Any

from dossier.fhir import allergies
from dossier.fhir.elements import Signature
from server.demonstration import clinic, shapes
from server.demonstration import story as days
from server.demonstration.pen import Pen
from server.demonstration.story import Story

Json = dict[str, Any]

_LOINC = shapes.LOINC
_PHOTOGRAPH = ("72170-4", "Photographie")


def add(sheet: Json, pen: Pen, story: Story) -> None:
    """Every addition of one person, its author the patient."""
    author = {"reference": pen.subject.reference}
    for one in sheet.get("additions", ()):
        for body in _bodies(one, pen, author, story):
            pen.put(body)


def _bodies(one: Json, pen: Pen, author: Json, story: Story) -> list[Json]:
    patient = pen.subject.reference
    if one["kind"] == "allergy":
        at = days.at(story.day(one["at"]), "19:05")
        said = allergies.NewAllergy(agent=one["agent"], reactions=(one["reaction"],))
        signature = Signature(author=author, at=at)
        return [allergies.build(said, rid=pen.new_id(), patient=patient, signature=signature)]
    if one["kind"] == "photograph":
        code, label = _PHOTOGRAPH
        day = story.day(one["at"])
        body = shapes.document(
            rid=pen.new_id(),
            patient=patient,
            day=day.isoformat(),
            received=days.at(day, "20:40"),
            system=_LOINC,
            code=code,
            label=label,
            title=one["title"],
            text=one["text"],
            author=author,
            organisation=clinic.PRACTICE,
        )
        return [body]
    return [
        shapes.vital(
            rid=pen.new_id(),
            patient=patient,
            at=days.at(story.day(day), "07:15"),
            code=one["code"],
            label=one["label"],
            value=shapes.quantity(value, one["unit"], one["unit"]),
            author=author,
        )
        for day, value in one["values"]
    ]
