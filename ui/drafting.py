"""Keeping what is being typed: saved soon after the last key and never long after the first.

The text is on the disk at most `QUIET_MS` after the person pauses, and while they type without a pause
every `CEILING_MS`; with the time a save takes, a crash costs less than a second of typing. One save is
under way at a time; what was typed meanwhile is saved when it ends.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drafts import Slot as DraftSlot

QUIET_MS = 250
CEILING_MS = 600


class Drafting(QObject):
    """`typed` at each key; `typed_so_far` is asked when a save begins. Nothing here touches the disk."""

    kept = Signal()
    failed = Signal(object)
    """A save was refused (DossierError): what is typed is only on the screen."""

    def __init__(
        self,
        drafts: DraftService,
        lanes: Lanes,
        slot: DraftSlot,
        typed_so_far: Callable[[], Mapping[str, str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.slot = slot
        self._drafts, self._lanes, self._typed_so_far = drafts, lanes, typed_so_far
        self._quiet, self._ceiling = self._timer(QUIET_MS), self._timer(CEILING_MS)
        self._dirty = self._saving = False

    def _timer(self, wait_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(wait_ms)
        timer.timeout.connect(self._save)
        return timer

    def enter(self) -> None:
        """The person writes here from now on: a lock or a crash brings them back."""
        drafts, slot = self._drafts, self.slot
        self._lanes.write(lambda: drafts.write_in(slot), failed=self._refused)

    def leave(self) -> None:
        """They closed it themselves; what they typed stays in the list of drafts."""
        self.flush()
        self._lanes.write(self._drafts.leave, failed=self._refused)

    @property
    def is_kept(self) -> bool:
        """Everything typed is on the disk."""
        return not self._dirty and not self._saving

    @Slot()
    def typed(self) -> None:
        """A key was pressed."""
        self._dirty = True
        self._quiet.start()
        if not self._ceiling.isActive():
            self._ceiling.start()

    def flush(self) -> None:
        """Save what is not saved yet, whatever is under way: before a lock, and when the form closes."""
        if self._dirty:
            self._begin()

    def drop(self) -> None:
        """The person wants nothing of it kept."""
        self._rest()
        drafts, slot = self._drafts, self.slot
        self._lanes.write(lambda: drafts.drop(slot), failed=self._refused)

    def rest(self) -> None:
        """It is being signed: `DraftService.finish` ends the draft."""
        self._rest()

    def _rest(self) -> None:
        self._dirty = False
        self._quiet.stop()
        self._ceiling.stop()

    @Slot()
    def _save(self) -> None:
        if self._dirty and not self._saving:
            self._begin()

    def _begin(self) -> None:
        self._rest()
        self._saving = True
        drafts, slot, values = self._drafts, self.slot, dict(self._typed_so_far())
        self._lanes.write(lambda: drafts.keep(slot, values), self._done, self._refused)

    def _done(self, _nothing: None) -> None:
        self._saving = False
        if self._dirty and not self._quiet.isActive() and not self._ceiling.isActive():
            self._begin()
        else:
            self.kept.emit()

    def _refused(self, error: DossierError) -> None:
        self._saving = False
        self._dirty = True
        self._ceiling.start()
        self.failed.emit(error)
