"""The first start, step by step."""

import pytest

from dossier.wire.messages import Capabilities, EnrolReply, Situation
from practitioner_app.services import first_start as fs
from practitioner_app.services.first_start import Effect, FirstStart, Step

PHRASE = "loutre velours quatorze brise moulin"
PORT = Situation(
    id="s1", organisation=5, organisation_name="Maison de santé du Port", profession="10"
)
OTHER = Situation(id="s2", organisation=6, organisation_name="CH de Saint-Exemple", profession="10")
CAPABILITIES = Capabilities(
    protocols=(1,), server="x", name="Port", restore=1, now="", demonstration=True, limits={}
)


def a_reply(*situations):
    return EnrolReply(
        account=9,
        device="d",
        display_name="Dr Claire FONTAINE",
        situations=situations,
        server_name="Port",
    )


def at_identity():
    state = fs.forward(fs.with_address(FirstStart(), "https://port.exemple.invalid/"))
    state = fs.answered(state, CAPABILITIES)
    return fs.forward(fs.with_server_confirmed(state, confirmed=True))


def at_phrase():
    state = fs.forward(fs.with_identity(at_identity(), "fontaine", "secret", "Cabinet 2"))
    return fs.enrolled(state, a_reply(PORT))


def test_the_whole_way():
    state = fs.with_address(FirstStart(), " https://port.exemple.invalid/ ")
    state = fs.forward(state)
    assert (state.step, state.wants) == (Step.SERVER, Effect.ASK_CAPABILITIES)
    assert state.address == "https://port.exemple.invalid"
    state = fs.answered(state, CAPABILITIES)
    assert state.step is Step.CHECK
    state = fs.forward(fs.with_server_confirmed(state, confirmed=True))
    state = fs.forward(fs.with_identity(state, "fontaine", "secret", "Cabinet 2"))
    assert (state.step, state.wants) == (Step.IDENTITY, Effect.ENROL)
    state = fs.enrolled(state, a_reply(PORT))
    assert (state.step, state.situation, state.password) == (Step.PHRASE, PORT, "")
    state = fs.forward(fs.with_phrase(state, PHRASE, PHRASE))
    assert state.wants is Effect.MAKE_PROFILE
    state = fs.profile_made(state, "ABCD-EFGH")
    assert (state.step, state.phrase, state.phrase_again) == (Step.RECOVERY, "", "")
    state = fs.forward(fs.with_recovery_kept(state, kept=True))
    assert (state.step, state.wants, state.recovery_code) == (
        Step.FIRST_COPY,
        Effect.FIRST_COPY,
        "",
    )
    state = fs.forward(fs.copy_usable(state))
    assert state.step is Step.DONE
    assert fs.forward(state) == state


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "first_start.address_missing"),
        ("port", "first_start.address_malformed"),
        ("https://a/b", "first_start.address_malformed"),
        ("https://user:pw@a", "first_start.address_malformed"),
        ("http://port.exemple.invalid", "first_start.address_not_https"),
        ("http://127.0.0.1:8443", ""),
        ("http://localhost:1", ""),
        ("https://port.exemple.invalid:8443", ""),
    ],
)
def test_a_server_address_is_https_or_this_very_computer(address, problem):
    assert fs.blocked(fs.with_address(FirstStart(), address)) == problem


def test_several_situations_are_chosen_by_the_person():
    state = fs.enrolled(at_identity(), a_reply(PORT, OTHER))
    assert (state.step, fs.blocked(state)) == (Step.IDENTITY, "first_start.situation_missing")
    state = fs.forward(fs.with_situation(state, OTHER))
    assert (state.step, state.situation) == (Step.PHRASE, OTHER)


def test_an_account_without_a_situation_goes_no_further():
    state = fs.enrolled(at_identity(), a_reply())
    assert state.problem == "first_start.no_situation"
    assert fs.forward(state) == state


def test_a_failure_stays_on_the_step_with_its_sentence():
    state = fs.forward(fs.with_identity(at_identity(), "fontaine", "wrong", "Cabinet 2"))
    state = fs.failed(state, "error.refused")
    assert (state.step, state.problem, state.wants) == (
        Step.IDENTITY,
        "error.refused",
        Effect.NOTHING,
    )


@pytest.mark.parametrize(
    ("phrase", "again", "problem"),
    [
        (PHRASE, PHRASE, ""),
        (PHRASE, PHRASE[:-1], "first_start.phrase_differs"),
        ("court", "court", "first_start.phrase_too_short"),
        ("fontaine claire", "fontaine claire", "first_start.phrase_forbidden_word"),
        ("aaaaaaaaaaaaaaaaaaaa", "", "first_start.phrase_repetitive"),
    ],
)
def test_a_phrase_is_long_not_one_s_name_and_typed_twice(phrase, again, problem):
    assert fs.blocked(fs.with_phrase(at_phrase(), phrase, again)) == problem


def test_one_goes_back_until_the_enrolment_is_accepted():
    assert fs.back(at_identity()).step is Step.CHECK
    assert fs.back(at_phrase()).step is Step.PHRASE


def test_a_first_copy_that_failed_can_be_tried_again():
    state = fs.profile_made(fs.forward(fs.with_phrase(at_phrase(), PHRASE, PHRASE)), "CODE")
    state = fs.forward(fs.with_recovery_kept(state, kept=True))
    assert fs.blocked(state) == "first_start.not_usable_yet"
    state = fs.forward(fs.failed(state, "error.unreachable"))
    assert (state.step, state.wants, state.problem) == (Step.FIRST_COPY, Effect.FIRST_COPY, "")


def test_nothing_moves_while_an_effect_is_awaited():
    state = fs.forward(fs.with_phrase(at_phrase(), PHRASE, PHRASE))
    assert fs.forward(state) == state
    assert fs.back(state) == state


@pytest.mark.parametrize("field", [{"login": ""}, {"password": ""}, {"device_name": " "}])
def test_an_identity_needs_all_three(field):
    given = {"login": "fontaine", "password": "x", "device_name": "Cabinet 2"} | field
    assert fs.blocked(fs.with_identity(at_identity(), **given)).endswith("_missing")


def test_the_time_before_a_lock_stays_in_bounds():
    assert fs.with_lock_minutes(FirstStart(), 60).lock_minutes == 15
