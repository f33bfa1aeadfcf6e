"""The one writer: a thread, a queue, group commit. Units are run by the loop they came from (Piecework).

Units of work that wait together are written in one transaction, each inside its own savepoint: a
failing unit takes back only itself. A unit's result is handed over after the commit reached the disk.
When the commit fails, every unit of the group fails. After an I/O error or damage nothing is written
any more: what the disk holds is then unknown, and retrying would lie (fsync may report an error once).
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from dossier.errors import DiskFull, StoreCorrupt, StoreError
from server.store.sqlite.connection import Connection, DiskFailed, SqliteSql
from server.store.sqlite.piecework import Piecework
from server.store.tables.sql import Sql
from server.store.units import drive

GROUP = 64
"""Most units in one transaction: bounds how long the first of them waits for its commit."""

Work = Callable[[Sql], Awaitable[Any]]


class Unit:
    """A unit of work on its way through the writer; settled exactly once."""

    __slots__ = ("_future", "_loop", "error", "value", "work")

    def __init__(
        self,
        work: Work,
        future: "asyncio.Future[Any] | Future[Any]",
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self._future = future
        self._loop = loop

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._loop

    def settle(self) -> None:
        """Hand over the result; a caller that gave up is left alone."""
        if self._future.done():
            return
        if self.error is not None:
            self._future.set_exception(self.error)
        else:
            self._future.set_result(self.value)


class Writer:
    """Owns the writing connection; `submit` may be called from any thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[Unit | None] = SimpleQueue()
        self._stopped: StoreError | None = None
        self._inside: int | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def is_here(self) -> bool:
        """True on the thread that runs a unit of work now."""
        return threading.get_ident() == self._inside

    def submit(self, unit: Unit) -> None:
        self._queue.put(unit)

    def close(self) -> None:
        """Write what was submitted, then end."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, is_last = self._together(first)
            self._write(group)
            _hand_over(group)
            if is_last:
                break
        self._refuse_the_rest()

    def _together(self, first: Unit) -> tuple[list[Unit], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                unit = self._queue.get_nowait()
            except Empty:
                break
            if unit is None:
                return group, True
            group.append(unit)
        return group, False

    def _write(self, group: list[Unit]) -> None:
        try:
            self._begin()
            run = self._alone if len(group) == 1 else self._guarded
            Piecework((partial(run, unit) for unit in group), group[0].loop).run()
            if self._connection.in_transaction:
                self._connection.run("COMMIT")
        except BaseException as error:  # noqa: BLE001 - every unit must be answered
            self._fail(group, error)

    def _begin(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        self._connection.run("BEGIN IMMEDIATE")

    def _alone(self, unit: Unit) -> None:
        """One unit: the transaction itself is its savepoint."""
        try:
            unit.value = self._perform(unit.work)
        except (DiskFull, DiskFailed, StoreCorrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            unit.error = error
            self._connection.run("ROLLBACK")

    def _perform(self, work: Work) -> Any:
        sql = SqliteSql(self._connection)
        self._inside = threading.get_ident()
        try:
            return drive(work(sql))
        finally:
            self._inside = None
            sql.end()

    def _guarded(self, unit: Unit) -> None:
        self._connection.run("SAVEPOINT unit")
        try:
            unit.value = self._perform(unit.work)
        except (DiskFull, DiskFailed, StoreCorrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            unit.error = error
            self._connection.run("ROLLBACK TO unit")
        self._connection.run("RELEASE unit")

    def _fail(self, group: list[Unit], error: BaseException) -> None:
        """Nothing of this group is durable."""
        for unit in group:
            unit.value, unit.error = None, unit.error or error
        if isinstance(error, DiskFailed | StoreCorrupt) and self._stopped is None:
            self._stopped = type(error)(f"stopped: {error.detail}")
        with contextlib.suppress(Exception):
            if self._connection.in_transaction:
                self._connection.run("ROLLBACK")

    def _refuse_the_rest(self) -> None:
        left: list[Unit] = []
        with contextlib.suppress(Empty):
            while (unit := self._queue.get_nowait()) is not None:
                unit.error = StoreError("the store is closed")
                left.append(unit)
        _hand_over(left)


def _hand_over(group: list[Unit]) -> None:
    """Settle the units: those of one loop in one call, those without a loop at once."""
    loops: dict[asyncio.AbstractEventLoop, list[Unit]] = {}
    for unit in group:
        if unit.loop is None:
            unit.settle()
        else:
            loops.setdefault(unit.loop, []).append(unit)
    for loop, units in loops.items():
        # A loop that ended while its unit was written has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, units)


def _settle_all(units: list[Unit]) -> None:
    for unit in units:
        unit.settle()
