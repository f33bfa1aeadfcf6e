"""The desktop's store: applying a first copy, opening a record, searching, opening cold.

`python -m benchmarks.bench_cache [--quick] [--patients N] [--rows N]`. Pages are made beforehand; CPU is
this process's user + system time. Floors of the same run: SQLCipher with our page size inserting the same
ids and bodies and nothing else; a bare read of one record's rows; a bare look-up.
"""

import argparse
import gc
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
from sqlcipher3 import dbapi2

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import Head, Heads, Op, Page, Row, Version
from local_store.connections import PAGE_BYTES
from local_store.store import LocalStore

KEY = bytes(range(32))
FACETS = ("tag-identity", "tag-clinical", "tag-desk")
FAMILIES = tuple(
    a + b
    for a in ("Mar", "Ber", "Du", "Le", "Gau", "Per", "Roc", "Fon", "Vin", "Chau", "Mé", "Lam")
    for b in ("tin", "nard", "pont", "fèvre", "thier", "rin", "her", "taine", "cent", "vet", "bert")
)
GIVEN = ("Marie", "Jean", "Hélène", "Zoé", "Paul", "Anne", "Luc", "Inès", "Noël", "Agnès", "Yves")
KINDS = (
    ("Observation", 0.62),
    ("Encounter", 0.12),
    ("MedicationRequest", 0.1),
    ("Condition", 0.06),
    ("Procedure", 0.05),
    ("Immunization", 0.03),
    ("AllergyIntolerance", 0.02),
)


class Practice:
    """Seeded patients and rows, shaped like what a server sends."""

    def __init__(self, patients: int, rows: int) -> None:
        self.random = Random(7)
        self.words = [self._word() for _ in range(6_000)]
        self.people = [(self.random.getrandbits(62) | 1, n) for n in range(patients)]
        self.rows = rows

    def pages(self) -> list[tuple[Head, Page]]:
        made = []
        for owner, n in self.people:
            patient = self._patient(owner, n)
            clinical = [self.clinical(owner) for _ in range(self.rows - 1)]
            for facet, rows in zip(FACETS, ([patient], clinical, []), strict=True):
                made.append(_page(owner, facet, rows))
        return made

    def _word(self) -> str:
        return "".join(
            self.random.choice("bcdfglmnprstv") + self.random.choice("aeiouéè")
            for _ in range(self.random.randrange(2, 5))
        )

    def _id(self) -> str:
        raw = f"{self.random.getrandbits(128):032x}"
        return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"

    def _said(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, k=count))

    def _patient(self, owner: int, n: int) -> Row:
        family, given = self.random.choice(FAMILIES), self.random.choice(GIVEN)
        year, month = self.random.randrange(1926, 2026), self.random.randrange(1, 13)
        body = {
            "resourceType": "Patient",
            "id": self._id(),
            "identifier": [
                {
                    "use": "official",
                    "system": "urn:oid:1.2.250.1.213.1.4.8",
                    "value": f"1{year % 100:02d}{month:02d}75{n:06d}12",
                }
            ],
            "active": True,
            "name": [{"use": "official", "family": family, "given": [given]}],
            "gender": self.random.choice(("male", "female")),
            "birthDate": f"{year}-{month:02d}-{self.random.randrange(1, 29):02d}",
        }
        return Row(
            "Patient", str(body["id"]), Version(1, 1), owner, None, msgspec.json.encode(body)
        )

    def clinical(self, owner: int) -> Row:
        rtype = self.random.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
        day = f"20{self.random.randrange(11, 27)}-{self.random.randrange(1, 13):02d}-14"
        body = {
            "resourceType": rtype,
            "id": self._id(),
            "meta": {
                "versionId": "1",
                "lastUpdated": f"{day}T08:01:00.000+01:00",
                "profile": ["https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-" + rtype],
            },
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                            "display": "Laboratoire",
                        }
                    ]
                }
            ],
            "code": {
                "coding": [
                    {
                        "system": "http://loinc.org",
                        "code": f"{self.random.randrange(99999)}-{self.random.randrange(9)}",
                        "display": self._said(3),
                    }
                ],
                "text": self._said(3),
            },
            "subject": {"reference": f"Patient/{owner}"},
            "encounter": {"reference": f"Encounter/{self._id()}"},
            "performer": [{"reference": f"Practitioner/{self._id()}", "display": self._said(2)}],
            "effectiveDateTime": f"{day}T08:00:00+01:00",
            "issued": f"{day}T08:01:00.000+01:00",
            "valueQuantity": {
                "value": round(self.random.random() * 100, 2),
                "unit": "mmol/L",
                "system": "http://unitsofmeasure.org",
                "code": "mmol/L",
            },
            "note": [{"text": self._said(12)}],
        }
        return Row(rtype, str(body["id"]), Version(1, 1), owner, None, msgspec.json.encode(body))


def _page(owner: int, facet: str, rows: list[Row]) -> tuple[Head, Page]:
    total = sum(row_digest(row.id, 1, 1) for row in rows) % DIGEST_MODULUS
    size = sum(len(row.body or b"") for row in rows)
    head = Head(
        owner=owner, facet=facet, kind="patient", term="t", at="end", rows=len(rows), size=size
    )
    page = Page(
        owner=owner,
        facet=facet,
        kind="page",
        term="t",
        to="end",
        replace=True,
        rows=tuple(rows),
        digest=f"{total:064x}",
    )
    return head, page


def tell(name: str, ours: float, floor: float | None, unit: str, **more: object) -> None:
    """One figure."""
    row: dict[str, object] = {"name": name, "ours": round(ours, 4), "unit": unit, **more}
    if floor:
        row |= {"floor": round(floor, 4), "ratio": round(ours / floor, 2)}
    print(json.dumps(row), flush=True)


def cpu_us(act: Callable[[], None], count: int) -> float:
    """CPU microseconds of one of `count`."""
    begun = time.process_time()
    act()
    return (time.process_time() - begun) / count * 1e6


def times_ms(act: Callable[[int], object], count: int) -> list[float]:
    """Sorted wall milliseconds."""
    found = []
    for n in range(count):
        begun = time.perf_counter()
        act(n)
        found.append((time.perf_counter() - begun) * 1e3)
    return sorted(found)


def at(sorted_ms: list[float], share: float) -> float:
    return sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * share))]


def bare(path: Path) -> "dbapi2.Connection":
    db = dbapi2.connect(str(path), isolation_level=None)
    db.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    db.execute(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA cache_size = -32768")
    return db


def insert_bare(path: Path, pages: list[tuple[Head, Page]]) -> None:
    db = bare(path)
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, owner INTEGER, id TEXT, body BLOB)")
    for _, page in pages:
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO t (owner, id, body) VALUES (?, ?, ?)",
            [(page.owner, row.id, row.body) for row in page.rows],
        )
        db.execute("COMMIT")
    db.execute("CREATE INDEX o ON t (owner)")
    db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--patients", type=int)
    parser.add_argument("--rows", type=int, default=150)
    options = parser.parse_args()
    patients = options.patients or (150 if options.quick else 1_500)
    practice = Practice(patients, options.rows)
    pages = practice.pages()
    count = sum(len(page.rows) for _, page in pages)
    gc.collect()
    gc.freeze()
    folder = Path(tempfile.mkdtemp(prefix="colloque-bench-"))
    try:
        measure(practice, pages, count, folder)
    finally:
        shutil.rmtree(folder)


def measure(practice: Practice, pages: list[tuple[Head, Page]], count: int, folder: Path) -> None:
    clock = SystemClock()
    note = f"{len(practice.people)} patients, {count} rows"
    floor = cpu_us(lambda: insert_bare(folder / "bare.db", pages), count)
    store = LocalStore.open(folder / "p", KEY, clock, SeededEntropy(1))
    heads = Heads(restore=0, v="v", heads=tuple(head for head, _ in pages))
    begun = time.perf_counter()
    store.sync.apply_heads(heads)
    tell("heads of every compartment", (time.perf_counter() - begun) * 1e3, None, "ms", note=note)
    slowest: list[float] = []

    def apply() -> None:
        for _, page in pages:
            started = time.perf_counter()
            applied = store.sync.apply_page(page, 0)
            slowest.append((time.perf_counter() - started) * 1e3)
            if applied.stale or not applied.digest_ok:
                raise SystemExit("a page was refused")

    ours = cpu_us(apply, count)
    tell("first copy: client store CPU per resource", ours, floor, "us", budget=70, note=note)
    slowest.sort()
    tell("first copy: one page, p99", at(slowest, 0.99), None, "ms")
    tell("first copy: slowest page (indexes a batch)", slowest[-1], None, "ms")
    body = sum(len(row.body or b"") for _, page in pages for row in page.rows)
    disk = sum(f.stat().st_size for f in (folder / "p").iterdir() if "wal" not in f.name)
    bare_disk = (folder / "bare.db").stat().st_size
    tell(
        "disk per resource", disk / count, bare_disk / count, "bytes", note=f"body {body // count}"
    )
    reads(practice, store, folder)
    words(practice, store)
    delta(practice, store)
    store.close()

    def cold(_n: int) -> None:
        opened = LocalStore.open(folder / "p", KEY, clock, SeededEntropy(1))
        opened.records.patients("mar", 30)
        opened.close()

    def cold_bare(_n: int) -> None:
        db = bare(folder / "bare.db")
        db.execute("SELECT id FROM t LIMIT 30").fetchall()
        db.close()

    tell(
        "cold open and first patient list",
        at(times_ms(cold, 9), 0.5),
        at(times_ms(cold_bare, 9), 0.5),
        "ms",
    )


def reads(practice: Practice, store: LocalStore, folder: Path) -> None:
    order = [owner for owner, _ in practice.people]
    Random(1).shuffle(order)
    db = bare(folder / "bare.db")
    floor = times_ms(
        lambda n: db.execute(
            "SELECT id, body FROM t WHERE owner = ?", (order[n % len(order)],)
        ).fetchall(),
        400,
    )
    db.close()
    ours = times_ms(lambda n: store.records.rows(order[n % len(order)]), 400)
    tell("open a record, p50", at(ours, 0.5), at(floor, 0.5), "ms")
    tell("open a record, p99", at(ours, 0.99), at(floor, 0.99), "ms")
    puts = times_ms(lambda n: put_op(store, practice, order[n % len(order)], n), 300)
    tell("a doctor's save, durable, p50", at(puts, 0.5), None, "ms")
    ours = times_ms(lambda n: store.records.rows(order[n % len(order)]), 400)
    tell("open a record, 300 ops waiting, p50", at(ours, 0.5), at(floor, 0.5), "ms")


def put_op(store: LocalStore, practice: Practice, owner: int, n: int) -> None:
    row = practice.clinical(owner)
    body = row.body or b""
    op = Op(
        op_id=f"0193f0a0-0000-7000-8000-{n:012d}",
        owner=owner,
        kind="create",
        acting="s",
        at="2026-11-23T08:00:00.000Z",
        rtype=row.rtype,
        id=row.id,
        body=msgspec.Raw(body),
    )
    store.outbox.put(op, shows=body)


def words(practice: Practice, store: LocalStore) -> None:
    prefixes = [name[:size].lower() for name in FAMILIES for size in (1, 2, 3, 4)]
    found = times_ms(lambda n: store.records.patients(prefixes[n % len(prefixes)], 30), 400)
    tell("patient prefix, p50", at(found, 0.5), None, "ms", budget=5)
    tell("patient prefix, p95", at(found, 0.95), None, "ms", budget=5)
    pairs = [f"{w} {FAMILIES[n % 50][:2]}" for n, w in enumerate(GIVEN)]
    both = times_ms(lambda n: store.records.patients(pairs[n % len(pairs)], 30), 100)
    tell("patient, two parts of names, p95", at(both, 0.95), None, "ms", budget=5)
    chosen = Random(3)
    asked = [" ".join(chosen.choices(practice.words[:400], k=2)) for _ in range(60)]
    full = times_ms(lambda n: store.records.search(asked[n], None, 30), 60)
    tell("full text, two words, p50", at(full, 0.5), None, "ms", budget=60)
    tell("full text, two words, p95", at(full, 0.95), None, "ms", budget=60)
    common = times_ms(lambda n: store.records.search(practice.words[n], None, 30), 60)
    tell("full text, one frequent word, p95", at(common, 0.95), None, "ms", budget=60)
    typed = times_ms(lambda n: store.records.search(practice.words[n][:3], None, 30), 60)
    tell("full text, three letters, p95", at(typed, 0.95), None, "ms", budget=60)
    owner = practice.people[0][0]
    one = times_ms(lambda n: store.records.search(practice.words[n][:3], owner, 30), 60)
    tell("full text in one patient, p95", at(one, 0.95), None, "ms")
    facts = times_ms(lambda _n: store.records.copy_facts(), 20)
    tell("copy facts, p50", at(facts, 0.5), None, "ms")


def delta(practice: Practice, store: LocalStore) -> None:
    owners = [owner for owner, _ in practice.people[: min(200, len(practice.people))]]
    where = dict.fromkeys(owners, "end")
    random = Random(5)

    def one(n: int) -> None:
        owner = owners[n % len(owners)]
        row = practice.clinical(owner)
        page = Page(
            owner=owner,
            facet=FACETS[1],
            kind="page",
            term="t",
            since=where[owner],
            to=f"d{n}-{random.random()}",
            rows=(row,),
        )
        if store.sync.apply_page(page, 0).stale:
            raise SystemExit("a delta was refused")
        where[owner] = page.to

    found = times_ms(one, 200)
    tell("one remote change applied, p50", at(found, 0.5), None, "ms")
    lost = tuple(
        Head(owner=owner, facet=facet, kind="patient", gone=True)
        for owner, _ in practice.people[-1:]
        for facet in FACETS
    )
    begun = time.perf_counter()
    store.sync.apply_heads(Heads(restore=0, v="v2", heads=lost))
    tell(
        "one patient erased, checked, receipted",
        (time.perf_counter() - begun) * 1e3,
        None,
        "ms",
        budget=5000,
    )


if __name__ == "__main__":
    os.umask(0o077)
    main()
