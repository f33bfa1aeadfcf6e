"""What was ordered in the story, and by when an answer was expected."""

from typing import Any

from dossier.fhir import orders
from dossier.fhir.elements import LOINC, Coding
from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, shapes
from server.demonstration.pen import Pen
from server.demonstration.story import Story

Json = dict[str, Any]


def order(pen: Pen, terms: Terminology, one: Json, story: Story) -> None:
    """A paper and one request a line, awaited by a day; each known examination by its code."""
    day, expected = story.day(one["at"]), story.day(one["expected"])
    by, code, lines, reason = one["by"], one["type"], one["lines"], one["reason"]
    known = terms.document_types.get(code)
    assert known is not None, code
    kind = Coding(system=known.system, code=known.code, display=known.fr)
    paper, signature = pen.new_id(), pen.sign(by, day)
    asked = [pen.new_id() for _ in lines]
    for rid, line in zip(asked, lines, strict=True):
        found = next((each for each in terms.analyte_list.entries if each.fr == line), None)
        said = orders.NewOrder(
            label=line,
            kind=kind,
            code=Coding(system=LOINC, code=found.code) if found else None,
            reason=reason,
            expected=expected.isoformat(),
            requisition=paper,
        )
        patient = pen.subject.reference
        pen.put(orders.build(said, rid=rid, patient=patient, signature=signature))
    pen.put(
        shapes.document(
            rid=paper,
            patient=pen.subject.reference,
            day=day.isoformat(),
            received=signature.at,
            system=known.system,
            code=code,
            label=known.fr,
            title=known.fr.replace("'", "’"),
            text="\n".join((*lines, reason)),
            author=clinic.BY_KEY[by].reference,
            organisation=clinic.PRACTICE,
            orders=tuple(asked),
        )
    )
