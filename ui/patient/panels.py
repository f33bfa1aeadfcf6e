"""What stands beside the timeline: the line chosen, and one pinned to be compared with it.

Both are made on the read lane, of the record they were asked of; an answer about another line or another
patient than the present one is dropped (HZ-01).
"""

from typing import NamedTuple

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.documents import WRITTEN, DocumentService
from practitioner_app.services.rows import Record
from ui.patient.detail_presenter import curve_detail, detail, members_of
from ui.patient.state import DetailState, Ref
from ui.speaking import Speak, Speaking


class Subject(Struct, frozen=True):
    """A resource by its reference, or an analyte by the key of its curve."""

    ref: Ref | None = None
    curve: str = ""

    def __bool__(self) -> bool:
        return self.ref is not None or bool(self.curve)


NOBODY = Subject()


class _Answer(NamedTuple):
    record: Record
    subject: Subject
    shown: DetailState | None


class Panels(QObject):
    """Intents: show, pin, unpin, follow, clear."""

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, documents: DocumentService, lanes: Lanes, speak: Speak, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._documents, self._lanes, self._speak = documents, lanes, speak
        self._record: Record | None = None
        self._subject = self._pinned_subject = NOBODY
        self._detail: DetailState | None = None
        self._pinned: DetailState | None = None
        self._is_settled = True

    @property
    def subject(self) -> Subject:
        """What was chosen, whether it is shown already or still being read."""
        return self._subject

    @property
    def detail(self) -> DetailState | None:
        return self._detail

    @property
    def pinned(self) -> DetailState | None:
        return self._pinned

    @property
    def is_settled(self) -> bool:
        """Whether what is shown is what was chosen."""
        return self._is_settled

    def show(self, subject: Subject) -> None:
        """Choose; nothing is shown before a record is there."""
        self._subject, self._is_settled = subject, False
        if not subject:
            was_shown, self._is_settled = self._detail, True
            self._detail = None
            if was_shown is not None:
                self.changed.emit()
        elif self._record is not None:
            self._ask(self._record, subject, "patient.panel")

    def follow(self, record: Record) -> None:
        """The record was read again, or is another one: both panels speak of it from now on."""
        self._record = record
        if self._subject:
            self._ask(record, self._subject, "patient.panel")
        if self._pinned_subject:
            self._ask(record, self._pinned_subject, "patient.pinned")

    def pin(self) -> None:
        """What is shown stays while one walks on; what was pinned before makes room for it."""
        if self._detail is not None and self._is_settled:
            self._pinned, self._pinned_subject = self._detail, self._subject
            self.changed.emit()

    def unpin(self) -> None:
        self._pinned, self._pinned_subject = None, NOBODY
        self.changed.emit()

    def clear(self) -> None:
        """Nothing of a patient stays."""
        self._record, self._detail, self._pinned = None, None, None
        self._subject = self._pinned_subject = NOBODY
        self._is_settled = True

    # -- answers --------------------------------------------------------------

    def _ask(self, record: Record, subject: Subject, key: str) -> None:
        documents, speaking = self._documents, self._speak()
        self._lanes.read(
            lambda: _Answer(record, subject, shown_of(record, subject, documents, speaking)),
            self._read,
            self._failed,
            key=key,
        )

    def _read(self, answer: _Answer) -> None:
        if answer.record is not self._record:
            return
        if answer.subject == self._subject:
            self._detail, self._is_settled = answer.shown, True
        if answer.subject == self._pinned_subject:
            self._pinned = answer.shown
            if answer.shown is None:
                self._pinned_subject = NOBODY
        self.changed.emit()

    def _failed(self, error: DossierError) -> None:
        self.failed.emit(error)


def shown_of(
    record: Record, subject: Subject, documents: DocumentService, speaking: Speaking
) -> DetailState | None:
    """The panel of a subject, its words read anew each time and kept for none."""
    if subject.ref is None:
        return curve_detail(record, subject.curve, speaking)
    members = members_of(record, subject.ref)
    written = any(rtype in WRITTEN for rtype, _ in members)
    letter = documents.read(record.owner, members) if written else None
    return detail(record, subject.ref, speaking, letter)
