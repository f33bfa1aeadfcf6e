"""Through the API: who may, until when, and what everybody else is told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx2 import ASGITransport, AsyncClient

from dossier.sealing import devices as device_keys
from dossier.wire import codec, limits
from dossier.wire import messages as wire
from dossier.wire.sessions import (
    ChallengeReply,
    ChallengeRequest,
    EnrolReply,
    TokenReply,
    TokenRequest,
)
from server.ports import OwnerTx
from server.services.attempts import FREE_TRIES
from tests.fakes.proving import proof_of
from tests.fakes.served_house import Listening, ServedHouse, pages_in, problem_in, served
from tests.fakes.server_room import SECRETARY, Desktop, an_allergy


@pytest.fixture
def room(engine: Any, tmp_path: Path) -> Iterator[ServedHouse]:
    with served(tmp_path / "server", databases=engine.databases()) as house:
        yield house


OP_ID = "{0:08x}-0000-7000-8000-000000000001"


def everything(room: ServedHouse, token: str, owner: int) -> dict[str, bytes]:
    """Every row of an owner this token may read, over HTTP."""
    rows = {}
    for head in room.heads(token).heads:
        if head.owner == owner:
            want = wire.Want(owner=owner, facet=head.facet, term=head.term)
            page = room.page(token, want)
            assert not page.more
            rows |= {f"{row.rtype}/{row.id}": row.body or b"" for row in page.rows}
    return rows


def pushed(room: ServedHouse, token: str, *ops: wire.Op) -> list[wire.Verdict]:
    answer = room.post("/sync/v1/ops", wire.OpsRequest(ops=ops), token)
    assert answer.status_code == 200, answer.text
    return list(codec.decode(answer.content, wire.OpsReply).verdicts)


def test_a_device_enrols_signs_in_reads_writes_and_another_one_sees_it(room: ServedHouse) -> None:
    org = room.unit()
    diallo = room.desktop("diallo", org)
    martin = room.desktop("martin", org)
    anne = room.patient(org)

    capabilities = room.get("/sync/v1/capabilities")
    assert capabilities.status_code == 200
    assert codec.decode(capabilities.content, wire.Capabilities).demonstration is True
    private = device_keys.new_private_key(room.entropy)
    enrolled = room.enrol_over_http("martin", private)
    assert enrolled.status_code == 201
    reply = codec.decode(enrolled.content, EnrolReply)
    signed = room.sign_in(reply.device, private, reply.situations[0].id)
    assert signed.status_code == 200
    token = codec.decode(signed.content, TokenReply).token

    before = room.heads(token)
    again = room.client.get(
        "/sync/v1/heads",
        params={"since": before.v},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (again.status_code, again.content) == (304, b"")
    op = room.create(martin, anne, an_allergy("pat-1", "all-1"))
    assert [v.code for v in pushed(room, token, op)] == ["ok"]
    room.run(room.indexer.drain())
    assert {head.owner for head in room.heads(token, before.v).heads} == {anne}
    seen = everything(room, room.token_of(diallo), anne)
    assert b"nicilline" in seen["AllergyIntolerance/all-1"]
    refs = tuple(
        wire.CompartmentRef(owner=head.owner, facet=head.facet) for head in room.heads(token).heads
    )
    for path in ("terms", "digests"):
        assert (
            room.post(f"/sync/v1/{path}", wire.TermsRequest(items=refs), token).status_code == 200
        )


def answers_about(room: ServedHouse, token: str, desktop: Desktop, owner: int) -> list[bytes]:
    """Every answer of the API about one owner, with the number of the owner taken out."""
    facet, number = "0" * 32, str(owner).encode()
    want = wire.Want(owner=owner, facet=facet, term="t", since="s")
    op = room.create(desktop, owner, an_allergy("pat-x", "all-x"), op_id=OP_ID.format(1, owner))
    change = wire.Op(
        op_id=OP_ID.format(2, owner),
        owner=owner,
        kind="change",
        acting=desktop.situation,
        at=op.at,
        rtype="AllergyIntolerance",
        id="all-1",
        changes=(wire.Change(element="code", base=None, value=msgspec.Raw(b"1")),),
    )
    opened = wire.Op(
        op_id=OP_ID.format(3, owner), owner=owner, kind="opened", acting=desktop.situation, at=op.at
    )
    refs = wire.TermsRequest(items=(wire.CompartmentRef(owner=owner, facet=facet),))
    told = [
        room.post("/sync/v1/ops", wire.OpsRequest(ops=(op, change, opened)), token),
        room.post("/sync/v1/ops", wire.OpsRequest(acked=((owner, "nothing"),)), token),
        room.post("/sync/v1/terms", refs, token),
        room.post("/sync/v1/digests", refs, token),
    ]
    changes = room.post("/sync/v1/changes", wire.ChangesRequest(items=(want,)), token)
    page = pages_in(changes)
    assert not page.pages[0].rows
    bodies = [answer.content for answer in told] + [codec.encode(page)]
    statuses = bytes(str([answer.status_code for answer in (*told, changes)]), "ascii")
    return [*(body.replace(number, b"<owner>") for body in bodies), statuses]


def test_hz_unknown_forbidden_blocked_and_erased_are_one_answer_byte_for_byte(
    room: ServedHouse,
) -> None:
    org, elsewhere = room.unit(), room.unit("org-2", "Ailleurs")
    martin = room.desktop("martin", org)
    stranger = room.desktop("stranger", elsewhere)
    clerk = room.desktop("clerk", elsewhere, SECRETARY)
    anne = room.patient(org)
    paul = room.patient(org, "pat-2", consent="org-2")
    erased = room.patient(org, "pat-3", consent="org-2")
    room.push(martin, room.create(martin, anne, an_allergy("pat-1", "all-1")))
    room.run(room.access.block(paul, stranger.account))

    async def destroy(tx: OwnerTx) -> None:
        await tx.owner.lock(1)
        await tx.owner.update(state="destroyed")

    room.run(room.store.write(erased, destroy))
    room.run(room.keys.destroy(erased))
    room.settle()
    for desktop in (stranger, clerk):
        token = room.token_of(desktop)
        unknown = answers_about(room, token, desktop, 4_611_686_018_427_387_904)
        assert b"<owner>" in unknown[2]
        assert answers_about(room, token, desktop, erased) == unknown
        for owner in (anne, paul):
            told = answers_about(room, token, desktop, owner)
            assert told[1:] == unknown[1:]
            # whoever treats may deposit in an open record; nothing of it is ever told back
            verdicts = codec.decode(told[0], wire.OpsReply).verdicts
            assert [verdict.code for verdict in verdicts[1:]] == ["unavailable"] * 2
            assert {verdict.version for verdict in verdicts} == {wire.NEVER}


def test_a_secretary_gets_no_byte_of_clinical_content_over_the_api(room: ServedHouse) -> None:
    org = room.unit()
    martin, front = room.desktop("martin", org), room.desktop("front", org, SECRETARY)
    anne = room.patient(org)
    room.push(martin, room.create(martin, anne, an_allergy("pat-1", "all-1", "CANARI-ALLERGIE")))
    room.settle()
    clinical = [head for head in room.heads(room.token_of(martin)).heads if head.owner == anne]
    token = room.token_of(front)
    assert set(everything(room, token, anne)) == {"Patient/pat-1"}
    for head in clinical:
        for term in (head.term, ""):
            want = wire.Want(owner=anne, facet=head.facet, term=term)
            answer = room.post("/sync/v1/changes", wire.ChangesRequest(items=(want,)), token)
            assert b"CANARI" not in codec.unpack(answer.content)


def test_a_token_ends_after_its_quarter_of_an_hour_and_the_device_signs_in_again(
    room: ServedHouse,
) -> None:
    martin = room.desktop("martin", room.unit())
    token = room.token_of(martin)
    room.clock.go(seconds=899)
    assert room.get("/sync/v1/heads", token).status_code == 200
    room.clock.go(seconds=1)
    assert room.get("/sync/v1/heads", token).status_code == 401
    assert room.get("/sync/v1/heads", room.token_of(martin)).status_code == 200


def test_a_nonce_is_good_five_minutes_and_the_refusal_brings_another(room: ServedHouse) -> None:
    martin = room.desktop("martin", room.unit())
    asked = room.post("/session/v1/challenge", ChallengeRequest(device=martin.device))
    given = codec.decode(asked.content, ChallengeReply)
    late = TokenRequest(device=martin.device, situation=martin.situation)
    room.clock.go(seconds=300)
    proof = proof_of(martin.private, given, limits.TOKEN_PATH, room.entropy)
    answer = room.post(limits.TOKEN_PATH, late, **{limits.PROOF_HEADER: proof})
    assert (answer.status_code, problem_in(answer).code) == (401, "use_dpop_nonce")
    fresh = ChallengeReply(nonce=answer.headers[limits.NONCE_HEADER], now_s=given.now_s + 300)
    proof = proof_of(martin.private, fresh, limits.TOKEN_PATH, room.entropy)
    answer = room.post(limits.TOKEN_PATH, late, **{limits.PROOF_HEADER: proof})
    assert answer.status_code == 200


def test_s8_a_revoked_device_and_a_closed_account_end_at_the_next_request(
    room: ServedHouse,
) -> None:
    org = room.unit()
    martin, diallo = room.desktop("martin", org), room.desktop("diallo", org)
    tokens = [room.token_of(martin), room.token_of(diallo)]
    room.run(room.devices.revoke(martin.account, martin.device))
    room.run(room.accounts.close(diallo.account))
    for token in tokens:
        for path in ("/sync/v1/heads", "/sync/v1/hints"):
            assert room.get(path, token).status_code == 401
    told = room.sign_in(martin.device, martin.private, martin.situation)
    assert (told.status_code, problem_in(told).code) == (403, "device_revoked")
    told = room.sign_in(diallo.device, diallo.private, diallo.situation)
    assert told.status_code == 401


def test_an_ended_membership_reads_nothing_and_files_what_was_begun_for_a_while(
    room: ServedHouse,
) -> None:
    org = room.unit()
    martin = room.desktop("martin", org)
    anne = room.patient(org)
    token = room.token_of(martin)
    head = next(h for h in room.heads(token).heads if h.owner == anne)
    room.run(room.members.end(martin.account, martin.situation))
    assert problem_in(room.get("/sync/v1/heads", token)).code == "situation_ended"
    want = wire.ChangesRequest(items=(wire.Want(owner=anne, facet=head.facet, term=head.term),))
    for path, asked in (("changes", want), ("terms", wire.TermsRequest(items=()))):
        answer = room.post(f"/sync/v1/{path}", asked, token)
        assert (answer.status_code, problem_in(answer).code) == (403, "situation_ended")
    begun = room.create(martin, anne, an_allergy("pat-1", "begun"))
    opened = wire.Op(
        op_id=room.op_id(), owner=anne, kind="change", acting=martin.situation, at=begun.at,
        rtype="AllergyIntolerance", id="begun",
    )  # fmt: skip
    assert [v.code for v in pushed(room, token, begun, opened)] == ["ok", "unavailable"]
    room.clock.go(days=15)
    told = room.sign_in(martin.device, martin.private, martin.situation)
    assert (told.status_code, problem_in(told).code) == (403, "situation_ended")


def test_too_many_wrong_passwords_are_told_to_wait_and_when(room: ServedHouse) -> None:
    room.desktop("martin", room.unit())
    private = device_keys.new_private_key(room.entropy)
    for name in ("martin", "nobody"):
        for _ in range(FREE_TRIES):
            wrong = room.enrol_over_http(name, private, proof="000000")
            assert (wrong.status_code, problem_in(wrong).code) == (401, "sign_in_needed")
        told = room.enrol_over_http(name, private, proof="000000")
        assert (told.status_code, problem_in(told).code) == (429, "busy")
        assert told.headers["retry-after"] == "1"
    room.clock.go(seconds=1)
    assert room.enrol_over_http("martin", private).status_code == 201


def test_a_hint_line_wakes_after_a_commit_of_another_device_and_ends_when_revoked(
    room: ServedHouse,
) -> None:
    org = room.unit()
    martin, diallo = room.desktop("martin", org), room.desktop("diallo", org)
    anne = room.patient(org)
    writer = room.token_of(martin)
    line = Listening(room, room.token_of(diallo))
    assert (line.status, line.event()) == (200, b": colloque\n\n")
    op = room.create(martin, anne, an_allergy("pat-1", "all-1"))
    assert [v.code for v in pushed(room, writer, op)] == ["ok"]
    assert line.hint() == "moved"
    room.run(room.devices.revoke(diallo.account, diallo.device))
    op = room.create(martin, anne, an_allergy("pat-1", "all-2"))
    assert [v.code for v in pushed(room, writer, op)] == ["ok"]
    kinds = [line.hint(), line.hint()]
    while kinds[-1]:
        kinds.append(line.hint())
    assert kinds[-2:] == ["revoked", ""]
    assert set(kinds[:-2]) <= {"moved"}


def test_a_hint_line_ends_with_its_token_and_when_the_server_stops(room: ServedHouse) -> None:
    org = room.unit()
    martin, diallo = room.desktop("martin", org), room.desktop("diallo", org)
    lines = [Listening(room, room.token_of(martin)), Listening(room, room.token_of(diallo))]
    assert [line.event() for line in lines] == [b": colloque\n\n"] * 2
    room.clock.go(minutes=15)
    room.client.portal.call(room.house.hints.wake, [f"a:{martin.account}"])  # type: ignore[union-attr]
    assert lines[0].hint() == ""
    room.client.portal.call(room.house.hints.close)  # type: ignore[union-attr]
    assert lines[1].hint() == ""
    assert room.house.hints.waiters == 0


def test_a_wake_up_between_two_waits_is_kept(room: ServedHouse) -> None:
    async def scene() -> list[bool]:
        line = room.house.hints.listen(["a:1"])
        told = [await line.wait(0)]
        room.house.hints.wake(["a:1"])
        told += [await line.wait(0), await line.wait(0)]
        line.close()
        return [*told, await line.wait(0)]

    assert room.run(scene()) == [False, True, False, False]


def test_copies_stay_whole_while_others_write(room: ServedHouse) -> None:
    """Six writers and four readers at once: no page is torn, and each copy ends at the truth."""
    org = room.unit()
    desktops = [room.desktop(f"doc{n}", org) for n in range(6)]
    anne = room.patient(org)
    tokens = [room.token_of(desktop) for desktop in desktops]
    count = 12

    async def scene() -> list[dict[str, bytes]]:
        transport = ASGITransport(app=room.client.app)  # type: ignore[arg-type]
        async with AsyncClient(transport=transport, base_url="http://server") as client:

            async def post(path: str, message: Any, token: str) -> Any:
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                answer = await client.post(path, content=codec.encode(message), headers=headers)
                assert answer.status_code == 200, answer.text
                return answer

            async def write(n: int) -> None:
                for k in range(count):
                    op = room.create(desktops[n], anne, an_allergy("pat-1", f"w{n}-{k}"))
                    await post("/sync/v1/ops", wire.OpsRequest(ops=(op,)), tokens[n])

            async def read(n: int) -> dict[str, bytes]:
                copy: dict[str, dict[str, wire.Row]] = {}
                since: dict[str, str] = {}
                seen: dict[str, tuple[int, int]] = {}
                last = False
                while not last:
                    await asyncio.sleep(0)  # the application answers reads without ever waiting
                    last = writers.done()
                    answer = await client.get(
                        "/sync/v1/heads", headers={"Authorization": f"Bearer {tokens[n]}"}
                    )
                    heads = codec.decode(answer.content, wire.Heads).heads
                    for head in heads:
                        if head.owner != anne:
                            continue
                        more = True
                        while more:
                            want = wire.Want(
                                owner=anne,
                                facet=head.facet,
                                term=head.term,
                                since=since.get(head.facet, ""),
                            )
                            ask = wire.ChangesRequest(items=(want,), max_bytes=3000)
                            page = pages_in(await post("/sync/v1/changes", ask, tokens[n])).pages[0]
                            held = copy.setdefault(head.facet, {})
                            for row in page.rows:
                                assert seen.get(row.id, (0, 0)) <= (
                                    row.version.restore,
                                    row.version.k,
                                )
                                seen[row.id] = (row.version.restore, row.version.k)
                                held[row.id] = row
                            since[head.facet], more = page.to, page.more
                            if not more:
                                total = sum(
                                    codec.row_digest(r.id, r.version.restore, r.version.k)
                                    for r in held.values()
                                )
                                assert f"{total % codec.DIGEST_MODULUS:064x}" == page.digest
                return {row.id: row.body or b"" for held in copy.values() for row in held.values()}

            writers = asyncio.gather(*(write(n) for n in range(6)))
            copies = await asyncio.gather(*(read(n) for n in range(4)))
            await writers
            return list(copies)

    copies = room.run(scene())
    wanted = {f"w{n}-{k}" for n in range(6) for k in range(count)}
    for copy in copies:
        assert wanted <= set(copy)
        assert copy == copies[0]
