"""Old backups removed: what a kept one names stays, a cut-off prune harms nothing, a stubborn place is said."""

import asyncio
import errno
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dossier.clock import to_wire
from dossier.errors import Refused
from server.backup import data_set, manifest
from server.backup.manifest import Manifest
from server.backup.pruning import Keep, prune
from server.backup.segments import Segments
from server.backup.turn import turn
from server.folder import ServerFile
from tests.fakes.server_room import MONDAY

NOW = MONDAY + timedelta(days=100)


async def _each(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def backed_up(target: Path, age_days: int, *pieces: bytes) -> Manifest:
    stored = asyncio.run(Segments(target).store(_each(*pieces)))
    made = Manifest(
        number=manifest.next_number(target),
        made=to_wire(NOW - timedelta(days=age_days)),
        server=ServerFile(name="s"),
        key_list="",
        restore=0,
        schema=1,
        checkpoint="",
        size=stored.size,
        counts={},
        segments=stored.segments,
    )
    manifest.write(target, made)
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for age, pieces in (
        (90, (b"one", b"all")),
        (60, (b"two", b"all")),
        (30, (b"three", b"all")),
        (1, (b"four", b"two")),
    ):
        backed_up(tmp_path / "a", age, *pieces)
    return tmp_path / "a"


def held(target: Path) -> set[bytes]:
    return {path.read_bytes() for path in (target / "segments").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("keep", "names", "pieces"),
    [
        (Keep(newest=2), [3, 4], {b"three", b"all", b"four", b"two"}),
        (Keep(days=61), [2, 3, 4], {b"two", b"three", b"all", b"four"}),
        (Keep(newest=3, days=2), [2, 3, 4], {b"two", b"three", b"all", b"four"}),
        (Keep(newest=0, days=0), [4], {b"four", b"two"}),
        (Keep(newest=99), [1, 2, 3, 4], {b"one", b"two", b"three", b"all", b"four"}),
    ],
)
def test_what_is_kept_is_whole_and_what_it_does_not_name_is_gone(
    target: Path, keep: Keep, names: list[int], pieces: set[bytes]
) -> None:
    done = prune(target, keep, NOW)
    assert (done.kept, done.removed) == (len(names), 4 - len(names))
    assert [one.number for one in data_set.verify(target)] == names
    assert held(target) == pieces
    again = prune(target, keep, NOW)
    assert (again.removed, again.segments) == (0, 0)


@pytest.mark.parametrize("cut_after", range(4))
def test_a_prune_that_is_cut_off_leaves_whole_backups_and_the_next_goes_on(
    target: Path, monkeypatch: pytest.MonkeyPatch, cut_after: int
) -> None:
    left = iter(range(cut_after))
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix != ".lock" and next(left, None) is None:
            raise KeyboardInterrupt
        real(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            prune(target, Keep(newest=1), NOW)
    assert data_set.verify(target)[-1].number == 4
    prune(target, Keep(newest=1), NOW)
    assert held(target) == {b"four", b"two"}


def test_a_manifest_that_cannot_be_read_stops_the_prune(target: Path) -> None:
    (target / "backups" / "000002.json").write_bytes(b"{}")
    before = held(target)
    with pytest.raises(Refused) as no:
        prune(target, Keep(newest=1), NOW)
    assert no.value.code == "manifest_damaged"
    assert held(target) == before


def test_nothing_is_removed_while_a_backup_is_written_to_the_same_place(target: Path) -> None:
    with turn(target), pytest.raises(Refused) as no:
        prune(target, Keep(newest=1), NOW)
    assert no.value.code == "target_busy"
    assert prune(target, Keep(newest=1), NOW).removed == 3


def test_a_place_that_lets_nothing_go_is_said_and_keeps_everything(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, **_more: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        with pytest.raises(Refused) as no:
            prune(target, Keep(newest=1), NOW)
    assert no.value.code == "target_keeps_all"
    assert len(data_set.verify(target)) == 4


def test_a_file_of_somebody_else_is_left_where_it_lies(target: Path) -> None:
    (target / "segments" / "ab").mkdir(exist_ok=True)
    other = target / "segments" / "ab" / "README"
    other.write_text("not ours")
    cut_off = target / "segments" / "ab" / ("ab" * 32 + ".part")
    cut_off.write_bytes(b"half")
    prune(target, Keep(newest=1), NOW)
    assert other.exists()
    assert not cut_off.exists()


def test_an_empty_place_has_nothing_to_prune(tmp_path: Path) -> None:
    with pytest.raises(Refused) as no:
        prune(tmp_path, Keep(), NOW)
    assert no.value.code == "backup_missing"
