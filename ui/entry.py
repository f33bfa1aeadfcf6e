"""Entering something: a form as a value, and the view-model that checks it, saves it, keeps its draft.

One pattern for allergies, problems, treatments and the small questions (a reason, an end date): a
`FormSpec` says what is asked, `parse` turns the answers into a frozen command or says which field is
wrong, `write` runs on the write lane. The command carries the owner of the key press (HZ-01).
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.clock import Clock, to_wire
from dossier.errors import DossierError, Invalid
from dossier.wire import codec
from practitioner_app.ports import Drafts
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.writing import Written
from ui.forms import Answers, EntryState, FormSpec, WrongField

C = TypeVar("C")
DRAFT_MS = 800


class EntryTools(Struct, frozen=True, kw_only=True):
    """What every form works with. `sentence` turns an error into words."""

    lanes: Lanes
    drafts: Drafts
    clock: Clock
    sentence: Callable[[DossierError], str]


class EntryModel(QObject, Generic[C]):
    """State and intents of one form. `paths` maps the path of a refusal to the field it speaks of."""

    changed = Signal()
    saved = Signal(object)

    def __init__(
        self,
        *,
        spec: FormSpec,
        owner: int,
        parse: Callable[[Answers], C],
        write: Callable[[C], Written],
        tools: EntryTools,
        paths: Mapping[str, str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.spec = spec
        self.owner = owner
        self._parse, self._write, self._sentence = parse, write, tools.sentence
        self._lanes, self._drafts, self._clock = tools.lanes, tools.drafts, tools.clock
        self._paths = dict(paths or {})
        self._state = EntryState(values=dict(spec.values))
        self._key = f"{spec.key}:{owner}"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAFT_MS)
        self._timer.timeout.connect(self.keep_draft)

    @property
    def state(self) -> EntryState:
        return self._state

    def _set(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)
        self.changed.emit()

    # -- intents --------------------------------------------------------------

    def look_for_draft(self) -> None:
        """Bring back what was being typed before a lock or a crash."""
        self._lanes.read(self._read_draft, self._draft_read)

    def edit(self, field: str, text: str) -> None:
        """A field changed under the fingers; its error, if any, goes."""
        values = {**self._state.values, field: text}
        errors = {key: said for key, said in self._state.errors.items() if key != field}
        self._state = msgspec.structs.replace(
            self._state, values=values, errors=errors, problem="", draft_found=False
        )
        self._timer.start()

    def submit(self) -> None:
        """Check, then write. Nothing is sent twice: a second press while saving does nothing."""
        if self._state.saving:
            return
        missing = {
            field.key: ""
            for field in self.spec.fields
            if field.required and not self._state.values.get(field.key, "").strip()
        }
        if missing:
            self._set(errors=dict.fromkeys(missing, "required"))
            return
        try:
            command = self._parse(self._state.values)
        except WrongField as wrong:
            self._set(errors={wrong.field: wrong.sentence})
            return
        self._timer.stop()
        self._set(saving=True, errors={}, problem="")
        write = self._write
        self._lanes.write(lambda: write(command), self._written, self._refused)

    @Slot()
    def keep_draft(self) -> None:
        """Put what was typed in safety; called a moment after the last key and at a lock.

        Only what differs from what the form began with: the rest belongs to the row, which may change or
        be taken away meanwhile.
        """
        self._timer.stop()
        began = self.spec.values
        typed = {
            key: said for key, said in self._state.values.items() if said != began.get(key, "")
        }
        if not typed:
            self.abandon()
            return
        text = codec.encode(typed)
        drafts, key, owner, at = self._drafts, self._key, self.owner, to_wire(self._clock.now())
        self._lanes.write(lambda: drafts.keep(key, owner, text, at))

    def abandon(self) -> None:
        """The person closed the form and wants nothing of it kept."""
        self._timer.stop()
        drafts, key = self._drafts, self._key
        self._lanes.write(lambda: drafts.drop(key))

    # -- answers --------------------------------------------------------------

    def _read_draft(self) -> dict[str, str]:
        raw = self._drafts.get(self._key)
        return codec.decode(raw, dict[str, str]) if raw else {}

    def _draft_read(self, values: dict[str, str]) -> None:
        if values:
            self._set(values={**self._state.values, **values}, draft_found=True)

    def _written(self, written: Written) -> None:
        self.abandon()
        self._set(saving=False)
        self.saved.emit(written)

    def _refused(self, error: DossierError) -> None:
        errors: dict[str, str] = {}
        if isinstance(error, Invalid):
            for issue in error.issues:
                field = self._paths.get(issue.path)
                if field:
                    errors[field] = issue.rule
        problem = "" if errors else self._sentence(error)
        self._set(saving=False, errors=errors, problem=problem)
