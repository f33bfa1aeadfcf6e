"""What was prescribed in the story: everything the patient takes, renewed for some months on one page."""

from typing import Any

import msgspec

from dossier.fhir import medications, prescriptions
from dossier.fhir.medications import Drug
from dossier.fhir.prescriptions import NewLine, Zone
from dossier.terminology.drug_search import amount_of
from dossier.terminology.numerals import in_letters
from dossier.terminology.posology_reading import read
from dossier.terminology.units import Span
from server.demonstration import clinic, shapes
from server.demonstration.pen import Pen
from server.demonstration.story import Story

Json = dict[str, Any]


def prescribe(pen: Pen, one: Json, story: Story, *, ald: bool) -> None:
    """A page, one request a line, and the treatments say by which request they go on."""
    day, by, span = story.day(one["at"]), one["by"], Span(one["months"], "mo")
    signature, group = pen.sign(by, day), pen.new_id()
    said: list[str] = []
    requests: list[Json] = []
    for place, body in enumerate(pen.resources):
        if body["resourceType"] != "MedicationStatement" or body["status"] != "active":
            continue
        line = _line(body, len(requests) + 1, span, ald=ald)
        request = prescriptions.build_line(
            line,
            rid=pen.new_id(),
            patient=pen.subject.reference,
            group=group,
            signature=signature,
        )
        requests.append(request)
        reference = {"reference": f"MedicationRequest/{request['id']}"}
        pen.resources[place] = {**body, "basedOn": [reference]}
        said.append(f"{line.number}. {line.drug.line()} : {line.sentence()}. QSP {span.words()}")
    for request in requests:
        pen.put(request)
    lines = f"{len(requests)} {'lignes' if len(requests) > 1 else 'ligne'}"
    zoned = " (ALD)" if ald else ""
    document = shapes.document(
        rid=pen.new_id(),
        patient=pen.subject.reference,
        day=day.isoformat(),
        received=signature.at,
        system=prescriptions.DOCUMENT.system,
        code=prescriptions.DOCUMENT.code,
        label=prescriptions.DOCUMENT.display,
        title=f"Ordonnance : {lines}, QSP {span.words()}{zoned}",
        text="\n".join((*said, f"Nombre de lignes : {in_letters(len(requests))}")),
        author=clinic.BY_KEY[by].reference,
        organisation=clinic.PRACTICE,
    )
    related = [{"reference": f"MedicationRequest/{request['id']}"} for request in requests]
    document["context"]["related"] = related
    pen.put({**document, "docStatus": "final", "authenticator": clinic.BY_KEY[by].reference})


def _line(body: Json, number: int, span: Span, *, ald: bool) -> NewLine:
    taken = medications.decode(msgspec.json.encode(body))
    strength, unit = amount_of(taken.strength)
    return NewLine(
        number=number,
        drug=Drug(
            substance=taken.substance, form=taken.form, strength=strength, strength_unit=unit
        ),
        posology=read(f"{taken.dose} {taken.posology}, pendant {span.words()}").posology,
        supply=span,
        zone=Zone.ALD if ald else Zone.OTHER,
    )
