"""The loop that drives the engine: what it tells, what ends a wait, how it stops."""

from datetime import UTC, datetime
from queue import Queue
from threading import Event, Thread

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.errors import Unreachable
from dossier.wire.messages import Capabilities, Heads
from dossier.wire.sessions import ChallengeReply, TokenReply
from practitioner_app.open_session import trouble_of
from practitioner_app.ports import Topic
from practitioner_app.services.session import Link
from practitioner_app.sync_loop import SyncLoop, link_of
from sync import states
from sync.engine import Engine
from sync.proofs import HeldKey
from sync.states import Did, Next, Progress, SyncState, Trouble
from tests.builders import OWNER
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import Disk, MemorySyncStore
from tests.fakes.record_store import MemoryRecordStore
from tests.fakes.scripted_transport import ScriptedTransport

LATER = datetime(2026, 11, 23, tzinfo=UTC)


class ScriptedEngine:
    """An engine that answers a list of steps, then waits for ever. Remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.rested = Event()
        self.steps = 0
        self.token = "token"

    def step(self):
        self.steps += 1
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.rested.set()
        return Next(did=Did.WAITED, wait_s=3600.0)

    def retry(self):
        self.asked.append("retry")

    def hint(self):
        self.asked.append("hint")

    def prefer(self, owner):
        self.asked.append(("prefer", owner))


class Notes:
    def __init__(self):
        self.connections, self.lines = [], []

    def connected(self, connection):
        self.connections.append(connection.link)

    def noted(self, key, **figures):
        self.lines.append((key, figures))


class Bench:
    def __init__(self, clock=None):
        self.heard, self.notes, self.errors = [], Notes(), []
        self.loop = SyncLoop(
            outbox=MemoryRecordStore(),
            listener=self.notes,
            announce=self.heard.append,
            clock=clock or SystemClock(),
            contacted=lambda state: None,
        )
        self.thread = None

    def run(self, engine):
        def body():
            try:
                self.loop.run(engine)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                self.errors.append(error)

        self.thread = Thread(target=body)
        self.thread.start()
        return engine

    def stop(self):
        self.loop.stop()
        self.thread.join(5)
        assert not self.thread.is_alive()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    if bench.thread is not None:
        bench.stop()


def until(condition):
    """Wait on an event of the loop's own making, with a deadline."""
    gate = Event()
    for _ in range(500):
        if condition():
            return True
        gate.wait(0.01)
    return False


def test_what_a_page_touched_is_announced(bench):
    pulled = Next(did=Did.PULLED, wait_s=0, touched={OWNER: frozenset({"Condition"})})
    bench.run(ScriptedEngine(pulled)).rested.wait(5)
    assert bench.heard[0].owners == {OWNER: frozenset({"Condition"})}
    assert bench.heard[0].topics == {Topic.COPY}


def test_everything_of_a_patient_means_the_list_of_patients_too(bench):
    pulled = Next(did=Did.PULLED, wait_s=0, touched={OWNER: frozenset()})
    bench.run(ScriptedEngine(pulled)).rested.wait(5)
    assert bench.heard[0].touches(OWNER)
    assert bench.heard[0].about(Topic.PATIENTS)


def test_a_push_moves_the_outbox(bench):
    bench.run(ScriptedEngine(Next(did=Did.PUSHED, wait_s=0))).rested.wait(5)
    assert bench.heard[0].about(Topic.OUTBOX)
    assert bench.heard[0].about(Topic.CONFLICTS)


def test_a_write_a_hint_and_a_person_end_a_wait(bench):
    engine = bench.run(ScriptedEngine())
    engine.rested.wait(5)
    for act, expected in (
        (bench.loop.wrote, []),
        (bench.loop.hinted, ["hint"]),
        (bench.loop.now, ["hint", "retry"]),
    ):
        before = engine.steps
        act()
        assert until(lambda before=before: engine.steps > before)
        assert engine.asked == expected


def test_a_wait_that_only_a_person_may_end_is_not_ended_by_a_write(bench):
    held = Next(did=Did.FAILED, wait_s=3600.0, wake=False)
    engine = bench.run(ScriptedEngine(held))
    assert until(lambda: engine.steps == 1)
    bench.loop.wrote()
    bench.loop.hinted()
    assert not engine.rested.wait(0.1)
    bench.loop.now()
    assert engine.rested.wait(5)
    assert "retry" in engine.asked


def test_the_record_on_the_screen_is_fetched_first(bench):
    engine = bench.run(ScriptedEngine())
    engine.rested.wait(5)
    bench.loop.prefer(OWNER)
    assert until(lambda: ("prefer", OWNER) in engine.asked)


def test_a_store_closed_under_a_step_ends_a_stopped_loop_quietly(bench):
    engine = bench.run(ScriptedEngine())
    engine.rested.wait(5)
    engine.answers.append(RuntimeError("closed"))
    bench.loop.stop()
    bench.thread.join(5)
    assert bench.errors == []


def test_a_programmer_s_error_is_not_hidden(bench):
    bench.run(ScriptedEngine(RuntimeError("bug")))
    bench.thread.join(5)
    assert [type(error) for error in bench.errors] == [RuntimeError]


@pytest.mark.parametrize(
    ("state", "link"),
    [
        (states.Starting(), Link.STARTING),
        (states.SigningIn(), Link.STARTING),
        (states.Idle(), Link.ONLINE),
        (states.Pushing(1), Link.SYNCING),
        (states.Pulling(), Link.SYNCING),
        (states.NeedsSignIn("situation_ended"), Link.SIGN_IN),
        (states.NeedsSignIn("proof_needed"), Link.PROOF),
        (states.NeedsSignIn("wrong_proof"), Link.PROOF),
        (states.Revoked(), Link.SIGN_IN),
        (states.TooOld(), Link.TOO_OLD),
        *((states.Offline(trouble, LATER), None) for trouble in Trouble),
        *((states.Backoff(trouble, LATER), None) for trouble in Trouble),
    ],
)
def test_every_state_of_the_engine_has_a_word_on_the_chip(state, link):
    told = SyncState(state=state)
    found, _ = link_of(told)
    assert link is None or found is link
    works = found in (Link.STARTING, Link.ONLINE, Link.SYNCING)
    assert (trouble_of(told) is None) is works


def test_s7_a_reading_that_was_stopped_is_said_while_ops_still_leave():
    told = SyncState(state=states.Idle(), pull_trouble=Trouble.VOLUME_BLOCKED)
    assert link_of(told) == (Link.BLOCKED, "volume_blocked")
    assert trouble_of(told).code == "volume_blocked"


def test_a_clock_that_disagrees_is_said_and_is_not_offline():
    link, _ = link_of(SyncState(state=states.Idle(), clock_wrong=True))
    assert link is Link.CLOCK_WRONG


def test_the_log_has_one_line_for_a_burst_and_for_a_lost_connection(bench):
    loop = bench.loop
    loop.published(SyncState(state=states.SigningIn()))
    loop.published(SyncState(state=states.Pulling()))
    loop.published(SyncState(state=states.Pushing(2)))
    loop.published(SyncState(state=states.Idle(), progress=Progress(rows=40)))
    bench.run(ScriptedEngine(Next(did=Did.PUSHED, wait_s=0))).rested.wait(5)
    loop.stop()
    bench.thread.join(5)
    loop.published(SyncState(state=states.Offline(Trouble.UNREACHABLE, LATER)))
    loop.published(SyncState(state=states.Idle()))
    assert bench.notes.lines == [
        ("exchange.started", {}),
        ("exchange.pushed", {"ops": 2}),
        ("exchange.pulled", {"rows": 40}),
        ("exchange.offline", {}),
        ("exchange.online", {}),
    ]
    assert bench.notes.connections[-1] is Link.ONLINE


class TestALineThatEnds:
    """A desktop that only reads must not go on saying that it is online."""

    class Line:
        """A wake-up line whose fate a test decides; `None` ends the lane."""

        def __init__(self):
            self.fates, self.paused = Queue(), []

        def wait(self, token):
            assert token == "k-1"
            return bool(self.fates.get(timeout=10))

        def pause_s(self):
            self.paused.append(True)
            return 0.0

    @pytest.fixture
    def clock(self):
        return ManualClock()

    @pytest.fixture
    def bench(self, clock):
        bench = Bench(clock)
        yield bench
        bench.stop()

    @pytest.fixture
    def server(self):
        server = ScriptedTransport()
        server.answers.extend(
            [
                Capabilities(
                    protocols=(1,),
                    server="1",
                    name="Cabinet",
                    restore=0,
                    now="",
                    demonstration=False,
                    limits={},
                ),
                ChallengeReply(nonce="n"),
                TokenReply(token="k-1", expires_in_s=900),
                Heads(restore=0, v="v1", heads=()),
            ]
        )
        return server

    @pytest.fixture
    def line(self, bench, server, clock):
        engine = Engine(
            MemorySyncStore(Disk(), clock, SeededEntropy(1)),
            server,
            HeldKey("d-1", bytes(32)),
            "s-1",
            clock,
            SeededEntropy(2),
            publish=bench.loop.published,
        )
        bench.run(engine)
        assert until(lambda: bench.notes.connections[-1:] == [Link.ONLINE])
        line = self.Line()
        lane = Thread(target=bench.loop.listen, args=(line, lambda: engine.token))
        lane.start()
        yield line
        bench.loop.stop()
        line.fates.put(False)
        lane.join(5)
        assert not lane.is_alive()

    def test_a_dead_server_is_said_when_its_line_ends_and_not_at_the_next_question(
        self, bench, server, line, clock
    ):
        server.answers.append(Unreachable("connect"))
        line.fates.put(False)
        assert until(lambda: bench.notes.connections[-1] is Link.OFFLINE)
        assert clock.monotonic() == 0.0, "no time had to go by"

    def test_a_line_that_ends_under_a_server_that_lives_costs_one_question_and_no_word(
        self, bench, server, line
    ):
        server.answers.append(None)
        line.fates.put(False)
        assert until(lambda: not server.answers)
        assert line.paused == [True], "the next line waits its turn"
        assert bench.notes.connections[-1] is Link.ONLINE
