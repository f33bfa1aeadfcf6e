"""What the screens count on: `current` is confirmed overlaid by what waits. Fake and real store run it.

A subclass gives the fixture `store`: `reader`, `outbox`, `settings`, `drafts`.
"""

from typing import Any

import msgspec
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Unavailable
from dossier.fhir.allergies import NewAllergy
from practitioner_app.ports import ItemState
from practitioner_app.services.writing import Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_result, an_allergy
from tests.fakes.manual_clock import ManualClock


class RecordStoreContract:
    def writer(self, store: Any) -> Writer:
        return Writer(
            reader=store.reader,
            outbox=store.outbox,
            clock=ManualClock(),
            entropy=SeededEntropy(5),
            actor=ACTOR,
        )

    def test_what_was_recorded_is_current_and_pending(self, store):
        written = self.writer(store).create(OWNER, an_allergy("a1"))
        row = store.reader.resource(OWNER, "AllergyIntolerance", "a1")
        assert row is not None
        assert (row.owner, row.state, row.op_id) == (OWNER, ItemState.PENDING, written.op_id)
        assert msgspec.json.decode(row.body) == an_allergy("a1")
        assert [row.id for row in store.reader.rows(OWNER, ("AllergyIntolerance",))] == ["a1"]
        assert store.reader.rows(OWNER + 1) == []

    def test_undo_before_sending_leaves_nothing(self, store):
        written = self.writer(store).create(OWNER, an_allergy("a1"))
        assert store.outbox.withdraw(written.op_id)
        assert not store.outbox.withdraw(written.op_id)
        assert store.reader.resource(OWNER, "AllergyIntolerance", "a1") is None
        assert list(store.outbox.pending()) == []

    def test_what_another_op_needs_is_not_undone(self, store):
        writer = self.writer(store)
        first = writer.create(OWNER, an_allergy("a1"))
        row = store.reader.resource(OWNER, "AllergyIntolerance", "a1")
        second = writer.change(row, an_allergy("a1", agent="amoxicilline"))
        assert not store.outbox.withdraw(first.op_id)
        changed = store.reader.resource(OWNER, "AllergyIntolerance", "a1")
        assert changed.op_id == second.op_id
        assert msgspec.json.decode(changed.body)["code"] == {"text": "amoxicilline"}

    def test_what_waits_is_listed_oldest_first_with_its_body(self, store):
        writer = self.writer(store)
        ids = [writer.create(OWNER, an_allergy(f"a{n}")).op_id for n in range(3)]
        waiting = list(store.outbox.pending())
        assert [item.op_id for item in waiting] == ids
        assert {(item.kind, item.state, item.owner) for item in waiting} == {
            ("create", ItemState.PENDING, OWNER)
        }
        assert all(item.size_bytes > 0 for item in waiting)
        assert msgspec.json.decode(waiting[0].body)["id"] == "a0"
        assert store.reader.copy_facts().pending == 3

    def test_the_same_op_twice_is_one(self, store):
        self.writer(store).create(OWNER, an_allergy("a1", agent=NewAllergy(agent="x").agent))
        [item] = store.outbox.pending()
        assert item.id == "a1"
        assert list(store.outbox.conflicts()) == []

    def test_an_opening_shows_nothing_in_the_record(self, store):
        self.writer(store).opened(OWNER)
        assert list(store.reader.rows(OWNER)) == []

    def test_settings_and_drafts_keep_the_last_value(self, store):
        assert store.settings.get("look", "none") == "none"
        store.settings.put("look", "a")
        store.settings.put("look", "b")
        assert store.settings.get("look") == "b"
        store.drafts.keep("form", OWNER, b"x", "2026-11-23T08:00:00.000Z")
        assert store.drafts.get("form") == b"x"
        store.drafts.drop("form")
        assert store.drafts.get("form") is None

    def test_drafts_are_listed_the_latest_first(self, store):
        for key, hour in (("note:1", "08"), ("note:2", "10"), ("form", "09")):
            store.drafts.keep(key, OWNER, key.encode(), f"2026-11-23T{hour}:00:00.000Z")
        store.drafts.keep("note:1", OTHER_OWNER, b"again", "2026-11-23T11:00:00.000Z")
        assert [(kept.key, kept.owner, kept.text) for kept in store.drafts.all()] == [
            ("note:1", OTHER_OWNER, b"again"),
            ("note:2", OWNER, b"note:2"),
            ("form", OWNER, b"form"),
        ]

    def test_an_act_of_several_parts_is_whole_or_absent(self, store):
        writer = self.writer(store)
        store.drafts.keep("form", OWNER, b"x", "2026-11-23T08:00:00.000Z")
        with pytest.raises(Unavailable), store.outbox.together():
            writer.create(OWNER, an_allergy("a1"))
            store.drafts.drop("form")
            raise Unavailable
        assert list(store.outbox.pending()) == []
        assert store.drafts.get("form") == b"x"
        with store.outbox.together():
            first = writer.create(OWNER, an_allergy("a1"))
            writer.create(OWNER, an_allergy("a2"), depends_on=first.op_id)
            store.drafts.drop("form")
        assert [item.id for item in store.outbox.pending()] == ["a1", "a2"]
        assert store.drafts.get("form") is None

    def test_a_work_list_reads_one_type_over_all_patients(self, store):
        writer = self.writer(store)
        writer.create(OWNER, an_allergy("a1"))
        writer.create(OTHER_OWNER, an_allergy("a2"))
        writer.create(OTHER_OWNER, a_result("o1"))
        found = store.reader.everywhere("AllergyIntolerance")
        assert {(row.owner, row.id) for row in found} == {(OWNER, "a1"), (OTHER_OWNER, "a2")}
        assert [row.id for row in store.reader.everywhere("Observation")] == ["o1"]
        assert list(store.reader.everywhere("Task")) == []

    def test_a_list_of_the_day_reads_one_type_from_a_day_on(self, store):
        writer = self.writer(store)
        writer.create(OWNER, a_result("o1", at="2026-11-22"))
        writer.create(OTHER_OWNER, a_result("o2", at="2026-11-23T09:00:00Z"))
        assert [row.id for row in store.reader.since("Observation", "2026-11-23")] == ["o2"]
        assert len(store.reader.since("Observation", "2026-11-22")) == 2
