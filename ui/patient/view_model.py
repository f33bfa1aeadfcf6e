"""The record on the screen: opened, refreshed at each ChangeSet, left. One owner at a time (HZ-01).

An answer that arrives for a patient who is not the open one any more is dropped: every answer is held
against `owner`, and the lanes replace an older question by the newer one.
"""

from typing import NamedTuple

from msgspec import Struct, structs
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.documents import DocumentService
from practitioner_app.services.journal import JournalService
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import Record
from ui.errors import error_sentence
from ui.patient.looked_at import LookedAt
from ui.patient.panels import Panels, Subject
from ui.patient.presenter import record_state
from ui.patient.rows import RowPresenter, TimelineRows
from ui.patient.screen import RecordState
from ui.patient.state import DetailState, Ref
from ui.patient.timeline_presenter import rows_presenter, timeline
from ui.speaking import Speak


class RecordScreen(Struct, frozen=True, kw_only=True):
    """`record` None: none is open, or it is still being read (`owner` says which)."""

    owner: int | None = None
    record: RecordState | None = None
    detail: DetailState | None = None
    pinned: DetailState | None = None
    is_settled: bool = True
    """Whether `detail` is the line chosen last; else it is still being read."""
    filter_key: str = "all"
    words: str = ""
    unfolded: frozenset[str] = frozenset()
    problem: str = ""
    missing: bool = False

    @property
    def asked(self) -> tuple[str, str, frozenset[str]]:
        """What the timeline is asked to leave, to mark and to unfold."""
        return self.filter_key, self.words, self.unfolded


class _Answer(NamedTuple):
    """A record and its screen, both made on the read lane: the main thread only shows them."""

    record: Record
    asked: tuple[str, str, frozenset[str]]
    shown: RecordState | None
    presenter: RowPresenter


class _Listed(NamedTuple):
    """The rows that a filter leaves of a record, and why there is none."""

    record: Record
    asked: tuple[str, str, frozenset[str]]
    rows: TimelineRows
    why_empty: str


class RecordModel(QObject):
    """Intents: open, leave, filter, search, unfold, choose, pin, mark_unread, show_curve."""

    changed = Signal()

    def __init__(
        self,
        *,
        records: RecordService,
        documents: DocumentService,
        journal: JournalService,
        lanes: Lanes,
        changes: Changes,
        speak: Speak,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._records, self._journal, self._documents = records, journal, documents
        self._lanes, self._speak = lanes, speak
        self._state = RecordScreen()
        self._record: Record | None = None
        self._shown: RecordState | None = None
        self._presenter: RowPresenter | None = None
        self._panels = Panels(documents, lanes, speak, self)
        self._panels.changed.connect(self._present)
        self._panels.failed.connect(self._failed)
        self._looked_at = LookedAt(records, lanes, self)
        self._looked_at.marked.connect(self._marked)
        self._looked_at.refused.connect(self._failed)
        changes.published.connect(self._published)

    @property
    def state(self) -> RecordScreen:
        return self._state

    @property
    def record(self) -> Record | None:
        """The value behind the screen, for the forms that correct one of its lines."""
        return self._record

    def _set(self, state: RecordScreen) -> None:
        self._state = state
        self.changed.emit()

    def _change(self, **changes: object) -> None:
        self._set(structs.replace(self._state, **changes))

    # -- intents --------------------------------------------------------------

    def open(self, owner: int, ref: Ref | None = None) -> None:
        """Go to a patient; filters never follow from one to the next (HZ-17)."""
        if owner != self._state.owner:
            self._close()
            self._set(RecordScreen(owner=owner))
        self._looked_at.chose(ref)
        self._panels.show(Subject(ref))
        self._ask()
        journal = self._journal
        self._lanes.write(lambda: journal.opened(owner))

    def leave(self) -> None:
        """Close the open record: what was shown counts as seen from now on."""
        if self._state.owner is not None:
            self._close()
            self._set(RecordScreen())

    def _close(self) -> None:
        owner, records = self._state.owner, self._records
        self._looked_at.left(self._record)
        if owner is not None:
            self._lanes.write(lambda: records.leave(owner))
        self._record, self._shown, self._presenter = None, None, None
        self._panels.clear()

    def filter(self, key: str) -> None:
        self._state = structs.replace(self._state, filter_key=key)
        self._list_again()

    def search(self, words: str) -> None:
        self._state = structs.replace(self._state, words=words)
        self._list_again()

    def _list_again(self) -> None:
        """Another filter: only the rows are made again, on the read lane."""
        record, presenter, speaking = self._record, self._presenter, self._speak()
        if record is None or presenter is None or not record.found:
            return
        asked, documents = self._state.asked, self._documents

        def listed() -> _Listed:
            key, words, unfolded = asked
            rows, why = timeline(
                record,
                speaking,
                presenter,
                filter_key=key,
                words=words,
                excerpts=documents.found(record.owner, words),
                unfolded=unfolded,
            )
            return _Listed(record, asked, rows, why)

        self._lanes.read(listed, self._listed, self._failed, key="patient.rows")

    def _listed(self, answer: _Listed) -> None:
        """Dropped when the record was read again, or another filter asked for, meanwhile."""
        is_fitting = answer.asked == self._state.asked
        if answer.record is self._record and self._shown is not None and is_fitting:
            self._shown = structs.replace(
                self._shown, timeline=answer.rows, why_empty=answer.why_empty
            )
            self._present()

    def unfold(self, key: str, *, is_open: bool) -> None:
        """Show the older versions of a line under it, or fold them again."""
        before = self._state.unfolded
        after = before | {key} if is_open else before - {key}
        if after != before:
            self._state = structs.replace(self._state, unfolded=after)
            self._list_again()

    def mark_unread(self, ref: Ref, *, unread: bool | None = None) -> None:
        """Read or unread as asked, else the other of the two."""
        self._looked_at.mark(self._record, ref, unread=unread)

    @Slot(int)
    def _marked(self, owner: int) -> None:
        if owner == self._state.owner:
            self._ask()

    def choose(self, ref: Ref | None, *, by_person: bool = True) -> None:
        """Show a line in the side panel. `by_person`: somebody chose it, so that it counts as read once left."""
        if ref != self._panels.subject.ref:
            self._looked_at.left(self._record)
        self._looked_at.chose(ref if by_person else None)
        self._panels.show(Subject(ref))

    def show_curve(self, key: str) -> None:
        self._looked_at.left(self._record)
        self._panels.show(Subject(curve=key))

    @Slot()
    def pin(self) -> None:
        """What is shown stays beside while one walks on."""
        self._panels.pin()

    @Slot()
    def unpin(self) -> None:
        self._panels.unpin()

    @property
    def has_chosen(self) -> bool:
        """Whether a line is chosen, shown already or still being read."""
        return bool(self._panels.subject)

    def refresh(self) -> None:
        """Ask again: the hour, the language or the connection changed."""
        if self._state.owner is not None:
            self._ask()

    # -- answers --------------------------------------------------------------

    def _ask(self) -> None:
        owner = self._state.owner
        if owner is None:
            return
        records, speaking = self._records, self._speak()
        asked, documents = self._state.asked, self._documents

        def opened() -> _Answer:
            key, words, unfolded = asked
            record = records.open(owner)
            presenter = rows_presenter(record, speaking)
            shown = None
            if record.found:
                shown = record_state(
                    record,
                    speaking,
                    presenter,
                    filter_key=key,
                    words=words,
                    excerpts=documents.found(owner, words),
                    unfolded=unfolded,
                )
            return _Answer(record, asked, shown, presenter)

        self._lanes.read(opened, self._opened, self._failed, key="patient.record")

    def _opened(self, answer: _Answer) -> None:
        record, state = answer.record, self._state
        if record.owner != state.owner:
            return
        self._record, self._shown, self._presenter = record, answer.shown, answer.presenter
        if answer.asked != state.asked:
            self._list_again()
        self._state = structs.replace(self._state, missing=not record.found, problem="")
        if record.found:
            self._panels.follow(record)
        self._present()

    @Slot(object)
    def _failed(self, error: DossierError) -> None:
        self._change(problem=error_sentence(self._speak().texts, error))

    @Slot()
    def _present(self) -> None:
        shown, panels = self._shown, self._panels
        if self._record is None or shown is None:
            self._change(record=None, detail=None, pinned=None)
            return
        self._change(
            record=shown,
            detail=panels.detail,
            pinned=panels.pinned,
            is_settled=panels.is_settled,
        )

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        owner = self._state.owner
        if owner is None:
            return
        if change.touches(owner) or change.about(Topic.CONFLICTS, Topic.LEASE):
            self._ask()
