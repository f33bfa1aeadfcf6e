"""The way in and out of a profile, over the real sealed store: keyring, phrase, clock, lease, lock."""

from datetime import timedelta

import pytest

from dossier.clock import to_wire
from dossier.entropy import SeededEntropy
from dossier.errors import Busy, KeychainError, Refused, SealBroken, StoreError, Unreachable
from dossier.sealing.dpop import read_proof
from dossier.sealing.profile import Cost
from dossier.sealing.text import unbase64url
from dossier.terminology.catalogue import Terminology
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ChallengeReply, EnrolReply, Situation
from practitioner_app.profile import ProfileFolder
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import InlineMainThread
from practitioner_app.services import first_start
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.session import Lock
from practitioner_app.surroundings import Surroundings
from practitioner_app.workstation import Installation, Workstation
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_keychain import MemoryKeychain
from tests.fakes.signing_server import SigningServer

CHEAP = Cost(8, 1, 1)
PHRASE = "loutre velours quatorze brise moulin"
SIGNING = SigningServer()
IDENTITY = SIGNING.capabilities().identity
PORT = Situation(id="s1", organisation=5, organisation_name="Maison du Port", profession="10")


class OneServer:
    """A transport that knows who it is and cannot be reached for the rest."""

    def __init__(self, clock, *, demonstration):
        self.clock, self.demonstration, self.up = clock, demonstration, True

    def capabilities(self):
        if not self.up:
            raise Unreachable
        return Capabilities(
            protocols=(1,),
            server="x",
            name="Port",
            restore=1,
            now=to_wire(self.clock.now()),
            demonstration=self.demonstration,
            limits={},
            identity=IDENTITY,
        )

    def enrol(self, request, proof):
        assert len(request.public_key) == 43
        assert read_proof(proof).public == unbase64url(request.public_key)
        return EnrolReply(
            account=9,
            device="d1",
            display_name="Dr Claire FONTAINE",
            situations=(PORT,),
            server_name="Port",
            practitioner="fontaine",
            identity=IDENTITY,
        )

    address = "http://127.0.0.1:1"

    def keys(self):
        return SIGNING.keys()

    def challenge(self, device):
        if device:
            raise Unreachable
        return ChallengeReply(nonce="n")

    def hints(self, token, beat_s):
        raise Unreachable


class Desk:
    def __init__(self, path, *, demonstration=False):
        self.clock, self.keychain = ManualClock(), MemoryKeychain()
        self.server = OneServer(self.clock, demonstration=demonstration)
        self.errors = []
        self.lanes = ThreadLanes(InlineMainThread(), self.errors.append)
        self.folder = ProfileFolder(path)
        self.folder.hold()
        around = Surroundings(
            clock=self.clock,
            entropy=SeededEntropy(7),
            lanes=self.lanes,
            changes=Changes(InlineMainThread()),
            terms=Terminology.load(),
            transport=lambda _, _vouching=None: self.server,
        )
        self.station = Workstation(self.folder, around, self.ring, floor=CHEAP)
        self.installation = Installation(self.folder, self.station, around, self.ring, cost=CHEAP)

    def ring(self):
        self.keychain.name()
        self.keychain._check()
        return self.keychain

    def enrol(self):
        state = first_start.with_address(FirstStart(), "http://127.0.0.1:1")
        state = first_start.answered(state, self.installation.capabilities(state))
        state = first_start.with_identity(state, "fontaine", "secret", "Cabinet 2")
        state = first_start.enrolled(state, self.installation.enrol(state))
        state = first_start.with_phrase(state, PHRASE, PHRASE)
        return self.installation.make_profile(state)

    def close(self):
        self.station.lock(Lock.ASKED)
        self.lanes.close()
        self.folder.release()


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "profile")
    yield desk
    desk.close()
    assert desk.errors == []


@pytest.fixture
def demonstration(tmp_path):
    desk = Desk(tmp_path / "profile", demonstration=True)
    yield desk
    desk.close()


def test_an_enrolment_opens_the_session_and_locks_and_unlocks(desk):
    desk.enrol()
    session = desk.station.session
    assert session is not None
    assert session.context.person == "Dr Claire FONTAINE"
    desk.station.lock(Lock.ASKED)
    assert desk.station.session is None
    with pytest.raises(StoreError):
        session.centre.status()
    desk.station.unlock(PHRASE)
    assert desk.station.session is not None


def test_d2_the_lock_page_knows_counts_and_the_person_only(desk):
    desk.enrol()
    desk.station.lock(Lock.IDLE)
    facts = desk.station.facts()
    assert (facts.reason, facts.person, facts.pending) == (Lock.IDLE, "Dr Claire FONTAINE", 0)
    assert not facts.without_keyring


def test_wrong_phrases_open_nothing_and_wait(desk):
    desk.enrol()
    desk.station.lock(Lock.ASKED)
    for _ in range(4):
        with pytest.raises(SealBroken):
            desk.station.unlock("autre phrase")
    with pytest.raises(Busy):
        desk.station.unlock(PHRASE)
    assert desk.station.facts().wait_s > 0
    desk.clock.advance(6)
    desk.station.unlock(PHRASE)


def test_the_recovery_code_opens_without_phrase_or_keyring(desk):
    code = desk.enrol()
    desk.station.lock(Lock.ASKED)
    desk.keychain.fail_with = "absent"
    with pytest.raises(KeychainError):
        desk.station.unlock(PHRASE)
    desk.station.unlock_with_code(code)
    assert desk.station.session is None
    desk.station.keep_phrase()
    assert desk.station.session is not None


def test_a_new_phrase_after_the_recovery_code_replaces_the_forgotten_one(desk):
    code = desk.enrol()
    desk.station.lock(Lock.ASKED)
    del desk.keychain.secrets["d1"]
    desk.station.unlock_with_code(code)
    desk.station.choose_phrase("autre cascade quinze lanterne")
    assert desk.station.session is not None
    desk.station.lock(Lock.ASKED)
    with pytest.raises(SealBroken):
        desk.station.unlock(PHRASE)
    desk.station.unlock("autre cascade quinze lanterne")
    desk.station.lock(Lock.ASKED)
    desk.station.unlock_with_code(code)
    desk.station.keep_phrase()
    assert desk.station.session is not None


def test_a_recovery_code_left_alone_opens_nothing_afterwards(desk):
    code = desk.enrol()
    desk.station.lock(Lock.ASKED)
    desk.station.unlock_with_code(code)
    desk.station.forget()
    for act in (desk.station.keep_phrase, lambda: desk.station.choose_phrase("a b c d e f g h")):
        with pytest.raises(Refused):
            act()
    assert desk.station.session is None


def test_the_keyring_s_trouble_keeps_the_old_phrase_and_loses_no_way_in(desk):
    code = desk.enrol()
    desk.station.lock(Lock.ASKED)
    desk.station.unlock_with_code(code)
    desk.keychain.fail_with = "locked"
    with pytest.raises(KeychainError):
        desk.station.choose_phrase("autre cascade quinze lanterne")
    desk.keychain.fail_with = ""
    desk.station.keep_phrase()
    desk.station.lock(Lock.ASKED)
    desk.station.unlock(PHRASE)


@pytest.mark.parametrize("reason", ["absent", "locked", "insecure", "slow"])
def test_d4_a_real_server_is_never_enrolled_without_a_keyring(desk, reason):
    desk.keychain.fail_with = reason
    with pytest.raises(KeychainError) as caught:
        desk.enrol()
    assert caught.value.reason == reason
    assert not desk.folder.is_enrolled
    assert desk.station.session is None


@pytest.mark.parametrize("reason", ["absent", "insecure"])
def test_d4_the_demonstration_may_do_without_a_keyring_and_says_so(demonstration, reason):
    demonstration.keychain.fail_with = reason
    demonstration.enrol()
    assert demonstration.station.session.context.without_keyring
    assert demonstration.station.facts().without_keyring
    demonstration.station.lock(Lock.ASKED)
    demonstration.station.unlock(PHRASE)


@pytest.mark.parametrize("reason", ["locked", "slow"])
def test_d4_a_keyring_that_is_there_is_not_gone_around_even_then(demonstration, reason):
    demonstration.keychain.fail_with = reason
    with pytest.raises(KeychainError):
        demonstration.enrol()


def test_d8_a_clock_set_back_keeps_the_profile_locked_unless_the_server_agrees(desk):
    desk.enrol()
    desk.station.lock(Lock.ASKED)
    desk.clock.jump(-timedelta(days=30).total_seconds())
    desk.server.up = False
    with pytest.raises(Refused) as caught:
        desk.station.unlock(PHRASE)
    assert caught.value.code == "clock_went_back"
    assert desk.station.session is None
    desk.server.up = True
    desk.station.unlock(PHRASE)
    assert desk.station.session is not None


def test_no_secret_and_no_phrase_lies_in_a_file_of_the_profile(desk):
    desk.enrol()
    secret = desk.keychain.secrets["d1"]
    desk.station.lock(Lock.ASKED)
    for path in desk.folder.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret not in content
            assert PHRASE.encode() not in content
            assert not content.startswith(b"SQLite format 3")
