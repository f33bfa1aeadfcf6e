"""T2 and the feed: a right that ends, ends now; another right is another term."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from dossier.access.tables import ATTENDING, SELF
from dossier.errors import Busy, Refused, SignInNeeded, Unavailable
from dossier.wire import messages as wire
from dossier.wire.codec import value_hash
from server.services.feed import Feed
from tests.fakes.server_room import (
    NURSE,
    Desktop,
    ServerRoom,
    a_consent,
    an_allergy,
)


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


@pytest.fixture
def org(room: ServerRoom) -> int:
    return room.unit()


@pytest.fixture
def martin(room: ServerRoom, org: int) -> Desktop:
    return room.desktop("martin", org)


@pytest.fixture
def diallo(room: ServerRoom, org: int) -> Desktop:
    return room.desktop("diallo", org)


@pytest.fixture
def anne(room: ServerRoom, org: int, martin: Desktop) -> int:
    owner = room.patient(org)
    room.push(martin, room.create(martin, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    return owner


def heads(room: ServerRoom, desk: Desktop, since: str = "") -> wire.Heads:
    found = room.run(room.feed.heads(desk.session, since))
    assert found is not None
    return found


def of_owner(found: wire.Heads, owner: int) -> dict[str, wire.Head]:
    return {head.facet: head for head in found.heads if head.owner == owner}


def ask(room: ServerRoom, desk: Desktop, *heads: wire.Head, since: str = "") -> list[wire.Page]:
    items = tuple(wire.Want(owner=h.owner, facet=h.facet, term=h.term, since=since) for h in heads)
    return list(room.run(room.feed.changes(desk.session, wire.ChangesRequest(items=items))).pages)


def test_nothing_moved_is_answered_by_nothing(room: ServerRoom, martin: Desktop, anne: int) -> None:
    first = heads(room, martin)
    assert room.run(room.feed.heads(martin.session, first.v)) is None


def test_a_write_moves_exactly_one_head(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    first = heads(room, diallo)
    room.push(martin, room.create(martin, anne, an_allergy("pat-1", "all-2")))
    room.settle()
    second = heads(room, diallo, first.v)
    assert [(head.owner, head.rows) for head in second.heads] == [(anne, 2)]


def test_a_complete_copy_has_the_cursor_of_its_head(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    for head in of_owner(heads(room, martin), anne).values():
        (page,) = ask(room, martin, head)
        assert (page.to, page.more, page.replace) == (head.at, False, True)
        assert ask(room, martin, head, since=page.to)[0].rows == ()


def test_acc_06_hz_25_a_blocked_doctor_is_answered_nothing_from_that_commit_on(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    """Consent or not, a block stops every page; the indexer may be late, this never is."""
    known = of_owner(heads(room, diallo), anne)
    room.run(room.access.block(anne, diallo.account))
    assert {page.kind for page in ask(room, diallo, *known.values())} == {"gone"}
    assert of_owner(heads(room, diallo), anne) == {}
    assert of_owner(heads(room, martin), anne).keys() == known.keys()


def test_a_block_reaches_the_desktop_as_a_recheck(
    room: ServerRoom, diallo: Desktop, anne: int
) -> None:
    first = heads(room, diallo)
    room.run(room.access.block(anne, diallo.account))
    room.settle()
    found = heads(room, diallo, first.v)
    assert found.recheck == (anne,)
    asked = tuple(wire.CompartmentRef(owner=anne, facet=f) for f in of_owner(first, anne))
    terms = room.run(room.feed.terms(diallo.session, wire.TermsRequest(items=asked)))
    assert {head.gone for head in terms.heads} == {True}


def test_blocked_and_unblocked_is_another_term(
    room: ServerRoom, diallo: Desktop, anne: int
) -> None:
    before = of_owner(heads(room, diallo), anne)
    room.run(room.access.block(anne, diallo.account))
    room.run(room.access.unblock(anne, diallo.account))
    room.settle()
    after = of_owner(heads(room, diallo), anne)
    assert before.keys() == after.keys()
    assert all(before[facet].term != after[facet].term for facet in before)
    assert {page.kind for page in ask(room, diallo, *before.values())} == {"gone"}


def test_a_blocked_doctors_pending_note_is_filed_and_not_readable_by_her(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    room.run(room.access.block(anne, diallo.account))
    op = room.create(diallo, anne, an_allergy("pat-1", "all-2"))
    assert room.push(diallo, op)[0].code == "ok"
    room.settle()
    assert "AllergyIntolerance/all-2" in room.pull(martin, anne)
    assert room.pull(diallo, anne) == {}


def test_a_consent_withdrawn_and_given_again_is_another_term(
    room: ServerRoom, org: int, diallo: Desktop, anne: int
) -> None:
    before = of_owner(heads(room, diallo), anne)
    room.run(room.access.unrelate(anne, org, "team"))
    room.settle()
    gone = of_owner(heads(room, diallo), anne)
    identity = [head for head in gone.values() if head.rank == 0]
    assert [len(gone), len(identity)] == [1, 1]
    room.run(room.access.relate(anne, org, "team"))
    room.settle()
    after = of_owner(heads(room, diallo), anne)
    clinical = next(facet for facet, head in before.items() if head.rank == 3)
    assert before[clinical].term != after[clinical].term
    assert ask(room, diallo, before[clinical])[0].kind == "gone"


def test_a_lost_right_leaves_a_gone_mark_for_who_knew_and_none_for_who_starts(
    room: ServerRoom, org: int, diallo: Desktop, anne: int
) -> None:
    first = heads(room, diallo)
    room.run(room.access.unrelate(anne, org, "team"))
    room.settle()
    told = of_owner(heads(room, diallo, first.v), anne)
    assert sorted(head.gone for head in told.values()) == [True]
    assert not any(head.gone for head in heads(room, diallo).heads)


def test_a_consent_with_an_end_ends_by_itself_and_says_when(
    room: ServerRoom, org: int, martin: Desktop, diallo: Desktop
) -> None:
    owner = room.patient(org, "pat-7", consent="")
    body = a_consent("pat-7", "org-1")
    body["provision"]["period"] = {"end": "2026-11-24T08:00:00Z"}
    room.push(martin, room.create(martin, owner, body))
    room.push(martin, room.create(martin, owner, an_allergy("pat-7", "all-7")))
    room.settle()
    known = [h for h in of_owner(heads(room, diallo), owner).values() if h.rank == 3]
    assert [head.until for head in known] == ["2026-11-24T08:00:00.000Z"]
    v = heads(room, diallo).v
    room.clock.go(days=1)
    assert ask(room, diallo, *known)[0].kind == "gone"
    room.settle()
    assert [head.gone for head in of_owner(heads(room, diallo, v), owner).values() if head.gone]


def test_acc_04_a_person_outside_the_team_reads_by_a_consent_in_their_name(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    other = room.unit("org-2", "Centre")
    guest = room.desktop("guest", other)
    colleague = room.desktop("colleague", other)
    body = a_consent("pat-1", "org-2", id="named")
    body["provision"]["actor"] = [
        {"reference": {"reference": f"Practitioner/{guest.practitioner}"}}
    ]
    op = room.create(martin, anne, body, reason="second opinion")
    assert room.push(martin, op)[0].code == "ok"
    room.settle()
    assert "AllergyIntolerance/all-1" in room.pull(guest, anne)
    assert room.pull(colleague, anne) == {}


def test_an_ended_membership_reads_nothing_at_the_next_request_and_may_file_14_days(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    token = room.token(diallo.device, diallo.private, diallo.situation)
    room.run(room.members.end(diallo.account, diallo.situation))
    with pytest.raises(Refused, match="situation_ended"):
        room.run(room.sessions.resolve(token))
    session = room.run(room.sessions.resolve_ended(token))
    op = room.create(diallo, anne, an_allergy("pat-1", "all-2"))
    reply = room.run(room.changes.push(session, wire.OpsRequest(ops=(op,))))
    assert reply.verdicts[0].code == "ok"
    with pytest.raises(Unavailable):
        room.run(room.records.read(session, anne))
    room.clock.go(days=15)
    with pytest.raises(SignInNeeded):
        room.run(room.sessions.resolve_ended(token))
    with pytest.raises(Refused, match="situation_ended"):
        room.token(diallo.device, diallo.private, diallo.situation)


def test_left_and_joined_again_is_another_term(
    room: ServerRoom, org: int, diallo: Desktop, anne: int
) -> None:
    before = of_owner(heads(room, diallo), anne)
    room.run(room.members.end(diallo.account, diallo.situation))
    situation = room.run(room.members.add(diallo.account, org, "10"))
    again = room.enrolled("diallo", diallo.account, situation, "")
    after = of_owner(heads(room, again), anne)
    assert before.keys() == after.keys()
    assert all(before[facet].term != after[facet].term for facet in before)


def test_a_relation_ended_is_told_to_its_account(
    room: ServerRoom, diallo: Desktop, anne: int
) -> None:
    room.run(room.access.relate(anne, diallo.account, ATTENDING))
    room.settle()
    v = heads(room, diallo).v
    room.run(room.access.unrelate(anne, diallo.account, ATTENDING))
    room.settle()
    assert heads(room, diallo, v).recheck == (anne,)


def test_narrowing_acts_are_in_the_key_store_before_they_commit(
    room: ServerRoom, org: int, diallo: Desktop, anne: int
) -> None:
    room.run(room.access.relate(anne, diallo.account, ATTENDING))
    assert room.run(room.keys.narrowed(anne)) == []
    room.run(room.access.block(anne, diallo.account))
    room.run(room.access.unrelate(anne, org, "team"))
    assert len(room.run(room.keys.narrowed(anne))) == 2


def test_hz_25_the_revocation_race_the_write_behind_the_lock_sees_the_right_gone(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    """SCALE rule 7: the session was resolved, the op was built, then the block committed first."""
    change = wire.Op(
        op_id=room.op_id(),
        owner=anne,
        kind="change",
        acting=diallo.situation,
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id="all-1",
        base=wire.Version(0, 1),
        changes=(wire.Change(element="type", base=None, value=None),),
    )
    room.run(room.access.block(anne, diallo.account))
    assert room.push(diallo, change)[0].code == "unavailable"


def test_a_copy_is_written_and_journalled_once_per_term_before_its_first_page(
    room: ServerRoom, diallo: Desktop, anne: int
) -> None:
    def entries() -> int:
        return int(room.run(room.store.maintenance.counts())["journal"])

    before = entries()
    known = of_owner(heads(room, diallo), anne)
    ask(room, diallo, *known.values())
    assert entries() == before + 1
    ask(room, diallo, *known.values())
    assert entries() == before + 1
    rows = room.run(room.store.maintenance.counts())["copy"]
    assert len(room.run(room.copies.held(diallo.session, [anne]))) == rows == len(known)


def test_a_receipt_closes_the_copy_of_its_term_and_no_other(
    room: ServerRoom, diallo: Desktop, anne: int
) -> None:
    known = list(of_owner(heads(room, diallo), anne).values())
    ask(room, diallo, *known)
    room.run(room.access.block(anne, diallo.account))
    ask(room, diallo, *known)

    def receipt(head: wire.Head, term: str) -> wire.Op:
        return wire.Op(
            op_id=room.op_id(),
            owner=anne,
            kind="receipt",
            acting=diallo.situation,
            at="2026-11-23T08:00:00.000Z",
            facet=head.facet,
            term=term,
        )

    wrong, right = receipt(known[0], "other"), receipt(known[0], known[0].term)
    assert [v.code for v in room.push(diallo, wrong, right)] == ["unavailable", "ok"]
    room.settle()
    held = room.run(room.copies.held(diallo.session, [anne]))
    closed = [c for c in held.values() if c.receipt_ms]
    assert [(copy.facet, copy.gone_ms is not None) for copy in closed] == [(known[0].facet, True)]


def test_a_zero_reader_gets_no_tombstone_even_over_several_pages(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    from tests.fakes.server_room import a_document

    for n in range(6):
        room.push(martin, room.create(martin, anne, a_document("pat-1", f"doc-{n}")))
    room.run(
        room.labels.relabel(
            anne, "DocumentReference", "doc-3", frozenset({"INVISIBLE_PATIENT"}), martin.session
        )
    )
    room.settle()
    seen: list[Any] = []
    for head in of_owner(heads(room, martin), anne).values():
        since, more = "", True
        while more:
            want = wire.Want(owner=anne, facet=head.facet, term=head.term, since=since)
            request = wire.ChangesRequest(items=(want,), max_bytes=300)
            (page,) = room.run(room.feed.changes(martin.session, request)).pages
            seen += page.rows
            since, more = page.to, page.more
        assert since == head.at
    assert all(row.body is not None for row in seen)
    assert len({row.id for row in seen}) == len(seen) == 8


def test_a_cursor_beyond_the_head_starts_again_from_zero(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    head = next(h for h in of_owner(heads(room, martin), anne).values() if h.rank == 3)
    from server.services.cursors import Cursor, seal_cursor

    beyond = seal_cursor(room.premises, anne, head.facet, head.term, Cursor(999, 0))
    (page,) = ask(room, martin, head, since=beyond)
    assert (page.since, page.replace, len(page.rows)) == ("", True, 1)


def test_the_digest_of_a_finished_copy_is_the_sum_over_its_rows(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    from dossier.wire.codec import DIGEST_MODULUS, row_digest

    room.push(martin, room.create(martin, anne, an_allergy("pat-1", "all-2")))
    for page in room.pages(martin, anne):
        total = sum(row_digest(r.id, r.version.restore, r.version.k) for r in page.rows)
        assert page.digest == (total % DIGEST_MODULUS).to_bytes(32, "big").hex()


def test_a_nurse_joins_and_reads_without_any_row_of_the_patient_changing(
    room: ServerRoom, org: int, anne: int
) -> None:
    before = room.run(room.store.maintenance.counts())["access_grant"]
    nurse = room.desktop("ines", org, NURSE)
    assert "AllergyIntolerance/all-1" in room.pull(nurse, anne)
    assert room.run(room.store.maintenance.counts())["access_grant"] == before + 1


def test_acc_09_the_patient_withdraws_a_consent_and_the_team_reads_nothing_more(
    room: ServerRoom, martin: Desktop, diallo: Desktop, anne: int
) -> None:
    patient = room.desktop("anne", room.unit("org-2"))
    room.run(room.access.relate(anne, patient.account, SELF))
    withdrawal = wire.Op(
        op_id=room.op_id(),
        owner=anne,
        kind="change",
        acting=patient.situation,
        at="2026-11-23T08:00:00.000Z",
        rtype="Consent",
        id="consent-pat-1-org-1",
        base=wire.Version(0, 1),
        changes=(
            wire.Change(
                element="status", base=value_hash("active"), value=msgspec.Raw(b'"inactive"')
            ),
        ),
    )
    assert (
        room.push(martin, msgspec.structs.replace(withdrawal, acting=martin.situation))[0].code
        == "unavailable"
    )
    withdrawal = msgspec.structs.replace(withdrawal, op_id=room.op_id())
    assert room.push(patient, withdrawal)[0].code == "ok"
    room.settle()
    assert room.pull(diallo, anne).keys() == {"Patient/pat-1"}
    assert len(room.run(room.keys.narrowed(anne))) == 1
    again = msgspec.structs.replace(
        withdrawal,
        op_id=room.op_id(),
        base=wire.Version(0, 2),
        changes=(
            wire.Change(
                element="status", base=value_hash("inactive"), value=msgspec.Raw(b'"active"')
            ),
        ),
    )
    assert room.push(patient, again)[0].issues[0].rule == "consent_is_final"


def test_each_of_two_rights_that_end_is_told_at_its_time(
    room: ServerRoom, org: int, diallo: Desktop
) -> None:
    owner = room.patient(org, "pat-8", consent="")
    other = room.unit("org-2")
    guest = room.desktop("guest", other)
    room.push(diallo, room.create(diallo, owner, an_allergy("pat-8", "all-8")))
    now_ms = room.premises.now_ms
    room.run(room.access.relate(owner, org, "team", until_ms=now_ms + 60_000))
    room.run(room.access.relate(owner, other, "team", until_ms=now_ms + 120_000))
    room.settle()
    first, second = heads(room, diallo).v, heads(room, guest).v
    room.clock.go(seconds=61)
    room.settle()
    assert any(h.gone for h in of_owner(heads(room, diallo, first), owner).values())
    assert room.run(room.feed.heads(guest.session, second)) is None
    room.clock.go(seconds=60)
    room.settle()
    assert any(h.gone for h in of_owner(heads(room, guest, second), owner).values())


@pytest.mark.parametrize(
    ("state", "filed", "read"),
    [("active", "ok", 2), ("open", "ok", 2), ("suspended", "ok", 0), ("closed", "unavailable", 0)],
)
def test_the_state_of_the_space_is_the_first_gate(
    room: ServerRoom, diallo: Desktop, anne: int, state: str, filed: str, read: int
) -> None:
    room.run(room.store.write(anne, lambda tx: tx.owner.update(state=state)))
    assert len(of_owner(heads(room, diallo), anne)) == read
    op = room.create(diallo, anne, an_allergy("pat-1", "all-2"))
    assert room.push(diallo, op)[0].code == filed


class RowsThatMove:
    """A store on which rows leave a facet between the rows and the rights of the first `times` reads."""

    def __init__(self, store: Any, owner: int, times: int) -> None:
        self._store, self._owner, self.times, self.reads = store, owner, times, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def read(self, owner: int, work: Any) -> Any:
        if owner != self._owner:
            return await self._store.read(owner, work)
        self.reads += 1
        return await self._store.read(owner, lambda tx: work(_Moving(tx, self.reads <= self.times)))


class _Moving:
    """`facets_v` is one higher each time it is looked at, while rows move."""

    def __init__(self, tx: Any, moves: bool) -> None:
        self._tx, self._moves, self._looks = tx, moves, 0
        self.owner = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def get(self) -> Any:
        self._looks += self._moves
        row = await self._tx.owner.get()
        return row._replace(facets_v=row.facets_v + self._looks)


@pytest.mark.parametrize(("times", "reads"), [(0, 1), (2, 3)])
def test_a_page_whose_rows_moved_while_it_was_read_is_read_again(
    room: ServerRoom, martin: Desktop, anne: int, times: int, reads: int
) -> None:
    head = next(h for h in of_owner(heads(room, martin), anne).values() if h.rank == 3)
    moving = RowsThatMove(room.store, anne, times)
    room.feed = Feed(replace(room.premises, store=moving), room.copies)
    (page,) = ask(room, martin, head)
    assert ([row.id for row in page.rows], moving.reads) == (["all-1"], reads)


def test_a_page_that_never_settles_is_asked_for_later(
    room: ServerRoom, martin: Desktop, anne: int
) -> None:
    head = next(h for h in of_owner(heads(room, martin), anne).values() if h.rank == 3)
    moving = RowsThatMove(room.store, anne, 99)
    room.feed = Feed(replace(room.premises, store=moving), room.copies)
    with pytest.raises(Busy):
        ask(room, martin, head)
