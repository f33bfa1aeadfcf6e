"""Bringing a person back to what they were writing: after a lock, after a crash, from the list of drafts."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.rows import Record
from ui.context import SessionContext
from ui.session_flow import SessionSurface

Opener = Callable[[DraftSlot, Record], bool]
"""Opens the writing screen of a draft on its patient's record, which is shown; False when it cannot."""


class DraftsFlow(QObject):
    """Forms are known; a writing screen of its own says with `bind` which kinds of draft it opens."""

    def __init__(self, session: SessionSurface, context: SessionContext) -> None:
        super().__init__(session)
        self._session, self._lanes = session, context.lanes
        self._drafts: DraftService = context.services.drafts
        self._openers: dict[str, Opener] = {}
        self._wanted: DraftSlot | None = None
        session.models.record.changed.connect(self._shown)

    def bind(self, kind: str, opener: Opener) -> None:
        """Who opens drafts of this kind."""
        self._openers[kind] = opener

    def resume(self) -> None:
        """The session begins: what was under the fingers opens again. Asked behind the last save of the page
        that was there before, on the write lane.
        """
        if not self._session.models.narrowed:
            self._lanes.write(self._drafts.writing, self._found)

    def _found(self, slot: DraftSlot | None) -> None:
        if slot is not None and self._session.models.record.state.owner is None:
            self.open(slot)

    def open(self, slot: DraftSlot) -> None:
        """Go to the patient of a draft, and open what it was typed in."""
        self._wanted = None
        self._session.record_flow.open(slot.owner)
        self._wanted = slot
        self._shown()

    @Slot()
    def _shown(self) -> None:
        slot, record = self._wanted, self._session.models.record.record
        state = self._session.models.record.state
        if slot is None:
            return
        if state.owner != slot.owner or state.missing:
            self._wanted = None
            return
        if record is None or state.record is None or record.owner != slot.owner:
            return
        self._wanted = None
        opener = self._openers.get(slot.kind, self._open_form)
        if not opener(slot, record):
            sentence = self._session.look.tr("The line of this draft is not there any more.")
            self._session.toast.show_sentence(sentence, undoable=False)

    def _open_form(self, slot: DraftSlot, record: Record) -> bool:
        forms = self._session.models.forms
        model = forms.entries.resuming(slot, record)
        if model is None:
            return False
        self._session.record_view.show_panel(forms.panel(model))
        return True
