"""Sealing to the recovery key: only its private half opens, only what was said, only unaltered."""

import pytest

from dossier.errors import SealBroken
from dossier.sealing.recovery_key import open_sealed, recovery_public, seal_to

KEY, INFO = bytes(range(32)), b"what it is"


def test_what_was_sealed_to_a_key_is_opened_by_its_private_half() -> None:
    sealed = seal_to(recovery_public(KEY), b"the keys" * 1000, INFO)
    assert b"the keys" not in sealed
    assert open_sealed(KEY, sealed, INFO) == b"the keys" * 1000
    assert seal_to(recovery_public(KEY), b"the keys" * 1000, INFO) != sealed


def test_another_key_another_meaning_or_another_byte_opens_nothing() -> None:
    sealed = seal_to(recovery_public(KEY), b"x", INFO)
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for key, raw, info in (
        (bytes(32), sealed, INFO),
        (KEY, sealed, b"other"),
        (KEY, flipped, INFO),
        (KEY, sealed[:40], INFO),
        (KEY, b"", INFO),
    ):
        with pytest.raises(SealBroken):
            open_sealed(key, raw, info)


def test_a_malformed_public_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_to(b"short", b"x", INFO)
