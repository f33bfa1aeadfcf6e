"""The wake-up line under a clock that only moves when told: what its end means, and when the next is opened."""

from collections import deque

from dossier.entropy import SeededEntropy
from dossier.errors import DossierError, SignInNeeded, Unreachable
from sync.hints import EventLine
from sync.policy import Policy
from tests.fakes.manual_clock import ManualClock

HINT = b'data: {"restore":1,"kind":"moved"}\n\n'
BEAT = b": still here\n\n"
POLICY = Policy()


class ScriptedLine:
    """Bytes, seconds that go by without a byte, an error, or the end."""

    def __init__(self, clock: ManualClock, script: tuple[object, ...]) -> None:
        self.clock, self.script, self.closed = clock, deque(script), False

    def read(self, timeout_s: float) -> bytes:
        while self.script:
            piece = self.script.popleft()
            if isinstance(piece, bytes):
                return piece
            if isinstance(piece, DossierError):
                raise piece
            assert isinstance(piece, float)
            self.clock.advance(min(piece, timeout_s))
            if piece >= timeout_s:
                raise Unreachable("line")
        return b""

    def close(self) -> None:
        self.closed = True


class Server:
    """Opens one scripted line after the other; an error instead of a script refuses it."""

    def __init__(self, *scripts: tuple[object, ...] | DossierError) -> None:
        self.clock, self.scripts = ManualClock(), deque(scripts)
        self.lines: list[ScriptedLine] = []

    def connect(self, _token: str, _silent_s: float) -> ScriptedLine:
        script = self.scripts.popleft()
        if isinstance(script, DossierError):
            raise script
        self.lines.append(ScriptedLine(self.clock, script))
        return self.lines[-1]

    def event_line(self) -> EventLine:
        return EventLine(self.connect, self.clock, SeededEntropy(7), POLICY)


def test_a_line_without_a_byte_is_given_up_after_the_documented_silence() -> None:
    server = Server((BEAT, 25.0, BEAT, 25.0, BEAT, 1e9))
    line = server.event_line()
    assert not line.wait("k")
    assert server.clock.monotonic() == 50.0 + POLICY.line_silent_s
    assert server.lines[0].closed


def test_a_server_that_opens_and_closes_at_once_is_left_longer_and_longer_alone() -> None:
    server = Server(*[()] * 9)
    line = server.event_line()
    assert line.pause_s() == 0.0
    pauses = []
    for _ in range(9):
        assert not line.wait("k")
        pauses.append(line.pause_s())
    roofs = [min(POLICY.longest_wait_s, POLICY.first_wait_s * 2**n) for n in range(9)]
    for pause, roof in zip(pauses, roofs, strict=True):
        assert roof / 2 <= pause <= roof
    assert len(set(pauses)) == 9, "no two desktops come back together"


def test_words_at_the_opening_do_not_make_a_line_that_lived() -> None:
    greeted = (BEAT, HINT)
    server = Server(*[greeted] * 4)
    line = server.event_line()
    heard = [line.wait("k") for _ in range(2 * 3)]
    assert heard.count(False) >= 2
    assert line.pause_s() > POLICY.first_wait_s


def test_a_line_that_lived_is_opened_again_without_a_growing_wait() -> None:
    lived = (BEAT, POLICY.line_lived_s, BEAT)
    server = Server((), Unreachable("connect"), SignInNeeded(), (), lived)
    line = server.event_line()
    for _ in range(4):
        assert not line.wait("k")
    assert line.pause_s() >= 4.0
    assert line.wait("k"), "what moved while nobody listened was told to nobody"
    assert not line.wait("k")
    assert line.pause_s() <= POLICY.first_wait_s


def test_another_token_is_another_line_and_no_failure() -> None:
    server = Server((HINT, HINT, 5.0), (HINT,))
    line = server.event_line()
    assert line.wait("k")
    assert line.wait("other")
    assert server.lines[0].closed
    assert line.pause_s() == 0.0
