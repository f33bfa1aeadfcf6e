"""Data keys, apart from the data: the key store on disk and in memory, and where ROOT lives."""

from server.store.keystore.memory import MemoryKeyStore
from server.store.keystore.root import FileKeyProvider
from server.store.keystore.sealed import SqliteKeyStore

__all__ = ["FileKeyProvider", "MemoryKeyStore", "SqliteKeyStore"]
