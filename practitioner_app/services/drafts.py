"""Drafts: what a person is typing about one patient, kept until it is signed or thrown away.

A profile belongs to one person in one situation, and so do its drafts: nobody else reads them. Only what
the person typed is in them, never a row's own text. Where the person was writing is noted too, so that the
same form opens again after a lock or a crash.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from dossier.clock import Clock, to_wire
from dossier.wire import codec
from practitioner_app.ports import (
    Announce,
    ChangeSet,
    Drafts,
    KeptDraft,
    Outbox,
    PatientLine,
    RecordReader,
    Settings,
    Topic,
)

T = TypeVar("T")
WRITING: Final = "writing"
"""The setting that names the draft under the fingers."""


class Slot(Struct, frozen=True, kw_only=True):
    """Where a draft belongs: one of each `kind` for one patient and, for a change, one `about` (the row it
    would change, as its form names it).
    """

    kind: str
    owner: int
    about: str = ""

    @property
    def key(self) -> str:
        return ":".join(part for part in (self.kind, self.about, str(self.owner)) if part)


class DraftLine(Struct, frozen=True, kw_only=True):
    """One line of the list. `patient` is None when the record is not on this computer any more."""

    slot: Slot
    at: str
    values: dict[str, str]
    patient: PatientLine | None = None


class _Kept(Struct, frozen=True):
    kind: str
    about: str
    values: dict[str, str]


class DraftService:
    """`keep`, `drop`, `finish`, `write_in`, `leave`: write lane. The rest: read lane. StoreError kin."""

    def __init__(
        self,
        drafts: Drafts,
        outbox: Outbox,
        settings: Settings,
        reader: RecordReader,
        clock: Clock,
        announce: Announce,
    ) -> None:
        self._drafts, self._outbox, self._settings = drafts, outbox, settings
        self._reader, self._clock, self._announce = reader, clock, announce

    def keep(self, slot: Slot, values: Mapping[str, str]) -> None:
        """Durable when it returns. With nothing typed there is no draft."""
        if not values:
            self.drop(slot)
            return
        is_new = self._drafts.get(slot.key) is None
        text = codec.encode(_Kept(slot.kind, slot.about, dict(values)))
        self._drafts.keep(slot.key, slot.owner, text, to_wire(self._clock.now()))
        if is_new:
            self._tell(slot)

    def drop(self, slot: Slot) -> None:
        """A person throws it away."""
        if self._drafts.get(slot.key) is not None:
            self._drafts.drop(slot.key)
            self._tell(slot)

    def finish(self, slot: Slot, act: Callable[[], T]) -> T:
        """What `act` writes and the end of its draft are one durable act: no crash leaves both, or neither.
        Raises what `act` raises; the draft is then kept.
        """
        with self._outbox.together():
            done = act()
            self._drafts.drop(slot.key)
        self._tell(slot)
        return done

    def find(self, slot: Slot) -> dict[str, str]:
        """What was typed there; empty without a draft."""
        text = self._drafts.get(slot.key)
        return {} if text is None else _read(text).values

    def all(self) -> tuple[DraftLine, ...]:
        """Every draft of this person, the latest first."""
        return tuple(self._line(kept) for kept in self._drafts.all())

    def of(self, owner: int) -> tuple[DraftLine, ...]:
        """The drafts about one patient, the latest first."""
        return tuple(self._line(kept) for kept in self._drafts.all() if kept.owner == owner)

    def write_in(self, slot: Slot) -> None:
        """The person writes here now."""
        self._settings.put(WRITING, codec.encode(slot).decode())

    def leave(self) -> None:
        """The person closed what they were writing in; a lock or a crash does not."""
        self._settings.put(WRITING, "")

    def writing(self) -> Slot | None:
        """Where the person was writing, if there is a draft of it."""
        noted = self._settings.get(WRITING)
        try:
            slot = msgspec.json.decode(noted, type=Slot) if noted else None
        except msgspec.DecodeError:
            return None
        return slot if slot is not None and self._drafts.get(slot.key) is not None else None

    def _line(self, kept: KeptDraft) -> DraftLine:
        found = _read(kept.text)
        return DraftLine(
            slot=Slot(kind=found.kind, owner=kept.owner, about=found.about),
            at=kept.at,
            values=found.values,
            patient=self._reader.patient(kept.owner),
        )

    def _tell(self, slot: Slot) -> None:
        self._announce(
            ChangeSet(owners={slot.owner: frozenset()}, topics=frozenset({Topic.DRAFTS}))
        )


def _read(text: bytes) -> _Kept:
    return codec.decode(text, _Kept)
