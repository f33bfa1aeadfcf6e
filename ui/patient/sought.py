"""Words sought in the timeline: which lines say them, and where they are marked."""

from collections.abc import Mapping

from msgspec import Struct, structs

from practitioner_app.services.rows import TimelineItem
from practitioner_app.services.search import fold, spans, tokens
from ui.patient.rows import RowPresenter
from ui.patient.state import TimelineRow
from ui.theme.tokens import Size
from ui.widgets.text import Run

START, END = "\x02", "\x03"
"""Around a match, as the store's excerpts have it."""
_AROUND = 60


Excerpts = Mapping[tuple[str, str], str]


class Sought(Struct, frozen=True, kw_only=True):
    """What was typed, and the excerpts of the documents that hold it, by (type, id)."""

    words: str = ""
    excerpts: Excerpts = {}

    @property
    def tokens(self) -> tuple[str, ...]:
        return tokens(self.words)

    def excerpt(self, item: TimelineItem) -> str:
        """From the first resource of this line whose words hold what is sought."""
        found = (self.excerpts.get(member) for member in (*item.members, (item.rtype, item.id)))
        return next((text for text in found if text is not None), "")

    def is_in(self, item: TimelineItem) -> bool:
        """Whether a resource of this line holds the words."""
        members = (*item.members, (item.rtype, item.id))
        return any(member in self.excerpts for member in members)


def says(row: TimelineRow, wanted: tuple[str, ...]) -> bool:
    """Every word stands in the line as it is read out."""
    text = fold(row.words)
    return all(word in text for word in wanted)


class MarkingPresenter:
    """Presents the same rows with the words marked; a line found by its pages shows where."""

    def __init__(self, presenter: RowPresenter, sought: Sought) -> None:
        self._presenter, self._sought = presenter, sought

    def row(self, item: TimelineItem) -> TimelineRow:
        row, sought = self._presenter.row(item), self._sought
        summary = marked_runs(row.summary, sought.words)
        second = marked_runs(row.second, sought.words)
        if not says(row, sought.tokens) and (excerpt := sought.excerpt(item)):
            second = excerpt_runs(excerpt)
        return structs.replace(row, summary=summary, second=second)


def marked_runs(runs: tuple[Run, ...], words: str) -> tuple[Run, ...]:
    """The runs cut where a word begins and ends, those stretches marked."""
    found: list[Run] = []
    for run in runs:
        at = 0
        for start, end in spans(run.text, words):
            if start > at:
                found.append(structs.replace(run, text=run.text[at:start]))
            piece = run.text[start:end]
            found.append(structs.replace(run, text=piece, colour="text", marked=True))
            at = end
        if at < len(run.text):
            found.append(structs.replace(run, text=run.text[at:]))
    return tuple(found)


def excerpt_runs(excerpt: str) -> tuple[Run, ...]:
    """An excerpt in the small type of a second line; the first match is never out of sight."""
    before, sign, rest = " ".join(excerpt.split()).partition(START)
    if sign and len(before) > _AROUND:
        before = "…" + before[-_AROUND:]
    runs = [Run(before, colour="muted", size=Size.LABEL)] if before else []
    for piece in rest.split(START) if sign else ():
        match, _, after = piece.partition(END)
        runs.append(Run(match, colour="text", size=Size.LABEL, marked=True))
        if after:
            runs.append(Run(after, colour="muted", size=Size.LABEL))
    return tuple(runs)
