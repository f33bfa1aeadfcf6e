"""DATA-MODEL §5: narrowing survives a restore; what it names may come back later; nothing is widened."""

from functools import partial
from typing import Any

import msgspec
import pytest

from dossier.access.home import MASKED
from dossier.access.tables import ATTENDING
from dossier.errors import SignInNeeded
from dossier.sealing import totp
from dossier.wire.sessions import ActivateRequest, ActivationRequest
from server.ports import AlarmRow, OpRow, OwnerTx
from server.services.access import Access
from server.services.accounts import Person, account_row
from server.services.authenticators import Site
from server.services.effects import Displayed
from server.services.labels import Labels
from server.services.reapplying import Reapplying
from server.services.recognised import FIRST, Recognised
from server.services.unit import OwnerUnit
from server.services.volume import BLOCKED
from server.store.units import COUNTER_SPAN
from tests.fakes.authenticator import SEED
from tests.fakes.passkey_device import PasskeyDevice
from tests.fakes.server_room import (
    HERE,
    PASSWORD,
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
)

NEW = "sept petits phares bleus"
PAGE = Site("http://localhost", "localhost", "test server")


class Practice(ServerRoom):
    """Two doctors of one organisation and a patient; `go_back` restores what `keep` saw."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        if "store" not in more:
            self.org = self.unit()
            self.author = self.desktop("martin", self.org)
            self.other = self.desktop("diallo", self.org)
            self.anne = self.patient(self.org)
        self.kept = self.store.snapshot()

    def keep(self) -> None:
        self.kept = self.store.snapshot()

    def go_back(self) -> "Practice":
        """The data of `keep`, the newest keys, the next restore number."""
        number = self.run(self.keys.begin_restore())
        self.store.restore(self.kept, restore=number)
        again = Practice(seed=number + 50, store=self.store, keys=self.keys)
        again.clock.instant = self.clock.instant
        for name in ("org", "author", "other", "anne"):
            setattr(again, name, getattr(self, name))
        return again

    def reapply(self) -> list[tuple[str, str]]:
        access = Access(self.premises)
        service = Reapplying(self.premises, access, Labels(self.premises, access))
        found = []
        for owner in self.run(self.keys.narrowing_owners(-1, 100)):
            found += self.run(service.all_of(owner))
        self.settle()
        return [(one.said.action, one.outcome) for one in found]

    def deposit(self, rid: str, by: Desktop, op_id: str = "") -> str:
        op = self.create(by, self.anne, a_document("pat-1", rid), op_id=op_id or None)
        (verdict,) = self.push(by, op)
        self.settle()
        assert verdict.code == "ok", verdict
        return op.op_id

    def mask(self, rid: str) -> None:
        labels = frozenset({MASKED})
        self.run(
            self.labels.relabel(self.anne, "DocumentReference", rid, labels, self.author.session)
        )
        self.settle()

    def seen(self, desk: Desktop) -> set[str]:
        return set(self.pull(desk, self.anne))


def test_acc_06_a_block_the_restored_data_lack_is_there_again() -> None:
    room = Practice()
    room.run(room.access.block(room.anne, room.other.account))
    again = room.go_back()
    assert "Patient/pat-1" in again.seen(again.other)
    assert again.reapply() == [("blocked", "applied")]
    assert again.seen(again.other) == set()
    assert "Patient/pat-1" in again.seen(again.author)
    assert again.reapply() == []


def test_a_block_that_ended_before_the_backup_is_not_put_back() -> None:
    room = Practice()
    room.run(room.access.block(room.anne, room.other.account))
    room.run(room.access.unblock(room.anne, room.other.account))
    room.settle()
    room.keep()
    again = room.go_back()
    assert again.reapply() == []
    assert "Patient/pat-1" in again.seen(again.other)


def test_an_end_of_a_block_that_was_lost_is_not_done_again() -> None:
    room = Practice()
    room.run(room.access.block(room.anne, room.other.account))
    room.run(room.access.unblock(room.anne, room.other.account))
    again = room.go_back()
    assert again.reapply() == [("blocked", "applied")]
    assert again.seen(again.other) == set()


def test_vis_03_a_mask_the_restored_data_lack_is_there_again() -> None:
    room = Practice()
    room.deposit("doc", room.author)
    room.keep()
    room.mask("doc")
    again = room.go_back()
    assert "DocumentReference/doc" in again.seen(again.other)
    assert again.reapply() == [("relabelled", "applied")]
    assert "DocumentReference/doc" not in again.seen(again.other)
    assert "DocumentReference/doc" in again.seen(again.author)


def test_vis_03_a_mask_waits_for_its_document_and_is_there_in_the_transaction_that_brings_it() -> (
    None
):
    room = Practice()
    op_id = room.deposit("doc", room.author)
    room.mask("doc")
    again = room.go_back()
    assert again.reapply() == [("relabelled", "waits")]
    again.deposit("doc", again.author, op_id)
    assert "DocumentReference/doc" not in again.seen(again.other)
    assert "DocumentReference/doc" in again.seen(again.author)
    row = again.run(
        again.store.read(again.anne, lambda tx: tx.resources.get("DocumentReference", "doc"))
    )
    assert (row.version.restore, row.version.k) == (1, 2)
    assert again.reapply() == []


def test_a_relation_that_ended_is_ended_again() -> None:
    room = Practice()
    room.run(room.access.relate(room.anne, room.other.account, ATTENDING))
    room.keep()
    room.run(room.access.unrelate(room.anne, room.other.account, ATTENDING))
    again = room.go_back()
    assert again.reapply() == [("unrelated", "applied")]
    relations = again.run(again.store.read(again.anne, lambda tx: tx.access.relations()))
    assert room.other.account not in [row.account for row in relations]


@pytest.mark.parametrize("came_back", [False, True])
def test_a_withdrawal_is_applied_to_the_consent_now_or_when_an_import_brings_it(
    came_back: bool,
) -> None:
    room = Practice()
    bundle = msgspec.json.encode(a_consent("pat-1", "org-2", id="con-2"))
    second = room.unit("org-2", "Cabinet du Port")
    if came_back:
        room.keep()
    assert not room.run(room.importer.take(bundle, for_unit=second)).refused
    room.settle()
    if not came_back:
        room.keep()
    withdraw(room, "con-2")
    again = room.go_back()
    if came_back:
        assert again.reapply() == [("withdrawn", "waits")]
        assert not again.run(again.importer.take(bundle, for_unit=second)).refused
    else:
        assert again.reapply() == [("withdrawn", "applied")]
    again.settle()
    relations = again.run(again.store.read(again.anne, lambda tx: tx.access.relations()))
    assert "con-2" not in [row.cause for row in relations]
    rows = again.run(again.records.whole(again.anne))
    (consent,) = [msgspec.json.decode(row.body) for row in rows if row.id == "con-2"]
    assert consent["status"] == "inactive"


def withdraw(room: Practice, rid: str) -> None:
    async def write(tx: Any) -> None:
        book = OwnerUnit(room.premises, tx, await tx.owner.lock(8), 8)
        await room.consenting.withdraw(book, None, rid)
        await room.access.recompute(book)
        await book.close()

    room.run(room.store.write(room.anne, write))
    room.settle()


def test_hz_25_a_revoked_device_and_an_ended_membership_stay_so() -> None:
    room = Practice()
    account = room.other.account
    room.run(room.devices.revoke(account, room.other.device))
    room.run(room.members.end(account, room.other.situation))
    room.run(room.accounts.close(room.author.account))
    again = room.go_back()
    assert set(again.reapply()) == {
        ("device_revoked", "applied"),
        ("membership_ended", "applied"),
        ("account_closed", "applied"),
    }
    ((row, _),) = again.run(again.devices.of_account(account))
    assert row.revoked_ms is not None
    (member,) = again.run(again.members.of_account(account))
    assert member.until_ms is not None
    held = again.run(again.store.read(again.author.account, account_row))
    assert held is not None
    assert held.state == "closed"


def test_an_authenticator_that_was_reset_and_a_blocked_account_stay_so() -> None:
    """A stolen authenticator and a thief's volume do not come back with a backup of before."""
    room = Practice()
    stolen, greedy = room.author.account, room.other
    room.run(room.credentials.invite(stolen, reset_factor=True))
    for patient in range(1, BLOCKED + 1):
        told = Displayed(room.premises.now_ms, greedy.session.unit)
        mark = OpRow(f"op-{patient}", 0, "", "", b"", None, 0)
        room.run(room.store.write(greedy.account, partial(counted, room, patient, mark, told)))
    again = room.go_back()
    assert set(again.reapply()) == {("factor_reset", "applied"), ("volume_blocked", "applied")}
    held = again.run(again.store.read(stolen, account_row))
    assert held is not None
    assert again.run(again.accounts.opened(held)).seed == b""
    blocked = again.run(again.store.read(greedy.account, account_row))
    assert blocked is not None
    assert blocked.state == "blocked"
    assert again.reapply() == []


def test_row35_passkeys_of_before_a_reset_end_with_it_and_stay_so() -> None:
    """A thief's passkey, page and code of before sign nobody in, now or after a backup of before."""
    room = Practice()
    martin, phone = room.author.account, PasskeyDevice()
    add_passkey(room, martin, phone)
    old = room.run(room.credentials.invite(martin)).code
    room.keep()
    page = room.run(room.slips.give(Recognised(martin, FIRST), "page", b"", 600_000))
    code = room.run(room.credentials.invite(martin, reset_factor=True)).code
    with pytest.raises(SignInNeeded):
        room.run(room.slips.read("page", page))
    with pytest.raises(SignInNeeded):
        show_passkey(room, phone)
    again = room.go_back()
    assert len(again.run(again.passkeys.of_account(martin))) == 1
    assert again.reapply() == [("factor_reset", "applied")]
    with pytest.raises(SignInNeeded):
        show_passkey(again, phone)
    assert again.run(again.passkeys.of_account(martin)) == []
    for gone in (old, code):
        asked = ActivationRequest(login="martin", code=gone)
        with pytest.raises(SignInNeeded):
            again.run(again.credentials.offer(asked, HERE))


def test_row35_a_passkey_made_after_the_reset_signs_in_and_is_kept() -> None:
    room = Practice()
    martin, phone = room.author.account, PasskeyDevice()
    room.run(room.credentials.invite(martin, reset_factor=True))
    add_passkey(room, martin, phone)
    room.keep()
    again = room.go_back()
    assert again.reapply() == []
    assert show_passkey(again, phone) == martin


def test_row31_a_password_that_was_replaced_does_not_come_back_with_a_backup() -> None:
    """By the operator or by its person: after a backup of before, a new activation code is the way in."""
    room = Practice()
    for desk in (room.author, room.other):
        room.run(room.credentials.check(login_of(room, desk), PASSWORD, digits(room), HERE))
    room.clock.go(minutes=2)
    room.run(room.credentials.set_password(room.author.account, NEW))
    activate(room, room.other.account)
    again = room.go_back()
    assert set(again.reapply()) == {("password_set", "applied"), ("activated", "applied")}
    for desk in (again.author, again.other):
        login = login_of(again, desk)
        for password in (PASSWORD, NEW):
            again.clock.go(minutes=2)
            with pytest.raises(SignInNeeded):
                again.run(again.credentials.check(login, password, digits(again), HERE))
        activate(again, desk.account)
        again.clock.go(minutes=2)
        assert (
            again.run(again.credentials.check(login, NEW, digits(again), HERE)).account
            == desk.account
        )
    assert again.reapply() == []


def test_row35_a_code_that_served_before_the_restore_serves_nobody_after_it() -> None:
    room = Practice()
    account = room.run(room.accounts.create(Person(login="garnier", display_name="Dr Garnier")))
    code = room.run(room.credentials.invite(account)).code
    asked = ActivationRequest(login="garnier", code=code)
    room.keep()
    seed = totp.read_seed(room.run(room.credentials.offer(asked, HERE)).seed)
    begin = ActivateRequest(login="garnier", code=code, password=NEW, proof=digits(room, seed))
    room.run(room.credentials.activate(begin, HERE))
    again = room.go_back()
    assert again.reapply() == [("activated", "applied")]
    with pytest.raises(SignInNeeded):
        again.run(again.credentials.offer(asked, HERE))


def login_of(room: Practice, desk: Desktop) -> str:
    return room.run(room.accounts.person(desk.account)).login


def digits(room: Practice, seed: bytes = SEED) -> str:
    return totp.code_at(seed, totp.step_of(room.clock.now()))


def activate(room: Practice, account: int) -> None:
    """The person chooses NEW with another code; their authenticator stays."""
    login = room.run(room.accounts.person(account)).login
    code = room.run(room.credentials.invite(account)).code
    asked = ActivateRequest(login=login, code=code, password=NEW, proof=digits(room))
    room.run(room.credentials.activate(asked, HERE))


def add_passkey(room: Practice, account: int, device: PasskeyDevice) -> None:
    asked = room.run(room.passkeys.ask_new(PAGE, account))
    answer = device.create(msgspec.json.decode(asked.options))
    room.run(room.passkeys.add(PAGE, account, asked.challenge, answer, "phone"))


def show_passkey(room: Practice, device: PasskeyDevice) -> int:
    asked = room.passkeys.ask(PAGE)
    answer = device.get(msgspec.json.decode(asked.options))
    return room.run(room.passkeys.check(PAGE, asked.challenge, answer)).account


async def counted(
    room: Practice, patient: int, mark: OpRow, told: Displayed, tx: OwnerTx
) -> list[AlarmRow]:
    return await room.indexer.volume.count(patient, mark, told, tx)


def test_a_destroyed_subject_keeps_no_narrowing_that_could_be_read() -> None:
    room = Practice()
    room.run(room.access.block(room.anne, room.other.account))
    room.run(room.keys.destroy(room.anne))
    again = room.go_back()
    assert again.reapply() == []


def test_no_number_of_before_is_used_again() -> None:
    room = Practice()
    room.run(room.access.relate(room.anne, room.author.account, ATTENDING))
    again = room.go_back()
    row = again.run(again.store.read(again.anne, lambda tx: tx.owner.get()))
    assert row.n > COUNTER_SPAN
    locked = again.run(again.store.write(again.anne, lambda tx: tx.owner.lock(3)))
    after = again.run(again.store.write(again.anne, lambda tx: tx.owner.lock(1)))
    assert (locked.n, after.n) == (COUNTER_SPAN + 1, COUNTER_SPAN + 4)
