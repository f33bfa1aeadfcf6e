"""The printed page of a consultation note. On paper everything is said in French."""

from dossier.fhir.notes import CONTACTS, HEADINGS, Contact, Sections
from practitioner_app.services.letterheads import Heading as Head
from practitioner_app.services.rows import Identity
from ui.paper.heads import Paper
from ui.paper.sheet import Heading, Paragraph, Sheet


def note_sheet(
    paper: Paper,
    head: Head,
    identity: Identity,
    sections: Sections,
    *,
    contact: Contact,
    started: str,
    responsible: str,
) -> Sheet:
    """Headings in their order, each with its words; an empty one is not printed."""
    blocks: list[Heading | Paragraph] = []
    for field, heading in HEADINGS.items():
        text = getattr(sections, field).strip()
        if text:
            blocks.append(Heading(heading))
            blocks += [Paragraph(line) for line in text.splitlines() if line.strip()]
    formats = paper.speaking.formats
    written = f"Rédigé par {head.writer.name} pour {responsible}." if responsible else ""
    return Sheet(
        kind="Compte rendu de consultation",
        letterhead=paper.letterhead(head),
        patient=paper.patient(identity),
        dated=paper.dated(head),
        title=f"{CONTACTS[contact]} du {formats.moment(started)}",
        blocks=tuple(blocks),
        closing=(written,) if written else (),
        signer=head.writer.name,
    )
