from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.entropy import SeededEntropy
from dossier.errors import SealBroken
from dossier.sealing import cells, wrapping
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
PLACE = ("resource", 7, "rec:care", 8, "Patient", "p1", 0, 3, 1)
BODY = b'{"resourceType":"Patient","id":"p1"}' * 20

parts = st.lists(st.binary(max_size=6) | st.text(max_size=4) | st.integers(-5, 300), max_size=4)


def meaning(values):
    """What a part says: integers by their digits, text by its NFC form."""
    return [
        value if isinstance(value, bytes) else normalize("NFC", str(value)).encode()
        for value in values
    ]


@settings(max_examples=50, deadline=None)
@given(parts, parts)
def test_tup_is_injective(one, other):
    assert (tup("a", *one) == tup("a", *other)) == (meaning(one) == meaning(other))


def test_tup_separates_labels_and_refuses_what_has_no_form():
    assert tup("a", "b") == b"a\0\0\0\0\1b"
    assert tup("a", b"") != tup("a")
    assert tup("a", "e\u0301") == tup("a", "\u00e9")
    for label in ("é", "a\0"):
        with pytest.raises(ValueError):
            tup(label)
    with pytest.raises(ValueError):
        tup("a", "\ud800")


def test_a_cell_opens_to_its_body_and_names_its_key():
    cell = cells.seal(KEY, 9, BODY, cells.aad(*PLACE), SeededEntropy(1))
    assert cells.key_version(cell) == 9
    assert cells.open_cell(KEY, cell, cells.aad(*PLACE)) == BODY
    assert len(cell) < len(BODY)
    assert BODY not in cell
    assert cells.open_cell(KEY, cells.seal(KEY, 0, b"", b"", SeededEntropy(1)), b"") == b""


@pytest.mark.parametrize("position", range(len(PLACE)))
def test_s4_a_cell_moved_to_another_place_does_not_open(position):
    cell = cells.seal(KEY, 1, BODY, cells.aad(*PLACE), SeededEntropy(1))
    moved = list(PLACE)
    moved[position] = moved[position] + type(moved[position])(1)
    with pytest.raises(SealBroken):
        cells.open_cell(KEY, cell, cells.aad(*moved))


def test_every_altered_byte_and_every_cut_breaks_a_cell_without_saying_why():
    cell = cells.seal(KEY, 1, b"body", b"here", SeededEntropy(1))
    altered = [cell[:i] + bytes([cell[i] ^ 1]) + cell[i + 1 :] for i in range(len(cell))]
    cut = [cell[:i] for i in range(len(cell))]
    said = set()
    for bad in [*altered, *cut, cell + b"\0"]:
        with pytest.raises(SealBroken) as refusal:
            cells.open_cell(KEY, bad, b"here")
        said.add(str(refusal.value))
    with pytest.raises(SealBroken) as refusal:
        cells.open_cell(OTHER_KEY, cell, b"here")
    assert said | {str(refusal.value)} == {"error.seal"}


def test_a_cell_larger_than_asked_for_is_not_unpacked():
    cell = cells.seal(KEY, 1, bytes(5000), b"", SeededEntropy(1))
    assert cells.open_cell(KEY, cell, b"", max_bytes=5000) == bytes(5000)
    with pytest.raises(SealBroken):
        cells.open_cell(KEY, cell, b"", max_bytes=4999)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not zstd",
        zstandard.ZstdCompressor(write_content_size=False).compress(b"x"),
        zstandard.ZstdCompressor().compress(b"x") * 2,
        zstandard.ZstdCompressor().compress(bytes(9000))[:-2],
    ],
)
def test_a_genuine_cell_around_a_bad_frame_is_broken_too(packed):
    header = b"\1\0\0\0\1"
    wrapped = wrapping.wrap(KEY, packed, header + b"here", SeededEntropy(1))
    with pytest.raises(SealBroken):
        cells.open_cell(KEY, header + wrapped, b"here")


def test_what_cannot_be_sealed_is_refused_at_once():
    with pytest.raises(ValueError):
        cells.seal(KEY, 1, bytes(cells.MAX_BODY + 1), b"", SeededEntropy(1))
    with pytest.raises(ValueError):
        cells.seal(KEY, 1 << 32, b"", b"", SeededEntropy(1))


def test_two_seals_of_one_body_share_nothing():
    entropy = SeededEntropy(1)
    one, other = (cells.seal(KEY, 1, BODY, b"", entropy) for _ in range(2))
    assert one[5:17] != other[5:17]
    assert one != other


def test_a_wrapped_key_opens_only_under_its_key_and_context():
    wrapped = wrapping.wrap(KEY, OTHER_KEY, b"dek 1", SeededEntropy(1))
    assert wrapping.unwrap(KEY, wrapped, b"dek 1") == OTHER_KEY
    for kek, raw, aad in (
        (OTHER_KEY, wrapped, b"dek 1"),
        (KEY, wrapped, b"dek 2"),
        (KEY, wrapped[:-1], b"dek 1"),
        (KEY, b"", b"dek 1"),
    ):
        with pytest.raises(SealBroken):
            wrapping.unwrap(kek, raw, aad)


def test_derived_keys_differ_by_label_and_parts():
    made = {
        wrapping.derive(KEY, "a"),
        wrapping.derive(KEY, "b"),
        wrapping.derive(KEY, "a", 1),
        wrapping.derive(OTHER_KEY, "a"),
    }
    assert len(made) == 4
    assert all(len(key) == 32 for key in made)


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q Q", "Q\n", "é", "+/"])
def test_base64url_has_one_form(text):
    with pytest.raises(ValueError):
        unbase64url(text)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_base64url_reads_back(raw):
    assert unbase64url(base64url(raw)) == raw


def test_cells_are_sealed_and_opened_by_many_threads_at_once():
    def there_and_back(n):
        body = bytes([n]) * (n * 50 + 1)
        cell = cells.seal(KEY, n, body, b"", SeededEntropy(n))
        return cells.open_cell(KEY, cell, b"") == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(200)))


def test_a_broken_cell_leaves_the_next_one_readable():
    header = b"\1\0\0\0\1"
    bad = header + wrapping.wrap(KEY, b"not zstd", header, SeededEntropy(1))
    with pytest.raises(SealBroken):
        cells.open_cell(KEY, bad, b"")
    assert cells.open_cell(KEY, cells.seal(KEY, 1, BODY, b"", SeededEntropy(1)), b"") == BODY
