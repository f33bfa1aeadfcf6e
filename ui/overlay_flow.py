"""What lies above the screens of a session, and every key of the registry."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from ui.navigation import RECORD, RESULTS, SETTINGS, SYNC, TASKS
from ui.patient.state import Ref
from ui.search.state import HitKind, HitRow
from ui.search.view import TOP
from ui.session_flow import SessionSurface

SHEET_WIDTH, MARGIN = 1080, 24


class OverlayFlow(QObject):
    """The palette, the F1 sheet, and every key of the registry."""

    def __init__(self, session: SessionSurface) -> None:
        super().__init__(session)
        self._session = session
        self._bound: dict[str, Callable[[], None]] = {}
        model, view = session.models.palette, session.palette_view
        model.changed.connect(self._show)
        view.typed.connect(self._type)
        view.chosen.connect(self._chosen)
        view.closed.connect(self.close)
        session.veil.closed.connect(self.close)
        session.sheet.closed.connect(self.close)
        session.empty.asked.connect(self.open_palette)
        session.frame.search_asked.connect(self.open_palette)
        session.frame.record_asked.connect(self._to_record)
        session.frame.centre_asked.connect(self._to_centre)
        session.frame.place_asked.connect(self.run)

    @Slot()
    def _show(self) -> None:
        session = self._session
        session.palette_view.show_state(session.models.palette.state)
        if session.palette_view.isVisible():
            self.place()

    @Slot(str)
    def _type(self, words: str) -> None:
        self._session.models.palette.type(words)

    def place(self) -> None:
        """Under the banner, above the status bar: one still sees whose record is open."""
        session, frame, veil = self._session, self._session.frame, self._session.veil
        top = frame.banner.mapTo(session, frame.banner.rect().bottomLeft()).y() + 1
        if not frame.banner.isVisible():
            top = frame.header.mapTo(session, frame.header.rect().topLeft()).y()
        bottom = frame.status.mapTo(session, frame.status.rect().topLeft()).y()
        veil.setGeometry(0, top, session.width(), bottom - top)
        palette = session.palette_view
        width = min(palette.maximumWidth(), session.width() - 2 * MARGIN)
        height = palette.height_for(bottom - TOP - MARGIN)
        palette.setGeometry((session.width() - width) // 2, TOP, width, height)
        sheet = min(SHEET_WIDTH, session.width() - 2 * MARGIN)
        room = min(session.sheet.height_for(sheet), bottom - top - 2 * MARGIN)
        session.sheet.setGeometry((session.width() - sheet) // 2, top + MARGIN, sheet, room)

    @Slot()
    def open_palette(self) -> None:
        session = self._session
        owner = session.models.record.state.owner
        session.models.palette.begin(owner, session.navigator.open_record)
        session.veil.open_panel(session.palette_view)
        self.place()
        session.palette_view.edit.setFocus()

    @Slot()
    def open_sheet(self) -> None:
        session = self._session
        session.veil.open_panel(session.sheet)
        self.place()
        session.sheet.setFocus()

    @Slot()
    def close(self) -> None:
        session = self._session
        for panel in (session.palette_view, session.sheet):
            panel.hide()
        session.veil.close_panel()
        session.models.palette.stop()
        if session.navigator.place == RECORD and session.models.record.state.record is not None:
            panel_open = not session.models.forms.is_free
            target = session.record_view.panel if panel_open else session.record_view.timeline.list
            if target is not None:
                target.setFocus()

    @Slot(HitRow)
    def _chosen(self, hit: HitRow) -> None:
        self.close()
        if hit.kind is HitKind.ACTION:
            self.run(hit.key)
        elif hit.kind is HitKind.PATIENT:
            self._session.record_flow.open(hit.owner)
        else:
            self._session.record_flow.open(hit.owner, Ref(hit.rtype, hit.rid))

    @Slot()
    def _to_record(self) -> None:
        self._session.navigator.go(RECORD)

    @Slot()
    def _to_centre(self) -> None:
        self._session.navigator.go(SYNC)

    @Slot(str)
    def run(self, key: str) -> None:
        """Do what a key, the rail or the palette asks."""
        session = self._session
        kind, _, about = key.partition(":")
        if kind == "add":
            session.record_flow.add(about)
            return
        if kind == "lock":
            session.lock_asked.emit()  # nothing of this session is left when it returns
            return
        if kind == "set":
            session.setting_asked.emit(about)  # nothing of this session is left when it returns
            return
        acts = {
            "none": session.record_flow.say_none,
            "palette": self.open_palette,
            "find": self.open_palette,
            "help": self.open_sheet,
            "send": session.sync_flow.send_now,
            "undo": session.record_flow.undo,
            "edit": session.record_flow.edit_chosen,
            "settle": session.sync_flow.settle_next,
            "filter": session.record_view.find_here,
            "pin": self._pin,
            "panes": self._panes,
            "close_record": self._close_record,
        }
        act = acts.get(kind) or self._bound.get(kind)
        if act is not None:
            act()
        elif kind in {RECORD, RESULTS, SYNC, SETTINGS, TASKS}:
            session.navigator.go(kind)
        session.frame.mark_again()

    def bind(self, key: str, act: Callable[[], None]) -> None:
        """What a key of the registry does on a page that has a flow of its own."""
        self._bound[key] = act

    def _panes(self) -> None:
        session = self._session
        if session.navigator.place == RECORD:
            back = session.work_lists_flow.comes_from_here()
            if not session.record_view.cycle_panes(leaving=back) and back:
                session.navigator.go(TASKS)
        else:
            self._to_record()

    def _pin(self) -> None:
        """P: the line beside stays; once more, it goes."""
        session, model = self._session, self._session.models.record
        if session.navigator.place != RECORD or not session.models.forms.is_free:
            return
        if model.state.pinned is None or model.state.pinned != model.state.detail:
            model.pin()
        else:
            model.unpin()

    def _close_record(self) -> None:
        self._session.models.forms.drop()
        self._session.models.record.leave()
