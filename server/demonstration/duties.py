"""What is still to be read on the Monday of the story: a review for each result of the week before."""

from datetime import date, timedelta
from typing import Any

from dossier.fhir import reviews
from server.demonstration import clinic

Json = dict[str, Any]

UNREAD = timedelta(days=7)


def due(resources: list[Json], today: date, to: str = "") -> list[Json]:
    """Asked of the attending doctor (or of `to`, who reads for an absent one), at the instant the laboratory
    sent the report. Nothing is drawn here: the rest of the record stays what it is.
    """
    patient = next(one for one in resources if one["resourceType"] == "Patient")
    attending = [clinic.BY_KEY[to].reference] if to else patient.get("generalPractitioner", ())
    reports = [one for one in resources if one["resourceType"] == "DiagnosticReport"]
    return [
        reviews.build(
            rid=f"{report['id']}-review",
            patient=f"Patient/{patient['id']}",
            focus=f"DiagnosticReport/{report['id']}",
            owner=attending[0],
            at=report["issued"],
        )
        for report in reports
        if attending and today - date.fromisoformat(report["issued"][:10]) <= UNREAD
    ]
