"""Which line a person is looking at: it counts as read once they leave it."""

from PySide6.QtCore import QObject, Signal

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import Record
from ui.patient.detail_presenter import event_of
from ui.patient.state import Ref


class LookedAt(QObject):
    """`marked` names the patient of a line whose mark changed; `refused` the error that kept it from it."""

    marked = Signal(int)
    refused = Signal(object)

    def __init__(self, records: RecordService, lanes: Lanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records, self._lanes = records, lanes
        self._ref: Ref | None = None

    def chose(self, ref: Ref | None) -> None:
        """The person looks at this line from now on; None: what is shown was chosen by nobody."""
        self._ref = ref

    def left(self, record: Record | None) -> None:
        """Another line, or another patient: the one that was looked at is read."""
        ref, self._ref = self._ref, None
        if ref is not None:
            self.mark(record, ref, unread=False)

    def mark(self, record: Record | None, ref: Ref, *, unread: bool | None = None) -> None:
        """Read or unread as asked, else the other of the two; it stays so when it is left."""
        item = None if record is None else event_of(record, ref)
        if item is None or unread is item.unread:
            return
        if ref == self._ref:
            self._ref = None
        records, wanted = self._records, not item.unread

        def marked() -> int:
            records.mark_read(item.owner, item, unread=wanted)
            return item.owner

        self._lanes.write(marked, self._marked, self._failed)

    def _marked(self, owner: int) -> None:
        self.marked.emit(owner)

    def _failed(self, error: DossierError) -> None:
        self.refused.emit(error)
