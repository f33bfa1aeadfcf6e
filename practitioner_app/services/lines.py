"""What every line of a screen knows of its resource, and why a list is empty."""

from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from dossier.wire.messages import Version
from practitioner_app.ports import ItemState

R = TypeVar("R")


class Emptiness(StrEnum):
    """Why a list is empty (HZ-17). Only NONE may read `aucun`."""

    FILLED = "filled"
    NONE = "none"
    """The copy of this patient is complete and there is nothing."""
    NOT_RECEIVED = "not_received"
    """`pas encore reçu (12 %)`: see `received_percent`."""
    UNREADABLE = "unreadable"
    """This device may not show it any more (right ended)."""
    OTHERS_HIDDEN = "others_hidden"
    """Continuity mode: the practice wrote nothing here, and what others wrote is hidden."""
    FILTERED = "filtered"
    """A filter hides what there is; set by the view-model, never by a service."""


class Listing(Struct, Generic[R], frozen=True, kw_only=True):
    """Rows and, when there is none, why. `partial`: more may still arrive."""

    rows: tuple[R, ...] = ()
    emptiness: Emptiness = Emptiness.NONE
    received_percent: int = 100
    partial: bool = False


class Item(Struct, frozen=True, kw_only=True):
    """What every line knows of its resource. `new`: arrived or changed since the last look."""

    owner: int
    rtype: str
    id: str
    version: Version
    state: ItemState = ItemState.CONFIRMED
    op_id: str = ""
    new: bool = False
    author: str = ""
    by_patient: bool = False


class Struck(StrEnum):
    """Why a line is listed and struck through, and not counted. False where it is not."""

    NO = ""
    ERROR = "error"
    REFUTED = "refuted"
    CANCELLED = "cancelled"
    NOT_DONE = "not_done"
    ENDED = "ended"
