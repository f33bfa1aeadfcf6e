"""The contract of server.ports.Store: every implementation runs this same suite.

A user subclasses `StoreContract` (and, for files, `DurableStoreContract` in its own module) and gives
a `store` fixture.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest

from dossier.errors import StoreError
from dossier.wire.messages import Version
from server.ports import (
    AccountRow,
    AlarmRow,
    AttemptRow,
    CompartmentRow,
    CopyRow,
    DeviceRow,
    EffectRow,
    FamilyRow,
    GrantRow,
    HistoryRow,
    JournalRow,
    LogLeaf,
    MemberRow,
    OpRow,
    OwnerRow,
    OwnerTx,
    PasskeyRow,
    ProjectionRow,
    RefreshRow,
    RelationRow,
    ResourceRow,
    SessionRow,
    SlipRow,
    Store,
    Tombstone,
)
from server.store.units import COUNTER_SPAN, NestedUnit, ReadOnlyUnit, WaitingUnit

PATIENT, OTHER, ACCOUNT, UNIT = 5_000_000_000_000_000_001, 7, 901, 801
FACET, HIDDEN = "f" * 32, "h" * 32
DIGEST = bytes(range(32))


def a_resource(rid: str, seq: int, **changes: Any) -> ResourceRow:
    row = ResourceRow(
        "Observation", rid, FACET, seq, Version(0, seq), PATIENT, None, 9, b"\x01sealed"
    )
    return row._replace(**changes)


def a_journal_row(n: int, **changes: Any) -> JournalRow:
    row = JournalRow(202611, n, FACET, PATIENT, b"cell%d" % n, bytes([n % 256]) * 32, None)
    return row._replace(**changes)


def an_effect(n: int, **changes: Any) -> EffectRow:
    row = EffectRow(n, 1000 * n, OTHER, "index", b"owed", done=False)
    return row._replace(**changes)


async def _told(reader: str, tx: OwnerTx) -> list[ProjectionRow]:
    return await tx.projections.since(reader, 0)


def an_op(op_id: str, **changes: Any) -> OpRow:
    row = OpRow(op_id, ACCOUNT, "d1", "s1", DIGEST, b"verdict", 1000)
    return row._replace(**changes)


Run = Callable[[Any], Any]


class Hand:
    """Drives a store from a synchronous test: each call is one unit of work, committed or raised.

    `run` finishes a coroutine: on a loop of its own, or on the one that the store belongs to.
    """

    def __init__(self, store: Store, run: Callable[[Any], Any] = asyncio.run) -> None:
        self.store, self.run = store, run

    def write(self, work: Callable[[OwnerTx], Awaitable[Any]], owner: int = PATIENT) -> Any:
        return self.run(self._write(owner, work))

    def read(self, work: Callable[[OwnerTx], Awaitable[Any]], owner: int = PATIENT) -> Any:
        return self.run(self._read(owner, work))

    def maintain(self, name: str, *args: Any) -> Any:
        async def call() -> Any:
            return await getattr(self.store.maintenance, name)(*args)

        return self.run(call())

    def create(self, owner: int = PATIENT, kind: str = "patient", start: int = 1) -> None:
        self.write(lambda tx: tx.owner.create(kind, "pack-1", start), owner)

    def write_each(self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[Any]]]]) -> Any:
        return self.run(self._write_each(works))

    async def _write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[Any]]]]
    ) -> Any:
        return await self.store.write_each(works)

    async def _write(self, owner: int, work: Callable[[OwnerTx], Awaitable[Any]]) -> Any:
        return await self.store.write(owner, work)

    async def _read(self, owner: int, work: Callable[[OwnerTx], Awaitable[Any]]) -> Any:
        return await self.store.read(owner, work)


def locked(*calls: Callable[[OwnerTx], Awaitable[Any]]) -> Callable[[OwnerTx], Awaitable[Any]]:
    """A unit of work that locks its owner, then makes these calls; the last one's result."""

    async def work(tx: OwnerTx) -> Any:
        await tx.owner.lock(0)
        result = None
        for call in calls:
            result = await call(tx)
        return result

    return work


class RecordContract:
    """Owner, compartments, resources, tombstones, history, ops."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_an_unknown_owner_has_no_row_and_cannot_be_locked(self, hand: Hand) -> None:
        assert hand.read(lambda tx: tx.owner.get()) is None
        assert hand.write(lambda tx: tx.owner.lock(3)) is None

    def test_a_lock_reserves_numbers_one_after_the_other(self, hand: Hand) -> None:
        hand.create(start=10)
        first = hand.write(lambda tx: tx.owner.lock(3))
        assert first == OwnerRow("patient", "active", 10, 0, 0, "pack-1")
        assert hand.write(lambda tx: tx.owner.lock(1)).n == 13
        assert hand.read(lambda tx: tx.owner.get()).n == 14

    def test_an_owner_is_created_once(self, hand: Hand) -> None:
        hand.create()
        with pytest.raises(StoreError):
            hand.create(kind="agenda")
        assert hand.read(lambda tx: tx.owner.get()).kind == "patient"

    def test_an_update_changes_what_it_names_and_needs_its_owner(self, hand: Hand) -> None:
        hand.create()
        hand.write(lambda tx: tx.owner.update(state="closed", facets_v=4))
        hand.write(lambda tx: tx.owner.update(access_v=0, pack="pack-2"))
        assert hand.read(lambda tx: tx.owner.get()) == OwnerRow(
            "patient", "closed", 1, 0, 4, "pack-2"
        )
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.owner.update(state="closed"), OTHER)

    def test_a_unit_of_work_knows_its_owner(self, hand: Hand) -> None:
        async def name(tx: OwnerTx) -> int:
            return tx.id

        assert hand.read(name) == PATIENT

    def test_a_compartment_is_replaced_and_listed_in_order(self, hand: Hand) -> None:
        hidden = CompartmentRow(HIDDEN, 1, 0, 1, 10, DIGEST)
        hand.write(lambda tx: tx.compartments.put(hidden))
        hand.write(lambda tx: tx.compartments.put(CompartmentRow(FACET, 1, 0, 1, 10, DIGEST)))
        newer = CompartmentRow(FACET, 9, 3, 2, 2**40, bytes(32))
        hand.write(lambda tx: tx.compartments.put(newer))
        assert hand.read(lambda tx: tx.compartments.get(FACET)) == newer
        assert hand.read(lambda tx: tx.compartments.all()) == [newer, hidden]
        assert hand.read(lambda tx: tx.compartments.get("none")) is None

    def test_a_resource_is_stored_read_replaced_and_dropped(self, hand: Hand) -> None:
        row = a_resource("a", 1, root="doc-1")
        hand.write(lambda tx: tx.resources.put([row]))
        assert hand.read(lambda tx: tx.resources.get("Observation", "a")) == row
        newer = a_resource("a", 2, version=Version(1, 7), cell=b"", subject=0)
        hand.write(lambda tx: tx.resources.put([newer]))
        assert hand.read(lambda tx: tx.resources.get("Observation", "a")) == newer
        assert hand.read(lambda tx: tx.resources.since(FACET, 0, 9)) == [newer]
        hand.write(lambda tx: tx.resources.drop("Observation", "a"))
        hand.write(lambda tx: tx.resources.drop("Observation", "a"))
        assert hand.read(lambda tx: tx.resources.get("Observation", "a")) is None

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 19, 50, 88, 150])
    def test_any_number_of_rows_is_written_whole(self, hand: Hand, count: int) -> None:
        rows = [a_resource(f"{i:04}", i + 1) for i in range(count)]
        hand.write(lambda tx: tx.resources.put(rows))
        assert hand.read(lambda tx: tx.resources.since(FACET, 0, 1000)) == rows

    def test_a_feed_is_in_order_of_position_from_a_cursor_in_one_facet(self, hand: Hand) -> None:
        rows = [a_resource(rid, seq) for seq, rid in enumerate("dacbe", 1)]
        hand.write(lambda tx: tx.resources.put([*reversed(rows)]))
        hand.write(lambda tx: tx.resources.put([a_resource("x", 3, facet=HIDDEN)]))
        assert hand.read(lambda tx: tx.resources.since(FACET, 2, 2)) == rows[2:4]

    def test_two_resources_never_share_a_position(self, hand: Hand) -> None:
        hand.write(lambda tx: tx.resources.put([a_resource("a", 1)]))
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.resources.put([a_resource("b", 1)]))
        hand.write(lambda tx: tx.resources.put([a_resource("a", 2)]))
        hand.write(lambda tx: tx.resources.put([a_resource("b", 1)]))
        hand.write(lambda tx: tx.resources.drop("Observation", "b"))
        hand.write(lambda tx: tx.resources.put([a_resource("c", 1)]))
        found = hand.read(lambda tx: tx.resources.since(FACET, 0, 9))
        assert [row.id for row in found] == ["c", "a"]

    def test_a_page_of_facets_is_in_order_of_name_and_has_no_other_facet(self, hand: Hand) -> None:
        rows = [
            a_resource("b", 1, rtype="Condition"),
            a_resource("a", 2),
            a_resource("c", 1, facet=HIDDEN),
            a_resource("d", 1, facet="third"),
        ]
        hand.write(lambda tx: tx.resources.put(rows))
        found = hand.read(lambda tx: tx.resources.of_facets([FACET, "third", "unknown"]))
        assert [row.id for row in found] == ["b", "a", "d"]
        assert hand.read(lambda tx: tx.resources.of_facets([])) == []
        assert hand.read(lambda tx: tx.resources.of_type("Condition")) == [rows[0]]
        of_type = hand.read(lambda tx: tx.resources.of_type("Observation"))
        assert [row.id for row in of_type] == ["a", "c", "d"]

    @pytest.mark.parametrize("count", [1, 3, 21, 120])
    def test_a_page_of_many_facets_is_whole_and_in_order(self, hand: Hand, count: int) -> None:
        rows = [a_resource(f"{i:03}", 1, facet=f"facet-{count - i}") for i in range(count)]
        hand.write(lambda tx: tx.resources.put(rows))
        facets = [row.facet for row in rows]
        assert hand.read(lambda tx: tx.resources.of_facets([*facets, *facets])) == rows
        assert hand.read(lambda tx: tx.resources.of_facets(facets[1:])) == rows[1:]

    def test_rows_of_a_document_are_found_by_their_root(self, hand: Hand) -> None:
        rows = [a_resource("b", 1, root="doc"), a_resource("a", 2, root="doc", facet=HIDDEN)]
        hand.write(lambda tx: tx.resources.put([*rows, a_resource("c", 3)]))
        assert hand.read(lambda tx: tx.resources.of_root("doc")) == [rows[1], rows[0]]

    def test_tombstones_are_fed_in_order_and_found_by_name(self, hand: Hand) -> None:
        stones = [
            Tombstone(FACET, 4, "Observation", "a", Version(0, 3)),
            Tombstone(FACET, 2, "Observation", "b", Version(0, 1)),
            Tombstone(HIDDEN, 9, "Observation", "a", Version(1, 1)),
        ]
        hand.write(lambda tx: tx.resources.put_tombstones(stones))
        assert hand.read(lambda tx: tx.resources.tombstones_since(FACET, 0, 9)) == [
            stones[1],
            stones[0],
        ]
        assert hand.read(lambda tx: tx.resources.tombstones_since(FACET, 2, 9)) == [stones[0]]
        assert hand.read(lambda tx: tx.resources.tombstones_since(FACET, 0, 1)) == [stones[1]]
        assert hand.read(lambda tx: tx.resources.tombstone_of("Observation", "a")) == stones[2]
        assert hand.read(lambda tx: tx.resources.tombstone_of("Observation", "z")) is None

    def test_history_is_in_order_of_version_across_restores(self, hand: Hand) -> None:
        rows = [
            HistoryRow("Observation", "a", Version(1, 1), PATIENT, 1, b"3"),
            HistoryRow("Observation", "a", Version(0, 9), PATIENT, 1, b"2"),
            HistoryRow("Observation", "a", Version(0, 2), PATIENT, 1, b"1"),
            HistoryRow("Observation", "b", Version(0, 1), PATIENT, 1, b"x"),
        ]
        hand.write(lambda tx: tx.resources.put_history(rows))
        found = hand.read(lambda tx: tx.resources.history("Observation", "a"))
        assert [row.cell for row in found] == [b"1", b"2", b"3"]
        assert found[2] == rows[0]

    def test_many_ops_are_kept_and_known_together(self, hand: Hand) -> None:
        rows = [an_op(f"o{number}") for number in range(73)]
        hand.write(lambda tx: tx.ops.put(*rows))
        names = [row.op_id for row in rows]
        assert hand.read(lambda tx: tx.ops.known([*names, "another"])) == set(names)
        assert hand.read(lambda tx: tx.ops.known([])) == set()
        assert hand.read(lambda tx: tx.ops.get("o72")) == rows[72]

    def test_an_op_keeps_its_verdict_until_its_account_acknowledges(self, hand: Hand) -> None:
        hand.write(lambda tx: tx.ops.put(an_op("o1")))
        assert hand.read(lambda tx: tx.ops.get("o1")) == an_op("o1")
        hand.write(lambda tx: tx.ops.acknowledge(OTHER, ["o1", "unknown"]))
        assert hand.read(lambda tx: tx.ops.get("o1")).verdict == b"verdict"
        hand.write(lambda tx: tx.ops.acknowledge(ACCOUNT, ["o1"]))
        assert hand.read(lambda tx: tx.ops.get("o1")) == an_op("o1", verdict=None)
        assert hand.read(lambda tx: tx.ops.get("o2")) is None

    def test_only_old_acknowledged_ops_are_forgotten(self, hand: Hand) -> None:
        for op in (
            an_op("old", verdict=None),
            an_op("kept"),
            an_op("young", verdict=None, at_ms=2000),
        ):
            hand.write(lambda tx, op=op: tx.ops.put(op))
        assert hand.write(lambda tx: tx.ops.forget_before(2000)) == 1
        assert hand.read(lambda tx: tx.ops.get("old")) is None
        assert hand.read(lambda tx: tx.ops.get("kept")) is not None
        assert hand.read(lambda tx: tx.ops.get("young")) is not None


class RightsContract:
    """Grants, relations, blocks, journal, effects."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_grants_are_replaced_filtered_and_dropped_by_key(self, hand: Hand) -> None:
        own = GrantRow(FACET, "a:901:801", "rw", "author", 1, None)
        team = GrantRow(FACET, "m:801:doctor", "r", "care", 2, 99)
        hidden = GrantRow(HIDDEN, "r:self", "r", "law", 3, None)
        hand.write(locked(lambda tx: tx.access.put_grants([hidden, team, own])))
        assert hand.read(lambda tx: tx.access.grants()) == [own, team, hidden]
        assert hand.read(lambda tx: tx.access.grants(FACET)) == [own, team]
        for names, held in (
            ([], []),
            ([own.principal], [own]),
            ([f"x:{n}" for n in range(60)], []),
        ):
            assert hand.read(lambda tx, names=names: tx.access.held_by(names)) == held
        names = [*(f"x:{n}" for n in range(60)), hidden.principal, team.principal]
        held = [row for row in (own, team, hidden) if row.principal in names]
        assert hand.read(lambda tx: tx.access.held_by(names)) == held
        narrower = team._replace(rights="d", since_v=7)
        hand.write(locked(lambda tx: tx.access.put_grants([narrower])))
        hand.write(locked(lambda tx: tx.access.drop_grants([(FACET, "a:901:801"), ("x", "y")])))
        assert hand.read(lambda tx: tx.access.grants(FACET)) == [narrower]

    def test_relations_are_kept_by_account_and_kind(self, hand: Hand) -> None:
        self_ = RelationRow(ACCOUNT, "self", 1, None, "enrolment")
        attending = RelationRow(ACCOUNT, "attending", 2, 500, "declared")
        hand.write(
            locked(
                lambda tx: tx.access.put_relation(self_),
                lambda tx: tx.access.put_relation(attending),
            )
        )
        assert hand.read(lambda tx: tx.access.relations()) == [attending, self_]
        hand.write(locked(lambda tx: tx.access.drop_relation(ACCOUNT, "attending")))
        assert hand.read(lambda tx: tx.access.relations()) == [self_]

    def test_a_block_stands_until_it_is_lifted(self, hand: Hand) -> None:
        hand.write(locked(lambda tx: tx.access.deny(9, 1), lambda tx: tx.access.deny(3, 2)))
        hand.write(locked(lambda tx: tx.access.deny(9, 5)))
        assert hand.read(lambda tx: tx.access.denied()) == [3, 9]
        hand.write(locked(lambda tx: tx.access.undeny(9)))
        assert hand.read(lambda tx: tx.access.denied()) == [3]

    def test_the_journal_shows_its_facets_newest_first(self, hand: Hand) -> None:
        rows = [
            a_journal_row(1),
            a_journal_row(2, facet=HIDDEN),
            a_journal_row(3, facet="nr"),
            a_journal_row(4, month=202612),
        ]
        hand.write(lambda tx: tx.journal.put(rows))
        found = hand.read(lambda tx: tx.journal.of_facets([FACET, "nr"], 10))
        assert found == [rows[3], rows[2], rows[0]]
        assert hand.read(lambda tx: tx.journal.of_facets([FACET, "nr"], 2)) == [rows[3], rows[2]]

    def test_a_journal_row_moves_with_its_resource_and_is_placed_once_it_is(
        self, hand: Hand
    ) -> None:
        hand.write(lambda tx: tx.journal.put([a_journal_row(1), a_journal_row(2)]))
        hand.write(lambda tx: tx.journal.put([a_journal_row(1, facet=HIDDEN)]))
        hand.write(lambda tx: tx.journal.place(202611, 1, 77))
        assert hand.read(lambda tx: tx.journal.of_facets([HIDDEN], 9)) == [
            a_journal_row(1, facet=HIDDEN, log_index=77)
        ]
        assert hand.read(lambda tx: tx.journal.unplaced(9)) == [a_journal_row(2)]
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.journal.place(202611, 99, 1))

    def test_effects_fall_due_in_the_order_of_their_numbers(self, hand: Hand) -> None:
        rows = [an_effect(3, not_before_ms=10), an_effect(1), an_effect(2), an_effect(9)]
        hand.write(lambda tx: tx.effects.put(rows))
        assert hand.read(lambda tx: tx.effects.due(2000, 9)) == [rows[1], rows[2], rows[0]]
        assert hand.read(lambda tx: tx.effects.due(2000, 1)) == [rows[1]]
        hand.write(lambda tx: tx.effects.finish(1))
        assert hand.read(lambda tx: tx.effects.due(2000, 9)) == [rows[2], rows[0]]
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.effects.finish(55))
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.effects.finish(2, 55))
        hand.write(lambda tx: tx.effects.finish(2, 3))
        assert hand.read(lambda tx: tx.effects.due(2000, 9)) == []


class PeopleContract:
    """An account's shard, projections, reservations."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_an_account_lies_under_itself(self, hand: Hand) -> None:
        row = AccountRow(ACCOUNT, "practitioner", "active", "$argon2id$x", b"cell")
        hand.write(lambda tx: tx.people.put_account(row), ACCOUNT)
        assert hand.read(lambda tx: tx.people.account(), ACCOUNT) == row
        assert hand.read(lambda tx: tx.people.account(), OTHER) is None
        with pytest.raises(ValueError, match="under the account"):
            hand.write(lambda tx: tx.people.put_account(row), OTHER)

    def test_a_device_is_enrolled_and_revoked(self, hand: Hand) -> None:
        row = DeviceRow("d1", ACCOUNT, bytes(32), b"name", 1000, None)
        hand.write(lambda tx: tx.people.put_device(row), ACCOUNT)
        hand.write(lambda tx: tx.people.put_device(row._replace(revoked_ms=2000)), ACCOUNT)
        assert hand.read(lambda tx: tx.people.devices(), ACCOUNT) == [row._replace(revoked_ms=2000)]
        with pytest.raises(ValueError, match="under the account"):
            hand.write(lambda tx: tx.people.put_device(row), OTHER)

    def test_sessions_end_by_device_and_by_age(self, hand: Hand) -> None:
        rows = [
            SessionRow(bytes([i]) * 32, device, "s1", expires)
            for i, (device, expires) in enumerate(
                [("d1", 100), ("d1", 900), ("d2", 100), ("d2", 900)]
            )
        ]
        for row in rows:
            hand.write(lambda tx, row=row: tx.people.put_session(row), ACCOUNT)

        def left() -> list[int]:
            async def present(tx: OwnerTx) -> list[int]:
                return [i for i in range(4) if await tx.people.session(bytes([i]) * 32) == rows[i]]

            return hand.read(present, ACCOUNT)

        assert left() == [0, 1, 2, 3]
        hand.write(lambda tx: tx.people.drop_sessions(device="d1", before_ms=500), ACCOUNT)
        assert left() == [1, 2, 3]
        hand.write(lambda tx: tx.people.drop_sessions(before_ms=500), ACCOUNT)
        assert left() == [1, 3]
        hand.write(lambda tx: tx.people.drop_sessions(device="d2"), ACCOUNT)
        assert left() == [1]
        hand.write(lambda tx: tx.people.drop_sessions(), ACCOUNT)
        assert left() == []

    def test_a_membership_is_known_by_its_situation(self, hand: Hand) -> None:
        row = MemberRow("s1", UNIT, "doctor", "holder", 1, None)
        other = MemberRow("s0", UNIT, "secretary", "desk", 2, 50)
        hand.write(lambda tx: tx.people.put_member(row), ACCOUNT)
        hand.write(lambda tx: tx.people.put_member(other), ACCOUNT)
        hand.write(lambda tx: tx.people.put_member(row._replace(until_ms=9)), ACCOUNT)
        assert hand.read(lambda tx: tx.people.members(), ACCOUNT) == [
            other,
            row._replace(until_ms=9),
        ]

    def test_copies_are_listed_for_one_device_and_one_target(self, hand: Hand) -> None:
        row = CopyRow("d1", UNIT, PATIENT, FACET, "term", 1, None, None)
        closed = row._replace(term="term2", gone_ms=5, receipt_ms=6)
        hidden = row._replace(facet=HIDDEN)
        others = [
            row._replace(device="d2"),
            row._replace(unit=UNIT + 1),
            row._replace(target=OTHER),
        ]
        hand.write(lambda tx: tx.people.put_copies([hidden, row, *others]), ACCOUNT)
        hand.write(lambda tx: tx.people.put_copies([closed]), ACCOUNT)
        assert hand.read(lambda tx: tx.people.copies("d1", UNIT, PATIENT), ACCOUNT) == [
            closed,
            hidden,
        ]
        assert hand.read(lambda tx: tx.people.copies("d3", UNIT, PATIENT), ACCOUNT) == []

    def test_the_copies_no_receipt_closed_are_listed_for_one_device(self, hand: Hand) -> None:
        row = CopyRow("d1", UNIT, PATIENT, FACET, "term", 1, None, None)
        gone = row._replace(facet=HIDDEN, gone_ms=5)
        closed = row._replace(target=OTHER, gone_ms=5, receipt_ms=6)
        hand.write(
            lambda tx: tx.people.put_copies([closed, gone, row, row._replace(device="d2")]), ACCOUNT
        )
        found = hand.read(lambda tx: tx.people.copies_open("d1", 9), ACCOUNT)
        assert sorted(found) == sorted([row, gone])
        assert hand.read(lambda tx: tx.people.copies_open("d1", 1), ACCOUNT) == found[:1]
        assert hand.read(lambda tx: tx.people.copies_open("d3", 9), ACCOUNT) == []

    def test_a_projection_numbers_what_moved_for_each_reader(self, hand: Hand) -> None:
        mine, team = f"a:{UNIT}", f"m:{UNIT}:doctor"

        async def feed(tx: OwnerTx) -> list[int]:
            return [
                await tx.projections.put(team, PATIENT, FACET, 4),
                await tx.projections.put(team, OTHER, FACET, 1),
                await tx.projections.put(mine, PATIENT, "*", 0),
                await tx.projections.put(team, PATIENT, FACET, 6),
            ]

        assert hand.write(feed, UNIT) == [1, 2, 1, 3]
        assert hand.read(lambda tx: tx.projections.since(team, 0), UNIT) == [
            ProjectionRow(OTHER, FACET, 1, 2),
            ProjectionRow(PATIENT, FACET, 6, 3),
        ]
        assert hand.read(lambda tx: tx.projections.since(team, 3), UNIT) == []
        assert hand.read(lambda tx: tx.projections.since(mine, 0), UNIT) == [
            ProjectionRow(PATIENT, "*", 0, 1)
        ]
        assert hand.read(lambda tx: tx.projections.moved_v(team), UNIT) == 3
        assert hand.read(lambda tx: tx.projections.moved_v(f"m:{UNIT}:nurse"), UNIT) == 0

    def test_what_is_told_together_is_numbered_for_each_reader(self, hand: Hand) -> None:
        teams = [f"m:{UNIT}:{number}" for number in range(13)]
        together = [(team, PATIENT, FACET, 4) for team in teams]
        together += [(teams[0], OTHER, "*", 0), (f"a:{UNIT}", PATIENT, FACET, 4)]
        hand.write(lambda tx: tx.projections.put(teams[0], OTHER, FACET, 1), UNIT)
        hand.write(lambda tx: tx.projections.put_all(together), UNIT)
        hand.write(lambda tx: tx.projections.put_all([]), UNIT)
        found = hand.read(lambda tx: tx.projections.since(teams[0], 0), UNIT)
        assert sorted(found) == sorted(
            [
                ProjectionRow(OTHER, FACET, 1, 1),
                ProjectionRow(PATIENT, FACET, 4, 2),
                ProjectionRow(OTHER, "*", 0, 3),
            ]
        )
        for reader in (*teams[1:], f"a:{UNIT}"):
            alone = hand.read(partial(_told, reader), UNIT)
            assert alone == [ProjectionRow(PATIENT, FACET, 4, 1)]

    @pytest.mark.parametrize("reader", ["a:1", "m:1:doctor", "x:801", "801"])
    def test_a_projection_lies_with_its_reader(self, hand: Hand, reader: str) -> None:
        with pytest.raises(ValueError, match="does not lie"):
            hand.write(lambda tx: tx.projections.put(reader, PATIENT, FACET, 1), UNIT)
        with pytest.raises(ValueError, match="does not lie"):
            hand.read(lambda tx: tx.projections.moved_v(reader), UNIT)

    def test_the_roster_lists_accounts(self, hand: Hand) -> None:
        hand.write(lambda tx: tx.projections.put_roster(5, 1), UNIT)
        hand.write(lambda tx: tx.projections.put_roster(2, 2), UNIT)
        hand.write(lambda tx: tx.projections.put_roster(5, 3), UNIT)
        assert hand.read(lambda tx: tx.projections.roster(), UNIT) == [2, 5]
        hand.write(lambda tx: tx.projections.drop_roster(5), UNIT)
        assert hand.read(lambda tx: tx.projections.roster(), UNIT) == [2]

    def test_a_unique_value_has_one_holder_and_repeating_is_harmless(self, hand: Hand) -> None:
        def reserve(target: int, detail: bytes = b"d", *, unique: bool = True) -> bool:
            return hand.write(
                lambda tx: tx.reservations.reserve("ins", target, detail, unique=unique), 42
            )

        assert reserve(1)
        assert reserve(1, b"e")
        assert not reserve(2)
        assert hand.read(lambda tx: tx.reservations.holder("ins"), 42) == [(1, b"e")]
        assert hand.read(lambda tx: tx.reservations.holder("login"), 42) == []
        hand.write(lambda tx: tx.reservations.release("ins", 2), 42)
        assert not reserve(2)
        hand.write(lambda tx: tx.reservations.release("ins", 1), 42)
        assert reserve(2)

    def test_a_shared_value_has_many_holders_and_blocks_a_unique_one(self, hand: Hand) -> None:
        async def share(tx: OwnerTx) -> list[bool]:
            return [
                await tx.reservations.reserve("traits", target, b"d", unique=False)
                for target in (3, 1, 3)
            ]

        assert hand.write(share, 42) == [True, True, True]
        assert hand.read(lambda tx: tx.reservations.holder("traits"), 42) == [
            (1, b"d"),
            (3, b"d"),
        ]
        assert not hand.write(
            lambda tx: tx.reservations.reserve("traits", 1, b"d", unique=True), 42
        )


class BrowserContract:
    """What browsers may show for an account."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_a_passkey_is_kept_counted_and_ended(self, hand: Hand) -> None:
        row = PasskeyRow(b"b" * 32, b"cell", 0, 1000, None)
        first = PasskeyRow(b"a" * 32, b"other", 7, 2000, 3000)
        hand.write(lambda tx: tx.browsers.put_passkey(row), ACCOUNT)
        hand.write(lambda tx: tx.browsers.put_passkey(first), ACCOUNT)
        counted = row._replace(counter=(1 << 32) - 1, used_ms=4000)
        hand.write(lambda tx: tx.browsers.put_passkey(counted), ACCOUNT)
        assert hand.read(lambda tx: tx.browsers.passkeys(), ACCOUNT) == [first, counted]
        assert hand.read(lambda tx: tx.browsers.passkeys(), OTHER) == []
        for _ in range(2):
            hand.write(lambda tx: tx.browsers.drop_passkey(first.credential), ACCOUNT)
        assert hand.read(lambda tx: tx.browsers.passkeys(), ACCOUNT) == [counted]

    def test_a_slip_is_kept_by_its_mark_until_it_is_dropped(self, hand: Hand) -> None:
        code = SlipRow(b"2" * 32, "code", 60_000, b"cell")
        used = SlipRow(b"1" * 32, "used", 300_000, b"")
        for row in (code, used, code._replace(until_ms=61_000)):
            hand.write(lambda tx, row=row: tx.browsers.put_slip(row), ACCOUNT)
        kept = [used, code._replace(until_ms=61_000)]
        assert hand.read(lambda tx: tx.browsers.slips(), ACCOUNT) == kept
        assert hand.read(lambda tx: tx.browsers.slips(), OTHER) == []
        for _ in range(2):
            hand.write(lambda tx: tx.browsers.drop_slip(code.mark), ACCOUNT)
        assert hand.read(lambda tx: tx.browsers.slips(), ACCOUNT) == [used]


class CellContract:
    """What another version of a key sealed."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_rows_another_version_of_the_key_sealed_are_found_in_every_table(
        self, hand: Hand
    ) -> None:
        old, new = (
            b"\x01" + bytes(3) + b"\x01old" + bytes(28),
            b"\x01" + bytes(3) + b"\x02new" + bytes(28),
        )
        resources = [a_resource("r1", 1, cell=old), a_resource("r2", 2, cell=new)]
        history = [
            HistoryRow("Observation", rid, Version(0, 1), PATIENT, 1, cell)
            for rid, cell in (("r1", old), ("r2", new))
        ]
        journal = [a_journal_row(n, cell=cell) for n, cell in ((1, old), (2, new))]
        effects = [
            an_effect(n, cell=cell, done=done)
            for n, cell, done in ((1, old, True), (2, new, False))
        ]
        devices = [
            DeviceRow(name, PATIENT, bytes(32), cell, 1, 2, b"n", 3, 4, "s")
            for name, cell in (("d1", old), ("d2", new))
        ]
        passkeys = [PasskeyRow(cell, cell, 0, 1, None) for cell in (old, new)]
        slips = [SlipRow(b"%d" % n, "page", 9, cell) for n, cell in enumerate((old, new, b""))]
        account = AccountRow(PATIENT, "practitioner", "active", "s", old, 1, b"c", 2, 3)
        assert None not in (*account, *devices[0]), "every column is looked at"

        async def fill(tx: OwnerTx) -> None:
            await tx.resources.put(resources)
            await tx.resources.put_history(history)
            await tx.journal.put(journal)
            await tx.effects.put(effects)
            await tx.people.put_account(account)
            for device in devices:
                await tx.people.put_device(device)
            for passkey in passkeys:
                await tx.browsers.put_passkey(passkey)
            for slip in slips:
                await tx.browsers.put_slip(slip)

        hand.create()
        hand.write(locked(fill))
        for kind, kept in (
            (ResourceRow, resources),
            (HistoryRow, history),
            (JournalRow, journal),
            (EffectRow, effects),
            (DeviceRow, devices),
            (PasskeyRow, passkeys),
            (SlipRow, slips),
        ):
            found = hand.read(lambda tx, kind=kind: tx.cells.other(kind, 2, 9))  # type: ignore[misc]  # bound in the loop
            assert found == [kept[0]]
            found = hand.read(lambda tx, kind=kind: tx.cells.other(kind, 3, 1))  # type: ignore[misc]  # bound in the loop
            assert len(found) == 1
        assert hand.read(lambda tx: tx.cells.other(AccountRow, 2, 9)) == [account]
        assert hand.read(lambda tx: tx.cells.other(AccountRow, 1, 9)) == []


class AttemptContract:
    """Tries to prove who one is."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_tries_are_kept_by_place_under_any_owner(self, hand: Hand) -> None:
        here, there = AttemptRow(b"2" * 8, 3, 50, 90, 0), AttemptRow(b"1" * 8, 0, 0, 900, 1)
        for row in (here, there, here._replace(wrong=4)):
            hand.write(lambda tx, row=row: tx.attempts.put(row), ACCOUNT)
        assert hand.read(lambda tx: tx.attempts.get(here.place), ACCOUNT) == here._replace(wrong=4)
        assert hand.read(lambda tx: tx.attempts.get(here.place), OTHER) is None
        assert hand.read(lambda tx: tx.attempts.usual(), ACCOUNT) == [there]
        for _ in range(2):
            hand.write(lambda tx: tx.attempts.drop(there.place), ACCOUNT)
        assert hand.read(lambda tx: tx.attempts.usual(), ACCOUNT) == []

    def test_the_row_of_the_empty_place_is_made_when_it_is_first_held(self, hand: Hand) -> None:
        assert hand.write(lambda tx: tx.attempts.lock(), ACCOUNT) == AttemptRow(b"", 0, 0, 0, 0)
        full = AttemptRow(b"", 0, 70, 80, 0)
        hand.write(lambda tx: tx.attempts.put(full), ACCOUNT)
        assert hand.write(lambda tx: tx.attempts.lock(), ACCOUNT) == full

    def test_what_need_not_be_kept_is_forgotten_some_at_a_time(self, hand: Hand) -> None:
        for owner in (ACCOUNT, OTHER, OTHER + 1):
            for kept_ms in (10, 20):
                row = AttemptRow(bytes([kept_ms]), 1, 0, kept_ms, 0)
                hand.write(lambda tx, row=row: tx.attempts.put(row), owner)
        assert hand.maintain("forget_attempts", 10, 9) == 0
        found = [hand.maintain("forget_attempts", 20, 2) for _ in range(3)]
        assert sum(found) == 3
        assert found[-1] == 0 or found[0] < 3
        for owner in (ACCOUNT, OTHER, OTHER + 1):
            assert hand.read(lambda tx: tx.attempts.get(bytes([10])), owner) is None
            assert hand.read(lambda tx: tx.attempts.get(bytes([20])), owner) is not None


class VolumeContract:
    """What an account displayed, and its alarms."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_displays_are_found_by_instant_once_each_and_forgotten(self, hand: Hand) -> None:
        hand.create()
        for at_ms, patient in ((30, 8), (10, 9), (10, 7), (10, 9)):
            hand.write(lambda tx, a=at_ms, p=patient: tx.volumes.put_display(a, p))
        assert hand.read(lambda tx: tx.volumes.displays(10, 29)) == [(10, 7), (10, 9)]
        assert hand.read(lambda tx: tx.volumes.displays(11, 30)) == [(30, 8)]
        assert hand.read(lambda tx: tx.volumes.displays(0, 99), OTHER) == []
        hand.write(lambda tx: tx.volumes.forget_displays(30))
        assert hand.read(lambda tx: tx.volumes.displays(0, 99)) == [(30, 8)]

    def test_an_alarm_is_kept_and_ended(self, hand: Hand) -> None:
        hand.create()
        first = AlarmRow(4, "step_up", 1, 2, 60, 5, None)
        second = AlarmRow(2, "blocked", 1, 2, 200, 5, None)
        for row in (first, second, second._replace(ended_ms=9)):
            hand.write(lambda tx, row=row: tx.volumes.put_alarm(row))
        found = hand.read(lambda tx: tx.volumes.alarms())
        assert found == [second._replace(ended_ms=9), first]

    def test_a_session_and_its_refresh_tokens_are_kept_replaced_and_forgotten(
        self, hand: Hand
    ) -> None:
        hand.create()
        family = FamilyRow("f2", "d1", "s1", 0, 5, 1_000)
        other = FamilyRow("f1", "d1", "s1", 0, 5, 90, 6, 7, "reused")
        used = RefreshRow(b"\1" * 32, "f2", 900, 9, b"\2" * 32, b"\3" * 32)
        first, old = RefreshRow(b"\1" * 32, "f2", 900), RefreshRow(b"\4" * 32, "f1", 90)

        async def write(tx: OwnerTx) -> None:
            for row in (family, other, family._replace(refreshed_ms=8)):
                await tx.families.put(row)
            for token in (first, used, old):
                await tx.families.put_refresh(token)

        hand.write(write)
        assert hand.read(lambda tx: tx.families.every()) == [
            other,
            family._replace(refreshed_ms=8),
        ]
        assert hand.read(lambda tx: tx.families.refresh(b"\1" * 32)) == used
        assert hand.read(lambda tx: tx.families.refresh(b"\5" * 32)) is None
        hand.write(lambda tx: tx.families.forget(100))
        assert [row.family for row in hand.read(lambda tx: tx.families.every())] == ["f2"]
        assert hand.read(lambda tx: tx.families.refresh(b"\4" * 32)) is None
        assert hand.read(lambda tx: tx.families.refresh(b"\1" * 32)) == used


class MaintenanceContract:
    """The door across owners."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_many_values_are_reserved_at_once_and_a_rival_keeps_what_it_has(
        self, hand: Hand
    ) -> None:
        assert hand.maintain("reserve_all", "locator", [41, 42], 7) == [True, True]
        assert hand.maintain("reserve_all", "locator", [42, 43], 8) == [False, True]
        assert hand.maintain("reserve_all", "locator", [41, 42, 43], 7) == [True, True, False]
        held = hand.read(lambda tx: tx.reservations.holder("locator"), 42)
        assert [target for target, _ in held] == [7]
        assert hand.maintain("holders", "locator", [41, 42, 99]) == [7, 7, None]
        assert hand.maintain("holders", "ins", [41]) == [None]

    def test_owners_are_walked_in_batches_and_by_kind(self, hand: Hand) -> None:
        for owner in (9, 3, 5):
            hand.create(owner)
        hand.create(4, "agenda")
        assert hand.maintain("owners", None, 0, 2) == [3, 4]
        assert hand.maintain("owners", None, 4, 9) == [5, 9]
        assert hand.maintain("owners", "agenda", 0, 9) == [4]

    def test_owners_with_something_due_or_unplaced_are_found(self, hand: Hand) -> None:
        for owner in (9, 3, 5):
            hand.write(lambda tx: tx.effects.put([an_effect(1), an_effect(2)]), owner)
            hand.write(lambda tx: tx.journal.put([a_journal_row(1)]), owner)
        hand.write(lambda tx: tx.effects.finish(1), 3)
        hand.write(lambda tx: tx.journal.place(202611, 1, 0), 9)
        assert hand.maintain("owners_with_effects", 1000, 9) == [5, 9]
        assert hand.maintain("owners_with_effects", 2000, 2) == [3, 5]
        assert hand.maintain("owners_unplaced", 9) == [3, 5]
        assert hand.maintain("owners_unplaced", 1) == [3]

    def test_the_log_appends_and_places_in_one_step(self, hand: Hand) -> None:
        hand.write(lambda tx: tx.journal.put([a_journal_row(n) for n in (1, 2, 3)]))
        leaves = [LogLeaf(i, PATIENT, 202611, i + 1, bytes([i]) * 32) for i in range(2)]
        assert hand.maintain("log_size") == 0
        hand.maintain("log_append", leaves)
        assert hand.maintain("log_size") == 2
        assert hand.maintain("log_leaves", 0, 9) == leaves
        assert hand.maintain("log_leaves", 1, 1) == leaves[1:]
        assert [r.n for r in hand.read(lambda tx: tx.journal.unplaced(9))] == [3]
        placed = hand.read(lambda tx: tx.journal.of_facets([FACET], 9))
        assert [row.log_index for row in placed] == [None, 1, 0]

    @pytest.mark.parametrize(
        "wrong",
        [
            LogLeaf(2, PATIENT, 202611, 2, bytes(32)),
            LogLeaf(1, PATIENT, 202611, 1, bytes(32)),
            LogLeaf(1, PATIENT, 202611, 9, bytes(32)),
            LogLeaf(1, OTHER, 202611, 2, bytes(32)),
        ],
        ids=["gap", "placed already", "no such row", "another owner"],
    )
    def test_a_leaf_that_does_not_fit_leaves_nothing(self, hand: Hand, wrong: LogLeaf) -> None:
        hand.write(lambda tx: tx.journal.put([a_journal_row(1), a_journal_row(2)]))
        with pytest.raises(StoreError):
            hand.maintain("log_append", [LogLeaf(0, PATIENT, 202611, 1, bytes(32)), wrong])
        assert hand.maintain("log_size") == 0
        assert len(hand.read(lambda tx: tx.journal.unplaced(9))) == 2

    def test_leaves_are_found_by_their_places(self, hand: Hand) -> None:
        count = 600
        rows = [a_journal_row(n) for n in range(1, count + 1)]
        hand.write(lambda tx: tx.journal.put(rows))
        leaves = [LogLeaf(i, PATIENT, 202611, i + 1, bytes(32)) for i in range(count)]
        hand.maintain("log_append", leaves)
        assert sorted(hand.maintain("log_at", [599, 3, 3, 600, -1])) == [leaves[3], leaves[599]]
        assert sorted(hand.maintain("log_at", list(range(count)))) == leaves
        assert hand.maintain("log_at", []) == []

    def test_the_journal_of_every_owner_is_walked_in_order_and_by_month(self, hand: Hand) -> None:
        old, new = a_journal_row(1)._replace(month=202510), a_journal_row(2)
        for owner in (9, 3, 5):
            hand.write(lambda tx: tx.journal.put([new, old]), owner)
        start, always = (-1, 0, 0), (0, 999_999)

        def keys(*asked: object) -> list[tuple[int, int]]:
            return [(owner, row.month) for owner, row in hand.maintain("journal_after", *asked)]

        assert keys(start, always, 4) == [(3, 202510), (3, 202611), (5, 202510), (5, 202611)]
        assert keys((5, 202510, 1), always, 9) == [(5, 202611), (9, 202510), (9, 202611)]
        assert keys(start, (202511, 202611), 9) == [(3, 202611), (5, 202611), (9, 202611)]
        assert hand.maintain("journal_after", start, always, 1) == [(3, old)]

    def test_the_greatest_checkpoint_is_the_last(self, hand: Hand) -> None:
        assert hand.maintain("checkpoint") is None
        hand.maintain("put_checkpoint", 7, b"seven")
        hand.maintain("put_checkpoint", 3, b"three")
        assert hand.maintain("checkpoint") == (7, b"seven")

    def test_rows_are_counted_by_table(self, hand: Hand) -> None:
        assert set(hand.maintain("counts").values()) == {0}
        hand.create()
        hand.write(lambda tx: tx.resources.put([a_resource("a", 1), a_resource("b", 2)]))
        counts = hand.maintain("counts")
        assert (counts["owner"], counts["resource"], counts["journal"]) == (1, 2, 0)
        assert set(counts) == {
            *("owner", "compartment", "resource", "tombstone", "history", "op"),
            *("access_grant", "relation", "deny", "journal", "effect", "account", "device"),
            *("session", "member", "copy", "moved", "reader", "granted", "roster"),
            *("reservation", "log", "log_checkpoint", "display", "alarm"),
            *("passkey", "slip", "attempt"),
            *("family", "refresh"),
        }

    def test_a_sound_store_has_nothing_to_report(self, hand: Hand) -> None:
        hand.create()
        assert hand.maintain("check") == []


class UnitContract:
    """All or nothing, one owner, no waiting."""

    @pytest.fixture
    def hand(self, store: Store, run: Run) -> Hand:
        return Hand(store, run)

    def test_a_failed_unit_leaves_nothing_in_any_table(self, hand: Hand) -> None:
        hand.create()
        hand.write(lambda tx: tx.resources.put([a_resource("kept", 1)]))
        before = hand.maintain("counts")

        async def spoil(tx: OwnerTx) -> None:
            await tx.owner.lock(5)
            await tx.owner.update(state="closed")
            await tx.compartments.put(CompartmentRow(FACET, 1, 0, 1, 1, DIGEST))
            await tx.resources.put([a_resource("kept", 2), a_resource("new", 3)])
            await tx.resources.drop("Observation", "kept")
            await tx.resources.put_tombstones(
                [Tombstone(FACET, 4, "Observation", "kept", Version(0, 1))]
            )
            await tx.ops.put(an_op("o1"))
            await tx.access.deny(3, 1)
            await tx.journal.put([a_journal_row(1)])
            await tx.effects.put([an_effect(1)])
            raise LookupError("changed my mind")

        with pytest.raises(LookupError, match="changed my mind"):
            hand.write(spoil)
        assert hand.maintain("counts") == before
        assert hand.read(lambda tx: tx.resources.get("Observation", "kept")) == a_resource(
            "kept", 1
        )
        assert hand.read(lambda tx: tx.owner.get()) == OwnerRow(
            "patient", "active", 1, 0, 0, "pack-1"
        )

    def test_units_of_many_owners_are_answered_in_order_and_fail_alone(self, hand: Hand) -> None:
        for owner in (PATIENT, OTHER):
            hand.create(owner)

        async def put(tx: OwnerTx) -> int:
            await tx.resources.put([a_resource("each", 1, subject=tx.id)])
            return tx.id

        async def spoil(tx: OwnerTx) -> int:
            await tx.resources.drop("Observation", "each")
            raise LookupError("changed my mind")

        assert hand.write_each([(OTHER, put), (PATIENT, put)]) == [OTHER, PATIENT]
        with pytest.raises(LookupError, match="changed my mind"):
            hand.write_each([(OTHER, put), (PATIENT, spoil)])
        for owner in (PATIENT, OTHER):
            kept = hand.read(lambda tx: tx.resources.get("Observation", "each"), owner)
            assert kept == a_resource("each", 1, subject=owner)

    def test_owners_do_not_see_each_other(self, hand: Hand) -> None:
        for owner in (PATIENT, OTHER):
            hand.create(owner)
            hand.write(
                lambda tx, owner=owner: tx.resources.put([a_resource("same", 1, subject=owner)]),
                owner,
            )
        hand.write(lambda tx: tx.resources.drop("Observation", "same"), OTHER)
        mine = hand.read(lambda tx: tx.resources.of_facets([FACET]))
        assert [row.subject for row in mine] == [PATIENT]
        assert hand.read(lambda tx: tx.resources.of_facets([FACET]), OTHER) == []

    @pytest.mark.parametrize(
        "work",
        [
            lambda tx: tx.owner.lock(1),
            lambda tx: tx.resources.put([a_resource("a", 2)]),
            lambda tx: tx.resources.drop("Observation", "kept"),
            lambda tx: tx.projections.put(f"m:{PATIENT}:doctor", 1, FACET, 1),
        ],
        ids=["lock", "put", "drop", "number"],
    )
    def test_a_reading_unit_may_not_write(self, hand: Hand, work: Any) -> None:
        hand.create()
        hand.write(lambda tx: tx.resources.put([a_resource("kept", 1)]))
        with pytest.raises(ReadOnlyUnit):
            hand.read(work)
        assert hand.maintain("counts")["resource"] == 1
        assert hand.read(lambda tx: tx.owner.get()).n == 1

    @pytest.mark.parametrize("kind", ["write", "read"])
    def test_a_unit_that_waits_is_an_error_and_leaves_nothing(self, hand: Hand, kind: str) -> None:
        async def wait(tx: OwnerTx) -> None:
            if kind == "write":
                await tx.owner.create("patient", "p", 1)
            await asyncio.sleep(0)

        with pytest.raises(WaitingUnit):
            getattr(hand, kind)(wait)
        assert hand.read(lambda tx: tx.owner.get()) is None

    @pytest.mark.parametrize("outer", ["write", "read"])
    @pytest.mark.parametrize("inner", ["write", "read"])
    def test_units_do_not_nest(self, hand: Hand, outer: str, inner: str) -> None:
        async def nest(tx: OwnerTx) -> None:
            await getattr(hand.store, inner)(OTHER, lambda tx: tx.owner.get())

        with pytest.raises(NestedUnit):
            getattr(hand, outer)(nest)

    def test_a_unit_used_after_its_end_is_refused(self, hand: Hand) -> None:
        kept: list[OwnerTx] = []

        async def leak(tx: OwnerTx) -> None:
            kept.append(tx)

        hand.read(leak)
        hand.write(leak)
        for tx in kept:
            with pytest.raises(ReadOnlyUnit):
                hand.run(self._write_late(tx))

    @staticmethod
    async def _write_late(tx: OwnerTx) -> None:
        await tx.resources.put([a_resource("late", 1)])

    def test_a_closed_store_refuses(self, hand: Hand) -> None:
        hand.run(hand.store.close())
        with pytest.raises(StoreError):
            hand.read(lambda tx: tx.owner.get())
        with pytest.raises(StoreError):
            hand.write(lambda tx: tx.owner.lock(1))


class HotOwnerContract:
    """Many writers on few owners, a reader with a cursor: no row is ever missed."""

    WRITERS, ROUNDS, HOT = 12, 20, 5

    def test_a_cursor_misses_nothing_under_concurrent_writers(self, store: Store, run: Run) -> None:
        written, seen = run(self._race(store, self._number_under_the_lock))
        assert len(written) == self.WRITERS * self.ROUNDS
        assert seen == written

    def test_control_numbers_taken_before_the_lock_lose_rows(self, store: Store, run: Run) -> None:
        written, seen = run(self._race(store, self._number_before_the_lock))
        assert len(written) == self.WRITERS * self.ROUNDS
        assert seen < written, "the control must lose rows, or the test above shows nothing"

    async def _number_under_the_lock(self, store: Store, owner: int, rid: str) -> None:
        async def work(tx: OwnerTx) -> None:
            row = await tx.owner.lock(1)
            assert row is not None
            await tx.resources.put([a_resource(rid, row.n)])

        await store.write(owner, work)

    async def _number_before_the_lock(self, store: Store, owner: int, rid: str) -> None:
        numbers = self._numbers
        numbers[owner] = seq = numbers.get(owner, 0) + 1
        for _ in range(seq % 3):  # a writer that took its number first may come second
            await asyncio.sleep(0)
            await store.read(owner, lambda tx: tx.owner.get())

        async def work(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.resources.put([a_resource(rid, seq)])

        await store.write(owner, work)

    async def _race(self, store: Store, push: Any) -> tuple[set[str], set[str]]:
        owners = range(1, self.HOT + 1)
        self._numbers: dict[int, int] = {}
        for owner in owners:
            await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))
        written: set[str] = set()
        seen: set[str] = set()
        cursors = dict.fromkeys(owners, 0)

        async def writer(me: int) -> None:
            for turn in range(self.ROUNDS):
                rid = f"w{me}-{turn}"
                await push(store, owners[(me + turn) % self.HOT], rid)
                written.add(rid)
                await asyncio.sleep(0)

        async def poll() -> None:
            for owner in owners:
                rows = await store.read(
                    owner, lambda tx, at=cursors[owner]: tx.resources.since(FACET, at, 1000)
                )
                for row in rows:
                    seen.add(row.id)
                    cursors[owner] = row.seq

        async def reader(writers: "asyncio.Future[Any]") -> None:
            while not writers.done():
                await poll()
                await asyncio.sleep(0)

        writers = asyncio.gather(*(writer(me) for me in range(self.WRITERS)))
        await reader(writers)
        await writers
        await poll()
        return written, seen


class StoreContract(
    RecordContract,
    RightsContract,
    PeopleContract,
    BrowserContract,
    CellContract,
    MaintenanceContract,
    AttemptContract,
    VolumeContract,
    UnitContract,
    HotOwnerContract,
):
    """Everything above; give a `store` fixture."""


class RestoreNumberContract:
    """A store opened under a later restore number; give a `restored` fixture (restore = 2)."""

    def test_new_reader_numbers_start_in_the_span_of_the_restore(
        self, restored: Store, run: Run
    ) -> None:
        hand, reader = Hand(restored, run), f"a:{ACCOUNT}"
        assert hand.read(lambda tx: tx.projections.moved_v(reader), ACCOUNT) == 2 * COUNTER_SPAN
        moved = hand.write(lambda tx: tx.projections.put(reader, 1, FACET, 1), ACCOUNT)
        assert moved == 2 * COUNTER_SPAN + 1
        again = hand.write(lambda tx: tx.projections.put(reader, 1, FACET, 1), ACCOUNT)
        assert again == 2 * COUNTER_SPAN + 2

    def test_an_owners_numbers_start_in_the_span_of_the_restore(
        self, restored: Store, run: Run
    ) -> None:
        """Journal rows, effects and what narrows a right are numbered by it (DATA-MODEL §5)."""
        hand = Hand(restored, run)
        hand.create()
        read = hand.read(lambda tx: tx.owner.get())
        assert read is not None
        assert read.n == 2 * COUNTER_SPAN + 1
        first, second = (hand.write(lambda tx: tx.owner.lock(3)) for _ in range(2))
        assert first is not None
        assert second is not None
        assert (first.n, second.n) == (2 * COUNTER_SPAN + 1, 2 * COUNTER_SPAN + 4)
        again = hand.read(lambda tx: tx.owner.get())
        assert again is not None
        assert again.n == 2 * COUNTER_SPAN + 7
