"""Writing one prescription: its draft, what is checked of it, its page, its signature. One patient at a time (HZ-01).

The line is on the screen at once; what is checked and the page follow from the lanes, and nothing is signed but the
very draft that was checked and the very page that was shown. An answer for another draft is dropped.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, structs
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError, Invalid
from dossier.fhir.prescriptions import Zone
from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drugs import DrugService
from practitioner_app.services.letterheads import Heading, LetterheadService
from practitioner_app.services.prescription_checks import Checked
from practitioner_app.services.prescription_draft import Draft, DraftLine, kept
from practitioner_app.services.prescription_signing import SignPrescription
from practitioner_app.services.prescriptions import PrescriptionService, slot_of
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.drafting import Drafting
from ui.errors import error_sentence
from ui.paper.heads import french_paper
from ui.paper.pdf import render
from ui.paper.sheet import plain_text
from ui.prescriptions.entry_model import DrugEntry
from ui.prescriptions.presenter import page_state
from ui.prescriptions.sheet import PrescriptionPage
from ui.prescriptions.state import PrescriptionState
from ui.speaking import Speaking

_PAGE_MS = 120


class Tools(Struct, frozen=True, kw_only=True):
    """What the page works with."""

    prescriptions: PrescriptionService
    drugs: DrugService
    letterheads: LetterheadService
    drafts: DraftService
    lanes: Lanes
    changes: Changes
    family: str


class _Begun(Struct, frozen=True):
    draft: Draft
    heading: Heading


class _Ready(Struct, frozen=True):
    """A draft with everything that was made of it."""

    draft: Draft
    checked: Checked
    pdf: bytes
    text: str


class PrescriptionModel(QObject):
    """Intents: begin, renew, correct, become, keep, sign, leave. `entry` is its input line."""

    changed = Signal()
    begun = Signal()
    rendered = Signal(bytes)
    signed = Signal(object)
    refused = Signal(str)

    def __init__(
        self, tools: Tools, speak: Callable[[], Speaking], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tools, self._speak = tools, speak
        self._record: Record | None = None
        self._heading: Heading | None = None
        self._draft: Draft | None = None
        self._ready: _Ready | None = None
        self._checked = Checked()
        self.entry = DrugEntry(tools.drugs, tools.lanes, self._failed, self)
        self.entry.changed.connect(self._show)
        self.entry.added.connect(self._added)
        self._kept: datetime | None = None
        self._drafting: Drafting | None = None
        self._signing = False
        self.state = PrescriptionState()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAGE_MS)
        self._timer.timeout.connect(self._check)
        tools.changes.published.connect(self._published)

    @property
    def owner(self) -> int | None:
        """Whose prescription is open."""
        return self._record.owner if self._record is not None else None

    @property
    def draft(self) -> Draft | None:
        return self._draft

    @property
    def is_shown(self) -> bool:
        """What is checked and the page are those of the present draft."""
        return self._ready is not None and self._ready.draft == self._draft

    @property
    def checked(self) -> Checked:
        """What was last checked."""
        return self._checked

    # -- beginning and leaving ------------------------------------------------

    def begin(self, record: Record) -> None:
        """The draft that was left, or an empty one."""
        service, owner = self._tools.prescriptions, record.owner
        self._open(record, lambda: service.begin(owner))

    def renew(self, record: Record) -> None:
        """Everything that is taken now, in one key; what is open already stays and gets the rest."""
        service, owner = self._tools.prescriptions, record.owner

        def made() -> Draft:
            left = service.begin(owner)
            known = {line.treatment for line in left.lines}
            more = tuple(line for line in service.renewable(owner) if line.treatment not in known)
            return left.with_lines(more)

        self._open(record, made)

    def correct(self, record: Record, document: str) -> None:
        """A draft that will replace a signed prescription."""
        service, owner = self._tools.prescriptions, record.owner
        self._open(record, lambda: service.correcting(owner, document))

    def _open(self, record: Record, make: Callable[[], Draft]) -> None:
        self.leave()
        self._record = record
        heads = self._tools.letterheads
        self._tools.lanes.read(
            lambda: _Begun(make(), heads.mine()),
            self._begun,
            self._failed,
            key="prescription.begin",
        )

    def _begun(self, begun: _Begun) -> None:
        if begun.draft.owner != self.owner:
            return
        self._heading = begun.heading
        tools, slot = self._tools, slot_of(begun.draft.owner)
        self._drafting = Drafting(tools.drafts, tools.lanes, slot, self._values, self)
        self._drafting.kept.connect(self._was_kept)
        self._drafting.failed.connect(self._failed)
        self._drafting.enter()
        self._draft = begun.draft
        self._show()
        self.begun.emit()
        if begun.draft.lines:
            self._drafting.typed()
        self._check()

    def leave(self) -> None:
        """Another page: what was written is kept as a draft."""
        if self._drafting is not None:
            self._drafting.leave()
        self._forget()

    def stop(self) -> None:
        """The session is being locked."""
        if self._drafting is not None:
            self._drafting.flush()
        self._forget()

    def _forget(self) -> None:
        if self._drafting is not None:
            self._drafting.deleteLater()
        self._timer.stop()
        self._drafting, self._record, self._draft, self._ready = None, None, None, None
        self._checked, self._kept, self._signing = Checked(), None, False
        self.entry.forget()
        if self.state.owner is not None:
            self.state = PrescriptionState()
            self.changed.emit()

    def _values(self) -> dict[str, str]:
        draft = self._draft
        return kept(draft) if draft is not None and draft.lines else {}

    @Slot()
    def _was_kept(self) -> None:
        self._kept = self._speak().now
        self._show()

    def keep(self) -> None:
        """Ctrl+S: on the disk now."""
        if self._drafting is not None:
            self._drafting.flush()
            self._was_kept()

    @Slot(object)
    def _added(self, line: DraftLine) -> None:
        if self._draft is not None:
            self.become(self._draft.with_lines((line,)))

    def become(self, draft: Draft) -> None:
        """The draft after an act of a person."""
        if draft == self._draft:
            self._show()
            return
        self._draft = draft
        if self._drafting is not None:
            self._drafting.typed()
        self._show()
        self._timer.start()

    # -- checking, the page ---------------------------------------------------

    @Slot()
    def _check(self) -> None:
        draft, record, heading = self._draft, self._record, self._heading
        if draft is None or record is None or heading is None:
            return
        service, family = self._tools.prescriptions, self._tools.family
        today = self._speak().today
        page = PrescriptionPage(record=record, heading=heading, paper=french_paper(self._speak()))

        def made() -> _Ready:
            checked = service.checked(draft, today)
            sheet = page.sheet(draft, checked)
            return _Ready(draft, checked, render(sheet, family), plain_text(sheet))

        self._tools.lanes.blobs(made, self._was_checked, self._failed, "prescription.page")

    def _was_checked(self, ready: _Ready) -> None:
        draft = self._draft
        if draft is None or ready.draft.owner != draft.owner:
            return
        self._checked = ready.checked
        if ready.draft == draft:
            self._ready = ready
            self.rendered.emit(ready.pdf)
        self._show()

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        """Something of this patient changed: an allergy perhaps (HZ-04)."""
        if self.owner is not None and change.owners.get(self.owner):
            self._timer.start()

    def sign(self) -> None:
        """Only what was checked and shown; a second press while it is written does nothing."""
        draft, ready = self._draft, self._ready
        if draft is None or self._signing:
            return
        if ready is None or ready.draft != draft:
            self._timer.stop()
            self._check()
            return
        if ready.checked.to_settle:
            return
        self._signing = True
        command = SignPrescription(
            draft=draft,
            today=self._speak().today,
            title=_title(draft, ready.checked),
            pdf=ready.pdf,
            text=ready.text,
        )
        service = self._tools.prescriptions
        if self._drafting is not None:
            self._drafting.rest()
        self._show()
        self._tools.lanes.write(lambda: service.sign(command), self._was_signed, self._not_signed)

    def _was_signed(self, written: Written) -> None:
        if written.owner == self.owner:
            drafts = self._tools.drafts
            self._tools.lanes.write(drafts.leave)
            self._forget()
        self.signed.emit(written)

    def _not_signed(self, error: DossierError) -> None:
        self._signing = False
        if isinstance(error, Invalid):
            sentence = self._speak().texts.tr(
                "Not signed: something of this record changed meanwhile. Look at the lines again."
            )
            self.refused.emit(sentence)
            self._check()
            return
        self._failed(error)

    @Slot(object)
    def _failed(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

    @Slot()
    def _show(self) -> None:
        draft = self._draft
        if draft is None:
            return
        speaking = self._speak()
        state = page_state(
            draft, self._checked, speaking, kept=self._kept, entry=self.entry.state(speaking)
        )
        can_sign = state.can_sign and self.is_shown and not self._signing
        self.state = structs.replace(state, can_sign=can_sign)
        self.changed.emit()


def _title(draft: Draft, checked: Checked) -> str:
    """`Ordonnance : 3 lignes, QSP 3 mois (ALD)`: what the timeline says of it, in French as the paper is."""
    lines = draft.printed
    said = f"Ordonnance : {len(lines)} {'lignes' if len(lines) > 1 else 'ligne'}"
    quantities = {line.quantity for line in lines}
    only = quantities.pop() if len(quantities) == 1 else None
    if only is not None:
        said = f"{said}, QSP {only.words()}"
    zoned = checked.ald and any(line.zone is Zone.ALD for line in lines)
    return f"{said} (ALD)" if zoned else said
