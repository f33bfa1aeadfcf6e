"""A signed prescription in the record, told from the other documents."""

from practitioner_app.services.rows import Record, TimelineItem
from ui.patient.state import Ref


def is_prescription(event: TimelineItem) -> bool:
    """A document that speaks for lines of drugs."""
    return event.rtype == "DocumentReference" and any(
        rtype == "MedicationRequest" for rtype, _ in event.members
    )


def prescription_of(record: Record, ref: Ref) -> TimelineItem | None:
    """The prescription a reference names, while it stands."""
    for event in record.timeline.rows:
        if (event.rtype, event.id) == (ref.rtype, ref.id) and is_prescription(event):
            return None if event.struck or event.replaced else event
    return None
