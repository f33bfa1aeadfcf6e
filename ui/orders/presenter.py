"""From the awaited orders to the lines of their list, each in words (HZ-09)."""

from collections.abc import Sequence

from practitioner_app.services.orders import AwaitedOrder
from ui.orders.state import AwaitedRow, AwaitedState
from ui.patient_words import born_line, patient_name
from ui.speaking import Speaking
from ui.words import state_chip


def awaited_state(
    lines: Sequence[AwaitedOrder], speaking: Speaking, *, chosen: str
) -> AwaitedState:
    """The chosen line stays while it is there, else the first is."""
    rows = tuple(_row(line, speaking) for line in lines)
    keys = [row.key for row in rows]
    return AwaitedState(
        rows=rows,
        chosen=chosen if chosen in keys else next(iter(keys), ""),
        mine=sum(line.mine for line in lines),
        empty="" if rows else speaking.texts.tr("Everything that was expected has come back."),
    )


def _row(line: AwaitedOrder, speaking: Speaking) -> AwaitedRow:
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    name, born = tr("Patient not on this computer"), ""
    if line.patient is not None:
        name = patient_name(line.patient, speaking.today)
        born = born_line(line.patient, speaking)
    late = texts.trn("{count} day late", "{count} days late", line.late_days)
    by = "" if line.mine else line.requester
    second = " · ".join(part for part in (line.label, by) if part)
    facts = [
        (tr("Ordered on"), formats.day(line.authored)),
        (tr("Expected by"), formats.day(line.expected)),
        (tr("Ordered by"), line.requester),
        (tr("Last note"), line.note),
    ]
    return AwaitedRow(
        key=f"{line.owner}/{line.id}",
        owner=line.owner,
        id=line.id,
        title=name,
        born=born,
        second=second,
        late=late,
        words=". ".join(part for part in (name, born, second, late, line.note) if part),
        label=line.label,
        paper=line.requisition,
        chip=state_chip(texts, line.state),
        facts=tuple(fact for fact in facts if fact[1]),
    )
