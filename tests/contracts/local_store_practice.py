"""Small pieces for the tests of the sealed store: patients, rows, pages."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from dossier.entropy import SeededEntropy
from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import NEVER, Head, Heads, Op, Page, Row, Version
from local_store.store import LocalStore
from tests.fakes.manual_clock import ManualClock

KEY = bytes(range(32))
TERM = "term-1"
CLINICAL = "tag-clinical"


@contextmanager
def opened(
    folder: Path, clock: ManualClock | None = None, key: bytes = KEY
) -> Iterator[LocalStore]:
    store = LocalStore.open(folder, key, clock or ManualClock(), SeededEntropy(1))
    try:
        yield store
    finally:
        store.close()


def patient(
    owner: int,
    family: str,
    given: str,
    birth: str,
    *,
    birth_name: str = "",
    ins: str = "",
    sex: str = "female",
    active: bool = True,
) -> Row:
    rid = f"p{owner}"
    names: list[dict[str, Any]] = [{"use": "usual", "family": family, "given": [given]}]
    if birth_name:
        names.append({"use": "official", "family": birth_name, "given": [given]})
    body = {
        "resourceType": "Patient",
        "id": rid,
        "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": ins}] if ins else [],
        "active": active,
        "name": names,
        "gender": sex,
        "birthDate": birth,
    }
    return Row("Patient", rid, Version(0, 1), owner, None, msgspec.json.encode(body))


def observation(rid: str, word: str, day: str = "2026-11-01", k: int = 1) -> Row:
    body = {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "code": {"text": word},
        "effectiveDateTime": day,
    }
    return Row("Observation", rid, Version(0, k), 0, None, msgspec.json.encode(body))


def copy(
    store: LocalStore,
    owner: int,
    rows: Iterable[Row],
    *,
    facet: str = CLINICAL,
    kind: str = "patient",
    until: str | None = None,
    rank: int = 3,
    term: str = TERM,
    at: str = "end",
) -> None:
    """A complete copy of one compartment."""
    told = tuple(rows)
    size = sum(len(row.body or b"") for row in told)
    head = Head(
        owner=owner, facet=facet, kind=kind, term=term, at=at, rows=len(told), size=size,
        until=until, rank=rank,
    )  # fmt: skip
    store.sync.apply_heads(Heads(restore=0, v=f"v-{owner}-{facet}-{term}", heads=(head,)))
    held = store.sync.held_one(owner, facet)
    assert held is not None
    total = sum(row_digest(r.id, r.version.restore, r.version.k) for r in told) % DIGEST_MODULUS
    page = Page(
        owner=owner, facet=facet, kind="page", term=term, to=at, replace=True, rows=told,
        digest=f"{total:064x}",
    )  # fmt: skip
    applied = store.sync.apply_page(page, held.generation)
    assert (applied.stale, applied.digest_ok) == (False, True)


def lose(store: LocalStore, owner: int, facet: str = CLINICAL, v: str = "v-gone") -> None:
    head = Head(owner=owner, facet=facet, kind="patient", gone=True)
    store.sync.apply_heads(Heads(restore=0, v=v, heads=(head,)))


def create(n: int, owner: int, row: Row) -> Op:
    return Op(
        op_id=f"0193f0a0-0000-7000-8000-{n:012d}",
        owner=owner,
        kind="create",
        acting="s-1",
        at="2026-11-23T08:00:00.000Z",
        rtype=row.rtype,
        id=row.id,
        base=NEVER,
        body=msgspec.Raw(row.body or b"{}"),
    )


def change(n: int, owner: int, row: Row, base: Version) -> Op:
    return Op(
        op_id=f"0193f0a0-0000-7000-8000-{n:012d}",
        owner=owner,
        kind="change",
        acting="s-1",
        at="2026-11-23T08:00:00.000Z",
        rtype=row.rtype,
        id=row.id,
        base=base,
    )
