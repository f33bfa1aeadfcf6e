"""Activation, passwords, authenticators: how a person begins and proves who they are (security.md S10, rows 31-36)."""

from typing import Any

import pytest

from dossier.errors import Busy, Refused, SignInNeeded, Unavailable
from dossier.sealing import totp
from dossier.wire.sessions import ActivateRequest, ActivationReply, ActivationRequest
from server.services import journal
from server.services.accounts import KINDS, Person, account_row
from server.services.credentials import CODE_MS
from server.services.throttle import ADDRESS_TRIES, Attempts
from tests.fakes.authenticator import SEED
from tests.fakes.server_room import HERE, PASSWORD, ServerRoom, SteppingClock

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
    assert room.run(room.credentials._use(row, step))
    assert not room.run(room.credentials._use(row, step))
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


def test_s10_one_address_runs_out_whatever_names_it_tries() -> None:
    attempts = Attempts(SteppingClock())
    for name in range(ADDRESS_TRIES):
        attempts.take(name, "2001:db8:1:2::7")
    with pytest.raises(Busy):
        attempts.take(10_001, "2001:db8:1:2:ffff::1")
    attempts.take(10_001, "2001:db8:1:3::1")
    attempts.take(10_001, "::ffff:192.0.2.1")
    attempts.take(10_001, "not an address")
