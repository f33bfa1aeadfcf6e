"""L1: the real engine and the real services under one seeded scheduler, with every invariant watched.

`COLLOQUE_SIMULATION_SECONDS` lengthens the search; a failing seed prints its one-line reproduction.
"""

import os
from collections.abc import Callable

import pytest

from dossier.errors import Unavailable
from sync.states import Trouble
from tests.simulation import run
from tests.simulation.days import BY_NAME as DAY_BY_NAME
from tests.simulation.days import CALM, DAYS, TEAM_MINUTE
from tests.simulation.facts import Facts, Oracle
from tests.simulation.level_one import level_one
from tests.simulation.levels import Bug, bug
from tests.simulation.monitors import Violated, kept
from tests.simulation.mutants import BY_NAME, MUTANTS, Mutant
from tests.simulation.scenario import Schedule, Synced, day_of, run_seed, sync_all
from tests.simulation.scene import Built, Scene, build
from tests.simulation.twins import Twin

SECONDS = float(
    os.environ.get("COLLOQUE_SIMULATION_SECONDS") or ("45" if "CI" in os.environ else "15")
)
FIRST = int(os.environ.get("COLLOQUE_SIMULATION_SEED", "0"))
TWINS = 6
LONE = TEAM_MINUTE._replace(people=(0,))
ASKED = ("--seed", "0", "--count", "6", "--day", "ordinary", "--mutant", "no_purge")


@pytest.fixture(scope="module")
def built() -> Built:
    return build(level_one())


@pytest.fixture(scope="module")
def synced(built: Built) -> Synced:
    return sync_all(built)


@pytest.fixture
def scene(built: Built) -> Scene:
    return Scene(built, 1)


def test_every_invariant_holds_in_every_schedule(
    built: Built, synced: Synced, record_property: Callable[[str, str], None]
) -> None:
    seed = FIRST
    for seed in run.seeds_for(SECONDS, FIRST):
        try:
            run_seed(built, seed, synced=synced)
        except Violated as violated:
            pytest.fail(f"{run.reproduction(seed, '')}  # {violated}")
    played = seed - FIRST + 1
    record_property("told", run.played(1, played, SECONDS))
    assert played >= 3


def _violated(built: Built, synced: Synced, seed: int, planted: Bug) -> str:
    """The first word of the invariant that did not hold."""
    try:
        run_seed(built, seed, synced=synced, **planted)
    except Violated as violated:
        return violated.invariant.partition(" ")[0].rstrip(",")
    return ""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_protocol_bug_is_caught(built: Built, synced: Synced, mutant: Mutant) -> None:
    planted = bug(mutant.name, 1)
    assert planted is not None
    noticed = next(
        (
            found
            for seed in range(mutant.seeds)
            if (found := _violated(built, synced, seed, planted))
        ),
        "nobody",
    )
    assert noticed in mutant.by.split(), f"{mutant.name} survived, or another monitor noticed it"


def test_there_are_mutants_enough() -> None:
    assert len(MUTANTS) >= 25
    assert len(BY_NAME) == len(MUTANTS)


def test_each_kind_of_day_is_played() -> None:
    assert {day_of(seed).name for seed in range(len(DAYS))} == set(DAY_BY_NAME)


def test_a_declared_restore_brings_back_what_only_a_desktop_holds(
    built: Built, synced: Synced
) -> None:
    schedule = Schedule(built, 1, synced=synced, steps=0, day=LONE)
    schedule.backups.take()
    for _ in range(6):
        schedule._write()
    schedule._rest()
    written = set(schedule.scene.side.rows.present())
    schedule.backups.restore(0)
    assert written > set(schedule.scene.side.rows.present())
    schedule._rest()
    schedule.monitors.quiet()
    assert schedule.scene.line == schedule.desktops[0].store.restore() == 1
    assert written == set(schedule.scene.side.rows.present())


def test_an_older_copy_without_a_word_is_refused_and_everything_kept(
    built: Built, synced: Synced
) -> None:
    schedule = Schedule(built, 2, synced=synced, steps=0, day=LONE)
    schedule.backups.take()
    schedule.backups.restore(0)
    schedule._rest()
    (desktop,) = schedule.desktops
    before = kept(desktop)
    assert before.rows
    schedule.backups.roll_back(0)
    assert schedule.scene.line == 0
    for slot in desktop.slots:
        slot.engine.hint()
        slot.due_s = 0.0
    while schedule._calm_step():
        """It asks, and is answered."""
    assert kept(desktop) == before
    assert desktop.slots[0].engine.state.pull_trouble is Trouble.OLD_RESTORE
    schedule._rest()
    schedule.monitors.quiet()
    assert schedule.scene.line == 1


def test_a_seed_is_played_again_identically(built: Built, synced: Synced) -> None:
    assert run_seed(built, 5, synced=synced) == run_seed(built, 5, synced=synced)


def test_a_failing_seed_prints_its_reproduction(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["run", *ASKED])
    assert run.main() == 0
    told = capsys.readouterr().out
    assert "python -m tests.simulation.run --seed" in told
    assert "--day ordinary --mutant no_purge  # " in told


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
