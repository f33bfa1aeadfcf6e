"""The note being written: kept while it is typed, signed, or left to be signed."""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.clock import Clock, to_wire
from dossier.errors import DossierError
from dossier.fhir import typed_measures
from dossier.fhir.notes import HEADINGS, Contact, Sections
from dossier.terminology.catalogue import Terminology
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.note_reading import Colleague
from practitioner_app.services.note_return import joined
from practitioner_app.services.notes import NoteService, WriteNote
from practitioner_app.services.writing import Written
from ui.drafting import Drafting
from ui.errors import error_sentence
from ui.forms import Option
from ui.notes.state import MeasureChip, NoteState, Purpose
from ui.notes.stops import first_left
from ui.speaking import Speaking

PAUSE_MS = 400
"""After the last key, before measures are looked for in the words."""


class NoteTools(Struct, frozen=True, kw_only=True):
    """What a note works with. `page` makes the PDF of what is signed; it runs on the write lane."""

    notes: NoteService
    drafts: DraftService
    lanes: Lanes
    clock: Clock
    terms: Terminology
    speak: Callable[[], Speaking]
    page: Callable[[WriteNote], bytes]


class NoteModel(QObject):
    """Intents: begin, edit, insert, take, save, sign, leave_unsigned, leave, discard."""

    changed = Signal()
    finished = Signal(object)
    """Signed, or left to be signed: what was written (Written)."""
    stopped_at = Signal(str)
    """A field of a template was left in this part of the note."""

    def __init__(
        self,
        slot: DraftSlot,
        purpose: Purpose,
        about: str,
        tools: NoteTools,
        began: Mapping[str, str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tools = tools
        self._began = {
            "contact": Contact.CONSULTATION.value,
            "started": to_wire(tools.clock.now()),
            **began,
        }
        self._state = NoteState(slot=slot, purpose=purpose, about=about, values=dict(self._began))
        self._drafting = Drafting(tools.drafts, tools.lanes, slot, self._typed, self)
        self._drafting.kept.connect(self._kept)
        self._drafting.failed.connect(self._not_kept)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._look_for_measures)

    @property
    def state(self) -> NoteState:
        return self._state

    @property
    def sections(self) -> Sections:
        return Sections(**{field: self._state.values.get(field, "") for field in HEADINGS})

    def _set(self, **changes: object) -> None:
        self._state = structs.replace(self._state, **changes)
        self.changed.emit()

    # -- intents --------------------------------------------------------------

    def begin(self) -> None:
        """Bring back what was typed before, and ask for whom one may write."""
        tools, slot = self._tools, self._state.slot
        tools.lanes.read(lambda: tools.drafts.find(slot), self._found)
        if self._state.purpose is Purpose.NEW:
            tools.lanes.read(lambda: tools.notes.colleagues(slot.owner), self._colleagues)
        self._drafting.enter()

    def edit(self, field: str, text: str) -> None:
        """A key was pressed: nothing waits, nothing is drawn again."""
        values = {**self._state.values, field: text}
        self._state = structs.replace(self._state, values=values, kept="")
        self._drafting.typed()
        self._pause.start()

    def choose(self, field: str, value: str) -> None:
        """How the patient is seen, or for whom it is written."""
        if value == self._state.values.get(field, ""):
            return
        self.edit(field, value)
        if field == "responsible":
            named = (one.label for one in self._state.colleagues if one.key == value)
            self.edit("responsible_name", next(named, ""))
        self.changed.emit()

    def insert(self, template: Mapping[str, str]) -> None:
        """A template goes below what was typed."""
        values = dict(self._state.values)
        for field in HEADINGS:
            values[field] = joined(values.get(field, ""), template.get(field, ""))
        self._state = structs.replace(self._state, values=values, kept="", problem="")
        self._drafting.typed()
        self._look_for_measures()

    def take(self, code: str) -> None:
        """Record this measure with the note, or not after all. Only a person decides."""
        taken = set(self._taken())
        taken ^= {code}
        self._state = structs.replace(
            self._state, values={**self._state.values, "taken": " ".join(sorted(taken))}
        )
        self._drafting.typed()
        self._look_for_measures()

    def take_all(self) -> None:
        """Every measure that is offered; all of them already: none."""
        chips = self._state.measures
        missing = {chip.code for chip in chips if not chip.taken}
        for code in missing or {chip.code for chip in chips}:
            self.take(code)

    def save(self) -> None:
        """Ctrl+S: on the disk now."""
        self._drafting.typed()
        self._drafting.flush()

    def sign(self) -> None:
        """Check, then write and end the draft in one act."""
        left = first_left(self._state.values)
        tr = self._tools.speak().texts.tr
        if left:
            self._set(problem=tr("Fill the fields in braces, or take them out, before you sign."))
            self.stopped_at.emit(left)
            return
        self._write(sign=True)

    def leave_unsigned(self) -> None:
        """Into the record, to be signed later, by this person or by whom it is written for."""
        self._write(sign=False)

    def leave(self) -> None:
        """The person closes it: the draft stays."""
        self._pause.stop()
        self._drafting.leave()

    def stop(self) -> None:
        """The session is being locked: saved, and opened again afterwards."""
        self._pause.stop()
        self._drafting.flush()

    def discard(self) -> None:
        """The person throws the draft away."""
        self._pause.stop()
        self._drafting.drop()
        self._drafting.leave()

    # -- steps ----------------------------------------------------------------

    def _write(self, *, sign: bool) -> None:
        if self._state.saving:
            return
        tools, slot = self._tools, self._state.slot
        if self.sections.empty:
            self._set(problem=tools.speak().texts.tr("There is nothing to sign yet: write a line."))
            return
        command = self._command(sign=sign)
        self._drafting.rest()
        self._set(saving=True, problem="")

        def act() -> Written:
            whole = structs.replace(command, pdf=tools.page(command)) if sign else command
            return tools.drafts.finish(slot, lambda: tools.notes.write(whole))

        tools.lanes.write(act, self._written, self._refused)

    def _command(self, *, sign: bool) -> WriteNote:
        values, taken = self._state.values, set(self._taken())
        offered = typed_measures.read(values.get("examination", ""), self._tools.terms.vital_signs)
        return WriteNote(
            owner=self._state.slot.owner,
            sections=self.sections,
            started=values["started"],
            sign=sign,
            contact=Contact(values["contact"]),
            responsible=Colleague(
                values.get("responsible", ""), values.get("responsible_name", "")
            ),
            measures=tuple(one for one in offered if one.code in taken),
            encounter=self._state.slot.about,
        )

    def _taken(self) -> list[str]:
        return self._state.values.get("taken", "").split()

    def _typed(self) -> dict[str, str]:
        """Only what differs from what the note began with; when it began goes with it."""
        typed = {
            key: said
            for key, said in self._state.values.items()
            if said != self._began.get(key, "") and key != "started"
        }
        return {**typed, "started": self._state.values["started"]} if typed else {}

    # -- answers --------------------------------------------------------------

    def _found(self, found: dict[str, str]) -> None:
        """What was typed while the draft was looked for stays."""
        if found:
            typed = {key: said for key, said in self._typed().items() if key != "started"}
            self._state = structs.replace(
                self._state, values={**self._state.values, **found, **typed}, draft_found=True
            )
            self._look_for_measures()

    def _colleagues(self, found: tuple[Colleague, ...]) -> None:
        self._set(colleagues=tuple(Option(one.reference, one.name) for one in found))

    @Slot()
    def _look_for_measures(self) -> None:
        """What may be offered out of the words; the person takes it over or not."""
        speaking, taken = self._tools.speak(), set(self._taken())
        examination = self._state.values.get("examination", "")
        known = self._tools.terms.vital_signs
        chips = []
        for one in typed_measures.read(examination, known):
            entry = known.get(one.code)
            label = entry.label(speaking.texts.language) if entry else speaking.texts.tr("BP")
            number = speaking.formats.measured(one.number)
            if one.second is not None:
                number += "/" + speaking.formats.measured(one.second)
            unit = speaking.formats.unit(one.ucum)
            words = f"{label} {speaking.formats.joined(number, unit)}"
            chips.append(MeasureChip(one.code, words, one.code in taken))
        self._set(measures=tuple(chips))

    @Slot()
    def _kept(self) -> None:
        speaking = self._tools.speak()
        moment = speaking.formats.time(to_wire(self._tools.clock.now()))
        self._set(kept=speaking.texts.tr("Draft saved at {time}", time=moment))

    @Slot(object)
    def _not_kept(self, error: DossierError) -> None:
        self._set(problem=self._sentence(error), kept="")

    def _written(self, written: Written) -> None:
        self._tools.lanes.write(self._tools.drafts.leave)
        self._set(saving=False)
        self.finished.emit(written)

    def _refused(self, error: DossierError) -> None:
        self._drafting.typed()
        self._set(saving=False, problem=self._sentence(error))

    def _sentence(self, error: DossierError) -> str:
        return error_sentence(self._tools.speak().texts, error)
