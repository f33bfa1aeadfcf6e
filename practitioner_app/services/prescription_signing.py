"""Signing a prescription, and striking one through: the ops of one act, in the order the server needs them.

The document comes first and everything depends on it; a line that is renewed changes its treatment, a new one starts
a treatment, one that was left by the person ends it. A prescription that replaces another cancels its lines.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from dossier.fhir import documents, medications, prescriptions
from dossier.fhir.documents import NewDocument
from dossier.fhir.elements import Json
from dossier.fhir.medications import Dose, NewTreatment
from dossier.fhir.prescriptions import NewLine
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.prescription_checks import Checked
from practitioner_app.services.prescription_draft import Draft, DraftLine
from practitioner_app.services.writing import Target, Writer, Written, replaced

DOCUMENT, REQUEST, STATEMENT = "DocumentReference", "MedicationRequest", "MedicationStatement"
_COURSE_DAYS = 31
"""A new treatment said for no longer ends on its day; a longer one goes on until it is stopped."""
REPLACED = "remplacée par une autre ordonnance"
STOPPED = "arrêté à la rédaction d’une ordonnance"
_DRUG = ("contained", "medicationReference", "medicationCodeableConcept", "dosage")


class SignPrescription(Struct, frozen=True, kw_only=True):
    """The draft as it is on the screen, and the very page that was previewed."""

    draft: Draft
    today: date
    title: str
    pdf: bytes
    text: str


class Signing:
    """One act; `write` once."""

    def __init__(
        self,
        reader: RecordReader,
        writer: Writer,
        command: SignPrescription,
        checked: Checked,
    ) -> None:
        self._reader, self._writer, self._command = reader, writer, command
        self._checked, self._today = checked, command.today
        self._draft: Draft = command.draft
        self._owner = command.draft.owner
        self._patient = writer.patient_reference(self._owner)
        self._signature = writer.signature()
        self._ops: list[str] = []
        self._first = ""

    def write(self) -> Written:
        """Queue all of it. The answer names the document, and undoes from the last op to the first."""
        writer, draft = self._writer, self._draft
        printed = draft.printed
        ids = {line.key: writer.new_id() for line in printed}
        document = self._document(tuple(ids.values()))
        written = writer.create(self._owner, document)
        self._first = written.op_id
        group = writer.new_id()
        for line in printed:
            self._create(
                prescriptions.build_line(
                    self._new_line(line),
                    rid=ids[line.key],
                    patient=self._patient,
                    group=group,
                    signature=self._signature,
                )
            )
        for line in draft.lines:
            self._treat(line, ids.get(line.key, ""))
        if draft.replaces:
            self._replace(draft.replaces)
        undo = (*reversed(self._ops), written.op_id)
        return written._replace(op_id=undo[0], more=undo[1:])

    def _document(self, requests: tuple[str, ...]) -> Json:
        said = NewDocument(
            type=prescriptions.DOCUMENT,
            title=self._command.title,
            pdf=self._command.pdf,
            text=self._command.text,
            at=self._signature.at,
            related=tuple(f"{REQUEST}/{one}" for one in requests),
            replaces=self._draft.replaces,
        )
        return documents.build(
            said, rid=self._writer.new_id(), patient=self._patient, signature=self._signature
        )

    def _new_line(self, line: DraftLine) -> NewLine:
        rule = self._checked.of(line.key).rule
        return NewLine(
            number=self._draft.number(line.key),
            drug=line.drug(),
            posology=line.posology,
            supply=line.quantity,
            renewals=line.renewals,
            mention=line.mention,
            zone=line.zone,
            letters=rule is not None and rule.secured,
            reason=line.reason.strip(),
            prior=f"{REQUEST}/{line.prior}" if line.prior else "",
        )

    def _treat(self, line: DraftLine, request: str) -> None:
        """What the line changes in the treatments."""
        if line.treatment:
            row = self._writer.row(Target(self._owner, STATEMENT, line.treatment))
            before = codec.resource(row.body)
            if line.stop:
                on = self._today.isoformat()
                after = medications.stopped(
                    before, on=on, reason=STOPPED, signature=self._signature
                )
            else:
                after = _renewed(before, line, request)
            self._change(row, after)
        elif not line.stop:
            self._create(self._started(line, request))

    def _started(self, line: DraftLine, request: str) -> Json:
        said = NewTreatment(drug=line.drug(), dose=_dose(line), since=self._today.isoformat())
        body = medications.build(
            said, rid=self._writer.new_id(), patient=self._patient, signature=self._signature
        )
        days = self._checked.of(line.key).days
        if days is not None and days <= _COURSE_DAYS:
            end = self._today + timedelta(days=max(0, round(days) - 1))
            body["effectivePeriod"] = {**body["effectivePeriod"], "end": end.isoformat()}
        return {**body, "basedOn": [{"reference": f"{REQUEST}/{request}"}]}

    def _replace(self, old: str) -> None:
        row = self._writer.row(Target(self._owner, DOCUMENT, old))
        requests = prescriptions.requests_of(row.body)
        self._change(row, documents.superseded(codec.resource(row.body)))
        for one in _rows(self._reader, self._owner, REQUEST, requests):
            body = codec.resource(one.body)
            self._change(one, prescriptions.cancelled(body, reason=REPLACED))
        kept = {line.treatment for line in self._draft.lines}
        for one in _resting_on(self._reader, self._owner, requests):
            if one.id not in kept:
                after = medications.stopped(
                    codec.resource(one.body),
                    on=self._today.isoformat(),
                    reason=REPLACED,
                    signature=self._signature,
                )
                self._change(one, after)

    def _create(self, body: Json) -> None:
        written = self._writer.create(self._owner, body, depends_on=self._first)
        self._ops.append(written.op_id)

    def _change(self, row: CurrentRow, after: Json) -> None:
        self._ops.append(self._writer.change(row, after, depends_on=self._first).op_id)


class Erring:
    """A prescription entered in error: its document, its lines, and the treatments that rest on nothing else."""

    def __init__(
        self, reader: RecordReader, writer: Writer, document: CurrentRow, reason: str
    ) -> None:
        self._reader, self._writer, self._document = reader, writer, document
        self._reason, self._signature = reason, writer.signature()

    def write(self) -> Written:
        """Queue all of it; undone from the last op to the first."""
        row, signature, reason = self._document, self._signature, self._reason
        requests = prescriptions.requests_of(row.body)
        body = documents.entered_in_error(
            codec.resource(row.body), reason=reason, signature=signature
        )
        written = self._writer.change(row, body, reason=reason)
        ops = [written.op_id]
        for one in (
            *_rows(self._reader, row.owner, REQUEST, requests),
            *_resting_on(self._reader, row.owner, requests),
        ):
            after = medications.entered_in_error(
                codec.resource(one.body), reason=reason, signature=signature
            )
            change = self._writer.change(one, after, reason=reason, depends_on=written.op_id)
            ops.append(change.op_id)
        ops.reverse()
        return written._replace(op_id=ops[0], more=tuple(ops[1:]))


def _dose(line: DraftLine) -> Dose:
    """What is taken, without for how long: that is said of the prescription."""
    posology = line.posology
    dose = posology.dose
    return Dose(
        quantity=dose.quantity if dose is not None else None,
        unit=dose.unit if dose is not None else "",
        posology=posology.after_dose().without_duration().words(),
        as_needed=posology.as_needed,
    )


def _renewed(before: Json, line: DraftLine, request: str) -> Json:
    """The treatment says by which order it goes on, and its new words where they changed."""
    after = {
        **before,
        "basedOn": [*before.get("basedOn", []), {"reference": f"{REQUEST}/{request}"}],
    }
    if line.is_changed:
        said = NewTreatment(drug=line.drug(), dose=_dose(line))
        after = replaced(after, medications.said_elements(said), _DRUG)
    return after


def _rows(reader: RecordReader, owner: int, rtype: str, ids: Iterable[str]) -> list[CurrentRow]:
    found = (reader.resource(owner, rtype, rid) for rid in ids)
    return [row for row in found if row is not None]


def _resting_on(reader: RecordReader, owner: int, requests: Iterable[str]) -> list[CurrentRow]:
    """Current treatments that come from these lines and from nothing else."""
    ours = {f"{REQUEST}/{one}" for one in requests}
    found = []
    for row in reader.rows(owner, (STATEMENT,)):
        value = medications.decode(row.body)
        if value.current and value.comes_from and set(value.comes_from) <= ours:
            found.append(row)
    return found
