"""Reading along the timeline: the next unread line, the mark of one, signing as read."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.additions import Accept, AdditionService
from practitioner_app.services.reviews import ReviewService
from practitioner_app.services.rows import TimelineItem
from practitioner_app.services.writing import Written
from ui.errors import error_sentence
from ui.navigation import RECORD
from ui.patient.detail_presenter import event_of, members_of
from ui.session_flow import SessionSurface


class ReadingFlow(QObject):
    """F3, Shift+F3, U, Alt+V on the record screen, and the additions of the patient. Elsewhere Alt+V is `sign_elsewhere`."""

    def __init__(
        self,
        session: SessionSurface,
        reviews: ReviewService,
        additions: AdditionService,
        lanes: Lanes,
        sign_elsewhere: Callable[[], None],
    ) -> None:
        super().__init__(session)
        self._session, self._lanes = session, lanes
        self._reviews, self._additions = reviews, additions
        self._sign_elsewhere = sign_elsewhere
        session.record_view.unfolded.connect(self._unfold)

    def next(self) -> None:
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        """The next line that is unread, from the other end again after the last; else one that is new."""
        session, column = self._session, self._session.record_view.timeline
        if session.navigator.place != RECORD or session.models.record.state.record is None:
            return
        here = column.list.currentIndex().row()
        place = column.model.next_unread(here, step)
        if place < 0:
            place = column.model.next_new(here, step)
        if place < 0:
            sentence = session.look.tr("Nothing is unread in what is shown of this record.")
            session.toast.show_sentence(sentence, undoable=False)
            return
        column.select(place)
        column.list.setFocus()

    def toggle_unread(self) -> None:
        """U: the chosen line, read or unread; nothing while a form is open."""
        session = self._session
        detail = session.models.record.state.detail
        is_free = session.navigator.place == RECORD and session.models.forms.is_free
        if is_free and detail is not None and detail.ref is not None:
            session.models.record.mark_unread(detail.ref)

    @Slot(str, bool)
    def _unfold(self, key: str, is_open: bool) -> None:  # noqa: FBT001 - as the signal has it
        self._session.models.record.unfold(key, is_open=is_open)

    # -- signing as read ------------------------------------------------------

    @Slot()
    def sign(self) -> None:
        """Alt+V: the line in the side panel was read and is signed; on another page, what it signs there."""
        session = self._session
        if session.navigator.place != RECORD:
            self._sign_elsewhere()
            return
        record, detail = session.models.record.record, session.models.record.state.detail
        if record is None or detail is None or detail.ref is None:
            return
        item = event_of(record, detail.ref)
        if item is None or not detail.may_sign or not session.models.forms.is_free:
            return
        self._lanes.write(lambda: self._written(item), self._signed, self._refused)

    def _written(self, item: TimelineItem) -> Written:
        reading, reviews = item.reading, self._reviews
        if reading is not None and not reading.signed:
            return reviews.sign(item.owner, reading.task)
        return reviews.sign_unasked(item.owner, item.rtype, item.id)

    def _signed(self, written: Written) -> None:
        session, detail = self._session, self._session.models.record.state.detail
        if detail is not None and detail.ref is not None:
            session.models.record.mark_unread(detail.ref, unread=False)
        sentence = session.look.texts.tr("Signed as read, not sent yet.")
        session.record_flow.done(written, sentence)
        session.models.reviews.refresh()

    # -- what the patient added -----------------------------------------------

    @Slot()
    def accept(self) -> None:
        """The addition in the side panel becomes a line of this person's own, and says where it comes from."""
        session = self._session
        record, detail = session.models.record.record, session.models.record.state.detail
        if record is None or detail is None or detail.ref is None:
            return
        item = event_of(record, detail.ref)
        if item is None or not item.waits:
            return
        command = Accept(owner=item.owner, members=members_of(record, detail.ref))
        self._lanes.write(lambda: self._additions.accept(command), self._accepted, self._refused)

    def _accepted(self, written: Written) -> None:
        sentence = self._session.look.tr("Taken into the record, not sent yet.")
        self._session.record_flow.done(written, sentence)

    def _refused(self, error: DossierError) -> None:
        sentence = error_sentence(self._session.look.texts, error)
        self._session.toast.show_sentence(sentence, undoable=False)
