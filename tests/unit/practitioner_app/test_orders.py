"""Ordered, never came back (HZ-09)."""

from datetime import timedelta

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Invalid
from dossier.terminology.catalogue import Terminology
from dossier.terminology.letters import LetterKind, load_letters
from practitioner_app.services.letters import (
    LetterService,
    MarkLetterErroneous,
    OrderLine,
    SignLetter,
)
from practitioner_app.services.orders import Chase, CloseOrder, OrderService
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER, a_patient, a_result
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

DAY = 86_400
TERMS, PACK = Terminology.load(), load_letters()


class Desk:
    def __init__(self):
        self.clock, self.store = ManualClock(), MemoryRecordStore()
        self.store.hold(OWNER, a_patient())
        self.store.hold(OTHER_OWNER, a_patient("p2", birth_name="LE GOFF"))
        self.writer = Writer(
            reader=self.store,
            outbox=self.store,
            clock=self.clock,
            entropy=SeededEntropy(8),
            actor=ACTOR,
        )
        self.letters = LetterService(self.store, self.writer, TERMS, PACK, self.store.settings)
        search = SearchService(self.store, self.clock)
        self.orders = OrderService(self.store, self.writer, search, self.clock)

    def day(self, days=0):
        return (self.clock.now() + timedelta(days=days)).date().isoformat()

    def orders_tests(self, *labels, owner=OWNER, days=30):
        lines = tuple(OrderLine(label=label, expected=self.day(days)) for label in labels)
        return self.letters.sign(
            SignLetter(
                owner=owner,
                kind=LetterKind.LABORATORY,
                title="Ordonnance de biologie",
                at=self.day(),
                pdf=b"%PDF-1.4",
                text="HbA1c",
                lines=lines,
            )
        )[0]

    def awaited(self):
        return [line.label for line in self.orders.awaited()]


@pytest.fixture
def desk():
    return Desk()


def test_hz09_what_was_ordered_and_never_came_back_is_listed_until_a_result_comes(desk):
    desk.orders_tests("HbA1c")
    desk.clock.advance(30 * DAY)
    assert desk.awaited() == []
    desk.clock.advance(1 * DAY)
    (line,) = desk.orders.awaited()
    assert (line.label, line.late_days, line.mine) == ("HbA1c", 1, True)
    assert line.patient.family == "MARTINEAU"
    desk.store.hold(OWNER, a_result(at=desk.day(-2) + "T08:00:00Z"))
    assert desk.awaited() == []


def test_hz09_a_result_from_before_the_order_or_of_another_patient_answers_nothing(desk):
    desk.orders_tests("HbA1c")
    desk.store.hold(OWNER, a_result(at=desk.day(-1) + "T08:00:00Z"))
    desk.store.hold(OTHER_OWNER, a_result("o2", at=desk.day(3) + "T08:00:00Z"))
    desk.store.hold(OWNER, a_result("o3", at=desk.day(3) + "T08:00:00Z", status="cancelled"))
    desk.clock.advance(40 * DAY)
    assert desk.awaited() == ["HbA1c"]


def test_hz09_a_result_that_names_its_order_answers_it_whatever_it_measures(desk):
    desk.orders_tests("Électrophorèse des protéines")
    (order,) = desk.store.rows(OWNER, ("ServiceRequest",))
    desk.clock.advance(40 * DAY)
    assert desk.awaited() == ["Électrophorèse des protéines"]
    told = a_result(code="24351-9", basedOn=[{"reference": f"ServiceRequest/{order.id}"}])
    desk.store.hold(OWNER, told)
    assert desk.awaited() == []


def test_hz09_each_line_of_one_paper_is_awaited_by_itself(desk):
    desk.orders_tests("HbA1c", "Créatinine")
    desk.clock.advance(31 * DAY)
    desk.store.hold(OWNER, a_result(at=desk.day(-5) + "T08:00:00Z"))
    assert desk.awaited() == ["Créatinine"]


def test_hz09_a_chased_order_comes_back_when_its_new_day_has_passed(desk):
    desk.orders_tests("HbA1c")
    desk.clock.advance(35 * DAY)
    (line,) = desk.orders.awaited()
    chase = Chase(owner=OWNER, id=line.id, until=desk.day(7), note="Appelée ce jour")
    desk.orders.chase(chase)
    assert desk.awaited() == []
    desk.clock.advance(8 * DAY)
    (line,) = desk.orders.awaited()
    assert (line.chased, line.note) == (1, "Appelée ce jour")
    with pytest.raises(Invalid) as refused:
        desk.orders.chase(Chase(owner=OWNER, id=line.id, until=desk.day(), note="x"))
    assert refused.value.issues[0].rule == "not_ahead"


def test_hz09_an_order_is_closed_only_with_a_reason_and_once(desk):
    desk.orders_tests("HbA1c")
    desk.clock.advance(35 * DAY)
    (line,) = desk.orders.awaited()
    with pytest.raises(Invalid):
        desk.orders.close(CloseOrder(owner=OWNER, id=line.id, reason="  "))
    desk.orders.close(CloseOrder(owner=OWNER, id=line.id, reason="Faite à l’hôpital"))
    assert desk.awaited() == []
    with pytest.raises(Invalid) as refused:
        desk.orders.close(CloseOrder(owner=OWNER, id=line.id, reason="encore"))
    assert refused.value.issues[0].rule == "not_open"


def test_an_order_whose_paper_was_an_error_is_awaited_no_more(desk):
    written = desk.orders_tests("HbA1c", "TSH")
    wrong = MarkLetterErroneous(owner=OWNER, id=written.id, reason="Mauvais patient")
    desk.letters.mark_erroneous(wrong)
    desk.clock.advance(90 * DAY)
    assert desk.awaited() == []


def test_the_longest_overdue_comes_first_and_every_patient_is_named(desk):
    desk.orders_tests("TSH", days=10)
    desk.orders_tests("HbA1c", owner=OTHER_OWNER, days=5)
    desk.clock.advance(20 * DAY)
    found = desk.orders.awaited()
    assert [(line.label, line.patient.family) for line in found] == [
        ("HbA1c", "LE GOFF"),
        ("TSH", "MARTINEAU"),
    ]
