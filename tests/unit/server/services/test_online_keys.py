"""The server's online keys: listed, replaced one by one, refused when the list is of something else."""

from datetime import UTC, datetime, timedelta

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import StoreError
from dossier.sealing import devices
from dossier.sealing.key_list import KeyList, verify_key_list
from server.ports import KeyStore
from server.services.online_keys import open_online_keys, signed_list
from server.store.keystore import MemoryKeyStore
from server.store.units import drive

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
IDENTITY = SeededEntropy(5).bytes(32)
PUBLIC = devices.public_key(IDENTITY)


@pytest.fixture
def keys() -> KeyStore:
    return MemoryKeyStore(SeededEntropy(6))


def sign(keys: KeyStore, before: KeyList | None, *replace: str) -> tuple[bytes, KeyList]:
    text: bytes = drive(signed_list(keys, IDENTITY, before, NOW, replace=replace))
    return text, verify_key_list(PUBLIC, text)


def test_the_first_list_names_the_keys_the_server_signs_with(keys: KeyStore) -> None:
    text, told = sign(keys, None)
    online = drive(open_online_keys(keys, PUBLIC, text))
    assert told.serial == int(NOW.timestamp())
    assert told.log == (devices.public_key(online.log),)
    assert told.order == (devices.public_key(online.order),)
    assert online.log != online.order


def test_a_replaced_key_is_new_and_the_old_one_is_believed_beside_it_once(keys: KeyStore) -> None:
    _, first = sign(keys, None)
    text, second = sign(keys, first, "log")
    assert second.log[1:] == first.log
    assert second.order == first.order
    online = drive(open_online_keys(keys, PUBLIC, text))
    assert devices.public_key(online.log) == second.log[0] != first.log[0]
    _, third = sign(keys, second, "log")
    assert third.log[1] == second.log[0]
    assert len(third.log) == 2
    _, fourth = sign(keys, third)
    assert fourth.log == third.log[:1]
    steps = [one.serial - first.serial for one in (first, second, third, fourth)]
    assert steps == [0, 1, 2, 3]


def test_a_list_signed_after_a_restore_is_above_those_the_lost_server_signed(
    keys: KeyStore,
) -> None:
    _, first = sign(keys, None)
    _, lost = sign(keys, first, "log")
    later = NOW + timedelta(minutes=1)
    text = drive(signed_list(keys, IDENTITY, first, later))
    assert verify_key_list(PUBLIC, text).serial > lost.serial


def test_a_restore_makes_the_server_wait_for_a_new_list(keys: KeyStore) -> None:
    text, told = sign(keys, None)
    drive(keys.begin_restore())
    with pytest.raises(StoreError, match="identity sign"):
        drive(open_online_keys(keys, PUBLIC, text))
    text, declared = sign(keys, told)
    assert (declared.restore, drive(open_online_keys(keys, PUBLIC, text)).told) == (1, declared)


def test_a_list_of_another_identity_or_of_other_keys_opens_nothing(keys: KeyStore) -> None:
    text, _ = sign(keys, None)
    with pytest.raises(StoreError, match="not signed"):
        drive(open_online_keys(keys, devices.public_key(bytes(32)), text))
    with pytest.raises(StoreError, match="identity sign"):
        drive(open_online_keys(MemoryKeyStore(SeededEntropy(7)), PUBLIC, text))
