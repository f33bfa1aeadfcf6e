"""Named executors: where work that may block runs, and how its answer comes back.

    read    2 threads   queries, decoding, search
    write   1 thread    commands of services: the only place that writes the outbox
    sync    1 thread    the loop of the engine
    blobs   2 threads   documents
    hints   1 thread    the wake-up line
    browser 1 thread    waiting for the person's own browser

`then(answer)` runs on the main thread, and only while the object it is a method of is alive: a bound
method is held weakly, and a destroyed QObject is not alive. `failed(error)` gets the expected failures (DossierError); a programmer's error goes
to the error sink. `key` makes a request replaceable: a newer one with the same key drops the older, not
begun or not yet answered. Work receives ports and values, never a QObject.
"""

import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject

from dossier.errors import DossierError
from practitioner_app.runtime.main_thread import MainThread

T = TypeVar("T")

Then = Callable[[T], None]
Failed = Callable[[DossierError], None]
ErrorSink = Callable[[BaseException], None]


class Lanes(Protocol):
    """What view-models are given."""

    def read(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        """Ask on a read lane."""
        ...

    def write(
        self,
        fn: Callable[[], T],
        then: Then[T] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Act on the write lane, in the order of the calls; a write is never replaced."""
        ...

    def blobs(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        """Fetch or prepare a document."""
        ...

    def browser(self, fn: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        """Wait for what a person does in their browser: minutes, in nobody's way."""
        ...


class _Newest:
    """The newest request of each key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tickets: dict[str, int] = {}
        self._count = 0

    def take(self, key: str | None) -> tuple[str | None, int]:
        with self._lock:
            self._count += 1
            if key is not None:
                self._tickets[key] = self._count
            return key, self._count

    def holds(self, ticket: tuple[str | None, int]) -> bool:
        key, number = ticket
        with self._lock:
            return key is None or self._tickets.get(key) == number


def weakly(then: Callable[..., None] | None) -> Callable[[], Callable[..., None] | None]:
    """A getter of `then` that is None once the receiver of a bound method is gone."""
    if then is None:
        return lambda: None
    if hasattr(then, "__self__"):
        method = weakref.WeakMethod(then)
        return lambda: _living(method())
    return lambda: then


def _living(then: Callable[..., None] | None) -> Callable[..., None] | None:
    """None too when only the Python half of a destroyed QObject is left."""
    receiver = getattr(then, "__self__", None)
    if isinstance(receiver, QObject) and not shiboken6.isValid(receiver):
        return None
    return then


class _Delivery:
    """Carries one answer to the main thread, if somebody still wants it."""

    def __init__(
        self,
        newest: _Newest,
        ticket: tuple[str | None, int],
        then: Callable[..., None] | None,
        failed: Failed | None,
        on_error: ErrorSink,
    ) -> None:
        self._newest = newest
        self._ticket = ticket
        self._then = weakly(then)
        self._failed = weakly(failed)
        self._on_error = on_error
        self._wants_failures = failed is not None
        self._wants_answers = then is not None

    def wanted(self) -> bool:
        return self._newest.holds(self._ticket)

    def answer(self, value: object) -> None:
        then = self._then()
        if then is not None and self.wanted():
            then(value)

    def fail(self, error: DossierError) -> None:
        failed = self._failed()
        if failed is not None and self.wanted():
            failed(error)
        elif not self._wants_failures and not self._abandoned():
            self._on_error(error)

    def _abandoned(self) -> bool:
        """Whoever asked is gone: a lock closed the store under the question."""
        return self._wants_answers and self._then() is None


class ThreadLanes:
    """Lanes over plain executors. `close` waits for what is under way, write lane last."""

    def __init__(self, main_thread: MainThread, on_error: ErrorSink) -> None:
        self._main_thread = main_thread
        self._on_error = on_error
        self._newest = _Newest()
        self._read = ThreadPoolExecutor(2, "lane-read")
        self._write = ThreadPoolExecutor(1, "lane-write")
        self._sync = ThreadPoolExecutor(1, "lane-sync")
        self._blobs = ThreadPoolExecutor(2, "lane-blobs")
        self._hints = ThreadPoolExecutor(1, "lane-hints")
        self._browser = ThreadPoolExecutor(1, "lane-browser")
        self._accepting = True

    def read(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        self._submit(self._read, fn, then, failed, key)

    def write(
        self,
        fn: Callable[[], T],
        then: Then[T] | None = None,
        failed: Failed | None = None,
    ) -> None:
        self._submit(self._write, fn, then, failed, None)

    def blobs(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        self._submit(self._blobs, fn, then, failed, key)

    def browser(self, fn: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        self._submit(self._browser, fn, then, failed, None)

    def sync(self, fn: Callable[[], None]) -> "Future[None]":
        """Start the engine's loop; the composition root alone calls it."""
        return self._sync.submit(self._guarded, fn)

    def hints(self, fn: Callable[[], None]) -> "Future[None]":
        """Listen to the wake-up line; the composition root alone calls it."""
        return self._hints.submit(self._guarded, fn)

    def write_and_wait(self, fn: Callable[[], T], timeout_s: float) -> T:
        """Run on the write lane and wait: for the sync lane and for shutdown, never for the main thread."""
        return self._write.submit(fn).result(timeout_s)

    def stop_accepting(self) -> None:
        """New reads, writes and blobs are ignored from now on; what was accepted goes on."""
        self._accepting = False

    def drain_reads(self) -> None:
        """Wait for every query under way; the lanes can be used again afterwards."""
        waiting = [self._read.submit(_nothing) for _ in range(2)]
        waiting += [self._blobs.submit(_nothing) for _ in range(2)]
        for future in waiting:
            future.result()

    def close(self) -> None:
        """Finish in the order browser, hints, sync, blobs, read, write."""
        self._accepting = False
        lanes = (self._browser, self._hints, self._sync, self._blobs, self._read, self._write)
        for lane in lanes:
            lane.shutdown(wait=True)

    def _submit(
        self,
        lane: ThreadPoolExecutor,
        fn: Callable[[], Any],
        then: Callable[..., None] | None,
        failed: Failed | None,
        key: str | None,
    ) -> None:
        if not self._accepting:
            return
        ticket = self._newest.take(key)
        delivery = _Delivery(self._newest, ticket, then, failed, self._on_error)
        lane.submit(self._run, fn, delivery)

    def _run(self, fn: Callable[[], Any], delivery: _Delivery) -> None:
        if not delivery.wanted():
            return
        try:
            value = fn()
        except DossierError as error:
            kept = error
            self._main_thread.post(lambda: delivery.fail(kept))
        except Exception as error:  # noqa: BLE001 - the one place that catches a programmer's error of a lane
            wrong = error
            self._main_thread.post(lambda: self._on_error(wrong))
        else:
            self._main_thread.post(lambda: delivery.answer(value))

    def _guarded(self, fn: Callable[[], None]) -> None:
        try:
            fn()
        except Exception as error:  # noqa: BLE001 - told to the error sink; the loop ends
            wrong = error
            self._main_thread.post(lambda: self._on_error(wrong))


def _nothing() -> None:
    """Occupies one thread of a lane for an instant."""


class InlineLanes:
    """Lanes for tests: work runs at once, its answer too. Same contract, no thread, no event loop."""

    def __init__(self, on_error: ErrorSink | None = None) -> None:
        self._newest = _Newest()
        self._on_error = on_error or _raise

    def read(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        self._run(fn, then, failed, key)

    def write(
        self,
        fn: Callable[[], T],
        then: Then[T] | None = None,
        failed: Failed | None = None,
    ) -> None:
        self._run(fn, then, failed, None)

    def blobs(
        self,
        fn: Callable[[], T],
        then: Then[T],
        failed: Failed | None = None,
        key: str | None = None,
    ) -> None:
        self._run(fn, then, failed, key)

    def browser(self, fn: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        self._run(fn, then, failed, None)

    def _run(
        self,
        fn: Callable[[], Any],
        then: Callable[..., None] | None,
        failed: Failed | None,
        key: str | None,
    ) -> None:
        ticket = self._newest.take(key)
        delivery = _Delivery(self._newest, ticket, then, failed, self._on_error)
        try:
            value = fn()
        except DossierError as error:
            delivery.fail(error)
        except Exception as error:  # noqa: BLE001 - as on a thread: to the sink
            self._on_error(error)
        else:
            delivery.answer(value)


def _raise(error: BaseException) -> None:
    raise error
