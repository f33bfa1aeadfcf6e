"""The first start as a state machine: a state, an event, the next state. No clock, no network here.

    SERVER -> CHECK -> IDENTITY -> PHRASE -> RECOVERY -> FIRST_COPY -> DONE

Each step says in words why it cannot go on (`blocked`, a catalogue key). The phrase lives in the state only
until the profile is made; `forget` drops it. The effects (asking the server, writing the header) are the
composition root's: it asks `wants` and answers with an event.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from msgspec import Struct, structs

from dossier.sealing.key_list import fingerprint
from dossier.sealing.password_rules import password_problem
from dossier.sealing.strength import phrase_strength
from dossier.sealing.text import unbase64url
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ActivationReply, EnrolReply, Situation

_ADDRESS: Final = re.compile(r"^(https?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$")
_DIGITS: Final = re.compile(r"[0-9]{6}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Step(StrEnum):
    SERVER = "server"
    CHECK = "check"
    IDENTITY = "identity"
    PHRASE = "phrase"
    RECOVERY = "recovery"
    FIRST_COPY = "first_copy"
    DONE = "done"


ORDER: Final = tuple(Step)


class Effect(StrEnum):
    """What the composition root must do now; NOTHING while a person is typing."""

    NOTHING = "nothing"
    ASK_CAPABILITIES = "ask_capabilities"
    ASK_ACTIVATION = "ask_activation"
    ACTIVATE = "activate"
    ENROL = "enrol"
    ASK_PAGE = "ask_page"
    """Which page of the server the person's browser opens."""
    AWAIT_BROWSER = "await_browser"
    MAKE_PROFILE = "make_profile"
    FIRST_COPY = "first_copy"


class FirstStart(Struct, frozen=True, kw_only=True):
    """Everything the six pages show. `problem` is the key of the last failure, "" when none."""

    step: Step = Step.SERVER
    wants: Effect = Effect.NOTHING
    problem: str = ""
    address: str = ""
    capabilities: Capabilities | None = None
    server_confirmed: bool = False
    login: str = ""
    password: str = ""
    proof: str = ""
    """Six digits of the authenticator, good for half a minute."""
    device_name: str = ""
    activating: bool = False
    """The person begins with an activation code instead of a password."""
    activation_code: str = ""
    offer: ActivationReply | None = None
    password_again: str = ""
    activated: bool = False
    reply: EnrolReply | None = None
    situation: Situation | None = None
    phrase: str = ""
    phrase_again: str = ""
    lock_minutes: int = 10
    recovery_code: str = ""
    recovery_kept: bool = False
    usable: bool = False


def with_address(state: FirstStart, text: str) -> FirstStart:
    return structs.replace(state, address=text.strip().rstrip("/"), problem="", capabilities=None)


def with_identity(state: FirstStart, login: str, password: str, device_name: str) -> FirstStart:
    return structs.replace(
        state, login=login.strip(), password=password, device_name=device_name.strip(), problem=""
    )


def with_activating(state: FirstStart, *, activating: bool) -> FirstStart:
    """Begin with a code, or go back to login and password."""
    return structs.replace(
        state,
        activating=activating,
        activated=False,
        offer=None,
        activation_code="",
        password="",
        password_again="",
        proof="",
        problem="",
    )


def with_activation_code(state: FirstStart, text: str) -> FirstStart:
    return structs.replace(state, activation_code=text.strip(), problem="")


def with_new_password(state: FirstStart, password: str, again: str) -> FirstStart:
    return structs.replace(state, password=password, password_again=again, problem="")


def with_proof(state: FirstStart, text: str) -> FirstStart:
    return structs.replace(state, proof="".join(text.split()), problem="")


def has_pages(state: FirstStart) -> bool:
    """Does this server let people sign in with their browser?"""
    return bool(state.capabilities and state.capabilities.pages)


def by_browser(state: FirstStart) -> FirstStart:
    """The person's own browser says who they are, in the place of login, password and digits."""
    is_here = state.step is Step.IDENTITY and state.reply is None and has_pages(state)
    if not is_here or state.wants is not Effect.NOTHING:
        return state
    if not state.device_name:
        return structs.replace(state, problem="first_start.device_name_missing")
    return structs.replace(state, wants=Effect.ASK_PAGE, password="", proof="", problem="")


def page_shown(state: FirstStart) -> FirstStart:
    """The browser shows the page: now its person acts there."""
    return structs.replace(state, wants=Effect.AWAIT_BROWSER)


def gave_up(state: FirstStart) -> FirstStart:
    """Nobody waits for the browser any more; nothing typed here is lost."""
    return structs.replace(state, wants=Effect.NOTHING, problem="")


def with_situation(state: FirstStart, situation: Situation) -> FirstStart:
    return structs.replace(state, situation=situation)


def with_phrase(state: FirstStart, phrase: str, again: str) -> FirstStart:
    return structs.replace(state, phrase=phrase, phrase_again=again, problem="")


def with_lock_minutes(state: FirstStart, minutes: int) -> FirstStart:
    return structs.replace(state, lock_minutes=min(max(minutes, 2), 15))


def with_server_confirmed(state: FirstStart, *, confirmed: bool) -> FirstStart:
    return structs.replace(state, server_confirmed=confirmed)


def with_recovery_kept(state: FirstStart, *, kept: bool) -> FirstStart:
    return structs.replace(state, recovery_kept=kept)


def blocked(state: FirstStart) -> str:
    """The reason why `forward` would not move, as a catalogue key; "" when it would."""
    match state.step:
        case Step.SERVER:
            return address_problem(state.address)
        case Step.IDENTITY:
            return _identity_problem(state)
        case Step.PHRASE:
            return phrase_problem(state)
        case _:
            agreed, reason = {
                Step.CHECK: (state.server_confirmed, "first_start.server_not_confirmed"),
                Step.RECOVERY: (state.recovery_kept, "first_start.code_not_kept"),
                Step.FIRST_COPY: (
                    state.usable or bool(state.problem),
                    "first_start.not_usable_yet",
                ),
                Step.DONE: (False, "first_start.done"),
            }[state.step]
            return "" if agreed else reason


def forward(state: FirstStart) -> FirstStart:
    """`Continue`: the next step, or the effect this step waits for; unchanged when blocked or waiting."""
    if blocked(state) or state.wants is not Effect.NOTHING:
        return state
    effect = _effect(state)
    if effect is not Effect.NOTHING:
        return structs.replace(state, wants=effect, problem="")
    following = ORDER[ORDER.index(state.step) + 1]
    if following is Step.FIRST_COPY:
        return structs.replace(
            state, step=following, wants=Effect.FIRST_COPY, recovery_code="", problem=""
        )
    return structs.replace(state, step=following, problem="")


def _effect(state: FirstStart) -> Effect:
    """What must be done before this step may be left."""
    match state.step:
        case Step.SERVER:
            return Effect.ASK_CAPABILITIES
        case Step.IDENTITY if state.activating:
            return Effect.ASK_ACTIVATION if state.offer is None else Effect.ACTIVATE
        case Step.IDENTITY if state.reply is None:
            return Effect.ENROL
        case Step.PHRASE:
            return Effect.MAKE_PROFILE
        case Step.FIRST_COPY if not state.usable:
            return Effect.FIRST_COPY
        case _:
            return Effect.NOTHING


def back(state: FirstStart) -> FirstStart:
    """`Previous`: never behind an enrolment that was accepted, nor behind a profile that was made."""
    if state.wants is not Effect.NOTHING:
        return state
    if state.step in (Step.CHECK, Step.IDENTITY) and state.reply is None:
        earlier = ORDER[ORDER.index(state.step) - 1]
        return structs.replace(state, step=earlier, problem="", server_confirmed=False)
    return state


def answered(state: FirstStart, capabilities: Capabilities) -> FirstStart:
    return structs.replace(
        state, step=Step.CHECK, wants=Effect.NOTHING, capabilities=capabilities, problem=""
    )


def offered(state: FirstStart, offer: ActivationReply) -> FirstStart:
    """The code is right: the person chooses a password and shows their authenticator."""
    return structs.replace(state, wants=Effect.NOTHING, offer=offer, problem="")


def activated(state: FirstStart) -> FirstStart:
    """The account has begun; the code of the authenticator was used up, the next one enrols the computer."""
    begun = with_activating(state, activating=False)
    return structs.replace(begun, wants=Effect.NOTHING, password=state.password, activated=True)


def enrolled(state: FirstStart, reply: EnrolReply) -> FirstStart:
    """The password is not needed any more. One situation is chosen by itself, several by the person."""
    several = len(reply.situations) != 1
    return structs.replace(
        state,
        step=Step.IDENTITY if several else Step.PHRASE,
        wants=Effect.NOTHING,
        password="",
        proof="",
        reply=reply,
        situation=None if several else reply.situations[0],
        problem="" if reply.situations else "first_start.no_situation",
    )


def profile_made(state: FirstStart, recovery_code: str) -> FirstStart:
    return structs.replace(
        state,
        step=Step.RECOVERY,
        wants=Effect.NOTHING,
        phrase="",
        phrase_again="",
        recovery_code=recovery_code,
        problem="",
    )


def copy_usable(state: FirstStart) -> FirstStart:
    """The first class of patients is here."""
    return structs.replace(state, wants=Effect.NOTHING, usable=True)


def failed(state: FirstStart, problem: str) -> FirstStart:
    """An effect failed: the step stays, the sentence of `problem` says what to do. A code serves one try."""
    return structs.replace(state, wants=Effect.NOTHING, problem=problem, proof="")


def identity_words(identity: str) -> str:
    """The fingerprint of a server's identity, as the operator's sheet shows it; "" for what is none."""
    try:
        return fingerprint(unbase64url(identity)) if identity else ""
    except ValueError:
        return ""


def address_problem(address: str) -> str:
    """`http` is accepted on this very computer only."""
    if not address:
        return "first_start.address_missing"
    found = _ADDRESS.match(address)
    if not found:
        return "first_start.address_malformed"
    if found[1] == "http" and found[2] not in _LOOPBACK:
        return "first_start.address_not_https"
    return ""


def _identity_problem(state: FirstStart) -> str:
    if state.reply is not None:
        if not state.reply.situations:
            return "first_start.no_situation"
        return "" if state.situation is not None else "first_start.situation_missing"
    if not state.login:
        return "first_start.login_missing"
    if state.activating:
        return _activation_problem(state)
    asked = {
        "first_start.password_missing": state.password,
        "first_start.proof_missing": _DIGITS.fullmatch(state.proof),
        "first_start.device_name_missing": state.device_name,
    }
    return next((problem for problem, given in asked.items() if not given), "")


def _activation_problem(state: FirstStart) -> str:
    if state.offer is None:
        return "" if state.activation_code else "first_start.activation_code_missing"
    problem = new_password_problem(state)
    if problem:
        return f"first_start.{problem}"
    if state.password != state.password_again:
        return "first_start.phrase_differs"
    return "" if _DIGITS.fullmatch(state.proof) else "first_start.proof_missing"


def new_password_problem(state: FirstStart) -> str:
    """Why the password just typed would be refused; the server knows the workplace as well."""
    name = state.offer.display_name if state.offer is not None else ""
    return password_problem(state.password, (state.login, name))


def phrase_problem(state: FirstStart) -> str:
    """Strong enough (length, no own name, no row of keys), and both typings the same."""
    return problem_of(state.phrase, state.phrase_again, own_words_of(state))


def problem_of(phrase: str, again: str, own: frozenset[str]) -> str:
    """Why these two typings make no phrase; `own` are words that others know of this person."""
    reasons = phrase_strength(phrase, own).reasons
    if reasons:
        return f"first_start.phrase_{reasons[0]}"
    same = normalize("NFKC", phrase) == normalize("NFKC", again)
    return "" if same else "first_start.phrase_differs"


def own_words_of(state: FirstStart) -> frozenset[str]:
    """What others know of this person: names of the account, the device, the practice."""
    texts = [state.login, state.device_name]
    if state.reply is not None:
        texts += [state.reply.display_name, state.reply.server_name]
        texts += [item.organisation_name for item in state.reply.situations]
    return own_words(texts)


def own_words(texts: Iterable[str]) -> frozenset[str]:
    """Their words, and the program's own name."""
    return frozenset(word for text in (*texts, "Colloque") for word in text.split())
