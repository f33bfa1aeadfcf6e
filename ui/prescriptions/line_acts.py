"""What a person does to the lines of the open draft; each is one new draft of the model."""

from decimal import Decimal

from msgspec import structs
from PySide6.QtCore import QObject, Slot

from practitioner_app.services.prescription_draft import Draft
from ui.formats import plain_decimal
from ui.forms import Answers
from ui.i18n import Texts
from ui.prescriptions.line_form import line_from
from ui.prescriptions.view_model import PrescriptionModel

_HEAVIEST = Decimal(200)


class LineActs(QObject):
    """Does nothing where no draft is open."""

    def __init__(self, model: PrescriptionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    @property
    def _draft(self) -> Draft | None:
        return self._model.draft

    @Slot(int)
    def remove(self, key: int) -> None:
        if self._draft is not None:
            self._model.become(self._draft.without(key))

    @Slot(int)
    def change_zone(self, key: int) -> None:
        if self._draft is not None and self._model.checked.ald:
            self._model.become(self._draft.zoned(key))

    @Slot(int, int)
    def move(self, key: int, step: int) -> None:
        if self._draft is not None:
            self._model.become(self._draft.moved(key, step))

    @Slot(int, str)
    def give_reason(self, key: int, text: str) -> None:
        """In spite of the allergies known at this moment (HZ-04)."""
        draft = self._draft
        if draft is None:
            return
        known = tuple(one.row.id for one in self._model.checked.of(key).allergens)
        self._model.become(draft.changed(key, reason=text, reason_for=known))

    def change_line(self, key: int, answers: Answers, texts: Texts) -> None:
        """The form of a line; raises WrongField."""
        draft = self._draft
        line = draft.line(key) if draft is not None else None
        if draft is None or line is None:
            return
        found = line_from(texts, line, answers)
        self._model.become(draft.with_line(found))

    def weigh(self, text: str, today: str) -> bool:
        """The weight of today in kg; False where it cannot be one."""
        draft = self._draft
        if draft is None:
            return False
        if not text.strip():
            self._model.become(structs.replace(draft, weight=None, weight_day=""))
            return True
        value = plain_decimal(text)
        if value is None or not 0 < value <= _HEAVIEST:
            return False
        self._model.become(structs.replace(draft, weight=value, weight_day=today))
        return True
