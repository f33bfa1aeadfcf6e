"""The embedded store: one process, one file, a single writer with group commit."""

from server.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
