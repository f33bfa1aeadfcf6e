"""Who uses a connection when: one writer per file, any number of readers, and quiet for a purge."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dossier.errors import StoreCorrupt, StoreError
from local_store.bodies import BodyPacker
from local_store.connections import Connection, translated

Failpoint = Callable[[str], None]
"""Called with the name of a durable step; a test stops the process there."""


class Writer:
    """The one writing connection of a file: one transaction at a time, whichever thread asks."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        failpoint: Failpoint,
        doubted: Callable[[], None],
    ) -> None:
        self._name = name
        self._connection = connection
        self._failpoint = failpoint
        self._doubted = doubted
        self._lock = threading.RLock()
        self._joining = False

    @contextmanager
    def together(self, *, forced: bool) -> Iterator[Connection]:
        """One transaction that every `transaction` of this thread inside it joins, forced or not as this."""
        with self.transaction(forced=forced) as connection:
            self._joining = True
            try:
                yield connection
            finally:
                self._joining = False

    @contextmanager
    def transaction(self, *, forced: bool = False) -> Iterator[Connection]:
        """BEGIN IMMEDIATE ... COMMIT; anything raised inside rolls back. Raises StoreError kin.

        `forced` is for the cache, whose commits reach the disk at its next checkpoint: this one, and all
        before it, survive a power cut.
        """
        with self._lock, self._guarded():
            connection = self._connection
            if self._joining:
                yield connection
                return
            if connection.in_transaction:
                raise StoreError("nested")
            if forced:
                connection.execute("PRAGMA synchronous = FULL")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                self._failpoint(f"{self._name}.before_commit")
                connection.execute("COMMIT")
                self._failpoint(f"{self._name}.after_commit")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if forced:
                    connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The connection outside a transaction, for reads that belong to the writer and checkpoints."""
        with self._lock, self._guarded():
            yield self._connection

    def close(self) -> None:
        """Close for good; the last closer of a file folds its WAL in."""
        with self._lock, translated():
            self._connection.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except StoreCorrupt:
            self._doubted()
            raise


class Readers:
    """Read-only connections, one a thread; a purge can wait until none is in use and keep them out."""

    def __init__(self, connect: Callable[[], Connection], doubted: Callable[[], None]) -> None:
        self._connect = connect
        self._doubted = doubted
        self._mine = threading.local()
        self._all: list[Connection] = []
        self._turn = threading.Condition()
        self._active = 0
        self._held = False
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot of both files. Not to be nested. Raises StoreError kin."""
        with self._turn:
            self._turn.wait_for(lambda: not self._held)
            if self._closed:
                raise StoreError("closed")
            self._active += 1
        try:
            with translated():
                connection = self._connection()
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
        except StoreCorrupt:
            self._doubted()
            raise
        finally:
            with self._turn:
                self._active -= 1
                self._turn.notify_all()

    def packer(self) -> BodyPacker:
        """The calling thread's own packer of bodies."""
        found = getattr(self._mine, "packer", None)
        if found is None:
            found = self._mine.packer = BodyPacker()
        return found

    @contextmanager
    def quiesced(self) -> Iterator[None]:
        """No reader inside, none comes in meanwhile."""
        with self._turn:
            self._turn.wait_for(lambda: not self._held)
            self._held = True
            self._turn.wait_for(lambda: self._active == 0)
            for connection in self._all:
                with translated():
                    connection.execute("PRAGMA shrink_memory")
        try:
            yield
        finally:
            with self._turn:
                self._held = False
                self._turn.notify_all()

    def close(self) -> None:
        """Wait for the readers inside, then close every connection."""
        with self.quiesced(), self._turn:
            self._closed = True
            for connection in self._all:
                with translated():
                    connection.close()
            self._all.clear()

    def _connection(self) -> Connection:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._connect()
            self._mine.connection = connection
            with self._turn:
                self._all.append(connection)
        return connection
