"""The store on PostgreSQL: many server processes on one database, or on several that share the owners."""

from server.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
