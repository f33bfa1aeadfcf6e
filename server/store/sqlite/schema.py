"""Bringing a file to the newest schema."""

from dossier.clock import Clock, to_ms
from dossier.errors import TooNew
from server.store.migrations import Migration
from server.store.sqlite.connection import Connection, in_transaction


def migrate(connection: Connection, steps: tuple[Migration, ...], clock: Clock) -> int:
    """Apply what is missing, one transaction a step; returns the version.

    Raises TooNew when the file was written by a newer program.
    """
    present = version_of(connection)
    newest = steps[-1].version
    if present > newest:
        raise TooNew(f"schema {present}, this program knows {newest}")
    for step in steps[present:]:
        in_transaction(connection, lambda step=step: _apply(connection, step, clock))  # type: ignore[misc]  # bound now
    return newest


def version_of(connection: Connection) -> int:
    """The newest migration applied; 0 for an empty file."""
    if not connection.rows("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'"):
        return 0
    return int(connection.rows("SELECT coalesce(max(version), 0) FROM schema_version")[0][0])


def _apply(connection: Connection, step: Migration, clock: Clock) -> None:
    for statement in step.for_sqlite():
        connection.run(statement)
    connection.run(
        "INSERT INTO schema_version (version, applied) VALUES (?1, ?2)",
        (step.version, to_ms(clock.now())),
    )
