from datetime import UTC, datetime

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import SealBroken
from dossier.sealing import profile
from dossier.sealing.profile import Cost
from tests.fakes.manual_clock import ManualClock

QUICK = Cost(64, 1, 1)
SECRET, OTHER_SECRET = bytes(range(32)), bytes(range(1, 33))
CODE = profile.new_recovery_code(SeededEntropy(3))
PHRASE = "péniche bleue au soleil"


def made(secret=SECRET, cost=QUICK):
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    return profile.create_header(
        PHRASE, secret, CODE, "device-1", "account-1", SeededEntropy(4), clock, cost
    )


def opens(header, phrase=PHRASE, secret=SECRET, floor=QUICK):
    return profile.open_header(header, phrase, secret, floor)


def test_the_passphrase_with_the_keyring_and_the_code_alone_give_the_same_key():
    header, key = made()
    assert len(key) == 32
    assert opens(header) == key
    assert opens(header, phrase="pe\u0301niche bleue au soleil") == key
    assert profile.open_with_recovery(header, CODE) == key
    assert (profile.device_of(header), profile.mode_of(header)) == ("device-1", "keyring+pass")


def test_d3_the_disk_with_the_keyring_or_with_the_passphrase_is_not_enough():
    header, _ = made()
    for phrase, secret in ((PHRASE, OTHER_SECRET), ("wrong", SECRET), (PHRASE, None)):
        with pytest.raises(SealBroken):
            opens(header, phrase=phrase, secret=secret)
    with pytest.raises(SealBroken):
        profile.open_with_recovery(header, profile.new_recovery_code(SeededEntropy(9)))


def test_any_altered_byte_breaks_both_ways_in():
    header, _ = made()
    for i in range(len(header)):
        bad = header[:i] + bytes([header[i] ^ 1]) + header[i + 1 :]
        with pytest.raises(SealBroken):
            opens(bad)
        with pytest.raises(SealBroken):
            profile.open_with_recovery(bad, CODE)


@pytest.mark.parametrize("bad", [b"", b"{}", bytes(100), b"{" * 9000])
def test_what_is_no_header_is_broken(bad):
    for ask in (opens, profile.device_of, profile.mode_of):
        with pytest.raises(SealBroken):
            ask(bad)


def test_a_cost_below_the_floor_is_refused_unless_the_same_floor_is_named():
    header, key = made()
    with pytest.raises(SealBroken):
        profile.open_header(header, PHRASE, SECRET)
    with pytest.raises(SealBroken):
        opens(header, floor=Cost(65, 1, 1))
    with pytest.raises(SealBroken):
        opens(header, floor=Cost(64, 2, 1))
    assert opens(header) == key


def test_the_floors_are_64_mib_and_256_mib_without_a_keyring():
    assert {mode: floor.memory_kib for mode, floor in profile.FLOORS.items()} == {
        "keyring+pass": 64 * 1024,
        "pass-only": 256 * 1024,
    }


def test_a_header_that_asks_for_absurd_work_is_refused_before_working():
    header, _ = made()
    for old, new in ((b'"m":64', b'"m":99999999'), (b'"t":1', b'"t":999'), (b'"p":1', b'"p":9')):
        assert old in header
        with pytest.raises(SealBroken):
            opens(header.replace(old, new))


def test_without_a_keyring_the_mode_says_so():
    header, key = made(secret=None)
    assert profile.mode_of(header) == "pass-only"
    assert opens(header, secret=None) == key
    with pytest.raises(SealBroken):
        opens(header, secret=SECRET)


def test_a_new_passphrase_keeps_the_key_and_the_code():
    header, key = made()
    entropy = SeededEntropy(5)
    changed = profile.change_passphrase(header, PHRASE, "autre phrase", SECRET, entropy, QUICK)
    assert opens(changed, phrase="autre phrase") == key
    assert profile.open_with_recovery(changed, CODE) == key
    with pytest.raises(SealBroken):
        opens(changed)
    with pytest.raises(SealBroken):
        profile.change_passphrase(header, "wrong", "x", SECRET, entropy, QUICK)


def test_after_a_lost_keyring_the_code_wraps_the_key_under_a_new_secret():
    header, _ = made()
    key = profile.open_with_recovery(header, CODE)
    again = profile.rewrap(header, key, "autre phrase", OTHER_SECRET, SeededEntropy(5), QUICK)
    assert opens(again, phrase="autre phrase", secret=OTHER_SECRET) == key
    with pytest.raises(SealBroken):
        profile.rewrap(header, bytes(32), "x", SECRET, SeededEntropy(5), QUICK)
    with pytest.raises(SealBroken):
        profile.rewrap(header, key, "x", None, SeededEntropy(5), QUICK)


def test_a_device_secret_has_32_bytes():
    with pytest.raises(ValueError):
        made(secret=b"short")


def test_a_recovery_code_is_written_in_nine_groups_and_read_forgivingly():
    assert [len(group) for group in CODE.split("-")] == [4] * 9
    assert not set("ILOU") & set(CODE)
    raw = profile.parse_recovery_code(CODE)
    assert len(raw) == 20
    code = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ"
    typed = CODE.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert profile.parse_recovery_code(typed) == raw
    with pytest.raises(SealBroken):
        profile.parse_recovery_code(code)


def test_every_mistyped_character_of_a_recovery_code_is_noticed():
    text = CODE.replace("-", "")
    for i, character in enumerate(text):
        other = "7" if character != "7" else "8"
        with pytest.raises(SealBroken):
            profile.parse_recovery_code(text[:i] + other + text[i + 1 :])
    for bad in ("", text[:-1], text + "0", text[:-1] + "U", text[:-1] + "é"):
        with pytest.raises(SealBroken):
            profile.parse_recovery_code(bad)


@pytest.mark.parametrize(
    ("phrase", "reasons"),
    [
        ("péniche bleue au soleil", ()),
        ("Xk7#pQ2!vLm9", ()),
        ("court", ("too_short", "one_word_and_number")),
        ("Septembre2026", ("one_word_and_number",)),
        ("bateau bateau bateau", ("repetitive",)),
        ("aaaaaaaaaaaa", ("repetitive", "one_word_and_number")),
        ("123456789012345", ("sequence",)),
        ("987654321098765", ("sequence",)),
        ("azertyuiopqsdf", ("sequence", "one_word_and_number")),
        ("Fontaine Claire 44", ("forbidden_word",)),
        ("x" * 129, ("too_long", "repetitive")),
    ],
)
def test_a_weak_passphrase_is_named_weak(phrase, reasons):
    judged = profile.phrase_strength(phrase, ["FONTAINE", "Claire"])
    assert set(reasons) <= set(judged.reasons)
    assert judged.accepted == (not reasons)


def test_words_and_characters_are_counted():
    judged = profile.phrase_strength("  péniche bleue, au soleil ")
    assert (judged.words, judged.characters) == (4, 24)


def test_a_forbidden_word_in_a_long_phrase_is_no_weakness():
    assert profile.phrase_strength("la péniche de Claire est bleue", ["claire"]).accepted
