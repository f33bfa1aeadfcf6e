"""Copies the operator keeps of the server, and the two ways of going back to one.

Declared: the restore number rises, and what narrowed a right since the copy is done again before anybody is
answered (DATA-MODEL §5); what widened one is lost. Undeclared: an older copy, of a smaller number, simply
stands there for a while.
"""

from typing import Any, NamedTuple

from dossier.access.home import MASKED
from server.services.access import TEAM
from tests.simulation.facts import Facts, Name
from tests.simulation.scene import Scene

KEPT = 3


class Backup(NamedTuple):
    """Everything durable on the server at one moment, and what was true then."""

    snapshot: Any
    facts: Facts
    line: int
    present: frozenset[Name]


class Backups:
    """Those of one schedule."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._taken: list[Backup] = []
        self._set_aside: Backup | None = None
        self._lines = 0

    @property
    def rolled_back(self) -> bool:
        """An older copy stands where the server was."""
        return self._set_aside is not None

    @property
    def taken(self) -> list[Backup]:
        """Every copy that is still kept."""
        return list(self._taken)

    @property
    def older(self) -> list[Backup]:
        """Those of a smaller restore number than the present one."""
        return [one for one in self._taken if one.line < self._scene.line]

    def take(self) -> None:
        """Copy everything; the oldest goes. Nothing is copied of a server that is not the right one."""
        if not self.rolled_back:
            self._taken = [*self._taken[1 - KEPT :], self._now()]

    def restore(self, place: int) -> bool:
        """Declared: a new line begins from one of the copies. False when there is none."""
        if not self._taken or self.rolled_back:
            return False
        backup = self._taken[place % len(self._taken)]
        before = self._scene.oracle.now
        self._lines += 1
        self._scene.go_back(backup.snapshot, self._lines)
        self._narrow(backup, before)
        return True

    def roll_back(self, place: int) -> None:
        """Undeclared: the program answers from an older copy, under the number it had then."""
        older = self.older
        if older and not self.rolled_back:
            backup = older[place % len(older)]
            self._set_aside = self._now()
            self._scene.go_back(backup.snapshot, backup.line)
            self._scene.oracle.change(**self._then(backup)._asdict())

    def mend(self) -> None:
        """The operator noticed: the right one stands there again, as it was."""
        if self._set_aside is not None:
            right, self._set_aside = self._set_aside, None
            self._scene.go_back(right.snapshot, right.line)
            self._scene.oracle.change(**self._then(right)._asdict())

    def _now(self) -> Backup:
        scene = self._scene
        present = frozenset(scene.side.rows.present())
        return Backup(scene.side.snapshot(), scene.oracle.now, scene.line, present)

    def _then(self, backup: Backup) -> Facts:
        """What is true of a copy now: what was then, and of what is not filed there its author's word."""
        masked = set(backup.facts.masked)
        for name in self._scene.documents:
            if name not in backup.present:
                masked.discard(name[2])
                if self._scene.oracle.things[name].filed_masked:
                    masked.add(name[2])
        return backup.facts._replace(masked=frozenset(masked))

    def _narrow(self, backup: Backup, before: Facts) -> None:
        scene, then = self._scene, self._then(backup)
        room, access = scene.room, scene.room.access
        for patient, unit in sorted(then.consents - before.consents):
            room.run(access.unrelate(patient, unit, TEAM))
        for patient, account in sorted(then.attending - before.attending):
            room.run(access.unrelate(patient, account, "attending"))
        for patient, account in sorted(before.blocked - then.blocked):
            room.run(access.block(patient, account))
        for actor in scene.built.actors:
            if actor.person in before.ended - then.ended:
                room.run(room.members.end(actor.person.account, actor.situation))
            if actor.key.device in scene.revoked:
                room.run(room.devices.revoke(actor.person.account, actor.key.device))
        masked = set(then.masked)
        for name in scene.documents:
            if name in backup.present and name[2] in before.masked - then.masked:
                room.run(room.labels.relabel(*name, frozenset({MASKED}), None))
                masked.add(name[2])
        scene.oracle.change(
            consents=then.consents & before.consents,
            attending=then.attending & before.attending,
            blocked=then.blocked | before.blocked,
            ended=then.ended | before.ended,
            masked=frozenset(masked),
        )
