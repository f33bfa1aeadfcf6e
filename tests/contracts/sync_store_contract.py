"""What every store of the desktop does: the fake in memory and the sealed one run this suite.

A subclass gives the fixture `desk`. Times are on a manual clock; a crash is a `Crash` raised by the
store's failpoint, after which only `reopen` is called.
"""

from typing import Protocol

import msgspec
import pytest

from dossier.clock import to_wire
from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import NEVER, Head, Heads, Op, Page, Row, Verdict, Version
from practitioner_app.ports import CurrentRow, ItemState, Outbox
from sync.ports import Held, SyncStore
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import Crash

PATIENT, OTHER = 4_000_000_001, 4_000_000_002
F1, F2 = "facet-one", "facet-two"
T1, T2 = "term-1", "term-2"


class RowReader(Protocol):
    """The part of RecordReader that shows what a store holds."""

    def rows(self, owner: int, rtypes: tuple[str, ...] = ()) -> list[CurrentRow]: ...
    def resource(self, owner: int, rtype: str, rid: str) -> CurrentRow | None: ...


class Desk(Protocol):
    """One store under test. `steps` counts its durable steps since the last `die_at` or `reopen`."""

    clock: ManualClock

    @property
    def store(self) -> SyncStore: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def reader(self) -> RowReader: ...
    @property
    def steps(self) -> int: ...
    def die_at(self, step: int | None) -> None: ...
    def reopen(self) -> None: ...
    def lose_cache(self) -> None:
        """The disposable file is gone; the precious one is not. Leaves the store open."""
        ...


def body(rid: str, word: str = "penicilline", rtype: str = "AllergyIntolerance") -> bytes:
    return msgspec.json.encode(
        {
            "resourceType": rtype,
            "id": rid,
            "recordedDate": "2026-11-23T08:00:00Z",
            "code": {"text": word},
        }
    )


def row(rid: str, k: int = 1, *, word: str = "penicilline", restore: int = 0) -> Row:
    return Row("AllergyIntolerance", rid, Version(restore, k), PATIENT, None, body(rid, word))


def tombstone(rid: str, k: int) -> Row:
    return Row("AllergyIntolerance", rid, Version(0, k))


def digest(*rows: Row) -> str:
    total = sum(row_digest(r.id, r.version.restore, r.version.k) for r in rows)
    return f"{total % DIGEST_MODULUS:064x}"


def head(
    facet: str = F1,
    *,
    owner: int = PATIENT,
    term: str = T1,
    at: str = "at-1",
    rank: int = 3,
    rows: int = 1,
    until: str | None = None,
) -> Head:
    return Head(
        owner=owner, facet=facet, kind="patient", term=term, at=at, rows=rows, size=200,
        rank=rank, until=until,
    )  # fmt: skip


def gone(facet: str = F1) -> Head:
    return Head(owner=PATIENT, facet=facet, kind="patient", gone=True)


def heads(*told: Head, v: str = "v1", restore: int = 0) -> Heads:
    return Heads(restore=restore, v=v, heads=told)


def page(
    *rows: Row,
    facet: str = F1,
    term: str = T1,
    since: str = "",
    to: str = "at-1",
    more: bool = False,
    replace: bool | None = None,
    total: str | None = None,
) -> Page:
    """`total` is the digest of the whole compartment; of these rows when not given."""
    said = "" if more else digest(*(r for r in rows if r.body is not None))
    return Page(
        owner=PATIENT, facet=facet, kind="page", term=term, since=since, to=to, more=more,
        replace=since == "" if replace is None else replace, rows=rows,
        digest=said if total is None else total,
    )  # fmt: skip


def gone_page(facet: str = F1) -> Page:
    return Page(owner=PATIENT, facet=facet, kind="gone")


def create(n: int, *, rid: str = "", depends_on: str | None = None, word: str = "iode") -> Op:
    rid = rid or f"new-{n}"
    return Op(
        op_id=f"0193f0a0-0000-7000-8000-{n:012d}",
        owner=PATIENT,
        kind="create",
        acting="s-1",
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id=rid,
        base=NEVER,
        body=msgspec.Raw(body(rid, word)),
        depends_on=depends_on,
    )


class SyncStoreContract:
    """The laws of DATA-MODEL §5 and of the port, as a store keeps them."""

    # --- helpers of the suite ---------------------------------------------------------------------------

    @staticmethod
    def held(desk: Desk, facet: str = F1) -> Held:
        found = desk.store.held_one(PATIENT, facet)
        assert found is not None
        return found

    def take(self, desk: Desk, told: Page) -> None:
        applied = desk.store.apply_page(told, self.held(desk, told.facet).generation)
        assert not applied.stale
        assert applied.digest_ok

    def copy(self, desk: Desk, *rows: Row, facet: str = F1, v: str = "v1") -> None:
        """A complete copy of one compartment."""
        desk.store.apply_heads(heads(head(facet, rows=len(rows)), v=v))
        self.take(desk, page(*rows, facet=facet))

    @staticmethod
    def shown(desk: Desk) -> dict[str, tuple[int, str]]:
        """id -> (k, state) of the patient's rows."""
        return {r.id: (r.version.k, r.state.value) for r in desk.reader.rows(PATIENT)}

    def put(self, desk: Desk, op: Op) -> None:
        desk.outbox.put(op, shows=bytes(op.body or b""))

    # --- heads and terms ----------------------------------------------------------------------------------

    def test_a_new_store_holds_nothing(self, desk: Desk) -> None:
        store = desk.store
        assert (store.restore(), store.heads_v(), list(store.held())) == (0, "", [])
        assert list(store.next_ops(10, 10_000)) == []
        assert store.held_one(PATIENT, F1) is None

    def test_heads_record_what_is_wanted_in_order_of_rank_then_owner(self, desk: Desk) -> None:
        desk.store.apply_heads(
            heads(
                head(F1, owner=OTHER, rank=3, at="a"),
                head(F1, rank=3, at="b", rows=7),
                head(F2, owner=OTHER, rank=0, at="c"),
            )
        )
        held = desk.store.held()
        assert [(h.owner, h.facet, h.rank, h.wanted) for h in held] == [
            (OTHER, F2, 0, "c"),
            (PATIENT, F1, 3, "b"),
            (OTHER, F1, 3, "a"),
        ]
        assert held[1][:5] == (PATIENT, F1, "patient", T1, "")
        assert (held[1].complete, held[1].rows, held[1].rows_wanted) == (False, 0, 7)
        assert desk.store.heads_v() == "v1"

    def test_heads_again_change_nothing_but_what_is_wanted(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        before = self.held(desk)
        desk.store.apply_heads(heads(head(at="at-9", rows=4), v="v2"))
        after = self.held(desk)
        assert after == before._replace(wanted="at-9", rows_wanted=4)
        assert self.shown(desk) == {"a": (1, "confirmed")}

    def test_a_gone_head_hides_erases_and_owes_one_receipt(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        desk.store.apply_heads(heads(gone(), v="v2"))
        assert self.shown(desk) == {}
        assert desk.store.held_one(PATIENT, F1) is None
        owed = desk.store.receipts_owed(10)
        assert [(r.owner, r.facet, r.term) for r in owed] == [(PATIENT, F1, T1)]
        assert owed[0].at == to_wire(desk.clock.now())

    def test_another_term_erases_the_copy_and_starts_from_zero(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        before = self.held(desk)
        desk.store.apply_heads(heads(head(term=T2, at="at-2"), v="v2"))
        after = self.held(desk)
        assert (after.term, after.at, after.complete, after.rows) == (T2, "", False, 0)
        assert after.generation > before.generation
        assert self.shown(desk) == {}
        assert [r.term for r in desk.store.receipts_owed(10)] == [T1]

    def test_a_right_lost_and_given_again_never_reuses_a_generation(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        first = self.held(desk).generation
        desk.store.apply_heads(heads(gone(), v="v2"))
        desk.store.apply_heads(heads(head(term=T2, at="at-2"), v="v3"))
        assert self.held(desk).generation > first

    def test_terms_erase_what_is_not_readable_any_more(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        self.copy(desk, row("b"), facet=F2, v="v2")
        desk.store.apply_terms([(PATIENT, F1), (PATIENT, F2)], [gone(F1), head(F2)])
        assert self.shown(desk) == {"b": (1, "confirmed")}
        assert [r.facet for r in desk.store.receipts_owed(10)] == [F1]

    def test_terms_erase_what_the_answer_leaves_out(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        desk.store.apply_terms([(PATIENT, F1)], [])
        assert self.shown(desk) == {}

    def test_terms_may_tell_of_a_compartment_that_was_lost(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        desk.store.apply_heads(heads(gone(), v="v2"))
        desk.store.apply_terms([(PATIENT, F1)], [head(term=T2, at="at-5")])
        assert (self.held(desk).term, self.held(desk).wanted) == (T2, "at-5")

    def test_a_right_that_ends_hides_by_itself_at_that_instant(self, desk: Desk) -> None:
        until = to_wire(desk.clock.now()).replace("T08:", "T09:")
        desk.store.apply_heads(heads(head(until=until)))
        self.take(desk, page(row("a")))
        assert self.shown(desk) == {"a": (1, "confirmed")}
        desk.clock.advance(3601)
        assert self.shown(desk) == {}

    # --- pages --------------------------------------------------------------------------------------------

    def test_rows_and_cursor_move_together(self, desk: Desk) -> None:
        desk.store.apply_heads(heads(head(rows=2)))
        applied = desk.store.apply_page(page(row("a"), to="at-0", more=True), 0)
        assert (applied.stale, applied.rows, applied.digest_ok) == (False, 1, True)
        assert applied.touched == {PATIENT: frozenset({"AllergyIntolerance"})}
        middle = self.held(desk)
        assert (middle.at, middle.complete, middle.rows) == ("at-0", False, 1)
        self.take(desk, page(row("b"), since="at-0", total=digest(row("a"), row("b"))))
        assert self.held(desk)[4:6] == ("at-1", "at-1")
        assert self.held(desk).complete
        assert self.shown(desk) == {"a": (1, "confirmed"), "b": (1, "confirmed")}

    def test_a_page_applied_twice_changes_nothing_and_says_so(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        again = desk.store.apply_page(page(row("a", 9)), self.held(desk).generation)
        assert again.stale
        assert self.shown(desk) == {"a": (1, "confirmed")}

    @pytest.mark.parametrize(
        "told",
        [
            page(row("x"), since="elsewhere", to="at-2"),
            page(row("x"), since="at-1", to="at-2", term=T2),
        ],
        ids=["another cursor", "another term"],
    )
    def test_a_page_that_does_not_continue_the_copy_is_dropped(
        self, desk: Desk, told: Page
    ) -> None:
        self.copy(desk, row("a"))
        before = self.held(desk)
        assert desk.store.apply_page(told, before.generation).stale
        assert self.held(desk) == before
        assert self.shown(desk) == {"a": (1, "confirmed")}

    def test_a_page_of_an_older_generation_is_dropped(self, desk: Desk) -> None:
        desk.store.apply_heads(heads(head()))
        asked = self.held(desk).generation
        desk.store.apply_heads(heads(gone(), v="v2"))
        desk.store.apply_heads(heads(head(), v="v3"))
        assert desk.store.apply_page(page(row("a")), asked).stale
        assert self.shown(desk) == {}

    def test_a_page_of_an_unknown_compartment_is_dropped(self, desk: Desk) -> None:
        assert desk.store.apply_page(page(row("a")), 0).stale
        assert self.shown(desk) == {}

    def test_a_gone_page_erases(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        applied = desk.store.apply_page(gone_page(), self.held(desk).generation)
        assert not applied.stale
        assert self.shown(desk) == {}
        assert len(desk.store.receipts_owed(10)) == 1

    def test_a_late_gone_page_does_not_erase_the_new_copy(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        asked = self.held(desk).generation
        desk.store.apply_heads(heads(head(term=T2, at="at-2"), v="v2"))
        self.take(desk, page(row("a"), term=T2, to="at-2"))
        assert desk.store.apply_page(gone_page(), asked).stale
        assert self.shown(desk) == {"a": (1, "confirmed")}

    def test_a_complete_page_is_what_was_wanted_even_if_the_server_moved_on(
        self, desk: Desk
    ) -> None:
        desk.store.apply_heads(heads(head(at="at-1")))
        self.take(desk, page(row("a", 2), to="at-2"))
        held = self.held(desk)
        assert (held.at, held.wanted, held.complete) == ("at-2", "at-2", True)

    def test_a_wrong_digest_is_told_and_the_copy_is_not_complete(self, desk: Desk) -> None:
        desk.store.apply_heads(heads(head()))
        applied = desk.store.apply_page(page(row("a"), total=digest(row("a", 2))), 0)
        assert not applied.digest_ok
        assert not self.held(desk).complete

    def test_the_digest_is_computed_from_the_rows(self, desk: Desk) -> None:
        rows = (row("a"), row("b", 3), row("c", 2, restore=1))
        self.copy(desk, *rows)
        assert desk.store.digest(PATIENT, F1) == digest(*rows)

    def test_a_tombstone_drops_a_row_at_or_below_its_version(self, desk: Desk) -> None:
        self.copy(desk, row("a", 2), row("b", 5))
        told = page(
            tombstone("a", 2), tombstone("b", 4), tombstone("c", 1),
            since="at-1", to="at-2", total=digest(row("b", 5)),
        )  # fmt: skip
        self.take(desk, told)
        assert self.shown(desk) == {"b": (5, "confirmed")}

    @pytest.mark.parametrize("put_first", [True, False])
    def test_a_row_that_moved_is_held_once_whichever_side_arrives_first(
        self, desk: Desk, *, put_first: bool
    ) -> None:
        self.copy(desk, row("a", 1))
        desk.store.apply_heads(heads(head(F2), v="v2"))
        puts = page(row("a", 2), facet=F2)
        drops = page(tombstone("a", 2), since="at-1", to="at-2", total=digest())
        for told in (puts, drops) if put_first else (drops, puts):
            self.take(desk, told)
        assert self.shown(desk) == {"a": (2, "confirmed")}
        assert desk.store.digest(PATIENT, F1) == digest()
        assert desk.store.digest(PATIENT, F2) == digest(row("a", 2))

    def test_the_highest_version_wins_whichever_compartment_arrives_first(self, desk: Desk) -> None:
        self.copy(desk, row("a", 3, word="latex"))
        self.copy(desk, row("a", 2, word="iode"), facet=F2, v="v2")
        found = desk.reader.resource(PATIENT, "AllergyIntolerance", "a")
        assert found is not None
        assert (found.version, b"latex" in found.body) == (Version(0, 3), True)

    def test_an_older_version_does_not_come_back_when_the_newer_one_is_lost(
        self, desk: Desk
    ) -> None:
        self.copy(desk, row("a", 1))
        self.copy(desk, row("a", 2), facet=F2, v="v2")
        desk.store.apply_heads(heads(gone(F2), v="v3"))
        assert self.shown(desk) == {}
        told = page(tombstone("a", 2), since="at-1", to="at-2", total=digest())
        self.take(desk, told)
        assert self.held(desk).complete

    def test_a_later_restore_wins_over_every_number_of_before(self, desk: Desk) -> None:
        self.copy(desk, row("a", 900))
        self.take(
            desk,
            page(
                row("a", 1, restore=1),
                since="at-1",
                to="at-2",
                total=digest(row("a", 1, restore=1)),
            ),
        )
        found = desk.reader.resource(PATIENT, "AllergyIntolerance", "a")
        assert found is not None
        assert found.version == Version(1, 1)

    def test_taking_again_from_zero_drops_what_is_not_named_but_only_at_the_end(
        self, desk: Desk
    ) -> None:
        self.copy(desk, row("a"), row("b"), row("c"))
        desk.store.forget(PATIENT, F1)
        assert (self.held(desk).at, self.held(desk).complete) == ("", False)
        assert set(self.shown(desk)) == {"a", "b", "c"}
        self.take(desk, page(row("a"), to="half", more=True))
        assert set(self.shown(desk)) == {"a", "b", "c"}
        self.take(
            desk, page(row("d"), since="half", replace=False, total=digest(row("a"), row("d")))
        )
        assert set(self.shown(desk)) == {"a", "d"}
        assert self.held(desk).complete

    def test_taking_again_survives_a_restart_half_way(self, desk: Desk) -> None:
        self.copy(desk, row("a"), row("b"))
        desk.store.forget(PATIENT, F1)
        self.take(desk, page(row("a"), to="half", more=True))
        desk.reopen()
        self.take(desk, page(since="half", replace=False, total=digest(row("a"))))
        assert set(self.shown(desk)) == {"a"}

    # --- ops ----------------------------------------------------------------------------------------------

    def test_ops_leave_oldest_first_and_count_as_sent(self, desk: Desk) -> None:
        ops = [create(n) for n in (1, 2, 3)]
        for op in ops:
            self.put(desk, op)
        assert {s for _, s in self.shown(desk).values()} == {"pending"}
        assert [o.op_id for o in desk.store.next_ops(2, 100_000)] == [o.op_id for o in ops[:2]]
        states = [p.state for p in desk.outbox.pending()]
        assert states == [ItemState.SENT, ItemState.SENT, ItemState.PENDING]
        assert [o.op_id for o in desk.store.next_ops(9, 100_000)] == [o.op_id for o in ops]

    def test_an_op_that_left_without_an_answer_is_shown_as_waiting(self, desk: Desk) -> None:
        self.put(desk, create(1))
        desk.store.next_ops(1, 100_000)
        assert {state for _, state in self.shown(desk).values()} == {"pending"}

    def test_an_op_is_sent_as_it_was_put(self, desk: Desk) -> None:
        op = create(1)
        self.put(desk, op)
        sent = desk.store.next_ops(1, 100_000)[0]
        assert msgspec.json.encode(sent) == msgspec.json.encode(op)

    def test_a_batch_is_bounded_in_bytes_but_never_empty(self, desk: Desk) -> None:
        for n in (1, 2, 3):
            self.put(desk, create(n))
        size = len(msgspec.json.encode(create(1)))
        assert len(desk.store.next_ops(10, size * 2 + 10)) == 2
        assert len(desk.store.next_ops(10, 1)) == 1

    def test_an_op_may_be_withdrawn_only_before_it_left(self, desk: Desk) -> None:
        self.put(desk, create(1))
        self.put(desk, create(2))
        assert desk.outbox.withdraw(create(2).op_id)
        desk.store.next_ops(5, 100_000)
        assert not desk.outbox.withdraw(create(1).op_id)
        assert set(self.shown(desk)) == {"new-1"}

    def test_an_op_waits_for_what_it_depends_on_unless_it_goes_along(self, desk: Desk) -> None:
        first, second = create(1), create(2, depends_on=create(1).op_id)
        self.put(desk, first)
        self.put(desk, second)
        assert [o.op_id for o in desk.store.next_ops(1, 100_000)] == [first.op_id]
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [first.op_id, second.op_id]

    def test_an_op_never_leaves_without_a_dependency_that_is_only_sent(self, desk: Desk) -> None:
        first, second = create(1, rid="a" * 400), create(2, depends_on=create(1).op_id)
        for op in (first, create(3), second):
            self.put(desk, op)
        assert [o.op_id for o in desk.store.next_ops(1, 100_000)] == [first.op_id]
        assert [o.op_id for o in desk.store.next_ops(9, 1)] == [first.op_id]
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="rejected", reason="rule")])
        assert [o.op_id for o in desk.store.next_ops(9, 100_000)] == [create(3).op_id]
        assert list(desk.store.unacknowledged(5)) == [(PATIENT, first.op_id)]

    def test_what_left_with_a_refused_op_is_asked_before_the_refusal_may_be_forgotten(
        self, desk: Desk
    ) -> None:
        first, second = create(1), create(2, depends_on=create(1).op_id)
        self.put(desk, first)
        self.put(desk, second)
        desk.store.next_ops(5, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="rejected", reason="rule")])
        assert list(desk.store.unacknowledged(5)) == []
        desk.outbox.discard_refused(first.op_id)
        desk.reopen()
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [second.op_id]
        no = Verdict(op_id=second.op_id, code="rejected", reason="dependency_refused")
        desk.store.apply_verdicts([no])
        told = [(PATIENT, first.op_id), (PATIENT, second.op_id)]
        assert list(desk.store.unacknowledged(5)) == told

    def test_after_a_restore_nothing_counts_as_sent(self, desk: Desk) -> None:
        first, second = create(1), create(2, depends_on=create(1).op_id)
        self.put(desk, first)
        self.put(desk, second)
        desk.store.next_ops(5, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="rejected", reason="rule")])
        desk.store.begin_restore(1)
        assert list(desk.store.next_ops(5, 100_000)) == []

    def test_an_op_waits_for_another_owners_until_that_one_is_accepted(self, desk: Desk) -> None:
        first = create(1)
        second = msgspec.structs.replace(create(2, depends_on=first.op_id), owner=OTHER)
        third = msgspec.structs.replace(create(3, depends_on=second.op_id), owner=OTHER)
        for op in (first, second, third):
            self.put(desk, op)
        self.put(desk, second)
        for _ in range(2):
            sent = desk.store.next_ops(5, 100_000)
            assert [o.op_id for o in sent] == [first.op_id], "never along with it"
            desk.reopen()
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="ok", version=Version(0, 1))])
        for _ in range(2):
            sent = desk.store.next_ops(5, 100_000)
            told = [(o.op_id, o.depends_on) for o in sent]
            assert told == [(second.op_id, None), (third.op_id, second.op_id)]
            desk.reopen()

    def test_what_rests_on_an_op_that_was_given_up_is_listed_and_not_sent(self, desk: Desk) -> None:
        first = create(1)
        here = create(2, depends_on=first.op_id)
        there = msgspec.structs.replace(create(3, depends_on=first.op_id), owner=OTHER)
        last = create(4, depends_on=here.op_id)
        for op in (first, here, there, last):
            self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="rejected", reason="rule")])
        assert list(desk.store.next_ops(5, 100_000)) == []
        desk.outbox.discard_refused(first.op_id)
        desk.reopen()
        assert list(desk.store.next_ops(5, 100_000)) == []
        refused = [i for i in desk.outbox.pending() if i.state is ItemState.REFUSED]
        assert [(i.op_id, i.reason) for i in refused] == [
            (here.op_id, "dependency_refused"),
            (there.op_id, "dependency_refused"),
        ]
        assert list(desk.store.unacknowledged(5)) == [(PATIENT, first.op_id)]
        desk.outbox.discard_refused(here.op_id)
        assert [i.op_id for i in desk.outbox.pending() if i.reason] == [there.op_id, last.op_id]

    def test_an_acknowledged_op_is_shown_as_recorded_until_the_feed_shows_it(
        self, desk: Desk
    ) -> None:
        self.copy(desk, row("a"))
        op = create(1, rid="b")
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
        assert list(desk.store.next_ops(5, 100_000)) == []
        assert self.shown(desk)["b"][1] == "sent"
        self.take(desk, page(row("b"), since="at-1", to="at-2", total=digest(row("a"), row("b"))))
        assert self.shown(desk)["b"] == (1, "confirmed")

    def test_a_row_deleted_after_it_was_acknowledged_does_not_come_back(self, desk: Desk) -> None:
        self.copy(desk)
        op = create(1, rid="b")
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
        self.take(desk, page(row("b"), since="at-1", to="at-2"))
        self.take(desk, page(tombstone("b", 2), since="at-2", to="at-3", total=digest()))
        assert self.shown(desk) == {}

    def test_a_verdict_is_told_once_durable_and_forgotten_once_acknowledged(
        self, desk: Desk
    ) -> None:
        op = create(1)
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        assert list(desk.store.unacknowledged(5)) == []
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
        assert list(desk.store.unacknowledged(5)) == [(PATIENT, op.op_id)]
        desk.reopen()
        assert list(desk.store.unacknowledged(5)) == [(PATIENT, op.op_id)]
        desk.store.acknowledged([(PATIENT, op.op_id)])
        assert list(desk.store.unacknowledged(5)) == []

    def test_the_same_verdict_again_changes_nothing(self, desk: Desk) -> None:
        op = create(1)
        verdict = Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([verdict])
        desk.store.acknowledged([(PATIENT, op.op_id)])
        desk.store.apply_verdicts([verdict])
        assert list(desk.store.unacknowledged(5)) == []
        assert list(desk.store.next_ops(5, 100_000)) == []

    def test_later_keeps_the_op_where_it_is(self, desk: Desk) -> None:
        op = create(1)
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code="later")])
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [op.op_id]
        assert list(desk.store.unacknowledged(5)) == []

    @pytest.mark.parametrize("code", ["rejected", "unavailable"])
    def test_hz_21_a_refused_op_stays_in_the_tray_until_a_person_discards_it(
        self, desk: Desk, code: str
    ) -> None:
        op = create(1)
        self.put(desk, op)
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code=code, reason="why")])  # type: ignore[arg-type]
        desk.reopen()
        tray = desk.outbox.pending()
        assert [(p.op_id, p.state, p.reason) for p in tray] == [
            (op.op_id, ItemState.REFUSED, "why")
        ]
        assert list(desk.store.next_ops(5, 100_000)) == []
        desk.outbox.discard_refused(op.op_id)
        assert list(desk.outbox.pending()) == []

    def test_a_conflict_keeps_both_versions_until_a_person_settles_it(self, desk: Desk) -> None:
        self.copy(desk, row("a", 2, word="theirs"))
        op = Op(
            op_id=create(1).op_id, owner=PATIENT, kind="change", acting="s-1", at="2026-11-23",
            rtype="AllergyIntolerance", id="a", base=Version(0, 1),
        )  # fmt: skip
        desk.outbox.put(op, shows=body("a", "mine"), saw=body("a", "seen"))
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts(
            [Verdict(op_id=op.op_id, code="conflict", version=Version(0, 2), elements=("code",))]
        )
        cases = desk.outbox.conflicts()
        assert [(c.op_id, c.elements) for c in cases] == [(op.op_id, ("code",))]
        assert b"mine" in cases[0].mine
        assert b"theirs" in cases[0].theirs
        assert b"seen" in cases[0].base
        desk.outbox.settle(op.op_id)
        assert list(desk.outbox.conflicts()) == []

    def test_a_receipt_keeps_its_op_id_until_its_verdict(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        desk.store.apply_heads(heads(gone(), v="v2"))
        first = desk.store.receipts_owed(5)[0]
        desk.reopen()
        assert list(desk.store.receipts_owed(5)) == [first]
        desk.store.apply_verdicts([Verdict(op_id=first.op_id, code="ok")])
        assert list(desk.store.receipts_owed(5)) == []
        assert list(desk.store.unacknowledged(5)) == [(PATIENT, first.op_id)]
        desk.store.acknowledged([(PATIENT, first.op_id)])
        assert list(desk.store.unacknowledged(5)) == []

    # --- restore, crash, loss -----------------------------------------------------------------------------

    def test_a_restore_drops_the_copy_and_queues_own_acknowledged_ops_again(
        self, desk: Desk
    ) -> None:
        self.copy(desk, row("a"))
        before = self.held(desk).generation
        ops = [create(1), create(2), create(3)]
        for op in ops:
            self.put(desk, op)
        desk.store.next_ops(5, 100_000)
        ok = [Verdict(op_id=o.op_id, code="ok", version=Version(0, 1)) for o in ops[:2]]
        desk.store.apply_verdicts([*ok, Verdict(op_id=ops[2].op_id, code="rejected")])
        desk.store.acknowledged([(PATIENT, ops[0].op_id)])
        desk.store.begin_restore(1)
        assert (desk.store.restore(), desk.store.heads_v()) == (1, "")
        assert list(desk.store.held()) == []
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [o.op_id for o in ops[:2]]
        assert [p.state for p in desk.outbox.pending() if p.op_id == ops[2].op_id] == [
            ItemState.REFUSED
        ]
        desk.store.apply_heads(heads(head(), restore=1))
        assert self.held(desk).generation > before

    @pytest.mark.parametrize("by_terms", [False, True])
    def test_a_copy_readable_again_under_its_very_term_is_owed_no_receipt(
        self, desk: Desk, *, by_terms: bool
    ) -> None:
        self.copy(desk, row("a"))
        self.copy(desk, row("b"), facet=F2, v="v2")
        desk.store.apply_heads(heads(gone(F1), gone(F2), v="v3"))
        of_before = {r.facet: r.op_id for r in desk.store.receipts_owed(5)}
        desk.store.begin_restore(1)
        if by_terms:
            desk.store.apply_terms([(PATIENT, F1)], [head(F1)])
        else:
            desk.store.apply_heads(heads(head(F1), head(F2, term=T2), restore=1))
        assert [r.op_id for r in desk.store.receipts_owed(5)] == [of_before[F2]]
        self.take(desk, page(row("a")))
        desk.store.apply_heads(heads(gone(F1), v="v4", restore=1))
        owed = {r.facet: (r.term, r.op_id) for r in desk.store.receipts_owed(5)}
        assert owed[F1][0] == T1
        assert owed[F1][1] != of_before[F1]

    def test_a_crash_while_a_copy_becomes_readable_again_leaves_no_receipt_for_what_is_held(
        self, open_desk: "OpenDesk"
    ) -> None:
        def lost_before_a_restore() -> Desk:
            desk = open_desk()
            self.copy(desk, row("a"))
            desk.store.apply_heads(heads(gone(), v="v2"))
            desk.store.begin_restore(1)
            desk.die_at(None)
            return desk

        again = heads(head(), v="v3", restore=1)
        whole = lost_before_a_restore()
        whole.store.apply_heads(again)
        assert whole.steps >= 2
        for step in range(1, whole.steps + 1):
            desk = lost_before_a_restore()
            desk.die_at(step)
            with pytest.raises(Crash):
                desk.store.apply_heads(again)
            desk.die_at(None)
            desk.reopen()
            if desk.store.held():
                assert list(desk.store.receipts_owed(5)) == [], f"crash at step {step}"
            desk.store.apply_heads(again)
            assert self.held(desk).term == T1
            assert list(desk.store.receipts_owed(5)) == [], f"crash at step {step}"

    def test_what_a_person_did_survives_the_loss_of_the_cache(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        self.put(desk, create(1))
        desk.lose_cache()
        assert desk.store.heads_v() == ""
        assert list(desk.store.held()) == []
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [create(1).op_id]

    @pytest.mark.parametrize("restored_first", [True, False])
    @pytest.mark.parametrize("term", [T1, T2])
    def test_a_lost_cache_and_a_restore_leave_no_receipt_that_erases_the_next_copy(
        self, desk: Desk, *, restored_first: bool, term: str
    ) -> None:
        self.copy(desk, row("a"))
        self.copy(desk, row("b"), facet=F2, v="v2")
        erased = self.held(desk).generation
        desk.store.apply_heads(heads(gone(F1), v="v3"))
        self.put(desk, create(1))
        desk.store.next_ops(5, 100_000)
        desk.store.apply_verdicts(
            [Verdict(op_id=create(1).op_id, code="ok", version=Version(0, 1))]
        )
        desk.store.acknowledged([(PATIENT, create(1).op_id)])
        owed = [(r.facet, r.op_id) for r in desk.store.receipts_owed(5)]
        assert [facet for facet, _ in owed] == [F1]
        for restores in (restored_first, not restored_first):
            if restores:
                desk.store.begin_restore(1)
            else:
                desk.lose_cache()
        assert (desk.store.restore(), desk.store.heads_v(), list(desk.store.held())) == (1, "", [])
        assert [o.op_id for o in desk.store.next_ops(5, 100_000)] == [create(1).op_id]
        assert [(r.facet, r.op_id) for r in desk.store.receipts_owed(5)] == owed
        desk.store.apply_heads(heads(head(F1, term=term), restore=1))
        assert [(r.facet, r.op_id) for r in desk.store.receipts_owed(5)] == (
            owed if term == T2 else []
        )
        assert self.held(desk).generation > erased
        self.take(desk, page(row("a", restore=1), term=term))
        desk.reopen()
        assert desk.store.restore() == 1
        assert [kept.facet for kept in desk.store.held()] == [F1]
        assert "a" in self.shown(desk)

    def test_everything_told_survives_a_restart(self, desk: Desk) -> None:
        self.copy(desk, row("a"))
        self.put(desk, create(1))
        before = (desk.store.heads_v(), list(desk.store.held()), self.shown(desk))
        desk.reopen()
        assert (desk.store.heads_v(), list(desk.store.held()), self.shown(desk)) == before

    def story(self, desk: Desk) -> None:
        """Everything once; each line may be repeated after a crash without harm."""
        store = desk.store
        if store.heads_v() == "":
            store.apply_heads(heads(head(F1, rows=2), head(F2)))
        first = store.held_one(PATIENT, F1)
        if first is not None and store.heads_v() == "v1":
            store.apply_page(page(row("a"), to="half", more=True), first.generation)
            store.apply_page(
                page(row("b"), since="half", total=digest(row("a"), row("b"))), first.generation
            )
            second = self.held(desk, F2)
            store.apply_page(page(row("c"), facet=F2), second.generation)
        if not desk.outbox.pending() and not store.unacknowledged(5):
            self.put(desk, create(1))
        store.next_ops(5, 100_000)
        store.apply_verdicts([Verdict(op_id=create(1).op_id, code="ok", version=Version(0, 1))])
        if store.heads_v() == "v1":
            store.apply_heads(heads(gone(F1), v="v2"))

    def told(self, desk: Desk) -> object:
        return (
            desk.store.heads_v(),
            [h._replace(generation=0) for h in desk.store.held()],
            self.shown(desk),
            [(r.facet, r.term) for r in desk.store.receipts_owed(5)],
            list(desk.store.unacknowledged(5)),
        )

    def test_a_crash_at_any_durable_step_and_the_story_again_end_alike(
        self, open_desk: "OpenDesk"
    ) -> None:
        whole = open_desk()
        self.story(whole)
        expected, steps = self.told(whole), whole.steps
        assert steps >= 8
        for step in range(1, steps + 1):
            desk = open_desk()
            desk.die_at(step)
            with pytest.raises(Crash):
                self.story(desk)
            desk.die_at(None)
            desk.reopen()
            self.story(desk)
            assert self.told(desk) == expected, f"crash at step {step}"

    def test_a_crash_while_reopening_after_a_crash_is_survived(self, open_desk: "OpenDesk") -> None:
        whole = open_desk()
        self.copy(whole, row("a"))
        whole.die_at(None)
        whole.store.apply_heads(heads(gone(), v="v2"))
        steps = whole.steps
        for step in range(1, steps + 1):
            desk = open_desk()
            self.copy(desk, row("a"))
            desk.die_at(step)
            with pytest.raises(Crash):
                desk.store.apply_heads(heads(gone(), v="v2"))
            desk.die_at(1)
            try:
                desk.reopen()
            except Crash:
                desk.die_at(None)
                desk.reopen()
            desk.die_at(None)
            if desk.store.heads_v() == "v1":
                desk.store.apply_heads(heads(gone(), v="v2"))
            assert self.shown(desk) == {}
            assert len(desk.store.receipts_owed(5)) == 1


class OpenDesk(Protocol):
    """Make a fresh desk; several may be open in one test."""

    def __call__(self) -> Desk: ...
