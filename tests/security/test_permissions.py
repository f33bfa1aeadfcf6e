"""The table of permissions: every door, every kind of caller. A door that is not in it cannot be opened.

S6: deny by default. The table below is written by hand, one line a kind of pass; the doors are the
application's own, so that a new one is tried with every caller the day it appears.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from httpx2 import Response
from starlette.routing import Route

from dossier.sealing.text import base64url
from dossier.wire import messages as wire
from server.api.doors import Door, Pass
from tests.fakes.served_house import Listening, ServedHouse, problem_in, served
from tests.fakes.server_room import NURSE, SECRETARY, Desktop, an_allergy

STREAM = "/sync/v1/hints"
MINE, FOREIGN = "pat-1", "pat-2"


class Callers(NamedTuple):
    """Who knocks, by the token they show ("" shows none)."""

    tokens: dict[str, str]
    doctor: Desktop
    stranger: Desktop
    owner: int


LIVE = ("doctor", "nurse", "secretary", "stranger")
"""Members of the practice, and one of another: each may knock, none is told what is not theirs."""
GONE = ("nobody", "garbage", "expired", "revoked", "closed")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(tmp_path_factory.mktemp("permissions") / "server") as house:
        yield house


@pytest.fixture(scope="module")
def callers(room: ServedHouse) -> Callers:
    ours, theirs = room.unit("org-1"), room.unit("org-2", "Un autre cabinet")
    owner = room.patient(ours, MINE, consent="org-1")
    room.patient(theirs, FOREIGN, consent="org-2")
    expired = room.token_of(room.desktop("expired", ours))
    room.clock.go(minutes=16)
    people = {
        "doctor": room.desktop("doctor", ours),
        "nurse": room.desktop("nurse", ours, NURSE),
        "secretary": room.desktop("secretary", ours, SECRETARY),
        "stranger": room.desktop("stranger", theirs),
        "left": room.desktop("left", ours),
        "revoked": room.desktop("revoked", ours),
        "closed": room.desktop("closed", ours),
    }
    assert room.push(people["doctor"], room.create(people["doctor"], owner, an_allergy(MINE, "a1")))
    room.settle()
    tokens = {name: room.token_of(person) for name, person in people.items()}
    room.run(room.members.end(people["left"].account, people["left"].situation))
    room.run(room.devices.revoke(people["revoked"].account, people["revoked"].device))
    room.run(room.accounts.close(people["closed"].account))
    tokens |= {"nobody": "", "garbage": base64url(bytes(40)), "expired": expired}
    return Callers(tokens, people["doctor"], people["stranger"], owner)


def doors(room: ServedHouse) -> list[Door]:
    """The application's own."""
    found: list[Door] = room.client.app.app.state.doors
    return found


def knock(room: ServedHouse, door: Door, token: str) -> Response:
    if door.method == "GET":
        return room.get(door.path, token)
    return room.post(door.path, b"{}", token)


def said(answer: Response) -> tuple[int, str]:
    return answer.status_code, problem_in(answer).code if answer.status_code >= 400 else ""


TOLD_IN: dict[Pass, dict[str, Callable[[tuple[int, str]], bool]]] = {
    Pass.ANYBODY: dict.fromkeys(
        (*LIVE, *GONE, "left"), lambda told: told[0] not in {401, 403, 404}
    ),
    Pass.DEVICE: dict.fromkeys((*LIVE, *GONE, "left"), lambda told: told[0] in {400, 401, 422}),
    Pass.PERSON: dict.fromkeys((*LIVE, *GONE, "left"), lambda told: told[0] in {400, 401, 422}),
    Pass.PROVEN: {
        **dict.fromkeys(LIVE, lambda told: told == (403, "proof_needed")),
        **dict.fromkeys(GONE, lambda told: told == (401, "sign_in_needed")),
        "left": lambda told: told == (403, "situation_ended"),
    },
    Pass.MEMBER: {
        **dict.fromkeys(LIVE, lambda told: told[0] in {200, 304, 400, 422}),
        **dict.fromkeys(GONE, lambda told: told == (401, "sign_in_needed")),
        "left": lambda told: told == (403, "situation_ended"),
    },
    Pass.LEAVER: {
        **dict.fromkeys((*LIVE, "left"), lambda told: told[0] in {200, 400, 422}),
        **dict.fromkeys(GONE, lambda told: told == (401, "sign_in_needed")),
    },
    Pass.PAGE: dict.fromkeys((*LIVE, *GONE, "left"), lambda told: told == (401, "sign_in_needed")),
    Pass.OPERATOR: dict.fromkeys((*LIVE, *GONE, "left"), lambda told: told[0] == 404),
}


def test_s6_every_route_of_the_application_is_a_door_with_a_pass(room: ServedHouse) -> None:
    routes = [route for route in room.client.app.app.routes if isinstance(route, Route)]
    assert {route.path for route in routes} == {door.path for door in doors(room)}
    assert len(routes) == len(room.client.app.app.routes) == len(doors(room))
    assert {door.may_pass for door in doors(room)} == set(Pass) == set(TOLD_IN)


@pytest.mark.parametrize("caller", [*LIVE, *GONE, "left"])
def test_s6_each_caller_passes_each_door_as_the_table_says(
    room: ServedHouse, callers: Callers, caller: str
) -> None:
    tried = 0
    for door in doors(room):
        token = callers.tokens[caller]
        if door.path == STREAM and caller in LIVE:
            assert Listening(room, token).status == 200
        else:
            told = said(knock(room, door, token))
            assert TOLD_IN[door.may_pass][caller](told), (door.path, caller, told)
        tried += 1
    assert tried == len(doors(room)) >= 15


def test_s6_a_patient_of_another_practice_and_an_unknown_one_are_one_answer(
    room: ServedHouse, callers: Callers
) -> None:
    """Byte for byte what is said of an owner that does not exist."""
    token = callers.tokens["stranger"]
    mine = next(h for h in room.heads(callers.tokens["doctor"]).heads if h.owner == callers.owner)
    nowhere = callers.owner ^ 0x5A5A5A5A

    def about(owner: int) -> list[bytes]:
        ref = wire.CompartmentRef(owner=owner, facet=mine.facet)
        want = wire.Want(owner=owner, facet=mine.facet, term=mine.term)
        op = room.create(callers.stranger, owner, an_allergy(MINE, "foreign"), op_id="0" * 32)
        asked = {
            "terms": wire.TermsRequest(items=(ref,)),
            "digests": wire.TermsRequest(items=(ref,)),
            "changes": wire.ChangesRequest(items=(want,)),
            "ops": wire.OpsRequest(ops=(op,)),
        }
        found = []
        for path, message in asked.items():
            answer = room.post(f"/sync/v1/{path}", message, token)
            assert answer.status_code == 200, answer.text
            found.append(answer.content.replace(str(owner).encode(), b"OWNER"))
        return found

    told, void = about(callers.owner), about(nowhere)
    assert [len(one) for one in told] == [len(one) for one in void]
    assert (told[0], told[1], told[3]) == (void[0], void[1], void[3])


def test_s6_a_secretary_is_told_fewer_facets_than_the_doctor(
    room: ServedHouse, callers: Callers
) -> None:
    seen = {
        caller: {head.facet for head in room.heads(callers.tokens[caller]).heads}
        for caller in ("doctor", "secretary", "stranger")
    }
    assert seen["secretary"] < seen["doctor"]
    of_patient = [
        h for h in room.heads(callers.tokens["stranger"]).heads if h.owner == callers.owner
    ]
    assert of_patient == []
