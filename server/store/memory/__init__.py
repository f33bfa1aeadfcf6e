"""The store in memory: the same contract, for the simulation and for tests of the services."""

from server.store.memory.state import Snapshot
from server.store.memory.store import MemoryStore

__all__ = ["MemoryStore", "Snapshot"]
