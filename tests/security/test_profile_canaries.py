"""D1, D7, HZ-25: no clear canary in any file, and after a purge none in the decrypted pages either."""

import base64
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from dossier.clock import to_wire
from dossier.wire.messages import Row, Verdict, Version
from local_store.store import LocalStore
from tests.contracts.local_store_practice import (
    KEY,
    change,
    copy,
    create,
    lose,
    observation,
    opened,
)

ANNE, BOB = 11, 12
RESERVE = 80
"""Bytes SQLCipher keeps at the end of a page: IV 16, HMAC-SHA512 64."""


class Canaries:
    """Unique words, each found again in any of four encodings."""

    def __init__(self, whose: str = "") -> None:
        self.whose = whose
        self.words: list[str] = []

    def new(self, place: str) -> str:
        word = f"Kanari{self.whose}{place}{len(self.words):04d}Zq"
        self.words.append(word)
        return word

    def found_in(self, raw: bytes, words: list[str] | None = None) -> set[str]:
        hits = set()
        low = raw.lower()
        for word in words or self.words:
            plain = word.encode()
            # three alignments of base64, without the characters that depend on the neighbours
            coded = [base64.b64encode(b"x" * pad + plain)[4 if pad else 0 : -4] for pad in range(3)]
            wide = [word.encode("utf-16-le"), word.encode("utf-16-be")]
            if (
                plain.lower() in low
                or plain.hex().encode() in low
                or any(form in raw for form in (*coded, *wide))
            ):
                hits.add(word)
        return hits


def fill(store: LocalStore, owner: int, canaries: Canaries) -> None:
    """Canaries in every field a person or the server can fill."""
    new = canaries.new
    body = {
        "resourceType": "Patient",
        "id": f"p{owner}",
        "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": new("Ins")}],
        "name": [{"family": new("Family"), "given": [new("Given")]}, {"text": new("Name")}],
        "telecom": [{"system": "phone", "value": new("Phone")}],
        "address": [{"line": [new("Street")], "city": new("City")}],
        "birthDate": "1958-07-14",
    }
    rows = [Row("Patient", f"p{owner}", Version(0, 1), owner, None, msgspec.json.encode(body))]
    rows += [
        Row(
            "Observation",
            f"{owner}-{n}",
            Version(0, 1),
            owner,
            None,
            msgspec.json.encode(
                {
                    "resourceType": "Observation",
                    "id": f"{owner}-{n}",
                    "code": {"text": new("Code")},
                    "note": [{"text": f"{new('Note')} et {new('Mot')}"}],
                    "valueString": new("Value"),
                    "text": {"status": "generated", "div": f"<div>{new('Div')}</div>"},
                }
            ),
        )
        for n in range(40)
    ]
    copy(store, owner, rows)


def sweep(folder: Path) -> Iterator[tuple[str, bytes]]:
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root) / name
            yield path.name, path.read_bytes()


def test_d1_no_canary_lies_in_clear_in_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    canaries = Canaries()
    folder = tmp_path / "profile"
    with opened(folder) as store:
        fill(store, ANNE, canaries)
        fill(store, BOB, canaries)
        for n in range(60):
            row = observation(f"w{n}", canaries.new("Mine"))
            op = (create if n % 2 else lambda *a: change(*a, Version(0, 1)))(n, ANNE, row)
            saw = canaries.new("Saw").encode()
            store.outbox.put(op, shows=row.body or b"", saw=saw)
        sent = store.sync.next_ops(40, 1_000_000)
        codes = ("ok", "conflict", "rejected")
        store.sync.apply_verdicts(
            [
                Verdict(
                    op_id=op.op_id,
                    code=codes[n % 3],  # type: ignore[arg-type]
                    version=Version(0, 1),
                    reason=canaries.new("Reason"),
                    elements=(canaries.new("Element"),),
                )
                for n, op in enumerate(sent)
            ]
        )
        store.drafts.keep(canaries.new("Key"), ANNE, canaries.new("Draft").encode(), "x")
        store.settings.put("last-search", canaries.new("Setting"))
        store.vault.put("device-key", canaries.new("Secret").encode())
        for word in canaries.words[:30]:
            store.records.search(word, None, 50)
            store.records.patients(word, 50)
        store.records.rows(ANNE)
        assert len(canaries.words) >= 500
        while_open = dict(sweep(tmp_path))
    after = dict(sweep(tmp_path))
    assert {"work.db", "work.db-wal", "cache.db", "cache.db-wal"} <= while_open.keys()
    for name, raw in [*while_open.items(), *after.items()]:
        assert canaries.found_in(raw) == set(), name
    assert list(scratch.iterdir()) == []
    for name in ("work.db", "cache.db"):
        counts = Counter(after[name])
        bits = -sum(c / len(after[name]) * math.log2(c / len(after[name])) for c in counts.values())
        assert bits > 7.9, name


def clear_page(page: bytes, *, first: bool) -> bytes:
    """AES-256-CBC, the IV behind the content; the first page begins with the salt."""
    content, iv = page[16 * first : -RESERVE], page[-RESERVE:][:16]
    opener = Cipher(algorithms.AES(KEY), modes.CBC(iv)).decryptor()
    return opener.update(content) + opener.finalize()


def decrypted(path: Path, page_bytes: int) -> bytes:
    """Every page of a SQLCipher file in clear, free ones too."""
    raw = path.read_bytes()
    starts = range(0, len(raw), page_bytes)
    return b"".join(clear_page(raw[at : at + page_bytes], first=at == 0) for at in starts)


def decrypted_log(path: Path, page_bytes: int) -> bytes:
    """Every frame of a WAL in clear: a header of 32 bytes, then 24 bytes and a page each."""
    raw = path.read_bytes()
    out = []
    for at in range(32, len(raw), 24 + page_bytes):
        number = int.from_bytes(raw[at : at + 4], "big")
        out.append(clear_page(raw[at + 24 : at + 24 + page_bytes], first=number == 1))
    return b"".join(out)


def test_hz_25_after_a_purge_nothing_is_left_in_the_decrypted_pages(tmp_path: Path) -> None:
    hers, his = Canaries("Hers"), Canaries("His")
    with opened(tmp_path) as store:
        fill(store, ANNE, hers)
        fill(store, BOB, his)
        for n, row in enumerate([observation(f"{ANNE}-{n}", "x") for n in range(5)]):
            store.outbox.put(
                change(n, ANNE, row, Version(0, 1)),
                shows=hers.new("Shows").encode(),
                saw=hers.new("Saw").encode(),
            )
        assert store.records.search(hers.words[58], None, 5)
        everything = list(hers.words)
        lose(store, ANNE)
        assert [owed.owner for owed in store.sync.receipts_owed(5)] == [ANNE]
        log = decrypted_log(tmp_path / "work.db-wal", 4_096)
        log += decrypted_log(tmp_path / "cache.db-wal", 8_192)
        assert hers.found_in(log, everything) == set()
        assert store.records.search(hers.words[58], None, 5) == []
        assert store.records.search(his.words[58], None, 5) != []
    image = decrypted(tmp_path / "cache.db", 8_192) + decrypted(tmp_path / "work.db", 4_096)
    assert b"CREATE TABLE confirmed" in image
    assert his.found_in(image) != set()
    assert hers.found_in(image, everything) == set()


def test_the_scan_finds_what_a_plain_delete_would_leave(tmp_path: Path) -> None:
    """Broken control: hidden and not yet erased, the words are there in the decrypted pages."""
    canaries = Canaries()
    with opened(tmp_path) as store:
        fill(store, ANNE, canaries)
        with store._cache.transaction() as db:
            db.execute("UPDATE compartment SET purging = term, term = ''")
        assert list(store.records.rows(ANNE)) == []
    found = canaries.found_in(decrypted(tmp_path / "cache.db", 8_192))
    assert len(found) >= 40


def test_a_quarantined_cache_is_erased_with_the_next_purge(tmp_path: Path) -> None:
    canaries = Canaries()
    with opened(tmp_path) as store:
        fill(store, ANNE, canaries)
    (tmp_path / "cache.db").write_bytes((tmp_path / "cache.db").read_bytes()[:-20_000])
    (tmp_path / "doubt").touch()
    with opened(tmp_path) as store:
        assert store.rebuilt
        assert list(tmp_path.glob("cache.db.doubt-*"))
        copy(store, BOB, [observation("b", "x")])
        lose(store, BOB)
        assert not list(tmp_path.glob("cache.db.doubt-*"))


def test_a_right_that_ended_while_closed_is_hidden_from_the_first_read(tmp_path: Path) -> None:
    from tests.fakes.manual_clock import ManualClock

    clock = ManualClock()
    with opened(tmp_path, clock) as store:
        copy(store, ANNE, [observation("a", "x")], until=to_wire(clock.now()).replace("T08", "T09"))
    clock.advance(7_200)
    with opened(tmp_path, clock) as store:
        assert list(store.records.rows(ANNE)) == []
