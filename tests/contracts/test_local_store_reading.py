"""What the screens read from the sealed store: lists, records, words, figures."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dossier.clock import to_wire
from dossier.errors import StoreError
from dossier.wire.messages import Head, Heads, Page, Row, Verdict, Version
from local_store.migrate import migrate, steps
from local_store.search import excerpt
from local_store.store import LocalStore
from practitioner_app.ports import ItemState
from tests.contracts.local_store_practice import (
    CLINICAL,
    TERM,
    change,
    copy,
    create,
    lose,
    observation,
    opened,
    patient,
)
from tests.fakes.manual_clock import ManualClock

ANNE, BOB, HELENE, TWIN, OTHER_TWIN = 11, 12, 13, 14, 15


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[LocalStore]:
    with opened(tmp_path / "p", clock) as local:
        yield local


@pytest.fixture
def practice(store: LocalStore) -> LocalStore:
    people = (
        patient(ANNE, "Dupont-Lévêque", "Anne", "1958-07-14", ins="258077511612345"),
        patient(BOB, "Dupont", "Robert", "1958-07-02", sex="male"),
        patient(HELENE, "Ménard", "Hélène", "2001-02-03", birth_name="Dupond"),
        patient(TWIN, "Marchand", "Léa", "2019-05-06"),
        patient(OTHER_TWIN, "Marchand", "Léa", "2019-05-06"),
    )
    for row in people:
        copy(store, row.subject, [row], facet="tag-identity")
    return store


class TestPatients:
    @pytest.mark.parametrize("typed", ["dupnot", "ménadr", "marhcand", "levesque", "leveqe"])
    def test_one_slip_is_forgiven_where_nobody_answers(
        self, practice: LocalStore, typed: str
    ) -> None:
        assert practice.records.patients(typed, 10)

    def test_who_answers_as_typed_leaves_the_others_out(self, practice: LocalStore) -> None:
        assert {line.owner for line in practice.records.patients("dupond", 10)} == {HELENE}

    def test_two_slips_or_a_short_word_find_nobody(self, practice: LocalStore) -> None:
        assert practice.records.patients("dpunot", 10) == []
        assert practice.records.patients("anen", 10) == []

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("dup", [BOB, ANNE, HELENE]),
            ("DUPONT", [BOB, ANNE]),
            ("dupontleveque", [ANNE]),
            ("lev ann", [ANNE]),
            ("helene", [HELENE]),
            ("dupond", [HELENE]),
            ("mén hé", [HELENE]),
            ("14/07/1958", [ANNE]),
            ("14 juil 1958", [ANNE]),
            ("dup 1958", [BOB, ANNE]),
            ("dupont 02071958", [BOB]),
            ("2 58 07 75 116", [ANNE]),
            ("258077511612345", [ANNE]),
            ("zzz", []),
            ("12/1/1901", []),
            ("%", []),
            ('" OR 1=1 --', []),
        ],
    )
    def test_hz_01_are_found_by_parts_of_names_dates_and_ins(
        self, practice: LocalStore, typed: str, found: list[int]
    ) -> None:
        assert [line.owner for line in practice.records.patients(typed, 10)] == found

    def test_hz_02_homonyms_are_all_shown_even_beyond_the_limit(self, practice: LocalStore) -> None:
        lines = practice.records.patients("marchand", 1)
        assert sorted(line.owner for line in lines) == [TWIN, OTHER_TWIN]

    def test_nothing_typed_lists_everybody_by_name(self, practice: LocalStore) -> None:
        assert [line.owner for line in practice.records.patients("", 3)] == [
            BOB,
            ANNE,
            TWIN,
            OTHER_TWIN,
        ]

    def test_a_line_says_who_it_is(self, practice: LocalStore) -> None:
        line = practice.records.patient(ANNE)
        assert line is not None
        assert (line.family, line.given, line.birth_date, line.ins, line.sex) == (
            "Dupont-Lévêque",
            "Anne",
            "1958-07-14",
            "258077511612345",
            "female",
        )

    def test_leave_the_list_with_their_compartment(self, practice: LocalStore) -> None:
        lose(practice, ANNE, "tag-identity")
        assert [line.owner for line in practice.records.patients("dupont", 10)] == [BOB]
        assert practice.records.patient(ANNE) is None

    def test_a_new_name_replaces_the_old_one(self, practice: LocalStore) -> None:
        body = msgspec.json.decode(patient(BOB, "Nouveau", "Robert", "1958-07-02").body or b"")
        row = Row("Patient", f"p{BOB}", Version(0, 2), BOB, None, msgspec.json.encode(body))
        page = Page(
            owner=BOB,
            facet="tag-identity",
            kind="page",
            term=TERM,
            since="end",
            to="e2",
            rows=(row,),
        )
        assert not practice.sync.apply_page(page, 0).stale
        assert practice.records.patients("dupont rob", 10) == []
        assert [line.owner for line in practice.records.patients("nouv", 10)] == [BOB]


class TestRecords:
    def test_rows_come_by_type_then_time_and_keep_their_bytes(self, store: LocalStore) -> None:
        rows = [observation("c", "c", "2026-03-01"), observation("a", "a", "2025-01-01")]
        odd = Row(
            "Condition", "b", Version(0, 1), 0, None, b'{ "resourceType":"Condition", "x" : 1.0}'
        )
        copy(store, ANNE, [*rows, odd])
        read = store.records.rows(ANNE)
        assert [(row.rtype, row.id) for row in read] == [
            ("Condition", "b"),
            ("Observation", "a"),
            ("Observation", "c"),
        ]
        assert {row.id: row.body for row in read} == {row.id: row.body for row in [*rows, odd]}
        assert [row.id for row in store.records.rows(ANNE, ("Observation",))] == ["a", "c"]

    def test_a_body_that_is_no_json_is_kept_and_listed(self, store: LocalStore) -> None:
        copy(store, ANNE, [Row("Basic", "odd", Version(0, 1), 0, None, b"\xff\xfe not json")])
        assert [row.body for row in store.records.rows(ANNE)] == [b"\xff\xfe not json"]

    def test_the_newest_op_covers_the_row_until_the_feed_tells_its_version(
        self, store: LocalStore
    ) -> None:
        row = observation("a", "before")
        copy(store, ANNE, [row])
        mine = observation("a", "after").body or b""
        op = change(1, ANNE, row, Version(0, 1))
        store.outbox.put(op, shows=mine, saw=row.body or b"")
        shown = store.records.resource(ANNE, "Observation", "a")
        assert shown is not None
        assert (shown.state, shown.op_id, shown.body) == (ItemState.PENDING, op.op_id, mine)
        store.sync.next_ops(1, 10_000)
        store.sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 2))])
        shown = store.records.resource(ANNE, "Observation", "a")
        assert shown is not None
        assert (shown.state, shown.body) == (ItemState.SENT, mine)

    def test_a_refused_change_does_not_cover_what_the_server_told_later(
        self, store: LocalStore
    ) -> None:
        row = observation("a", "before")
        copy(store, ANNE, [row])
        op = change(1, ANNE, row, Version(0, 1))
        store.outbox.put(op, shows=observation("a", "mine").body or b"", saw=row.body or b"")
        store.sync.next_ops(1, 10_000)
        store.sync.apply_verdicts([Verdict(op_id=op.op_id, code="rejected", reason="rule")])
        page = Page(
            owner=ANNE, facet=CLINICAL, kind="page", term=TERM, since="end", to="e2",
            rows=(observation("a", "theirs", k=2),),
        )  # fmt: skip
        store.sync.apply_page(page, 0)
        shown = store.records.resource(ANNE, "Observation", "a")
        assert shown is not None
        assert (shown.state, b"theirs" in shown.body) == (ItemState.REFUSED, True)

    def test_a_row_told_before_its_verdict_stays_on_the_screen(self, store: LocalStore) -> None:
        row = observation("a", "before")
        copy(store, ANNE, [row])
        for n, code in ((1, "rejected"), (2, "ok")):
            op = change(n, ANNE, row, Version(0, 1))
            store.outbox.put(op, shows=observation("a", f"mine {n}").body or b"")
            store.sync.next_ops(1, 10_000)
            if code == "ok":
                told = observation("a", "mine 2", k=2)
                page = Page(
                    owner=ANNE, facet=CLINICAL, kind="page", term=TERM, since="end", to="e2",
                    rows=(told,),
                )  # fmt: skip
                store.sync.apply_page(page, 0)
            store.sync.apply_verdicts(
                [Verdict(op_id=op.op_id, code=code, version=Version(0, 2))]  # type: ignore[arg-type]
            )
            assert len(store.records.rows(ANNE)) == 1
        shown = store.records.rows(ANNE)[0]
        assert (shown.state, b"mine 2" in shown.body) == (ItemState.REFUSED, True)
        store.outbox.discard_refused(store.outbox.pending()[0].op_id)
        assert store.records.rows(ANNE)[0].state is ItemState.CONFIRMED

    @pytest.mark.parametrize("extra", ["", " AND rtype = 'Observation'", " AND id = 'a'"])
    def test_reading_one_patient_never_reads_the_others(
        self, store: LocalStore, extra: str
    ) -> None:
        from local_store.records import _CURRENT

        with store._readers.reading() as db:
            steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {_CURRENT}{extra}", (ANNE,))]
        whole = [step for step in steps if step.startswith(("SCAN", "MATERIALIZE"))]
        assert whole in ([], ["SCAN current"])
        assert any("INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in step for step in steps)

    def test_law_8_own_words_stay_in_the_tray_when_the_right_is_lost(
        self, store: LocalStore
    ) -> None:
        row = observation("a", "before")
        copy(store, ANNE, [row])
        store.outbox.put(create(1, ANNE, observation("n", "mine")), shows=b'{"mine":1}')
        store.outbox.put(
            change(2, ANNE, row, Version(0, 1)), shows=b'{"theirs":1}', saw=row.body or b""
        )
        lose(store, ANNE)
        assert list(store.records.rows(ANNE)) == []
        assert [(op.id, op.body) for op in store.outbox.pending()] == [
            ("n", b'{"mine":1}'),
            ("a", b""),
        ]

    def test_directory_rows_are_read_by_reference(self, store: LocalStore) -> None:
        body = b'{"resourceType":"Practitioner","id":"dr"}'
        rows = [Row("Practitioner", "dr", Version(0, 1), 0, None, body)]
        copy(store, 900, rows, facet="tag-public", kind="directory")
        copy(store, ANNE, [observation("dr", "not in the directory")])
        wanted = ["Practitioner/dr", "Practitioner/none", "Observation/dr", "odd"]
        assert store.records.directory(wanted) == {"Practitioner/dr": body}

    def test_hz_17_a_patient_is_complete_only_when_every_compartment_is(
        self, store: LocalStore, clock: ManualClock
    ) -> None:
        assert not store.records.completeness(ANNE).readable
        copy(store, ANNE, [observation("a", "a")])
        store.sync.contact(clock.now(), clock.now() + timedelta(days=7))
        known = store.records.completeness(ANNE)
        assert (known.complete, known.rows, known.rows_wanted, known.readable) == (True, 1, 1, True)
        assert known.copied_at == clock.now()
        more = Head(owner=ANNE, facet="tag-desk", kind="patient", term=TERM, at="x", rows=5)
        store.sync.apply_heads(Heads(restore=0, v="v9", heads=(more,)))
        known = store.records.completeness(ANNE)
        assert (known.complete, known.rows, known.rows_wanted) == (False, 1, 6)

    def test_the_copy_facts_count_what_is_held_and_what_is_wanted(
        self, practice: LocalStore, clock: ManualClock
    ) -> None:
        lease = clock.now() + timedelta(days=7)
        practice.sync.contact(clock.now(), lease)
        practice.outbox.put(create(1, ANNE, observation("n", "x")), shows=b"{}")
        facts = practice.records.copy_facts()
        assert (facts.patients, facts.patients_complete, facts.rows, facts.rows_wanted) == (
            5,
            5,
            5,
            5,
        )
        assert (facts.last_contact, facts.lease_until, facts.pending) == (clock.now(), lease, 1)
        assert facts.by_rank == ((3, 5, 5, 5, 5),)
        assert facts.size == facts.size_wanted > 0
        assert facts.disk_bytes > 0

    def test_the_patient_list_is_counted_apart_from_the_records(self, store: LocalStore) -> None:
        """Usable once every patient can be found, long before the last record is here."""
        rows = [patient(ANNE, "Dupont", "Anne", "1958-07-14")]
        copy(store, ANNE, rows, facet="tag-identity", rank=0)
        copy(store, ANNE, [observation("a", "x"), observation("b", "x")], at="here")
        copy(store, BOB, [patient(BOB, "Durand", "Bob", "1950-01-02")], facet="tag-i", rank=0)
        head = Head(
            owner=BOB, facet="tag-clinical", kind="patient", term=TERM, at="end", rows=7, rank=3
        )
        store.sync.apply_heads(Heads(restore=0, v="v-more", heads=(head,)))
        facts = store.records.copy_facts()
        assert (facts.patients, facts.patients_complete) == (2, 1)
        assert facts.by_rank == ((0, 2, 2, 2, 2), (3, 1, 2, 2, 9))

    def test_a_right_that_ended_hides_the_patient_the_words_and_the_figures(
        self, store: LocalStore, clock: ManualClock
    ) -> None:
        until = to_wire(clock.now() + timedelta(hours=1))
        rows = [patient(ANNE, "Dupont", "Anne", "1958-07-14"), observation("a", "kaliémie")]
        copy(store, ANNE, rows, until=until)
        assert store.records.search("kali", None, 5)
        clock.advance(3600)
        assert store.records.search("kali", None, 5) == []
        assert store.records.patients("dup", 5) == []
        assert store.records.directory(["Patient/p11"]) == {}
        assert store.records.copy_facts().patients == 0
        assert not store.records.completeness(ANNE).readable


class TestSearch:
    @pytest.fixture
    def words(self, store: LocalStore) -> LocalStore:
        rows = [
            observation("a", "Hémoglobine glyquée", "2026-01-01"),
            observation("b", "Hémoglobine", "2026-06-01"),
            observation("c", "Kaliémie", "2026-07-01"),
        ]
        copy(store, ANNE, rows)
        copy(store, BOB, [observation("d", "hemoglobine", "2020-01-01")])
        return store

    @pytest.mark.parametrize(
        ("typed", "owner", "found"),
        [
            ("hémoglobine", None, ["b", "a", "d"]),
            ("HEMO", None, ["b", "a", "d"]),
            ("hemo gly", None, ["a"]),
            ("hemo", BOB, ["d"]),
            ("he", None, []),
            ("status:final", None, []),
            ('"', None, []),
            ("kali OR hemo", None, []),
            ("NEAR(kali hemo)", None, []),
            ("kali*", None, ["c"]),
        ],
    )
    def test_d12_words_are_words_and_never_syntax(
        self, words: LocalStore, typed: str, owner: int | None, found: list[str]
    ) -> None:
        assert [hit.id for hit in words.records.search(typed, owner, 10)] == found

    def test_the_excerpt_marks_the_match_and_nothing_else(self, words: LocalStore) -> None:
        hit = words.records.search("glyq", None, 1)[0]
        assert hit.title == "Hémoglobine glyquée"
        assert hit.excerpt == "Hémoglobine \x02glyquée\x03"

    def test_an_excerpt_begins_with_a_whole_word(self) -> None:
        text = "Chère consœur, " + "je vous adresse cette dame pour un avis, " * 3 + "palpitations"
        cut = excerpt(text, ["palpitations"])
        assert cut.startswith("…")
        assert text[text.index(cut[1:9]) - 1] == " "
        assert cut.endswith("\x02palpitations\x03")
        assert excerpt("x" * 200 + "-palpitations", ["palpitations"]).startswith("…\x02palp")

    def test_only_the_documents_asked_for_have_an_excerpt_and_a_patient_never(
        self, words: LocalStore
    ) -> None:
        every = words.records.search("hemo", None, 10)
        assert all("\x02" in hit.excerpt for hit in every)
        some = words.records.search("hemo", None, 10, 2)
        assert [hit.excerpt for hit in some] == [every[0].excerpt, every[1].excerpt, ""]
        row = patient(HELENE, "Hemon", "Helene", "1971-02-03")
        copy(words, HELENE, [observation("e", "hemoglobine", "2020-01-01"), row])
        found = words.records.search("hemo", HELENE, 10, 1)
        assert {hit.rtype: bool(hit.excerpt) for hit in found} == {
            "Observation": True,
            "Patient": False,
        }

    def test_what_waits_to_be_sent_is_found_too(self, words: LocalStore) -> None:
        row = observation("new", "Natrémie", "2026-09-01")
        words.outbox.put(create(1, ANNE, row), shows=row.body or b"")
        assert [hit.id for hit in words.records.search("natré", None, 5)] == ["new"]

    def test_words_that_were_replaced_are_not_found(self, words: LocalStore) -> None:
        page = Page(
            owner=BOB, facet=CLINICAL, kind="page", term=TERM, since="end", to="e2",
            rows=(observation("d", "Ferritine", k=2),),
        )  # fmt: skip
        words.sync.apply_page(page, 0)
        assert words.records.search("hemo", BOB, 5) == []
        assert [hit.id for hit in words.records.search("ferri", BOB, 5)] == ["d"]


class TestWork:
    def test_an_op_id_is_used_once(self, store: LocalStore) -> None:
        store.outbox.put(create(1, ANNE, observation("a", "x")), shows=b"{}")
        store.outbox.put(create(1, ANNE, observation("a", "x")), shows=b"{}")
        assert len(store.outbox.pending()) == 1
        with pytest.raises(StoreError):
            store.outbox.put(create(1, ANNE, observation("b", "y")), shows=b"{}")

    def test_an_op_that_another_depends_on_is_not_withdrawn(self, store: LocalStore) -> None:
        first = create(1, ANNE, observation("a", "x"))
        second = msgspec.structs.replace(
            create(2, ANNE, observation("b", "y")), depends_on=first.op_id
        )
        store.outbox.put(first, shows=b"{}")
        store.outbox.put(second, shows=b"{}")
        assert not store.outbox.withdraw(first.op_id)
        assert store.outbox.withdraw(second.op_id)
        assert store.outbox.withdraw(first.op_id)

    def test_hz_20_after_a_restore_an_act_that_widens_is_listed_and_not_sent(
        self, store: LocalStore
    ) -> None:
        row = Row("Consent", "c", Version(0, 1), 0, None, b'{"resourceType":"Consent","id":"c"}')
        op = create(1, ANNE, row)
        store.outbox.put(op, shows=row.body or b"")
        store.sync.next_ops(1, 10_000)
        store.sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
        store.sync.begin_restore(1)
        assert list(store.sync.next_ops(5, 10_000)) == []
        assert [(p.state, p.reason) for p in store.outbox.pending()] == [
            (ItemState.REFUSED, "check_after_restore")
        ]

    def test_a_purge_takes_what_was_noted_about_the_rows_and_leaves_what_was_typed(
        self, practice: LocalStore
    ) -> None:
        at = "2026-11-23T08:00:00.000Z"
        for owner in (ANNE, BOB):
            practice.settings.put(f"look.{owner}", f"marks of {owner}")
            practice.drafts.keep(f"allergy:{owner}", owner, b"typed", at)
        practice.settings.put(f"ui.1{ANNE}", "another name")
        copy(practice, ANNE, [observation("a", "fièvre")])
        facets = {one.facet for one in practice.sync.held() if one.owner == ANNE}
        assert len(facets) > 1
        for facet in sorted(facets):
            assert practice.settings.get(f"look.{ANNE}") == f"marks of {ANNE}"
            lose(practice, ANNE, facet)
        assert practice.settings.get(f"look.{ANNE}") == ""
        assert practice.drafts.get(f"allergy:{ANNE}") == b"typed"
        assert practice.settings.get(f"look.{BOB}") == f"marks of {BOB}"
        assert practice.settings.get(f"ui.1{ANNE}") == "another name"

    def test_drafts_settings_and_secrets_survive_a_restart(self, tmp_path: Path) -> None:
        with opened(tmp_path / "w") as local:
            local.drafts.keep("allergy/11", ANNE, b"penic", "2026-11-23T08:00:00.000Z")
            local.settings.put("language", "fr")
            local.vault.put("device-key", b"\x01\x02")
        with opened(tmp_path / "w") as local:
            assert local.drafts.get("allergy/11") == b"penic"
            assert local.settings.get("language") == "fr"
            assert local.settings.get("theme", "light") == "light"
            assert local.vault.get("device-key") == b"\x01\x02"
            local.drafts.drop("allergy/11")
            local.vault.drop("device-key")
            assert (local.drafts.get("allergy/11"), local.vault.get("device-key")) == (None, None)


@pytest.mark.parametrize("name", ["work", "cache"])
def test_every_released_version_migrates_to_the_last(tmp_path: Path, name: str) -> None:
    from local_store.connections import open_writer

    every = steps(name)
    shapes = []
    for reached in range(len(every) + 1):
        path = tmp_path / f"{name}-{reached}.db"
        path.touch()
        db = open_writer(path, bytes(32), page_bytes=None, synchronous="FULL")
        assert migrate(db, every[:reached]) == reached
        assert migrate(db, every) == len(every) - reached
        shapes.append(db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(every)
        db.close()
    assert all(shape == shapes[0] for shape in shapes)
