"""What can be done with a document that carries its signed page."""

from practitioner_app.ports import ItemState
from practitioner_app.services.documents import Letter
from practitioner_app.services.rows import Item, TimelineItem
from ui.patient.prescription_presenter import is_prescription
from ui.patient.state import Action, ActionState
from ui.speaking import Speaking


def page_actions(
    letter: Letter | None, row: Item, speaking: Speaking, *, narrowed: bool
) -> tuple[ActionState, ...]:
    """Printed by whoever reads it; corrected and struck through where the room that wrote it can do it."""
    if letter is None or not letter.pdf or row.rtype != "DocumentReference":
        return ()
    tr = speaking.texts.tr
    found = [ActionState(Action.PRINT, tr("Print"), "Ctrl+P")]
    is_kept = row.state in {ItemState.CONFIRMED, ItemState.PENDING}
    if is_kept and not narrowed and _has_room(letter, row):
        found.append(ActionState(Action.EDIT, tr("Correct"), tr("Alt+E")))
        found.append(ActionState(Action.ERROR, tr("Entered in error…")))
    return tuple(found)


def _has_room(letter: Letter, row: Item) -> bool:
    """A standing prescription, or a letter of this person's own; a summary, or a page of anybody else, has none."""
    if not isinstance(row, TimelineItem) or row.struck or row.replaced:
        return False
    return is_prescription(row) or (letter.answered and row.mine)
