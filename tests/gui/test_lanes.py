"""The lanes and the bridge: one contract for threads and for the inline twin."""

import gc
import threading
from threading import Event

import pytest

from dossier.errors import DossierError, Unavailable
from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.housekeeping import Collector, Shutdown
from practitioner_app.runtime.lanes import InlineLanes, ThreadLanes
from practitioner_app.runtime.main_thread import InlineMainThread, QtMainThread


class Receiver:
    """What a view-model is to the lanes."""

    def __init__(self):
        self.got = []
        self.failures = []
        self.threads = set()

    def receive(self, value):
        self.got.append(value)
        self.threads.add(threading.current_thread())

    def fail(self, error):
        self.failures.append(error)


@pytest.fixture
def errors():
    return []


@pytest.fixture
def bridge(qapp, errors):
    bridge = QtMainThread(errors.append)
    yield bridge
    bridge.close()


@pytest.fixture(params=["threads", "inline"])
def lanes(request, bridge, errors):
    if request.param == "inline":
        yield InlineLanes(errors.append)
    else:
        lanes = ThreadLanes(bridge, errors.append)
        yield lanes
        lanes.close()


def test_an_answer_comes_back_on_the_main_thread(lanes, qtbot):
    receiver = Receiver()
    lanes.read(lambda: 42, receiver.receive)
    qtbot.waitUntil(lambda: receiver.got == [42])
    assert receiver.threads == {threading.main_thread()}


def test_an_expected_failure_goes_to_failed(lanes, qtbot):
    receiver = Receiver()

    def refuse():
        raise Unavailable

    for lane in (lanes.read, lanes.write, lanes.blobs):
        lane(refuse, receiver.receive, receiver.fail)
    qtbot.waitUntil(lambda: len(receiver.failures) == 3)
    assert receiver.got == []


def test_a_failure_nobody_asked_for_and_a_programmer_s_error_go_to_the_sink(lanes, qtbot, errors):
    receiver = Receiver()

    def refuse():
        raise Unavailable

    lanes.read(refuse, receiver.receive)
    lanes.write(lambda: 1 // 0, receiver.receive, receiver.fail)
    qtbot.waitUntil(lambda: len(errors) == 2)
    assert {type(error) for error in errors} == {Unavailable, ZeroDivisionError}
    assert (receiver.got, receiver.failures) == ([], [])


def test_writes_keep_their_order(lanes, qtbot):
    receiver = Receiver()
    for number in range(50):
        lanes.write(lambda number=number: number, receiver.receive)
    qtbot.waitUntil(lambda: len(receiver.got) == 50)
    assert receiver.got == list(range(50))


def test_an_answer_for_a_receiver_that_is_gone_is_dropped(lanes, qtbot):
    receiver, witness = Receiver(), Receiver()
    got = receiver.got
    may_answer = Event()

    def slow():
        may_answer.wait(5)
        return 1

    if isinstance(lanes, InlineLanes):
        may_answer.set()
    lanes.read(slow, receiver.receive) if not may_answer.is_set() else None
    del receiver
    gc.collect()
    may_answer.set()
    lanes.read(lambda: 2, witness.receive)
    lanes.read(lambda: 3, witness.receive)
    qtbot.waitUntil(lambda: len(witness.got) == 2)
    assert got == []


def test_an_answer_for_a_destroyed_qobject_is_dropped(lanes, qtbot, errors):
    import shiboken6
    from PySide6.QtCore import QObject, Signal

    class Screen(QObject):
        shown = Signal(object)

        def receive(self, value):
            self.shown.emit(value)

    screen, witness = Screen(), Receiver()
    shiboken6.delete(screen)
    lanes.read(lambda: 1, screen.receive)
    lanes.read(lambda: 2, witness.receive)
    lanes.write(lambda: 3, witness.receive)
    qtbot.waitUntil(lambda: len(witness.got) == 2)
    assert errors == []


def test_a_newer_request_with_the_same_key_replaces_the_older(bridge, errors, qtbot):
    lanes = ThreadLanes(bridge, errors.append)
    receiver = Receiver()
    held = Event()

    def slow(word):
        held.wait(5)
        return word

    for word in ("m", "ma", "mar"):
        lanes.read(lambda word=word: slow(word), receiver.receive, key="search")
    lanes.read(lambda: "other", receiver.receive, key="record")
    held.set()
    qtbot.waitUntil(lambda: len(receiver.got) == 2)
    assert sorted(receiver.got) == ["mar", "other"]
    lanes.close()
    assert errors == []


def test_a_write_that_asks_inside_an_inline_answer_is_served(errors):
    lanes = InlineLanes(errors.append)
    receiver = Receiver()
    lanes.read(lambda: 1, lambda value: lanes.write(lambda: value + 1, receiver.receive))
    assert receiver.got == [2]


def test_inline_lanes_without_a_sink_raise():
    lanes = InlineLanes()
    with pytest.raises(DossierError):
        lanes.write(lambda: (_ for _ in ()).throw(Unavailable()))


def test_nothing_is_accepted_after_the_stop_and_what_was_accepted_ends(bridge, errors):
    lanes = ThreadLanes(bridge, errors.append)
    done = []
    for number in range(20):
        lanes.write(lambda number=number: done.append(number))
    lanes.stop_accepting()
    lanes.write(lambda: done.append("late"))
    lanes.close()
    assert done == list(range(20))


def test_readers_are_quiesced_without_closing_the_lanes(bridge, errors, qtbot):
    lanes = ThreadLanes(bridge, errors.append)
    receiver, order = Receiver(), []
    for _ in range(8):
        lanes.read(lambda: order.append("read"), receiver.receive)
    lanes.drain_reads()
    order.append("drained")
    lanes.read(lambda: 1, receiver.receive)
    qtbot.waitUntil(lambda: len(receiver.got) == 9)
    assert order == ["read"] * 8 + ["drained"]
    lanes.close()


def test_the_bridge_keeps_order_and_survives_a_bad_callback(bridge, errors, qtbot):
    seen = []
    bridge.post(lambda: seen.append(1))
    bridge.post(lambda: 1 // 0)
    bridge.post(lambda: seen.append(2))
    qtbot.waitUntil(lambda: seen == [1, 2])
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_the_bridge_yields_to_events_between_slices(bridge, qtbot):
    """A flood of answers must not keep the screen from painting: other events run in between."""
    from time import perf_counter

    from PySide6.QtCore import QTimer

    done, beats = [], []

    def busy():
        end = perf_counter() + 0.003
        while perf_counter() < end:
            pass
        done.append(1)

    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: beats.append(len(done)))
    timer.start()
    for _ in range(40):
        bridge.post(busy)
    qtbot.waitUntil(lambda: len(done) == 40)
    timer.stop()
    assert len({beat for beat in beats if 0 < beat < 40}) >= 5


def test_a_closed_bridge_drops_everything(bridge, qtbot):
    seen = []
    bridge.post(lambda: seen.append(1))
    bridge.close()
    bridge.post(lambda: seen.append(2))
    witness, later = QtMainThread(seen.append), []
    witness.post(lambda: later.append(1))
    qtbot.waitUntil(lambda: later == [1])
    assert seen == []


def test_posts_from_many_threads_all_arrive_on_the_main_thread(bridge, qtbot):
    seen = []

    def post_some():
        for _ in range(500):
            bridge.post(lambda: seen.append(threading.current_thread()))

    threads = [threading.Thread(target=post_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(seen) == 2000)
    for thread in threads:
        thread.join()
    assert set(seen) == {threading.main_thread()}


def test_changes_are_published_on_the_main_thread(qapp, bridge, qtbot):
    changes = Changes(bridge)
    change = ChangeSet(owners={1: frozenset({"Condition"})})
    heard = []
    changes.published.connect(lambda value: heard.append((value, threading.current_thread())))
    worker = threading.Thread(target=changes.announce, args=(change,))
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: len(heard) == 1)
    assert heard == [(change, threading.main_thread())]


def test_inline_changes_are_published_at_once(qapp):
    changes = Changes(InlineMainThread())
    heard = []
    changes.published.connect(heard.append)
    changes.announce(ChangeSet())
    assert heard == [ChangeSet()]


def test_the_collector_takes_cycles_on_the_main_thread_and_gives_the_habit_back(qapp):
    class Knot:
        alive = 0

        def __init__(self):
            self.me = self
            Knot.alive += 1

        def __del__(self):
            Knot.alive -= 1

    collector = Collector()
    assert gc.isenabled()
    collector.begin()
    try:
        assert not gc.isenabled()
        for _ in range(5_000):
            Knot()
        assert Knot.alive == 5_000
        collector.collect()
        assert Knot.alive == 0
    finally:
        collector.stop()
    assert gc.isenabled()


def test_shutdown_goes_on_after_a_step_that_fails_and_runs_once(errors):
    done = []
    shutdown = Shutdown(
        (
            ("commands", lambda: done.append("commands")),
            ("sync", lambda: 1 // 0),
            ("store", lambda: done.append("store")),
        ),
        errors.append,
    )
    shutdown.run()
    shutdown.run()
    assert done == ["commands", "store"]
    assert [type(error) for error in errors] == [ZeroDivisionError]
