"""Which form opens on the record screen, with whose name on it, and what its save does.

The owner is fixed when the form opens; the command it writes names that owner (HZ-01).
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from msgspec import Struct

from dossier.errors import DossierError
from practitioner_app.services.allergies import MarkAllergyErroneous
from practitioner_app.services.drafts import Slot
from practitioner_app.services.letters import MarkLetterErroneous
from practitioner_app.services.medications import MarkTreatmentErroneous, StopTreatment
from practitioner_app.services.notes import AddToNote, MarkNoteErroneous
from practitioner_app.services.prescriptions import MarkPrescriptionErroneous
from practitioner_app.services.problems import CloseProblem, MarkProblemErroneous
from practitioner_app.services.rows import AllergyState, Record
from practitioner_app.services.writing import Written
from ui import act_entries
from ui.act_entries import Around, Opened
from ui.allergies import view_model as allergies
from ui.allergies.view import allergy_form
from ui.context import SessionContext
from ui.dates_in import read_date
from ui.entry import EntryModel, EntryTools
from ui.errors import error_sentence
from ui.forms import Answers, FieldSpec, FormSpec, WrongField
from ui.medications import view_model as medications
from ui.medications.view import treatment_form
from ui.patient.addition_entries import question_of
from ui.patient.banner import born_words, full_name
from ui.patient.detail_presenter import lines_of, members_of
from ui.patient.prescription_presenter import prescription_of
from ui.patient.state import Action, Ref
from ui.problems import view_model as problems
from ui.problems.view import problem_form
from ui.speaking import Speaking

Command = Any
_NEW: Final = {
    "allergy": "allergies",
    "problem": "problems",
    "history": "history",
    "treatment": "treatments",
    "immunization": "immunizations",
    "measures": "measures",
    "procedure": "procedures",
    "family": "family",
    "habit": "lifestyle",
}
_ROWS: Final = {
    "allergy": ("AllergyIntolerance",),
    "problem": ("Condition",),
    "treatment": ("MedicationStatement", "MedicationRequest"),
    "immunization": ("Immunization",),
    "measures": ("Observation",),
    "procedure": ("Procedure",),
    "family": ("FamilyMemberHistory",),
    "habit": ("Observation",),
}
"""The types that a draft of a correction may speak of."""


class _Act(Struct, frozen=True):
    """A small question (a reason, a day) and the command it makes."""

    title: str
    save: str
    field: FieldSpec
    parse: Callable[[Answers], Command]
    write: Callable[[Command], Written]


class RecordEntries:
    """Makes the view-model of each form, for the patient of the record it is given."""

    def __init__(self, context: SessionContext, speak: Callable[[], Speaking]) -> None:
        self._context, self._speak = context, speak

    def adding(self, kind: str, record: Record) -> EntryModel[Command]:
        """A new line of any kind."""
        opened = act_entries.adding(kind, self._around(record))
        if opened is not None:
            return self._opened(opened, record.owner)
        speaking, services = self._speak(), self._context.services
        texts, today, about = speaking.texts, speaking.today, self._about(record)
        terms, owner = self._context.terms, record.owner
        if kind == "allergies":
            empty = record.allergies.state is AllergyState.NOT_RECORDED
            spec = allergy_form(texts, about, terms, None, may_say_none=empty)
            entry = allergies.AllergyEntry(texts, today, services.allergies, owner)
            return self._entry(spec, owner, entry.parse, entry.write, allergies.PATHS)
        if kind in {"problems", "history"}:
            spec = problem_form(texts, about, terms, None, past=kind == "history")
            line = problems.ProblemEntry(texts, today, services.problems, owner)
            return self._entry(spec, owner, line.parse, line.write, problems.PATHS)
        spec = treatment_form(texts, about, terms, None, today)
        drug = medications.TreatmentEntry(texts, today, services.treatments, owner)
        return self._entry(spec, owner, drug.parse, drug.write, medications.PATHS)

    def correcting(self, ref: Ref, record: Record) -> EntryModel[Command] | None:
        """The same form, filled with a known line."""
        speaking, services = self._speak(), self._context.services
        texts, today, about = speaking.texts, speaking.today, self._about(record)
        terms, owner, lines = self._context.terms, record.owner, lines_of(record, ref)
        if lines.allergy is not None:
            spec = allergy_form(texts, about, terms, lines.allergy, may_say_none=False)
            entry = allergies.AllergyEntry(texts, today, services.allergies, owner, ref.id)
            return self._entry(spec, owner, entry.parse, entry.write, allergies.PATHS)
        if lines.problem is not None:
            spec = problem_form(texts, about, terms, lines.problem, past=False)
            line = problems.ProblemEntry(texts, today, services.problems, owner, ref.id)
            return self._entry(spec, owner, line.parse, line.write, problems.PATHS)
        if lines.treatment is not None:
            spec = treatment_form(texts, about, terms, lines.treatment, today)
            drug = medications.TreatmentEntry(
                texts, today, services.treatments, owner, ref.id, ref.rtype
            )
            return self._entry(spec, owner, drug.parse, drug.write, medications.PATHS)
        opened = act_entries.correcting(ref, self._around(record))
        return self._opened(opened, owner) if opened is not None else None

    def ending(self, ref: Ref, record: Record) -> EntryModel[Command] | None:
        """A problem resolved, a treatment stopped: the day."""
        tr, owner = self._speak().texts.tr, record.owner
        services, field = self._context.services, self._day_field()
        if ref.rtype == "Condition":
            act = _Act(
                tr("Resolved problem"),
                self._speak().texts.trc("verb", "Record"),
                field,
                lambda a: CloseProblem(owner=owner, id=ref.id, until=self._day(a)),
                services.problems.close,
            )
        else:
            act = _Act(
                tr("Stop this treatment"),
                tr("Stop"),
                field,
                lambda a: StopTreatment(owner=owner, id=ref.id, on=self._day(a), rtype=ref.rtype),
                services.treatments.stop,
            )
        return self._small(act, ref, record)

    def erring(self, ref: Ref, record: Record) -> EntryModel[Command] | None:
        """Entered in error: the reason; the line stays, struck through."""
        tr, owner, services = self._speak().texts.tr, record.owner, self._context.services
        field = FieldSpec(
            key="reason",
            label=tr("Reason"),
            hint=tr("For example: wrong patient. It stays written beside the line."),
            required=True,
        )
        makers: dict[str, tuple[Callable[[str], Command], Callable[[Command], Written]]] = {
            "AllergyIntolerance": (
                lambda why: MarkAllergyErroneous(owner=owner, id=ref.id, reason=why),
                services.allergies.mark_erroneous,
            ),
            "Condition": (
                lambda why: MarkProblemErroneous(owner=owner, id=ref.id, reason=why),
                services.problems.mark_erroneous,
            ),
            "DocumentReference": (
                lambda why: MarkLetterErroneous(owner=owner, id=ref.id, reason=why),
                services.letters.mark_erroneous,
            ),
            "MedicationStatement": (
                lambda why: MarkTreatmentErroneous(owner=owner, id=ref.id, reason=why),
                services.treatments.mark_erroneous,
            ),
        }
        event = lines_of(record, ref).event
        if ref.rtype == "Encounter" and event is not None:
            members = event.members
            makers["Encounter"] = (
                lambda why: MarkNoteErroneous(owner=owner, members=members, reason=why),
                services.notes.mark_erroneous,
            )
        if prescription_of(record, ref) is not None:
            makers["DocumentReference"] = (
                lambda why: MarkPrescriptionErroneous(owner=owner, id=ref.id, reason=why),
                services.prescriptions.mark_erroneous,
            )
        maker = makers.get(ref.rtype)
        if maker is None:
            opened = act_entries.striking(ref, self._around(record))
            return self._opened(opened, owner) if opened is not None else None
        make, write = maker
        act = _Act(
            tr("Entered in error"),
            tr("Strike through"),
            field,
            lambda a: make(a.get("reason", "").strip()),
            write,
        )
        return self._small(act, ref, record)

    def adding_to_note(self, ref: Ref, record: Record) -> EntryModel[Command]:
        """An addendum below a consultation note, whoever wrote it."""
        tr, owner = self._speak().texts.tr, record.owner
        act = _Act(
            tr("Addendum to the consultation note"),
            tr("Sign"),
            FieldSpec(key="addendum", label=tr("Addendum"), lines=8, required=True),
            lambda a: AddToNote(owner=owner, encounter=ref.id, text=a.get("addendum", "")),
            self._context.services.notes.add,
        )
        return self._small(act, ref, record)

    def about_addition(self, action: Action, ref: Ref, record: Record) -> EntryModel[Command]:
        """Why an addition of the patient is kept apart, or what is to be answered."""
        asked = question_of(
            action,
            self._speak().texts,
            self._context.services.additions,
            record.owner,
            members_of(record, ref),
        )
        return self._small(_Act(*asked), ref, record)

    def resuming(self, slot: Slot, record: Record) -> EntryModel[Command] | None:
        """The form that a draft was typed in; None when the line it would change is gone."""
        if not slot.about:
            kind = _NEW.get(slot.kind)
            return self.adding(kind, record) if kind else None
        rtype, _, rid = slot.about.rpartition(":")
        refs = [Ref(rtype, rid)] if rtype else [Ref(one, rid) for one in _ROWS.get(slot.kind, ())]
        for ref in refs:
            if slot.kind == "day":
                return self.ending(ref, record)
            if slot.kind == "reason":
                return self.erring(ref, record)
            if slot.kind == "addendum":
                return self.adding_to_note(ref, record)
            found = self.correcting(ref, record)
            if found is not None:
                return found
        return None

    def _around(self, record: Record) -> Around:
        return Around(
            context=self._context,
            speaking=self._speak(),
            record=record,
            about=self._about(record),
        )

    def _opened(self, opened: Opened, owner: int) -> EntryModel[Command]:
        return self._entry(opened.spec, owner, opened.parse, opened.write, opened.paths)

    def _about(self, record: Record) -> str:
        identity = record.identity
        return f"{full_name(identity, self._speak().today)}, {born_words(identity, self._speak())}"

    def _entry(
        self,
        spec: FormSpec,
        owner: int,
        parse: Callable[[Answers], Command],
        write: Callable[[Command], Written],
        paths: dict[str, str],
    ) -> EntryModel[Command]:
        context = self._context
        return EntryModel(
            spec=spec,
            owner=owner,
            parse=parse,
            write=write,
            tools=EntryTools(
                lanes=context.lanes,
                drafts=context.services.drafts,
                sentence=self._sentence,
            ),
            paths=paths,
        )

    def _small(self, act: _Act, ref: Ref, record: Record) -> EntryModel[Command]:
        spec = FormSpec(
            key=f"{act.field.key}:{ref.rtype}:{ref.id}",
            title=act.title,
            about=self._about(record),
            save=act.save,
            fields=(act.field,),
            values={"day": self._speak().formats.day(self._speak().today)}
            if act.field.key == "day"
            else {},
        )
        paths = {"reason": "apart" if act.field.key == "apart" else "reason", "words": "answer"}
        return self._entry(spec, record.owner, act.parse, act.write, paths)

    def _day_field(self) -> FieldSpec:
        return FieldSpec(key="day", label=self._speak().texts.tr("On"), required=True)

    def _day(self, answers: Answers) -> str:
        texts, today = self._speak().texts, self._speak().today
        return _read_day(
            answers.get("day", ""),
            today,
            texts.tr("Type a date that has come: 1994, 05/1994 or 14/05/1994."),
        )

    def _sentence(self, error: DossierError) -> str:
        return error_sentence(self._speak().texts, error)


def _read_day(text: str, today: date, sentence: str) -> str:
    try:
        found = read_date(text, today)
    except ValueError as error:
        raise WrongField("day", sentence) from error
    if not found:
        raise WrongField("day", sentence)
    return found
