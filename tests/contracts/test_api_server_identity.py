"""What a desktop can check of its server: identity, key list, proofs of the log, orders. Over HTTP, real stores."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dossier.clock import from_wire, to_wire
from dossier.sealing import devices as device_keys
from dossier.sealing.checkpoints import Checkpoint, verify_checkpoint
from dossier.sealing.key_list import KeyList, verify_key_list
from dossier.sealing.merkle import verify_consistency
from dossier.sealing.orders import Order, OrderKind, purged_message, verify_order
from dossier.sealing.text import base64url, unbase64url
from dossier.wire import codec
from dossier.wire import messages as wire
from dossier.wire.sessions import EnrolReply, PurgedRequest, TokenReply
from server.services import journal
from server.services.facets import JOURNAL_FACETS
from tests.fakes.served_house import ServedHouse, pages_in, problem_in, served
from tests.fakes.server_room import Desktop, an_allergy


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(tmp_path_factory.mktemp("identity") / "server") as house:
        yield house


def listed(room: ServedHouse) -> KeyList:
    text = codec.decode(room.get("/sync/v1/keys").content, wire.KeysReply).list
    return verify_key_list(room.house.online.identity, text.encode())


def log_since(room: ServedHouse, token: str, size: int) -> tuple[Checkpoint, list[bytes] | None]:
    answer = room.get(f"/sync/v1/log?since={size}", token)
    assert answer.status_code == 200, answer.text
    told = codec.decode(answer.content, wire.LogReply)
    kept = verify_checkpoint(listed(room).log, told.checkpoint.encode())
    return kept, None if told.proof is None else [b64decode(one) for one in told.proof]


def signed_in(room: ServedHouse, desktop: Desktop) -> TokenReply:
    answer = room.sign_in(desktop.device, desktop.private, desktop.situation)
    return codec.decode(answer.content, TokenReply)


def test_enrolment_gives_the_identity_that_signed_the_key_list(room: ServedHouse) -> None:
    room.desktop("martin", room.unit())
    private = device_keys.new_private_key(room.entropy)
    answer = room.enrol_over_http("martin", private)
    pinned = unbase64url(codec.decode(answer.content, EnrolReply).identity)
    text = codec.decode(room.get("/sync/v1/keys").content, wire.KeysReply).list
    told = verify_key_list(pinned, text.encode())
    known = codec.decode(room.get("/sync/v1/capabilities").content, wire.Capabilities)
    assert (told.serial, told.restore) == (known.keys, known.restore)


def test_s5_each_checkpoint_proves_that_it_only_adds_to_the_one_before(room: ServedHouse) -> None:
    unit = room.unit()
    martin = room.desktop("martin", unit)
    owner = room.patient(unit)
    token = room.token_of(martin)
    room.run(room.house.settle())
    before, proof = log_since(room, token, 0)
    assert proof == []
    for n in range(5):
        room.push(martin, room.create(martin, owner, an_allergy("pat-1", f"a{n}")))
        room.run(room.house.settle())
        after, proof = log_since(room, token, before.size)
        assert proof is not None
        assert after.size > before.size
        assert verify_consistency(before.size, before.root, after.size, after.root, proof)
        assert not verify_consistency(before.size, bytes(32), after.size, after.root, proof)
        before = after


def test_s4_a_log_smaller_than_the_one_a_desktop_saw_has_no_proof(room: ServedHouse) -> None:
    martin = room.desktop("martin", room.unit())
    kept, proof = log_since(room, room.token_of(martin), 10_000)
    assert kept.size < 10_000
    assert proof is None


@pytest.mark.parametrize("size", ["-1", "1.5", "x", "9" * 40, "%00"])
def test_a_size_that_is_none_is_refused(room: ServedHouse, size: str) -> None:
    martin = room.desktop("martin", room.unit())
    answer = room.get(f"/sync/v1/log?since={size}", room.token_of(martin))
    assert (answer.status_code, problem_in(answer).code) == (422, "invalid")


def test_s6_the_log_is_for_those_who_signed_in(room: ServedHouse) -> None:
    answer = room.get("/sync/v1/log?since=0")
    assert (answer.status_code, problem_in(answer).code) == (401, "sign_in_needed")


def test_d8_each_sign_in_renews_a_signed_lease_of_this_device_alone(room: ServedHouse) -> None:
    martin = room.desktop("martin", room.unit())
    orders = []
    for _ in range(2):
        orders.append(verify_order(listed(room).order, signed_in(room, martin).lease.encode()))
        room.clock.go(hours=1)
    first, second = orders
    assert (first.kind, first.device, first.account) == (
        OrderKind.LEASE,
        martin.device,
        martin.account,
    )
    assert (first.until - first.issued).days == room.premises.policy.lease_days
    assert second.serial > first.serial
    assert second.until - first.until == timedelta(hours=1)


def holding(room: ServedHouse) -> tuple[Desktop, int]:
    """A desktop that holds a copy of a patient."""
    unit = room.unit()
    martin = room.desktop("martin", unit)
    owner = room.patient(unit)
    token = room.token_of(martin)
    heads = [head for head in room.heads(token).heads if head.owner == owner]
    wants = tuple(wire.Want(owner=owner, facet=h.facet, term=h.term) for h in heads)
    assert pages_in(room.post("/sync/v1/changes", wire.ChangesRequest(items=wants), token)).pages
    room.settle()
    return martin, owner


def purge_order(room: ServedHouse, desktop: Desktop) -> tuple[str, Order]:
    answer = room.sign_in(desktop.device, desktop.private, desktop.situation)
    assert answer.status_code == 403
    told = codec.decode(answer.content, wire.RevokedProblem)
    return told.order, verify_order(listed(room).order, told.order.encode())


def receipt(desktop: Desktop, order: str, private: bytes = b"") -> PurgedRequest:
    signature = device_keys.sign(private or desktop.private, purged_message(desktop.device, order))
    return PurgedRequest(device=desktop.device, order=order, signature=base64url(signature))


def erased_lines(room: ServedHouse, owner: int) -> list[journal.Entry]:
    tags = [room.premises.tags.tag(owner, name) for name in JOURNAL_FACETS]
    rows = room.run(room.store.read(owner, lambda tx: tx.journal.of_facets(tags, 100)))
    read = [room.run(journal.read_row(room.premises, owner, row)) for row in rows]
    return [line for line in read if line.action == "erased"]


def test_s8_a_revoked_device_is_ordered_to_erase_and_its_receipt_is_in_the_patients_journal(
    room: ServedHouse,
) -> None:
    martin, owner = holding(room)
    room.run(room.devices.revoke(martin.account, martin.device))
    text, order = purge_order(room, martin)
    assert (order.kind, order.device) == (OrderKind.PURGE, martin.device)
    for _ in range(2):
        assert room.post("/session/v1/purged", receipt(martin, text)).status_code == 204
        room.settle()
    lines = erased_lines(room, owner)
    unit, account = martin.session.unit, martin.account
    mine = room.run(
        room.store.read(account, lambda tx: tx.people.copies(martin.device, unit, owner))
    )
    left = room.run(room.store.read(account, lambda tx: tx.people.copies_open(martin.device, 9)))
    assert len(lines) == len(mine) >= 1
    assert {line.device for line in lines} == {martin.device}
    assert all(row.receipt_ms is not None for row in mine)
    assert left == []


def test_d8_nobody_else_can_say_that_a_copy_is_gone(room: ServedHouse) -> None:
    martin, owner = holding(room)
    lease = signed_in(room, martin).lease
    assert room.post("/session/v1/purged", receipt(martin, lease)).status_code == 401
    room.run(room.devices.revoke(martin.account, martin.device))
    text, _ = purge_order(room, martin)
    for bad in (
        receipt(martin, text, private=bytes(32)),
        receipt(martin, lease),
        receipt(martin, text.replace("kind purge", "kind lease")),
        PurgedRequest(device="nobody", order=text, signature=receipt(martin, text).signature),
        PurgedRequest(device=martin.device, order=text, signature="!"),
    ):
        answer = room.post("/session/v1/purged", bad)
        assert (answer.status_code, problem_in(answer).code) == (401, "sign_in_needed")
    room.settle()
    assert erased_lines(room, owner) == []


def test_a_lease_is_counted_from_the_servers_clock(room: ServedHouse) -> None:
    martin = room.desktop("martin", room.unit())
    order = verify_order(listed(room).order, signed_in(room, martin).lease.encode())
    assert order.issued == from_wire(to_wire(room.clock.now()))
