"""The yearly medical summary of patients with a long-term condition: written for all but three of each doctor."""

from collections import Counter
from datetime import timedelta
from typing import Any

from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, shapes, story
from server.demonstration.story import Story, working_day

Json = dict[str, Any]

DUE = 3
"""How many of each attending doctor wait for theirs."""
_SUMMARY = "60591-5"
_BY_REFERENCE = {f"Practitioner/{one.id}": one for one in clinic.STAFF}


class Yearly:
    """Goes from record to record in their order; nothing is drawn, the rest of each record stays what it is."""

    def __init__(self, terminology: Terminology, now: Story) -> None:
        self._type = terminology.document_types.get(_SUMMARY)
        self._today = now.today
        self._seen: Counter[str] = Counter()

    def summary(self, resources: list[Json]) -> list[Json]:
        """The summary of this record, if it has a long-term condition and is not among the first of its doctor."""
        patient = next(one for one in resources if one["resourceType"] == "Patient")
        doctors = patient.get("generalPractitioner", ())
        labels = [
            str(one["code"].get("text", ""))
            for one in resources
            if one["resourceType"] == "Condition" and _is_ald(one)
        ]
        writer = _BY_REFERENCE.get(doctors[0]["reference"]) if doctors else None
        if not labels or writer is None or "deceasedDateTime" in patient or self._type is None:
            return []
        place = self._seen[writer.id]
        self._seen[writer.id] += 1
        if place < DUE:
            return []
        day = working_day(self._today - timedelta(days=40 + 37 * place % 280))
        lines = ["Affections de longue durée :", *(f"— {label}" for label in labels), writer.shown]
        return [
            shapes.document(
                rid=f"{patient['id']}-summary",
                patient=f"Patient/{patient['id']}",
                day=day.isoformat(),
                received=story.at(day, "18:05"),
                system=self._type.system,
                code=self._type.code,
                label=self._type.fr,
                title=f"Synthèse médicale du {day:%d/%m/%Y}",
                text="\n".join(lines),
                author=writer.reference,
                organisation=writer.organisation,
            )
        ]


def _is_ald(condition: Json) -> bool:
    return any(str(one.get("text", "")).startswith("ALD") for one in condition.get("category", ()))
