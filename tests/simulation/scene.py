"""The people, the records and the acts of the simulation, built once and rewound for each schedule.

Two practices, three desktops: a doctor and a nurse who share a care team, and a doctor elsewhere whose
consents come and go. Two patients with a few rows each, some of them documents that can be masked.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec

from dossier.access.home import MASKED, NOT_PATIENT
from dossier.clock import to_ms
from dossier.errors import Refused, Unavailable
from dossier.sealing import totp
from server.ports import OwnerTx
from server.services.access import TEAM
from server.services.accounts import account_row
from sync.proofs import HeldKey
from tests.fakes.authenticator import SEED
from tests.fakes.server_room import (
    DOCTOR,
    MONDAY,
    NURSE,
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
    an_allergy,
)
from tests.simulation.facts import Facts, Name, Oracle, Person, Thing, masked
from tests.simulation.ports import Disk, Level, Server, StoreFactory, Task

DOC_ALL, DOC_DOCTORS = "11488-4", "75496-0"
"""A type every care profession reads, and one that nurses do not."""

_FAR_MS = to_ms(MONDAY) + 12 * 365 * 86_400_000
"""When each membership ends by itself: what a clock that is decades off must not bring about."""


class Actor(NamedTuple):
    """One person at one desktop."""

    person: Person
    key: HeldKey
    situation: str
    token: str
    """A token that is good when the schedule begins."""


class Built(NamedTuple):
    """The scene before anything happens."""

    server: Server
    open_store: StoreFactory
    actors: tuple[Actor, ...]
    desks: tuple[Desktop, ...]
    patients: tuple[int, ...]
    names: tuple[str, ...]
    units: tuple[int, int]
    facts: Facts
    things: dict[Name, Thing]
    documents: tuple[Name, ...]
    snapshot: Any
    blank: Disk
    """Of a desktop that never asked."""

    @property
    def room(self) -> ServerRoom:
        return self.server.room


def build(level: Level) -> Built:
    """Everything a schedule starts from; costs some 20 ms."""
    server = level.server
    room = server.room
    park, quay = room.unit("org-park"), room.unit("org-quay", "Maison du Quai")
    desks = [
        room.desktop("parc", park, DOCTOR),
        room.desktop("nurse", park, NURSE),
        room.desktop("quai", quay, DOCTOR),
    ]
    for desk in desks:
        room.run(room.members.renew(desk.account, desk.situation, _FAR_MS))
    patients: list[int] = []
    documents: list[Name] = []
    names = ("pat-1", "pat-2")
    for rid in names:
        owner = room.patient(park, rid, consent="org-park")
        patients.append(owner)
        for n, code in enumerate((DOC_ALL, DOC_DOCTORS)):
            allergy, document = f"{rid}-al{n}", f"{rid}-doc{n}"
            _file(room, desks[0], owner, an_allergy(rid, allergy))
            _file(room, desks[0], owner, a_document(rid, document, code))
            documents.append((owner, "DocumentReference", document))
    room.settle()
    codes = {name: (DOC_ALL, DOC_DOCTORS)[n % 2] for n, name in enumerate(documents)}
    things: dict[Name, Thing] = {}
    kinds = server.rows.kinds()
    for name in server.rows.present():
        by_doctor = name[1] in ("AllergyIntolerance", "DocumentReference")
        things[name] = Thing(
            desks[0].account if by_doctor else 0, park, codes.get(name, ""), kinds[name[0]]
        )
    facts = Facts(
        consents=frozenset((owner, park) for owner in patients),
        registered=frozenset((owner, park) for owner in patients),
    )
    actors = tuple(_actor(room, desk, unit, profession) for desk, unit, profession in (
        (desks[0], park, DOCTOR), (desks[1], park, NURSE), (desks[2], quay, DOCTOR)
    ))  # fmt: skip
    return Built(
        server,
        level.open_store,
        actors,
        tuple(desks),
        tuple(patients),
        names,
        (park, quay),
        facts,
        things,
        tuple(documents),
        server.snapshot(),
        level.blank,
    )


def _file(room: ServerRoom, desk: Desktop, owner: int, resource: dict[str, object]) -> None:
    (verdict,) = room.push(desk, room.create(desk, owner, resource))
    assert verdict.code == "ok", verdict


def _actor(room: ServerRoom, desk: Desktop, unit: int, profession: str) -> Actor:
    person = Person(desk.account, unit, profession)
    token = room.token(desk.device, desk.private, desk.situation)
    return Actor(person, HeldKey(desk.device, desk.private), desk.situation, token)


class Scene:
    """One schedule's server: rewound, with its oracle. Acts change server and oracle in one moment."""

    def __init__(self, built: Built, seed: int, snapshot: Any = None) -> None:
        self.built, self.side = built, built.server
        self.side.rewind(snapshot or built.snapshot, seed)
        self.oracle = Oracle(self.room.premises.pack, built.facts)
        self.oracle.things = dict(built.things)
        self.documents = list(built.documents)
        self.revoked: set[str] = set()
        self._left_ms: dict[Person, int] = {}
        self.line = 0
        """The restore number under which the server answers."""
        self._bug: Callable[[Scene], None] = _no_bug

    @property
    def room(self) -> ServerRoom:
        """The services of the server as it runs now."""
        return self.side.room

    def digits(self, account: int) -> str:
        """What the authenticator of this person shows that was not used before; "" until it shows the next."""
        here = totp.step_of(self.room.clock.instant)
        row = self.room.run(self.room.store.read(account, account_row))
        step = max((row.step or 0) + 1, here - 1)
        return totp.code_at(SEED, step) if step <= here + 1 else ""

    def plant(self, bug: "Callable[[Scene], None]") -> None:
        """The program has this bug from now on, restarted or not."""
        self._bug = bug
        bug(self)

    def restart_server(self, running: Sequence[Task], draw: Random) -> None:
        """What lived in memory only is gone."""
        self.side.die(running, draw)
        self._bug(self)

    def go_back(self, snapshot: Any, line: int) -> None:
        """The server begins again over another copy of everything; `line` is its restore number."""
        self.line = line
        self.side.go_back(snapshot, line)
        self._bug(self)

    def consent(self, patient: int, unit: int) -> None:
        """The patient consents to a team, or withdraws it."""
        present = self.oracle.now.consents
        pair = (patient, unit)
        if pair in present:
            self.room.run(self.room.access.unrelate(patient, unit, TEAM))
            self.oracle.change(consents=present - {pair})
        else:
            self.room.run(self.room.access.relate(patient, unit, TEAM))
            self.oracle.change(consents=present | {pair})

    def block(self, patient: int, account: int) -> None:
        """The patient blocks a person, or ends the block."""
        present = self.oracle.now.blocked
        pair = (patient, account)
        if pair in present:
            self.room.run(self.room.access.unblock(patient, account))
            self.oracle.change(blocked=present - {pair})
        else:
            self.room.run(self.room.access.block(patient, account))
            self.oracle.change(blocked=present | {pair})

    def attend(self, patient: int, account: int) -> None:
        """The patient names an attending doctor, or ends it; only who works as a doctor now can be."""
        present = self.oracle.now.attending
        pair = (patient, account)
        if pair in present:
            self.room.run(self.room.access.unrelate(patient, account, "attending"))
            self.oracle.change(attending=present - {pair})
        else:
            try:
                self.room.run(self.room.access.relate(patient, account, "attending"))
            except Refused:
                return
            self.oracle.change(attending=present | {pair})

    def relabel(self, document: Name, label: int) -> None:
        """Mask, hide from the patient, or show again; nothing happens to a document not yet filed."""
        labels = frozenset([set(), {MASKED}, {NOT_PATIENT}][label])
        work = self.room.labels.relabel(*document, labels, None)
        try:
            self.room.run(work)
        except Unavailable:
            return
        present = self.oracle.now.masked
        after = present | {document[2]} if masked(labels) else present - {document[2]}
        if after != present:
            self.oracle.change(masked=after)

    def scribble(self, patient: int, n: int) -> None:
        """Somebody without a desktop of ours writes, while everything else is under way."""
        desk = self.built.desks[0]
        if self.built.actors[0].person in self.oracle.now.ended:
            return
        rid = f"{self.built.names[patient]}-by-{n}"
        owner = self.built.patients[patient]
        resource = an_allergy(self.built.names[patient], rid)
        op_id = f"0193f0a0-0000-7000-a000-{n:012d}"
        (verdict,) = self.room.push(desk, self.room.create(desk, owner, resource, op_id=op_id))
        if verdict.code == "ok":
            name = (owner, "AllergyIntolerance", rid)
            self.oracle.things[name] = Thing(desk.account, self.built.units[0])

    def end_membership(self, actor: Actor) -> None:
        """The person leaves the practice."""
        self.room.run(self.room.members.end(actor.person.account, actor.situation))
        self.oracle.change(ended=self.oracle.now.ended | {actor.person})
        self._left_ms.setdefault(actor.person, self.now_ms)

    def is_shut_out(self, person: Person) -> bool:
        """Whether this person left so long ago, by the server's time, that nothing is taken any more."""
        left_ms = self._left_ms.get(person, self.now_ms)
        return self.now_ms - left_ms >= self.room.premises.grace_ms

    def revoke(self, actor: Actor) -> None:
        """The device is reported lost."""
        self.room.run(self.room.devices.revoke(actor.person.account, actor.key.device))
        self.revoked.add(actor.key.device)

    def compact(self, owner: int) -> None:
        """Old tombstones are dropped; who is behind them starts again from zero."""

        async def work(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            for row in await tx.compartments.all():
                await tx.compartments.put(row._replace(floor=row.head))

        self.room.run(self.room.store.write(owner, work))
        self.side.rows.drop_tombstones(owner)

    def index(self) -> bool:
        """The effects of one owner reach the readers; False when nothing was due."""
        due = self.room.run(self.room.store.maintenance.owners_with_effects(self.now_ms, 1))
        for owner in due:
            self.room.run(self.room.indexer.run_owner(owner))
            self.side.sequence()
        return bool(due)

    @property
    def now_ms(self) -> int:
        return self.room.premises.now_ms

    def bodies(self, owner: int) -> dict[tuple[str, str], bytes]:
        """Every present body of an owner."""
        held = self.room.run(self.room.records.whole(owner))
        return {(one.rtype, one.id): one.body for one in held}


def _no_bug(_scene: Scene) -> None:
    """As it was written."""


def allergy_body(patient: str, rid: str, text: str) -> bytes:
    return msgspec.json.encode(an_allergy(patient, rid, text))


def document_body(patient: str, rid: str, code: str) -> bytes:
    return msgspec.json.encode(a_document(patient, rid, code))


__all__ = ["Actor", "Built", "Scene", "a_consent", "build"]
