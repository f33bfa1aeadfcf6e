"""The contract of server.ports.KeyStore; a user gives a `keys` fixture (restore number 0)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from dossier.errors import SealBroken, Unavailable
from dossier.sealing.recovery_key import recovery_public
from server.ports import KeyStore, NarrowRow
from server.ports.closures import ARCHIVED, CLOSED, ClosureRow, Line
from server.store.units import drive

PATIENT, OTHER = 2**62 + 5, 12
EVER_MS = 1 << 60


def now(call: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(call)


Run = Callable[[Any], Any]


class KeyStoreContract:
    @pytest.fixture
    def now(self, run: Run) -> Run:
        return run

    def test_a_key_is_made_once_and_stays(self, keys: KeyStore, now: Run) -> None:
        version, key = now(keys.key(PATIENT))
        assert (version, len(key)) == (1, 32)
        assert now(keys.key(PATIENT)) == (version, key)
        assert now(keys.key_at(PATIENT, version)) == key

    def test_subjects_and_spaces_have_different_keys(self, keys: KeyStore, now: Run) -> None:
        made = [
            now(keys.key(PATIENT))[1],
            now(keys.key(OTHER))[1],
            now(keys.key(PATIENT, "own-801"))[1],
            now(keys.secret("facets")),
            now(keys.secret("tokens")),
        ]
        assert len(set(made)) == 5

    def test_an_unknown_version_is_unavailable(self, keys: KeyStore, now: Run) -> None:
        now(keys.key(PATIENT))
        for subject, version in ((PATIENT, 2), (PATIENT, 0), (OTHER, 1)):
            with pytest.raises(Unavailable):
                now(keys.key_at(subject, version))

    def test_an_import_prepares_many_keys_and_keeps_those_there_are(
        self, keys: KeyStore, now: Run
    ) -> None:
        first = now(keys.key(PATIENT))
        now(keys.prepare([OTHER, PATIENT, OTHER, 13]))
        now(keys.prepare([]))
        assert now(keys.key(PATIENT)) == first
        assert now(keys.key_at(13, 1)) != now(keys.key_at(OTHER, 1))

    def test_a_destroyed_key_is_gone_for_ever_and_only_it(self, keys: KeyStore, now: Run) -> None:
        other = now(keys.key(OTHER))
        kept = now(keys.key(PATIENT, "own-801"))
        now(keys.key(PATIENT))
        now(keys.destroy(PATIENT))
        now(keys.destroy(PATIENT))
        now(keys.prepare([PATIENT]))
        with pytest.raises(Unavailable):
            now(keys.key(PATIENT))
        with pytest.raises(Unavailable):
            now(keys.key_at(PATIENT, 1))
        assert now(keys.key(OTHER)) == other
        assert now(keys.key(PATIENT, "own-801")) == kept

    def test_a_key_never_made_can_be_destroyed(self, keys: KeyStore, now: Run) -> None:
        now(keys.destroy(PATIENT))
        with pytest.raises(Unavailable):
            now(keys.key(PATIENT))

    def test_the_servers_time_never_comes_back_but_by_an_operator(
        self, keys: KeyStore, now: Run
    ) -> None:
        assert now(keys.time.reach(2_000)) == 2_000
        assert now(keys.time.reach(1_500)) == 2_000
        assert now(keys.time.reach(EVER_MS)) == EVER_MS
        now(keys.time.take_back(7))
        assert now(keys.time.reach(5)) == 7

    def test_a_secret_is_made_once(self, keys: KeyStore, now: Run) -> None:
        secret = now(keys.secret("blind"))
        assert len(secret) == 32
        assert now(keys.secret("blind")) == secret

    def test_the_restore_number_only_grows(self, keys: KeyStore, now: Run) -> None:
        assert now(keys.restore_number()) == 0
        assert now(keys.begin_restore()) == 1
        assert now(keys.begin_restore()) == 2
        assert now(keys.restore_number()) == 2

    def test_narrowing_acts_are_kept_by_owner_in_order(self, keys: KeyStore, now: Run) -> None:
        now(keys.narrow(PATIENT, "o2", 9, b"block"))
        now(keys.narrow(PATIENT, "o1", 4, b"mask"))
        now(keys.narrow(OTHER, "o3", 1, b"other"))
        now(keys.narrow(PATIENT, "o2", 11, b"block"))
        assert now(keys.narrowed(PATIENT)) == [
            NarrowRow("o1", 4, b"mask"),
            NarrowRow("o2", 11, b"block"),
        ]
        assert now(keys.narrowed(13)) == []
        assert now(keys.narrowing_owners(-1, 9)) == [OTHER, PATIENT]
        assert now(keys.narrowing_owners(-1, 1)) == [OTHER]
        assert now(keys.narrowing_owners(OTHER, 9)) == [PATIENT]


class KeyRotationContract:
    """Of `keys.rotation`, after the keys of a few subjects were made."""

    @pytest.fixture
    def now(self, run: Run) -> Run:
        return run

    def test_a_new_kek_changes_no_key_and_the_old_one_goes_when_it_holds_none(
        self, keys: KeyStore, now: Run
    ) -> None:
        now(keys.prepare([OTHER, PATIENT, 13]))
        before = [now(keys.key(subject)) for subject in (OTHER, PATIENT, 13)]
        assert now(keys.rotation.rewrap(10)) == 0
        assert now(keys.rotation.new_kek()) == 2
        assert now(keys.rotation.drop_keks(EVER_MS)) == 0, "data keys lie under it"
        assert now(keys.rotation.rewrap(2)) == 2
        now(keys.key(14))
        assert now(keys.rotation.rewrap(2)) == 1
        assert now(keys.rotation.rewrap(2)) == 0
        assert now(keys.rotation.drop_keks(0)) == 0, "it was replaced too recently"
        assert now(keys.rotation.drop_keks(EVER_MS)) == 1
        assert now(keys.rotation.drop_keks(EVER_MS)) == 0
        assert [now(keys.key(subject)) for subject in (OTHER, PATIENT, 13)] == before

    def test_another_root_changes_no_key(self, keys: KeyStore, now: Run) -> None:
        key, secret = now(keys.key(PATIENT)), now(keys.secret("facets"))
        now(keys.begin_restore())
        now(keys.rotation.reroot(bytes(32)))
        assert (now(keys.key(PATIENT)), now(keys.secret("facets"))) == (key, secret)
        assert now(keys.restore_number()) == 1
        assert len(now(keys.secret("made since"))) == 32

    def test_a_data_key_gets_a_version_beside_the_old_one_until_its_time_is_over(
        self, keys: KeyStore, now: Run
    ) -> None:
        other = now(keys.key(OTHER))
        _, old = now(keys.key(PATIENT))
        now(keys.rotation.ask_renewal([PATIENT, PATIENT]))
        assert now(keys.rotation.renewals(9)) == [PATIENT]
        assert now(keys.rotation.renew(PATIENT)) == 2
        assert now(keys.rotation.renew(PATIENT)) == 2, "once, until it superseded the old one"
        version, new = now(keys.key(PATIENT))
        assert (version, new != old) == (2, True)
        assert (now(keys.key_at(PATIENT, 1)), now(keys.key_at(PATIENT, 2))) == (old, new)
        now(keys.rotation.supersede(PATIENT, 2, 1000))
        now(keys.rotation.supersede(PATIENT, 2, 1000))
        assert now(keys.rotation.renewals(9)) == []
        assert now(keys.key_at(PATIENT, 1)) == old, "a backup may need it"
        assert now(keys.rotation.superseded(999, 9)) == []
        assert now(keys.rotation.superseded(1000, 9)) == [(PATIENT, 2)]
        now(keys.rotation.retire(PATIENT, 2))
        now(keys.rotation.retire(PATIENT, 2))
        assert now(keys.rotation.superseded(EVER_MS, 9)) == []
        with pytest.raises(Unavailable):
            now(keys.key_at(PATIENT, 1))
        assert now(keys.key(PATIENT)) == (2, new)
        assert now(keys.key(OTHER)) == other

    def test_a_data_key_is_replaced_again_while_the_one_before_still_waits_for_its_end(
        self, keys: KeyStore, now: Run
    ) -> None:
        first = now(keys.key(PATIENT))[1]
        now(keys.rotation.renew(PATIENT))
        now(keys.rotation.supersede(PATIENT, 2, 1000))
        second = now(keys.key(PATIENT))[1]
        now(keys.rotation.ask_renewal([PATIENT]))
        assert now(keys.rotation.renew(PATIENT)) == 3
        assert now(keys.rotation.renew(PATIENT)) == 3, "the second one is not ready yet"
        assert (now(keys.key_at(PATIENT, 1)), now(keys.key_at(PATIENT, 2))) == (first, second)
        now(keys.rotation.retire(PATIENT, 2))
        assert now(keys.key_at(PATIENT, 2)) == second
        now(keys.rotation.supersede(PATIENT, 3, 2000))
        assert now(keys.rotation.superseded(1999, 9)) == []
        assert now(keys.rotation.superseded(2000, 9)) == [(PATIENT, 3)]

    def test_every_key_that_lives_is_asked_for_once(self, keys: KeyStore, now: Run) -> None:
        now(keys.prepare([OTHER, PATIENT, 13]))
        now(keys.destroy(13))
        now(keys.rotation.ask_renewal([OTHER]))
        assert now(keys.rotation.ask_all()) == 2
        assert now(keys.rotation.renewals(9)) == sorted([OTHER, PATIENT])

    def test_a_destroyed_key_gets_no_new_version(self, keys: KeyStore, now: Run) -> None:
        now(keys.key(PATIENT))
        now(keys.rotation.ask_renewal([PATIENT]))
        now(keys.rotation.renew(PATIENT))
        now(keys.destroy(PATIENT))
        for version in (1, 2):
            with pytest.raises(Unavailable):
                now(keys.key_at(PATIENT, version))
        with pytest.raises(Unavailable):
            now(keys.rotation.renew(PATIENT))
        now(keys.rotation.give_up(PATIENT))
        assert now(keys.rotation.renewals(9)) == []


class NeverWaitingContract:
    """Key stores beside a store whose units of work run on one thread."""

    def test_a_unit_of_work_may_ask_for_keys_because_nothing_here_waits(
        self, keys: KeyStore
    ) -> None:
        version, key = drive(keys.key(PATIENT))
        drive(keys.prepare([OTHER]))
        assert drive(keys.key_at(PATIENT, version)) == key
        drive(keys.narrow(PATIENT, "o1", 1, b"x"))
        assert drive(keys.secret("log"))
        drive(keys.destroy(PATIENT))


class KeyClosuresContract:
    """What is decided of a record, and its keys sealed to one that is kept offline."""

    @pytest.fixture
    def now(self, run: Run) -> Run:
        return run

    def test_a_row_is_written_only_over_the_one_that_was_read(
        self, keys: KeyStore, now: Run
    ) -> None:
        closures = keys.closures
        assert now(closures.get(PATIENT)) is None
        first = ClosureRow(PATIENT, CLOSED, Line(5, 202611, 2**43))
        assert not now(closures.change(first, first))
        assert now(closures.change(None, first))
        assert not now(closures.change(None, first))
        second = ClosureRow(PATIENT, ARCHIVED, first.closed, 7, Line(8, 203612, 3), 8, True, 9)
        assert now(closures.change(first, second))
        assert not now(closures.change(first, first))
        assert now(closures.get(PATIENT)) == second
        assert now(closures.change(None, ClosureRow(OTHER)))
        assert now(closures.after(-1, 9)) == [ClosureRow(OTHER), second]
        assert now(closures.after(OTHER, 9)) == [second]
        assert now(closures.after(-1, 1)) == [ClosureRow(OTHER)]

    def test_an_archived_key_is_opened_by_the_offline_key_alone_and_comes_back_as_it_was(
        self, keys: KeyStore, now: Run
    ) -> None:
        private, other = bytes(range(32)), bytes(range(1, 33))
        before = now(keys.key(PATIENT))
        newer = now(keys.rotation.renew(PATIENT))
        untouched = now(keys.key(OTHER))
        assert now(keys.closures.archive(PATIENT, recovery_public(private))) == 2
        assert now(keys.closures.archive(PATIENT, recovery_public(private))) == 0
        for wanted in (keys.key(PATIENT), keys.key_at(PATIENT, 1), keys.key_at(PATIENT, newer)):
            with pytest.raises(Unavailable):
                now(wanted)
        now(keys.prepare([PATIENT]))
        with pytest.raises(Unavailable):
            now(keys.key(PATIENT))
        sealed = now(keys.closures.archived(PATIENT))
        assert [one.version for one in sealed] == [1, newer]
        assert before[1] not in sealed[0].sealed
        with pytest.raises(SealBroken):
            now(keys.closures.bring_back(PATIENT, other))
        assert now(keys.closures.archived(PATIENT)) == sealed
        assert now(keys.closures.bring_back(PATIENT, private)) == 2
        assert now(keys.key_at(PATIENT, 1)) == before[1]
        assert now(keys.key(PATIENT))[0] == newer
        assert now(keys.closures.archived(PATIENT)) == []
        assert now(keys.key(OTHER)) == untouched

    def test_what_is_destroyed_lies_in_no_archive(self, keys: KeyStore, now: Run) -> None:
        private = bytes(range(32))
        now(keys.key(PATIENT))
        now(keys.closures.archive(PATIENT, recovery_public(private)))
        now(keys.destroy(PATIENT))
        assert now(keys.closures.archived(PATIENT)) == []
        assert now(keys.closures.bring_back(PATIENT, private)) == 0
        with pytest.raises(Unavailable):
            now(keys.key(PATIENT))
