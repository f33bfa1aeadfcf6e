"""Too much is refused before any work is done, and nobody else pays for it."""

import asyncio
from contextlib import suppress

import pytest

from dossier.errors import Busy
from server.api.front import Front
from server.api.pace import CALLER_BURST, WRONG_BURST, Pace
from tests.fakes.manual_clock import ManualClock


def a_request(token="", address="192.0.2.7", path="/sync/v1/heads"):
    headers = [(b"accept", b"*/*"), *([(b"authorization", token.encode())] if token else [])]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": headers,
        "client": (address, 1),
    }


def asked(pace, scope, status=200):
    pace.enter(scope)
    pace.left(scope, status)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def pace(clock):
    return Pace(clock, at_once=2)


def test_one_caller_over_its_limit_waits_and_the_others_do_not(pace, clock):
    greedy, other = a_request("Bearer a"), a_request("Bearer b")
    for _ in range(CALLER_BURST):
        asked(pace, greedy)
    with pytest.raises(Busy) as told:
        pace.enter(greedy)
    assert 0 < told.value.retry_after_s <= 0.01
    asked(pace, other)
    clock.advance(1)
    asked(pace, greedy)


def test_refusals_are_counted_by_address_whatever_token_is_invented(pace, clock):
    for n in range(WRONG_BURST):
        asked(pace, a_request(f"Bearer invented-{n}"), 401)
    with pytest.raises(Busy):
        pace.enter(a_request("Bearer another"))
    asked(pace, a_request("Bearer true", address="192.0.2.8"))
    asked(pace, a_request("Bearer true"))
    clock.advance(1)
    asked(pace, a_request("Bearer another"))


def test_of_ipv6_a_customer_s_whole_network_is_one_address(pace):
    for n in range(WRONG_BURST):
        asked(pace, a_request(address=f"2001:db8::{n:x}"), 404)
    with pytest.raises(Busy):
        pace.enter(a_request(address="2001:db8::ffff:1"))


def test_overload_is_shed_and_the_probes_are_answered(pace):
    first, second = a_request("Bearer a"), a_request("Bearer b")
    pace.enter(first)
    pace.enter(second)
    with pytest.raises(Busy):
        pace.enter(a_request("Bearer c"))
    asked(pace, a_request(path="/health"))
    asked(pace, a_request(path="/ready"))
    asked(pace, a_request("Bearer c", path="/sync/v1/hints"))
    pace.left(first, 200)
    asked(pace, a_request("Bearer c"))


def test_a_request_that_fails_or_is_given_up_leaves_its_place(clock):
    async def fails(_scope, _receive, _send):
        raise RuntimeError

    front = Front(fails, {}, 0, clock, lambda *_: None, secure=False)

    async def many():
        for _ in range(600):
            with suppress(RuntimeError):
                await front(a_request("Bearer a"), None, None)
        return front._pace._inside

    assert asyncio.run(many()) == 0


def test_who_is_over_the_limit_is_told_when_to_come_back(clock):
    sent = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    front = Front(app, {}, 0, clock, lambda *_: None, secure=False)

    async def send(message):
        sent.append(message)

    async def many():
        for _ in range(WRONG_BURST + 1):
            await front(a_request(), None, send)

    asyncio.run(many())
    start = sent[-2]
    assert start["status"] == 429
    assert (b"retry-after", b"1") in start["headers"]
    assert b"busy" in sent[-1]["body"]
