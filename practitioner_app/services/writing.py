"""From a command to one durable op: the only way a service writes.

A create carries the whole resource; a change carries, for each top-level element that differs, the hash
of what its author saw and the new value (design law 6): an element we do not know cannot be lost. The op
names the owner of the key press; a row of another owner is refused (HZ-01).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from dossier.clock import Clock, to_wire
from dossier.entropy import Entropy
from dossier.errors import Invalid, Issue, Refused, Unavailable
from dossier.fhir.elements import Json, Signature, reference
from dossier.ids import new_op_id, uuid7
from dossier.wire import codec
from dossier.wire.messages import NEVER, Change, Op
from practitioner_app.ports import CurrentRow, ItemState, Outbox, RecordReader

_ASSERTED: Final[dict[str, tuple[str, ...]]] = {
    "AllergyIntolerance": ("asserter",),
    "Condition": ("asserter",),
    "MedicationStatement": ("informationSource", "dateAsserted"),
}


def _never() -> bool:
    return False


class Actor(Struct, frozen=True, kw_only=True):
    """The person at this desktop in the session's one situation. `reference` is the literal reference of
    their Practitioner (or PractitionerRole) when the server told it, `name` how they are shown.
    """

    account: int
    acting: str
    name: str
    reference: str = ""


class Written(NamedTuple):
    """What was queued; `op_id` undoes it as long as it has not left, with those of `more`: the other acts of
    the same key press.
    """

    op_id: str
    owner: int
    rtype: str
    id: str
    more: tuple[str, ...] = ()


class Target(NamedTuple):
    """The item a command speaks of, as the screen showed it at the key press."""

    owner: int
    rtype: str
    id: str


class Writer:
    """Turns bodies into ops. Write lane. Raises Unavailable, Invalid and StoreError kin.

    In continuity mode nothing but openings is written, Refused(`continuity_reads_only`): what one would
    build on is only half shown (HZ-17).
    """

    def __init__(
        self,
        *,
        reader: RecordReader,
        outbox: Outbox,
        clock: Clock,
        entropy: Entropy,
        actor: Actor,
        continuity: Callable[[], bool] = _never,
    ) -> None:
        self._reader = reader
        self._continuity = continuity
        self._outbox = outbox
        self._clock = clock
        self._entropy = entropy
        self.actor = actor

    def signature(self) -> Signature:
        """The author and the claimed time of an act done now."""
        author = reference(self.actor.reference, self.actor.name, "Practitioner")
        return Signature(author=author, at=to_wire(self._clock.now()))

    def new_id(self) -> str:
        return uuid7(self._clock, self._entropy)

    def patient_reference(self, owner: int) -> str:
        """The literal reference of the patient whose record this is; Unavailable when not held."""
        rows = self._reader.rows(owner, ("Patient",))
        if not rows:
            raise Unavailable
        return f"Patient/{rows[0].id}"

    def create(self, owner: int, resource: Json, *, depends_on: str | None = None) -> Written:
        """Queue a new resource."""
        self._refuse_in_continuity()
        body = codec.encode(resource)
        op = self._op(
            owner, resource["resourceType"], resource["id"], body=Raw(body), depends_on=depends_on
        )
        self._outbox.put(op, shows=body)
        return Written(op.op_id, owner, op.rtype, op.id)

    def row(self, target: Target) -> CurrentRow:
        """The present row of a target; Unavailable when it is gone or belongs to another patient."""
        found = self._reader.resource(target.owner, target.rtype, target.id)
        if found is None or found.owner != target.owner:
            raise Unavailable
        return found

    def change(
        self, row: CurrentRow, after: Json, *, reason: str = "", depends_on: str | None = None
    ) -> Written:
        """Queue the difference between what is shown and `after`; Invalid(`no_change`) when there is none.

        The change names its author in the resource, so that two changes of one allergy or treatment made
        apart always meet in the conflict screen, whatever elements they touch (HZ-18).
        A change of something not yet confirmed depends on its op, so that the server sees them in order;
        else on `depends_on`.
        """
        self._refuse_in_continuity()
        before = codec.resource(row.body)
        if not differences(before, after):
            raise Invalid((Issue("$", "no_change"),))
        after = self._signed(_without_stale_narrative(after))
        changes = differences(before, after)
        waits = row.op_id if row.state in (ItemState.PENDING, ItemState.SENT) else ""
        op = self._op(
            row.owner,
            row.rtype,
            row.id,
            base=row,
            changes=changes,
            reason=reason,
            depends_on=waits or depends_on,
        )
        self._outbox.put(op, shows=codec.encode(after), saw=row.body)
        return Written(op.op_id, row.owner, row.rtype, row.id)

    def opened(self, owner: int, reason: str = "") -> Written:
        """Queue the fact that a person displayed this record."""
        op = self._op(owner, "", "", reason=reason)
        self._outbox.put(op)
        return Written(op.op_id, owner, "", "")

    def withdraw(self, op_id: str) -> bool:
        """Undo before sending; False when it already left."""
        return self._outbox.withdraw(op_id)

    def _refuse_in_continuity(self) -> None:
        if self._continuity():
            raise Refused("continuity_reads_only")

    def _signed(self, after: Json) -> Json:
        """Who asserts the present wording, and when, where the type has an element for it."""
        elements = _ASSERTED.get(after.get("resourceType", ""), ())
        signature = self.signature()
        values = {"dateAsserted": signature.at}
        return after | {name: values.get(name, signature.author) for name in elements}

    def _op(
        self,
        owner: int,
        rtype: str,
        rid: str,
        *,
        base: CurrentRow | None = None,
        body: Raw | None = None,
        changes: tuple[Change, ...] = (),
        reason: str = "",
        depends_on: str | None = None,
    ) -> Op:
        return Op(
            op_id=new_op_id(self._clock, self._entropy),
            owner=owner,
            kind="create" if body is not None else "change" if changes else "opened",
            acting=self.actor.acting,
            at=to_wire(self._clock.now()),
            rtype=rtype,
            id=rid,
            base=base.version if base else NEVER,
            body=body,
            changes=changes,
            reason=reason,
            depends_on=depends_on,
        )


def differences(before: Json, after: Json) -> tuple[Change, ...]:
    """One Change per top-level element that differs, in the order of names; `meta` is the server's."""
    found = []
    for element in sorted(before.keys() | after.keys()):
        if element in ("resourceType", "id", "meta"):
            continue
        old, new = before.get(element), after.get(element)
        if element in before and element in after and codec.canonical(old) == codec.canonical(new):
            continue
        found.append(
            Change(
                element=element,
                base=codec.value_hash(old) if element in before else None,
                value=Raw(msgspec.json.encode(new)) if element in after else None,
            )
        )
    return tuple(found)


def _without_stale_narrative(after: Json) -> Json:
    """A narrative generated from the elements says what they were: it goes when they change (R4 §2.4)."""
    text = after.get("text")
    if isinstance(text, dict) and text.get("status") == "generated":
        return {key: value for key, value in after.items() if key != "text"}
    return after


def replaced(before: Json, elements: Json, names: tuple[str, ...]) -> Json:
    """`before` with the elements `names` taken from `elements` (absent there: removed here)."""
    kept = {key: value for key, value in before.items() if key not in names}
    return kept | {name: elements[name] for name in names if name in elements}


def require(text: str, path: str) -> str:
    """A wording that may not be empty; Invalid(`required`) with the path of the field."""
    found = " ".join(text.split())
    if not found:
        raise Invalid((Issue(path, "required"),))
    return found
