"""The first start, step by step."""

import pytest

from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ActivationReply, EnrolReply, Situation
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


def named(state):
    """Who works here, with the six digits of the moment."""
    state = fs.with_identity(state, "fontaine", "secret", "Cabinet 2")
    return fs.with_proof(state, "123 456")


def at_phrase():
    state = fs.forward(named(at_identity()))
    return fs.enrolled(state, a_reply(PORT))


def test_the_whole_way():
    state = fs.with_address(FirstStart(), " https://port.exemple.invalid/ ")
    state = fs.forward(state)
    assert (state.step, state.wants) == (Step.SERVER, Effect.ASK_CAPABILITIES)
    assert state.address == "https://port.exemple.invalid"
    state = fs.answered(state, CAPABILITIES)
    assert state.step is Step.CHECK
    state = fs.forward(fs.with_server_confirmed(state, confirmed=True))
    state = fs.forward(named(state))
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
    state = fs.with_proof(fs.with_identity(at_identity(), **given), "123456")
    assert fs.blocked(state).endswith("_missing")


@pytest.mark.parametrize("proof", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_row34_an_identity_needs_six_digits_which_serve_one_try(proof):
    state = named(at_identity())
    assert fs.blocked(fs.with_proof(state, proof)) == "first_start.proof_missing"
    refused = fs.failed(fs.forward(state), "error.sign_in")
    assert (refused.proof, fs.blocked(refused)) == ("", "first_start.proof_missing")


def at_activation():
    state = fs.with_activating(at_identity(), activating=True)
    state = fs.with_identity(state, "fontaine", "", "Cabinet 2")
    assert fs.blocked(state) == "first_start.activation_code_missing"
    state = fs.forward(fs.with_activation_code(state, "ABCD-EFGH-JKMN-PQRS"))
    assert state.wants is Effect.ASK_ACTIVATION
    return fs.offered(state, ActivationReply(display_name="Dr Claire FONTAINE", seed="AAAA"))


def test_row35_an_activation_code_leads_to_a_password_an_authenticator_and_the_enrolment():
    state = at_activation()
    for password, again, why in (
        ("court", "court", "password_short"),
        ("claire a deux chats", "", "password_own"),
        ("motdepasse2026", "", "password_known"),
        ("sept petits phares", "sept petits phare", "phrase_differs"),
        ("sept petits phares", "sept petits phares", "proof_missing"),
    ):
        state = fs.with_new_password(state, password, again)
        assert fs.blocked(state) == f"first_start.{why}"
    state = fs.forward(fs.with_proof(state, "123456"))
    assert state.wants is Effect.ACTIVATE
    state = fs.activated(state)
    assert (state.activating, state.activation_code, state.proof) == (False, "", "")
    assert fs.blocked(state) == "first_start.proof_missing"
    assert fs.forward(fs.with_proof(state, "654321")).wants is Effect.ENROL


def test_a_person_who_has_a_password_leaves_the_activation_without_a_trace():
    state = fs.with_new_password(at_activation(), "sept petits phares", "x")
    state = fs.with_activating(state, activating=False)
    assert (state.offer, state.password, state.password_again) == (None, "", "")
    assert (state.login, state.device_name) == ("fontaine", "Cabinet 2")


def test_the_time_before_a_lock_stays_in_bounds():
    assert fs.with_lock_minutes(FirstStart(), 60).lock_minutes == 15
