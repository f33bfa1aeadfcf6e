"""Activation, passwords, authenticators: how a person begins and proves who they are (security.md S10, rows 31-36)."""

import asyncio
from typing import Any

import pytest

from dossier.errors import Busy, Refused, SignInNeeded, Unavailable
from dossier.sealing import totp
from dossier.wire.sessions import ActivateRequest, ActivationReply, ActivationRequest
from server.services import journal
from server.services.accounts import KINDS, Person, account_row
from server.services.attempts import (
    ADDRESS_TRIES,
    FREE_TRIES,
    SECONDS_A_STRANGER_TRY,
    STRANGER_TRIES,
    Attempts,
)
from server.services.credentials import CODE_MS, Credentials
from tests.fakes.authenticator import SEED
from tests.fakes.server_room import HERE, PASSWORD, ServerRoom

NEW = "sept petits phares bleus"


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


def invited(room: ServerRoom, login: str = "martin") -> str:
    """A new person's activation code."""
    account = room.run(room.accounts.create(Person(login=login, display_name="Dr Paul Martin")))
    room.run(room.members.add(account, room.unit(), "10"))
    return room.run(room.credentials.invite(account)).code


def offer(room: ServerRoom, code: str, login: str = "martin") -> ActivationReply:
    asked = ActivationRequest(login=login, code=code)
    return room.run(room.credentials.offer(asked, HERE))


def activate(
    room: ServerRoom, code: str, proof: str, password: str = NEW, login: str = "martin"
) -> None:
    asked = ActivateRequest(login=login, code=code, password=password, proof=proof)
    room.run(room.credentials.activate(asked, HERE))


def digits(room: ServerRoom, seed: bytes, steps: int = 0) -> str:
    return totp.code_at(seed, totp.step_of(room.clock.now()) + steps)


def enrol(room: ServerRoom, proof: str, password: str = NEW, address: str = HERE) -> int:
    return room.enrol("martin", address=address, password=password, proof=proof).account


def begun(room: ServerRoom) -> bytes:
    """Dr Martin has activated; returns the seed of their authenticator."""
    code = invited(room)
    seed = totp.read_seed(offer(room, code).seed)
    activate(room, code, digits(room, seed, -1))
    return seed


def test_row35_a_person_begins_with_a_code_a_password_and_an_authenticator(
    room: ServerRoom,
) -> None:
    code = invited(room)
    with pytest.raises(SignInNeeded):
        enrol(room, digits(room, SEED), PASSWORD)
    told = offer(room, code.lower().replace("-", " "))
    assert told == offer(room, code)
    assert told.display_name == "Dr Paul Martin"
    seed = totp.read_seed(told.seed)
    assert len(seed) == totp.SEED_BYTES
    activate(room, code, digits(room, seed, -1))
    assert enrol(room, digits(room, seed))


def test_row35_a_code_is_good_once_for_a_day_and_the_newest_alone(room: ServerRoom) -> None:
    first = invited(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    code = room.run(room.credentials.invite(account)).code
    with pytest.raises(SignInNeeded):
        offer(room, first)
    room.clock.go(milliseconds=CODE_MS)
    with pytest.raises(SignInNeeded):
        offer(room, code)
    code = room.run(room.credentials.invite(account)).code
    seed = totp.read_seed(offer(room, code).seed)
    activate(room, code, digits(room, seed))
    with pytest.raises(SignInNeeded):
        activate(room, code, digits(room, seed, 1))
    with pytest.raises(SignInNeeded):
        offer(room, code)


def test_row35_only_the_hash_of_a_code_is_kept_and_no_seed_in_clear(room: ServerRoom) -> None:
    code = invited(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    row = room.run(room.store.read(account, account_row))
    assert len(row.code) == 32
    assert code.encode() not in repr(row).encode()
    seed = totp.read_seed(offer(room, code).seed)
    activate(room, code, digits(room, seed))
    row = room.run(room.store.read(account, account_row))
    assert row.code is None
    assert seed not in row.cell


def test_row35_another_code_never_stands_in_for_the_authenticator(room: ServerRoom) -> None:
    seed = begun(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    code = room.run(room.credentials.invite(account)).code
    assert offer(room, code).seed == ""
    for proof in ("000000", digits(room, bytes(20), 1), digits(room, seed, -1)):
        with pytest.raises(Refused, match="wrong_proof"):
            activate(room, code, proof, "un autre long secret")
    activate(room, code, digits(room, seed), "un autre long secret")
    assert enrol(room, digits(room, seed, 1), "un autre long secret")


def test_row35_a_lost_authenticator_is_ended_at_once_and_the_journal_says_so(
    room: ServerRoom,
) -> None:
    seed = begun(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    code = room.run(room.credentials.invite(account, reset_factor=True)).code
    with pytest.raises(SignInNeeded):
        enrol(room, digits(room, seed))
    other = totp.read_seed(offer(room, code).seed)
    assert other != seed
    activate(room, code, digits(room, other))
    assert enrol(room, digits(room, other, 1))
    rows = room.run(room.store.read(account, lambda tx: tx.journal.unplaced(20)))
    said = [room.run(journal.read_row(room.premises, account, row)) for row in rows]
    assert [one.action for one in said] == ["invited", "activated", "factor_reset", "activated"]


def test_row31_a_weak_password_is_refused_and_the_code_stays_good(room: ServerRoom) -> None:
    code = invited(room)
    seed = totp.read_seed(offer(room, code).seed)
    for weak, why in (
        ("court", "password_short"),
        ("a1" * 65, "password_long"),
        ("MotDePasse2026", "password_known"),
        ("mes amis Martin et Zoé", "password_own"),
        ("cabinet du parc", "password_own"),
    ):
        with pytest.raises(Refused) as refused:
            activate(room, code, digits(room, seed), weak)
        assert refused.value.code == why, weak
        room.clock.go(minutes=6)
    activate(room, code, digits(room, seed))


def test_row36_a_code_of_the_authenticator_serves_once(room: ServerRoom) -> None:
    seed = begun(room)
    assert enrol(room, digits(room, seed))
    with pytest.raises(SignInNeeded):
        enrol(room, digits(room, seed))
    with pytest.raises(SignInNeeded):
        enrol(room, digits(room, seed, -1))
    assert enrol(room, digits(room, seed, 1))


def test_row36_a_code_two_steps_away_is_refused(room: ServerRoom) -> None:
    seed = begun(room)
    for steps in (-2, 2):
        with pytest.raises(SignInNeeded):
            enrol(room, digits(room, seed, steps))


def test_row36_the_same_code_at_two_processes_serves_once(room: ServerRoom) -> None:
    seed = begun(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    row = room.run(room.store.read(account, account_row))
    step = totp.step_of(room.clock.now())
    tried = room.run(room.attempts.take(account, HERE))
    assert room.run(room.credentials._use(row, step, tried))
    assert not room.run(room.credentials._use(row, step, tried))
    with pytest.raises(SignInNeeded):
        enrol(room, digits(room, seed))


@pytest.mark.parametrize("kind", KINDS)
def test_row34_nobody_enrols_a_computer_without_their_authenticator(
    room: ServerRoom, kind: str
) -> None:
    account = room.account(Person(login="martin", display_name="x"), kind)
    room.run(room.members.add(account, room.unit(), "10"))
    for proof in ("", "000000", digits(room, bytes(20))):
        with pytest.raises(SignInNeeded):
            enrol(room, proof, PASSWORD)
    assert enrol(room, digits(room, SEED), PASSWORD) == account


def test_no_account_is_of_an_unnamed_kind(room: ServerRoom) -> None:
    with pytest.raises(Refused, match="shared"):
        room.run(room.accounts.create(Person(login="a", display_name="x"), "shared"))


def test_s10_a_closed_account_is_not_invited(room: ServerRoom) -> None:
    invited(room)
    account = room.run(room.accounts.find("martin"))
    assert account is not None
    room.run(room.accounts.close(account))
    with pytest.raises(Unavailable):
        room.run(room.credentials.invite(account))


def test_s10_unknown_closed_and_known_names_cost_the_same_work_and_one_answer(
    room: ServerRoom,
) -> None:
    begun(room)
    told = []
    for login, password, proof in (
        ("martin", "un faux mot de passe", "000000"),
        ("martin", NEW, "000000"),
        ("nobody", NEW, "000000"),
    ):
        checks = room.passwords.checks
        with pytest.raises(SignInNeeded) as refused:
            room.run(room.credentials.check(login, password, proof, HERE))
        told.append((refused.value.code, room.passwords.checks - checks))
    assert told == [("sign_in_needed", 1)] * 3


def test_s10_a_thousand_tries_of_an_outsider_lock_nobody_out(room: ServerRoom) -> None:
    """A thousand in a minute from one address; the person signs in at once from another one."""
    seed = begun(room)
    refused = 0
    for _ in range(1_000):
        try:
            enrol(room, "000000", "a guess", "203.0.113.9")
        except SignInNeeded:
            pass
        except Busy:
            refused += 1
        room.clock.go(milliseconds=60)
    assert refused > 900
    assert enrol(room, digits(room, seed, 1), address="198.51.100.4")


def test_s10_one_address_runs_out_whatever_names_it_tries(room: ServerRoom) -> None:
    def wrong(name: int, address: str) -> None:
        room.run(room.attempts.failed(room.run(room.attempts.take(name, address))))

    for name in range(1, ADDRESS_TRIES + 1):
        wrong(name, "2001:db8:1:2::7")
    for process in (room.attempts, Attempts(room.premises)):
        with pytest.raises(Busy) as busy:
            room.run(process.take(10_001, "2001:db8:1:2:ffff::1"))
        assert busy.value.retry_after_s == 2
        with pytest.raises(Busy):
            room.run(process.enter("2001:db8:1:2::9"))
    for other in ("2001:db8:1:3::1", "::ffff:192.0.2.1", "not an address"):
        wrong(10_001, other)
    room.clock.go(seconds=2)
    wrong(10_002, "2001:db8:1:2::7")


def other_process(room: ServerRoom) -> Credentials:
    """Another process of the same server, or the same one after a restart: nothing of the first one's memory."""
    attempts = Attempts(room.premises)
    return Credentials(room.premises, room.accounts, room.members, room.passwords, attempts)


def wrong_tries(room: ServerRoom, login: str) -> list[str]:
    """What twelve wrong tries are told that go to the processes of a server by turns."""
    processes, told = (room.credentials, other_process(room), other_process(room)), []
    for turn in range(12):
        try:
            room.run(processes[turn % 3].check(login, "a guess", "000000", "203.0.113.9"))
        except (SignInNeeded, Busy) as error:
            told.append(type(error).__name__)
    return told


def test_s10_tries_are_counted_by_all_processes_together_for_known_and_unknown_names(
    room: ServerRoom,
) -> None:
    begun(room)
    expected = ["SignInNeeded"] * FREE_TRIES + ["Busy"] * (12 - FREE_TRIES)
    assert wrong_tries(room, "martin") == expected
    assert wrong_tries(room, "nobody") == expected


def test_s10_a_restart_forgives_no_try_and_forgets_no_usual_place(room: ServerRoom) -> None:
    seed = begun(room)
    enrol(room, digits(room, seed))
    for count in range(STRANGER_TRIES):
        tried = room.run(
            room.attempts.take(room.run(room.accounts.find("martin")), f"198.51.100.{count}")
        )
        room.run(room.attempts.failed(tried))
    again = other_process(room)
    with pytest.raises(Busy) as busy:
        room.run(again.check("martin", NEW, digits(room, seed, 1), "203.0.113.9"))
    assert busy.value.retry_after_s == SECONDS_A_STRANGER_TRY
    assert room.run(again.check("martin", NEW, digits(room, seed, 1), HERE))


def test_s10_tries_at_the_same_instant_are_each_counted(engine: Any) -> None:
    room = engine.room()
    begun(room)
    processes = (room.credentials, other_process(room))

    async def flood() -> list[Any]:
        tries = (
            processes[turn % 2].check("martin", "a guess", "000000", "203.0.113.9")
            for turn in range(20)
        )
        return await asyncio.gather(*tries, return_exceptions=True)

    told = [type(error) for error in engine.run(flood())]
    assert (told.count(SignInNeeded), told.count(Busy)) == (FREE_TRIES, 20 - FREE_TRIES)


def test_s10_a_sign_in_where_one_usually_works_writes_one_row_of_tries_and_no_more(
    room: ServerRoom,
) -> None:
    seed = begun(room)
    enrol(room, digits(room, seed))
    account = room.run(room.accounts.find("martin"))
    writes: list[int] = []
    write = room.store.write

    async def counted(owner: int, work: Any) -> Any:
        writes.append(owner)
        return await write(owner, work)

    room.store.write = counted
    assert (
        room.run(room.credentials.check("martin", NEW, digits(room, seed, 1), HERE)).account
        == account
    )
    assert writes == [account, account], "the try, then the step of the authenticator"


def test_tries_that_say_nothing_any_more_are_dropped_and_usual_places_kept(
    room: ServerRoom,
) -> None:
    seed = begun(room)
    enrol(room, digits(room, seed))
    wrong_tries(room, "nobody")
    assert room.run(room.attempts.forget()) == 0
    before = room.run(room.store.maintenance.counts())["attempt"]
    room.clock.go(hours=2)
    assert room.run(room.attempts.forget()) == before - 1
    account = room.run(room.accounts.find("martin"))
    kept = room.run(room.store.read(account, lambda tx: tx.attempts.usual()))
    assert [row.usual for row in kept] == [1]
    assert HERE.encode() not in kept[0].place
