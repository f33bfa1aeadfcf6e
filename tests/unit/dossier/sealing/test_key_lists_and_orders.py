"""The server's signed key list and its orders: what a desktop believes, and everything it does not."""

from datetime import UTC, datetime, timedelta

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import SealBroken
from dossier.sealing import devices
from dossier.sealing.key_list import KeyList, fingerprint, sign_key_list, verify_key_list
from dossier.sealing.notes import sign_note
from dossier.sealing.orders import Order, OrderKind, is_for, sign_order, verify_order

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
IDENTITY, LOG, ORDERS, OTHER = (SeededEntropy(seed).bytes(32) for seed in range(4))
PUBLIC = devices.public_key(IDENTITY)
KEYS = (devices.public_key(ORDERS),)
LIST = KeyList(3, NOW, 1, (devices.public_key(LOG), b"o" * 32), KEYS, (b"t" * 32,))
LEASE = Order(OrderKind.LEASE, "dev-1", 77, 5, NOW, NOW + timedelta(days=7))


def test_a_list_signed_by_the_pinned_key_is_read_back_whole() -> None:
    assert verify_key_list(PUBLIC, sign_key_list(IDENTITY, LIST)) == LIST


def test_a_list_signed_by_any_other_key_is_refused() -> None:
    with pytest.raises(SealBroken):
        verify_key_list(PUBLIC, sign_key_list(OTHER, LIST))


@pytest.mark.parametrize("word", [b"serial 3", b"restore 1", b"signed 2026", b"order "])
def test_a_changed_list_is_refused(word: bytes) -> None:
    text = sign_key_list(IDENTITY, LIST)
    assert word in text
    with pytest.raises(SealBroken):
        verify_key_list(PUBLIC, text.replace(word, word[:-1] + b"9"))


@pytest.mark.parametrize(
    "lines",
    [
        "colloque.keys\n",
        "colloque.keys\nserial 03\nsigned 2026-11-23T08:30:00.000Z\nrestore 0\n",
        "colloque.keys\nserial 1\nsigned monday\nrestore 0\nlog AA==\norder AA==\n",
        "colloque.keys\nserial 1\nsigned 2026-11-23T08:30:00.000Z\nrestore 0\nlog AA==\n",
        "colloque.order\nserial 1\nsigned 2026-11-23T08:30:00.000Z\nrestore 0\n",
        "colloque.keys\nserial 1\nsigned 2026-11-23T08:30:00.000Z\nrestore -1\n",
    ],
)
def test_what_the_key_signed_but_is_no_list_is_refused(lines: str) -> None:
    with pytest.raises(SealBroken):
        verify_key_list(PUBLIC, sign_note(IDENTITY, "colloque.keys", lines))


def test_a_list_may_name_more_than_this_program_knows() -> None:
    text = sign_key_list(IDENTITY, LIST).decode().rpartition("\n\n")[0]
    more = sign_note(IDENTITY, "colloque.keys", text + "\nwitness abc\n")
    assert verify_key_list(PUBLIC, more) == LIST


def test_no_list_is_signed_without_the_keys_it_exists_for() -> None:
    with pytest.raises(ValueError, match="log key"):
        sign_key_list(IDENTITY, LIST._replace(order=()))


def test_an_identity_is_compared_by_four_short_groups() -> None:
    assert fingerprint(PUBLIC) != fingerprint(devices.public_key(OTHER))
    assert [len(group) for group in fingerprint(PUBLIC).split(" ")] == [4, 4, 4, 4]


def test_an_order_is_read_back_whole() -> None:
    assert verify_order(KEYS, sign_order(ORDERS, LEASE)) == LEASE


def test_d8_a_forged_or_altered_order_is_refused() -> None:
    text = sign_order(ORDERS, LEASE)
    for bad in (
        sign_order(OTHER, LEASE),
        text.replace(b"dev-1", b"dev-2"),
        text.replace(b"kind lease", b"kind purge"),
        text[:-3],
        sign_note(ORDERS, "colloque.order", "colloque.order\nkind lease\n"),
    ):
        with pytest.raises(SealBroken):
            verify_order(KEYS, bad)


def test_a_note_of_another_use_is_no_order() -> None:
    lines = sign_order(ORDERS, LEASE).decode().rpartition("\n\n")[0].split("\n")
    other = sign_note(ORDERS, "colloque.keys", "\n".join(lines) + "\n")
    with pytest.raises(SealBroken):
        verify_order(KEYS, other)


def test_d8_an_order_for_another_device_or_replayed_is_ignored() -> None:
    assert is_for(LEASE, "dev-1", 4)
    assert not is_for(LEASE, "dev-2", 4)
    assert not is_for(LEASE, "dev-1", 5)
    assert not is_for(LEASE, "dev-1", 6)
