"""The summary of the open record: made on a read lane, filed on the write lane, exported by an act of its own.

An answer for another patient than the one of the page is dropped (HZ-01). Nothing is kept: the page is made
anew each time it is asked for, and again when the record changes while it is in sight.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from dossier.wire import codec
from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.exports import ExportService
from practitioner_app.services.letterheads import LetterheadService
from practitioner_app.services.summaries import Filing, SummaryService
from practitioner_app.services.writing import Written
from ui.errors import error_sentence
from ui.paper.heads import french_paper
from ui.paper.pdf import render
from ui.paper.sheet import plain_text
from ui.speaking import Speaking
from ui.summaries.presenter import page, said_words, sections
from ui.summaries.state import SummaryState


class SummaryModel(QObject):
    """Intents: open, leave, file, export."""

    changed = Signal()
    filed = Signal(object)
    exported = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        *,
        summaries: SummaryService,
        letterheads: LetterheadService,
        exports: ExportService,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        family: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._summaries, self._letterheads, self._exports = summaries, letterheads, exports
        self._lanes, self._speak, self._family = lanes, speak, family
        self._state = SummaryState()
        changes.published.connect(self._published)

    @property
    def state(self) -> SummaryState:
        return self._state

    def open(self, owner: int) -> None:
        """Make the summary of this patient."""
        self._set(SummaryState(owner=owner))
        self._ask()

    def leave(self) -> None:
        if self._state.owner is not None:
            self._set(SummaryState())

    def file(self) -> None:
        """The page in sight, these very bytes, as a signed document of the record (HZ-13)."""
        state, summaries = self._state, self._summaries
        if state.owner is None or not state.pdf or state.filed:
            return
        owner, today = state.owner, self._speak().today
        filing = Filing(title=state.title, pdf=state.pdf, text=state.text, day=today.isoformat())
        self._set(structs.replace(state, filed=True))
        self._lanes.write(lambda: summaries.file(owner, filing), self._was_filed, self._not_filed)

    def export(self, path: Path) -> None:
        """The same summary as an IPS document, in a clear file: written in the journal, then to the disk."""
        owner, speaking = self._state.owner, self._speak()
        if owner is None:
            return
        summaries, exports, title = self._summaries, self._exports, self._state.title

        def written() -> str:
            made = summaries.make(owner)
            words = sections(made, french_paper(speaking).speaking)
            document = summaries.document(made, words, title=title, language="fr")
            exports.write(owner, path, codec.encode(document))
            return path.name

        self._lanes.write(written, self._was_exported, self._failed_act)

    # -- answers --------------------------------------------------------------

    def _set(self, state: SummaryState) -> None:
        self._state = state
        self.changed.emit()

    def _ask(self) -> None:
        owner, speaking, family = self._state.owner, self._speak(), self._family
        summaries, letterheads = self._summaries, self._letterheads
        if owner is None:
            return

        def asked() -> SummaryState:
            paper = french_paper(speaking)
            made, heading = summaries.make(owner), letterheads.mine()
            fitted = page(made, sections(made, paper.speaking), heading, paper, family)
            return SummaryState(
                owner=owner,
                title=fitted.sheet.title,
                pdf=render(fitted.sheet, family),
                text=plain_text(fitted.sheet),
                said=said_words(fitted, made, speaking),
            )

        self._lanes.read(asked, self._told, self._failed, key="summaries.page")

    def _told(self, state: SummaryState) -> None:
        if state.owner == self._state.owner:
            self._set(structs.replace(state, filed=self._state.filed))

    def _failed(self, error: DossierError) -> None:
        problem = error_sentence(self._speak().texts, error)
        self._set(structs.replace(self._state, problem=problem))

    def _was_filed(self, written: Written) -> None:
        self.filed.emit(written)

    def _was_exported(self, name: str) -> None:
        self.exported.emit(name)

    def _not_filed(self, error: DossierError) -> None:
        self._set(structs.replace(self._state, filed=False))
        self._failed_act(error)

    def _failed_act(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        owner = self._state.owner
        if owner is not None and change.touches(owner) and not self._state.filed:
            self._ask()
