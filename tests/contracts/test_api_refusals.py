"""What the API says to bad input: a 4xx Problem a program can read, never a 5xx, never a body without a right."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from httpx2 import Response

from dossier.sealing.text import base64url
from dossier.wire import limits
from dossier.wire import messages as wire
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationRequest,
    ChallengeRequest,
    EnrolRequest,
    OwnDeviceRequest,
    ProveRequest,
    TokenRequest,
)
from tests.fakes.served_house import ServedHouse, problem_in, served
from tests.fakes.server_room import PASSWORD, an_allergy

POSTS = (
    "/session/v1/activation",
    "/session/v1/activate",
    "/session/v1/enrol",
    "/session/v1/challenge",
    "/session/v1/token",
    "/sync/v1/changes",
    "/sync/v1/ops",
    "/sync/v1/terms",
    "/sync/v1/digests",
    "/session/v1/prove",
    "/session/v1/devices/revoke",
    "/session/v1/devices/sign-out",
)
WITH_TOKEN = (*POSTS[5:], "/sync/v1/heads", "/sync/v1/hints")
ALL = (*POSTS, "/sync/v1/heads", "/sync/v1/hints", "/sync/v1/capabilities")
ALWAYS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "colloque-protocol": "1",
    "colloque-restore": "0",
}
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    (1 << 63) - 1,
    1 << 63,
    1 << 64,
    1.5,
    "",
    "\0",
    "x" * 5000,
    "\U0001f4a5",
    "../../../etc/passwd",
    "' OR 1=1 --",
    [],
    [[]],
    {},
    {"$ne": 1},
)


@pytest.fixture(scope="module")
def room(lasting_engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(
        tmp_path_factory.mktemp("api") / "server", databases=lasting_engine.databases()
    ) as house:
        yield house


@pytest.fixture(scope="module")
def token(room: ServedHouse) -> str:
    org = room.unit()
    martin = room.desktop("martin", org)
    room.patient(org)
    return room.proven(room.token_of(martin), "martin", martin)


def is_refusal(answer: Response, status: int, code: str) -> None:
    said = problem_in(answer)
    assert (answer.status_code, said.code) == (status, code), answer.text
    assert ALWAYS.items() <= dict(answer.headers).items()


def ask(room: ServedHouse, path: str, token: str = "", **headers: str) -> Response:
    if path in POSTS:
        return room.post(path, b"{}", token, **headers)
    return room.get(path, token, **headers)


def test_no_route_says_anything_without_a_token_or_with_a_wrong_one(
    room: ServedHouse, token: str
) -> None:
    altered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    wrong = ("", "x", "é", altered, token + "A", base64url(b"\xff" * 40), base64url(bytes(40)))
    for path in WITH_TOKEN:
        for text in wrong:
            told = {"Authorization": f"Bearer {text}".encode("latin-1")} if text else {}
            is_refusal(ask(room, path, **told), 401, "sign_in_needed")  # type: ignore[arg-type]
        for scheme in (f"Basic {token}", f"{token}", "Bearer", "Bearer "):
            is_refusal(ask(room, path, Authorization=scheme), 401, "sign_in_needed")


def test_another_version_of_the_protocol_is_told_to_upgrade_on_every_route(
    room: ServedHouse, token: str
) -> None:
    for path in ALL:
        for version in ("0", "2", "", "one"):
            answer = ask(room, path, token, **{limits.PROTOCOL_HEADER: version})
            is_refusal(answer, 426, "upgrade_required")


def test_unknown_addresses_and_methods_get_a_problem_and_no_redirect(
    room: ServedHouse, token: str
) -> None:
    for path in ("/", "/sync/v1/heads/", "/sync/v2/heads", "/sync/v1/%2e%2e/heads", "/favicon.ico"):
        for method in ("GET", "POST", "OPTIONS", "TRACE", "BREW"):
            is_refusal(room.client.request(method, path), 404, "no_such_address")
    for path in ALL:
        methods = ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"]
        for method in (*methods, "GET" if path in POSTS else "POST"):
            answer = room.client.request(method, path)
            is_refusal(answer, 405, "method_not_allowed")
            assert answer.headers["allow"]


def test_a_body_of_another_media_type_or_length_is_refused_before_it_is_read(
    room: ServedHouse, token: str
) -> None:
    for path in POSTS:
        for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
            answer = room.post(path, b"{}", token, **{"Content-Type": kind})
            is_refusal(answer, 415, "media_type")
        answer = room.post(path, b"{}", token, **{"Content-Length": str(300 * 1024)})
        is_refusal(answer, 413, "too_large")
        for length in ("-1", "+2", "2, 2", "1e3", "9" * 5000, "\u00b2"):
            said = {"Content-Length": length.encode("latin-1")}
            answer = room.post(path, b"{}", token, **said)  # type: ignore[arg-type]
            is_refusal(answer, 400, "bad_length")


def test_s17_a_body_that_grows_beyond_its_bound_is_refused_however_it_is_announced(
    room: ServedHouse, token: str
) -> None:
    def some(count: int) -> Iterator[bytes]:
        yield b'{"device":"'
        yield from (b"x" * 65536 for _ in range(count))

    for path in POSTS:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        answer = room.client.post(path, content=some(5), headers=headers)
        is_refusal(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b"null", "null"),
        (b"[]", "another shape"),
        (b"{", "cut"),
        (b'{"device":"a","device":"b"}', "a key twice"),
        (b'{"device":"a","more":1}', "an unknown field"),
        (b'{"device":NaN}', "not a number"),
        (b'{"device":1e999}', "too great"),
        (b'{"device":"\\ud800"}', "half a character"),
        (b'{"device":"\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"device":"a"}', "a byte order mark"),
        (b'{"device":' + b"[" * 200 + b"]" * 200 + b"}", "deep"),
        (b"[" * 8000, "deep and cut"),
        (b'{"device":"a"} {"device":"b"}', "two"),
        ('{"device":"a"}'.encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00", "compressed"),
    ],
)
def test_what_is_not_exactly_one_message_is_refused(
    room: ServedHouse, token: str, raw: bytes, why: str
) -> None:
    for path in POSTS:
        is_refusal(room.post(path, raw, token), 400, "bad_answer")


def examples() -> dict[str, dict[str, Any]]:
    """A well-formed message of each kind, with every field said."""
    op = wire.Op(
        op_id="0193f0a0-0000-7000-8000-000000000001",
        owner=5,
        kind="create",
        acting="s",
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id="a1",
        body=msgspec.Raw(msgspec.json.encode(an_allergy("pat-1", "a1"))),
        changes=(wire.Change(element="code", base=None, value=msgspec.Raw(b"1")),),
        labels=("x",),
        depends_on="b",
    )
    requests: dict[str, object] = {
        "/session/v1/activation": ActivationRequest(login="nobody", code="c"),
        "/session/v1/activate": ActivateRequest(
            login="nobody", code="c", password=PASSWORD, proof="000000"
        ),
        "/session/v1/prove": ProveRequest(password=PASSWORD, proof="000000"),
        "/session/v1/devices/revoke": OwnDeviceRequest(device="d"),
        "/session/v1/devices/sign-out": OwnDeviceRequest(device="d"),
        "/session/v1/enrol": EnrolRequest(
            login="nobody",
            password=PASSWORD,
            proof="000000",
            device_name="p",
            public_key=base64url(bytes(32)),
        ),
        "/session/v1/challenge": ChallengeRequest(device="d"),
        "/session/v1/token": TokenRequest(device="d", situation="s", refresh="r", ask="a"),
        "/sync/v1/changes": wire.ChangesRequest(items=(wire.Want(owner=5, facet="f", term="t"),)),
        "/sync/v1/ops": wire.OpsRequest(ops=(op,), acked=((5, "x"),)),
        "/sync/v1/terms": wire.TermsRequest(items=(wire.CompartmentRef(owner=5, facet="f"),)),
    }
    requests["/sync/v1/digests"] = requests["/sync/v1/terms"]
    return {
        path: msgspec.json.decode(msgspec.json.encode(request))
        for path, request in requests.items()
    }


def variants(value: Any) -> Iterator[Any]:
    """The same value with one place at a time replaced by something odd, dropped or doubled."""
    yield from ODD
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: odd} for odd in variants(inner))
        yield {**value, "unknown": 1}
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield value * 2
            yield from ([*value[:n], odd, *value[n + 1 :]] for odd in variants(inner))


def test_no_odd_value_in_any_field_of_any_message_is_a_fault_of_ours(
    room: ServedHouse, token: str
) -> None:
    """A wrong type is a 4xx; an odd value of the right type gets an answer of the protocol."""
    seen: set[int] = set()
    tried = 0
    for path, message in examples().items():
        for odd in variants(message):
            answer = room.post(path, msgspec.json.encode(odd), token)
            tried += 1
            seen.add(answer.status_code)
            assert answer.status_code < 500, (path, odd, answer.text)
            if answer.status_code >= 400:
                assert problem_in(answer).code
        room.clock.go(minutes=6)
        token = room.token_of(room.desktop(f"again{tried}", room.unit(f"org-{tried}")))
    assert tried > 800
    assert seen <= {200, 201, 400, 401, 403, 413, 422, 429}


def test_a_client_names_at_most_as_many_things_as_the_limits_say(
    room: ServedHouse, token: str
) -> None:
    room.clock.go(minutes=1)
    token = room.token_of(room.desktop("bounds", room.unit("org-bounds")))
    many = limits.ITEMS_PER_REQUEST
    wants = tuple(wire.Want(owner=n, facet="f", term="t") for n in range(many + 1))
    refs = tuple(wire.CompartmentRef(owner=n, facet="f") for n in range(many + 1))
    asked = (
        ("changes", lambda n: wire.ChangesRequest(items=wants[:n])),
        ("terms", lambda n: wire.TermsRequest(items=refs[:n])),
        ("digests", lambda n: wire.TermsRequest(items=refs[:n])),
    )
    for name, make in asked:
        assert room.post(f"/sync/v1/{name}", make(many), token).status_code == 200
        answer = room.post(f"/sync/v1/{name}", make(many + 1), token)
        is_refusal(answer, 413, "too_many_items")
    op = {"op_id": "x", "owner": 1, "kind": "opened", "acting": "s", "at": "y"}
    raw = msgspec.json.encode({"ops": [op] * (limits.OPS_PER_REQUEST + 1)})
    is_refusal(room.post("/sync/v1/ops", raw, token), 413, "too_many_ops")


def test_a_resource_of_the_greatest_depth_still_fits_in_an_op(
    room: ServedHouse, token: str
) -> None:
    """The message around a resource does not count against the resource."""
    room.clock.go(minutes=1)
    org = room.unit("org-deep")
    martin = room.desktop("deep", org)
    owner = room.patient(org, "pat-deep", consent="org-deep")
    value: dict[str, Any] = {"url": "http://example.org/x", "valueString": "the bottom"}
    for _ in range((limits.JSON_DEPTH - 2) // 2 - 1):
        value = {"url": "http://example.org/x", "extension": [value]}
    resource = {**an_allergy("pat-deep", "a-deep"), "extension": [value]}
    op = room.create(martin, owner, resource)
    answer = room.post("/sync/v1/ops", wire.OpsRequest(ops=(op,)), room.token_of(martin))
    assert answer.status_code == 200, answer.text
    assert msgspec.json.decode(answer.content)["verdicts"][0]["code"] == "ok"
