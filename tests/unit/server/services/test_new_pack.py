"""Another matrix is in force: nothing is answered by the old one, and rows move before they are served."""

from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from dossier.access.matrix import MatrixPack
from dossier.errors import Unavailable
from dossier.wire import messages as wire
from server.services.access import Access
from server.services.copies import Copies
from server.services.feed import Feed
from server.services.record import Records
from tests.fakes.server_room import NURSE, Desktop, ServerRoom, a_document, an_allergy

LETTER = "11488-4"


def a_stricter_pack() -> MatrixPack:
    """The same matrix, but for one type of document that doctors alone read from now on."""
    text = files("dossier.access.packs").joinpath("matrix-fr-2026-11.toml").read_text("utf-8")
    text = text.replace('version = "fr-2026-11"', 'version = "fr-2027-01"')
    text = text.replace(f'"{LETTER}", ', "", 1)
    return MatrixPack.parse(text.replace('"ATTEST-HEBGT",', f'"ATTEST-HEBGT", "{LETTER}",', 1))


class Edited(ServerRoom):
    """A doctor and a nurse, one letter, one allergy; then the matrix is edited."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        org = self.unit()
        self.doctor, self.nurse = self.desktop("martin", org), self.desktop("ines", org, NURSE)
        self.anne = self.patient(org)
        letter = a_document("pat-1", "letter", LETTER)
        self.push(self.doctor, self.create(self.doctor, self.anne, letter))
        self.push(self.doctor, self.create(self.doctor, self.anne, an_allergy("pat-1", "all-1")))
        self.settle()
        assert "DocumentReference/letter" in self.pull(self.nurse, self.anne)
        self.premises = replace(self.premises, pack=a_stricter_pack())
        self.access = Access(self.premises)
        self.copies = Copies(self.premises)
        self.feed = Feed(self.premises, self.copies)
        self.records = Records(self.premises)


def seen(room: Edited, desk: Desktop) -> set[str]:
    return set(room.pull(desk, room.anne))


def test_acc_08_a_profession_that_lost_a_type_is_not_shown_it_once_more(engine: Any) -> None:
    room = engine.room(Edited)
    assert "DocumentReference/letter" not in seen(room, room.nurse)
    assert "AllergyIntolerance/all-1" in seen(room, room.nurse)
    room.settle()
    assert "DocumentReference/letter" in seen(room, room.doctor)


def test_a_page_asked_under_the_old_term_ends_and_names_the_row_that_moved(engine: Any) -> None:
    room = engine.room(Edited)
    heads = room.run(Feed(room.premises, room.copies).heads(room.nurse.session, ""))
    assert heads is not None
    kept = [h for h in heads.heads if h.owner == room.anne and h.rank == 3]
    assert [head.rows for head in kept] == [1]


def test_a_reader_who_comes_first_brings_the_owner_to_the_new_pack(engine: Any) -> None:
    room = engine.room(Edited)
    held = room.run(room.records.read(room.nurse.session, room.anne))
    assert {one.id for one in held} == {"pat-1", "all-1"}
    row = room.run(room.store.read(room.anne, lambda tx: tx.owner.get()))
    assert row.pack == "fr-2027-01"


def test_a_write_brings_the_owner_to_the_new_pack_first(engine: Any) -> None:
    room = engine.room(Edited)
    from server.services.changes import Changes
    from server.services.deciding import Tools

    tools = Tools(room.premises, room.access, room.consenting, lambda _t, _v: ())
    changes = Changes(tools, room.copies)
    again = a_document("pat-1", "letter-2", LETTER)
    op = room.create(room.nurse, room.anne, again)
    reply = room.run(changes.push(room.nurse.session, wire.OpsRequest(ops=(op,))))
    assert reply.verdicts[0].code == "ok"
    held = {one.id: one.facet for one in room.run(room.records.whole(room.anne))}
    assert held["letter"] == "rec:doctor"
    assert held["letter-2"].startswith("rec:doctor:a-")


def test_a_stranger_gains_nothing_by_a_new_pack(engine: Any) -> None:
    room = engine.room(Edited)
    stranger = room.desktop("loin", room.unit("org-2"))
    with pytest.raises(Unavailable):
        room.run(room.records.read(stranger.session, room.anne))
