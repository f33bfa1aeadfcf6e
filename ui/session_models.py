"""The view-models of one session, made from its services."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from practitioner_app.runtime.changes import Changes
from ui.commands import Command, shown_shortcut
from ui.conflicts.view_model import ConflictModel
from ui.context import SessionContext
from ui.entry import EntryTools
from ui.errors import error_sentence
from ui.i18n import other_texts
from ui.letters.view_model import LetterModel
from ui.orders.view_model import AwaitedModel
from ui.patient.view_model import RecordModel
from ui.prescriptions.view_model import PrescriptionModel
from ui.prescriptions.view_model import Tools as PrescriptionTools
from ui.record_forms import RecordForms
from ui.registry import all_commands, palette_actions
from ui.results.view_model import ResultsModel
from ui.reviews.view_model import ReviewsModel
from ui.search.view_model import PaletteVm
from ui.settings.alarm_model import AlarmModel
from ui.settings.computers_model import ComputersModel
from ui.settings.drugs_model import DrugsModel
from ui.speaking import Speaking
from ui.sync_status.view_model import CentreModel, StatusModel
from ui.theme.look import Look
from ui.work_lists.view_model import WorkListsModel


class SessionModels(QObject):
    """Holds them and knows how they speak: language, formats, the hour, offline or not."""

    def __init__(
        self,
        look: Look,
        context: SessionContext,
        commands: tuple[Command, ...],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._context = look, context
        services, lanes, changes = context.services, context.lanes, context.changes
        speak: Callable[[], Speaking] = self.speak
        person = " — ".join(part for part in (context.person, context.place) if part)
        self.status = StatusModel(
            centre=services.centre,
            lanes=lanes,
            changes=changes,
            speak=speak,
            person=person,
            parent=self,
        )
        self.record = RecordModel(
            records=services.record,
            documents=services.documents,
            journal=services.journal,
            lanes=lanes,
            changes=changes,
            speak=speak,
            parent=self,
        )
        shortcuts = {one.key: shown_shortcut(look.texts, one.shortcut) for one in commands}
        self.palette = PaletteVm(
            search=services.search,
            lanes=lanes,
            speak=speak,
            actions=palette_actions(commands, all_commands(other_texts(look.texts))),
            shortcuts=shortcuts,
            parent=self,
        )
        self.conflict = ConflictModel(
            conflicts=services.conflicts, lanes=lanes, changes=changes, speak=speak, parent=self
        )
        self.centre = CentreModel(
            centre=services.centre,
            sync=context.sync,
            lanes=lanes,
            changes=changes,
            speak=speak,
            parent=self,
        )
        self._make_lists(changes)
        self._make_account()
        self.forms = RecordForms(context, speak, look, self)
        self._make_writing()

    def _make_lists(self, changes: Changes) -> None:
        """What waits for this person, over all patients."""
        services, lanes, speak = self._context.services, self._context.lanes, self.speak
        self.results = ResultsModel(
            results=services.results, lanes=lanes, changes=changes, speak=speak, parent=self
        )
        self.reviews = ReviewsModel(
            reviews=services.reviews, lanes=lanes, changes=changes, speak=speak, parent=self
        )
        self.work_lists = WorkListsModel(
            work_lists=services.work_lists,
            lanes=lanes,
            changes=changes,
            speak=speak,
            parent=self,
        )
        self.awaited = AwaitedModel(services.orders, self.entry_tools(), changes, speak, self)

    def _make_writing(self) -> None:
        """Letters and prescriptions: pages where something is written and signed."""
        context, services = self._context, self._context.services
        forms, family = self.entry_tools(), self._look.family
        self.letters = LetterModel(
            services.letters, services.letterheads, forms, self.speak, family, self
        )
        tools = PrescriptionTools(
            prescriptions=services.prescriptions,
            drugs=services.drugs,
            letterheads=services.letterheads,
            drafts=services.drafts,
            lanes=context.lanes,
            changes=context.changes,
            family=family,
        )
        self.prescriptions = PrescriptionModel(tools, self.speak, self)
        self.drugs = DrugsModel(services.drugs, context.lanes, self.speak, self)

    def _make_account(self) -> None:
        """What concerns one's own account."""
        context = self._context
        computers, lanes = context.services.computers, context.lanes
        self.computers = ComputersModel(
            computers=computers, lanes=lanes, speak=self.speak, parent=self
        )
        self.alarm = AlarmModel(
            computers=computers,
            status=self.status,
            lanes=lanes,
            clock=context.clock,
            speak=self.speak,
            parent=self,
        )

    def speak(self) -> Speaking:
        """How every presenter of this session speaks now."""
        offline = self.status.offline if hasattr(self, "status") else True
        look, now = self._look, self._context.clock.now()
        return Speaking(look.texts, look.formats, now, offline, narrowed=self.narrowed)

    def entry_tools(self) -> EntryTools:
        """What a form of this session works with."""
        context, texts = self._context, self._look.texts
        return EntryTools(
            lanes=context.lanes,
            drafts=context.services.drafts,
            sentence=lambda error: error_sentence(texts, error),
        )

    @property
    def narrowed(self) -> bool:
        """Continuity mode, as the last figures say; before the first, as the opening found it."""
        status = self.status.status if hasattr(self, "status") else None
        lease = status.lease if status is not None else self._context.lease
        return lease is not None and lease.narrowed

    def stop(self) -> None:
        """The session is being locked: drafts are kept, the record is left."""
        self.forms.stop()
        self.prescriptions.stop()
        self.letters.stop()
        self.palette.stop()
        self.results.leave()
        self.record.leave()
