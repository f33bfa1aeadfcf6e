"""HZ-19: beyond continuity nothing opens before a contact, and a contact opens it again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dossier.clock import to_wire
from dossier.errors import Unreachable
from dossier.wire.codec import row_digest
from dossier.wire.messages import (
    ChallengeReply,
    DigestsReply,
    Head,
    Heads,
    OpsReply,
    Page,
    Row,
    TermsReply,
    TokenReply,
    Version,
)
from practitioner_app.services.session import Lock
from tests.security.test_keychain_workstation import PHRASE, Desk, OneServer

ANNE, FACET = 7, "identity-tag"


class AnsweringServer(OneServer):
    """Confirms what is held and renews the lease, once it lets the device sign in."""

    signs_in = False

    def challenge(self, device: str) -> ChallengeReply:
        if not self.signs_in:
            raise Unreachable
        return ChallengeReply(nonce="n")

    def token(self, _request: object) -> TokenReply:
        return TokenReply(token="t", expires_in_s=900)

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
    return Head(owner=ANNE, facet=facet, kind="patient", term="t1", at="i1", rows=1, rank=0)


def copied(desk: Any) -> None:
    """A whole copy of one patient, as the last contact left it."""
    store = desk.station.session._store.sync
    store.begin_restore(1)
    store.apply_heads(Heads(restore=1, v="v1", heads=(head(FACET),)))
    page = Page(
        owner=ANNE,
        facet=FACET,
        kind="page",
        term="t1",
        to="i1",
        replace=True,
        rows=(Row("Patient", "p", Version(1, 1), ANNE, None, b'{"resourceType":"Patient"}'),),
        digest=f"{row_digest('p', 1, 1):064x}",
    )
    held = store.held_one(ANNE, FACET)
    assert not store.apply_page(page, held.generation).stale
    store.contact(desk.clock.now(), desk.clock.now() + timedelta(days=7))


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
