"""The pages of one consultation's note, as its line in the chronology shows them; and the lines of drafts."""

from collections.abc import Iterable, Sequence

from dossier.fhir import notes
from dossier.fhir.dates import sort_key
from dossier.fhir.documents import Document
from dossier.fhir.encounters import Encounter
from dossier.wire.messages import NEVER
from practitioner_app.ports import CurrentRow, ItemState
from practitioner_app.services.drafts import DraftLine
from practitioner_app.services.readings import Readings
from practitioner_app.services.rows import DRAFT, Kind, TimelineItem

Page = tuple[CurrentRow, Document]


class Pages:
    """`shown`: the present version and its addenda (of a struck note: everything); `older`: newest first."""

    def __init__(self, pages: Sequence[Page]) -> None:
        ordered = sorted(pages, key=lambda page: page[1].made)
        living = [page for page in ordered if page[1].counts]
        versions = [page for page in living if not page[1].appends]
        current = [page for page in versions if not page[1].replaced][-1:] or versions[-1:]
        addenda = [page for page in living if page[1].appends]
        self.shown = [*current, *addenda] or ordered
        self.older = [page for page in reversed(versions) if page not in current]

    def __bool__(self) -> bool:
        return bool(self.shown)

    @property
    def words(self) -> str:
        """What the present version says, in one line."""
        return words_of_page(self.shown[0][0]) if self.shown else ""

    def asks(self, encounter: Encounter, readings: Readings) -> bool:
        """Whether the person at this desktop is to sign it: whom it was written for, else who wrote it."""
        page = self.shown[0][1]
        if page.final or not page.counts:
            return False
        if encounter.responsible or encounter.responsible_name:
            return readings.is_me(encounter.responsible, encounter.responsible_name)
        return readings.is_me(page.author, page.author_name)


def words_of_page(row: CurrentRow) -> str:
    """The words under the headings, without the headings."""
    said = notes.decode(row.body)
    parts = [getattr(said.sections, field) for field in notes.HEADINGS]
    return " — ".join(" ".join(part.split()) for part in parts if part.strip())


def draft_lines(drafts: Iterable[DraftLine], author: str) -> tuple[TimelineItem, ...]:
    """The notes that are being typed: one line each, at the top of the chronology."""
    return tuple(_draft_line(line, author) for line in drafts if line.slot.kind == "note")


def _draft_line(line: DraftLine, author: str) -> TimelineItem:
    words = (line.values.get(field, "") for field in notes.HEADINGS)
    return TimelineItem(
        owner=line.slot.owner,
        rtype=DRAFT,
        id=line.slot.key,
        version=NEVER,
        state=ItemState.CONFIRMED,
        author=author,
        at=line.at,
        order=sort_key(line.at),
        kind=Kind.CONSULTATION,
        title="",
        summary=" — ".join(" ".join(part.split()) for part in words if part.strip()),
        ongoing=True,
        mine=True,
    )
