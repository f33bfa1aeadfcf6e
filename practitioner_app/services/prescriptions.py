"""What a doctor does with prescriptions: renew, correct, sign, mark as an error. Commands carry the owner (HZ-01).

Signing is one act: the document, its lines and the changes of the treatments are queued together or not at all, and
everything depends on the document. The allergies are looked at again at that moment: one that arrived while the
draft was open stops it (HZ-04).
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct, structs

from dossier.errors import Invalid, Issue
from dossier.fhir import documents, medications, prescriptions
from dossier.fhir.prescriptions import Line, Zone
from dossier.terminology.posology_reading import read
from dossier.terminology.substances import Substances
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.drafts import DraftService, Slot
from practitioner_app.services.prescription_checks import Checked, check
from practitioner_app.services.prescription_draft import (
    KIND,
    Draft,
    DraftLine,
    kept,
    restored,
)
from practitioner_app.services.prescription_signing import (
    DOCUMENT,
    REQUEST,
    STATEMENT,
    Erring,
    Signing,
    SignPrescription,
)
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import TreatmentRow
from practitioner_app.services.writing import Target, Writer, Written, require


class MarkPrescriptionErroneous(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    reason: str


def slot_of(owner: int) -> Slot:
    """Where the draft of a patient's prescription is kept: one of each."""
    return Slot(kind=KIND, owner=owner)


class PrescriptionService:
    """`begin`, `renewable`, `correcting`, `checked`: read lane. `keep`, `sign`, `mark_erroneous`: write lane.

    Raises Invalid (`lines[key]`, the rule), Unavailable, StoreError kin.
    """

    def __init__(
        self,
        *,
        reader: RecordReader,
        writer: Writer,
        records: RecordService,
        drafts: DraftService,
        substances: Substances,
    ) -> None:
        self._reader, self._writer, self._records = reader, writer, records
        self._drafts, self.substances = drafts, substances

    # -- reading --------------------------------------------------------------

    def begin(self, owner: int) -> Draft:
        """The draft that was left, else an empty one."""
        values = self._drafts.find(slot_of(owner))
        found = restored(values, self.renewable(owner)) if values else None
        return found if found is not None else Draft(owner=owner)

    def renewable(self, owner: int) -> tuple[DraftLine, ...]:
        """Every treatment taken now, as lines: worded as in its last prescription while that still says the same."""
        record = self._records.open(owner)
        ordered = self._ordered(owner)
        ald = bool(record.strip.ald)
        lines = [
            (ordered.get(row.id), row)
            for row in record.treatments.rows
            if row.rtype == STATEMENT and not row.struck and not row.by_patient
        ]
        lines.sort(key=lambda item: item[0].number if item[0] is not None else _LAST)
        return tuple(_taken_over(row, line, ald=ald) for line, row in lines)

    def renewed(self, owner: int) -> Draft:
        """A new draft of everything renewable."""
        return Draft(owner=owner).with_lines(self.renewable(owner))

    def correcting(self, owner: int, document: str) -> Draft:
        """A draft that will replace a prescription; raises Unavailable for anything else."""
        row = self._writer.row(Target(owner, DOCUMENT, document))
        by_request = self._statements(owner)
        lines = []
        for line in self._lines(owner, prescriptions.requests_of(row.body)):
            statement = by_request.get(line.id)
            found = _of_line(line)
            if statement is not None:
                found = structs.replace(found, treatment=statement.id)
            lines.append(found)
        said = documents.decode(row.body)
        empty = Draft(owner=owner, replaces=document, replaces_day=said.made or said.at)
        return empty.with_lines(tuple(lines))

    def checked(self, draft: Draft, today: date) -> Checked:
        """What is known of a draft on the record as it is now; `today` at the desk."""
        return check(draft, self._records.open(draft.owner), self.substances, today)

    def _ordered(self, owner: int) -> dict[str, Line]:
        """By statement, the newest line that was prescribed for it."""
        requests = {row.id: row for row in self._reader.rows(owner, (REQUEST,))}
        found: dict[str, tuple[str, Line]] = {}
        for row in self._reader.rows(owner, (STATEMENT,)):
            for reference in medications.decode(row.body).comes_from:
                request = requests.get(reference.removeprefix(f"{REQUEST}/"))
                if request is None:
                    continue
                line = prescriptions.decode_line(request.body)
                at = line.treatment.written
                if line.treatment.current and at >= found.get(row.id, ("", None))[0]:
                    found[row.id] = (at, line)
        return {rid: line for rid, (_, line) in found.items()}

    def _lines(self, owner: int, requests: Iterable[str]) -> list[Line]:
        found = []
        for rid in requests:
            row = self._reader.resource(owner, REQUEST, rid)
            if row is not None:
                found.append(prescriptions.decode_line(row.body))
        return sorted(found, key=lambda line: line.number)

    def _statements(self, owner: int) -> dict[str, CurrentRow]:
        """By request, the statement that says it comes from it."""
        return {
            reference.removeprefix(f"{REQUEST}/"): row
            for row in self._reader.rows(owner, (STATEMENT,))
            for reference in medications.decode(row.body).comes_from
        }

    # -- writing --------------------------------------------------------------

    def keep(self, draft: Draft) -> None:
        """The draft survives a crash and a lock; an empty one is dropped."""
        empty = not draft.lines and draft.weight is None
        self._drafts.keep(slot_of(draft.owner), {} if empty else kept(draft))

    def sign(self, command: SignPrescription) -> Written:
        """Everything of it in one durable act, with the end of the draft."""
        draft = command.draft
        checked = self.checked(draft, command.today)
        if checked.to_settle:
            raise Invalid(tuple(Issue(f"lines[{key}]", rule) for key, rule in checked.to_settle))
        act = Signing(self._reader, self._writer, command, checked)
        return self._drafts.finish(slot_of(draft.owner), act.write)

    def mark_erroneous(self, command: MarkPrescriptionErroneous) -> Written:
        """The document and its lines stay, struck through; so do the treatments that rest on nothing else. The act of
        a form: its caller holds it together.
        """
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, DOCUMENT, command.id))
        return Erring(self._reader, self._writer, row, reason).write()


_LAST = 1_000


def _taken_over(row: TreatmentRow, line: Line | None, *, ald: bool) -> DraftLine:
    """A current treatment as a line; what its last prescription says holds only while the dose is the same."""
    said = f"{row.dose} {row.posology}".strip()
    if row.as_needed and not read(said).posology.as_needed:
        said = f"{said}, si besoin"
    now = read(said).posology
    draft = DraftLine(
        key=0,
        substance=row.substance,
        form=row.form,
        strength=row.strength.replace(".", ","),
        text=now.words(),
        zone=Zone.ALD if ald and line is None else Zone.OTHER,
        treatment=row.id,
    )
    if line is not None:
        before = read(line.sentence).posology
        lasting = before.duration
        if before.without_duration().words() == now.without_duration().words():
            draft = structs.replace(draft, text=before.words())
        elif lasting is not None and now.duration is None:
            text = read(f"{now.words()} pendant {lasting.words()}").posology.words()
            draft = structs.replace(draft, text=text)
        draft = structs.replace(
            draft,
            supply=line.supply,
            renewals=line.renewals,
            mention=line.mention,
            zone=line.zone,
            prior=line.id,
        )
    return structs.replace(draft, was=draft.words)


def _of_line(line: Line) -> DraftLine:
    """A line of a prescription that is being corrected."""
    treatment = line.treatment
    draft = DraftLine(
        key=0,
        substance=treatment.substance,
        form=treatment.form,
        strength=treatment.strength.replace(".", ","),
        text=read(line.sentence).posology.words(),
        supply=line.supply,
        renewals=line.renewals,
        mention=line.mention,
        zone=line.zone,
        prior=line.id,
    )
    return structs.replace(draft, was=draft.words)
