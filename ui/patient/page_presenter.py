"""What can be done with a document that carries its signed page."""

from practitioner_app.ports import ItemState
from practitioner_app.services.documents import Letter
from practitioner_app.services.rows import Item, Struck
from ui.patient.state import Action, ActionState
from ui.speaking import Speaking


def page_actions(
    letter: Letter | None, row: Item, speaking: Speaking, *, narrowed: bool
) -> tuple[ActionState, ...]:
    """Printed by whoever reads it; a new version or an error by its author, which the service checks."""
    if letter is None or not letter.pdf or row.rtype != "DocumentReference":
        return ()
    tr = speaking.texts.tr
    found = [ActionState(Action.PRINT, tr("Print"), "Ctrl+P")]
    stands = getattr(row, "struck", Struck.NO) is Struck.NO
    if stands and not narrowed and row.state in {ItemState.CONFIRMED, ItemState.PENDING}:
        found.append(ActionState(Action.EDIT, tr("Correct"), tr("Alt+E")))
        found.append(ActionState(Action.ERROR, tr("Entered in error…")))
    return tuple(found)
