"""F11: who was touched, by whom and when, from the journal alone."""

from typing import Any

from dossier.clock import to_ms, to_wire
from dossier.wire import messages as wire
from server.services.breach import Breach, Search, Touch
from tests.fakes.server_room import MONDAY, NURSE, Desktop, ServerRoom, an_allergy


class Ward(ServerRoom):
    """Two people, three patients, a few acts an hour apart."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.org = self.unit()
        self.martin = self.desktop("martin", self.org)
        self.perrin = self.desktop("perrin", self.org, NURSE)
        self.anne, self.bob, self.eve = (self.patient(self.org, f"pat-{n}") for n in range(3))
        self.push(self.martin, self.create(self.martin, self.anne, an_allergy("pat-0", "all-1")))
        self.pull(self.perrin, self.bob)
        self.clock.go(hours=1)
        self.push(self.martin, self.told(self.martin, self.bob))
        self.clock.go(days=3)
        self.push(self.martin, self.told(self.martin, self.eve, days_ago=3))
        self.settle()

    def told(self, who: Desktop, patient: int, days_ago: int = 0) -> wire.Op:
        at = to_ms(self.clock.now()) - days_ago * 86_400_000
        at_text = to_wire(type(MONDAY).fromtimestamp(at / 1000, MONDAY.tzinfo))
        return wire.Op(
            op_id=self.op_id(), owner=patient, kind="opened", acting=who.situation, at=at_text
        )

    def search(self, *, quick: bool = False, **asked: Any) -> list[Touch]:
        return self.run(Breach(self.premises).run(Search(**asked), quick=quick))


def said(touches: list[Touch]) -> dict[int, dict[str, int]]:
    return {touch.by.owner: dict(touch.acts) for touch in touches}


def test_f11_everybody_an_account_touched_is_named_with_what_it_did(engine: Any) -> None:
    room = engine.room(Ward)
    found = room.search(account=room.martin.account)
    assert said(found) == {
        room.anne: {"acted": 1},
        room.bob: {"opened": 1},
        room.eve: {"opened": 1},
    }
    assert {(touch.by.device, touch.by.unit) for touch in found} == {(room.martin.device, room.org)}
    (nurse,) = room.search(device=room.perrin.device)
    assert (nurse.by.owner, nurse.by.account) == (room.bob, room.perrin.account)
    assert set(nurse.acts) == {"copied"}
    assert room.search(account=room.martin.account, unit=room.anne) == []


def test_f11_a_window_finds_what_was_made_in_it_even_when_it_was_told_days_later(
    engine: Any,
) -> None:
    room = engine.room(Ward)
    monday = to_ms(MONDAY)
    hour = 3_600_000
    first = room.search(from_ms=monday + hour, until_ms=monday + 2 * hour)
    assert said(first) == {room.bob: {"opened": 1}, room.eve: {"opened": 1}}
    (eve,) = room.search(from_ms=monday + 48 * hour, until_ms=monday + 96 * hour)
    assert (eve.by.owner, eve.first_ms) == (room.eve, monday + hour)
    assert room.search(from_ms=monday + 200 * hour) == []


def test_f11_the_months_outside_the_window_are_not_read(engine: Any) -> None:
    room = engine.room(Ward)
    breach = Breach(room.premises)
    room.run(breach.run(Search(until_ms=to_ms(MONDAY) - 60 * 86_400_000)))
    assert breach.rows == 0
    room.run(breach.run(Search(until_ms=to_ms(MONDAY))))
    assert breach.rows > 0


def test_f11_a_quick_search_reads_only_the_patients_the_accounts_own_shard_names(
    engine: Any,
) -> None:
    room = engine.room(Ward)
    assert said(room.search(account=room.martin.account, quick=True)) == {
        room.bob: {"opened": 1},
        room.eve: {"opened": 1},
    }
    assert said(room.search(account=room.perrin.account, quick=True)) == said(
        room.search(account=room.perrin.account)
    )


def test_f11_patients_are_told_by_their_id_and_by_name_only_when_asked(engine: Any) -> None:
    room = engine.room(Ward)
    breach = Breach(room.premises)
    assert room.run(breach.patient(room.anne, named=False)) == ("pat-0", None)
    rid, who = room.run(breach.patient(room.anne, named=True))
    assert (rid, who.birth_name, who.birth_date) == ("pat-0", "Durand pat-0", "1960-05-02")
    assert room.run(breach.organisation(room.org)) == "org-1"


def test_f11_rows_of_a_destroyed_record_are_counted_not_guessed(engine: Any) -> None:
    room = engine.room(Ward)
    room.run(room.keys.destroy(room.bob))
    breach = Breach(room.premises)
    found = room.run(breach.run(Search(account=room.martin.account)))
    assert {touch.by.owner for touch in found} == {room.anne, room.eve}
    assert breach.unreadable == 3
    assert room.run(breach.patient(room.bob, named=True)) == ("pat-1", None)
