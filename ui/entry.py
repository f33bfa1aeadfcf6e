"""Entering something: a form as a value, and the view-model that checks it, saves it, keeps its draft.

One pattern for allergies, problems, treatments and the small questions (a reason, an end date): a
`FormSpec` says what is asked, `parse` turns the answers into a frozen command or says which field is
wrong, `write` runs on the write lane. The command carries the owner of the key press (HZ-01).
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from dossier.errors import DossierError, Invalid
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.writing import Written
from ui.drafting import Drafting
from ui.forms import Answers, EntryState, FormSpec, WrongField

C = TypeVar("C")


class EntryTools(Struct, frozen=True, kw_only=True):
    """What every form works with. `sentence` turns an error into words."""

    lanes: Lanes
    drafts: DraftService
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
        self._lanes, self._drafts = tools.lanes, tools.drafts
        self._paths = dict(paths or {})
        self._state = EntryState(values=dict(spec.values))
        kind, _, about = spec.key.partition(":")
        self.slot = DraftSlot(kind=kind, owner=owner, about=about)
        self._drafting = Drafting(tools.drafts, tools.lanes, self.slot, self._typed, self)
        self._drafting.failed.connect(self._not_kept)
        self._believed: set[tuple[str, str]] = set()

    @property
    def state(self) -> EntryState:
        return self._state

    def _set(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)
        self.changed.emit()

    # -- intents --------------------------------------------------------------

    def look_for_draft(self) -> None:
        """Bring back what was being typed before a lock or a crash, and note that this form is open."""
        drafts, slot = self._drafts, self.slot
        self._lanes.read(lambda: drafts.find(slot), self._draft_read)
        self._drafting.enter()

    def edit(self, field: str, text: str) -> None:
        """A field changed under the fingers; its error, if any, goes."""
        values = {**self._state.values, field: text}
        errors = {key: said for key, said in self._state.errors.items() if key != field}
        told, before = dict(self.spec.tell(values)) if self.spec.tell else {}, self._state.told
        self._state = msgspec.structs.replace(
            self._state, values=values, errors=errors, problem="", draft_found=False, told=told
        )
        self._drafting.typed()
        if told != before:
            self.changed.emit()

    def fill(self, values: Mapping[str, str]) -> None:
        """Several fields at once, not by the fingers: shown, and kept like what is typed."""
        self._set(values={**self._state.values, **values}, errors={}, problem="")
        self._drafting.typed()

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
        doubts = self._doubts()
        if doubts:
            self._set(errors=doubts)
            return
        self._drafting.rest()
        self._set(saving=True, errors={}, problem="")
        write, drafts, slot = self._write, self._drafts, self.slot
        self._lanes.write(
            lambda: drafts.finish(slot, lambda: write(command)), self._written, self._refused
        )

    def _doubts(self) -> dict[str, str]:
        """The questions not yet answered; asked now, the same answer recorded again is the reply."""
        asked = dict(self.spec.doubts(self._state.values)) if self.spec.doubts else {}
        values = self._state.values
        open_ = {
            field: question
            for field, question in asked.items()
            if (field, values.get(field, "")) not in self._believed
        }
        self._believed |= {(field, values.get(field, "")) for field in open_}
        return open_

    def keep_draft(self) -> None:
        """Put what was typed in safety now: at a lock."""
        self._drafting.flush()

    def leave(self) -> None:
        """The person closes the form: what they typed stays among the drafts."""
        self._drafting.leave()

    def abandon(self) -> None:
        """The person wants nothing of it kept."""
        self._drafting.drop()

    # -- answers --------------------------------------------------------------

    def _typed(self) -> dict[str, str]:
        """Only what differs from what the form began with: the rest belongs to the row, which may change or
        be taken away meanwhile.
        """
        began = self.spec.values
        return {key: said for key, said in self._state.values.items() if said != began.get(key, "")}

    def _draft_read(self, found: dict[str, str]) -> None:
        """What was typed while the draft was looked for stays."""
        if found:
            values = {**self._state.values, **found, **self._typed()}
            self._set(values=values, draft_found=True)

    def _not_kept(self, error: DossierError) -> None:
        self._set(problem=self._sentence(error))

    def _written(self, written: Written) -> None:
        self._lanes.write(self._drafts.leave)
        self._set(saving=False)
        self.saved.emit(written)

    def _refused(self, error: DossierError) -> None:
        errors: dict[str, str] = {}
        if isinstance(error, Invalid):
            for issue in error.issues:
                field = self._paths.get(issue.path)
                if field:
                    errors[field] = issue.rule
        self._drafting.typed()
        problem = "" if errors else self._sentence(error)
        self._set(saving=False, errors=errors, problem=problem)
