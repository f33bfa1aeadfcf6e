"""The statements that may look across owners: maintenance and the journal's log (SCALE rule 18)."""

from collections.abc import Iterable, Sequence

from dossier.errors import StoreError
from server.ports import JournalRow, LogLeaf
from server.store.tables.sql import Sql, Upsert
from server.store.units import LOG_OWNER

_LEAVES = Upsert("log", ("position",), ("source", "month", "n", "leaf"))
_CHECKPOINTS = Upsert("log_checkpoint", ("size",), ("body",))
_AT_ONCE = 250
_PLACES = ", ".join(f"${number}" for number in range(2, 2 + _AT_ONCE))
_LOG_AT = (
    "SELECT position, source, month, n, leaf FROM log "  # noqa: S608 - numbers of ours
    f"WHERE owner = $1 AND position IN ({_PLACES})"
)


async def owners(sql: Sql, kind: str | None, after: int, limit: int) -> list[int]:
    """Owner ids above `after`, in order."""
    text, args = "SELECT owner FROM owner WHERE owner > $1", [after, limit]
    if kind is not None:
        found = await sql.rows(f"{text} AND kind = $3 ORDER BY owner LIMIT $2 + 0", (*args, kind))
    else:
        found = await sql.rows(f"{text} ORDER BY owner LIMIT $2 + 0", args)
    return [row[0] for row in found]


async def owners_with_effects(sql: Sql, now_ms: int, limit: int) -> list[int]:
    found = await sql.rows(
        "SELECT DISTINCT owner FROM effect WHERE done = 0 AND not_before <= $1 "
        "ORDER BY owner LIMIT $2 + 0",
        (now_ms, limit),
    )
    return [row[0] for row in found]


async def owners_unplaced(sql: Sql, limit: int) -> list[int]:
    found = await sql.rows(
        "SELECT DISTINCT owner FROM journal WHERE log_index IS NULL ORDER BY owner LIMIT $1 + 0",
        (limit,),
    )
    return [row[0] for row in found]


async def reserve_all(sql: Sql, space: str, names: Sequence[int], target: int) -> list[bool]:
    """One reservation for each name; a name another target holds stays as it is."""
    found = []
    for name in names:
        is_new = await sql.run(
            "INSERT INTO reservation (owner, space, slot, target, detail) "
            "VALUES ($1, $2, 0, $3, $4) ON CONFLICT (owner, space, slot) DO NOTHING",
            (name, space, target, b""),
        )
        found.append(is_new > 0 or await _is_held(sql, space, name, target))
    return found


async def holders(sql: Sql, space: str, names: Sequence[int]) -> list[int | None]:
    """Who holds each name; None where nobody does."""
    return [await _holder(sql, space, name) for name in names]


async def _is_held(sql: Sql, space: str, name: int, target: int) -> bool:
    return await _holder(sql, space, name) == target


async def _holder(sql: Sql, space: str, name: int) -> int | None:
    rows = await sql.rows(
        "SELECT target FROM reservation WHERE owner = $1 AND space = $2 AND slot = 0",
        (name, space),
    )
    return int(rows[0][0]) if rows else None


async def attempts_over(sql: Sql, before_ms: int, limit: int) -> list[tuple[int, bytes]]:
    """(owner, place) of tries that need not be kept any more."""
    found = await sql.rows(
        "SELECT owner, place FROM attempt WHERE kept < $1 LIMIT $2 + 0", (before_ms, limit)
    )
    return [(row[0], row[1]) for row in found]


async def drop_attempt(sql: Sql, owner: int, place: bytes, before_ms: int) -> int:
    """Drop one, unless it counts again meanwhile."""
    return await sql.run(
        "DELETE FROM attempt WHERE owner = $1 AND place = $2 AND kept < $3",
        (owner, place, before_ms),
    )


async def forget_attempts(sql: Sql, before_ms: int, limit: int) -> int:
    """The same for each of them, inside the open transaction."""
    over = await attempts_over(sql, before_ms, limit)
    return sum([await drop_attempt(sql, owner, place, before_ms) for owner, place in over])


async def log_size(sql: Sql) -> int:
    """How many leaves: the last position + 1 (positions have no gap)."""
    found = await sql.rows(
        "SELECT position FROM log WHERE owner = $1 ORDER BY position DESC LIMIT 1", (LOG_OWNER,)
    )
    return int(found[0][0]) + 1 if found else 0


async def log_append(sql: Sql, leaves: Sequence[LogLeaf]) -> None:
    """Append and place, inside the open transaction; StoreError when one does not fit."""
    size = await log_size(sql)
    for position, leaf in enumerate(leaves, size):
        if leaf.position != position:
            raise StoreError("a leaf must be appended at the end of the log")
        touched = await sql.run(
            "UPDATE journal SET log_index = $4 "
            "WHERE owner = $1 AND month = $2 AND n = $3 AND log_index IS NULL",
            (leaf.owner, leaf.month, leaf.n, position),
        )
        if touched != 1:
            raise StoreError("this journal row does not wait for its place")
    await _LEAVES.put(sql, LOG_OWNER, leaves)


async def log_extend(sql: Sql, leaves: Sequence[LogLeaf]) -> None:
    """Append at the end, inside the open transaction, without the journal rows. StoreError when another
    process holds one of these places.
    """
    size = await log_size(sql)
    for position, leaf in enumerate(leaves, size):
        made = await sql.run(
            "INSERT INTO log (owner, position, source, month, n, leaf) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner, position) DO NOTHING",
            (LOG_OWNER, *leaf),
        )
        if leaf.position != position or not made:
            raise StoreError("a leaf must be appended at the end of the log")


async def unplaced(sql: Sql, owner: int) -> set[tuple[int, int]]:
    """(month, n) of the journal rows of an owner that wait for their place."""
    found = await sql.rows(
        "SELECT month, n FROM journal WHERE owner = $1 AND log_index IS NULL", (owner,)
    )
    return {(row[0], row[1]) for row in found}


async def place(sql: Sql, leaves: Sequence[LogLeaf]) -> None:
    """Give the journal rows of one owner the places their leaves have; repeating is harmless."""
    for leaf in leaves:
        await sql.run(
            "UPDATE journal SET log_index = $4 "
            "WHERE owner = $1 AND month = $2 AND n = $3 AND log_index IS NULL",
            (leaf.owner, leaf.month, leaf.n, leaf.position),
        )


async def log_leaves(sql: Sql, start: int, limit: int) -> list[LogLeaf]:
    found = await sql.rows(
        "SELECT position, source, month, n, leaf FROM log "
        "WHERE owner = $1 AND position >= $2 ORDER BY position LIMIT $3 + 0",
        (LOG_OWNER, start, limit),
    )
    return [LogLeaf(*row) for row in found]


async def log_at(sql: Sql, positions: Sequence[int]) -> list[LogLeaf]:
    """The leaves at these positions, in statements of one size."""
    found: list[LogLeaf] = []
    for start in range(0, len(positions), _AT_ONCE):
        piece = tuple(positions[start : start + _AT_ONCE])
        rows = await sql.rows(_LOG_AT, (LOG_OWNER, *piece, *(-1,) * (_AT_ONCE - len(piece))))
        found += [LogLeaf(*row) for row in rows]
    return found


async def journal_after(
    sql: Sql, after: tuple[int, int, int], months: tuple[int, int], limit: int
) -> list[tuple[int, JournalRow]]:
    """Journal rows above a key, in order of the key."""
    found = await sql.rows(
        "SELECT owner, month, n, facet, subject, cell, leaf, log_index FROM journal "
        "WHERE (owner, month, n) > ($1, $2, $3) AND month BETWEEN $4 AND $5 "
        "ORDER BY owner, month, n LIMIT $6 + 0",
        (*after, *months, limit),
    )
    return [(row[0], JournalRow(*row[1:])) for row in found]


async def put_checkpoint(sql: Sql, size: int, text: bytes) -> None:
    await _CHECKPOINTS.put(sql, LOG_OWNER, ((size, text),))


async def checkpoint(sql: Sql) -> tuple[int, bytes] | None:
    found = await sql.rows(
        "SELECT size, body FROM log_checkpoint WHERE owner = $1 ORDER BY size DESC LIMIT 1",
        (LOG_OWNER,),
    )
    return (found[0][0], found[0][1]) if found else None


async def counts(sql: Sql, tables: Iterable[str]) -> dict[str, int]:
    """Rows of each of these tables of ours."""
    return {
        table: (await sql.rows(f"SELECT count(*) FROM {table}", ()))[0][0]  # noqa: S608 - names of ours
        for table in tables
    }
