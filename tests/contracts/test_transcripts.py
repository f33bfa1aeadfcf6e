"""Version skew: what was said in version 1 is still understood, in both directions, for ever (DESIGN §4).

The transcripts were recorded once (`tests.transcripts`). An old desktop's bytes go through the doors of
today's server; an old server's bytes through the decoder of today's desktop.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dossier.wire import codec, limits
from dossier.wire import messages as wire
from dossier.wire.sessions import (
    ActivationReply,
    ChallengeReply,
    DevicesReply,
    EnrolReply,
    ProveReply,
    TokenReply,
)
from server.app import build_app
from tests.fakes.served_house import ServedHouse, served
from tests.transcripts import Practice, Spoken

VECTORS = Path(__file__).parent.parent / "vectors" / "transcripts_v1.json"
SPOKEN = msgspec.json.decode(VECTORS.read_bytes(), type=list[Spoken])
ASKED = [one for one in SPOKEN if one.door != "GET /sync/v1/hints"]
"""Without the line that stays open: nothing is sent on it but its address."""
NAMES = [f"{n}:{one.door}" for n, one in enumerate(SPOKEN)]
ANSWERS: dict[str, Any] = {
    "GET /sync/v1/capabilities": wire.Capabilities,
    "GET /sync/v1/keys": wire.KeysReply,
    "GET /sync/v1/log": wire.LogReply,
    "GET /sync/v1/heads": wire.Heads,
    "GET /sync/v1/hints": wire.Hint,
    "POST /sync/v1/changes": wire.Pages,
    "POST /sync/v1/ops": wire.OpsReply,
    "POST /sync/v1/terms": wire.TermsReply,
    "POST /sync/v1/digests": wire.DigestsReply,
    "POST /session/v1/enrol": EnrolReply,
    "POST /session/v1/activation": ActivationReply,
    "POST /session/v1/prove": ProveReply,
    "GET /session/v1/devices": DevicesReply,
    "POST /session/v1/challenge": ChallengeReply,
    "POST /session/v1/token": TokenReply,
}
PROVES_ITSELF = {
    "POST /session/v1/token": 401,
    "POST /session/v1/purged": 401,
    "POST /session/v1/enrol": 401,
    "POST /session/v1/activation": 401,
    "POST /session/v1/activate": 401,
    "POST /session/v1/prove": 401,
    "POST /session/v1/devices/revoke": 403,
    "POST /session/v1/devices/sign-out": 403,
}
"""What such a door is told was good once, with a proof of the device's key that is spent: it is understood and
refused.
"""


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with served(tmp_path_factory.mktemp("house"), seed=2) as house:
        yield Practice(house)


@pytest.fixture
def house(practice: Practice) -> ServedHouse:
    return practice.house


@pytest.mark.parametrize("one", ASKED, ids=lambda one: one.door)
def test_what_an_old_desktop_sent_passes_the_doors_of_today(
    practice: Practice, one: Spoken
) -> None:
    method, path = one.door.split(" ")
    headers = {"Authorization": f"Bearer {practice.token}", "Content-Type": "application/json"}
    answer = practice.house.client.request(
        method, path, params=one.query, content=one.body or None, headers=headers
    )
    refused = PROVES_ITSELF.get(one.door)
    expected = {200, 201, 304} if refused is None else {refused}
    assert answer.status_code in expected, answer.text


@pytest.mark.parametrize("one", SPOKEN, ids=NAMES)
def test_what_an_old_server_answered_is_understood_by_the_decoder_of_today(one: Spoken) -> None:
    if one.status in (204, 304):
        assert one.answer == b""
        return
    if one.status >= 400:
        problem = codec.decode(one.answer, wire.Problem)
        assert problem.code == "device_revoked"
        return
    kind = ANSWERS[one.door]
    if one.media == limits.PAGE_MEDIA_TYPE:
        pages = codec.decode_pages(one.answer, one.digest, kind)
        rows = [row for page in pages.pages for row in page.rows]
        assert {row.rtype for row in rows} >= {"Patient", "AllergyIntolerance"}
        assert all(codec.resource(row.body)["id"] == row.id for row in rows if row.body)
        return
    told = codec.decode(one.answer, kind)
    said, kept = msgspec.json.decode(one.answer), msgspec.json.decode(msgspec.json.encode(told))
    assert _is_within(said, kept)


def test_every_door_of_sync_and_sign_in_was_recorded(house: ServedHouse) -> None:
    doors = {
        f"{method} {route.path}"
        for route in build_app(house.house).routes
        for method in sorted(getattr(route, "methods", None) or ())
        if method != "HEAD" and route.path.startswith(("/sync/v1/", "/session/v1/"))
    }
    assert doors == {one.door for one in SPOKEN}


def test_a_later_decoder_that_lost_a_field_would_be_noticed() -> None:
    """The control: the comparison is able to fail."""
    assert not _is_within({"a": 1, "b": [{"c": 2}]}, {"a": 1, "b": [{}]})


def _is_within(said: Any, kept: Any) -> bool:
    """Whether everything an old answer said is still known after decoding."""
    if isinstance(said, dict):
        return isinstance(kept, dict) and all(
            name in kept and _is_within(value, kept[name]) for name, value in said.items()
        )
    if isinstance(said, list):
        return len(said) == len(kept) and all(map(_is_within, said, kept))
    return bool(said == kept)
