"""Several persons at one computer: their own profiles, one open, nothing of one for the other."""

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import Busy, SealBroken, StoreError, StoreLocked
from dossier.terminology.catalogue import Terminology
from practitioner_app.profile import ProfileFolder
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import InlineMainThread
from practitioner_app.seats import PEOPLE, Seats
from practitioner_app.services import first_start
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.session import Lock
from practitioner_app.surroundings import Surroundings
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_keychain import MemoryKeychain
from tests.security.test_keychain_workstation import OneServer

FIRST, SECOND = "quatre mots de Claire", "cinq mots de Yann ici"


class NamedServer(OneServer):
    """Each enrolment is of the person of the moment."""

    person, devices = "Dr Claire FONTAINE", 0

    def enrol(self, request, *proof):
        self.devices += 1
        reply = super().enrol(request, *proof)
        return type(reply)(
            account=self.devices,
            device=f"d{self.devices}",
            display_name=self.person,
            situations=reply.situations,
            server_name=reply.server_name,
            identity=reply.identity,
        )


class Computer:
    """One program over one base folder."""

    def __init__(self, base, server, keychain):
        self.clock, self.server, self.keychain, self.errors = server.clock, server, keychain, []
        self.lanes = ThreadLanes(InlineMainThread(), self.errors.append)
        self._around = Surroundings(
            clock=self.clock,
            entropy=SeededEntropy(7),
            lanes=self.lanes,
            changes=Changes(InlineMainThread()),
            terms=Terminology.load(),
            transport=lambda _, _vouching=None: self.server,
        )
        self.seats = Seats(base, self._around, lambda: self.keychain)

    def enrol(self, person, phrase):
        self.server.person = person
        installation = self.seats.present.installation
        state = first_start.with_address(FirstStart(), "http://127.0.0.1:1")
        state = first_start.answered(state, installation.capabilities(state))
        state = first_start.with_identity(state, "login", "secret", "Cabinet 2")
        state = first_start.enrolled(state, installation.enrol(state))
        installation.make_profile(first_start.with_phrase(state, phrase, phrase))

    def change_to(self, key):
        before, now = self.seats.choose(key)
        before.leave()
        now.sit("")
        return now.workstation

    def names(self):
        return [(line.key, line.person, line.present) for line in self.seats.lines()]

    def close(self):
        self.seats.present.leave()
        self.lanes.close()
        self.seats.release()


@pytest.fixture
def server():
    return NamedServer(ManualClock(), demonstration=False)


@pytest.fixture
def base(tmp_path):
    return tmp_path / "profile"


@pytest.fixture
def computer(base, server):
    computer = Computer(base, server, MemoryKeychain())
    computer.enrol("Dr Claire FONTAINE", FIRST)
    left, _ = computer.seats.another()
    left.leave()
    computer.enrol("Dr Yann LEMAIRE", SECOND)
    yield computer
    computer.close()
    assert computer.errors == []


def yann(base):
    (path,) = (base / PEOPLE).iterdir()
    return path.name


def test_each_person_has_a_profile_a_device_and_a_store_of_their_own(computer, base):
    assert computer.names() == [
        ("", "Dr Claire FONTAINE", False),
        (yann(base), "Dr Yann LEMAIRE", True),
    ]
    cards = [ProfileFolder(path).card() for path in (base, base / PEOPLE / yann(base))]
    assert [card.device for card in cards] == ["d1", "d2"]
    assert [(p / "store" / "work.db").exists() for p in (base, base / PEOPLE / yann(base))] == [
        True,
        True,
    ]


def test_one_person_s_phrase_opens_nothing_of_another(computer):
    claire = computer.change_to("")
    with pytest.raises(SealBroken):
        claire.unlock(SECOND)
    claire.unlock(FIRST)
    assert claire.session.context.person == "Dr Claire FONTAINE"


def test_the_earlier_session_is_closed_and_what_waits_is_there_on_return(computer, base):
    claire = computer.change_to("")
    claire.unlock(FIRST)
    session = claire.session
    session.context.settings.put("kept", "kanari-of-claire")
    other = computer.change_to(yann(base))
    assert claire.session is None
    with pytest.raises(StoreError):
        session.context.settings.get("kept")
    other.unlock(SECOND)
    assert other.session.context.settings.get("kept") == ""
    again = computer.change_to("")
    again.unlock(FIRST)
    assert again.session.context.settings.get("kept") == "kanari-of-claire"


def test_wrong_tries_are_remembered_while_others_use_the_computer(computer, base):
    claire = computer.change_to("")
    for _ in range(4):
        with pytest.raises(SealBroken):
            claire.unlock("autre phrase")
    computer.change_to(yann(base)).unlock(SECOND)
    with pytest.raises(Busy):
        computer.change_to("").unlock(FIRST)


def test_a_second_program_is_refused_on_an_open_profile_and_may_open_another(
    computer, base, server
):
    second = Computer(base, server, computer.keychain)
    assert len(second.names()) == 2
    try:
        with pytest.raises(StoreLocked):
            second.change_to(yann(base)).unlock(SECOND)
        second.change_to("").unlock(FIRST)
        with pytest.raises(StoreLocked):
            computer.change_to("").unlock(FIRST)
    finally:
        second.close()
    assert second.errors == []


def test_a_program_starts_with_whoever_used_the_computer_last(computer, base, server):
    computer.seats.present.leave()
    again = Computer(base, server, computer.keychain)
    assert again.seats.key == yann(base)
    again.lanes.close()


def test_nobody_new_leaves_a_trace_before_their_profile_is_made(computer, base):
    present = computer.seats.present
    _, fresh = computer.seats.another()
    assert not fresh.folder.path.exists()
    assert computer.seats.another() == (fresh, fresh)
    assert computer.seats.choose(yann(base))[1] is present
    assert len(computer.names()) == 2


def test_d1_a_key_leads_nowhere_outside_the_folder_of_people(computer, base):
    before, now = computer.seats.choose("../../elsewhere")
    before.leave()
    assert now.folder.path == base / PEOPLE / "elsewhere"
    assert not now.folder.is_enrolled
    computer.seats.choose("")


def test_a_damaged_card_hides_nobody_else(computer, base):
    computer.change_to("").lock(Lock.ASKED)
    (base / PEOPLE / yann(base) / "card.json").write_bytes(b"{")
    assert [name for _, name, _ in computer.names()] == ["Dr Claire FONTAINE"]


def test_d1_in_clear_lies_nothing_but_the_cards(computer, base):
    computer.change_to("").unlock(FIRST)
    computer.change_to(yann(base))
    for path in base.rglob("*"):
        if path.is_file() and path.name != "card.json":
            raw = path.read_bytes()
            for word in (b"FONTAINE", b"LEMAIRE", FIRST.encode(), SECOND.encode()):
                assert word not in raw, path
