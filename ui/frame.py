"""The frame around every screen: banner or header, strip, rail, content, status bar.

The banner is shown with one-patient screens only, and always with the patient of the content: the
frame is told both in one call (HZ-01).
"""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.banner import BannerState, PatientBanner
from ui.widgets.button import Button, Kind
from ui.widgets.card import Ground, row
from ui.widgets.header import Header
from ui.widgets.rail import NavRail, RailItem
from ui.widgets.roles import Role
from ui.widgets.status_bar import StatusBar, StatusState
from ui.widgets.strip import ClinicalStrip, StripCell
from ui.widgets.text import PlainLabel

NARROW = 1360


class Notice(Ground):
    """One line above everything: this is the demonstration, continuity mode is on, an alarm stands. `act`: the
    word of its link, `key` the key that does the same: the link itself takes no focus from what is being typed.
    """

    spoken_role = Role.Notification

    acted = Signal()

    def __init__(
        self,
        look: Look,
        sentence: str,
        *,
        act: str = "",
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, "warnbg", "bottom", parent)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("alert", look.colour("warn"), look.px(14)))
        self._words = PlainLabel(
            look, sentence, size=Size.LABEL, weight=Weight.MEDIUM, colour="warn", wrap=True
        )
        line = row(mark, margins=(16, 4, 16, 5))
        line.addWidget(self._words, 1)
        if act:
            link = Button(look, act, kind=Kind.LINK, key=key)
            link.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            link.clicked.connect(self._act)
            line.addWidget(link)
        self.setLayout(line)

    @Slot()
    def _act(self) -> None:
        self.acted.emit()

    def show_sentence(self, sentence: str) -> None:
        """Another sentence; an empty one hides the line."""
        self._words.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))


class Pages(QStackedWidget):
    """The screens. One that wants more height than there is gives way itself: banner, strip and status bar
    are never pressed to less than their words need.
    """

    def hasHeightForWidth(self) -> bool:
        return False

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class Frame(QWidget):
    """Holds the screens; emits what rail, header and status bar are asked."""

    place_asked = Signal(str)
    search_asked = Signal()
    record_asked = Signal()
    centre_asked = Signal()
    lock_asked = Signal()

    def __init__(
        self,
        look: Look,
        items: tuple[RailItem, ...],
        *,
        notice: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._items = items
        self._place = ""
        self._banner_state: BannerState | None = None
        self._badges: dict[str, int] = {}
        stack = self._stack = QVBoxLayout(self)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        if notice:
            stack.addWidget(Notice(look, notice))
        self.continuity = Notice(look, "")
        self.continuity.hide()
        stack.addWidget(self.continuity)
        self.alarm = Notice(look, "", act=look.tr("See your computers"), key="Alt+4")
        self.alarm.hide()
        stack.addWidget(self.alarm)
        self.banner = PatientBanner(look)
        self.header = Header(look)
        self.strip = ClinicalStrip(look)
        for part in (self.banner, self.header, self.strip):
            stack.addWidget(part)
        self._middle = QHBoxLayout()
        self._middle.setContentsMargins(0, 0, 0, 0)
        self._middle.setSpacing(0)
        self.pages = Pages()
        self.rail = self._make_rail(narrow=False)
        self._middle.addWidget(self.rail)
        self._middle.addWidget(self.pages, 1)
        stack.addLayout(self._middle, 1)
        self.status = StatusBar(look)
        stack.addWidget(self.status)
        self.header.search_asked.connect(self.search_asked)
        self.header.record_asked.connect(self.record_asked)
        self.status.centre_asked.connect(self.centre_asked)
        self.status.lock_asked.connect(self.lock_asked)

    def _make_rail(self, *, narrow: bool) -> NavRail:
        self._narrow = narrow
        rail = NavRail(self._look, self._items, narrow=narrow)
        rail.asked.connect(self.place_asked)
        rail.show_place(self._place)
        for key, count in self._badges.items():
            rail.set_badge(key, count)
        return rail

    def add_band(self, band: QWidget) -> None:
        """Something to say, in a band above the status bar."""
        self._stack.insertWidget(self._stack.indexOf(self.status), band)

    def add_page(self, page: QWidget) -> None:
        self.pages.addWidget(page)

    def show_record_page(
        self, page: QWidget, banner: BannerState | None, strip: tuple[StripCell, ...] | None
    ) -> None:
        """A one-patient screen. Without `strip`, the page has a head of its own; without `banner`, the
        patient is still being read and nothing is said of anybody.
        """
        self._banner_state = banner
        self._fit()
        self.banner.show_state(banner, compact=self._narrow or self._look.roomy)
        self.banner.show()
        self.header.hide()
        self.strip.setVisible(strip is not None)
        if strip is not None:
            self.strip.show_cells(strip)
        self.pages.setCurrentWidget(page)
        self._mark("record")

    def forget_patient(self) -> None:
        """Nobody is open any more: no word of a patient stays in banner or strip, in sight or not."""
        self._banner_state = None
        self.banner.show_state(None, compact=self._narrow or self._look.roomy)
        self.strip.show_cells(())

    def show_page(self, place: str, page: QWidget, title: str, about: str, record: str) -> None:
        """A screen about several patients, or about none."""
        self.banner.hide()
        self.strip.hide()
        self.header.show_head(title, about, record)
        self.header.show()
        self.pages.setCurrentWidget(page)
        self._mark(place)

    def _mark(self, place: str) -> None:
        """Where one is, on the rail."""
        self._place = place
        self.rail.show_place(place)

    def mark_again(self) -> None:
        """A button of the rail marks itself when it is pressed; where one is stays marked."""
        self.rail.show_place(self._place)

    def show_status(self, state: StatusState) -> None:
        self.status.show_state(state)

    def set_badge(self, key: str, count: int) -> None:
        self._badges[key] = count
        self.rail.set_badge(key, count)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Icons alone on the rail and a compact banner below 1360 px."""
        narrow = self.width() < NARROW
        if narrow == self._narrow:
            return
        before, self.rail = self.rail, self._make_rail(narrow=narrow)
        self._middle.replaceWidget(before, self.rail)
        before.hide()
        before.deleteLater()
        if self._banner_state is not None:
            self.banner.show_state(self._banner_state, compact=narrow or self._look.roomy)
