"""Where one is: which page stands in the frame, and what stands in its head."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ui.frame import Frame
from ui.patient.screen import RecordState
from ui.theme.look import Look

RECORD, SYNC, SETTINGS, CONFLICT = "record", "sync", "settings", "conflict"
RESULTS = "results"


class Navigator(QObject):
    """Shows pages in the frame. A one-patient page is shown with its banner or not at all (HZ-01)."""

    moved = Signal(str)

    def __init__(
        self, frame: Frame, look: Look, device_name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._frame, self._look, self._device_name = frame, look, device_name
        self._pages: dict[str, QWidget] = {}
        self._place = ""
        self._record: RecordState | None = None
        self._waiting = False

    @property
    def place(self) -> str:
        return self._place

    def add(self, place: str, page: QWidget) -> None:
        self._pages[place] = page
        self._frame.add_page(page)

    def page(self, place: str) -> QWidget:
        return self._pages[place]

    def record_is(self, record: RecordState | None, *, waiting: bool = False) -> None:
        """The open record, for the chip of the other screens and for its own banner. `waiting`: one is
        being read; its page stands there, still without a word.
        """
        self._record, self._waiting = record, waiting
        if record is None:
            self._frame.forget_patient()
        if self._place:
            self.go(self._place)

    @property
    def open_record(self) -> str:
        """Name and birth date of the open record, empty when there is none."""
        if self._record is None:
            return ""
        banner = self._record.banner
        return f"{banner.name}, {banner.born.split(' (')[0]}"

    def go(self, place: str) -> None:
        """Go there; the record's page without a record is its empty page."""
        moved = place != self._place
        self._place = place
        tr, record = self._look.tr, self._record
        if place == RECORD and record is not None:
            self._frame.show_record_page(self._pages[RECORD], record.banner, record.strip)
        elif place == RECORD and self._waiting:
            self._frame.show_record_page(self._pages[RECORD], None, ())
        elif place == CONFLICT and record is not None:
            self._frame.show_record_page(self._pages[CONFLICT], record.banner, None)
        else:
            titles = {
                RECORD: tr("Record"),
                SYNC: tr("Sending and updating"),
                SETTINGS: tr("Settings"),
                CONFLICT: tr("Two versions to settle"),
                RESULTS: tr("Results"),
            }
            page = self._pages["empty" if place == RECORD else place]
            about = tr("computer {device}", device=self._device_name) if place == SYNC else ""
            self._frame.show_page(place, page, titles[place], about, self.open_record)
        if moved:
            self.moved.emit(place)
