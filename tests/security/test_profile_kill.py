"""kill -9 at every numbered durable step of a story, restart, go on: nothing acknowledged is lost."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_store.store import LocalStore
from tests.contracts.local_store_practice import CLINICAL, opened
from tests.security.profile_child import ANNE, FACETS, live

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, step: int) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.profile_child", str(folder), str(step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.split("\n")[:-1]


def summary(store: LocalStore) -> object:
    return (
        sorted((row.rtype, row.id, row.state.value) for row in store.records.rows(ANNE)),
        [(held.facet, held.at, held.rows, held.complete) for held in store.sync.held()],
        [(owed.facet, owed.term) for owed in store.sync.receipts_owed(9)],
        [line.owner for line in store.records.patients("dupont", 5)],
        sorted(hit.id for hit in store.records.search("canari", None, 50)),
        list(store.sync.unacknowledged(9)),
        [op.op_id for op in store.sync.next_ops(9, 99_999)],
    )


def promised(store: LocalStore, said: list[str]) -> None:
    """What the killed process said is true after the restart."""
    waiting = {op.id for op in store.outbox.pending()}
    told = {owner for owner, _ in store.sync.unacknowledged(9)}
    for line in said:
        word, _, rest = line.partition(" ")
        if word == "put" and "verdicts" not in said and not told:
            assert f"mine{rest}" in waiting
        elif word == "page" and "purged" not in said and store.sync.heads_v() == "v1":
            held = store.sync.held_one(ANNE, rest)
            assert held is not None
            assert held.at == "p2"
        elif word == "purged":
            assert all("tag-clinical" not in row.id for row in store.records.rows(ANNE))
            assert [owed.facet for owed in store.sync.receipts_owed(9)] == [CLINICAL]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("whole")
    code, said = run(folder, 0)
    assert (code, said[-1]) == (0, "end")
    with opened(folder) as store:
        return summary(store)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_d5_a_process_killed_at_any_durable_step_goes_on_where_it_was(
    tmp_path: Path, whole: object, first: int
) -> None:
    """Every third step in each of three parts, until the story ends before the step comes."""
    step = first
    while True:
        folder = tmp_path / str(step)
        code, said = run(folder, step)
        if code == 0:
            assert step > 30
            return
        assert code == -signal.SIGKILL
        with opened(folder) as store:
            assert not store.rebuilt
            promised(store, said)
            live_quietly(store)
            assert summary(store) == whole, f"killed at step {step}"
        step += 3


def live_quietly(store: LocalStore) -> None:
    """The story again in this process."""
    live(store)
    assert {held.facet for held in store.sync.held()} == set(FACETS) - {CLINICAL}
