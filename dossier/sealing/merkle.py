"""The log of journal rows: a Merkle tree over leaf hashes (RFC 6962 §2.1, proofs as in RFC 9162 §2.1).

The tree holds hashes only. Anybody with a signed root can check that a leaf is in the log (inclusion) and
that a later log only appended (consistency).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from dossier.sealing.encoding import tup

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def journal_leaf(owner: int, month: int, n: int, k: bytes, detail: bytes) -> bytes:
    """The leaf hash of a journal row (DATA-MODEL §2).

    `k` are 32 random bytes inside the row's cell: sealing the cell again leaves the log unchanged, and once
    the key of the cell is destroyed nobody can test a guessed `detail` against the log.
    """
    blinded = hmac.digest(k, detail, "sha256")
    return leaf_hash(tup("colloque/v1/journal", owner, month, n, blinded))


class Tree:
    """An append-only tree. Level h holds the roots of the complete sub-trees of 2^h leaves.

    64 bytes of memory a leaf. Sizes and indexes count leaves; a proof may be asked for any earlier size.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash; returns its index. Raises ValueError unless it has 32 bytes."""
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash has 32 bytes")
        index = place = self.size
        self._levels[0] += leaf
        height, right = 0, leaf
        while place & 1:
            right = node_hash(self._node(height, place - 1), right)
            place >>= 1
            height += 1
            if height == len(self._levels):
                self._levels.append(bytearray())
            self._levels[height] += right
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (all of them by default)."""
        return self._subtree(0, self._checked(size))

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of a leaf in the first `size` leaves (RFC 6962 §2.1.1), nearest sibling first."""
        end = self._checked(size)
        if not 0 <= index < end:
            raise ValueError("no such leaf")
        path: list[bytes] = []
        start = 0
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """The proof that the first `old` leaves are a beginning of the first `new` (RFC 6962 §2.1.2)."""
        end = self._checked(new)
        if not 0 <= old <= end:
            raise ValueError("the older tree is the smaller one")
        if old in {0, end}:
            return ()
        path: list[bytes] = []
        start, whole = 0, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._subtree(start, end))
        return tuple(reversed(path))

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError("the tree is not that large")
        return size

    def _node(self, height: int, place: int) -> bytes:
        at = place * HASH_BYTES
        return bytes(self._levels[height][at : at + HASH_BYTES])

    def _subtree(self, start: int, end: int) -> bytes:
        count = end - start
        if count == 0:
            return EMPTY_ROOT
        if count & (count - 1) == 0:
            height = count.bit_length() - 1
            return self._node(height, start >> height)
        middle = start + _split(count)
        return node_hash(self._subtree(start, middle), self._subtree(middle, end))


class Frontier:
    """The root of a tree read leaf by leaf, in the memory of its peaks: a verification, without proofs."""

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self.size = 0

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        node, place = leaf, self.size
        while place & 1:
            node = node_hash(self._peaks.pop(), node)
            place >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of every leaf so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *higher, node = self._peaks
        for peak in reversed(higher):
            node = node_hash(peak, node)
        return node


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """True iff `proof` shows this leaf hash at `index` of the tree of `size` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, root)


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """True iff `proof` shows that the newer tree only appended to the older (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and hmac.compare_digest(old_root, new_root)
    if old_size == 0:
        return not proof and hmac.compare_digest(old_root, EMPTY_ROOT)
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    roots = _climb(path, old_size - 1, new_size - 1)
    return roots is not None and (
        hmac.compare_digest(roots[0], old_root) and hmac.compare_digest(roots[1], new_root)
    )


def _climb(path: Sequence[bytes], at: int, last: int) -> tuple[bytes, bytes] | None:
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return (older, newer) if last == 0 else None


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
