"""D2: what a locked desktop still holds in its memory, as somebody who reads that memory finds it (Linux)."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.contracts.local_store_practice import copy, observation, opened, patient
from tests.security.heap_child import ANNE

ROOT = Path(__file__).resolve().parents[2]
ROWS = 300
PIECE = 1 << 20
OVERLAP = 256


def memory_of(pid: int) -> list[bytes]:
    """Every writable page of another process."""
    found = []
    process = Path(f"/proc/{pid}")
    with (process / "mem").open("rb", buffering=0) as mem:
        for line in (process / "maps").read_text().splitlines():
            place, rights, *_rest = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(edge, 16) for edge in place.split("-"))
            for at in range(start, end, PIECE):
                try:
                    mem.seek(at)
                    found.append(mem.read(min(PIECE + OVERLAP, end - at)))
                except OSError:
                    continue
    return found


def hits(memory: list[bytes], *forms: bytes) -> int:
    return sum(piece.count(form) for piece in memory for form in forms)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="memory is read through /proc")
def test_d2_most_of_key_and_record_is_gone_from_the_memory_of_a_locked_desktop(
    tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    draw = Random(2)
    key = draw.randbytes(32)
    name, unread = (f"Zq{draw.randbytes(8).hex()}" for _ in range(2))
    with opened(tmp_path / "store", key=key) as store:
        rows = [patient(ANNE, name, "Anne", "1958-07-14")]
        rows += [observation(f"o{n}", f"mot {unread}{n:03d}") for n in range(ROWS)]
        copy(store, ANNE, rows)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.security.heap_child", str(tmp_path / "store")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    counts: dict[str, tuple[int, int, int]] = {}
    try:
        child.stdin.write(key)
        child.stdin.flush()
        for word in ("open", "locked"):
            assert child.stdout.readline().strip() == word.encode()
            memory = memory_of(child.pid)
            keys = hits(memory, key, key.hex().encode(), key.hex().upper().encode())
            names = hits(memory, name.encode(), name.encode("utf-16-le"))
            words = hits(memory, unread.encode())
            counts[word] = (keys, names, words)
            child.stdin.write(b"\n")
            child.stdin.flush()
    finally:
        child.stdin.close()
        child.kill()
        child.wait(10)
        child.stdout.close()
    (keys, names, words), (kept_keys, kept_names, kept_words) = counts["open"], counts["locked"]
    assert min(keys, names, words) > 0, "the scanner finds nothing even while all is open"
    assert kept_keys < keys
    assert kept_names < names
    assert kept_words <= words * 3 // 4
    record_property(
        "told",
        f"memory of a locked desktop: key {kept_keys} of {keys}, a name {kept_names} of {names}, words read "
        f"{kept_words} of {words} still found (texts that Python forgot and did not overwrite)",
    )
