"""practitioner_app.ports.RecordReader: what the screens read, through `current` only (design law 3).

Each call is one consistent snapshot on the calling thread's read-only connection; what a lost or ended
right hides is hidden here, by the TEMP views, before it is erased.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from dossier.clock import from_ms, from_wire
from dossier.wire.messages import Version
from local_store.connections import Connection
from local_store.lanes import Readers
from local_store.lease import WHOLE
from local_store.patients import find_patients, patient_of
from local_store.rows import indexed
from local_store.search import find_hits
from practitioner_app.ports import (
    Completeness,
    CopyFacts,
    CurrentRow,
    Hit,
    ItemState,
    PatientLine,
)

_CURRENT: Final = "SELECT owner, rtype, id, restore, k, body, shows, state, op_id, at FROM current WHERE owner = ?"
_OF_TYPE: Final = (
    "SELECT owner, rtype, id, restore, k, body, shows, state, op_id, at FROM current "
    "WHERE rtype = ? ORDER BY at, owner, id"
)

_SINCE: Final = (
    "SELECT owner, rtype, id, restore, k, body, shows, state, op_id, at FROM current "
    "WHERE rtype = ? AND at >= ? ORDER BY at, owner, id"
)

_OWNERS: Final = (
    "SELECT owner, kind, rank, min(complete AND at = wanted), sum(rows), sum(CASE "
    "WHEN complete AND at = wanted THEN rows ELSE rows_wanted END), sum(size), sum(CASE "
    "WHEN complete AND at = wanted THEN size ELSE size_wanted END) FROM visible GROUP BY owner, rank"
)
# `+c.own`: no index of the moment over all rows in place of each shelf's own range.
_OWN_OWNERS: Final = (
    "SELECT p.owner, 'patient', 3, 1, count(c.n), count(c.n), coalesce(sum(c.size), 0), "
    "coalesce(sum(c.size), 0) FROM (SELECT DISTINCT owner FROM listed) AS p "
    "LEFT JOIN shelf AS s ON s.owner = p.owner LEFT JOIN confirmed AS c ON c.n >= s.shelf << 24 "
    "AND c.n < (s.shelf + 1) << 24 AND +c.own = 1 GROUP BY p.owner"
)

_BY_TIME: Final = attrgetter("rtype", "at", "id")
_SHOWN: Final = {"sent": ItemState.PENDING, "acked": ItemState.SENT}
"""What left without an answer may never have arrived: it still waits, for who reads the record."""


class LocalRecordReader:
    """Any number of threads may read at once."""

    def __init__(
        self, readers: Readers, disk_bytes: Callable[[], int], least: Callable[[], int]
    ) -> None:
        self._readers = readers
        self._disk_bytes = disk_bytes
        self._least = least

    def patients(self, words: str, limit: int) -> Sequence[PatientLine]:
        """Parts of names without accents, a birth date in any usual form, an INS; best first. A limit
        never cuts between homonyms, so a few more may come.
        """
        with self._readers.reading() as db:
            return find_patients(db, words, limit)

    def patient(self, owner: int) -> PatientLine | None:
        """One patient, with what waits to be sent about the identity."""
        with self._readers.reading() as db:
            line = patient_of(db, owner)
            waiting = db.execute(
                "SELECT shows FROM newest WHERE owner = ? AND rtype = 'Patient' "
                "AND shows IS NOT NULL AND state IN ('pending', 'sent') ORDER BY n DESC LIMIT 1",
                (owner,),
            ).fetchone()
        if waiting is None:
            return line
        row = indexed(waiting[0])
        return PatientLine(
            owner=owner,
            family=row.family,
            given=row.given,
            birth_name=row.birth_name,
            birth_date=row.birth_date,
            sex=row.sex,
            ins=row.ins,
            status=row.status,
            deceased=row.deceased,
        )

    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]:
        """Everything current of one patient, by type then time then id."""
        names = ", ".join("?" * len(rtypes))
        kinds = f" AND rtype IN ({names})" if rtypes else ""
        with self._readers.reading() as db:
            rows = db.execute(
                _CURRENT + kinds,
                (owner, *rtypes),
            ).fetchall()
        found = self._rows(rows)
        found.sort(key=_BY_TIME)
        return found

    def resource(self, owner: int, rtype: str, rid: str) -> CurrentRow | None:
        """One resource as the screens see it."""
        with self._readers.reading() as db:
            row = db.execute(
                _CURRENT + " AND rtype = ? AND id = ?",
                (owner, rtype, rid),
            ).fetchone()
        return None if row is None else self._rows([row])[0]

    def everywhere(self, rtype: str) -> Sequence[CurrentRow]:
        """Every current row of one type, of all patients held, by time."""
        with self._readers.reading() as db:
            return self._rows(db.execute(_OF_TYPE, (rtype,)).fetchall())

    def since(self, rtype: str, day: str) -> Sequence[CurrentRow]:
        """The same, dated on this day or later: bodies of older ones are not unpacked."""
        with self._readers.reading() as db:
            return self._rows(db.execute(_SINCE, (rtype, day)).fetchall())

    def directory(self, references: Sequence[str]) -> Mapping[str, bytes]:
        """Bodies of directory resources by `Type/id`; what is not held is left out."""
        found: dict[str, bytes] = {}
        shelves: dict[str, list[int]] = defaultdict(list)
        unpack = self._readers.packer().unpack
        with self._readers.reading() as db:
            for rtype, shelf in db.execute(
                "SELECT rtype, shelf FROM shelf WHERE owner IN "
                "(SELECT owner FROM visible WHERE kind IN ('directory', 'practice'))"
            ):
                shelves[rtype].append(shelf)
            for reference in dict.fromkeys(references):
                rtype, _, rid = reference.partition("/")
                for shelf in shelves.get(rtype, ()):
                    row = db.execute(
                        "SELECT c.body FROM confirmed AS c JOIN visible AS v ON v.n = c.compartment "
                        "WHERE c.shelf = ? AND c.id = ?",
                        (shelf, rid),
                    ).fetchone()
                    if row is not None:
                        found[reference] = unpack(row[0])
                        break
        return found

    def completeness(self, owner: int) -> Completeness:
        """Complete iff every readable compartment of the patient is, at the last position known; never in
        continuity mode, where only what the practice wrote counts.
        """
        with self._readers.reading() as db:
            if self._least() != WHOLE:
                return _narrowed(db, owner)
            count, complete, rows, wanted, copied = db.execute(
                "SELECT count(*), min(complete AND at = wanted), sum(rows), sum(CASE "
                "WHEN complete AND at = wanted THEN rows ELSE rows_wanted END), min(copied_ms) "
                "FROM visible WHERE owner = ?",
                (owner,),
            ).fetchone()
            contact = _instant(db, "last_contact")
        if not count:
            return Completeness(
                complete=False, rows=0, rows_wanted=0, copied_at=None, readable=False
            )
        copied_at = None if copied is None else from_ms(copied)
        if complete and contact is not None and (copied_at is None or contact > copied_at):
            copied_at = contact
        return Completeness(bool(complete), rows, wanted, copied_at, readable=True)

    def search(
        self, words: str, owner: int | None, limit: int, excerpts: int | None = None
    ) -> Sequence[Hit]:
        """Words in the records held, and in what waits to be sent."""
        with self._readers.reading() as db:
            return find_hits(db, words, owner, limit, excerpts)

    def copy_facts(self) -> CopyFacts:
        """The state of the whole copy; in continuity mode, of what is shown of it."""
        with self._readers.reading() as db:
            narrowed = self._least() != WHOLE
            owners = db.execute(_OWN_OWNERS if narrowed else _OWNERS).fetchall()
            states = dict(
                db.execute(
                    "SELECT CASE state WHEN 'sent' THEN 'pending' ELSE state END, count(*) "
                    "FROM work.op WHERE kind IN ('create', 'change') GROUP BY 1"
                ).fetchall()
            )
            contact, lease = _instant(db, "last_contact"), _instant(db, "lease_until")
            member = db.execute("SELECT value FROM work.fact WHERE name = 'member_ms'").fetchone()
            purging = db.execute("SELECT 1 FROM compartment WHERE purging IS NOT NULL").fetchone()
        ranks: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        patients: dict[int, bool] = {}
        for owner, kind, rank, complete, rows, wanted, *_ in owners:
            is_patient = kind == "patient"
            if is_patient:
                patients[owner] = bool(complete) and patients.get(owner, True)
            for place, value in enumerate((complete and is_patient, is_patient, rows, wanted)):
                ranks[rank][place] += int(value)
        return CopyFacts(
            patients=len(patients),
            patients_complete=sum(patients.values()),
            rows=sum(row[4] for row in owners),
            rows_wanted=sum(row[5] for row in owners),
            size=sum(row[6] for row in owners),
            size_wanted=sum(row[7] for row in owners),
            last_contact=contact,
            lease_until=lease,
            pending=states.get("pending", 0),
            refused=states.get("refused", 0),
            conflicts=states.get("conflict", 0),
            disk_bytes=self._disk_bytes(),
            by_rank=tuple(
                (rank, done, of, rows, wanted)
                for rank, (done, of, rows, wanted) in sorted(ranks.items())
            ),
            member_until=None if member is None else from_ms(int(member[0])),
            purging=purging is not None,
        )

    def _rows(self, rows: Iterable[Sequence[Any]]) -> list[CurrentRow]:
        """Bodies unpacked; a record has thousands, nearly all of them confirmed."""
        unpack, confirmed = self._readers.packer().unpack, ItemState.CONFIRMED
        return [
            CurrentRow(
                owner,
                rtype,
                rid,
                Version(restore, k),
                unpack(frame) if shows is None else shows,
                confirmed if state == "confirmed" else _SHOWN.get(state) or ItemState(state),
                op_id,
                at,
            )
            for owner, rtype, rid, restore, k, frame, shows, state, op_id, at in rows
        ]


def _narrowed(db: Connection, owner: int) -> Completeness:
    (count,) = db.execute("SELECT count(*) FROM current WHERE owner = ?", (owner,)).fetchone()
    (copied,) = db.execute(
        "SELECT min(copied_ms) FROM visible WHERE owner = ?", (owner,)
    ).fetchone()
    return Completeness(
        complete=False,
        rows=count,
        rows_wanted=count,
        copied_at=None if copied is None else from_ms(copied),
        readable=count > 0,
        narrowed=True,
    )


def _instant(db: Connection, name: str) -> datetime | None:
    row = db.execute("SELECT value FROM work.fact WHERE name = ?", (name,)).fetchone()
    return None if row is None else from_wire(row[0])
