"""The results to be signed: asked at each change of a review, acted on one at a time."""

from collections.abc import Callable

from msgspec import structs
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.colleagues import Team
from practitioner_app.services.reviews import CurrentKey, Reviews, ReviewService
from practitioner_app.services.writing import Written
from ui.errors import error_sentence
from ui.reviews.presenter import current_key, reviews_state
from ui.reviews.state import TO_SIGN, ReviewsState
from ui.speaking import Speaking

_TYPE = "Task"


class ReviewsModel(QObject):
    """Intents: refresh, show_tab, choose, join, sign, acknowledge, hand_over. `signed` and `handed` give what
    can be taken back.
    """

    changed = Signal()
    signed = Signal(object)
    handed = Signal(object)
    colleagues_told = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        *,
        reviews: ReviewService,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._reviews, self._lanes, self._speak = reviews, lanes, speak
        self._known = Reviews()
        self._state = ReviewsState()
        self._joined: frozenset[CurrentKey] = frozenset()
        changes.published.connect(self._published)

    @property
    def state(self) -> ReviewsState:
        return self._state

    @property
    def service(self) -> ReviewService:
        """For the form of a hand-over, which writes on the write lane."""
        return self._reviews

    @Slot()
    def refresh(self) -> None:
        self._lanes.read(self._reviews.waiting, self._told, self._failed, key="reviews")

    def show_tab(self, tab: str) -> None:
        self._state, self._joined = structs.replace(self._state, tab=tab, chosen=""), frozenset()
        self._present()

    def join(self, key: str) -> None:
        """Take a line among those signed together, or leave it out again; an abnormal one stays alone."""
        row = next((row for row in self._state.rows if row.key == key), None)
        line = next((one for one in self._known.mine if f"{one.owner}/{one.id}" == key), None)
        if row is None or line is None or self._state.tab != TO_SIGN:
            return
        if not row.may_join:
            tr = self._speak().texts.tr
            self.refused.emit(
                tr("Signed alone: not every value is known to be within its reference values.")
            )
            return
        self._joined ^= {current_key(line)}
        self._present()

    def choose(self, key: str) -> None:
        """A line of the list; its results are then shown beside it."""
        if key != self._state.chosen:
            self._state = structs.replace(self._state, chosen=key)
            self._present()

    def sign(self) -> None:
        """Read and signed; refused while an alert value was not taken note of."""
        row, reviews = self._state.row, self._reviews
        seen = self._seen()
        if seen:
            together = [key for key in self._joined if key in seen]
            self._lanes.write(
                lambda: reviews.sign_together(together), self._were_signed, self._failed
            )
            return
        if row is None or row.owner is None:
            return
        if not self._state.can_sign:
            self.refused.emit(self._state.why_not)
            return
        owner, rid = row.owner, row.key.partition("/")[2]
        self._lanes.write(lambda: reviews.sign(owner, rid), self._was_signed, self._failed)

    def _seen(self) -> frozenset[CurrentKey]:
        """What was taken and still stands in the list as it was."""
        return self._joined & {current_key(line) for line in self._known.mine}

    def ask_colleagues(self) -> None:
        """Whom the chosen line may be handed to: answered by `colleagues_told`."""
        if self._state.can_hand:
            self._lanes.read(self._reviews.team, self._team_told, self._failed)

    def acknowledge(self) -> None:
        """The alert value was seen."""
        row, reviews, alert = self._state.row, self._reviews, self._state.alert
        if row is None or row.owner is None or alert is None or not alert.act:
            return
        owner, rid = row.owner, row.key.partition("/")[2]
        self._lanes.write(lambda: reviews.acknowledge(owner, rid), self._noted, self._failed)

    def _team_told(self, team: Team) -> None:
        self.colleagues_told.emit(team)

    def _told(self, reviews: Reviews) -> None:
        self._known = reviews
        self._present()

    def _was_signed(self, written: Written) -> None:
        self.signed.emit((written,))

    def _were_signed(self, written: tuple[Written, ...]) -> None:
        self._joined = frozenset()
        self.signed.emit(written)

    def was_handed(self, written: Written) -> None:
        """The form of the hand-over was recorded."""
        self.handed.emit(written)
        self.refresh()

    def _noted(self, _written: Written) -> None:
        self.refresh()

    def _failed(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

    def _present(self) -> None:
        state = self._state
        self._joined = self._seen()
        self._state = reviews_state(
            self._known, self._speak(), tab=state.tab, chosen=state.chosen, joined=self._joined
        )
        self.changed.emit()

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        listed = {row.owner for row in self._state.rows}
        touched = any(_TYPE in types or owner in listed for owner, types in change.owners.items())
        if touched or change.about(Topic.LEASE):
            self.refresh()
