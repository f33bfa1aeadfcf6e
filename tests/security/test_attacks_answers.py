"""D10: a malicious or broken server sends what parses and cannot be: a bad answer, never a crash of a lane."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dossier.clock import from_wire
from dossier.entropy import SeededEntropy
from dossier.errors import BadAnswer
from dossier.wire import codec
from dossier.wire.messages import Capabilities, Head, Heads, Page, Pages, Row, Version
from dossier.wire.sessions import TokenReply
from local_store.store import LocalStore
from sync.policy import Policy
from sync.reporting import Reporter
from tests.fakes.manual_clock import ManualClock
from tests.security.test_transport_hostile import ask, raw

BIG = 1 << 63
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore.open(tmp_path / "store", bytes(32), ManualClock(NOW), SeededEntropy(1))


@pytest.mark.parametrize("name", ["owner", "rows", "size", "rank"])
@pytest.mark.parametrize("number", [BIG, 10**40, -1])
def test_d10_a_head_with_a_number_no_store_holds_is_a_bad_answer(name: str, number: int) -> None:
    head = Head(**{"owner": 1, "facet": "f", "kind": "patient", name: number})
    said = codec.encode(Heads(restore=0, v="v", heads=()))[:-1]
    sent = said.replace(b'"heads":[]', b'"heads":[' + msgspec.json.encode(head) + b"]") + b"}"
    with pytest.raises(BadAnswer):
        codec.decode(sent, Heads)


@pytest.mark.parametrize(
    "row",
    [
        Row("Observation", "a", Version(0, BIG), 0, None, b"{}"),
        Row("Observation", "a", Version(BIG, 1), 0, None, b"{}"),
        Row("Observation", "a", Version(0, 1), BIG, None, b"{}"),
        Row("Observation", "a", Version(0, -1), 0, None, b"{}"),
    ],
)
def test_d10_a_row_with_a_number_no_store_holds_is_a_bad_answer(row: Row) -> None:
    packed, digest = codec.encode_pages(
        Pages(restore=0, pages=(Page(owner=1, facet="f", kind="page", rows=(row,)),))
    )
    with pytest.raises(BadAnswer):
        codec.decode_pages(packed, digest, Pages)


def test_d10_a_token_that_ends_after_every_clock_is_a_bad_answer() -> None:
    sent = b'{"token":"t","expires_in_s":1' + b"0" * 400 + b"}"
    with pytest.raises(BadAnswer):
        codec.decode(sent, TokenReply)


def test_d10_limits_and_versions_beyond_every_number_are_a_bad_answer() -> None:
    told = Capabilities(
        protocols=(1,),
        server="s",
        name="n",
        restore=0,
        now="",
        demonstration=False,
        limits={"ops": BIG},
    )
    with pytest.raises(BadAnswer):
        codec.decode(codec.encode(told), Capabilities)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_d10_an_instant_outside_the_calendar_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match="no such instant"):
        from_wire(text)


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_d10_a_right_that_ends_outside_the_calendar_is_over(store: LocalStore, until: str) -> None:
    heads = Heads(
        restore=0,
        v="v",
        heads=(Head(owner=1, facet="f", kind="patient", term="t", at="a", until=until),),
    )
    store.sync.apply_heads(heads)
    assert not store.records.completeness(1).readable
    store.close()


def test_d8_no_server_gives_a_lease_longer_than_a_month(store: LocalStore) -> None:
    """A longest lease from the first to the last year would not even fit the calendar."""
    reporter = Reporter(store.sync, ManualClock(NOW), Policy(), lambda _state: None)
    reply = Heads(
        restore=0,
        v="v",
        heads=(),
        now="0001-01-01T00:00:00.000Z",
        lease_until="9999-12-31T00:00:00.000Z",
    )
    reporter.contact(reply, 0.0)
    assert store.records.copy_facts().lease_until == NOW + timedelta(days=31)
    store.close()


@pytest.mark.parametrize("length", [b"\xb2", b"9" * 5_000, b"1_0", b"+5"])
def test_d10_a_length_that_is_no_number_is_a_bad_answer(length: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    error = ask(raw(head + length + b"\r\n\r\n{}"))
    assert isinstance(error, BadAnswer)
