"""One owner's tables over a driver: what a unit of work receives."""

from server.store.tables.attempts import SqlAttempts
from server.store.tables.browsers import SqlBrowsers
from server.store.tables.cells import SqlCells
from server.store.tables.families import SqlFamilies
from server.store.tables.people import SqlPeople, SqlProjections, SqlReservations
from server.store.tables.record import SqlCompartments, SqlOps, SqlOwner, SqlResources
from server.store.tables.rights import SqlAccess, SqlEffects, SqlJournal
from server.store.tables.sql import Sql
from server.store.tables.volume import SqlVolumes


class SqlTx:
    """The OwnerTx of every SQL store; valid only inside its unit of work."""

    def __init__(self, sql: Sql, owner: int, restore: int) -> None:
        self._sql, self._restore = sql, restore
        self.id = owner

    @property
    def owner(self) -> SqlOwner:
        return SqlOwner(self._sql, self.id, self._restore)

    @property
    def compartments(self) -> SqlCompartments:
        return SqlCompartments(self._sql, self.id)

    @property
    def resources(self) -> SqlResources:
        return SqlResources(self._sql, self.id)

    @property
    def ops(self) -> SqlOps:
        return SqlOps(self._sql, self.id)

    @property
    def access(self) -> SqlAccess:
        return SqlAccess(self._sql, self.id)

    @property
    def journal(self) -> SqlJournal:
        return SqlJournal(self._sql, self.id)

    @property
    def effects(self) -> SqlEffects:
        return SqlEffects(self._sql, self.id)

    @property
    def people(self) -> SqlPeople:
        return SqlPeople(self._sql, self.id)

    @property
    def families(self) -> SqlFamilies:
        return SqlFamilies(self._sql, self.id)

    @property
    def volumes(self) -> SqlVolumes:
        return SqlVolumes(self._sql, self.id)

    @property
    def browsers(self) -> SqlBrowsers:
        return SqlBrowsers(self._sql, self.id)

    @property
    def attempts(self) -> SqlAttempts:
        return SqlAttempts(self._sql, self.id)

    @property
    def cells(self) -> SqlCells:
        return SqlCells(self._sql, self.id)

    @property
    def projections(self) -> SqlProjections:
        return SqlProjections(self._sql, self.id, self._restore)

    @property
    def reservations(self) -> SqlReservations:
        return SqlReservations(self._sql, self.id)
