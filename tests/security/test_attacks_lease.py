"""HZ-19: beyond continuity nothing opens before a contact, and a contact opens it again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from dossier.clock import to_wire
from dossier.errors import Refused, SealBroken, Unreachable
from dossier.fhir.problems import NewProblem
from dossier.sealing.orders import OrderKind
from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import (
    DigestsReply,
    Head,
    Heads,
    OpsReply,
    Page,
    Row,
    TermsReply,
    Version,
)
from dossier.wire.sessions import ChallengeReply, TokenReply
from practitioner_app.services.problems import RecordProblem
from practitioner_app.services.session import Barred, Lease, Lock
from tests.fakes.signing_server import SigningServer
from tests.security.test_keychain_workstation import PHRASE, PORT, Desk, OneServer

ANNE, FACET = 7, "identity-tag"
GRIPPE = RecordProblem(owner=ANNE, problem=NewProblem(label="grippe"))
PATIENT = (
    b'{"resourceType":"Patient","id":"p","name":[{"family":"MARTINEAU","given":["Elodie"]}],'
    b'"birthDate":"1980-02-03"}'
)
LETTER = (
    b'{"resourceType":"DocumentReference","id":"d","status":"current","description":"Holter",'
    b'"content":[{"attachment":{"title":"Holter"}}]}'
)


class AnsweringServer(OneServer):
    """Confirms what is held and renews the lease, once it lets the device sign in."""

    signs_in = False
    refuses = ""

    def __init__(self, clock: Any, *, demonstration: bool) -> None:
        super().__init__(clock, demonstration=demonstration)
        self.signing = SigningServer()
        self.signing.restore = 1
        self._orders = 0

    def capabilities(self) -> Any:
        told = self.signing.capabilities()
        return structs.replace(super().capabilities(), keys=told.keys, identity=told.identity)

    def enrol(self, request: Any, proof: str) -> Any:
        return structs.replace(
            super().enrol(request, proof), identity=self.signing.capabilities().identity
        )

    def keys(self) -> Any:
        return self.signing.keys()

    def log(self, _token: str, since: int) -> Any:
        return self.signing.proof(since)

    def challenge(self, device: str) -> ChallengeReply:
        if self.refuses:
            raise Refused(self.refuses)
        if device and not self.signs_in:
            raise Unreachable
        return ChallengeReply(nonce="n")

    def token(self, _request: object, _proof: str) -> TokenReply:
        self._orders += 1
        lease = self.signing.orders(OrderKind.LEASE, self._orders, device="d1")
        return TokenReply(token="t", expires_in_s=900, situations=(PORT,), lease=lease)

    def heads(self, _token: str, _since: str) -> Heads:
        now = self.clock.now()
        lease = to_wire(now + timedelta(days=7))
        return Heads(restore=1, v="v2", heads=(), lease_until=lease, now=to_wire(now))

    def terms(self, _token: str, items: Any) -> TermsReply:
        return TermsReply(restore=1, heads=tuple(head(facet) for _, facet in items))

    def digests(self, _token: str, _items: object) -> DigestsReply:
        return DigestsReply(restore=1, digests=())

    def ops(self, _token: str, _request: object) -> OpsReply:
        return OpsReply(restore=1, verdicts=())


def head(facet: str) -> Head:
    return Head(owner=ANNE, facet=facet, kind="patient", term="t1", at="i1", rows=2, rank=0)


def copied(desk: Any) -> None:
    """A whole copy of one patient, as the last contact left it."""
    store = desk.station.session._store.sync
    store.begin_restore(1)
    store.apply_heads(Heads(restore=1, v="v1", heads=(head(FACET),)))
    rows = (
        Row("Patient", "p", Version(1, 1), ANNE, None, PATIENT, own=True),
        Row("DocumentReference", "d", Version(1, 2), ANNE, None, LETTER),
    )
    total = row_digest("p", 1, 1) + row_digest("d", 1, 2)
    page = Page(
        owner=ANNE,
        facet=FACET,
        kind="page",
        term="t1",
        to="i1",
        replace=True,
        rows=rows,
        digest=f"{total % DIGEST_MODULUS:064x}",
    )
    held = store.held_one(ANNE, FACET)
    assert not store.apply_page(page, held.generation).stale
    store.membership(None)
    store.contact(desk.clock.now(), desk.clock.now() + timedelta(days=7))


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Any]:
    """A desk whose lease ended yesterday: eight days without the server."""
    desk = Desk(tmp_path / "profile")
    desk.server = AnsweringServer(desk.clock, demonstration=False)
    desk.enrol()
    copied(desk)
    desk.station.lock(Lock.ASKED)
    desk.clock.advance(timedelta(days=8).total_seconds())
    yield desk
    desk.close()


def shown(desk: Any) -> set[str]:
    reader = desk.station.session._store.records
    return {row.id for row in reader.rows(ANNE)}


def test_hz_19_after_the_lease_the_phrase_again_opens_what_the_practice_wrote(late: Any) -> None:
    with pytest.raises(Refused) as refused:
        late.station.unlock(PHRASE)
    assert (refused.value.code, late.station.session) == ("lease_over", None)
    facts = late.station.facts()
    assert (facts.reason, facts.lease.state) == (Lock.LEASE, Lease.OVER)
    assert facts.lease.closes == facts.lease.last_contact + timedelta(days=30)
    with pytest.raises(SealBroken):
        late.station.unlock_in_continuity("autre phrase que la bonne")
    late.station.unlock_in_continuity(PHRASE)
    session = late.station.session
    assert (session.continuity, session.context.lease.narrowed) == (True, True)
    assert shown(late) == {"p"}
    assert session._store.records.search("holter", None, 10) == []
    assert session.centre.status().patients == 1


def test_hz_19_each_opening_in_continuity_is_an_op_and_nothing_else_is_written(late: Any) -> None:
    late.station.unlock_in_continuity(PHRASE)
    services = late.station.session.context.services
    services.journal.opened(ANNE)
    services.journal.opened(ANNE)
    waiting = late.station.session._store.outbox.pending()
    assert [(op.kind, op.owner) for op in waiting] == [("opened", ANNE)] * 2
    ops = late.station.session._store.sync.next_ops(10, 100_000)
    assert {op.reason for op in ops} == {"continuity"}
    with pytest.raises(Refused) as refused:
        services.problems.record(GRIPPE)
    assert refused.value.code == "continuity_reads_only"


def test_hz_19_a_contact_shows_the_rest_again(late: Any) -> None:
    late.station.unlock_in_continuity(PHRASE)
    late.server.signs_in = True
    session = late.station.session
    session.context.sync.now()
    for _ in range(100):
        if not session._narrowed:
            break
        session._moved.wait(0.2)
        session._moved.clear()
    assert not session._narrowed
    assert shown(late) == {"p", "d"}
    late.station.session.context.services.problems.record(GRIPPE)


@pytest.mark.parametrize("days", [22, 23, 300])
def test_hz_19_continuity_is_over_thirty_days_after_the_last_contact(late: Any, days: int) -> None:
    late.clock.advance(timedelta(days=days).total_seconds())
    for way in (late.station.unlock, late.station.unlock_in_continuity):
        with pytest.raises(Unreachable):
            way(PHRASE)
    assert late.station.session is None
    assert late.station.facts().lease.state is Lease.CLOSED


@pytest.mark.parametrize("code", ["device_revoked", "situation_ended"])
def test_d8_no_continuity_once_the_server_said_that_the_right_is_over(
    tmp_path: Path, code: str
) -> None:
    desk = Desk(tmp_path / "profile")
    desk.server = AnsweringServer(desk.clock, demonstration=False)
    desk.enrol()
    copied(desk)
    desk.server.refuses = code
    desk.station.lock(Lock.ASKED)
    desk.station.unlock(PHRASE)
    with pytest.raises(Refused):
        desk.station.session.wait_met()
    desk.station.lock(Lock.ASKED)
    desk.server.refuses = ""
    desk.clock.advance(timedelta(days=8).total_seconds())
    with pytest.raises(Unreachable):
        desk.station.unlock_in_continuity(PHRASE)
    assert desk.station.facts().lease.barred is Barred.MEMBERSHIP
    desk.close()


def test_d8_a_membership_that_ended_meanwhile_bars_continuity(late: Any) -> None:
    late.clock.jump(-timedelta(days=8).total_seconds())
    late.station.unlock(PHRASE)
    ends = late.clock.now() + timedelta(days=7, hours=2)
    late.station.session._store.sync.membership(ends)
    late.station.lock(Lock.ASKED)
    late.clock.advance(timedelta(days=7, hours=1).total_seconds())
    late.station.unlock_in_continuity(PHRASE)
    assert shown(late) == {"p"}
    late.clock.advance(timedelta(hours=1).total_seconds())
    assert shown(late) == set()
    assert late.station.lease().state is Lease.CLOSED


def test_d8_a_clock_set_back_does_not_lengthen_continuity(late: Any) -> None:
    late.station.unlock_in_continuity(PHRASE)
    late.station.lock(Lock.ASKED)
    late.clock.jump(-timedelta(days=5).total_seconds())
    late.server.up = False
    for way in (late.station.unlock, late.station.unlock_in_continuity):
        with pytest.raises(Refused) as refused:
            way(PHRASE)
        assert refused.value.code == "clock_went_back"


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Any]:
    """A desk with a copy that met nobody for three months."""
    desk = Desk(tmp_path / "profile")
    desk.server = AnsweringServer(desk.clock, demonstration=False)
    desk.enrol()
    copied(desk)
    desk.station.lock(Lock.ASKED)
    desk.clock.advance(timedelta(days=90).total_seconds())
    yield desk
    desk.close()


def test_hz_19_an_old_copy_is_no_contact(away: Any) -> None:
    with pytest.raises(Unreachable):
        away.station.unlock(PHRASE)
    assert away.station.session is None


def test_hz_19_a_contact_opens_what_the_lease_had_closed(away: Any) -> None:
    away.server.signs_in = True
    away.station.unlock(PHRASE)
    assert away.station.session is not None
