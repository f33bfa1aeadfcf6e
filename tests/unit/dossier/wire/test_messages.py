"""Messages survive the wire; an absent body is None again, a present one keeps its bytes."""

import pytest
from msgspec import Raw

from dossier.errors import BadAnswer
from dossier.wire import codec
from dossier.wire.messages import NEVER, Change, Op, OpsRequest, Version


def an_op(**changes: object) -> Op:
    fields: dict[str, object] = {"op_id": "o1", "owner": 7, "kind": "create", "acting": "s1"}
    return Op(**{**fields, "at": "2026-01-01T00:00:00.000Z", **changes})  # type: ignore[arg-type]


def test_a_body_travels_byte_for_byte() -> None:
    request = OpsRequest(ops=(an_op(body=Raw(b'{"value": 1.50}')),), acked=((7, "o0"),))

    received = codec.decode(codec.encode(request), OpsRequest)

    body = received.ops[0].body
    assert body is not None
    assert bytes(body) == b'{"value": 1.50}'
    assert received.acked == ((7, "o0"),)


def test_absent_bodies_and_removed_elements_are_none_on_both_sides() -> None:
    changes = (
        Change(element="note", base="00", value=None),
        Change(element="code", base=None, value=Raw(b"[1.0]")),
    )
    op = an_op(kind="change", base=Version(1, 2), changes=changes)

    received = codec.decode(codec.encode(op), Op)

    assert received == op
    assert received.body is None
    assert received.changes[0].value is None
    assert received.changes[1].value == Raw(b"[1.0]")


def test_requests_refuse_fields_they_do_not_know() -> None:
    with pytest.raises(BadAnswer):
        codec.decode(b'{"ops":[],"acked":[],"admin":true}', OpsRequest)


def test_any_version_of_a_later_restore_is_higher() -> None:
    assert NEVER < Version(1, 1) < Version(1, 1 << 39) < Version(2, 1)
