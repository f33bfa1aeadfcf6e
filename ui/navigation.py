"""Where one is: which page stands in the frame, and what stands in its head."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ui.frame import Frame
from ui.patient.screen import RecordState
from ui.theme.look import Look

RECORD, SYNC, SETTINGS, CONFLICT = "record", "sync", "settings", "conflict"
RESULTS, TASKS, EMPTY = "results", "tasks", "empty"
AWAITED = "awaited"


class Navigator(QObject):
    """Shows pages in the frame. A one-patient page is shown with its banner or not at all (HZ-01)."""

    moved = Signal(str)

    def __init__(
        self, frame: Frame, look: Look, device_name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._frame, self._look, self._device_name = frame, look, device_name
        self._pages: dict[str, QWidget] = {}
        self._titles: dict[str, str] = {}
        self._marks: dict[str, str] = {}
        self._of_patient: dict[str, bool] = {}
        self._place = ""
        self._record: RecordState | None = None
        self._waiting = False

    @property
    def place(self) -> str:
        return self._place

    def add(self, place: str, page: QWidget, title: str = "", *, under: str = "") -> None:
        """A page that speaks of no patient or of several: a title stands in its head. `under`: the place of
        the rail that leads there, where it is not on the rail itself.
        """
        self._pages[place], self._titles[place] = page, title
        self._marks[place] = under or place
        self._frame.add_page(page)

    def add_of_patient(self, place: str, page: QWidget, *, strip: bool = False) -> None:
        """A page of the open record: under its banner, and with its clinical strip where asked."""
        self.add(place, page)
        self._of_patient[place] = strip

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
        """Go there; a page of the open record, without one, is the page that says that none is open."""
        moved = place != self._place
        self._place = place
        record, strip = self._record, self._of_patient.get(place)
        if strip is None:
            self._show_titled(place, self._pages[place], self._titles[place])
        elif record is not None:
            shown = record.strip if strip else None
            self._frame.show_record_page(self._pages[place], record.banner, shown)
        elif self._waiting:
            self._frame.show_record_page(self._pages[place], None, () if strip else None)
        else:
            self._show_titled(place, self._pages[EMPTY], self._look.tr("Record"))
        if moved:
            self.moved.emit(place)

    def _show_titled(self, place: str, page: QWidget, title: str) -> None:
        device = self._device_name
        about = self._look.tr("computer {device}", device=device) if place == SYNC else ""
        self._frame.show_page(self._marks[place], page, title, about, self.open_record)
