"""VIS-04: a hidden document leaves no trace for another reader. Twin runs, compared byte for byte."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dossier.access.home import MASKED, NOT_PATIENT
from dossier.access.tables import ATTENDING, SELF
from dossier.errors import Invalid, Refused, Unavailable
from dossier.wire import messages as wire
from dossier.wire.codec import value_hash
from tests.fakes.server_room import Desktop, ServerRoom, a_document, an_allergy

OP = "00000000-0000-4000-8000-{:012}"
ACT = Callable[[ServerRoom, Desktop, int], None]


def masked_deposit(room: ServerRoom, author: Desktop, owner: int) -> None:
    document = a_document("pat-1", "00000000-0000-4000-8000-00000000dead")
    op = room.create(author, owner, document, labels=(MASKED,), op_id=OP.format(1))
    assert room.push(author, op)[0].code == "ok"


def masked_later(room: ServerRoom, author: Desktop, owner: int) -> None:
    masked_deposit(room, author, owner)
    note = a_document("pat-1", "00000000-0000-4000-8000-00000000beef")
    op = room.create(author, owner, note, labels=(MASKED,), op_id=OP.format(2))
    room.push(author, op)
    change = wire.Op(
        op_id=OP.format(3),
        owner=owner,
        kind="change",
        acting=author.situation,
        at="2026-11-23T08:00:00.000Z",
        rtype="DocumentReference",
        id=note["id"],
        base=wire.Version(0, 1),
        changes=(
            wire.Change(
                element="status",
                base=value_hash("current"),
                value=msgspec.Raw(b'"superseded"'),
            ),
        ),
    )
    assert room.push(author, change)[0].code == "ok"


def run(engine: Any, act: ACT | None) -> bytes:
    """Everything the other doctor observes of a story in which `act` happens or does not."""
    room = engine.room()
    org = room.unit()
    author, other = room.desktop("martin", org), room.desktop("diallo", org)
    owner = room.patient(org)
    observed: list[object] = []
    since = ""

    def look() -> None:
        nonlocal since
        room.settle()
        found = room.run(room.feed.heads(other.session, since))
        observed.append(found)
        since = found.v if found is not None else since
        observed.extend(room.pages(other, owner))
        observed.append(room.run(room.records.read(other.session, owner)))

    look()
    room.push(author, room.create(author, owner, an_allergy("pat-1", "all-1"), op_id=OP.format(11)))
    look()
    if act is not None:
        act(room, author, owner)
    look()
    room.push(other, room.create(other, owner, a_document("pat-1", "doc-1"), op_id=OP.format(12)))
    room.run(room.access.relate(owner, author.account, ATTENDING))
    look()
    verdict = room.push(
        other, room.create(other, owner, an_allergy("pat-1", "a-2"), op_id=OP.format(13))
    )
    observed.append(verdict)
    look()
    return msgspec.msgpack.encode(observed)


@pytest.mark.parametrize("act", [masked_deposit, masked_later])
def test_vis_04_a_masked_document_leaves_no_trace_for_another_reader(engine: Any, act: ACT) -> None:
    assert run(engine, act) == run(engine, None)


def test_the_twin_comparison_sees_a_document_that_is_not_hidden(engine: Any) -> None:
    def shown(room: ServerRoom, author: Desktop, owner: int) -> None:
        room.push(author, room.create(author, owner, a_document("pat-1", "plain")))

    assert run(engine, shown) != run(engine, None)


class Hidden(ServerRoom):
    """One document in a practice of two, with its patient signed in by relation."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.org = self.unit()
        self.author, self.other = self.desktop("martin", self.org), self.desktop("diallo", self.org)
        self.anne = self.patient(self.org)
        self.push(self.author, self.create(self.author, self.anne, a_document("pat-1", "doc")))
        derived = self.create(self.author, self.anne, an_allergy("pat-1", "from-doc"), root="doc")
        assert self.push(self.author, derived)[0].code == "ok"
        self.settle()

    def relabel(self, *labels: str, by: Desktop | None = None) -> None:
        desk = by or self.author
        self.run(
            self.labels.relabel(
                self.anne, "DocumentReference", "doc", frozenset(labels), desk.session
            )
        )
        self.settle()

    def seen_by(self, desk: Desktop) -> set[str]:
        return set(self.pull(desk, self.anne)) - {"Patient/pat-1"}


ALL = {"DocumentReference/doc", "AllergyIntolerance/from-doc"}


def test_vis_03_masking_takes_the_document_and_what_was_derived_from_it(engine: Any) -> None:
    room = engine.room(Hidden)
    assert room.seen_by(room.other) == ALL
    room.relabel(MASKED)
    assert room.seen_by(room.other) == set()
    assert room.seen_by(room.author) == ALL
    room.relabel()
    assert room.seen_by(room.other) == ALL


def test_a_reader_who_held_it_gets_tombstones_at_the_new_version(engine: Any) -> None:
    room = engine.room(Hidden)
    heads = room.run(room.feed.heads(room.other.session, ""))
    assert heads is not None
    held = next(h for h in heads.heads if h.owner == room.anne and h.rank == 3)
    room.relabel(MASKED)
    want = wire.Want(owner=room.anne, facet=held.facet, term=held.term, since=held.at)
    (page,) = room.run(
        room.feed.changes(room.other.session, wire.ChangesRequest(items=(want,)))
    ).pages
    assert {(row.id, row.version, row.body) for row in page.rows} == {
        ("doc", wire.Version(0, 2), None),
        ("from-doc", wire.Version(0, 2), None),
    }
    assert page.digest == "00" * 32


def test_vis_02_masked_and_not_for_the_patient_is_refused(engine: Any) -> None:
    room = engine.room(Hidden)
    with pytest.raises(Invalid, match="masked_and_not_visible"):
        room.relabel(MASKED, NOT_PATIENT)


def test_hz_06_a_clinical_row_of_its_own_cannot_be_masked(engine: Any) -> None:
    room = engine.room(Hidden)
    op = room.create(room.author, room.anne, an_allergy("pat-1", "own"), labels=(MASKED,))
    assert room.push(room.author, op)[0].issues[0].rule == "label_not_for_this_type"


def test_a_derived_row_follows_its_document_and_is_not_labelled_alone(engine: Any) -> None:
    room = engine.room(Hidden)
    with pytest.raises(Refused, match="labels_follow_document"):
        room.run(
            room.labels.relabel(
                room.anne,
                "AllergyIntolerance",
                "from-doc",
                frozenset({MASKED}),
                room.author.session,
            ),
        )


def test_who_may_not_read_a_document_may_not_unmask_it(engine: Any) -> None:
    room = engine.room(Hidden)
    room.relabel(MASKED)
    with pytest.raises(Unavailable):
        room.relabel(by=room.other)


def test_a_masked_id_is_taken_like_any_other(engine: Any) -> None:
    room = engine.room(Hidden)
    room.relabel(MASKED)
    op = room.create(room.other, room.anne, a_document("pat-1", "doc"))
    assert room.push(room.other, op)[0].code == "unavailable"


def test_vis_01_what_is_not_yet_for_the_patient_is_read_by_professionals_only(engine: Any) -> None:
    room = engine.room(Hidden)
    patient = room.desktop("anne", room.unit("org-2"))
    room.run(room.access.relate(room.anne, patient.account, SELF))
    room.settle()
    assert room.seen_by(patient) >= ALL
    room.relabel(NOT_PATIENT)
    assert not room.seen_by(patient) & ALL
    assert room.seen_by(room.other) == ALL


def test_the_journal_rows_of_a_document_move_with_it_and_keep_their_leaves(engine: Any) -> None:
    room = engine.room(Hidden)
    from server.services.facets import JOURNAL_FACETS

    def rows(facet: str) -> dict[int, bytes]:
        tag = room.premises.tags.tag(room.anne, facet)
        found = room.run(room.store.read(room.anne, lambda tx: tx.journal.of_facets([tag], 99)))
        return {row.n: row.leaf for row in found}

    plain, hidden, _ = JOURNAL_FACETS
    before = rows(plain)
    room.relabel(NOT_PATIENT)
    moved = rows(hidden)
    assert {n: leaf for n, leaf in moved.items() if n in before}.items() <= before.items()
    assert len(moved.keys() & before.keys()) == 2
    room.relabel()
    assert rows(hidden) == {}
    assert before.items() <= rows(plain).items()


def test_masking_is_in_the_key_store_and_unmasking_is_not(engine: Any) -> None:
    room = engine.room(Hidden)
    room.relabel(MASKED)
    room.relabel()
    assert len(room.run(room.keys.narrowed(room.anne))) == 1
