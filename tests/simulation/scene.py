"""The people, the records and the acts of the simulation, built once and rewound for each schedule.

Two practices, three desktops: a doctor and a nurse who share a care team, and a doctor elsewhere whose
consents come and go. Two patients with a few rows each, some of them documents that can be masked.
"""

from typing import NamedTuple

import msgspec

from dossier.access.home import MASKED, NOT_PATIENT
from dossier.access.matrix import MatrixPack
from dossier.errors import Refused, Unavailable
from dossier.sealing.devices import sign
from server.ports import OwnerTx
from server.services.access import TEAM
from server.services.labels import Labels
from server.store.memory import Snapshot
from tests.fakes.clear_sealer import ClearSealer
from tests.fakes.server_room import (
    DOCTOR,
    MONDAY,
    NURSE,
    SECRETARY,
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
    an_allergy,
)
from tests.simulation.facts import Facts, Name, Oracle, Person, Thing, masked
from tests.simulation.server_side import InProcessServer, make_room

DOC_ALL, DOC_DOCTORS = "11488-4", "75496-0"
"""A type every care profession reads, and one that nurses do not."""


SMALL_PACK = f"""
version = "simulation"
valid_from = "2026-11-01"
text = "Two professions and a secretary: the mechanism, at a tenth of the rows."
source_sha256 = "{"0" * 64}"
unlisted = "doctor"
clinical = "care"
[professions]
{DOCTOR} = "Médecin"
{NURSE} = "Infirmier"
[secretaries]
{SECRETARY} = "Secrétaire médicale"
[classes.care]
read = ["{DOCTOR}", "{NURSE}"]
types = ["{DOC_ALL}"]
[classes.doctor]
read = ["{DOCTOR}"]
types = ["{DOC_DOCTORS}"]
"""


class SimKey(NamedTuple):
    """The device key of one desktop."""

    device: str
    private: bytes

    def sign(self, message: bytes) -> bytes:
        return sign(self.private, message)


class Actor(NamedTuple):
    """One person at one desktop."""

    person: Person
    key: SimKey
    situation: str
    token: str
    """A token that is good when the schedule begins."""


class Built(NamedTuple):
    """The scene before anything happens."""

    room: ServerRoom
    actors: tuple[Actor, ...]
    desks: tuple[Desktop, ...]
    patients: tuple[int, ...]
    names: tuple[str, ...]
    units: tuple[int, int]
    facts: Facts
    things: dict[Name, Thing]
    documents: tuple[Name, ...]
    snapshot: Snapshot


def build() -> Built:
    """Everything a schedule starts from; costs some 20 ms."""
    room = make_room(seed=7, sealer=ClearSealer(), pack=MatrixPack.parse(SMALL_PACK))
    park, quay = room.unit("org-park"), room.unit("org-quay", "Maison du Quai")
    desks = [
        room.desktop("parc", park, DOCTOR),
        room.desktop("nurse", park, NURSE),
        room.desktop("quai", quay, DOCTOR),
    ]
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
    for owner, state in room.store.inner._owners.items():
        for rtype, rid in state.resources:
            name = (owner, rtype, rid)
            by_doctor = rtype in ("AllergyIntolerance", "DocumentReference")
            things[name] = Thing(
                desks[0].account if by_doctor else 0,
                park,
                codes.get(name, ""),
                state.owner[None].kind,
            )
    facts = Facts(
        consents=frozenset((owner, park) for owner in patients),
        registered=frozenset((owner, park) for owner in patients),
    )
    actors = tuple(_actor(room, desk, unit, profession) for desk, unit, profession in (
        (desks[0], park, DOCTOR), (desks[1], park, NURSE), (desks[2], quay, DOCTOR)
    ))  # fmt: skip
    return Built(
        room,
        actors,
        tuple(desks),
        tuple(patients),
        names,
        (park, quay),
        facts,
        things,
        tuple(documents),
        room.store.snapshot(),
    )


def _file(room: ServerRoom, desk: Desktop, owner: int, resource: dict[str, object]) -> None:
    (verdict,) = room.push(desk, room.create(desk, owner, resource))
    assert verdict.code == "ok", verdict


def _actor(room: ServerRoom, desk: Desktop, unit: int, profession: str) -> Actor:
    person = Person(desk.account, unit, profession)
    token = room.token(desk.device, desk.private, desk.situation)
    return Actor(person, SimKey(desk.device, desk.private), desk.situation, token)


class Scene:
    """One schedule's server: rewound, with its oracle. Acts change server and oracle in one moment."""

    def __init__(self, built: Built, seed: int, snapshot: Snapshot | None = None) -> None:
        self.built, self.room = built, built.room
        self.room.store.inner.restore(snapshot or built.snapshot, restore=0)
        self.room.entropy._random.seed(seed)
        self.room.clock.instant = MONDAY
        self.room.devices._nonces.clear()
        self.oracle = Oracle(self.room.premises.pack, built.facts)
        self.oracle.things = dict(built.things)
        self.documents = list(built.documents)
        self.side = InProcessServer(self.room)
        self.labels = Labels(self.room.premises, self.room.access)
        self.revoked: set[str] = set()

    def restart_server(self) -> None:
        """What lived in memory only is gone."""
        self.room.devices._nonces.clear()

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
        work = self.labels.relabel(*document, labels, None)
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
        tombstones = self.room.store.inner._owners[owner].tombstones
        tombstones.clear()

    def index(self) -> bool:
        """The effects of one owner reach the readers; False when nothing was due."""
        due = self.room.run(self.room.store.maintenance.owners_with_effects(self.now_ms, 1))
        for owner in due:
            self.room.run(self.room.indexer.run_owner(owner))
        return bool(due)

    @property
    def now_ms(self) -> int:
        return self.room.premises.now_ms

    def truth(self) -> dict[tuple[int, str, str], tuple[int, int]]:
        """Every present row of the server and its version."""
        found = {}
        for owner, state in self.room.store.inner._owners.items():
            for (rtype, rid), row in state.resources.items():
                found[owner, rtype, rid] = (row.version.restore, row.version.k)
        return found

    def bodies(self, owner: int) -> dict[tuple[str, str], bytes]:
        """Every present body of an owner."""
        held = self.room.run(self.room.records.whole(owner))
        return {(one.rtype, one.id): one.body for one in held}


def allergy_body(patient: str, rid: str, text: str) -> bytes:
    return msgspec.json.encode(an_allergy(patient, rid, text))


def document_body(patient: str, rid: str, code: str) -> bytes:
    return msgspec.json.encode(a_document(patient, rid, code))


__all__ = ["Actor", "Built", "Scene", "SimKey", "a_consent", "build"]
