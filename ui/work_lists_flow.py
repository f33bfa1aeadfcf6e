"""Between the tasks page and its model: where each line opens, the next patient, the way back."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from practitioner_app.ports import ItemState
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.work_lists import ListKind, WorkLine
from ui.navigation import AWAITED, RECORD, RESULTS, TASKS
from ui.patient.state import Ref
from ui.session_flow import SessionSurface
from ui.work_lists.presenter import list_word
from ui.work_lists.view import WorkListsView


class WorkListsFlow(QObject):
    """A line opens in the record, on the results page, in its form, or between two versions."""

    def __init__(
        self,
        session: SessionSurface,
        view: WorkListsView,
        open_draft: Callable[[DraftSlot], None],
    ) -> None:
        super().__init__(session)
        self._session, self._view, self._open_draft = session, view, open_draft
        self._model = session.models.work_lists
        self._from_here: int | None = None
        self._noted: int | None = None
        self._model.changed.connect(self._show)
        session.models.record.changed.connect(self._record_shown)
        session.navigator.moved.connect(self._moved)
        view.list_chosen.connect(self._model.show_list)
        view.chosen.connect(self._model.choose)
        view.opened.connect(self.open_chosen)
        view.next_asked.connect(self.next_patient)

    @Slot()
    def _show(self) -> None:
        state = self._model.state
        self._view.show_state(state)
        self._session.frame.set_badge(TASKS, state.to_do)

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place == TASKS:
            self._model.refresh()
            self._show()
            (self._view.list if self._model.state.rows else self._view.lists).setFocus()

    @Slot()
    def _record_shown(self) -> None:
        """The day holds whoever was displayed."""
        record = self._session.models.record.state.record
        owner = self._session.models.record.state.owner if record is not None else None
        if owner is not None and owner != self._noted:
            self._model.opened(owner)
        self._noted = owner

    @Slot()
    def open_chosen(self) -> None:
        """Enter on a line."""
        line = self._model.line
        if line is not None:
            self._open(line)

    @Slot()
    def next_patient(self) -> None:
        """F9: the next patient of the chosen list, wherever one is."""
        line = self._model.step(self._session.models.record.state.owner)
        if line is not None:
            self._open(line)
            return
        look = self._session.look
        kind = ListKind(self._model.state.kind) if self._model.state.kind else ListKind.DAY
        name = list_word(look.texts, kind)
        sentence = look.tr("No other patient in the list “{name}”.", name=name)
        self._session.toast.show_sentence(sentence, undoable=False)

    def comes_from_here(self) -> bool:
        """The open record was opened from a list: F6 leads back after its last pane."""
        owner = self._session.models.record.state.owner
        return owner is not None and owner == self._from_here

    def _open(self, line: WorkLine) -> None:
        session = self._session
        if line.patient is None:
            sentence = session.look.tr("This record is not on this computer any more.")
            session.toast.show_sentence(sentence, undoable=False)
            return
        self._from_here = line.owner
        if line.review is not None:
            session.models.reviews.choose(f"{line.owner}/{line.id}")
            if session.models.record.state.owner != line.owner:
                session.models.forms.drop()
                session.models.record.open(line.owner)
            session.navigator.go(RESULTS)
            session.models.reviews.choose(f"{line.owner}/{line.id}")
        elif line.slot is not None:
            self._open_draft(line.slot)
        elif line.kind is ListKind.AWAITED:
            session.models.awaited.choose(line.key)
            session.navigator.go(AWAITED)
        elif line.state is ItemState.CONFLICT:
            session.sync_flow.settle(line.op_id)
        else:
            ref = Ref(line.rtype, line.id) if line.rtype and line.id else None
            session.record_flow.open(line.owner, ref)
            session.navigator.go(RECORD)
