"""The widgets of one unlocked session. Built at unlock, destroyed at lock: nothing clinical outlives it."""

from msgspec import structs
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.browser_proof import BrowserProofModel
from ui.commands import Command
from ui.conflicts.view import ConflictView
from ui.context import SessionContext
from ui.digits import sequences_of
from ui.drafts.flow import DraftsFlow
from ui.export_flow import ExportFlow
from ui.frame import Frame
from ui.keys import with_keys
from ui.letters.view import LetterView
from ui.letters_flow import LETTER, LettersFlow
from ui.navigation import AWAITED, Navigator
from ui.note_acts_flow import NoteActsFlow
from ui.notes_flow import NotesFlow
from ui.orders.view import AwaitedView
from ui.orders_flow import OrdersFlow
from ui.overlay_flow import OverlayFlow
from ui.patient.view import RecordView
from ui.preferences import Preferences
from ui.prescriptions.view import PrescriptionView
from ui.prescriptions_flow import PRESCRIPTION, PrescriptionsFlow
from ui.print_flow import PrintFlow
from ui.reading_flow import ReadingFlow
from ui.reading_pages import pages_of
from ui.registry import KeySheet, all_commands
from ui.results_flow import ResultsFlow
from ui.results_page import ResultsPage
from ui.search.view import PaletteView
from ui.session_flow import RecordFlow, SessionSurface, SyncFlow
from ui.session_models import SessionModels
from ui.settings.computers_view import ComputersCard
from ui.settings.drugs_view import DrugsCard
from ui.settings.flow import AlarmFlow, ComputersFlow, DrugsFlow
from ui.settings.keys_view import KeysCard
from ui.settings.view import SettingsView
from ui.sheet_flow import SheetFlow
from ui.sign_in.presenter import demonstration_notice, intended_use
from ui.summaries_flow import SUMMARY, SummaryFlow
from ui.sync_status.presenter import continuity_words
from ui.sync_status.proof_flow import ProofFlow
from ui.sync_status.view import SyncCentreView
from ui.theme.look import Look
from ui.widgets.card import column
from ui.widgets.overlay import EmptyState, OverlayVeil, ToastUndo
from ui.widgets.rail import RailItem
from ui.work_lists.view import WorkListsView
from ui.work_lists_flow import WorkListsFlow


class CommandAction(QAction):
    """A key of the registry."""

    asked = Signal(str)

    def __init__(self, command: Command, parent: QWidget) -> None:
        super().__init__(command.title, parent)
        self._key = command.key
        self.setShortcuts(sequences_of(command.shortcut))
        self.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        self.triggered.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self._key)


def rail_items(look: Look) -> tuple[RailItem, ...]:
    """Only what works."""
    tr = look.tr
    return (
        RailItem("record", tr("Record"), "record", "Alt+1"),
        RailItem("results", tr("Results"), "flask", "Alt+2"),
        RailItem("tasks", tr("Tasks"), "box_checked", "Alt+5"),
        RailItem("palette", tr("Search"), "search", "Ctrl+K"),
        RailItem("sync", tr("Sending"), "sync", "Alt+3"),
        RailItem("settings", tr("Settings"), "settings", "Alt+4"),
    )


class SessionView(SessionSurface):
    """Frame, pages, overlays. The flows connect them to the view-models."""

    preferences_chosen = Signal(Preferences)

    def __init__(
        self,
        look: Look,
        context: SessionContext,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._preferences = preferences
        self.setting_asked.connect(self._set)
        self.commands = with_keys(all_commands(look.texts), preferences.keys)
        self.models = SessionModels(look, context, self.commands, self)
        self._make_frame(context)
        self._make_pages(preferences, context.device_name)
        self._make_overlays()
        self.record_flow = RecordFlow(self)
        self.sync_flow = SyncFlow(self)
        self.overlay_flow = OverlayFlow(self)
        self.results_flow = ResultsFlow(self, self.results_page)
        reviews = context.services.reviews
        self.reading_flow = ReadingFlow(
            self, reviews, context.services.additions, context.lanes, self.results_flow.sign
        )
        self.record_flow.accept_asked.connect(self.reading_flow.accept)
        self.record_flow.sign_asked.connect(self.reading_flow.sign)
        self.overlay_flow.bind("sign", self.reading_flow.sign)
        self.overlay_flow.bind("next_unread", self.reading_flow.next)
        self.overlay_flow.bind("previous_unread", self.reading_flow.previous)
        self.overlay_flow.bind("toggle_unread", self.reading_flow.toggle_unread)
        self.overlay_flow.bind("acknowledge", self.results_flow.acknowledge)
        self.overlay_flow.bind("hand_over", self.results_flow.hand_over)
        self.summary_flow = SummaryFlow(self, context)
        self.overlay_flow.bind(SUMMARY, self.summary_flow.open)
        self.sheet_flow = SheetFlow(self, context, self.overlay_flow.bind)
        by_browser, by_browser_too = (
            BrowserProofModel(context.browser, context.lanes, context.open_page, self)
            for _ in range(2)
        )
        self.proof_flow = ProofFlow(self.models.status, context.sync, by_browser, look, self)
        services = context.services
        self.export_flow = ExportFlow(self, services.centre, services.exports, context.lanes)
        self.computers_flow = ComputersFlow(
            self.computers_card, self.models.computers, by_browser_too, look, self
        )
        self.alarm_flow = AlarmFlow(
            self.frame.alarm, self.models.alarm, self.models.computers, self.navigator, self
        )
        self._make_writing(context)
        for command in self.commands:
            if command.shortcut:
                action = CommandAction(command, self)
                action.asked.connect(self.overlay_flow.run)
                self.addAction(action)
        self.models.status.refresh()
        self.models.reviews.refresh()
        self.models.work_lists.refresh()
        self.navigator.go("record")
        self.drafts_flow.resume()

    def _make_writing(self, context: SessionContext) -> None:
        """Where something is typed that lasts: drafts, letters, notes, and the lists that lead there."""
        self.drafts_flow = DraftsFlow(self, context)
        self.prescriptions_flow = PrescriptionsFlow(
            self, self.prescription_view, self.models.prescriptions
        )
        self.prescriptions_flow.bind(self.overlay_flow, self.drafts_flow)
        self.drugs_flow = DrugsFlow(self.drugs_card, self.models.drugs, self.look, self)
        self.letters_flow = LettersFlow(self, self.letter_view, self.models.letters)
        self.letters_flow.bind(self.overlay_flow, self.drafts_flow)
        self.orders_flow = OrdersFlow(self, self.awaited_view, self.models.awaited)
        self.orders_flow.bind(self.overlay_flow, self.drafts_flow)
        pages = context.services.letters.page
        self.print_flow = PrintFlow(self, pages, context.printing, context.lanes)
        self.overlay_flow.bind("print", self.print_flow.print)
        self.print_flow.bind(SUMMARY, self.summary_flow.page)
        self.summary_flow.view.print_asked.connect(self.print_flow.print)
        self.work_lists_flow = WorkListsFlow(self, self.work_lists_view, self.drafts_flow.open)
        self.overlay_flow.bind("next_patient", self.work_lists_flow.next_patient)
        self.notes_flow = NotesFlow(self, context, self.drafts_flow)
        self.note_acts_flow = NoteActsFlow(self, context, self.notes_flow)
        self.overlay_flow.bind("note", self.notes_flow.write)
        self.overlay_flow.bind("note_save", self.notes_flow.save)
        self.overlay_flow.bind("note_templates", self.notes_flow.show_templates)
        self.overlay_flow.bind("note_measures", self.notes_flow.take_measures)

    def _make_frame(self, context: SessionContext) -> None:
        look = self.look
        notice = ""
        if context.demonstration:
            notice = demonstration_notice(look.texts, without_keyring=context.without_keyring)
        self.frame = Frame(look, rail_items(look), notice=notice)
        if context.lease is not None:
            words = continuity_words(context.lease, self.models.speak())
            self.frame.continuity.show_sentence(words)
        self.frame.lock_asked.connect(self.lock_asked)
        stack = column()
        stack.addWidget(self.frame)
        self.setLayout(stack)

    def _make_pages(self, preferences: Preferences, device_name: str) -> None:
        look = self.look
        self.record_view = RecordView(look, pages_of)
        self.conflict_view = ConflictView(look)
        self.results_page = ResultsPage(look)
        self.work_lists_view = WorkListsView(look)
        self.centre_view = SyncCentreView(look)
        settings = SettingsView(look, preferences, intended_use(look.texts))
        settings.chosen.connect(self.preferences_chosen)
        self.computers_card = ComputersCard(look)
        settings.add_card(self.computers_card)
        self.drugs_card = DrugsCard(look)
        settings.add_card(self.drugs_card)
        self.keys_card = KeysCard(look, all_commands(look.texts), preferences.keys)
        self.keys_card.chosen.connect(self._choose_keys)
        settings.add_card(self.keys_card)
        self.empty = EmptyState(
            look,
            look.tr("No record is open"),
            look.tr("Type part of a name, a birth date in any form, or an INS number."),
            glyph="search",
            action=look.tr("Find a patient"),
            key="F2",
        )
        self.navigator = Navigator(self.frame, look, device_name, self)
        go, tr = self.navigator, look.tr
        go.add("empty", self.empty)
        go.add_of_patient("record", self.record_view, strip=True)
        go.add_of_patient("conflict", self.conflict_view)
        self.prescription_view = PrescriptionView(look)
        go.add_of_patient(PRESCRIPTION, self.prescription_view, strip=True)
        self.letter_view = LetterView(look)
        go.add_of_patient(LETTER, self.letter_view, strip=True)
        self.awaited_view = AwaitedView(look)
        go.add(AWAITED, self.awaited_view, tr("Ordered, never came back"), under="tasks")
        go.add("results", self.results_page, tr("Results"))
        go.add("tasks", self.work_lists_view, tr("Tasks"))
        go.add("sync", self.centre_view, tr("Sending and updating"))
        go.add("settings", settings, tr("Settings"))

    @Slot(dict)
    def _choose_keys(self, keys: dict[str, str]) -> None:
        self.preferences_chosen.emit(structs.replace(self._preferences, keys=keys))

    @Slot(str)
    def _set(self, choice: str) -> None:
        name, _, value = choice.partition(":")
        chosen: object = int(value) if name == "scale" else value
        self.preferences_chosen.emit(structs.replace(self._preferences, **{name: chosen}))

    def _make_overlays(self) -> None:
        look = self.look
        self.veil = OverlayVeil(look, self)
        self.palette_view = PaletteView(look, self)
        self.sheet = KeySheet(look, self.commands, self)
        for panel in (self.palette_view, self.sheet):
            panel.hide()
        self.toast = ToastUndo(look)
        self.frame.add_band(self.toast)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.veil.isVisible():
            self.overlay_flow.place()
