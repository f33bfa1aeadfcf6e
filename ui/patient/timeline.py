"""The timeline column: a filter, its chips, the list, and the sentence that never goes away."""

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QButtonGroup,
    QLineEdit,
    QListView,
    QStackedLayout,
    QWidget,
)

from ui.patient.delegate import TimelineDelegate
from ui.patient.model import RowRole, TimelineModel
from ui.patient.rows import TimelineRows
from ui.patient.state import FilterState, Ref, TimelineRow
from ui.theme.look import Look
from ui.theme.tokens import Size
from ui.typography import NBSP
from ui.widgets.button import KeyCap
from ui.widgets.card import Card, Rule, column, empty_out, row, unseen
from ui.widgets.chip import FilterChip
from ui.widgets.flow import FlowLayout
from ui.widgets.form import put_glyph
from ui.widgets.overlay import EmptyState
from ui.widgets.roles import Role
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel


class TimelineColumn(QWidget):
    """Emits the row chosen and the filter asked for; keeps selection and scroll across updates."""

    spoken_role = Role.Grouping

    chosen = Signal(TimelineRow)
    opened = Signal(TimelineRow)
    filtered = Signal(str)
    searched = Signal(str)
    unfolded = Signal(str, bool)
    """The key of a line, and whether its older versions are to be shown."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._filters: tuple[FilterState, ...] = ()
        self._why = ""
        self._is_told = False
        self.setAccessibleName(look.tr("Timeline"))
        stack = column(8)
        stack.addWidget(self._search_box())
        self._chips = FlowLayout(6)
        self._chips_box = QWidget()
        self._chips_box.setLayout(self._chips)
        stack.addWidget(self._chips_box)
        stack.addWidget(self._list_card(), 1)
        self.setLayout(stack)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._chip_clicked)

    def _search_box(self) -> QWidget:
        look = self._look
        self._edit = QLineEdit()
        self._edit.setFont(look.font())
        self._edit.setPlaceholderText(look.texts.shown(look.tr("Filter the timeline")))
        self._edit.setAccessibleName(look.tr("Filter the timeline"))
        self._edit.setAccessibleDescription("Ctrl+F")
        self._edit.textChanged.connect(self.searched)
        self._edit.installEventFilter(self)
        put_glyph(self._edit, look, "filter", KeyCap(look, "Ctrl+F", self._edit))
        return self._edit

    def _list_card(self) -> Card:
        look = self._look
        card = Card(look, pad=0)
        card.body.setContentsMargins(1, 1, 1, 1)
        self.model = TimelineModel(self)
        self.list = StepList()
        self.list.setModel(self.model)
        self.list.setItemDelegate(TimelineDelegate(look, self.list))
        self.list.setAccessibleName(look.tr("Timeline"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(False)
        self.list.setUniformItemSizes(False)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(200)
        self.list.selectionModel().selectionChanged.connect(self._selection)
        self.list.activated.connect(self._activated)
        self.list.installEventFilter(self)
        self._empty = QWidget()
        self._empty_box = column()
        self._empty.setLayout(self._empty_box)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        card.body.addLayout(self._stack, 1)
        card.body.addWidget(Rule(look))
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("info", look.colour("muted"), look.px(14)))
        self._notice = PlainLabel(look, size=Size.LABEL, colour="muted", wrap=True)
        line = row(mark, margins=(12, 5, 12, 5))
        line.addWidget(self._notice, 1)
        card.body.addLayout(line)
        return card

    # -- state ----------------------------------------------------------------

    def show_rows(self, rows: TimelineRows, why_empty: str, hidden_notice: str) -> None:
        self._notice.setText(hidden_notice)
        self._is_told = True  # a line that goes chooses no other one
        self.model.show_rows(rows)
        self._is_told = False
        self.list.viewport().update()  # the same lines, other words marked in them
        if why_empty != self._why:
            self._why = why_empty
            empty_out(self._empty_box)
            if why_empty:
                self._empty_box.addWidget(EmptyState(self._look, why_empty))
        self._stack.setCurrentIndex(1 if why_empty else 0)

    def show_filters(self, filters: tuple[FilterState, ...], chosen: str) -> None:
        """The chips change in their places; those no longer needed go."""
        if filters == self._filters:
            return
        self._filters = filters
        chips = [chip for chip in self._group.buttons() if isinstance(chip, FilterChip)]
        with unseen(self._chips_box):
            for _ in range(len(chips), len(filters)):
                chip = FilterChip(self._look)
                self._group.addButton(chip)
                self._chips.addWidget(chip)
                chips.append(chip)
            for place, chip in enumerate(chips):
                state = filters[place] if place < len(filters) else FilterState("", "", 0)
                chip.show_filter(
                    state.word,
                    state.count if state.counted else None,
                    checked=bool(state.key) and state.key == chosen,
                )
                chip.setProperty("filter_key", state.key)
                chip.setVisible(place < len(filters))
        self._chips_box.setMinimumHeight(0)

    def clear(self) -> None:
        """No row, no count, no sentence of a patient; the list keeps its place on the screen."""
        height = self._chips_box.height()
        self.show_filters((), "")
        self._chips_box.setMinimumHeight(height)
        self.show_rows(TimelineRows(), "", NBSP)
        self.clear_filter()

    def clear_filter(self) -> None:
        """At a change of patient no filter stays (HZ-17)."""
        self._edit.clear()

    def focus_filter(self) -> None:
        self._edit.setFocus()
        self._edit.selectAll()

    def select(self, place: int) -> None:
        index = self.model.index(place)
        if index.isValid():
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)

    def mark(self, ref: Ref | None) -> None:
        """The line that is shown beside the list is the one marked in it; none where it is no line of it."""
        place = -1 if ref is None else self.model.place_of(f"{ref.rtype}/{ref.id}")
        self._is_told = True
        if place < 0:
            self.list.selectionModel().clearSelection()
        elif place != self.list.currentIndex().row() or not self.list.selectedIndexes():
            self.select(place)
        self._is_told = False

    def select_first(self) -> None:
        """What is new, else the latest."""
        place = self.model.next_new(-1, 1)
        if place < 0:
            self.list.setCurrentIndex(QModelIndex())
            self.list.step(1)
        else:
            self.select(place)

    # -- intents --------------------------------------------------------------

    @Slot(QAbstractButton)
    def _chip_clicked(self, chip: QAbstractButton) -> None:
        self.filtered.emit(str(chip.property("filter_key")))

    @Slot(QItemSelection, QItemSelection)
    def _selection(self, chosen: QItemSelection, _left: QItemSelection) -> None:
        places = chosen.indexes()
        if places and not self._is_told:
            self.chosen.emit(places[0].data(RowRole))

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        row_ = index.data(RowRole)
        if row_ is not None and row_.group is None:
            self.opened.emit(row_)

    def _arrow(self, key: Qt.Key) -> bool:
        """Right shows the versions a line stands for, left folds them again, from one of them too."""
        place = self.list.currentIndex().row()
        if key not in {Qt.Key.Key_Right, Qt.Key.Key_Left} or place < 0:
            return False
        row_ = self.model.rows[place]
        if key == Qt.Key.Key_Left and row_.is_older:
            while place > 0 and row_.is_older:
                place -= 1
                row_ = self.model.rows[place]
            self.select(place)
        if not row_.versions:
            return False
        self.unfolded.emit(row_.key, key == Qt.Key.Key_Right)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if watched is self.list:
                return self._arrow(Qt.Key(event.key()))
            if event.key() == Qt.Key.Key_Down:
                self.list.setFocus()
                self.list.step(1)
                return True
            if event.key() == Qt.Key.Key_Escape and self._edit.text():
                self._edit.clear()
                return True
        return super().eventFilter(watched, event)
