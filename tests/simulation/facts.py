"""Who may read what, from the facts alone: consents, relations, labels, pack.

The oracle of the simulation. It knows nothing of grants, facets, terms or projections: it answers for one
person and one resource, from FACTS §1.3 as written there. Facts are values; their history is kept, so that
an answer that left the server is judged by what was true while it was made.
"""

from typing import NamedTuple

from dossier.access.home import MASKED
from dossier.access.matrix import MatrixPack

Name = tuple[int, str, str]
"""(owner, type, id)"""


class Person(NamedTuple):
    """One desktop's person in one situation."""

    account: int
    unit: int
    profession: str


class Thing(NamedTuple):
    """One resource as the facts see it. `author` 0: only the organisation is named.

    `lies_in`: `patient`, `practice` or `directory`. `filed_masked`: its author masked it when filing it.
    """

    author: int
    unit: int
    doc_type: str = ""
    lies_in: str = "patient"
    filed_masked: bool = False


class Facts(NamedTuple):
    """Everything that decides, at one moment."""

    consents: frozenset[tuple[int, int]] = frozenset()
    """(patient, unit) whose team has the initial consent."""
    registered: frozenset[tuple[int, int]] = frozenset()
    blocked: frozenset[tuple[int, int]] = frozenset()
    """(patient, account)"""
    attending: frozenset[tuple[int, int]] = frozenset()
    ended: frozenset[Person] = frozenset()
    masked: frozenset[str] = frozenset()
    """Ids of resources masked to professionals."""
    closed: frozenset[int] = frozenset()
    """Patients whose record was closed or destroyed."""


class Oracle:
    """Judges by the facts and their history."""

    def __init__(self, pack: MatrixPack, facts: Facts) -> None:
        self._pack = pack
        self.history = [facts]
        self.things: dict[Name, Thing] = {}

    @property
    def now(self) -> Facts:
        return self.history[-1]

    @property
    def moment(self) -> int:
        """The number of the present facts."""
        return len(self.history) - 1

    def change(self, **changes: object) -> None:
        self.history.append(self.now._replace(**changes))  # type: ignore[arg-type]

    def may_read(self, person: Person, name: Name, facts: Facts) -> bool:  # noqa: PLR0911 - five gates
        """Five gates, in their order."""
        thing = self.things[name]
        owner, rtype, rid = name
        if (
            person in facts.ended
            or (owner, person.account) in facts.blocked
            or owner in facts.closed
        ):
            return False
        if thing.lies_in != "patient":
            return thing.lies_in == "directory" or owner == person.unit
        consented = (owner, person.unit) in facts.consents
        if rtype == "Patient":
            return consented or (owner, person.unit) in facts.registered
        if not consented or rtype in ("Consent", "AuditEvent"):
            return False
        if rtype != "DocumentReference":
            return True
        is_author = thing.author == person.account
        cls = self._pack.doc_class(thing.doc_type)
        if not self._pack.may_read(person.profession, cls):
            return is_author
        if rid not in facts.masked:
            return True
        organisation_wrote = thing.author == 0 and thing.unit == person.unit
        attends = (owner, person.account) in facts.attending and person.profession == "10"
        return is_author or organisation_wrote or attends

    def could_read(self, person: Person, name: Name, since: int) -> bool:
        """True when there was a moment since then at which it was allowed."""
        return any(self.may_read(person, name, facts) for facts in self.history[since:])

    def could_read_any(self, person: Person, owner: int, since: int) -> bool:
        """True when something of this owner was readable at some moment since then."""
        return any(
            name[0] == owner and self.could_read(person, name, since) for name in self.things
        )


def masked(labels: frozenset[str]) -> bool:
    return MASKED in labels
