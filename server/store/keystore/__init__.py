"""Data keys, apart from the data: the key store on disk, on PostgreSQL and in memory, and where ROOT lives."""

from server.store.keystore.memory import MemoryKeyStore
from server.store.keystore.root import CredentialKeyProvider, FileKeyProvider
from server.store.keystore.sealed import SqliteKeyStore
from server.store.keystore.shared import PostgresKeyStore

__all__ = [
    "CredentialKeyProvider",
    "FileKeyProvider",
    "MemoryKeyStore",
    "PostgresKeyStore",
    "SqliteKeyStore",
]
