"""What every line of the record says the same way."""

from practitioner_app.ports import ItemState
from ui.speaking import Speaking
from ui.widgets.chip import ChipState
from ui.words import state_chip


def chips_of(
    state: ItemState, speaking: Speaking, *, undecided: bool = False
) -> tuple[ChipState, ...]:
    """What a line says of its own way to the server."""
    if undecided:
        state = ItemState.CONFLICT
    chip = state_chip(speaking.texts, state)
    return (chip,) if chip and state is not ItemState.SENT else ()


def joined(*parts: str) -> str:
    """What there is of the parts, with commas."""
    return ", ".join(part for part in parts if part)
