"""The profile folder: made, opened, held by one, replaced and never overwritten."""

import stat

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import KeychainError, SealBroken, StoreCorrupt, StoreLocked
from dossier.sealing.profile import Cost, new_recovery_code
from practitioner_app import hardening
from practitioner_app.profile import Card, ProfileFolder
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_keychain import MemoryKeychain

CHEAP = Cost(8, 1, 1)
PHRASE = "loutre velours quatorze brise moulin"
CARD = Card(
    server="http://127.0.0.1:1",
    device="d1",
    device_name="Cabinet 2",
    account=9,
    person="Dr X",
    situation="s",
)
ENTROPY = SeededEntropy(3)
CODE = new_recovery_code(ENTROPY)


@pytest.fixture
def folder(tmp_path):
    folder = ProfileFolder(tmp_path / "profile")
    folder.hold()
    yield folder
    folder.release()


def made(folder, keychain):
    return folder.create(
        CARD,
        phrase=PHRASE,
        recovery_code=CODE,
        keychain=keychain,
        entropy=ENTROPY,
        clock=ManualClock(),
        cost=CHEAP,
    )


def test_what_was_made_opens_with_phrase_and_keyring(folder):
    keychain = MemoryKeychain()
    secrets = made(folder, keychain)
    assert folder.open(PHRASE, keychain, CHEAP).key == secrets.key
    assert (folder.card(), folder.is_enrolled, folder.without_keyring) == (CARD, True, False)


def test_d1_a_wrong_phrase_or_another_secret_opens_nothing(folder):
    keychain = MemoryKeychain()
    made(folder, keychain)
    with pytest.raises(SealBroken):
        folder.open(PHRASE + "x", keychain, CHEAP)
    keychain.put("d1", b"z" * 32)
    with pytest.raises(SealBroken):
        folder.open(PHRASE, keychain, CHEAP)


@pytest.mark.parametrize("reason", ["absent", "locked", "slow", "insecure"])
def test_d4_a_keyring_in_trouble_is_said_and_no_phrase_is_enough(folder, reason):
    keychain = MemoryKeychain()
    made(folder, keychain)
    keychain.fail_with = reason
    with pytest.raises(KeychainError) as caught:
        folder.open(PHRASE, keychain, CHEAP)
    assert caught.value.reason == reason
    with pytest.raises(KeychainError):
        folder.open(PHRASE, None, CHEAP)


def test_d4_a_keyring_that_refuses_leaves_no_profile_behind(folder):
    with pytest.raises(KeychainError):
        made(folder, MemoryKeychain("locked"))
    assert not folder.is_enrolled


def test_the_demonstration_opens_by_its_phrase_alone(folder):
    secrets = made(folder, None)
    assert folder.without_keyring
    assert folder.open(PHRASE, None, CHEAP).key == secrets.key


def test_a_lost_secret_is_replaced_through_the_recovery_code(folder):
    keychain = MemoryKeychain()
    secrets = made(folder, keychain)
    keychain.drop("d1")
    opened = folder.open_with_code(CODE)
    assert opened.key == secrets.key
    folder.choose_phrase(
        opened, "une autre phrase assez longue", keychain=keychain, entropy=ENTROPY, cost=CHEAP
    )
    assert folder.open("une autre phrase assez longue", keychain, CHEAP).key == secrets.key


def test_the_phrase_is_changed_by_whoever_knows_it(folder):
    keychain = MemoryKeychain()
    secrets = made(folder, keychain)
    folder.change_phrase(PHRASE, "une autre phrase", keychain=keychain, entropy=ENTROPY, cost=CHEAP)
    assert folder.open("une autre phrase", keychain, CHEAP).key == secrets.key
    with pytest.raises(SealBroken):
        folder.open(PHRASE, keychain, CHEAP)


def test_one_program_at_a_time_holds_a_profile(folder):
    other = ProfileFolder(folder.path)
    with pytest.raises(StoreLocked):
        other.hold()
    folder.release()
    other.hold()
    other.release()


def test_d1_the_folder_is_for_its_user_only(folder):
    made(folder, None)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    for path in folder.path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) in (0o600, 0o700)


def test_a_folder_without_its_files_is_damaged_and_not_made_again(folder):
    with pytest.raises(StoreCorrupt):
        folder.card()
    with pytest.raises(StoreCorrupt):
        folder.open(PHRASE, None, CHEAP)


def test_a_card_of_a_newer_program_is_still_read(folder):
    made(folder, None)
    extended = msgspec.json.decode((folder.path / "card.json").read_bytes()) | {"newer": 1}
    (folder.path / "card.json").write_bytes(msgspec.json.encode(extended))
    assert folder.card() == CARD


def test_d7_an_error_is_reported_by_its_places_without_any_value():
    def open_record(name):
        raise KeyError(name)

    try:
        open_record("MARTINEAU")
    except KeyError as error:
        text = hardening.where(error)
    assert text.startswith("KeyError at test_profile.py:")
    assert "in open_record" in text
    assert "MARTINEAU" not in text


def test_d7_the_cause_is_named_by_its_kind_only():
    def read_date():
        try:
            int("MARTINEAU")
        except ValueError as cause:
            raise RuntimeError("Elodie") from cause

    try:
        read_date()
    except RuntimeError as error:
        text = hardening.where(error)
    assert "because of ValueError" in text
    assert "MARTINEAU" not in text
    assert "Elodie" not in text
