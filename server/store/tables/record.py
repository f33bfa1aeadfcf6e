"""Tables of the record: owner, compartments, resources, ops."""

from collections.abc import Sequence

from dossier.errors import StoreError
from dossier.wire.messages import Version
from server.ports import CompartmentRow, HistoryRow, OpRow, OwnerRow, ResourceRow, Tombstone
from server.store.tables.sql import SIZES, Row, Sql, Upsert, in_fixed_sizes, within
from server.store.units import COUNTER_SPAN

_COMPARTMENTS = Upsert("compartment", ("facet",), ("head", "floor", "rows", "size", "digest"))
_RESOURCES = Upsert(
    "resource",
    ("rtype", "id"),
    ("facet", "seq", "version_restore", "version_k", "subject", "root", "size", "cell"),
)
_TOMBSTONES = Upsert("tombstone", ("facet", "seq"), ("rtype", "id", "version_restore", "version_k"))
_HISTORY = Upsert(
    "history",
    ("rtype", "id", "version_restore", "version_k"),
    ("subject", "schema", "cell"),
)
_OPS = Upsert("op", ("op_id",), ("account", "device", "acting", "digest", "verdict", "at"))

OWNER_ROW = "SELECT kind, state, n, access_v, facets_v, pack FROM owner WHERE owner = $1"

_RESOURCE = (
    "SELECT rtype, id, facet, seq, version_restore, version_k, subject, root, size, cell "
    "FROM resource WHERE owner = $1"
)
_KNOWN = "SELECT op_id FROM op WHERE owner = $1"
_TOMBSTONE = (
    "SELECT facet, seq, rtype, id, version_restore, version_k FROM tombstone WHERE owner = $1"
)


class SqlOwner:
    """The owner's row: lock and counter of everything below."""

    def __init__(self, sql: Sql, owner: int, restore: int = 0) -> None:
        self._sql, self._owner = sql, owner
        self._first = restore * COUNTER_SPAN + 1

    async def lock(self, k: int) -> OwnerRow | None:
        found = await self._sql.rows(
            "UPDATE owner SET n = CASE WHEN n < $3 THEN $3 ELSE n END + $2 WHERE owner = $1 "
            "RETURNING kind, state, n - $2, access_v, facets_v, pack",
            (self._owner, k, self._first),
        )
        return OwnerRow(*found[0]) if found else None

    async def get(self) -> OwnerRow | None:
        found = await self._sql.rows(OWNER_ROW, (self._owner,))
        row = OwnerRow(*found[0]) if found else None
        return row and row._replace(n=max(row.n, self._first))

    async def create(self, kind: str, pack: str, start: int) -> None:
        made = await self._sql.run(
            "INSERT INTO owner (owner, kind, state, n, access_v, facets_v, pack) "
            "VALUES ($1, $2, 'active', $3, 0, 0, $4) ON CONFLICT (owner) DO NOTHING",
            (self._owner, kind, start, pack),
        )
        if not made:
            raise StoreError("this owner exists")

    async def update(
        self,
        *,
        state: str | None = None,
        access_v: int | None = None,
        facets_v: int | None = None,
        pack: str | None = None,
    ) -> None:
        touched = await self._sql.run(
            "UPDATE owner SET state = coalesce($2, state), access_v = coalesce($3, access_v), "
            "facets_v = coalesce($4, facets_v), pack = coalesce($5, pack) WHERE owner = $1",
            (self._owner, state, access_v, facets_v, pack),
        )
        if not touched:
            raise StoreError("no such owner")


class SqlCompartments:
    """Heads, floors, digests."""

    _SELECT = "SELECT facet, head, floor, rows, size, digest FROM compartment WHERE owner = $1"

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def get(self, facet: str) -> CompartmentRow | None:
        found = await self._sql.rows(f"{self._SELECT} AND facet = $2", (self._owner, facet))
        return CompartmentRow(*found[0]) if found else None

    async def all(self) -> list[CompartmentRow]:
        found = await self._sql.rows(f"{self._SELECT} ORDER BY facet", (self._owner,))
        return [CompartmentRow(*row) for row in found]

    async def put(self, row: CompartmentRow) -> None:
        await _COMPARTMENTS.put(self._sql, self._owner, (row,))


class SqlResources:
    """Resources, tombstones, history."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def get(self, rtype: str, rid: str) -> ResourceRow | None:
        found = await self._sql.rows(
            f"{_RESOURCE} AND rtype = $2 AND id = $3", (self._owner, rtype, rid)
        )
        return _resource(found[0]) if found else None

    async def put(self, rows: Sequence[ResourceRow]) -> None:
        await _RESOURCES.put(
            self._sql,
            self._owner,
            [
                (rtype, rid, facet, seq, v.restore, v.k, subject, root, size, cell)
                for rtype, rid, facet, seq, v, subject, root, size, cell in rows
            ],
        )

    async def drop(self, rtype: str, rid: str) -> None:
        await self._sql.run(
            "DELETE FROM resource WHERE owner = $1 AND rtype = $2 AND id = $3",
            (self._owner, rtype, rid),
        )

    async def since(self, facet: str, seq: int, limit: int) -> list[ResourceRow]:
        found = await self._sql.rows(
            f"{_RESOURCE} AND facet = $2 AND seq > $3 ORDER BY seq LIMIT $4 + 0",
            (self._owner, facet, seq, limit),
        )
        return [_resource(row) for row in found]

    async def of_root(self, root: str) -> list[ResourceRow]:
        found = await self._sql.rows(
            f"{_RESOURCE} AND root = $2 ORDER BY rtype, id", (self._owner, root)
        )
        return [_resource(row) for row in found]

    async def of_type(self, rtype: str) -> list[ResourceRow]:
        found = await self._sql.rows(
            f"{_RESOURCE} AND rtype = $2 ORDER BY id", (self._owner, rtype)
        )
        return [_resource(row) for row in found]

    async def of_facets(self, facets: Sequence[str]) -> list[ResourceRow]:
        found: list[ResourceRow] = []
        for piece in in_fixed_sizes(facets):
            # One range scan of the owner's cluster, in key order; the engine compares the facets.
            wanted = within(len(piece))
            rows = await self._sql.rows(
                f"{_RESOURCE} AND facet IN ({wanted}) ORDER BY rtype, id",
                (self._owner, *piece),
            )
            found.extend(_resource(row) for row in rows)
        if len(facets) > SIZES[0]:
            found.sort(key=lambda row: (row.rtype, row.id))
        return found

    async def put_tombstones(self, rows: Sequence[Tombstone]) -> None:
        await _TOMBSTONES.put(
            self._sql,
            self._owner,
            [(facet, seq, rtype, rid, v.restore, v.k) for facet, seq, rtype, rid, v in rows],
        )

    async def tombstones_since(self, facet: str, seq: int, limit: int) -> list[Tombstone]:
        found = await self._sql.rows(
            f"{_TOMBSTONE} AND facet = $2 AND seq > $3 ORDER BY seq LIMIT $4 + 0",
            (self._owner, facet, seq, limit),
        )
        return [_tombstone(row) for row in found]

    async def tombstone_of(self, rtype: str, rid: str) -> Tombstone | None:
        found = await self._sql.rows(
            f"{_TOMBSTONE} AND rtype = $2 AND id = $3 "
            "ORDER BY version_restore DESC, version_k DESC, facet DESC, seq DESC LIMIT 1",
            (self._owner, rtype, rid),
        )
        return _tombstone(found[0]) if found else None

    async def put_history(self, rows: Sequence[HistoryRow]) -> None:
        await _HISTORY.put(
            self._sql,
            self._owner,
            [
                (rtype, rid, v.restore, v.k, subject, schema, cell)
                for rtype, rid, v, subject, schema, cell in rows
            ],
        )

    async def history(self, rtype: str, rid: str) -> list[HistoryRow]:
        found = await self._sql.rows(
            "SELECT rtype, id, version_restore, version_k, subject, schema, cell FROM history "
            "WHERE owner = $1 AND rtype = $2 AND id = $3 ORDER BY version_restore, version_k",
            (self._owner, rtype, rid),
        )
        return [HistoryRow(r[0], r[1], Version(r[2], r[3]), r[4], r[5], r[6]) for r in found]


class SqlOps:
    """Known ops and their verdicts."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def get(self, op_id: str) -> OpRow | None:
        found = await self._sql.rows(
            "SELECT op_id, account, device, acting, digest, verdict, at FROM op "
            "WHERE owner = $1 AND op_id = $2",
            (self._owner, op_id),
        )
        return OpRow(*found[0]) if found else None

    async def known(self, op_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for piece in in_fixed_sizes(op_ids):
            wanted = within(len(piece))
            rows = await self._sql.rows(
                f"{_KNOWN} AND op_id IN ({wanted})",
                (self._owner, *piece),
            )
            found.update(row[0] for row in rows)
        return found

    async def put(self, *rows: OpRow) -> None:
        await _OPS.put(self._sql, self._owner, rows)

    async def acknowledge(self, account: int, op_ids: Sequence[str]) -> None:
        for op_id in op_ids:
            await self._sql.run(
                "UPDATE op SET verdict = NULL WHERE owner = $1 AND op_id = $2 AND account = $3",
                (self._owner, op_id, account),
            )

    async def forget_before(self, at_ms: int) -> int:
        return await self._sql.run(
            "DELETE FROM op WHERE owner = $1 AND verdict IS NULL AND at < $2",
            (self._owner, at_ms),
        )


def _resource(row: Row) -> ResourceRow:
    rtype, rid, facet, seq, restore, k, subject, root, size, cell = row
    return ResourceRow(rtype, rid, facet, seq, Version(restore, k), subject, root, size, cell)


def _tombstone(row: Row) -> Tombstone:
    facet, seq, rtype, rid, restore, k = row
    return Tombstone(facet, seq, rtype, rid, Version(restore, k))
