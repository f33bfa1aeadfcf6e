"""Rows of security.md §2.2 and §2.4 against the whole server: S4, S8, S10, S12, N2."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest

from dossier.clock import to_wire
from dossier.errors import SignInNeeded
from dossier.wire import codec
from dossier.wire import messages as wire
from server.ports import OwnerTx, ResourceRow
from tests.fakes.served_house import Listening, ServedHouse, problem_in, served
from tests.fakes.server_room import HERE, PASSWORD, Desktop, ServerRoom, an_allergy
from tests.logfail import LogFail

ALLERGY = "AllergyIntolerance"
YEAR = timedelta(days=365)


@pytest.fixture
def house(engine: Any, tmp_path: Path) -> Iterator[ServedHouse]:
    with served(tmp_path / "server", databases=engine.databases()) as opened:
        yield opened


class Shelf(msgspec.Struct):
    """Two patients of one practice, each with two allergies, and a signed-in doctor."""

    doctor: Desktop
    token: str
    anne: int
    bob: int


def filled(house: ServedHouse) -> Shelf:
    org = house.unit()
    doctor = house.desktop("martin", org)
    owners = [house.patient(org, rid) for rid in ("pat-1", "pat-2")]
    for rid, owner in zip(("pat-1", "pat-2"), owners, strict=True):
        for n in (1, 2):
            op = house.create(doctor, owner, an_allergy(rid, f"{rid}-a{n}", f"agent {rid} {n}"))
            assert house.push(doctor, op)[0].code == "ok"
    house.settle()
    return Shelf(doctor, house.token_of(doctor), *owners)


def rows_of(house: ServedHouse, owner: int) -> dict[str, ResourceRow]:
    """The rows of an owner's allergies, as they lie in the database."""

    async def look(tx: OwnerTx) -> list[ResourceRow]:
        return await tx.resources.of_type(ALLERGY)

    return {row.id: row for row in house.run(house.store.read(owner, look))}


def put(house: ServedHouse, owner: int, row: ResourceRow) -> None:
    """A row is written behind the server's back, as by somebody who administers the database."""

    async def write(tx: OwnerTx) -> None:
        await tx.resources.put([row])

    house.run(house.store.write(owner, write))


def clinical(house: ServedHouse, shelf: Shelf, owner: int) -> Any:
    """The answer to a desktop that asks for the compartment of the allergies."""
    facets = {row.facet for row in rows_of(house, owner).values()}
    (head,) = (h for h in house.heads(shelf.token).heads if h.owner == owner and h.facet in facets)
    want = wire.Want(owner=owner, facet=head.facet, term=head.term)
    return house.post("/sync/v1/changes", wire.ChangesRequest(items=(want,)), shelf.token)


@pytest.mark.parametrize("swap", ["id", "patient", "version"])
def test_s4_a_row_swapped_by_the_databases_administrator_is_an_error_and_never_shown(
    house: ServedHouse, logfail: LogFail, swap: str
) -> None:
    shelf = filled(house)
    mine, theirs = rows_of(house, shelf.anne), rows_of(house, shelf.bob)
    assert clinical(house, shelf, shelf.anne).status_code == 200
    first = mine["pat-1-a1"]
    other = {
        "id": mine["pat-1-a2"].cell,
        "patient": theirs["pat-2-a1"].cell,
        "version": first.cell,
    }[swap]
    version = first.version
    if swap == "version":
        version = wire.Version(version.restore, first.version.k + 1)
    put(house, shelf.anne, first._replace(cell=other, version=version))
    with logfail.expecting("fault_of_ours"):
        answer = clinical(house, shelf, shelf.anne)
    assert answer.status_code == 500
    assert problem_in(answer).code == "seal"
    assert b"agent" not in answer.content
    assert clinical(house, shelf, shelf.bob).status_code == 200


def test_s8_who_left_is_out_at_the_next_request_at_every_door_and_on_the_line_of_hints(
    house: ServedHouse,
) -> None:
    shelf = filled(house)
    colleague = house.desktop("diallo", shelf.doctor.session.unit)
    line = Listening(house, shelf.token)
    assert (line.status, line.event()) == (200, b": colloque\n\n")
    house.run(house.members.end(shelf.doctor.account, shelf.doctor.situation))
    refused = [
        house.get("/sync/v1/heads", shelf.token),
        house.post("/sync/v1/changes", wire.ChangesRequest(items=()), shelf.token),
        house.post("/sync/v1/terms", wire.TermsRequest(items=()), shelf.token),
        house.post("/sync/v1/digests", wire.TermsRequest(items=()), shelf.token),
        house.get("/session/v1/devices", shelf.token),
    ]
    assert {(one.status_code, problem_in(one).code) for one in refused} == {
        (403, "situation_ended")
    }
    assert house.push(colleague, house.create(colleague, shelf.anne, an_allergy("pat-1", "later")))
    house.settle()
    kinds = [line.hint()]
    while kinds[-1]:
        kinds.append(line.hint())
    assert kinds[-2] == "revoked"


class Calls:
    """How many functions the interpreter entered, Python's and C's: the work of a request without its clock."""

    def __init__(self) -> None:
        self.count = 0

    def _enter(self, _frame: FrameType, event: str, _arg: object) -> None:
        self.count += event in ("call", "c_call")

    def of(self, work: Callable[[], object]) -> int:
        before = sys.getprofile()
        self.count = 0
        sys.setprofile(self._enter)
        try:
            with pytest.raises(SignInNeeded):
                work()
        finally:
            sys.setprofile(before)
        return self.count


def test_s10_an_unknown_name_costs_the_same_number_of_calls_as_a_known_one() -> None:
    """Counted, not timed: a time would tell of the machine. The password's own work is the same by
    `test_s10_unknown_closed_and_known_names_cost_the_same_work_and_one_answer`.
    """
    room = ServerRoom()
    room.desktop("martin", room.unit())

    def tried(login: str) -> Callable[[], object]:
        return lambda: room.run(room.credentials.check(login, f"not {PASSWORD}", "000000", HERE))

    calls = Calls()
    for login in ("martin", "nobody"):
        calls.of(tried(login))
    counts: dict[str, list[int]] = {"martin": [], "nobody": []}
    for turn in range(8):
        room.clock.go(hours=1)
        for login in ("martin", "nobody") if turn % 2 else ("nobody", "martin"):
            counts[login].append(calls.of(tried(login)))
    known, unknown = (sum(found) / len(found) for found in counts.values())
    assert abs(known - unknown) <= 0.05 * known


def test_s12_a_late_copy_of_a_request_changes_nothing_and_another_body_under_its_id_is_unavailable(
    house: ServedHouse,
) -> None:
    shelf = filled(house)
    op = house.create(shelf.doctor, shelf.anne, an_allergy("pat-1", "again"))
    raw = codec.encode(wire.OpsRequest(ops=(op,)))
    answers = [house.post("/sync/v1/ops", raw, shelf.token).content for _ in range(3)]
    assert len(set(answers)) == 1
    forged = msgspec.structs.replace(
        op, body=msgspec.Raw(msgspec.json.encode(an_allergy("pat-1", "again", "another")))
    )
    answer = house.post("/sync/v1/ops", wire.OpsRequest(ops=(forged,)), shelf.token)
    (verdict,) = codec.decode(answer.content, wire.OpsReply).verdicts
    assert verdict.code == "unavailable"
    assert len(rows_of(house, shelf.anne)) == 3
    assert (
        rows_of(house, shelf.anne)["again"].version
        == codec.decode(answers[0], wire.OpsReply).verdicts[0].version
    )


@pytest.mark.parametrize("off", [-YEAR, -timedelta(days=1), timedelta(days=1), 10 * YEAR])
def test_n2_the_clock_of_a_device_orders_nothing_and_is_kept_as_what_it_claims(
    house: ServedHouse, off: timedelta
) -> None:
    shelf = filled(house)
    true = house.clock.now()
    claims = {"wrong": to_wire(true + off), "right": to_wire(true)}
    for rid in ("wrong", "right"):
        op = house.create(shelf.doctor, shelf.anne, an_allergy("pat-1", rid))
        op = msgspec.structs.replace(op, at=claims[rid])
        (verdict,) = house.push(shelf.doctor, op)
        assert verdict.code == "ok"
    rows = rows_of(house, shelf.anne)
    assert rows["wrong"].seq < rows["right"].seq
    assert house.premises.now_ms == int(true.timestamp() * 1000)
