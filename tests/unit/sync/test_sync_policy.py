"""The numbers of the synchronisation: waiting, slicing, batching, time left; legal transitions."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from dossier.entropy import SeededEntropy
from sync import states
from sync.hints import is_hint
from sync.ledger import Ledger
from sync.policy import BatchSize, Policy, SliceSize, TimeLeft, backoff_s
from sync.ports import Held
from sync.states import LEGAL, Trouble, move

AT = datetime(2026, 11, 23, tzinfo=UTC)
SAMPLES: dict[type, states.State] = {
    states.Starting: states.Starting(),
    states.SigningIn: states.SigningIn(),
    states.Idle: states.Idle(),
    states.Pushing: states.Pushing(1),
    states.Pulling: states.Pulling(),
    states.Offline: states.Offline(Trouble.TLS, AT),
    states.Backoff: states.Backoff(Trouble.BUSY, AT),
    states.NeedsSignIn: states.NeedsSignIn("x"),
    states.Revoked: states.Revoked(),
    states.Distrusted: states.Distrusted("log_forked"),
    states.TooOld: states.TooOld(),
}


def held(facet: str, *, owner: int = 1, rows: int = 0, wanted: int = 4, done: bool = False) -> Held:
    return Held(
        owner, facet, "patient", "t", "a" if done else "", "a", 0, done, 3, rows, wanted, 400, None
    )


def test_every_state_has_its_transitions_and_revoked_has_none() -> None:
    assert set(LEGAL) == set(SAMPLES)
    assert LEGAL[states.Revoked] == frozenset()
    for old, targets in LEGAL.items():
        for new in SAMPLES.values():
            if type(new) in targets or type(new) is old:
                assert move(SAMPLES[old], new) is new
            else:
                with pytest.raises(ValueError, match="may not become"):
                    move(SAMPLES[old], new)


def test_waiting_doubles_with_jitter_within_bounds_and_respects_the_server() -> None:
    policy, entropy = Policy(), SeededEntropy(5)
    waits = [backoff_s(policy, n, entropy) for n in range(1, 30)]
    for n, wait_s in enumerate(waits):
        roof = min(60.0, 2.0**n)
        assert roof / 2 <= wait_s <= roof
    assert len(set(waits)) > 20
    assert backoff_s(policy, 1, entropy, at_least_s=33.0) == 33.0
    assert backoff_s(policy, 1, entropy, at_least_s=1e9) == policy.aside_s


def test_a_page_is_made_as_small_as_its_applying_is_slow() -> None:
    sizes = SliceSize(Policy(slice_s=0.008, smallest_page_bytes=16 * 1024))
    assert sizes.bytes == 256 * 1024
    for _ in range(12):
        sizes.measured(sizes.bytes, sizes.bytes / 4e6)
    assert sizes.bytes == pytest.approx(4e6 * 0.008, rel=0.05)
    for _ in range(12):
        sizes.measured(sizes.bytes, sizes.bytes / 1e9)
    assert sizes.bytes == 1024 * 1024
    for _ in range(30):
        sizes.measured(sizes.bytes, 10.0)
    assert sizes.bytes == 16 * 1024
    sizes.measured(100, 0.0)
    assert sizes.bytes == 16 * 1024


def test_a_batch_halves_to_one_and_grows_back() -> None:
    batch = BatchSize(100)
    batch.failed(100)
    batch.failed(3)
    assert batch.now == 1
    batch.failed(1)
    assert batch.now == 1
    for _ in range(9):
        batch.succeeded()
    assert batch.now == 100
    batch.cap(30)
    batch.succeeded()
    assert batch.now == 30


def test_time_left_is_unknown_at_first_and_then_does_not_jump() -> None:
    left = TimeLeft()
    told = [left.observe(s, s * 100, 10_000 - s * 100) for s in range(61)]
    assert told[:5] == [None] * 5
    assert told[5] == pytest.approx(95.0)
    jumps = TimeLeft()
    seen = []
    done = 0
    for s in range(61):
        done += 300 if s % 3 == 0 else 0
        seen.append(jumps.observe(float(s), done, 30_000 - done))
    known = [value for value in seen if value is not None]
    changes = [abs(a - b) for a, b in pairwise(known)]
    assert max(changes) < 0.1 * min(known)
    jumps.clear()
    assert jumps.observe(100.0, 0, 1) is None


def test_totals_are_kept_by_differences_as_if_counted_anew() -> None:
    ledger = Ledger()
    one, two = held("f", rows=1), held("g", owner=2)
    for step in (
        one,
        two,
        one._replace(rows=3),
        two._replace(rank=0),
        held("f", rows=4, done=True),
    ):
        ledger.put(step)
        assert ledger.progress(None) == Ledger(ledger.all()).progress(None)
    progress = ledger.progress(None)
    assert (progress.patients_complete, progress.patients) == (1, 2)
    assert (progress.rows, progress.rows_wanted, progress.size) == (4, 8, 400)
    ledger.drop((1, "f"))
    ledger.drop((2, "g"))
    assert ledger.progress(None).patients == 0
    assert ledger.is_complete


def test_owners_somebody_looks_at_come_first_then_rank_then_owner() -> None:
    ledger = Ledger([held("f", owner=n)._replace(rank=n % 2) for n in (5, 4, 3, 2)])
    assert [h.owner for h in ledger.needing()] == [2, 4, 3, 5]
    ledger.prefer(5)
    assert [h.owner for h in ledger.needing()] == [5, 2, 4, 3]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b": still here", False),
        (b"", False),
        (b'data: {"restore":1,"kind":"moved"}', True),
        (b'event: x\ndata:{"restore":1,"kind":"revoked"}', True),
    ],
)
def test_only_an_event_with_a_hint_is_a_hint(event: bytes, expected: bool) -> None:
    assert is_hint(event) is expected
