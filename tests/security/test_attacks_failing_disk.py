"""A disk that takes half a file leaves the file that was there."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.errors import DiskFull
from dossier.sealing.profile import Cost, new_recovery_code
from practitioner_app.profile import Card, ProfileFolder

CHEAP = Cost(8, 1, 1)
HALF = 300
"""Bytes: less than a header."""


@pytest.fixture
def folder(tmp_path: Path) -> ProfileFolder:
    folder = ProfileFolder(tmp_path / "profile")
    folder.hold()
    card = Card(
        server="https://s.example",
        device="d1",
        device_name="Poste",
        account=9,
        person="Dr",
        situation="s1",
    )
    folder.create(
        card,
        phrase="loutre velours quatorze",
        recovery_code=new_recovery_code(SeededEntropy(1)),
        keychain=None,
        entropy=SeededEntropy(2),
        clock=SystemClock(),
        cost=CHEAP,
    )
    return folder


@pytest.fixture
def small_files(folder: ProfileFolder) -> Iterator[None]:
    """The kernel writes what fits and says how much: a quota, or the last page of a disk."""
    assert folder.is_enrolled
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_a_new_phrase_on_a_full_disk_keeps_the_old_header(folder: ProfileFolder) -> None:
    with pytest.raises(DiskFull):
        folder.change_phrase(
            "loutre velours quatorze",
            "brise moulin septembre",
            keychain=None,
            entropy=SeededEntropy(3),
            cost=CHEAP,
        )
    opened = folder.open("loutre velours quatorze", None, CHEAP)
    assert len(opened.key) == 32
    folder.release()
