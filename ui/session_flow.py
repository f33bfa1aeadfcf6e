"""Between the widgets of a session and its view-models: states up, intents down, one flow per matter."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from dossier.errors import Refused
from practitioner_app.services.writing import Written
from ui.conflicts.state import Pick
from ui.conflicts.view import ConflictView
from ui.errors import error_sentence
from ui.frame import Frame
from ui.navigation import CONFLICT, RECORD, SYNC, Navigator
from ui.patient.presenter import disagreements
from ui.patient.state import Action, DetailState, Ref, TimelineRow
from ui.patient.view import RecordView
from ui.registry import KeySheet
from ui.search.view import PaletteView
from ui.session_models import SessionModels
from ui.sync_status.presenter import continuity_words
from ui.sync_status.proof_flow import ProofFlow
from ui.sync_status.view import SyncCentreView
from ui.theme.look import Look
from ui.widgets.confirm import Confirm
from ui.widgets.overlay import EmptyState, OverlayVeil, ToastUndo

PAINTED_MS = 20
"""How long the first line waits for the record itself to be painted."""


class WorkListsReturn(Protocol):
    """What the record knows of the tasks page."""

    def comes_from_here(self) -> bool: ...


class SessionSurface(QWidget):
    """What the flows know of the session's widgets."""

    lock_asked = Signal()
    setting_asked = Signal(str)
    """`theme:dark`, `language:en`, `scale:130`: chosen in the palette."""

    look: Look
    models: SessionModels
    frame: Frame
    navigator: Navigator
    record_view: RecordView
    conflict_view: ConflictView
    centre_view: SyncCentreView
    empty: EmptyState
    veil: OverlayVeil
    palette_view: PaletteView
    sheet: KeySheet
    toast: ToastUndo
    record_flow: "RecordFlow"
    sync_flow: "SyncFlow"
    work_lists_flow: "WorkListsReturn"
    proof_flow: ProofFlow


class RecordFlow(QObject):
    """The record screen, its side panel, its forms, the undo."""

    sign_asked = Signal()
    accept_asked = Signal()

    def __init__(self, session: SessionSurface) -> None:
        super().__init__(session)
        self._session = session
        self._take_back: Callable[[], None] | None = None
        self.takers: list[Callable[[Action, DetailState], bool]] = []
        """Flows of their own that are asked first what an act of the side panel does."""
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.timeout.connect(self._show_first)
        self._first_wanted = self._is_showing_first = False
        model, view, forms = session.models.record, session.record_view, session.models.forms
        model.changed.connect(self._show)
        view.opened.connect(self._open_ref)
        view.chosen.connect(self._choose_row)
        view.filtered.connect(self._filter)
        view.searched.connect(self._search)
        view.added.connect(self.add)
        view.curve_asked.connect(self._curve)
        view.acted.connect(self._act)
        view.pin_asked.connect(model.pin)
        view.unpin_asked.connect(model.unpin)
        forms.saved.connect(self._saved)
        forms.closed.connect(self._form_closed)
        forms.refused.connect(self._refused)
        session.toast.undone.connect(self.undo)
        session.models.centre.undone.connect(self._undone)
        session.models.centre.kept.connect(self._refused)
        session.models.status.link_changed.connect(self._link_changed)

    # -- state up -------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        session, state = self._session, self._session.models.record.state
        if state.record is None:
            told = state.missing or bool(state.problem)
            session.record_view.clear()
            session.navigator.record_is(None, waiting=state.owner is not None and not told)
            if told:
                sentence = state.problem or session.look.tr(
                    "This record is not on this computer any more."
                )
                session.toast.show_sentence(sentence, undoable=False)
            return
        session.record_view.show_state(state.record, state.filter_key)
        if session.models.forms.is_free:
            if state.detail is not None or not (self._first_wanted or self._first.isActive()):
                session.record_view.show_detail(state.detail)
            session.record_view.show_pinned(state.pinned)
            shown = state.detail.ref if state.detail is not None else None
            if state.is_settled:
                session.record_view.timeline.mark(shown)
        session.navigator.record_is(state.record)
        if self._first_wanted:
            self._first_wanted = False
            self._first.start(PAINTED_MS)

    @Slot()
    def _show_first(self) -> None:
        """Where there is a third column it does not stand empty: what is new, else the latest, once the record
        is painted. A drawer stays shut.
        """
        session, state = self._session, self._session.models.record.state
        nothing = state.detail is None and session.models.forms.is_free
        if state.record is None or not nothing:
            return
        if session.record_view.wide:
            self._is_showing_first = True
            session.record_view.timeline.select_first()
            self._is_showing_first = False
        if not self._session.models.record.has_chosen:
            session.record_view.show_detail(None)

    # -- intents down ---------------------------------------------------------

    def open(self, owner: int, ref: Ref | None = None) -> None:
        """Go to a patient. A form being typed is kept as a draft of its own patient."""
        self._session.models.forms.drop()
        self._session.record_view.show_panel(None)
        self._session.navigator.go(RECORD)
        self._first_wanted = ref is None
        self._session.models.record.open(owner, ref)

    @Slot(Ref)
    def _open_ref(self, ref: Ref) -> None:
        if self._session.models.forms.is_free:
            self._session.models.record.choose(ref)

    @Slot(TimelineRow)
    def _choose_row(self, row: TimelineRow) -> None:
        if row.refs and self._session.models.forms.is_free:
            by_person = not self._is_showing_first
            self._session.models.record.choose(row.refs[0], by_person=by_person)

    @Slot(str)
    def _filter(self, key: str) -> None:
        self._session.models.record.filter(key)

    @Slot(str)
    def _search(self, words: str) -> None:
        self._session.models.record.search(words)

    @Slot(str)
    def _curve(self, key: str) -> None:
        if self._session.models.forms.is_free:
            self._session.models.record.show_curve(key)

    @Slot(str)
    def add(self, kind: str) -> None:
        """Open the form of a new line in the side panel."""
        record, forms = self._session.models.record.record, self._session.models.forms
        if record is None or self.only_reads():
            return
        forms.drop()
        self._session.navigator.go(RECORD)
        self._session.record_view.show_panel(forms.panel(forms.entries.adding(kind, record)))

    def say_none(self) -> None:
        record = self._session.models.record.record
        if record is not None and not self.only_reads():
            self._session.models.forms.say_none(record)

    def only_reads(self) -> bool:
        """Continuity mode: say that nothing can be written, before anything is typed."""
        session = self._session
        if session.models.narrowed:
            sentence = error_sentence(session.look.texts, Refused("continuity_reads_only"))
            session.toast.show_sentence(sentence, undoable=False)
        return session.models.narrowed

    @Slot(Action)
    def _act(self, action: Action) -> None:
        session = self._session
        record, detail = session.models.record.record, session.models.record.state.detail
        forms = session.models.forms
        if record is None or detail is None or detail.ref is None:
            return
        if action not in {one.action for one in detail.actions}:
            return
        if any(take(action, detail) for take in self.takers):
            return
        if action is Action.UNDO:
            session.models.centre.undo(detail.op_id)
        elif action is Action.SETTLE:
            session.sync_flow.settle(detail.op_id)
        elif action is Action.SIGN:
            self.sign_asked.emit()
        elif action is Action.WITHDRAW:
            session.sync_flow.withdraw(detail.op_id)
        elif not self.only_reads() and action is Action.ACCEPT:
            self.accept_asked.emit()
        elif not self.only_reads():
            if action in {Action.APART, Action.ANSWER}:
                asked = forms.entries.about_addition(action, detail.ref, record)
                session.record_view.show_panel(forms.panel(asked))
                return
            make = {
                Action.EDIT: forms.entries.correcting,
                Action.END: forms.entries.ending,
                Action.ERROR: forms.entries.erring,
            }.get(action)
            model = make(detail.ref, record) if make is not None else None
            if model is not None:
                session.record_view.show_panel(forms.panel(model))

    def edit_chosen(self) -> None:
        """Alt+E: correct the line in the side panel."""
        self._act(Action.EDIT)

    @Slot(object)
    def _saved(self, written: Written) -> None:
        session, tr = self._session, self._session.look.tr
        session.record_view.show_panel(None)
        if written.rtype != "Task":  # a decision about the line in the panel, no line of its own
            session.models.record.choose(Ref(written.rtype, written.id))
        self.done(written, tr("Recorded on this computer, not sent yet."))
        session.record_view.timeline.list.setFocus()

    def done(self, written: Written, sentence: str) -> None:
        """An act that Ctrl+Z takes back while it has not left."""
        self.done_together((written,), sentence)

    def done_together(self, written: tuple[Written, ...], sentence: str) -> None:
        """Several that are one act for who did them."""
        centre = self._session.models.centre
        ops = [op for one in written for op in (one.op_id, *one.more)]

        def taken_back() -> None:
            for op_id in ops:
                centre.undo(op_id)

        self.done_by(taken_back, sentence)

    def done_by(self, take_back: Callable[[], None], sentence: str) -> None:
        """An act that knows how it is taken back."""
        self._take_back = take_back
        self._session.toast.show_sentence(sentence)

    @Slot()
    def _form_closed(self) -> None:
        session = self._session
        session.record_view.show_detail(session.models.record.state.detail)
        session.record_view.timeline.list.setFocus()

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)

    @Slot()
    def undo(self) -> None:
        """Take back the last act while it has not left."""
        take_back, self._take_back = self._take_back, None
        self._session.toast.dismiss()
        if take_back is not None:
            take_back()

    @Slot(str)
    def _undone(self, op_id: str) -> None:
        """The line that was taken back is not chosen any more."""
        detail = self._session.models.record.state.detail
        if detail is not None and detail.op_id == op_id:
            self._session.models.record.choose(None)

    @Slot()
    def _link_changed(self) -> None:
        self._session.models.record.refresh()


class SyncFlow(QObject):
    """The sync centre, the status bar, the disagreements."""

    def __init__(self, session: SessionSurface) -> None:
        super().__init__(session)
        self._session = session
        self._wanted = ""
        self._confirm: Confirm | None = None
        models, view = session.models, session.centre_view
        models.status.changed.connect(self._show_status)
        models.centre.changed.connect(self._show_centre)
        models.conflict.changed.connect(self._show_conflict)
        models.conflict.settled.connect(self._settled)
        models.conflict.gone.connect(self._gone)
        view.send_asked.connect(self.send_now)
        view.undo_asked.connect(self._undo)
        view.withdraw_asked.connect(self.withdraw)
        view.open_asked.connect(self._open_item)
        view.settle_asked.connect(self.settle)
        session.conflict_view.picked.connect(self._pick)
        session.conflict_view.saved.connect(self._save)
        session.conflict_view.postponed.connect(self._later)
        session.record_view.settled.connect(self.settle)
        session.navigator.moved.connect(self._moved)

    @Slot()
    def _show_status(self) -> None:
        models, frame = self._session.models, self._session.frame
        frame.show_status(models.status.state)
        status = models.status.status
        if status is not None:
            frame.set_badge("sync", status.refused + status.conflicts)
            words = continuity_words(status.lease, models.speak())
            frame.continuity.show_sentence(words)

    @Slot()
    def _show_centre(self) -> None:
        state = self._session.models.centre.state
        if state is not None:
            self._session.centre_view.show_state(state)

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place == SYNC:
            self._session.models.centre.show()
        else:
            self._session.models.centre.hide()

    @Slot()
    def send_now(self) -> None:
        if self._session.proof_flow.needed:
            self._session.proof_flow.ask()
        else:
            self._session.models.centre.send_now()

    @Slot(str)
    def _undo(self, op_id: str) -> None:
        self._session.models.centre.undo(op_id)

    @Slot(str)
    def withdraw(self, op_id: str) -> None:
        """Give up a refused item: asked twice, traced."""
        tr = self._session.look.tr
        self._wanted = op_id
        self._confirm = Confirm(
            self._session.look,
            title=tr("Withdraw this entry?"),
            sentence=tr("It will not be sent. Its text stays in the archive of this computer."),
            act=tr("Withdraw"),
            parent=self._session,
        )
        self._confirm.accepted.connect(self._withdraw_confirmed)
        self._confirm.open()

    @Slot()
    def _withdraw_confirmed(self) -> None:
        self._session.models.centre.withdraw(self._wanted)

    @Slot(str)
    def _open_item(self, op_id: str) -> None:
        item = self._session.models.centre.find(op_id)
        if item is not None:
            self._session.record_flow.open(item.owner, Ref(item.rtype, item.rid))

    # -- disagreements --------------------------------------------------------

    @Slot(str)
    def settle(self, op_id: str) -> None:
        """Open the three panes."""
        self._session.models.conflict.open(op_id)

    def settle_next(self) -> None:
        """Alt+D: the disagreement of the chosen line, of the open record, else the first of the list."""
        session, models = self._session, self._session.models
        record, detail = models.record.record, models.record.state.detail
        here = session.navigator.place == RECORD and record is not None
        asked = [] if record is None or not here else list(disagreements(record))
        if detail is not None and detail.op_id in asked:
            asked.insert(0, detail.op_id)
        centre = models.centre.state
        if session.navigator.place == SYNC and centre is not None:
            asked += [line.op_id for line in centre.conflicts]
        if asked:
            self.settle(asked[0])
        elif session.navigator.place != CONFLICT:
            sentence = session.look.tr("There are no two versions to settle here.")
            session.toast.show_sentence(sentence, undoable=False)

    @Slot()
    def _show_conflict(self) -> None:
        """The panes appear under the banner of their own patient or not at all (HZ-01)."""
        session = self._session
        state = session.models.conflict.state
        if state is None:
            return
        if session.models.record.state.owner != state.owner:
            session.models.forms.drop()
            session.models.record.open(state.owner)
        session.conflict_view.show_state(state)
        if session.navigator.place != CONFLICT:
            session.navigator.go(CONFLICT)

    @Slot(Pick)
    def _pick(self, pick: Pick) -> None:
        self._session.models.conflict.pick(pick)

    @Slot()
    def _save(self) -> None:
        self._session.models.conflict.save()

    @Slot()
    def _later(self) -> None:
        self._session.models.conflict.close()
        self._session.navigator.go(RECORD)

    @Slot()
    def _settled(self) -> None:
        session = self._session
        session.navigator.go(RECORD)
        session.models.record.refresh()
        sentence = session.look.tr("Decision recorded. Both versions stay in the history.")
        session.toast.show_sentence(sentence, undoable=False)

    @Slot()
    def _gone(self) -> None:
        session = self._session
        session.navigator.go(RECORD)
        sentence = session.look.tr("This disagreement is settled already.")
        session.toast.show_sentence(sentence, undoable=False)
