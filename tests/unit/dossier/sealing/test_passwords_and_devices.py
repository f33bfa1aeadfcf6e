import pytest

from dossier.entropy import SeededEntropy
from dossier.sealing import devices, passwords
from dossier.sealing.passwords import DEFAULT, Cost, hash_password, is_weak, verify_password

QUICK = Cost(64, 1, 1)


def test_a_password_matches_its_record_only():
    record = hash_password("péniche bleue", SeededEntropy(1), QUICK)
    assert verify_password("pe\u0301niche bleue", record)
    assert not verify_password("péniche bleu", record)
    assert not verify_password("", record)
    assert "péniche" not in record


def test_two_records_of_one_password_differ():
    entropy = SeededEntropy(1)
    assert hash_password("x", entropy, QUICK) != hash_password("x", entropy, QUICK)


@pytest.mark.parametrize(
    "record",
    [
        "",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$$",
        "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
        "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
        "$argon2id$v=19$m=64,t=999,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
    ],
)
def test_a_record_that_is_malformed_or_asks_too_much_never_matches(record):
    assert not verify_password("x", record)
    assert is_weak(record)


def test_a_cheap_record_is_known_as_weak():
    record = hash_password("x", SeededEntropy(1), QUICK)
    assert is_weak(record)
    assert not is_weak(record, floor=QUICK)
    assert not is_weak(record.replace("m=64,t=1,p=1", "m=65536,t=3,p=4"))


def test_the_default_work_is_what_rfc_9106_recommends():
    assert DEFAULT == (65_536, 3, 4)
    passwords.spend_equal_time("x", QUICK)


def test_a_signature_holds_for_its_key_and_message_only():
    private = devices.new_private_key(SeededEntropy(1))
    public = devices.public_key(private)
    signature = devices.sign(private, b"message")
    assert (len(private), len(public), len(signature)) == (32, 32, 64)
    assert devices.verify(public, b"message", signature)
    other = devices.public_key(devices.new_private_key(SeededEntropy(2)))
    for key, message, proof in (
        (other, b"message", signature),
        (public, b"Message", signature),
        (public, b"message", signature[:-1] + bytes([signature[-1] ^ 1])),
        (public, b"message", b""),
        (b"", b"message", signature),
        (bytes(31), b"message", signature),
    ):
        assert not devices.verify(key, message, proof)
