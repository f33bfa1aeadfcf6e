"""The grid on the screen: figures right-aligned, signs in a lane of their own, the newest day on a ground."""

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.results.grid_model import FIRST_DAY, LABEL, UNIT, CellRole, GridModel, LineRole, NewestRole
from ui.results.state import CellState, LineState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.text import Run, draw_runs

ROW, HEAD, SIGN, PAD = 32, 30, 28, 12
_DAY_WIDTH, _DAY_MOST, _UNIT_WIDTH, _BAND_WIDTH = 116, 150, 128, 152
_LABEL_LEAST, _LABEL_WELL = 190, 420
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Head(QHeaderView):
    """Dates over their columns."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self.setFixedHeight(look.px(HEAD))
        self.setSectionsClickable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model, look, tr = self.model(), self._look, self._look.tr
        if not isinstance(model, GridModel):
            return
        is_day = FIRST_DAY <= section < model.band_column
        newest = is_day and bool(model.headerData(section, Qt.Orientation.Horizontal, NewestRole))
        painter.save()
        painter.fillRect(rect, look.colour("accentbg" if newest else "alt"))
        words = {LABEL: tr("Analysis"), UNIT: tr("Unit"), model.band_column: tr("Reference values")}
        text = (
            str(model.headerData(section, Qt.Orientation.Horizontal)) if is_day else words[section]
        )
        painter.setFont(look.font(Size.LABEL, Weight.BOLD if newest else Weight.SEMIBOLD))
        painter.setPen(look.colour("accent" if newest else "muted"))
        right = SIGN + 4 if is_day else PAD
        area = rect.adjusted(4 if is_day else PAD, 0, -right, 0)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, left if section == LABEL else _RIGHT, look.texts.shown(text))
        painter.restore()


class _Delegate(QStyledItemDelegate):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(60, self._look.px(ROW))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        line: LineState | None = index.data(LineRole)
        if line is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        cell: CellState | None = index.data(CellRole)
        if index.data(NewestRole) and index.column() >= FIRST_DAY:
            painter.fillRect(rect, self._look.colour("accentbg"))
        if cell is not None:
            self._paint_cell(painter, rect, cell, newest=bool(index.data(NewestRole)))
        else:
            self._paint_words(painter, rect, line, index.column())
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), self._look.colour("line"))
        if option.state & QStyle.StateFlag.State_Selected:
            wide = 2.0 if option.state & QStyle.StateFlag.State_HasFocus else 1.2
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._look.colour("accent"), wide))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -3), 4, 4)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, line: LineState, column: int) -> None:
        look = self._look
        area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
        if line.is_heading:
            if column == LABEL:
                run = Run(line.label, Weight.SEMIBOLD, "accent", Size.LABEL)
                draw_runs(painter, look, area, (run,))
            return
        if column == LABEL:
            runs = [Run(line.label)]
            if line.about:
                runs.append(Run(f"  {line.about}", Weight.REGULAR, "muted", Size.LABEL))
            draw_runs(painter, look, area, tuple(runs))
            return
        painter.setFont(look.font(Size.LABEL))
        painter.setPen(look.colour("muted"))
        text = look.texts.shown(line.unit if column == UNIT else line.band)
        whole = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, int(area.width())
        )
        painter.drawText(area, _RIGHT, whole)

    def _paint_cell(self, painter: QPainter, rect: QRect, cell: CellState, *, newest: bool) -> None:
        look = self._look
        tone = "danger" if cell.abnormal else "muted" if cell.absent else "text"
        weight = Weight.BOLD if newest and not cell.absent else Weight.REGULAR
        size = Size.LABEL if cell.absent else Size.BODY
        area = QRectF(rect).adjusted(4, 0, -(SIGN + 4), 0)
        painter.setFont(look.font(size, Weight.SEMIBOLD if cell.abnormal else weight))
        painter.setPen(look.colour(tone))
        text = look.texts.shown(cell.text)
        room = int(area.width())
        painter.drawText(
            area,
            _RIGHT,
            painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room),
        )
        lane = QRectF(rect.right() - SIGN + 1, rect.y(), SIGN, rect.height())
        if cell.waiting:
            side = look.px(14)
            spot = QRectF(lane.x() + 4, lane.center().y() - side / 2, side, side).topLeft()
            look.icons.draw(painter, spot.toPoint(), "hourglass", look.colour("info"), side)
        elif cell.sign:
            painter.setFont(look.font(Size.CAPTION, Weight.BOLD))
            painter.setPen(look.colour("danger"))
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(lane, left, cell.sign)


class GridTable(QTableView):
    """Arrows go from value to value, and beyond the days in sight; J and K as the arrows do."""

    line_chosen = Signal(str)
    curve_wanted = Signal()
    window_moved = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.grid = GridModel(self)
        self.setModel(self.grid)
        self.setItemDelegate(_Delegate(look, self))
        self.setHorizontalHeader(_Head(look, self))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(look.px(ROW))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(look.tr("Results by family"))
        self.selectionModel().currentChanged.connect(self._moved)

    def show_lines(self, key: str) -> None:
        """After the model changed: widths, spans, and the focus on the newest value of the line `key`."""
        self._lay_out()
        self.clearSpans()
        for row in range(self.grid.rowCount()):
            line = self.grid.line(row)
            if line is not None and line.is_heading:
                self.setSpan(row, 0, 1, self.grid.columnCount())
        self.choose(key)

    def choose(self, key: str) -> None:
        """The newest day in sight of a line."""
        place = self.grid.place_of(key)
        if place >= 0 and self.grid.shown:
            self.setCurrentIndex(self.grid.index(place, self.grid.band_column - 1))

    def _lay_out(self) -> None:
        look, grid = self._look, self.grid
        if not grid.columnCount():
            return
        day, unit, band = (look.px(wide) for wide in (_DAY_WIDTH, _UNIT_WIDTH, _BAND_WIDTH))
        spare = self.viewport().width() - unit - band - look.px(_LABEL_WELL)
        day = max(day, min(look.px(_DAY_MOST), spare // max(1, grid.shown)))
        rest = self.viewport().width() - unit - band - grid.shown * day
        widths = {LABEL: max(look.px(_LABEL_LEAST), rest), UNIT: unit, grid.band_column: band}
        for column in range(grid.columnCount()):
            self.setColumnWidth(column, widths.get(column, day))

    def _room(self) -> int:
        look = self._look
        fixed = look.px(_UNIT_WIDTH + _BAND_WIDTH + _LABEL_LEAST)
        return max(1, (self.viewport().width() - fixed) // look.px(_DAY_WIDTH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        key = self.chosen_key()
        if self._room() != self.grid.room:
            self.grid.fit(self._room())
            self.show_lines(key)
            self.window_moved.emit()
        else:
            self._lay_out()

    def chosen_key(self) -> str:
        line = self.grid.line(self.currentIndex().row())
        return line.key if line is not None else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        here, key = self.currentIndex(), Qt.Key(event.key())
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.curve_wanted.emit()
            return
        if key in {Qt.Key.Key_J, Qt.Key.Key_K} and not event.modifiers():
            self.step(1 if key == Qt.Key.Key_J else -1)
            return
        edge = {Qt.Key.Key_Left: FIRST_DAY, Qt.Key.Key_Right: self.grid.band_column - 1}.get(key)
        if edge is not None and here.column() == edge:
            if self.grid.move(-1 if key == Qt.Key.Key_Left else 1):
                self.window_moved.emit()
            return
        if key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            first = key == Qt.Key.Key_Home
            self.grid.move(-self.grid.days if first else self.grid.days)
            column = FIRST_DAY if first else self.grid.band_column - 1
            self.setCurrentIndex(self.grid.index(here.row(), column))
            self.window_moved.emit()
            return
        super().keyPressEvent(event)

    def step(self, by: int) -> None:
        """The next line, over the headings."""
        row, column = self.currentIndex().row() + by, self.currentIndex().column()
        while 0 <= row < self.grid.rowCount():
            index = self.grid.index(row, column)
            if self.grid.flags(index) & Qt.ItemFlag.ItemIsEnabled:
                self.setCurrentIndex(index)
                return
            row += by

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, before: QModelIndex) -> None:
        line = self.grid.line(current.row())
        if line is not None and line.cells and current.row() != before.row():
            self.line_chosen.emit(line.key)
