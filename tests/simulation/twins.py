"""Twin runs: the same story twice, once with a hidden document and once without.

Only one desktop runs: that of a doctor who may not see the document. Everything the server answers it is
written down, byte for byte, but for nonces and tokens, which are random, and for the signed root of the log:
its size counts every act on the whole server, by design, and says of none whose it was (decision 010). The
two lists must be equal: no count, cursor, term, order, error or verdict may depend on what this reader may
not see.
"""

from random import Random

import msgspec

from dossier.access.home import MASKED, NOT_REPRESENTATIVES
from dossier.errors import DossierError
from dossier.wire.messages import Capabilities, Change, LogReply, Op
from dossier.wire.sessions import ChallengeReply, TokenReply
from sync.states import Next
from tests.fakes.server_room import a_document, an_allergy
from tests.simulation.scenario import Schedule
from tests.simulation.scene import DOC_ALL, DOC_DOCTORS, Built

READER, WRITER = 2, 0
ROUNDS = 14
SECRET = "hidden-1"


class Twin:
    """One run; `seen` is what the reader could observe."""

    def __init__(
        self, built: Built, seed: int, *, hidden: bool, labels: tuple[str, ...] = (MASKED,)
    ) -> None:
        self._random = Random(seed)
        self._schedule = Schedule(built, seed)
        self.scene = self._schedule.scene
        self._built, self._hidden, self._labels = built, hidden, labels
        self.reader = self._schedule.desktops[READER]
        self.seen: list[bytes] = []
        self._n = 0

    def run(self) -> list[bytes]:
        """The whole story."""
        for patient in self._built.patients:
            self.scene.consent(patient, self._built.units[1])
        for _ in range(ROUNDS):
            self._secretly()
            self._openly()
            while self.scene.index():
                pass
            self._read()
        return self.seen

    def end(self) -> None:
        """Nothing is left open."""
        self._schedule.end()

    def _secretly(self) -> None:
        """What the reader must not notice: the writer's own masked document lives its life."""
        kind = self._random.randrange(5)
        if not self._hidden:
            return
        owner, patient = self._built.patients[0], self._built.names[0]
        desk = self._built.desks[WRITER]
        room = self.scene.room
        if self._n == 0:
            document = a_document(patient, SECRET, DOC_ALL)
            (verdict,) = room.push(desk, room.create(desk, owner, document, labels=self._labels))
            assert verdict.code == "ok"
        elif kind == 0:
            labels = self._random.choice([{MASKED}, {MASKED, NOT_REPRESENTATIVES}])
            room.run(
                room.labels.relabel(owner, "DocumentReference", SECRET, frozenset(labels), None)
            )
        elif kind < 4:
            document = a_document(patient, f"{SECRET}-{self._n}", DOC_DOCTORS)
            room.push(desk, room.create(desk, owner, document, labels=self._labels))

    def _openly(self) -> None:
        """What happens in both worlds."""
        self._n += 1
        scene, draw = self.scene, Random(self._n)
        owner, patient = self._built.patients[0], self._built.names[0]
        desk = self._built.desks[WRITER]
        room = scene.room
        room.clock.go(seconds=31)
        room.push(desk, room.create(desk, owner, an_allergy(patient, f"open-{self._n}")))
        kind = draw.randrange(5)
        if kind == 0:
            scene.consent(owner, self._built.units[1])
        elif kind == 1:
            scene.block(owner, self.reader.actor.person.account)
        elif kind == 2:
            scene.relabel(self._built.documents[0], draw.randrange(3))
        elif kind == 3:
            scene.compact(owner)
        rid = f"mine-{self._n}"
        self.reader.store.put(self._op(owner, rid, patient), shows=b"{}")
        if self._n % 3 == 0:
            self.reader.store.put(self._guess(owner), shows=b"{}")

    def _op(self, owner: int, rid: str, patient: str) -> Op:
        resource = msgspec.json.encode(an_allergy(patient, rid))
        return Op(
            op_id=f"0193f0a0-0000-7000-8000-{self._n:012d}",
            owner=owner,
            kind="create",
            acting=self.reader.actor.situation,
            at="2026-11-23T08:00:00.000Z",
            rtype="AllergyIntolerance",
            id=rid,
            body=msgspec.Raw(resource),
        )

    def _guess(self, owner: int) -> Op:
        """The reader guesses the id of the hidden document and tries to change it."""
        return Op(
            op_id=f"0193f0a0-0000-7000-9000-{self._n:012d}",
            owner=owner,
            kind="change",
            acting=self.reader.actor.situation,
            at="2026-11-23T08:00:00.000Z",
            rtype="DocumentReference",
            id=SECRET,
            changes=(Change(element="status", base=None, value=msgspec.Raw(b'"superseded"')),),
        )

    def _read(self) -> None:
        """The reader's desktop asks until it rests."""
        slot = self.reader.slots[0]
        slot.engine.hint()
        for _ in range(60):
            begun = slot.engine.begin()
            if isinstance(begun, Next):
                if begun.wait_s > 0:
                    return
                continue
            task = self.scene.side.start(begun, slot.engine.token)
            while not task.advance():
                pass
            self._note(task.outcome)
            slot.engine.settle(begun, task.outcome)
        raise AssertionError("the reader does not come to rest")

    def _note(self, outcome: object) -> None:
        if isinstance(outcome, ChallengeReply | TokenReply | Capabilities | LogReply):
            return
        if isinstance(outcome, DossierError):
            self.seen.append(f"{type(outcome).__name__} {outcome}".encode())
        else:
            self.seen.append(msgspec.json.encode(outcome))
