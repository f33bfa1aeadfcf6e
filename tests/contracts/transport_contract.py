"""What every way to the server does: the scripted one and the one over HTTPS run this suite."""

from typing import Protocol

import pytest

from dossier.errors import Busy, DossierError, Refused, SignInNeeded, TooOld, Unreachable
from dossier.wire.messages import (
    Capabilities,
    ChangesRequest,
    CompartmentDigest,
    CompartmentRef,
    DigestsReply,
    Head,
    Heads,
    Op,
    OpsReply,
    OpsRequest,
    Page,
    Pages,
    Row,
    TermsReply,
    TermsRequest,
    Verdict,
    Version,
    Want,
)
from dossier.wire.sessions import (
    ChallengeReply,
    ChallengeRequest,
    EnrolReply,
    EnrolRequest,
    Situation,
    TokenReply,
    TokenRequest,
)
from sync.ports import Transport

CAPABILITIES = Capabilities(
    protocols=(1,), server="0.1.0", name="Cabinet de démonstration", restore=2,
    now="2026-11-23T08:00:00.000Z", demonstration=True, limits={"ops": 100},
)  # fmt: skip
SITUATION = Situation(id="s-1", organisation=77, organisation_name="Cabinet", profession="10")
PAGES = Pages(
    restore=2,
    pages=(
        Page(
            owner=41, facet="f", kind="page", term="t", to="at-1", replace=True, digest="00",
            rows=(Row("AllergyIntolerance", "a", Version(2, 1), 41, None, b'{"id":"a"}'),),
        ),
        Page(owner=42, facet="g", kind="gone"),
    ),
)  # fmt: skip
HEADS = Heads(
    restore=2, v="v-2", heads=(Head(owner=41, facet="f", kind="patient", term="t", at="at-1"),),
    recheck=(42,), lease_until="2026-11-30T08:00:00.000Z", now="2026-11-23T08:00:00.000Z",
)  # fmt: skip
OPS = OpsRequest(
    ops=(Op(op_id="o-1", owner=41, kind="opened", acting="s-1", at="2026-11-23T08:00:00.000Z"),),
    acked=((41, "o-0"),),
)


class Bench(Protocol):
    """A transport and the server behind it, which answers what it is told."""

    @property
    def transport(self) -> Transport: ...
    def answer(self, answer: object) -> None:
        """The next reply; None is a 304; a DossierError is a refusal."""
        ...

    @property
    def asked(self) -> list[tuple[str, str, object]]:
        """(last part of the path, token, message or `since`)"""
        ...


class TransportContract:
    """Each message arrives as it was sent and comes back as it was answered; refusals are errors."""

    def test_capabilities(self, bench: Bench) -> None:
        bench.answer(CAPABILITIES)
        assert bench.transport.capabilities() == CAPABILITIES
        assert bench.asked == [("capabilities", "", None)]

    def test_enrol(self, bench: Bench) -> None:
        request = EnrolRequest(
            login="martin",
            password="un mot de passe",
            proof="123456",
            device_name="Poste 1",
            public_key="AAAA",
        )
        reply = EnrolReply(
            account=5, device="d-1", display_name="Dr Martin", situations=(SITUATION,),
            server_name="Cabinet",
        )  # fmt: skip
        bench.answer(reply)
        assert bench.transport.enrol(request, "a.b.c") == reply
        assert bench.asked == [("enrol", "", request)]

    def test_challenge_and_token(self, bench: Bench) -> None:
        bench.answer(ChallengeReply(nonce="n"))
        assert bench.transport.challenge("d-1") == ChallengeReply(nonce="n")
        request = TokenRequest(device="d-1", situation="s-1", refresh="r", ask="a")
        bench.answer(TokenReply(token="k", expires_in_s=900, situations=(SITUATION,)))
        assert bench.transport.token(request, "a.b.c").token == "k"
        assert bench.asked == [
            ("challenge", "", ChallengeRequest(device="d-1")),
            ("token", "", request),
        ]

    def test_heads(self, bench: Bench) -> None:
        bench.answer(HEADS)
        assert bench.transport.heads("k", "v+/=&é") == HEADS
        assert bench.asked == [("heads", "k", "v+/=&é")]

    def test_heads_when_nothing_moved(self, bench: Bench) -> None:
        bench.answer(None)
        assert bench.transport.heads("k", "v-2") is None

    def test_changes(self, bench: Bench) -> None:
        wants = (Want(owner=41, facet="f", term="t"), Want(owner=42, facet="g", term="u"))
        bench.answer(PAGES)
        assert bench.transport.changes("k", wants, 9_000) == PAGES
        assert bench.asked == [("changes", "k", ChangesRequest(items=wants, max_bytes=9_000))]

    def test_ops(self, bench: Bench) -> None:
        reply = OpsReply(restore=2, verdicts=(Verdict(op_id="o-1", code="ok"),))
        bench.answer(reply)
        assert bench.transport.ops("k", OPS) == reply
        assert bench.asked == [("ops", "k", OPS)]

    def test_terms_and_digests(self, bench: Bench) -> None:
        refs = TermsRequest(items=(CompartmentRef(owner=41, facet="f"),))
        terms = TermsReply(restore=2, heads=HEADS.heads)
        told = CompartmentDigest(owner=41, facet="f", at="at-1", rows=1, digest="00")
        digests = DigestsReply(restore=2, digests=(told,))
        bench.answer(terms)
        bench.answer(digests)
        assert bench.transport.terms("k", [(41, "f")]) == terms
        assert bench.transport.digests("k", [(41, "f")]) == digests
        assert bench.asked == [("terms", "k", refs), ("digests", "k", refs)]

    @pytest.mark.parametrize(
        "said",
        [SignInNeeded(), TooOld(), Busy(7.0), Refused("situation_ended"), Unreachable("gateway")],
        ids=lambda said: type(said).__name__,
    )
    def test_a_refusal_is_its_error(self, bench: Bench, said: DossierError) -> None:
        bench.answer(said)
        with pytest.raises(type(said)) as caught:
            bench.transport.heads("k", "")
        assert type(caught.value) is type(said)
        if isinstance(said, Refused):
            assert caught.value.code == said.code  # type: ignore[attr-defined]
        if isinstance(said, Busy):
            assert caught.value.retry_after_s == 7.0  # type: ignore[attr-defined]
