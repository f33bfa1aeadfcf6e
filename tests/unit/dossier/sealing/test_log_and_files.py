import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.entropy import SeededEntropy
from dossier.errors import SealBroken
from dossier.sealing import devices
from dossier.sealing.checkpoints import Checkpoint, sign_checkpoint, verify_checkpoint
from dossier.sealing.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    journal_leaf,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from dossier.sealing.streams import CHUNK, HEADER, TAG, open_stream, seal_stream, sealed_size

LEAVES = [leaf_hash(b"%d" % n) for n in range(40)]
TREE = Tree(LEAVES)


def plain_root(leaves):
    """RFC 6962 §2.1 word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_and_proofs_of_every_size(size):
    root = TREE.root(size)
    assert root == plain_root(LEAVES[:size])
    for index in range(size):
        proof = TREE.inclusion(index, size)
        assert verify_inclusion(LEAVES[index], index, size, proof, root)
        assert (
            not verify_inclusion(LEAVES[index], (index + 1) % size, size, proof, root) or size == 1
        )
    for old in range(size + 1):
        proof = TREE.consistency(old, size)
        assert verify_consistency(old, TREE.root(old), size, root, proof)


def test_the_peaks_alone_give_the_same_root_at_every_size():
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (size, TREE.root(size))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.data())
def test_a_changed_proof_proves_nothing(size, draw):
    index = draw.draw(st.integers(0, size - 1))
    old = draw.draw(st.integers(1, size))
    root, wrong = TREE.root(size), b"\0" * 32
    inclusion, consistency = TREE.inclusion(index, size), TREE.consistency(old, size)
    assert not verify_inclusion(wrong, index, size, inclusion, root)
    assert not verify_inclusion(LEAVES[index], index, size, inclusion, wrong)
    assert not verify_inclusion(LEAVES[index], index, size, (*inclusion, wrong), root)
    assert not verify_inclusion(LEAVES[index], size, size, inclusion, root)
    assert not verify_consistency(old, wrong, size, root, consistency)
    assert not verify_consistency(old, TREE.root(old), size, wrong, consistency)
    assert not verify_consistency(old, TREE.root(old), size, root, (*consistency, wrong))
    if inclusion:
        assert not verify_inclusion(LEAVES[index], index, size, inclusion[:-1], root)
    if consistency:
        assert not verify_consistency(old, TREE.root(old), size, root, consistency[:-1])
    assert not verify_consistency(size + 1, root, size, root, consistency)


def test_a_log_that_rewrote_a_row_cannot_prove_consistency():
    forged = Tree([*LEAVES[:5], leaf_hash(b"forged"), *LEAVES[6:]])
    proof = forged.consistency(10, 40)
    assert not verify_consistency(10, TREE.root(10), 40, forged.root(), proof)


def test_the_empty_log_and_questions_beyond_the_log():
    assert Tree().root() == EMPTY_ROOT
    for ask in (
        lambda: TREE.root(41),
        lambda: TREE.inclusion(40),
        lambda: TREE.inclusion(-1),
        lambda: TREE.consistency(3, 2),
        lambda: TREE.consistency(-1),
        lambda: Tree([b"short"]),
    ):
        with pytest.raises(ValueError):
            ask()


def test_a_journal_leaf_depends_on_its_place_key_and_detail():
    base = (7, 202611, 3, bytes(32), b"detail")
    changed = [(8, *base[1:]), (7, 202612, *base[2:]), (7, 202611, 4, *base[3:])]
    changed += [(*base[:3], b"\1" * 32, b"detail"), (*base[:4], b"Detail")]
    assert len({journal_leaf(*row) for row in [base, *changed]}) == 6


PRIVATE = devices.new_private_key(SeededEntropy(1))
PUBLIC = devices.public_key(PRIVATE)
TEXT = sign_checkpoint(PRIVATE, "colloque.example/log", 40, TREE.root())


def test_a_checkpoint_says_what_the_key_signed():
    assert verify_checkpoint(PUBLIC, TEXT) == Checkpoint("colloque.example/log", 40, TREE.root())
    assert TEXT.startswith(b"colloque.example/log\n40\n")
    other = sign_checkpoint(devices.new_private_key(SeededEntropy(2)), "witness", 40, TREE.root())
    witnessed = TEXT + other.split(b"\n\n")[1]
    assert verify_checkpoint(PUBLIC, witnessed).size == 40


def test_any_altered_byte_or_other_key_breaks_a_checkpoint():
    for i in range(len(TEXT)):
        with pytest.raises(SealBroken):
            verify_checkpoint(PUBLIC, TEXT[:i] + bytes([TEXT[i] ^ 1]) + TEXT[i + 1 :])
    with pytest.raises(SealBroken):
        verify_checkpoint(devices.public_key(devices.new_private_key(SeededEntropy(2))), TEXT)


def signed_note(body):
    signature = sign_checkpoint(PRIVATE, "o", 1, bytes(32)).split(b"\n\n")[1]
    return body + b"\n" + signature


@pytest.mark.parametrize(
    "text",
    [b"", b"o\n1\n", signed_note(b"o\n2\n" + b"A" * 43 + b"=\n"), b"x" * 9000, b"\xff\n\n\xff\n"],
)
def test_what_is_no_checkpoint_is_broken(text):
    with pytest.raises(SealBroken):
        verify_checkpoint(PUBLIC, text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("a b", 1, bytes(32)),
        ("", 1, bytes(32)),
        ("a+b", 1, bytes(32)),
        ("a", -1, bytes(32)),
        ("a", 1, b""),
    ],
)
def test_a_checkpoint_without_a_form_is_not_signed(origin, size, root):
    with pytest.raises(ValueError):
        sign_checkpoint(PRIVATE, origin, size, root)


FILE_KEY = bytes(range(32))


def sealed(plain, blob_id="b1", seed=1):
    return b"".join(seal_stream(FILE_KEY, blob_id, [plain], SeededEntropy(seed)))


def opened(blob, blob_id="b1", most=1 << 20, key=FILE_KEY, step=10_000):
    pieces = [blob[i : i + step] for i in range(0, len(blob), step)]
    return b"".join(open_stream(key, blob_id, pieces, most))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_file_of_any_size_reads_back_whatever_the_pieces(size):
    plain = SeededEntropy(size).bytes(size)
    blob = sealed(plain)
    assert len(blob) == sealed_size(size)
    assert opened(blob) == plain
    assert opened(blob, step=7 if size < 2 else CHUNK + TAG) == plain
    in_pieces = seal_stream(FILE_KEY, "b1", [plain[:5], b"", plain[5:]], SeededEntropy(1))
    assert b"".join(in_pieces) == blob


THREE = sealed(bytes(2 * CHUNK + 10))
CUTS = [HEADER, HEADER + CHUNK + TAG, HEADER + 2 * (CHUNK + TAG)]


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        THREE[:3],
        *[THREE[:cut] for cut in CUTS],
        THREE[:-1],
        THREE + b"\0",
        THREE[: CUTS[0]] + THREE[CUTS[1] : CUTS[2]] + THREE[CUTS[0] : CUTS[1]] + THREE[CUTS[2] :],
        THREE[: CUTS[0]] + THREE[CUTS[1] :],
        b"\2" + THREE[1:],
        THREE[:1] + bytes([THREE[1] ^ 1]) + THREE[2:],
        THREE[:-20] + bytes([THREE[-20] ^ 1]) + THREE[-19:],
    ],
)
def test_s3_a_cut_reordered_or_altered_file_does_not_open(blob):
    with pytest.raises(SealBroken):
        opened(blob)


def test_a_file_opens_only_under_its_key_and_id_and_within_its_bound():
    for more in ({"key": bytes(32)}, {"blob_id": "b2"}, {"most": 2 * CHUNK + 9}):
        with pytest.raises(SealBroken):
            opened(THREE, **more)
    assert len(opened(THREE, most=2 * CHUNK + 10)) == 2 * CHUNK + 10
