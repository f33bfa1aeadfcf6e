"""A note under the fingers, as a value."""

from enum import StrEnum

from msgspec import Struct

from practitioner_app.services.drafts import Slot
from ui.forms import Option


class Purpose(StrEnum):
    """Why the note is open: a new one, one that waits for its signature, or a signed one to be corrected."""

    NEW = "new"
    UNSIGNED = "unsigned"
    CORRECTION = "correction"


class MeasureChip(Struct, frozen=True):
    """A measure that stands in the words. `taken`: it will be recorded with the signature."""

    code: str
    words: str
    taken: bool


class NoteState(Struct, frozen=True, kw_only=True):
    """`values` by field; `kept` says when the draft was saved, "" while something typed is not."""

    slot: Slot
    purpose: Purpose
    about: str
    values: dict[str, str]
    colleagues: tuple[Option, ...] = ()
    measures: tuple[MeasureChip, ...] = ()
    kept: str = ""
    problem: str = ""
    saving: bool = False
    draft_found: bool = False
