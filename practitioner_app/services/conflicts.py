"""Two versions to settle: three panes, fields aligned, a person decides each one.

A field is a group of top-level elements that mean one thing (the drug, its dose). Every field whose two
versions differ is undecided until somebody chooses; nothing is pre-selected, not by date, not by author,
not because one side left it alone (HZ-18). The decision is a change against the present version; both
originals stay in the archive.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from msgspec import Struct

from dossier.errors import Invalid, Issue, Unavailable
from dossier.fhir import allergies, medications
from dossier.fhir.elements import Json
from dossier.wire import codec
from practitioner_app.ports import ConflictCase, ItemState, Outbox, RecordReader
from practitioner_app.services.authors import Authors, who, written_at
from practitioner_app.services.decoding import decode
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.sync_centre import title_of
from practitioner_app.services.writing import Target, Writer


class Choice(StrEnum):
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"
    """Texts only: notes of both, each with its author."""


class Group(NamedTuple):
    """A field: its catalogue key, its elements, whether both texts can be kept."""

    key: str
    elements: tuple[str, ...]
    joinable: bool = False


_NOTE: Final = Group("note", ("note",), joinable=True)
_KEPT: Final = frozenset(
    (
        "resourceType",
        "id",
        "meta",
        "text",
        "subject",
        "patient",
        "encounter",
        "recorder",
        "asserter",
        "informationSource",
        "requester",
        "dateAsserted",
        "recordedDate",
        "authoredOn",
    )
)
"""Who, when, of whom: stay as in the present version; the panes say them at their head."""
_DRUG: Final = Group("drug", ("medicationCodeableConcept", "medicationReference", "contained"))
_DOSAGE: Final = "dosage"
AS_NEEDED: Final = "as_needed"
"""Stands in a wording where the drug is taken if needed: the screen says it in its language."""
_GROUPS: Final[Mapping[str, tuple[Group, ...]]] = {
    "AllergyIntolerance": (
        Group("agent", ("code",)),
        Group("reaction", ("reaction",)),
        Group("criticality", ("criticality",)),
        Group("certainty", ("verificationStatus", "clinicalStatus")),
        Group("since", ("onsetDateTime", "onsetPeriod", "onsetString", "onsetAge")),
        _NOTE,
    ),
    "Condition": (
        Group("label", ("code",)),
        Group("course", ("clinicalStatus", "verificationStatus")),
        Group("category", ("category",)),
        Group("since", ("onsetDateTime", "onsetPeriod", "onsetString", "onsetAge")),
        Group("until", ("abatementDateTime", "abatementPeriod", "abatementString")),
        _NOTE,
    ),
    "MedicationStatement": (
        _DRUG,
        Group(_DOSAGE, ("dosage",)),
        Group("taking", ("status", "statusReason", "effectivePeriod", "effectiveDateTime")),
        Group("reason", ("reasonCode", "reasonReference")),
        _NOTE,
    ),
    "MedicationRequest": (
        _DRUG,
        Group(_DOSAGE, ("dosageInstruction",)),
        Group("quantity", ("dispenseRequest",)),
        Group("taking", ("status", "statusReason")),
        Group("reason", ("reasonCode", "reasonReference")),
        _NOTE,
    ),
}


class Field(Struct, frozen=True, kw_only=True):
    """One row of the three panes. `same`: nothing to decide. Texts are data, "" where absent."""

    key: str
    base: str
    mine: str
    theirs: str
    same: bool
    joinable: bool


class Side(Struct, frozen=True, kw_only=True):
    """Head of a pane: who and when."""

    author: str
    at: str


class Comparison(Struct, frozen=True, kw_only=True):
    """`line_*` are the whole wordings, for the base strip and `what will be written`."""

    op_id: str
    owner: int
    rtype: str
    id: str
    patient: PatientHit | None
    title: str
    opened_at: str
    mine: Side
    theirs: Side
    fields: tuple[Field, ...]
    line_base: str
    line_mine: str
    line_theirs: str
    ready: bool = True
    """False while the other version has not arrived: it can be read about, not settled."""

    @property
    def to_decide(self) -> tuple[str, ...]:
        return tuple(item.key for item in self.fields if not item.same)


class Settle(Struct, frozen=True, kw_only=True):
    """The decision of a person, for every field that differs, about the patient of the key press (HZ-01)."""

    op_id: str
    owner: int
    choices: Mapping[str, Choice]


class Waiting(Struct, frozen=True, kw_only=True):
    """One line of the list of disagreements."""

    op_id: str
    owner: int
    rtype: str
    id: str
    title: str
    at: str
    patient: PatientHit | None


class ConflictService:
    """`waiting`, `open`, `preview` on a read lane, `settle` on the write lane."""

    def __init__(
        self,
        *,
        reader: RecordReader,
        outbox: Outbox,
        writer: Writer,
        search: SearchService,
    ) -> None:
        self._outbox = outbox
        self._writer = writer
        self._search = search
        self._authors = Authors(reader)

    def waiting(self) -> tuple[Waiting, ...]:
        return tuple(
            Waiting(
                op_id=case.op_id,
                owner=case.owner,
                rtype=case.rtype,
                id=case.id,
                title=title_of(case.mine),
                at=case.at,
                patient=self._search.line(case.owner),
            )
            for case in self._outbox.conflicts()
        )

    def open(self, op_id: str) -> Comparison:
        """Unavailable when it was settled meanwhile, here or by a new version."""
        case = self._case(op_id)
        versions = [decode(case.rtype, body) for body in (case.mine, case.theirs) if body]
        self._authors.learn(who(item)[0] for item in versions)
        return Comparison(
            op_id=op_id,
            owner=case.owner,
            rtype=case.rtype,
            id=case.id,
            patient=self._search.line(case.owner),
            title=title_of(case.mine) or title_of(case.theirs),
            opened_at=case.at,
            mine=Side(author=self._writer.actor.name, at=case.at),
            theirs=self._side(case.rtype, case.theirs),
            fields=fields(case),
            line_base=wording(case.rtype, case.base),
            line_mine=wording(case.rtype, case.mine),
            line_theirs=wording(case.rtype, case.theirs),
            ready=bool(case.theirs),
        )

    def preview(self, op_id: str, choices: Mapping[str, Choice]) -> str:
        """`What will be written`, without the fields that are still undecided (HZ-18)."""
        case = self._case(op_id)
        undecided = {item.key for item in fields(case) if not item.same} - choices.keys()
        merged = _merged(case, choices)
        for group in groups(case):
            if group.key in undecided:
                merged = {key: value for key, value in merged.items() if key not in group.elements}
        return wording(case.rtype, codec.encode(merged))

    def settle(self, command: Settle) -> None:
        """Write the decision and close the case. Invalid(`undecided`) names each field without a choice;
        Invalid(`not_received`) while the other version has not arrived.

        Durable order: the new op first, then the case; a crash between the two shows the case again and
        nothing is lost.
        """
        case = self._case(command.op_id)
        if case.owner != command.owner:
            raise Unavailable
        if not case.theirs:
            raise Invalid((Issue("$", "not_received"),))
        missing = [
            item.key
            for item in fields(case)
            if not item.same and _refuses(item, command.choices.get(item.key))
        ]
        if missing:
            raise Invalid(tuple(Issue(key, "undecided") for key in missing))
        after = _merged(case, command.choices)
        row = self._writer.row(Target(case.owner, case.rtype, case.id))
        present = row._replace(body=case.theirs, op_id="", state=ItemState.CONFIRMED)
        if codec.canonical(after) != codec.canonical(_resource(case.theirs)):
            self._writer.change(present, after, reason="settled")
        self._outbox.settle(command.op_id)

    def give_up_mine(self, op_id: str, owner: int) -> None:
        """Keep the version of the others whatever it is (also when theirs is that it is gone)."""
        if self._case(op_id).owner != owner:
            raise Unavailable
        self._outbox.settle(op_id)

    def _case(self, op_id: str) -> ConflictCase:
        for case in self._outbox.conflicts():
            if case.op_id == op_id:
                return case
        raise Unavailable

    def _side(self, rtype: str, body: bytes) -> Side:
        if not body:
            return Side(author="", at="")
        value = decode(rtype, body)
        return Side(author=self._authors.name(*who(value)), at=written_at(value))


def _refuses(field: Field, choice: Choice | None) -> bool:
    return choice is None or (choice is Choice.BOTH and not field.joinable)


def _resource(body: bytes) -> Json:
    return codec.resource(body) if body else {}


def groups(case: ConflictCase) -> tuple[Group, ...]:
    """The fields of a type, then one field for each other element present in a version."""
    known = _GROUPS.get(case.rtype, ())
    covered = {element for group in known for element in group.elements}
    present = set(_resource(case.mine)) | set(_resource(case.theirs))
    left = sorted(present - covered - _KEPT)
    return (*known, *(Group(element, (element,)) for element in left))


def fields(case: ConflictCase) -> tuple[Field, ...]:
    """The rows of the screen: identical ones too, but not those absent on all sides."""
    base, mine, theirs = (_resource(body) for body in (case.base, case.mine, case.theirs))
    found = []
    for group in groups(case):
        parts = [_part(side, group) for side in (base, mine, theirs)]
        if not parts[1] and not parts[2]:
            continue
        same = codec.canonical(parts[1]) == codec.canonical(parts[2])
        sides = tuple(zip((base, mine, theirs), parts, strict=True))
        texts = [_shown(side, part, group) for side, part in sides]
        if not same and texts[1] == texts[2]:
            texts = [_every_word(part) for _, part in sides]
        found.append(
            Field(
                key=group.key,
                base=texts[0],
                mine=texts[1],
                theirs=texts[2],
                same=same,
                joinable=group.joinable,
            )
        )
    return tuple(found)


def _part(resource: Json, group: Group) -> Json:
    return {element: resource[element] for element in group.elements if element in resource}


def _merged(case: ConflictCase, choices: Mapping[str, Choice]) -> Json:
    """The present version with, for each field, what was chosen."""
    mine, theirs = _resource(case.mine), _resource(case.theirs)
    merged = dict(theirs)
    for group in groups(case):
        choice = choices.get(group.key)
        if choice is Choice.MINE:
            for element in group.elements:
                merged.pop(element, None)
            merged |= _part(mine, group)
        elif choice is Choice.BOTH and group.joinable:
            merged |= {name: _joined(theirs, mine, name) for name in group.elements if name in mine}
    return merged


def _joined(theirs: Json, mine: Json, name: str) -> list[Any]:
    """Both lists, what is the same once, theirs first."""
    kept = list(theirs.get(name, []))
    seen = {codec.canonical(item) for item in kept}
    return kept + [item for item in mine[name] if codec.canonical(item) not in seen]


def _shown(resource: Json, part: Json, group: Group) -> str:
    if not part:
        return ""
    if group is _DRUG:
        value = decode(resource["resourceType"], codec.encode(resource))
        words = (value.substance, value.form, value.strength)
        return ", ".join(word for word in words if word)
    if group.key == _DOSAGE:
        value = decode(resource["resourceType"], codec.encode(resource))
        taken = f"{value.dose} {value.posology}".strip()
        if taken or value.duration:
            line = ", ".join(word for word in (taken, value.duration) if word)
            return f"{line} · {AS_NEEDED}" if value.as_needed else line
    return _every_word(part)


def _every_word(part: Json) -> str:
    """All that a part says, also what the short form leaves out: a difference is never invisible."""
    return " · ".join(text for element in part.values() if (text := _text(element)))


_WORDS: Final = ("text", "display", "authorString")


def _text(value: Any) -> str:
    """The words of any element, without knowing it: texts, displays, codes, values with units, dates."""
    match value:
        case str():
            return value
        case bool() | None:
            return ""
        case int() | float():
            return f"{value:g}"
        case list():
            return ", ".join(text for item in value if (text := _text(item)))
        case dict():
            return _dict_text(value)
        case _:
            return ""


def _dict_text(value: Json) -> str:
    if "value" in value and ("unit" in value or "code" in value):
        return f"{value['value']:g} {value.get('unit') or value.get('code')}".strip()
    own = value.get("text") or value.get("display")
    if isinstance(own, str) and set(value) <= {"text", "display", "coding", "reference", "time"} | {
        "authorReference",
        "authorString",
        "type",
        "identifier",
    }:
        return own
    if "coding" in value:
        return _text(value["coding"][:1])
    if "code" in value and isinstance(value["code"], str):
        return str(value.get("display") or value["code"])
    skipped = ("system", "reference", "id", "url", "resourceType")
    return " ".join(
        text for key, item in value.items() if key not in skipped and (text := _text(item))
    )


def _line(value: medications.Treatment) -> Sequence[str]:
    drug, taken = f"{value.form} {value.strength}".strip(), f"{value.dose} {value.posology}".strip()
    return (value.substance, drug, taken, AS_NEEDED if value.as_needed else "", value.duration)


_LINES: Final[Mapping[str, Callable[[Any], Sequence[str]]]] = {
    "AllergyIntolerance": lambda value: (value.agent, *value.reactions),
    "MedicationStatement": _line,
    "MedicationRequest": _line,
    "Condition": lambda value: (value.label, value.since),
}


def wording(rtype: str, body: bytes) -> str:
    """A whole version in one line of data: parts joined by ` — `."""
    if not body:
        return ""
    if rtype not in _LINES:
        return title_of(body)
    value = decode(rtype, body)
    if not isinstance(value, allergies.Allergy) and not hasattr(value, "id"):
        return title_of(body)
    return " — ".join(part for part in _LINES[rtype](value) if part)
