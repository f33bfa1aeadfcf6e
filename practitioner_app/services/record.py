"""Opening a record: everything the screen shows of one patient, read and decoded once.

One `open` reads the rows of the clinical types, decodes those whose version changed, and builds one frozen
Record. It is asked again after each ChangeSet that touches the patient; the marks of what is new hold until
`leave`, so that a refresh never makes them vanish under the reader's eyes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dossier.clock import Clock
from dossier.fhir.dates import age, day
from dossier.fhir.immunizations import Immunization
from dossier.fhir.measures import is_old_weight
from dossier.fhir.patients import IdentityStatus, Patient, Sex
from dossier.fhir.results import BLOOD_PRESSURE, EGFR, HBA1C, WEIGHT
from practitioner_app.ports import (
    Completeness,
    ConflictCase,
    CurrentRow,
    ItemState,
    Outbox,
    PatientLine,
    RecordReader,
)
from practitioner_app.services import act_lists, allergy_panel, results
from practitioner_app.services.additions import Decisions, decisions_of, settled
from practitioner_app.services.authors import Authors, who
from practitioner_app.services.decoding import CLINICAL_TYPES, Decoded, Decoding, decode
from practitioner_app.services.drafts import DraftLine
from practitioner_app.services.last_look import LastLook, Look, mark
from practitioner_app.services.note_lines import draft_lines
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.readings import Readings, owners_of, readings_of
from practitioner_app.services.record_lists import Lists, listing
from practitioner_app.services.rows import (
    AldRow,
    Identity,
    Listing,
    Record,
    Strip,
    TimelineItem,
)
from practitioner_app.services.timeline import Timeline
from practitioner_app.services.writing import Actor

_HISTORY_IN_STRIP = 3


def _no_drafts(_owner: int) -> Sequence[DraftLine]:
    return ()


class RecordService:
    """`open` on a read lane, `leave` on the write lane. Raises StoreError kin."""

    def __init__(
        self,
        *,
        reader: RecordReader,
        outbox: Outbox,
        last_look: LastLook,
        read_marks: ReadMarks,
        clock: Clock,
        actor: Actor,
        prevention: Prevention,
        drafts: Callable[[int], Sequence[DraftLine]] = _no_drafts,
    ) -> None:
        self._drafts = drafts
        self._reader = reader
        self._outbox = outbox
        self._last_look = last_look
        self._read_marks = read_marks
        self._clock = clock
        self._actor = actor
        self._prevention = prevention
        self._decoding = Decoding()
        self._authors = Authors(reader)
        self._looks: dict[int, Look | None] = {}
        self._shown: dict[int, Sequence[CurrentRow]] = {}
        self._unread: dict[int, frozenset[bytes]] = {}
        self._chosen: dict[int, dict[bytes, bool]] = {}
        """Lines that the person marked, read or unread, since the record was opened."""
        self._left_unread: dict[int, frozenset[bytes]] = {}

    def open(self, owner: int) -> Record:
        """The record as this desktop knows it now."""
        completeness = self._reader.completeness(owner)
        rows = self._reader.rows(owner, CLINICAL_TYPES) if completeness.readable else ()
        decoded = self._decoding.of(owner, rows)
        cases = [case for case in self._outbox.conflicts() if case.owner == owner]
        self._authors.learn(_references(value for _, value in decoded))
        self._authors.learn(
            who(decode(case.rtype, body))[0]
            for case in cases
            for body in (case.mine, case.theirs)
            if body
        )
        self._shown[owner] = rows
        if owner not in self._looks:
            self._looks[owner] = self._last_look.previous(owner)
            self._unread[owner] = self._read_marks.unread(owner)
        record = self._build(owner, decoded, cases, completeness)
        self._keep_unread(owner, record)
        return record

    def mark_read(self, owner: int, item: TimelineItem, *, unread: bool) -> None:
        """The person read a line, or wants to read it again; kept at once. Write lane."""
        version = mark(item)
        self._chosen.setdefault(owner, {})[version] = unread
        left = self._left_unread.get(owner, frozenset()) - {version}
        self._left_unread[owner] = left | {version} if unread else left
        self._read_marks.keep(owner, self._left_unread[owner])

    def leave(self, owner: int) -> None:
        """The person goes to another patient or locks: what was shown is seen from now on."""
        shown = self._shown.pop(owner, None)
        self._looks.pop(owner, None)
        self._unread.pop(owner, None)
        self._chosen.pop(owner, None)
        unread = self._left_unread.pop(owner, frozenset())
        if shown is not None:
            self._last_look.passed(owner, {mark(row) for row in shown})
            self._read_marks.keep(owner, unread)

    def forget(self) -> None:
        """The session locks: nothing decoded stays in memory."""
        self._decoding.forget()
        self._authors.forget()
        for kept in (self._looks, self._shown, self._unread, self._chosen, self._left_unread):
            kept.clear()

    def _keep_unread(self, owner: int, record: Record) -> None:
        """What is unread now, for the moment the record is left."""
        rows = record.timeline.rows
        self._left_unread[owner] = frozenset(mark(item) for item in rows if item.unread)

    def _readings(self, owner: int, tasks: Sequence[CurrentRow], decisions: Decisions) -> Readings:
        before, chosen = self._unread.get(owner, frozenset()), self._chosen.get(owner, {})

        def is_unread(row: CurrentRow, fresh: bool) -> bool:  # noqa: FBT001 - what is_new said of it
            if not before and not chosen:
                return fresh
            version = mark(row)
            return chosen.get(version, fresh or version in before)

        self._authors.learn(owners_of(tasks))
        found = readings_of(tasks, self._actor, self._authors.name)
        return Readings(is_unread, self._is_me, found, decisions)

    def _build(
        self,
        owner: int,
        decoded: list[Decoded],
        cases: list[ConflictCase],
        completeness: Completeness,
    ) -> Record:
        is_new = self._new_since(self._looks.get(owner), decoded)
        today = self._clock.now().date()
        lists = Lists(decoded, cases, self._authors, is_new, self._actor.name, today)
        observed = results.observed(decoded)
        patient = next((value for _, value in decoded if isinstance(value, Patient)), None)
        line = self._reader.patient(owner) if patient is None else None
        tasks = self._reader.rows(owner, ("Task",)) if completeness.readable else ()
        decisions = decisions_of(tasks, decoded)
        readings = self._readings(owner, tasks, decisions)
        typing = draft_lines(self._drafts(owner), self._actor.name)
        timeline = (*typing, *Timeline(decoded, self._name, is_new, readings).items())
        history = lists.history()
        problems = lists.problems()
        labels = [row.label for rows in history.values() for row in rows]
        look = self._looks.get(owner)
        return Record(
            owner=owner,
            found=patient is not None or line is not None,
            identity=self._identity(owner, patient, line),
            allergies=allergy_panel.panel(
                [item for item in decoded if item.row.rtype == "AllergyIntolerance"],
                allergy_panel.of_type(cases, owner, "AllergyIntolerance"),
                completeness,
                self._name,
                is_new,
                settled(decisions),
            ),
            strip=self._strip(
                patient, lists.ald(problems), labels, results.newest(observed), completeness
            ),
            problems=listing(problems, completeness),
            history={chapter: listing(rows, completeness) for chapter, rows in history.items()},
            treatments=listing(lists.treatments(current=True), completeness),
            past_treatments=listing(lists.treatments(current=False), completeness),
            series=listing(results.key_series(observed), completeness),
            timeline=_timeline(timeline, completeness),
            complete=completeness.complete,
            received_percent=allergy_panel.percent(completeness),
            copy_at=completeness.copied_at,
            last_look=look.at if look else None,
            new_count=sum(item.new for item in timeline),
            narrowed=completeness.narrowed,
            vaccinations=listing(
                act_lists.vaccinations(decoded, lists.item, self._authors.name), completeness
            ),
            measures=listing(act_lists.measures(observed, lists.item), completeness),
            habits=listing(act_lists.habits(observed, lists.item), completeness),
            reviewed=act_lists.reviewed(decoded, self._authors.name),
            prevention=listing(
                self._prevention.due(decoded, self._authors) if completeness.complete else (),
                completeness,
            ),
        )

    def _name(self, value: Any) -> str:
        return self._authors.name(*who(value))

    def _new_since(self, look: Look | None, decoded: list[Decoded]) -> Callable[[CurrentRow], bool]:
        """New: confirmed, not among what was shown then, and not this person's own act."""
        if look is None:
            return lambda _: False
        fresh = set()
        for row, value in decoded:
            if row.state is not ItemState.CONFIRMED or mark(row) in look.marks:
                continue
            if not self._is_me(*who(value[0] if isinstance(value, tuple) else value)):
                fresh.add((row.rtype, row.id))
        return lambda row: (row.rtype, row.id) in fresh

    def _is_me(self, reference: str, name: str) -> bool:
        return reference == self._actor.reference if reference else name == self._actor.name

    def _identity(self, owner: int, patient: Patient | None, line: PatientLine | None) -> Identity:
        today = self._clock.now().date()
        if patient is None:
            return _identity_of_line(owner, line)
        died = day(patient.deceased_at)
        return Identity(
            owner=owner,
            civility=patient.civility,
            birth_name=patient.birth_name,
            birth_given=patient.birth_given,
            used_name=patient.used_name,
            used_given=patient.used_given,
            birth_date=patient.birth_date,
            age=None if patient.deceased else age(patient.birth_date, today),
            sex=patient.sex,
            ins=patient.ins,
            status=patient.status,
            deceased=patient.deceased,
            deceased_at=patient.deceased_at,
            age_at_death=age(patient.birth_date, died) if died else None,
            address=patient.address,
            phones=patient.phones,
            emails=patient.emails,
        )

    def _is_old(self, patient: Patient | None, measured_at: str) -> bool:
        born, measured = day(patient.birth_date) if patient else None, day(measured_at)
        if born is None or measured is None:
            return False
        return is_old_weight(born, measured, self._clock.now().date())

    def _strip(
        self,
        patient: Patient | None,
        ald: tuple[AldRow, ...],
        history: list[str],
        observed: results.Newest,
        completeness: Completeness,
    ) -> Strip:
        smoking, pack_years = results.tobacco(observed)
        weight = results.latest(observed, WEIGHT)
        doctor = (patient.attending, patient.attending_name) if patient else ("", "")
        return Strip(
            attending_doctor=self._authors.name(*doctor),
            ald=ald,
            history=tuple(history[:_HISTORY_IN_STRIP]),
            tobacco=smoking,
            pack_years=pack_years,
            weight=weight,
            weight_is_old=weight is not None and self._is_old(patient, weight.at),
            bmi=results.body_mass_index(observed),
            blood_pressure=results.latest(observed, BLOOD_PRESSURE),
            egfr=results.latest(observed, EGFR),
            hba1c=results.latest(observed, HBA1C),
            received_percent=allergy_panel.percent(completeness),
            narrowed=completeness.narrowed,
        )


def _timeline(items: tuple[Any, ...], completeness: Completeness) -> Listing[Any]:
    return listing(items, completeness)


def _references(values: Iterable[Any]) -> set[str]:
    """Everybody the bodies name."""
    found = set()
    for value in values:
        found.add(_reference(value))
        if isinstance(value, Immunization):
            found.add(value.performer)
    return found


def _reference(value: Any) -> str:
    """Whom a body names: its author, or the attending doctor of a patient."""
    if isinstance(value, Patient):
        return value.attending
    return who(value[0] if isinstance(value, tuple) else value)[0]


def _identity_of_line(owner: int, line: PatientLine | None) -> Identity:
    """The line of the list while the Patient itself has not arrived."""
    if line is None:
        return Identity(owner=owner, civility="", birth_name="", birth_given="")
    return Identity(
        owner=owner,
        civility="",
        birth_name=line.birth_name or line.family,
        birth_given=line.given,
        used_name=line.family if line.family.casefold() != line.birth_name.casefold() else "",
        birth_date=line.birth_date,
        sex=Sex(line.sex) if line.sex in Sex.__members__.values() else Sex.UNKNOWN,
        ins=line.ins,
        status=IdentityStatus(line.status)
        if line.status in IdentityStatus.__members__.values()
        else IdentityStatus.PROVISIONAL,
        deceased=line.deceased,
    )
