"""Rights as rows: the facts of one space spent once into grants (DATA-MODEL §3, T2).

A row opens one facet to one principal:
    m:<unit>:<profession>   whoever is a live member of the unit under that profession
    a:<account>:<unit>      one person, acting in that unit with a live membership
    r:<kind>                whoever holds that relation: self, representative
    m:*                     whoever acts in a live membership under any profession (deposits, the directory)
Rights are letters: r(ead) w(rite) d(eposit) b(ook) m(atch) g(manage).

The matrix and the labels are spent here: a served row is never filtered. Blocks are not: they are rows of
`deny`, checked at every serve. No row of a masked facet names anybody who may not read it (VIS-04), and a
secretary's row of a clinical facet never holds `r`.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from dossier.access.facets import Facet, parse_facet
from dossier.access.matrix import MatrixPack
from dossier.access.tables import (
    ATTENDING,
    ATTENDING_PROFESSION,
    CLOSED_STATES,
    READABLE_STATES,
    REPRESENTATIVE,
    SELF,
    Facts,
)

ANY_MEMBER: Final = "m:*"
_LETTERS: Final = "rwdbmg"


class Grant(NamedTuple):
    """One row of access_grant. `until` is in milliseconds since 1970, None without end.

    `cause` names the facts behind it, joined by `+` where several meet. When `until` comes the grants must be
    computed again: another right of the same row may have no end.
    """

    facet: str
    principal: str
    rights: str
    cause: str
    until: int | None


def person(account: int, unit: int) -> str:
    """The principal of one person acting in one unit."""
    return f"a:{account}:{unit}"


def member(unit: int, profession: str) -> str:
    """The principal of every live member of a unit under a profession."""
    return f"m:{unit}:{profession}"


def relation(kind: str) -> str:
    """The principal of whoever holds a relation with the patient."""
    return f"r:{kind}"


def principals(
    account: int,
    unit: int,
    profession: str,
    live: bool,  # noqa: FBT001 - one of five facts
    relations: Iterable[str],
) -> frozenset[str]:
    """Everything this person is on this owner, now. `relations` are the kinds held and living.

    Without a live membership only the relations count. A membership without profession (an operator) is
    nobody in particular: it never matches `m:*`.
    """
    mine = {relation(kind) for kind in relations}
    if live:
        mine |= {person(account, unit), member(unit, profession)}
        mine |= {ANY_MEMBER} if profession else set()
    return frozenset(mine)


def compute(facts: Facts, facets: Iterable[str], pack: MatrixPack) -> frozenset[Grant]:
    """The grants of a patient's space on these facets, over facts living now (`tables.living`).

    Pure. Raises ValueError for a name outside the grammar; facets of other kinds of owner get no row.
    """
    table = _Table(facts, pack)
    for name in facets:
        table.spend(parse_facet(name), name)
    return table.grants()


def directory_grants() -> frozenset[Grant]:
    """The operator's directory: `public` is read by every live member; `import` by nobody of a practice."""
    return frozenset({Grant("public", ANY_MEMBER, "r", "directory", None)})


class _Entry:
    """One row in the making: the latest end of each right, and its causes."""

    def __init__(self) -> None:
        self._ends: dict[str, int | None] = {}
        self._causes: set[str] = set()

    def add(self, rights: str, cause: str, until: int | None) -> None:
        for letter in rights:
            present = self._ends.get(letter, -1)
            if present is None or until is None:
                self._ends[letter] = None
            else:
                self._ends[letter] = max(present, until)
        self._causes.add(cause)

    def row(self, facet: str, principal: str) -> Grant:
        rights = "".join(letter for letter in _LETTERS if letter in self._ends)
        ends = [end for end in self._ends.values() if end is not None]
        cause = "+".join(sorted(self._causes))
        return Grant(facet, principal, rights, cause, min(ends, default=None))


class _Table:
    """Spends the facts facet by facet."""

    def __init__(self, facts: Facts, pack: MatrixPack) -> None:
        self._facts, self._pack = facts, pack
        self._rows: dict[tuple[str, str], _Entry] = {}
        self._known = facts.registered | {row.unit for row in facts.teams}
        self._attending = {row.account for row in facts.relations if row.kind == ATTENDING}
        self._spenders: dict[str, Callable[[str, Facet], None]] = {
            "identity": self._identity,
            "profile": self._profile,
            "rec": self._record,
            "desk": self._desk,
            "visits": self._visits,
        }

    def grants(self) -> frozenset[Grant]:
        return frozenset(
            entry.row(facet, principal) for (facet, principal), entry in self._rows.items()
        )

    def spend(self, facet: Facet, name: str) -> None:
        facts = self._facts
        if facts.state == "closed" and facet.kind == "own":
            self._members(name, int(facet.target), self._pack.professions, "r", "own")
        if facts.state in READABLE_STATES:
            spender = self._spenders.get(facet.kind)
            if spender is not None:
                spender(name, facet)
            self._patient_side(name, facet)
        if facts.state not in CLOSED_STATES and facts.informed:
            self._deposits(name, facet)

    def _add(
        self, name: str, principal: str, rights: str, cause: str, until: int | None = None
    ) -> None:
        self._rows.setdefault((name, principal), _Entry()).add(rights, cause, until)

    def _members(
        self,
        name: str,
        unit: int,
        professions: Iterable[str],
        rights: str,
        cause: str,
        until: int | None = None,
    ) -> None:
        for profession in professions:
            self._add(name, member(unit, profession), rights, cause, until)

    def _identity(self, name: str, _facet: Facet) -> None:
        everybody = self._pack.professions | self._pack.secretaries
        for unit in self._facts.registered:
            self._members(name, unit, everybody, "rw", "registered")
        for team in self._facts.teams:
            self._members(name, team.unit, everybody, "rw", "consent", team.until)
        self._one_by_one(name, lambda _profession: True)

    def _profile(self, name: str, _facet: Facet) -> None:
        for team in self._facts.teams:
            self._members(name, team.unit, self._pack.professions, "r", "consent", team.until)
        self._one_by_one(name, lambda _profession: True, rights="r")

    def _desk(self, name: str, _facet: Facet) -> None:
        for team in self._facts.teams:
            self._members(name, team.unit, self._pack.professions, "rw", "consent", team.until)
        for row in self._facts.delegates:
            if row.unit in self._known:
                self._add(name, person(row.account, row.unit), "rw", "delegate", row.until)

    def _visits(self, name: str, _facet: Facet) -> None:
        for team in self._facts.teams:
            everybody = self._pack.professions | self._pack.secretaries
            self._members(name, team.unit, everybody, "r", "consent", team.until)
        for unit in self._facts.registered:
            self._members(name, unit, self._pack.secretaries, "r", "registered")

    def _record(self, name: str, facet: Facet) -> None:
        readers = self._pack.readers(facet.cls)
        for team in self._facts.teams:
            if facet.masked_by in {None, team.unit}:
                self._members(name, team.unit, readers, "rw", "consent", team.until)
        if facet.masked_by is None:
            self._one_by_one(name, lambda profession: profession in readers)
        elif ATTENDING_PROFESSION in readers:
            for account in self._attending:
                self._wherever_authorised(name, account, "attending", ATTENDING_PROFESSION)
        if facet.author is not None and facet.author not in self._known:
            self._wherever_authorised(name, facet.author, "author")

    def _wherever_authorised(
        self, name: str, account: int, cause: str, profession: str = ""
    ) -> None:
        """Gate 3 first: the exception holds in units with consent, or by the person's own consent."""
        for team in self._facts.teams:
            self._add(name, person(account, team.unit), "rw", cause, team.until)
        for row in self._facts.named:
            if row.account == account and profession in {"", row.profession}:
                self._add(name, person(account, row.unit), "rw", cause, row.until)

    def _one_by_one(self, name: str, may_read: Callable[[str], bool], rights: str = "rw") -> None:
        """Named consents and opened emergencies; an emergency reads and does not write."""
        cares = self._pack.professions
        for row in self._facts.named:
            if row.profession in cares and may_read(row.profession):
                self._add(name, person(row.account, row.unit), rights, "named", row.until)
        for opened in self._facts.emergencies:
            allowed = self._facts.allows_emergency(opened.mode) and opened.profession in cares
            if allowed and may_read(opened.profession):
                principal = person(opened.account, opened.unit)
                self._add(name, principal, "r", opened.mode, opened.until)

    def _patient_side(self, name: str, facet: Facet) -> None:
        if facet.np or facet.kind not in {"identity", "profile", "rec", "visits", "access"}:
            return
        rights = {"profile": "rwd", "access": "rdg"}.get(facet.kind, "r")
        self._add(name, relation(SELF), rights, SELF)
        if not facet.nr:
            self._add(name, relation(REPRESENTATIVE), rights, REPRESENTATIVE)

    def _deposits(self, name: str, facet: Facet) -> None:
        everybody = self._pack.professions | self._pack.secretaries
        if facet.masked_by is not None:
            if facet.masked_by in self._known:
                self._members(name, facet.masked_by, everybody, "d", "author")
                return
            for unit in self._known:
                self._add(name, person(facet.masked_by, unit), "d", "author")
            return
        who = {"rec": everybody, "identity": everybody, "desk": everybody}.get(facet.kind)
        if facet.kind == "access":
            who = self._pack.professions
        for unit in self._known:
            self._members(name, unit, who or (), "d", "deposit")
        if facet.kind == "rec":
            self._add(name, ANY_MEMBER, "d", "deposit")
