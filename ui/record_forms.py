"""The forms of the record screen: the panel, its view-model, and what follows a save."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.services.allergies import AssertNoKnownAllergy
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.context import SessionContext
from ui.entry import EntryModel
from ui.errors import error_sentence, rule_sentence
from ui.record_entries import Command, RecordEntries
from ui.speaking import Speaking
from ui.theme.look import Look
from ui.widgets.form_panel import FormPanel


class Writing(Protocol):
    """A writing screen of its own in the place of the side panel."""

    def leave(self) -> None:
        """The person goes elsewhere: what was typed stays a draft."""
        ...

    def stop(self) -> None:
        """The session is being locked."""
        ...


class RecordForms(QObject):
    """Builds a panel and its view-model; says when it is saved or closed."""

    saved = Signal(object)
    closed = Signal()
    refused = Signal(str)

    def __init__(
        self,
        context: SessionContext,
        speak: Callable[[], Speaking],
        look: Look,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._speak, self._look = context, speak, look
        self.entries = RecordEntries(context, speak)
        self._model: EntryModel[Command] | None = None
        self._panel: FormPanel | None = None
        self._writing: Writing | None = None

    @property
    def is_free(self) -> bool:
        """Nothing is being written beside the timeline."""
        return self._model is None and self._writing is None

    def hold(self, writing: Writing) -> None:
        """A writing screen takes the place of the side panel until it lets go or is told to leave."""
        self._writing = writing

    def release(self) -> None:
        """It is done."""
        self._writing = None

    def say_none(self, record: Record) -> None:
        """`No known allergies`, dated and signed; refused while an agent is known (HZ-05)."""
        service, command = (
            self._context.services.allergies,
            AssertNoKnownAllergy(owner=record.owner),
        )
        self._context.lanes.write(lambda: service.assert_none(command), self._none_said, self._no)

    # -- the panel ------------------------------------------------------------

    def panel(self, model: EntryModel[Command]) -> FormPanel:
        """The widget of a form, wired to its view-model."""
        self._model = model
        look_panel = FormPanel(self._look, model.spec)
        self._panel = look_panel
        model.setParent(look_panel)
        model.changed.connect(self._show)
        model.saved.connect(self._saved)
        look_panel.edited.connect(self._edited)
        look_panel.submitted.connect(self._submit)
        look_panel.closed.connect(self._close)
        look_panel.other_asked.connect(self._other)
        self._show()
        model.look_for_draft()
        return look_panel

    def drop(self) -> None:
        """The person goes elsewhere: what was typed is kept as a draft, nothing else."""
        model, self._model, self._panel = self._model, None, None
        writing, self._writing = self._writing, None
        if model is not None:
            model.leave()
        if writing is not None:
            writing.leave()

    def stop(self) -> None:
        """The session is being locked: what was typed is kept, and where."""
        model, self._model, self._panel = self._model, None, None
        writing, self._writing = self._writing, None
        if model is not None:
            model.keep_draft()
        if writing is not None:
            writing.stop()

    @property
    def model(self) -> EntryModel[Command] | None:
        return self._model

    def _none_said(self, written: Written) -> None:
        self.saved.emit(written)

    def _no(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

    @Slot()
    def _show(self) -> None:
        model, panel = self._model, self._panel
        if model is None or panel is None:
            return
        texts = self._speak().texts
        sentences = {key: rule_sentence(texts, rule) for key, rule in model.state.errors.items()}
        panel.show_entry(model.state, sentences)

    @Slot(object)
    def _saved(self, written: Written) -> None:
        self._model, self._panel = None, None
        self.saved.emit(written)

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        if self._model is not None:
            self._model.edit(*edit)

    @Slot()
    def _submit(self) -> None:
        if self._model is not None:
            self._model.submit()

    @Slot()
    def _close(self) -> None:
        self.drop()
        self.closed.emit()

    @Slot()
    def _other(self) -> None:
        model = self._model
        if model is None:
            return
        command = AssertNoKnownAllergy(owner=model.owner)
        service = self._context.services.allergies
        self.drop()
        self._context.lanes.write(lambda: service.assert_none(command), self._none_said, self._no)
