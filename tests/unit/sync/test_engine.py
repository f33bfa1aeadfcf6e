"""One device, one scripted server: what the engine asks, in which order, and what it makes of the answers."""

import copy
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from dossier.clock import to_wire
from dossier.entropy import SeededEntropy
from dossier.errors import (
    BadAnswer,
    Busy,
    DiskFull,
    DossierError,
    NotColloque,
    Refused,
    SignInNeeded,
    TlsRefused,
    TooOld,
    Unreachable,
)
from dossier.sealing.dpop import read_proof
from dossier.wire.limits import TOKEN_PATH
from dossier.wire.messages import (
    Capabilities,
    CompartmentDigest,
    DigestsReply,
    Head,
    Heads,
    OpsReply,
    Page,
    Pages,
    TermsReply,
    Verdict,
    Version,
)
from dossier.wire.sessions import ChallengeReply, TokenReply, TokenRequest
from sync import states
from sync.engine import Engine
from sync.policy import Policy
from sync.ports import KeptSession
from sync.proofs import HeldKey
from sync.sign_in import Shown
from sync.states import Did, Progress, SyncState, Trouble
from tests.contracts.sync_store_contract import (
    F1,
    F2,
    OTHER,
    PATIENT,
    T1,
    T2,
    create,
    digest,
    gone,
    gone_page,
    head,
    page,
    row,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import Disk, MemorySyncStore
from tests.fakes.scripted_transport import ScriptedTransport

CAPABLE = Capabilities(
    protocols=(1,),
    server="0.1.0",
    name="Cabinet",
    restore=0,
    now="",
    demonstration=False,
    limits={},
)
TOKEN = TokenReply(token="k-1", expires_in_s=900)


class Desk:
    """An engine over a fresh store; `say` queues answers, `steps` runs until it rests."""

    def __init__(self, **policy: float) -> None:
        self.clock = ManualClock()
        self.store = MemorySyncStore(Disk(), self.clock, SeededEntropy(1))
        self.server = ScriptedTransport()
        self.told: list[SyncState] = []
        self.engine = Engine(
            self.store,
            self.server,
            HeldKey("d-1", bytes(32)),
            "s-1",
            self.clock,
            SeededEntropy(2),
            policy=Policy(**policy),  # type: ignore[arg-type]
            publish=self.told.append,
        )

    def say(self, *answers: object) -> None:
        self.server.answers.extend(answers)

    def sign_in(self, given: TokenReply = TOKEN) -> None:
        self.say(CAPABLE, ChallengeReply(nonce="n-1"), given)
        for _ in range(3):
            assert self.engine.step().did is Did.SIGNED_IN

    def run(self, *answers: object) -> list[Did]:
        """Queue answers and step until all of them were given."""
        self.say(*answers)
        did = []
        while self.server.answers:
            did.append(self.engine.step().did)
        return did

    @property
    def asked(self) -> list[str]:
        return [path for path, _, _ in self.server.asked]

    @property
    def state(self) -> states.State:
        return self.engine.state.state


def heads(*told: Head, v: str = "v1", **more: object) -> Heads:
    return Heads(restore=0, v=v, heads=told, **more)  # type: ignore[arg-type]


def pages(*told: Page, restore: int = 0) -> Pages:
    return Pages(restore=restore, pages=told)


def same(*keys: tuple[str, str, str]) -> DigestsReply:
    """(facet, at, digest)"""
    found = tuple(
        CompartmentDigest(owner=PATIENT, facet=facet, at=at, rows=1, digest=told)
        for facet, at, told in keys
    )
    return DigestsReply(restore=0, digests=found)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.sign_in()
    return made


# --- sign-in -----------------------------------------------------------------------------------------


def test_a_session_begins_with_capabilities_a_nonce_and_a_proof_of_the_key() -> None:
    desk = Desk()
    desk.sign_in()
    assert desk.asked == ["capabilities", "challenge", "token"]
    request = desk.server.asked[2][2]
    assert request == TokenRequest(device="d-1", situation="s-1")
    proof = read_proof(desk.server.proofs[0])
    assert (proof.nonce, proof.method) == ("n-1", "POST")
    assert proof.uri == ScriptedTransport.address + TOKEN_PATH
    assert desk.engine.token == "k-1"
    desk.run(None)
    assert desk.server.asked[-1] == ("heads", "k-1", "")


def test_the_token_is_renewed_before_its_end_without_a_new_session(desk: Desk) -> None:
    desk.run(heads())
    desk.clock.advance(880)
    desk.run(ChallengeReply(nonce="n-2"), TokenReply(token="k-2", expires_in_s=900), None)
    assert desk.asked[4:] == ["challenge", "token", "heads"]
    assert desk.server.asked[-1] == ("heads", "k-2", "v1")


def test_a_lost_token_is_replaced_at_once_and_a_person_is_asked_after_three(desk: Desk) -> None:
    for _ in range(3):
        desk.run(SignInNeeded(), ChallengeReply(nonce="n"), TOKEN)
    desk.run(SignInNeeded())
    assert desk.state == states.NeedsSignIn("sign_in_needed")


def test_the_refresh_token_and_the_id_it_is_shown_under_are_kept_before_it_leaves() -> None:
    desk = Desk()
    desk.sign_in(TokenReply(token="k-1", expires_in_s=900, refresh="r-1"))
    assert desk.store.board.session() == KeptSession("r-1")
    desk.run(heads())
    desk.clock.advance(880)
    desk.run(ChallengeReply(nonce="n-2"), Unreachable("timeout"))
    kept = desk.store.board.session()
    assert kept is not None
    assert kept.refresh == "r-1"
    asked = desk.server.asked[-1][2]
    assert asked == TokenRequest(device="d-1", situation="s-1", refresh="r-1", ask=kept.ask)
    desk.clock.advance(60)
    following = TokenReply(token="k-2", expires_in_s=900, refresh="r-2")
    desk.run(ChallengeReply(nonce="n-3"), following, None)
    assert desk.server.asked[-2][2] == asked
    assert desk.store.board.session() == KeptSession("r-2")


def test_an_unknown_refresh_token_is_forgotten_and_a_session_begins() -> None:
    desk = Desk()
    desk.sign_in(TokenReply(token="k-1", expires_in_s=900, refresh="r-1"))
    desk.run(SignInNeeded(), ChallengeReply(nonce="n"), SignInNeeded(), ChallengeReply(nonce="n"))
    assert desk.store.board.session() is None
    desk.run(TokenReply(token="k-2", expires_in_s=900, refresh="r-2"), None)
    assert desk.server.asked[-2][2] == TokenRequest(device="d-1", situation="s-1")
    assert desk.store.board.session() == KeptSession("r-2")


def test_what_a_person_shows_is_sent_once_and_the_session_goes_on() -> None:
    desk = Desk()
    desk.run(CAPABLE, ChallengeReply(nonce="n"), Refused("proof_needed"))
    assert desk.state == states.NeedsSignIn("proof_needed")
    desk.engine.show(Shown("a password", "123456"))
    desk.run(CAPABLE, ChallengeReply(nonce="n"), Refused("wrong_proof"))
    assert desk.server.asked[-1][2] == TokenRequest(
        device="d-1", situation="s-1", password="a password", proof="123456"
    )
    assert desk.state == states.NeedsSignIn("wrong_proof")
    desk.engine.show(Shown("a password", "654321"))
    desk.run(CAPABLE, ChallengeReply(nonce="n"), TOKEN, heads())
    assert desk.engine.token == "k-1"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused("device_revoked"), states.Revoked),
        (Refused("account_closed"), states.NeedsSignIn),
        (TooOld(), states.TooOld),
        (Unreachable(), states.Offline),
        (BadAnswer(), states.Backoff),
        (Busy(3.0), states.Backoff),
    ],
)
def test_a_failed_sign_in_ends_in_its_state(error: DossierError, state: type) -> None:
    desk = Desk()
    desk.run(CAPABLE, ChallengeReply(nonce="n"), error)
    assert isinstance(desk.state, state)


def test_a_revoked_device_asks_nothing_any_more(desk: Desk) -> None:
    desk.run(Refused("device_revoked"))
    desk.clock.advance(1_000_000)
    assert desk.engine.step().did is Did.WAITED
    assert desk.asked[-1] == "heads"


def test_a_server_that_speaks_only_later_versions_makes_us_too_old() -> None:
    desk = Desk()
    later = Capabilities(
        protocols=(2, 3), server="9", name="", restore=0, now="", demonstration=False, limits={}
    )
    desk.run(later)
    assert desk.state == states.TooOld()
    desk.clock.advance(3601)
    desk.sign_in()
    desk.run(None)
    assert isinstance(desk.state, states.SigningIn | states.Idle)


# --- trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (Unreachable(), Trouble.UNREACHABLE),
        (TlsRefused(), Trouble.TLS),
        (NotColloque(), Trouble.NOT_COLLOQUE),
    ],
)
def test_offline_says_why_and_waits_longer_each_time(error: DossierError, trouble: Trouble) -> None:
    desk = Desk()
    waits = []
    for _ in range(9):
        desk.say(error)
        told = desk.engine.step()
        assert isinstance(desk.state, states.Offline)
        assert desk.state.reason is trouble
        assert desk.state.retry_at == desk.clock.now() + timedelta(seconds=told.wait_s)
        assert desk.engine.step().did is Did.WAITED
        waits.append(told.wait_s)
        desk.clock.advance(told.wait_s)
    assert 0.5 <= waits[0] <= 1.0
    assert 30.0 <= waits[-1] <= 60.0


def test_offline_stays_said_until_an_answer_and_f5_does_not_wait() -> None:
    desk = Desk()
    desk.run(Unreachable())
    desk.engine.retry()
    desk.sign_in()
    assert isinstance(desk.state, states.Offline)
    desk.run(None)
    assert desk.state == states.Idle()


def test_busy_is_respected_by_the_lane_it_was_said_to(desk: Desk) -> None:
    desk.run(heads())
    desk.store.put(create(1))
    desk.run(Busy(20.0))
    assert desk.engine.state.push_trouble is Trouble.BUSY
    assert desk.engine.state.pull_trouble is None
    desk.engine.hint()
    assert desk.run(None) == [Did.ASKED]
    desk.clock.advance(19.0)
    assert desk.engine.step().did is Did.WAITED
    desk.clock.advance(1.0)
    desk.run(OpsReply(restore=0, verdicts=(Verdict(op_id=create(1).op_id, code="ok"),)))
    assert desk.engine.state.push_trouble is None


def test_a_full_disk_is_a_state_and_not_an_end(desk: Desk) -> None:
    def full(_name: str) -> None:
        raise DiskFull

    desk.store._failpoint = full
    desk.run(heads(head()))
    assert isinstance(desk.state, states.Backoff)
    assert desk.state.reason is Trouble.DISK_FULL
    desk.store._failpoint = lambda _name: None
    desk.engine.retry()
    assert desk.run(heads(head()), pages(page(row("a")))) == [Did.ASKED, Did.PULLED]


def test_the_servers_clock_is_a_fact_and_not_a_refusal(desk: Desk) -> None:
    years_off = to_wire(desk.clock.now() + timedelta(days=800))
    desk.run(heads(now=years_off))
    assert desk.engine.state.clock_wrong
    assert desk.engine.state.skew_s == 800 * 86_400
    assert desk.state == states.SigningIn() or desk.engine.step().did is Did.WAITED


def test_the_lease_is_a_length_counted_on_our_own_clock(desk: Desk) -> None:
    theirs = desk.clock.now() + timedelta(days=800)
    desk.run(heads(now=to_wire(theirs), lease_until=to_wire(theirs + timedelta(days=7))))
    assert desk.store.disk.work.lease == desk.clock.now() + timedelta(days=7)
    desk.clock.advance(3_000)
    desk.run(ChallengeReply(nonce="n"), TOKEN, None)
    assert desk.store.disk.work.lease == desk.clock.now() + timedelta(days=7)


@pytest.mark.parametrize("days", [9_000, -400])
def test_a_clock_of_ours_set_meanwhile_shortens_no_lease_once_the_server_answers(
    desk: Desk, days: int
) -> None:
    now = desk.clock.now()
    desk.run(heads(now=to_wire(now), lease_until=to_wire(now + timedelta(days=7))))
    desk.clock.advance(31)
    desk.clock.jump(days * 86_400.0)
    desk.run(None)
    assert desk.store.disk.work.lease == desk.clock.now() + timedelta(days=7)
    assert desk.engine.state.clock_wrong
    assert desk.engine.state.skew_s == -days * 86_400


@pytest.mark.parametrize("days", [9_000, -400])
def test_ends_of_rights_are_asked_again_when_a_clock_was_set(desk: Desk, days: int) -> None:
    end = desk.clock.now() + timedelta(days=300)
    told = head(until=to_wire(end), rows=0)
    desk.run(heads(told, now=to_wire(desk.clock.now())), pages(page(row("a"))))
    desk.clock.advance(31)
    desk.clock.jump(days * 86_400.0)
    desk.run(None, TermsReply(restore=0, heads=(told,)))
    assert desk.asked[-2:] == ["heads", "terms"]
    assert desk.store.held()[0].until == to_wire(end + timedelta(days=days))
    assert [r.id for r in desk.store.rows(PATIENT)] == ["a"]


# --- order -------------------------------------------------------------------------------------------


def test_heads_come_first_then_operations_and_pages_take_turns(desk: Desk) -> None:
    for n in (1, 2):
        desk.store.put(create(n))
    ok = [Verdict(op_id=create(n).op_id, code="ok", version=Version(0, 1)) for n in (1, 2)]
    desk.run(
        heads(head(F1, owner=PATIENT), head(F2, at="at-9")),
        OpsReply(restore=0, verdicts=tuple(ok)),
        pages(page(row("a"), facet=F1), page(row("b"), facet=F2, to="at-9")),
    )
    assert desk.asked[3:] == ["heads", "ops", "changes"]


def test_a_refused_batch_does_not_stop_the_pages(desk: Desk) -> None:
    desk.store.put(create(1))
    desk.run(heads(head()), BadAnswer(), pages(page(row("a"))))
    assert [r.id for r in desk.store.rows(PATIENT)] == ["a", "new-1"]


def test_pages_are_asked_by_class_then_owner_and_a_person_goes_first(desk: Desk) -> None:
    late, early = head(F1, owner=OTHER, rank=0), head(F2, rank=3)
    desk.run(heads(early, late))
    desk.say(BadAnswer())
    desk.engine.step()
    assert [w.owner for w in desk.server.asked[-1][2].items] == [OTHER, PATIENT]  # type: ignore[attr-defined]
    desk.engine.prefer(PATIENT)
    desk.clock.advance(2.0)
    desk.say(BadAnswer())
    desk.engine.step()
    assert desk.server.asked[-1][2].items[0].owner == PATIENT  # type: ignore[attr-defined]


def test_a_hint_asks_heads_at_once_and_nothing_moved_rests(desk: Desk) -> None:
    desk.run(heads())
    rest = desk.engine.step()
    assert (rest.did, rest.wake) == (Did.WAITED, True)
    assert 0 < rest.wait_s <= 30.0
    assert desk.state == states.Idle()
    desk.engine.hint()
    assert desk.run(None) == [Did.ASKED]


def test_a_new_session_asks_the_terms_of_what_is_held(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    again = Desk()
    again.store = desk.store
    again.engine._store = desk.store
    again.engine = Engine(
        desk.store, again.server, HeldKey("d-1", bytes(32)), "s-1", desk.clock, SeededEntropy(3)
    )
    again.sign_in()
    again.run(None, TermsReply(restore=0, heads=(gone(),)))
    assert again.asked[3:] == ["heads", "terms"]
    assert list(desk.store.rows(PATIENT)) == []


def test_recheck_asks_everything_held_of_the_owner(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.engine.hint()
    desk.run(heads(v="v2", recheck=(PATIENT,)), TermsReply(restore=0, heads=(head(),)))
    assert desk.asked[-2:] == ["heads", "terms"]
    assert [r.id for r in desk.store.rows(PATIENT)] == ["a"]


def test_a_right_whose_end_has_come_is_asked_again(desk: Desk) -> None:
    until = to_wire(desk.clock.now() + timedelta(seconds=10))
    desk.run(heads(head(until=until)), pages(page(row("a"))), same())
    desk.clock.advance(31)
    desk.run(None, TermsReply(restore=0, heads=(head(term=T2, at="at-5"),)))
    assert desk.asked[-1] == "terms"
    held = desk.store.held_one(PATIENT, F1)
    assert held is not None
    assert held.term == T2


# --- pages -------------------------------------------------------------------------------------------


def test_a_copy_from_zero_in_slices_ends_complete_with_exact_progress(desk: Desk) -> None:
    desk.run(
        heads(head(rows=2), now=to_wire(desk.clock.now())),
        pages(page(row("a"), to="half", more=True)),
        pages(page(row("b"), since="half", total=digest(row("a"), row("b")))),
    )
    fractions = [
        (s.progress.rows, s.progress.patients_complete)
        for s in desk.told
        if s.progress != Progress()
    ]
    assert fractions == sorted(fractions)
    last = desk.engine.state.progress
    assert (last.patients_complete, last.patients, last.rows, last.rows_wanted) == (1, 1, 2, 2)
    assert (last.size, last.size_wanted, last.complete) == (200, 200, True)


@pytest.mark.parametrize(
    "answer",
    [
        pages(),
        pages(page(row("x"), facet="foreign")),
        pages(page(row("x"), since="elsewhere", to="y")),
        pages(page(row("x"), term=T2)),
        pages(page(row("x"), to="", more=True)),
        TermsReply(restore=0, heads=()),
    ],
    ids=["nothing", "another compartment", "another cursor", "another term", "no progress", "kind"],
)
def test_d10_an_answer_that_was_not_asked_for_changes_nothing(desk: Desk, answer: object) -> None:
    desk.run(heads(head()))
    before = desk.store.held_one(PATIENT, F1)
    desk.run(answer)
    assert desk.engine.state.pull_trouble is Trouble.BAD_ANSWER
    assert desk.store.held_one(PATIENT, F1) == before
    assert list(desk.store.rows(PATIENT)) == []


def test_a_compartment_that_fails_again_and_again_does_not_hold_the_others(desk: Desk) -> None:
    desk.run(heads(head(F1, rank=0), head(F2, at="at-1")))
    for _ in range(6):
        desk.clock.advance(61)
        desk.engine.retry()
        desk.engine._down._heads_due_s = 1e9
        desk.run(BadAnswer())
    assert len(desk.server.asked[-1][2].items) == 1  # type: ignore[attr-defined]


def test_a_page_from_zero_where_a_position_was_asked_starts_over(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.engine.hint()
    desk.run(heads(head(at="at-7"), v="v2"), pages(page(row("b"), to="at-7")))
    assert [r.id for r in desk.store.rows(PATIENT)] == ["b"]


def test_a_gone_page_erases_and_the_terms_say_what_is_left(desk: Desk) -> None:
    readable = TermsReply(restore=0, heads=(head(term=T2),))
    desk.run(heads(head()), pages(gone_page()), BadAnswer(), readable)
    assert desk.asked[-3:] == ["changes", "ops", "terms"]
    held = desk.store.held_one(PATIENT, F1)
    assert held is not None
    assert (held.term, held.at) == (T2, "")


def test_a_wrong_digest_takes_that_compartment_again_and_no_other(desk: Desk) -> None:
    wrong = page(row("a"), total=digest(row("a", 9)))
    fine = page(row("b"), facet=F2)
    desk.run(heads(head(F1), head(F2)), pages(wrong, fine), pages(page(row("a"))))
    assert [w.facet for w in desk.server.asked[-1][2].items] == [F1]  # type: ignore[attr-defined]
    assert desk.engine.state.retaken == 1
    assert {r.id for r in desk.store.rows(PATIENT)} == {"a", "b"}


def test_d6_a_copy_that_differs_at_rest_is_found_and_repaired(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"), row("b"), total=digest(row("a"), row("b")))))
    one = desk.store.disk.cache.compartments[PATIENT, F1]
    one.rows.pop(("AllergyIntolerance", "b"))
    desk.run(same((F1, "at-1", digest(row("a"), row("b")))))
    assert desk.engine.state.retaken == 1
    desk.run(pages(page(row("a"), row("b"), total=digest(row("a"), row("b")))))
    assert {r.id for r in desk.store.rows(PATIENT)} == {"a", "b"}


def test_touched_names_what_the_screens_must_read_again(desk: Desk) -> None:
    desk.run(heads(head()))
    desk.say(pages(page(row("a"))))
    assert desk.engine.step().touched == {PATIENT: frozenset({"AllergyIntolerance"})}
    desk.run(same((F1, "at-1", digest(row("a")))))
    desk.engine.hint()
    desk.say(heads(gone(), v="v2"))
    assert desk.engine.step().touched == {PATIENT: frozenset()}


# --- ops ---------------------------------------------------------------------------------------------


def test_a_batch_shrinks_on_failure_and_a_lone_culprit_is_set_aside() -> None:
    desk = Desk(ops_per_request=4)
    desk.sign_in()
    desk.run(heads())
    for n in range(1, 5):
        desk.store.put(create(n))
    sizes = []
    for _ in range(6):
        desk.engine._down._heads_due_s = 1e9
        desk.run(BadAnswer("status_500"))
        sizes.append(len(desk.server.asked[-1][2].ops))  # type: ignore[attr-defined]
        desk.clock.advance(61)
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert desk.engine.state.set_aside == 1
    desk.engine._down._heads_due_s = 1e9
    desk.run(OpsReply(restore=0, verdicts=(Verdict(op_id=create(2).op_id, code="ok"),)))
    assert desk.server.asked[-1][2].ops[0].op_id == create(2).op_id  # type: ignore[attr-defined]


def test_later_is_not_asked_again_at_once(desk: Desk) -> None:
    desk.store.put(create(1))
    later = OpsReply(restore=0, verdicts=(Verdict(op_id=create(1).op_id, code="later"),))
    desk.run(heads(), later)
    rest = desk.engine.step()
    assert rest.did is Did.WAITED
    assert rest.wait_s == pytest.approx(5.0)
    desk.clock.advance(5.0)
    desk.run(later)


def test_acknowledgements_travel_with_the_next_batch_or_soon(desk: Desk) -> None:
    desk.store.put(create(1))
    ok = Verdict(op_id=create(1).op_id, code="ok", version=Version(0, 1))
    desk.run(heads(), OpsReply(restore=0, verdicts=(ok,)))
    assert desk.engine.step().did is Did.WAITED
    desk.clock.advance(20.0)
    desk.run(OpsReply(restore=0, verdicts=()))
    assert desk.server.asked[-1][2].acked == ((PATIENT, create(1).op_id),)  # type: ignore[attr-defined]
    assert list(desk.store.unacknowledged(5)) == []


def test_an_erasure_is_told_as_an_op_with_its_durable_id(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.engine.hint()
    desk.run(heads(gone(), v="v2"))
    owed = desk.store.receipts_owed(5)[0]
    desk.run(OpsReply(restore=0, verdicts=(Verdict(op_id=owed.op_id, code="ok"),)))
    sent = desk.server.asked[-1][2].ops[0]  # type: ignore[attr-defined]
    assert (sent.kind, sent.op_id, sent.facet, sent.term) == ("receipt", owed.op_id, F1, T1)
    assert list(desk.store.receipts_owed(5)) == []


def test_no_verdict_at_all_is_a_bad_answer(desk: Desk) -> None:
    desk.store.put(create(1))
    desk.run(heads(), OpsReply(restore=0, verdicts=(Verdict(op_id="other", code="ok"),)))
    assert desk.engine.state.push_trouble is Trouble.BAD_ANSWER
    assert [p.op_id for p in desk.store.pending()] == [create(1).op_id]


# --- restore, end ------------------------------------------------------------------------------------


def test_a_later_restore_drops_the_answer_and_starts_the_new_line(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a")), restore=1))
    assert desk.store.restore() == 1
    assert list(desk.store.rows(PATIENT)) == []
    assert desk.engine.state.restored
    desk.run(Heads(restore=1, v="w1", heads=(head(),)))
    assert desk.server.asked[-1] == ("heads", "k-1", "")


def test_an_answer_of_an_earlier_restore_is_dropped(desk: Desk) -> None:
    desk.store.begin_restore(2)
    desk.run(heads(head()))
    assert desk.engine.state.pull_trouble is Trouble.OLD_RESTORE
    assert list(desk.store.held()) == []


def test_the_end_of_the_situation_purges_everything_but_ops_still_leave(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.store.put(create(1))
    desk.engine.hint()
    desk.engine._down_first = True
    desk.run(Refused("situation_ended"))
    assert desk.engine.state.situation_ended
    assert [r.id for r in desk.store.rows(PATIENT)] == ["new-1"]
    desk.say(OpsReply(restore=0, verdicts=(Verdict(op_id=create(1).op_id, code="ok"),)))
    assert desk.engine.step().did is Did.PUSHED


def test_s7_a_blocked_account_keeps_its_copy_and_its_ops_still_leave(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.store.put(create(1))
    desk.engine.hint()
    desk.engine._down_first = True
    desk.run(Refused("volume_blocked"))
    assert desk.engine.state.pull_trouble is Trouble.VOLUME_BLOCKED
    assert sorted(r.id for r in desk.store.rows(PATIENT)) == ["a", "new-1"]
    desk.say(OpsReply(restore=0, verdicts=(Verdict(op_id=create(1).op_id, code="ok"),)))
    assert desk.engine.step().did is Did.PUSHED


def test_a_slice_that_could_not_be_written_is_asked_again_from_where_the_copy_stands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages applied together are kept together or not at all: what the engine believed goes back too."""
    desk.run(heads(head(F1), head(F2)))
    before = [one.at for one in desk.store.held()]
    kept = copy.deepcopy(desk.store.disk.cache)

    @contextmanager
    def full(_owners: Collection[int]) -> Iterator[None]:
        yield
        desk.store.disk.cache = kept
        raise DiskFull("disk_full")

    monkeypatch.setattr(desk.store, "together", full)
    desk.run(pages(page(row("a")), page(row("b"), facet=F2)))
    assert isinstance(desk.state, states.Backoff)
    assert [one.at for one in desk.engine._down.ledger.all()] == before
    monkeypatch.undo()
    desk.clock.advance(60)
    desk.run(None, pages(page(row("a")), page(row("b"), facet=F2)))
    assert all(one.complete for one in desk.store.held())


def test_the_screens_are_told_of_every_change_and_of_nothing_twice(desk: Desk) -> None:
    desk.run(heads(head()), pages(page(row("a"))), same((F1, "at-1", digest(row("a")))))
    desk.engine.step()
    assert all(one != other for one, other in zip(desk.told, desk.told[1:], strict=False))
    kinds = [type(s.state).__name__ for s in desk.told]
    assert list(dict.fromkeys(kinds)) == ["SigningIn", "Pulling", "Idle"]
