"""Who was touched, by whom, when and how: what a breach report needs, from the journal alone (F11).

Every row of the months concerned is opened, whatever the account, so that nobody is left out; `quick` opens only
those of the patients whom the account's own shard names (copies it was given, records it displayed in the last
fifteen days) and says so. A row whose subject's key was destroyed says nothing any more and is counted apart.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from dossier.clock import from_ms, from_wire, to_ms
from dossier.fhir import patients
from server.ports import JournalRow, OwnerTx
from server.services import bodies
from server.services.auditing import EVERY_MONTH, FROM_THE_START, ROWS
from server.services.facets import IDENTITY, JOURNAL_FACETS
from server.services.journal import Entry, open_each
from server.services.members import ORGANISATION, SETTINGS
from server.services.premises import Premises

_LATE_MS: Final = 15 * 86_400_000
"""How much later than it was made an act may be told: one day longer than any desktop sends again."""
_ALL: Final = (1 << 31) - 1
_PATIENT: Final = "Patient"


class Search(NamedTuple):
    """What is asked. 0, "" and None stand for any; `from_ms` is in the window, `until_ms` no longer."""

    account: int = 0
    device: str = ""
    unit: int = 0
    from_ms: int | None = None
    until_ms: int | None = None

    def holds(self, said: Entry, at_ms: int) -> bool:
        """Does this entry answer the search? By when it was made, or when it was told."""
        return (
            self.account in {0, said.account}
            and self.device in {"", said.device}
            and self.unit in {0, said.unit}
            and (self._within(at_ms) or self._within(said.at_ms))
        )

    def months(self) -> tuple[int, int]:
        """The months of the journal that may hold an answer."""
        first, last = EVERY_MONTH
        if self.from_ms is not None:
            first = _month(self.from_ms)
        if self.until_ms is not None:
            last = _month(self.until_ms + _LATE_MS)
        return first, last

    def _within(self, at_ms: int) -> bool:
        return (self.from_ms is None or at_ms >= self.from_ms) and (
            self.until_ms is None or at_ms < self.until_ms
        )


class By(NamedTuple):
    """Who touched which patient, from where."""

    owner: int
    account: int
    device: str
    unit: int


class Touch:
    """What one person did to one patient from one device, and when."""

    def __init__(self, by: By, at_ms: int) -> None:
        self.by, self.first_ms, self.last_ms = by, at_ms, at_ms
        self.acts: Counter[str] = Counter()

    def add(self, said: Entry, at_ms: int) -> None:
        """One more entry."""
        self.acts[said.action] += 1
        self.first_ms, self.last_ms = min(self.first_ms, at_ms), max(self.last_ms, at_ms)


class Breach:
    """One search of the journal. After `run`: `rows` read, and `unreadable` ones among them."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.rows = self.unreadable = 0

    async def run(self, search: Search, *, quick: bool = False) -> list[Touch]:
        """Everything that answers, in order of patient, person and device."""
        found: dict[By, Touch] = {}
        rows = self._named(search) if quick else self._every(search)
        async for held in rows:
            for opened in await open_each(self._premises, held):
                self.rows += 1
                said = opened.entry()
                if said is None:
                    self.unreadable += 1
                    continue
                at_ms = _made_ms(said)
                if not search.holds(said, at_ms):
                    continue
                by = By(opened.owner, said.account, said.device, said.unit)
                found.setdefault(by, Touch(by, at_ms)).add(said, at_ms)
        return [found[by] for by in sorted(found)]

    async def patient(self, owner: int, *, named: bool) -> tuple[str, patients.Patient | None]:
        """The local id of a patient, and who it is when that is asked for."""
        tag = self._premises.tags.tag(owner, IDENTITY)
        rows = await self._premises.store.read(owner, lambda tx: tx.resources.of_facets([tag]))
        row = next((row for row in rows if row.rtype == _PATIENT), None)
        if row is None:
            return "", None
        if not named:
            return row.id, None
        held = [(bodies.place_of(owner, row), row.cell)]
        plain = (await self._premises.sealer.open_all(held))[0]
        who = None if plain is None else patients.decode(bodies.resource_of(plain))
        return row.id, who

    async def organisation(self, unit: int) -> str:
        """The local id of an organisation."""
        tag = self._premises.tags.tag(unit, SETTINGS)
        rows = await self._premises.store.read(unit, lambda tx: tx.resources.of_facets([tag]))
        return next((row.id for row in rows if row.rtype == ORGANISATION), "")

    async def _every(self, search: Search) -> AsyncIterator[list[tuple[int, JournalRow]]]:
        """The rows of every patient, month by month left out in the store."""
        maintenance, months = self._premises.store.maintenance, search.months()
        after = FROM_THE_START
        while held := await maintenance.journal_after(after, months, ROWS):
            owner, row = held[-1]
            after = (owner, row.month, row.n)
            yield [one for one in held if one[1].subject]

    async def _named(self, search: Search) -> AsyncIterator[list[tuple[int, JournalRow]]]:
        """The rows of the patients whom the account's own shard names."""
        first, last = search.months()
        owners = await self._premises.store.read(search.account, _touched)
        for owner in owners:
            tags = [self._premises.tags.tag(owner, name) for name in JOURNAL_FACETS]

            async def rows(tx: OwnerTx, tags: Sequence[str] = tags) -> list[JournalRow]:
                return await tx.journal.of_facets(tags, _ALL)

            found = await self._premises.store.read(owner, rows)
            yield [(owner, row) for row in found if row.subject and first <= row.month <= last]


async def _touched(tx: OwnerTx) -> list[int]:
    shown = {patient for _, patient in await tx.volumes.displays(0, 1 << 62)}
    return sorted(shown | set(await tx.people.copied()))


def _month(at_ms: int) -> int:
    moment = from_ms(at_ms)
    return moment.year * 100 + moment.month


def _made_ms(said: Entry) -> int:
    """When the act was made: what the device said, never later than the server was told."""
    try:
        return min(to_ms(from_wire(said.claimed)), said.at_ms) if said.claimed else said.at_ms
    except ValueError:
        return said.at_ms
