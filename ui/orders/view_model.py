"""The list of orders that never came back: asked again when an order or a result changes."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import WHOLE_RECORD, ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.services.orders import AwaitedOrder, OrderService
from practitioner_app.services.writing import Written
from ui.entry import EntryModel, EntryTools
from ui.errors import error_sentence
from ui.orders.forms import PATHS, chase_form, chase_of, close_form, close_of
from ui.orders.presenter import awaited_state
from ui.orders.state import AwaitedRow, AwaitedState
from ui.speaking import Speaking

CALM_MS = 500
_TYPES = frozenset({"ServiceRequest", "Observation", "DiagnosticReport"}) | WHOLE_RECORD


class AwaitedModel(QObject):
    """Intents: refresh, choose; the forms of its two acts."""

    changed = Signal()
    acted = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        orders: OrderService,
        tools: EntryTools,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._orders, self._tools, self._speak = orders, tools, speak
        self._lines: tuple[AwaitedOrder, ...] = ()
        self._state = AwaitedState()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(CALM_MS)
        self._soon.timeout.connect(self.refresh)
        changes.published.connect(self._published)

    @property
    def state(self) -> AwaitedState:
        return self._state

    @Slot()
    def refresh(self) -> None:
        self._soon.stop()
        self._tools.lanes.read(self._orders.awaited, self._told, self._failed, key="awaited")

    @Slot(str)
    def choose(self, key: str) -> None:
        if key != self._state.chosen:
            self._present(key)

    def find(self, rid: str) -> AwaitedRow | None:
        """The line of an order, while it is awaited."""
        return next((row for row in self._state.rows if row.id == rid), None)

    def chasing(self, row: AwaitedRow) -> EntryModel[Any]:
        texts, today, orders = self._speak().texts, self._speak().today, self._orders
        parse = chase_of(texts, row)
        return self._entry(
            EntryModel(
                spec=chase_form(texts, row, today),
                owner=row.owner,
                parse=parse,
                write=orders.chase,
                tools=self._tools,
                paths=PATHS,
            )
        )

    def closing(self, row: AwaitedRow) -> EntryModel[Any]:
        orders = self._orders
        return self._entry(
            EntryModel(
                spec=close_form(self._speak().texts, row),
                owner=row.owner,
                parse=close_of(row),
                write=orders.close,
                tools=self._tools,
                paths=PATHS,
            )
        )

    def _entry(self, model: EntryModel[Any]) -> EntryModel[Any]:
        model.saved.connect(self._saved)
        return model

    @Slot(object)
    def _saved(self, written: Written) -> None:
        self.acted.emit(written)
        self.refresh()

    def _told(self, lines: tuple[AwaitedOrder, ...]) -> None:
        self._lines = lines
        self._present(self._state.chosen)

    def _present(self, chosen: str) -> None:
        state = awaited_state(self._lines, self._speak(), chosen=chosen)
        if state != self._state:
            self._state = state
            self.changed.emit()

    def _failed(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

    @Slot(ChangeSet)
    def _published(self, change: ChangeSet) -> None:
        touched = any(kinds & _TYPES for kinds in change.owners.values())
        if touched or change.about(Topic.PATIENTS, Topic.PURGE):
            self._soon.start()
