"""The one decoder refuses what parsers disagree on (S14), and both sides hash alike."""

import hashlib
from base64 import b64encode
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.errors import BadAnswer, Invalid
from dossier.wire import codec, limits


class Small(msgspec.Struct, frozen=True):
    name: str
    body: msgspec.Raw = msgspec.Raw(b"{}")


class Paged(msgspec.Struct, frozen=True):
    name: str


def rule_of(raw: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        codec.resource(raw)
    return caught.value.issues[0].rule


def nested(levels: int) -> bytes:
    """A resource whose deepest value lies `levels` containers down."""
    return b'{"resourceType":"Basic","x":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        # CVE-2017-12635: two parsers, two answers
        (
            b'{"resourceType":"Basic","type":"user","roles":["_admin"],"roles":[]}',
            "duplicate_key",
        ),
        (b'{"resourceType":"Basic","a":{"b":[{"c":1,"c":1}]}}', "duplicate_key"),
        (b'{"resourceType":"Basic","a":1,"\\u0061":2}', "duplicate_key"),
        (b'{"resourceType":"Basic","a\\"":"\\"\\\\","a\\"":"\\u0022\\u0022"}', "duplicate_key"),
        (b'{"resourceType":"Basic","":"\\\\\\"","":"\\\\\\""}', "duplicate_key"),
        (b'{"resourceType":"Basic","x":NaN}', "not_json"),
        (b'{"resourceType":"Basic","x":Infinity}', "not_json"),
        (b'{"resourceType":"Basic","x":-Infinity}', "not_json"),
        (b'{"resourceType":"Basic","x":1e999}', "out_of_range"),
        (b'{"resourceType":"Basic","x":' + b"1" * 5000 + b"}", "out_of_range"),
        (b'{"resourceType":"Basic","x":01}', "not_json"),
        (b'{"resourceType":"Basic","x":"\\ud800"}', "lone_surrogate"),
        (b'{"resourceType":"Basic","x":"\\udc00\\ud800"}', "lone_surrogate"),
        (b'{"resourceType":"Basic","x":"\xed\xa0\x80"}', "not_json"),
        (b'{"resourceType":"Basic","x":"\x01"}', "not_json"),
        (b'\xef\xbb\xbf{"resourceType":"Basic"}', "not_json"),
        (b'{"resourceType":"Basic"} {}', "not_json"),
        (b'{"resourceType":"Basic"', "not_json"),
        (b"{'resourceType':'Basic'}", "not_json"),
        (b'{"resourceType":"Basic",}', "not_json"),
        (b"", "not_json"),
        (b"[]", "not_a_resource"),
        (b'{"resourceType":1}', "not_a_resource"),
        (b'{"id":"x"}', "not_a_resource"),
        (nested(33), "too_deep"),
        (nested(50_000), "too_deep"),
        (b"[" * 50_000, "too_deep"),
    ],
)
def test_s14_what_parsers_disagree_on_is_refused(raw: bytes, rule: str) -> None:
    assert rule_of(raw) == rule


@pytest.mark.parametrize(
    "raw",
    [
        nested(32),
        b' {"resourceType" : "Basic" , "x" : "\\ud83d\\ude00" }\r\n',
        b'{"resourceType":"Basic","x":"' + b"[{" * 40 + b'"}',
        b'{"resourceType":"Basic","x":"\\"[","y":"[\\\\","z":"\\\\\\""}',
        b'{"resourceType":"Basic","x":"' + b"[" * 20 + b'","y":[{"x":"' + b"{" * 20 + b'"}]}',
        b'{"resourceType":"Basic","x":[{"a":1},{"a":1}],"a":{"a":1}}',
        b'{"resourceType":"Basic","x":"\\u0022\\u005c"}',
        b'{"resourceType":"Basic","x":123456789012345678901234567890}',
        '{"resourceType":"Basic","x":"é e\u0301"}'.encode(),
    ],
)
def test_s14_unusual_but_sound_text_is_accepted_whole(raw: bytes) -> None:
    assert codec.resource(raw) == msgspec.json.decode(raw)
    codec.check_text(raw)


def test_numbers_are_read_and_text_is_not_normalised() -> None:
    value = codec.resource(
        '{"resourceType":"Basic","a":1.50,"b":-0.0,"c":12345678901234567890,"d":"e\u0301"}'.encode()
    )

    assert (value["a"], value["b"], value["c"]) == (1.5, 0, 12345678901234567890)
    assert value["d"] == "e\u0301"


def test_a_resource_beyond_its_size_is_refused_before_it_is_parsed() -> None:
    assert rule_of(b"[" * (limits.BODY_BYTES + 1)) == "too_large"
    with pytest.raises(Invalid, match="too_large"):
        codec.resource(b'{"resourceType":"Basic"}', max_bytes=10)


def test_no_refusal_quotes_the_content() -> None:
    for raw in (b'{"resourceType":"Basic","x":"SECRET"', b'{"SECRET":1,"SECRET":2}'):
        with pytest.raises(Invalid) as caught:
            codec.resource(raw)
        assert "SECRET" not in str(caught.value)
        assert "SECRET" not in repr(caught.value.issues)


_KEYS = st.text(alphabet='ab"\\[{é', max_size=3)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet='ab"\\[]{}:,é😀\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(_KEYS, _JSON, max_size=4))
@settings(max_examples=40, deadline=None)
def test_s14_any_object_passes_and_the_same_with_one_key_repeated_does_not(
    value: dict[str, Any],
) -> None:
    sound = msgspec.json.encode({"resourceType": "Basic", **value})
    key, inner = next(iter(value.items()), ("resourceType", "Basic"))
    extra = msgspec.json.encode(key) + b":" + msgspec.json.encode(inner)

    assert codec.resource(sound) == {"resourceType": "Basic", **value}
    assert rule_of(sound[:-1] + b"," + extra + b"}") == "duplicate_key"


def test_a_message_is_parsed_strictly_and_its_resource_stays_as_received() -> None:
    raw = b'{"name":"a","body":{"x": 1.50}}'

    message = codec.decode(raw, Small)

    assert bytes(message.body) == b'{"x": 1.50}'


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name":"a","name":"b"}',
        b'{"name":"a","body":{"x":1,"x":2}}',
        b'{"name":1}',
        b'{"name":"\\ud800"}',
        b'{"name":"a"}{',
        b'{"name":"a","more":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"name":"\xff"}',
    ],
)
def test_a_message_that_is_not_one_is_a_bad_answer_without_content(raw: bytes) -> None:
    with pytest.raises(BadAnswer) as caught:
        codec.decode(raw, Small)
    assert caught.value.detail.isidentifier()


def test_pages_travel_and_are_believed_only_under_their_digest() -> None:
    sent = Paged(name="é" * 100)
    packed, _digest = codec.encode_pages(sent)
    digest = codec.repr_digest(msgspec.msgpack.encode(sent))

    assert codec.decode_pages(packed, digest, Paged) == sent
    for wrong in ("", "é", digest.upper(), codec.repr_digest(b"")):
        with pytest.raises(BadAnswer, match="digest"):
            codec.decode_pages(packed, wrong, Paged)


def test_repr_digest_is_the_structured_field_of_rfc_9530() -> None:
    expected = b64encode(hashlib.sha256(b"hello").digest()).decode()

    assert codec.repr_digest(b"hello") == f"sha-256=:{expected}:"


@pytest.mark.parametrize("cut", [1, 10, -1])
def test_a_truncated_page_is_a_bad_answer(cut: int) -> None:
    packed, _digest = codec.encode_pages(Small(name="x" * 5000))

    with pytest.raises(BadAnswer):
        codec.unpack(packed[:cut])


def test_bytes_after_the_frame_and_foreign_bytes_are_refused() -> None:
    packed, _digest = codec.encode_pages(Small(name="x"))

    for raw in (packed + b"\0", packed + packed, b"<html>", b""):
        with pytest.raises(BadAnswer):
            codec.unpack(raw)


def test_a_page_that_grows_without_end_is_stopped_at_its_limit() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(64 * 1024 * 1024))
    declared_small = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 20))

    with pytest.raises(BadAnswer, match="too_large"):
        codec.unpack(bomb)
    with pytest.raises(BadAnswer, match="too_large"):
        codec.unpack(declared_small, max_bytes=(1 << 20) - 1)
    assert len(codec.unpack(declared_small, max_bytes=1 << 20)) == 1 << 20


def test_a_page_of_the_wrong_shape_is_a_bad_answer() -> None:
    plain = msgspec.msgpack.encode({"name": 3})
    packed = zstandard.ZstdCompressor().compress(plain)

    with pytest.raises(BadAnswer):
        codec.decode_pages(packed, codec.repr_digest(plain), Small)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (b'{"v":1.50}', b'{"v":1.5}'),
        (b'{"v":15e-1}', b'{"v":1.5}'),
        (b'{"v":1.0}', b'{"v":1}'),
        (b'{"v":[1e2,{"w":-0.0}]}', b'{"v":[100,{"w":0}]}'),
        (b'{"b":1,"a":{"d":2,"c":3}}', b'{"a":{"c":3,"d":2},"b":1}'),
        (b'{"a":"\\u00e9\\/"}', '{"a":"é/"}'.encode()),
        (b' { "a" : [ ] } ', b'{"a":[]}'),
    ],
)
def test_equal_values_have_one_hash(left: bytes, right: bytes) -> None:
    assert codec.value_hash(msgspec.json.decode(left)) == codec.value_hash(
        msgspec.json.decode(right)
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [("é", "e\u0301"), ([1, 2], [2, 1]), (1, "1"), (True, 1), (None, {}), (1.5, 1.25)],
)
def test_different_values_have_different_hashes(left: Any, right: Any) -> None:
    assert codec.value_hash(left) != codec.value_hash(right)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


@given(_JSON)
@settings(max_examples=40, deadline=None)
def test_the_hash_survives_the_wire_and_ignores_the_order_of_keys(value: Any) -> None:
    travelled = msgspec.json.decode(msgspec.json.encode(_reversed(value)))

    assert codec.value_hash(travelled) == codec.value_hash(value)


def test_a_row_digest_depends_on_each_of_its_parts() -> None:
    rows = [("a", 1, 2), ("a", 2, 1), ("a", 12, 0), ("a", 1, 20), ("b", 1, 2)]
    digests = {codec.row_digest(rid, restore, k) for rid, restore, k in rows}

    assert len(digests) == len(rows)
    assert all(0 <= digest < codec.DIGEST_MODULUS for digest in digests)
    assert codec.row_digest("a", 1, 2) == int(hashlib.sha256(b"a\x001\x002").hexdigest(), 16)
