"""The desktop's store in memory: RecordReader, Outbox, Drafts and Settings over dictionaries.

It keeps what the ports promise: `current` is confirmed overlaid by the newest op, an undone op is gone, a
settled case leaves the list and its versions stay in `archive`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from dossier.fhir.elements import Json
from dossier.fhir.index import extract
from dossier.wire import codec
from dossier.wire.messages import NEVER, Op, Version
from practitioner_app.ports import (
    Completeness,
    ConflictCase,
    CopyFacts,
    CurrentRow,
    Hit,
    ItemState,
    KeptDraft,
    PatientLine,
    PendingOp,
)
from practitioner_app.services.search import fold, tokens

COPIED = datetime(2026, 11, 23, 7, 41, tzinfo=UTC)


class _Entry(msgspec.Struct):
    op: Op
    shows: bytes
    saw: bytes
    state: ItemState
    reason: str = ""
    elements: tuple[str, ...] = ()


class MemoryRecordStore:
    def __init__(self) -> None:
        self.confirmed: dict[tuple[int, str, str], CurrentRow] = {}
        self.ops: list[_Entry] = []
        self.archive: list[_Entry] = []
        self.people: dict[str, bytes] = {}
        self.complete: dict[int, tuple[int, int]] = {}
        self.unreadable: set[int] = set()
        self.narrowed: set[int] = set()
        self.facts: dict[str, Any] = {}
        self._settings: dict[str, str] = {}
        self._packs = MemoryPacks()
        self._drafts: dict[str, KeptDraft] = {}
        self._k = 0

    # --- what the server would bring -------------------------------------------------------------

    def hold(self, owner: int, *resources: Json, at: str = "") -> None:
        """Confirm resources of one patient, each under a new version."""
        for resource in resources:
            self._k += 1
            key = (owner, resource["resourceType"], resource["id"])
            self.confirmed[key] = CurrentRow(
                *key,
                Version(1, self._k),
                msgspec.json.encode(resource),
                ItemState.CONFIRMED,
                "",
                at or extract(resource).at,
            )

    def hold_people(self, *resources: Json) -> None:
        for resource in resources:
            key = f"{resource['resourceType']}/{resource['id']}"
            self.people[key] = msgspec.json.encode(resource)

    def received(self, owner: int, rows: int, wanted: int) -> None:
        """The copy of this patient is not complete."""
        self.complete[owner] = (rows, wanted)

    def judged(self, op_id: str, state: ItemState, *, reason: str = "") -> None:
        """The server answered an op: sent, refused or in conflict."""
        for entry in self.ops:
            if entry.op.op_id == op_id:
                entry.state, entry.reason = state, reason

    def confirm(self, op_id: str) -> None:
        """The op was applied and came back in the feed."""
        entry = next(entry for entry in self.ops if entry.op.op_id == op_id)
        self.ops.remove(entry)
        self.hold(entry.op.owner, msgspec.json.decode(entry.shows))

    # --- RecordReader ----------------------------------------------------------------------------

    def patients(self, words: str, limit: int) -> Sequence[PatientLine]:
        found = []
        for owner, rtype, _ in sorted(self.confirmed):
            if rtype == "Patient":
                line = self.patient(owner)
                assert line is not None
                text = fold(f"{line.family} {line.given} {line.birth_name} {line.ins}").split()
                if all(any(part.startswith(token) for part in text) for token in tokens(words)):
                    found.append(line)
        return found[:limit]

    def patient(self, owner: int) -> PatientLine | None:
        for row in self.rows(owner, ("Patient",)):
            index = extract(codec.resource(row.body))
            return PatientLine(
                owner,
                index.family,
                index.given,
                index.birth_name,
                index.birth_date,
                index.sex,
                index.ins,
                index.status,
                index.deceased,
            )
        return None

    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]:
        current = {key: row for key, row in self.confirmed.items() if key[0] == owner}
        for entry in self.ops:
            if entry.op.owner == owner and entry.shows:
                key = (owner, entry.op.rtype, entry.op.id)
                below = current.get(key)
                version = below.version if below else NEVER
                at = extract(codec.resource(entry.shows)).at
                current[key] = CurrentRow(
                    *key, version, entry.shows, entry.state, entry.op.op_id, at
                )
        rows = [row for row in current.values() if not rtypes or row.rtype in rtypes]
        return sorted(rows, key=lambda row: (row.rtype, row.at, row.id))

    def resource(self, owner: int, rtype: str, rid: str) -> CurrentRow | None:
        return next((row for row in self.rows(owner, (rtype,)) if row.id == rid), None)

    def everywhere(self, rtype: str) -> Sequence[CurrentRow]:
        owners = {key[0] for key in self.confirmed} | {entry.op.owner for entry in self.ops}
        rows = [row for owner in owners for row in self.rows(owner, (rtype,))]
        return sorted(rows, key=lambda row: (row.at, row.owner, row.id))

    def since(self, rtype: str, day: str) -> Sequence[CurrentRow]:
        return [row for row in self.everywhere(rtype) if row.at >= day]

    def directory(self, references: Sequence[str]) -> Mapping[str, bytes]:
        return {item: self.people[item] for item in references if item in self.people}

    def completeness(self, owner: int) -> Completeness:
        rows, wanted = self.complete.get(owner, (1, 1))
        readable, narrowed = owner not in self.unreadable, owner in self.narrowed
        return Completeness(
            rows >= wanted and not narrowed, rows, wanted, COPIED, readable, narrowed
        )

    def search(
        self, words: str, owner: int | None, limit: int, excerpts: int | None = None
    ) -> Sequence[Hit]:
        found = []
        for key, row in sorted(self.confirmed.items()):
            if owner is not None and key[0] != owner:
                continue
            index = extract(codec.resource(row.body))
            text = fold(index.text).replace("\n", " ").split()
            if all(any(part.startswith(token) for part in text) for token in tokens(words)):
                cut = sum(bool(hit.excerpt) for hit in found)
                is_cut = key[1] != "Patient" and (excerpts is None or cut < excerpts)
                excerpt = index.text[:80] if is_cut else ""
                found.append(Hit(*key, index.at, index.title, excerpt))
        return found[:limit]

    def copy_facts(self) -> CopyFacts:
        counts = dict.fromkeys(ItemState, 0)
        for entry in self.ops:
            counts[entry.state] += 1
        given: dict[str, Any] = {
            "patients": len({key[0] for key in self.confirmed}),
            "patients_complete": len({key[0] for key in self.confirmed}),
            "rows": len(self.confirmed),
            "rows_wanted": len(self.confirmed),
            "size": 0,
            "size_wanted": 0,
            "last_contact": COPIED,
            "lease_until": None,
            "pending": counts[ItemState.PENDING] + counts[ItemState.SENT],
            "refused": counts[ItemState.REFUSED],
            "conflicts": counts[ItemState.CONFLICT],
            "disk_bytes": 0,
            "by_rank": (),
        }
        return CopyFacts(**(given | self.facts))

    # --- Outbox ----------------------------------------------------------------------------------

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        if all(entry.op.op_id != op.op_id for entry in self.ops):
            self.ops.append(_Entry(op, shows, saw, ItemState.PENDING))

    @contextmanager
    def together(self) -> Iterator[None]:
        ops, drafts = list(self.ops), dict(self._drafts)
        try:
            yield
        except BaseException:
            self.ops[:] = ops
            self._drafts.clear()
            self._drafts.update(drafts)
            raise

    def withdraw(self, op_id: str) -> bool:
        needed = {entry.op.depends_on for entry in self.ops}
        for entry in self.ops:
            if entry.op.op_id == op_id and entry.state is ItemState.PENDING:
                if op_id in needed:
                    return False
                self.ops.remove(entry)
                return True
        return False

    def pending(self) -> Sequence[PendingOp]:
        waiting = (ItemState.PENDING, ItemState.SENT, ItemState.REFUSED)
        return [
            PendingOp(
                entry.op.op_id,
                entry.op.owner,
                entry.op.rtype,
                entry.op.id,
                entry.op.kind,
                entry.state,
                entry.op.at,
                len(codec.encode(entry.op)),
                entry.reason,
                entry.shows,
            )
            for entry in self.ops
            if entry.state in waiting
        ]

    def conflicts(self) -> Sequence[ConflictCase]:
        found = []
        for entry in self.ops:
            if entry.state is ItemState.CONFLICT:
                key = (entry.op.owner, entry.op.rtype, entry.op.id)
                theirs = self.confirmed.get(key)
                found.append(
                    ConflictCase(
                        entry.op.op_id,
                        *key,
                        entry.op.at,
                        entry.saw,
                        entry.shows,
                        theirs.body if theirs else b"",
                        entry.elements,
                    )
                )
        return found

    def settle(self, op_id: str) -> None:
        self._file(op_id, ItemState.CONFLICT)

    def discard_refused(self, op_id: str) -> None:
        self._file(op_id, ItemState.REFUSED)

    def _file(self, op_id: str, state: ItemState) -> None:
        for entry in list(self.ops):
            if entry.op.op_id == op_id and entry.state is state:
                self.ops.remove(entry)
                self.archive.append(entry)

    # --- Settings, Drafts ------------------------------------------------------------------------

    @property
    def drafts(self) -> "MemoryDrafts":
        return MemoryDrafts(self._drafts)

    @property
    def packs(self) -> "MemoryPacks":
        return self._packs

    @property
    def settings(self) -> "MemorySettings":
        return MemorySettings(self._settings)


class MemoryDrafts:
    def __init__(self, kept: dict[str, KeptDraft]) -> None:
        self._kept = kept

    def keep(self, key: str, owner: int, text: bytes, at: str) -> None:
        self._kept[key] = KeptDraft(key, owner, text, at)

    def get(self, key: str) -> bytes | None:
        kept = self._kept.get(key)
        return kept.text if kept else None

    def all(self) -> Sequence[KeptDraft]:
        by_key = sorted(self._kept.values(), key=lambda kept: kept.key)
        return sorted(by_key, key=lambda kept: kept.at, reverse=True)

    def drop(self, key: str) -> None:
        self._kept.pop(key, None)


class MemoryPacks:
    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, str]] = {}

    def keep(self, name: str, content: bytes, at: str) -> None:
        self._kept[name] = (content, at)

    def get(self, name: str) -> tuple[bytes, str] | None:
        return self._kept.get(name)

    def drop(self, name: str) -> None:
        self._kept.pop(name, None)


class MemorySettings:
    def __init__(self, values: dict[str, str] | None = None) -> None:
        self.values = {} if values is None else values

    def get(self, key: str, default: str = "") -> str:
        return self.values.get(key, default)

    def put(self, key: str, value: str) -> None:
        self.values[key] = value
