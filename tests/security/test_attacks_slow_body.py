"""A right that ends while the body of a request still arrives has ended for that request."""

from typing import Any, cast

import pytest

from dossier.wire import codec
from dossier.wire import messages as wire
from server.api.answers import Guarded
from server.api.doors import Doorkeeper
from server.api.exchange import Answer, Asked
from server.api.sync import SyncApi, Told
from server.services.addresses import Addresses
from server.services.sequencer import Sequencer


def answered(engine: Any, path: str, message: object, *, revoke: bool) -> tuple[int, wire.Problem]:
    """What `path` answers when the person leaves (or the device is revoked) while the body is on its way."""
    room = engine.room()
    org = room.unit()
    doctor = room.desktop("fontaine", org)
    token = room.token(doctor.device, doctor.private, doctor.situation)
    api = SyncApi(
        room.premises,
        room.sessions,
        room.feed,
        room.changes,
        room.hints,
        Sequencer(room.premises, bytes(32)),
        Told("test", True, b"", 1, b""),
    )
    keeper = Doorkeeper(room.sessions, room.slips, room.clock, None, Addresses(()))
    sent = codec.encode(message)

    async def receive() -> dict[str, Any]:
        if revoke:
            await room.devices.revoke(doctor.account, doctor.device)
        else:
            await room.members.end(doctor.account, doctor.situation)
        return {"type": "http.request", "body": sent, "more_body": False}

    headers = [
        (b"authorization", b"Bearer " + token.encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(sent)).encode()),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": headers,
        "query_string": b"",
    }
    route = next(one for one in keeper.routes(api.doors()) if one.path == path)
    reply: Answer = engine.run(cast("Guarded", route.app).answer(Asked(scope, receive)))
    return reply.status, codec.decode(reply.body, wire.Problem)


@pytest.mark.parametrize("path", ["changes", "terms", "digests"])
def test_a_membership_that_ends_while_the_body_arrives_serves_nothing(
    engine: Any, path: str
) -> None:
    kind: Any = wire.ChangesRequest if path == "changes" else wire.TermsRequest
    status, problem = answered(engine, f"/sync/v1/{path}", kind(items=()), revoke=False)
    assert (status, problem.code) == (403, "situation_ended")


@pytest.mark.parametrize("path", ["changes", "terms", "digests", "ops"])
def test_a_device_revoked_while_the_body_arrives_is_refused(engine: Any, path: str) -> None:
    kind: Any = wire.ChangesRequest if path == "changes" else wire.TermsRequest
    message = wire.OpsRequest() if path == "ops" else kind(items=())
    status, problem = answered(engine, f"/sync/v1/{path}", message, revoke=True)
    assert (status, problem.code) == (401, "sign_in_needed")
