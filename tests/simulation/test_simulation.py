"""L1: the real engine and the real services under one seeded scheduler, with every invariant watched.

`COLLOQUE_SIMULATION_SECONDS` lengthens the search; a failing seed prints its one-line reproduction.
"""

import os
import time

import pytest

from dossier.errors import Unavailable
from tests.simulation import run
from tests.simulation.days import CALM
from tests.simulation.facts import Facts, Oracle
from tests.simulation.level_one import level_one
from tests.simulation.monitors import Violated
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.scenario import Schedule, Synced, run_seed, sync_all
from tests.simulation.scene import Built, Scene, build
from tests.simulation.twins import Twin

SECONDS = float(os.environ.get("COLLOQUE_SIMULATION_SECONDS", "15"))
FIRST = int(os.environ.get("COLLOQUE_SIMULATION_SEED", "0"))
TWINS = 6


@pytest.fixture(scope="module")
def built() -> Built:
    return build(level_one())


@pytest.fixture(scope="module")
def synced(built: Built) -> Synced:
    return sync_all(built)


@pytest.fixture
def scene(built: Built) -> Scene:
    return Scene(built, 1)


def test_every_invariant_holds_in_every_schedule(built: Built, synced: Synced) -> None:
    ends, seed = time.process_time() + SECONDS, FIRST
    while time.process_time() < ends:
        try:
            run_seed(built, seed, synced=synced)
        except Violated as violated:
            pytest.fail(f"{run.reproduction(seed, '')}  # {violated}")
        seed += 1
    assert seed - FIRST >= 3


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_protocol_bug_is_caught(built: Built, synced: Synced, mutant: Mutant) -> None:
    for seed in range(mutant.seeds):
        try:
            run_seed(
                built,
                seed,
                open_store=mutant.open_store,
                plant=mutant.plant,
                synced=synced,
                day=mutant.day,
            )
        except Violated:
            return
    pytest.fail(f"{mutant.name} survived {mutant.seeds} schedules")


def test_a_seed_is_played_again_identically(built: Built, synced: Synced) -> None:
    assert run_seed(built, 5, synced=synced) == run_seed(built, 5, synced=synced)


def test_a_failing_seed_prints_its_reproduction(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["run", "--seed", "0", "--count", "6", "--mutant", "no_purge"])
    assert run.main() == 0
    told = capsys.readouterr().out
    assert "python -m tests.simulation.run --seed" in told
    assert "--mutant no_purge  # " in told


@pytest.mark.parametrize("seed", range(TWINS))
def test_vis_04_a_hidden_document_changes_no_byte_another_reader_sees(
    built: Built, seed: int
) -> None:
    assert Twin(built, seed, hidden=True).run() == Twin(built, seed, hidden=False).run()


def test_the_twins_see_a_document_that_is_not_hidden(built: Built) -> None:
    """The control: the comparison is able to fail."""
    open_to_all = Twin(built, 1, hidden=True, labels=()).run()
    assert open_to_all != Twin(built, 1, hidden=False).run()


# --- the scene and the oracle agree where nothing is in doubt ---------------------------------------------


def test_acc_06_a_blocked_person_reads_nothing_at_once(scene: Scene) -> None:
    doctor = scene.built.actors[0]
    patient = scene.built.patients[0]
    names = [name for name in scene.oracle.things if name[0] == patient]
    assert any(scene.oracle.may_read(doctor.person, n, scene.oracle.now) for n in names)
    scene.block(patient, doctor.person.account)
    assert not any(scene.oracle.may_read(doctor.person, n, scene.oracle.now) for n in names)
    with pytest.raises(Unavailable):
        scene.room.run(scene.room.records.read(scene.built.desks[0].session, patient))


def test_vis_04_the_oracle_hides_a_masked_document_but_from_author_and_attending(
    scene: Scene,
) -> None:
    oracle, document = scene.oracle, scene.built.documents[0]
    doctor, nurse, other = (actor.person for actor in scene.built.actors)
    scene.consent(document[0], scene.built.units[1])
    everybody = [doctor, nurse, other]
    assert all(oracle.may_read(p, document, oracle.now) for p in everybody)
    scene.relabel(document, 1)
    assert [oracle.may_read(p, document, oracle.now) for p in everybody] == [True, False, False]
    scene.attend(document[0], other.account)
    assert [oracle.may_read(p, document, oracle.now) for p in everybody] == [True, False, True]


def test_acc_08_the_oracle_follows_the_matrix_for_a_nurse(scene: Scene) -> None:
    oracle, nurse = scene.oracle, scene.built.actors[1].person
    read = [oracle.may_read(nurse, name, oracle.now) for name in scene.built.documents]
    assert read == [True, False, True, False]


def test_the_oracle_remembers_what_was_true_while_an_answer_was_made(built: Built) -> None:
    oracle = Oracle(built.room.premises.pack, built.facts)
    oracle.things = dict(built.things)
    doctor, document = built.actors[0].person, built.documents[0]
    before = oracle.moment
    oracle.change(**Facts()._asdict())
    assert oracle.could_read(doctor, document, before)
    assert not oracle.could_read(doctor, document, oracle.moment)


def test_a_calm_network_loses_nothing(built: Built) -> None:
    schedule = Schedule(built, 3, steps=0)
    schedule.faults = CALM
    outcome = schedule.run()
    assert outcome.crashes == 0
    assert outcome.exchanges < 80
