"""The words of the lock page, of the first start and of the keyring's dialogue."""

from typing import TYPE_CHECKING

from msgspec import structs

from dossier.errors import DossierError, KeychainError
from dossier.sealing.strength import MAX_CHARACTERS, MIN_CHARACTERS
from practitioner_app.services.first_start import (
    FirstStart,
    Step,
    blocked,
    identity_words,
    own_words_of,
)
from practitioner_app.services.session import Barred, LeaseState, Lock, LockFacts
from ui.errors import error_sentence, password_words
from ui.i18n import Texts
from ui.sign_in.identity_presenter import identity_page
from ui.sign_in.phrase_presenter import Typed, phrase_fields
from ui.sign_in.state import (
    ChoiceLine,
    FieldLine,
    KeyringState,
    LockState,
    StartState,
    StepLine,
    StepMark,
)
from ui.speaking import Speaking

if TYPE_CHECKING:
    from practitioner_app.services.sync_centre import CopyRow

_STEPS = (Step.SERVER, Step.CHECK, Step.IDENTITY, Step.PHRASE, Step.RECOVERY, Step.FIRST_COPY)


def intended_use(texts: Texts) -> tuple[str, ...]:
    """Said on the first screen, in small plain words."""
    tr = texts.tr
    return (
        tr("Reading and keeping the record of a practice, online and offline."),
        tr("It is not a certified medical device: it proposes no diagnosis and no treatment."),
        tr("No approval for the national record or for secure health mail is claimed."),
        tr("Real data only after a backup that was tested."),
    )


def demonstration_notice(texts: Texts, *, without_keyring: bool) -> str:
    tr = texts.tr
    if without_keyring:
        return tr(
            "Demonstration — invented patients. This computer has no keyring: the passphrase alone "
            "opens this copy. Never for real data."
        )
    return tr("Demonstration — invented patients. Never for real data.")


def lock_state(
    facts: LockFacts, speaking: Speaking, *, recovery: bool, problem: str, waiting: bool
) -> LockState:
    """Counts only (HZ-25)."""
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    tiles: list[tuple[str, str]] = []
    if facts.pending:
        words = texts.trn("{count} waiting to be sent", "{count} waiting to be sent", facts.pending)
        tiles.append(("hourglass", words))
    if facts.refused:
        tiles.append(("wrench", texts.trn("{count} to fix", "{count} to fix", facts.refused)))
    if facts.conflicts:
        words = texts.trn(
            "{count} disagreement to settle", "{count} disagreements to settle", facts.conflicts
        )
        tiles.append(("versions", words))
    if facts.connection.offline and facts.connection.since is not None:
        at = facts.connection.since
        today = at.astimezone(formats.zone).date() == speaking.today
        since = tr("Offline since {time}", time=formats.time(at) if today else formats.moment(at))
        tiles.append(("cloud_off", since))
    lease = ""
    if facts.lease is not None:
        if facts.lease.last_contact is not None:
            lease = tr(
                "Last contact with the server: {moment}.",
                moment=formats.long_moment(facts.lease.last_contact),
            )
    elif facts.lease_until is not None and facts.connection.offline:
        until = formats.long_moment(facts.lease_until)
        lease = tr("Without a connection, this computer locks on {until}.", until=until)
    notice = ""
    if facts.demonstration:
        notice = demonstration_notice(texts, without_keyring=facts.without_keyring)
    if facts.wait_s > 0 and not problem:
        problem = texts.trn(
            "Too many tries: wait {count} second.",
            "Too many tries: wait {count} seconds.",
            round(facts.wait_s),
        )
    return LockState(
        day=formats.long_day(speaking.today),
        time=formats.time(speaking.now),
        title=_lock_title(texts, facts.reason),
        who=tr("{person} · computer {device}", person=facts.person, device=facts.device_name),
        tiles=tuple(tiles),
        lease=lease,
        about=over_words(facts.lease, speaking) if facts.lease is not None else "",
        continuity=facts.lease is not None and facts.lease.narrowed,
        practice=facts.practice,
        problem=problem,
        waiting=waiting,
        recovery=recovery,
        notice=notice,
    )


def over_words(lease: LeaseState, speaking: Speaking) -> str:
    """What the page says once the lease is over: what can still be read and until when, or why nothing."""
    tr, formats = speaking.texts.tr, speaking.formats
    if lease.narrowed and lease.closes is not None:
        return tr(
            "What the practice wrote can be read until {until}, reading only. What others wrote stays "
            "hidden. Each opening goes to the journal.",
            until=formats.long_moment(lease.closes),
        )
    if lease.barred is Barred.MEMBERSHIP:
        return tr(
            "No continuity mode: at the last contact your place in the practice had ended. Connect this "
            "computer to the server."
        )
    if lease.barred is Barred.PURGE:
        return tr(
            "No continuity mode: this computer was told to erase records. Connect it to the server."
        )
    closed = formats.long_moment(lease.closes) if lease.closes is not None else ""
    return tr(
        "Continuity mode ended on {moment}. Connect this computer to the server: nothing is lost.",
        moment=closed,
    )


def _lock_title(texts: Texts, reason: Lock) -> str:
    tr = texts.tr
    return {
        Lock.START: tr("Open Colloque"),
        Lock.CLOCK: tr("Locked: the clock of this computer went back"),
        Lock.LEASE: tr("Locked: no contact with the server for too long"),
    }.get(reason, tr("Colloque is locked"))


def keyring_state(texts: Texts, error: KeychainError) -> KeyringState:
    """A defined dialogue for each reason; nothing in it goes on without a keyring."""
    tr = texts.tr
    title, sentence = {
        "locked": (
            tr("The keyring is locked"),
            tr("Unlock the session’s keyring, then try again."),
        ),
        "absent": (
            tr("This computer has no keyring"),
            tr(
                "Colloque keeps half of the key there. Install one (gnome-keyring or KWallet), then try again."
            ),
        ),
        "insecure": (
            tr("The keyring keeps its secrets in clear"),
            tr("A keyring without a password protects nothing: give it one, then try again."),
        ),
        "slow": (
            tr("The keyring does not answer"),
            tr("A window of the system may be waiting for an answer behind this one."),
        ),
        "missing": (
            tr("The keyring does not hold the key of this computer"),
            tr(
                "The keyring was changed or this folder comes from another computer. The recovery code opens the copy."
            ),
        ),
    }.get(error.reason, (tr("The keyring cannot be used"), error_sentence(texts, error)))
    return KeyringState(
        title=title,
        sentence=sentence,
        steps=(
            tr("Nothing was weakened: no key was written anywhere else."),
            tr("What was not sent yet is kept on this computer."),
        ),
        retry=tr("Try again"),
        recovery=tr("Use the recovery code"),
        leave=tr("Leave"),
    )


# -- first start --------------------------------------------------------------


def start_state(
    state: FirstStart, speaking: Speaking, *, error: DossierError | None, progress: "CopyRow | None"
) -> StartState:
    """One page of the six."""
    texts = speaking.texts
    why = blocked(state)
    busy = texts.tr("One moment…") if str(state.wants) != "nothing" else ""
    if state.step is Step.FIRST_COPY:
        busy = ""
    common = StartState(
        steps=_step_lines(state, texts),
        title="",
        intro="",
        problem=start_problem(texts, state.problem, error),
        why_not=start_reason(texts, why) if why else "",
        busy=busy,
        can_go_back=state.step in {Step.CHECK, Step.IDENTITY} and state.reply is None,
        server_title=_server_title(state, texts),
        server_about=state.address if state.capabilities is not None else "",
        no_patient_yet=""
        if state.step is Step.FIRST_COPY
        else texts.tr("No patient’s data is on this computer yet."),
    )
    pages = {
        Step.SERVER: _server_page,
        Step.CHECK: _check_page,
        Step.IDENTITY: identity_page,
        Step.PHRASE: _phrase_page,
        Step.RECOVERY: _recovery_page,
    }
    page = pages.get(state.step)
    if page is None:
        return _copy_page(common, progress, speaking)
    return page(common, state, texts)


_replace = structs.replace


def _step_lines(state: FirstStart, texts: Texts) -> tuple[StepLine, ...]:
    tr = texts.tr
    here = len(_STEPS) if state.step is Step.DONE else _STEPS.index(state.step)
    capabilities = state.capabilities
    person = state.reply.display_name if state.reply else tr("login and password")
    abouts = (
        state.address.partition("://")[2] or tr("its address"),
        capabilities.name if capabilities and here > 1 else tr("its name and its version"),
        person,
        tr("opens the copy of this computer"),
        tr("to be printed or copied out"),
        tr("the patient list first"),
    )
    titles = (
        tr("Server"),
        tr("Check the server"),
        tr("Your identity"),
        tr("Passphrase"),
        tr("Recovery code"),
        tr("First update"),
    )
    marks = [
        StepMark.DONE if i < here else StepMark.HERE if i == here else StepMark.TO_COME
        for i in range(len(_STEPS))
    ]
    return tuple(
        StepLine(i + 1, title, about, mark)
        for i, (title, about, mark) in enumerate(zip(titles, abouts, marks, strict=True))
    )


def _server_title(state: FirstStart, texts: Texts) -> str:
    if state.capabilities is None or not state.server_confirmed:
        return ""
    return texts.tr("Server of {name}, checked", name=state.capabilities.name)


def _server_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    return _replace(
        common,
        title=tr("Address of the server"),
        intro=tr("It is on the sheet that the operator gave you."),
        fields=(
            FieldLine(
                key="address",
                label=tr("Address"),
                value=state.address,
                placeholder="https://port.exemple.invalid",
                hint=tr("It begins with https://"),
            ),
        ),
    )


def _check_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    known = state.capabilities
    facts: tuple[tuple[str, str], ...] = ()
    if known is not None:
        kind = tr("yes: invented patients") if known.demonstration else tr("no")
        facts = (
            (tr("Name"), known.name),
            (tr("Address"), state.address),
            (tr("Version"), known.server),
            (tr("Demonstration"), kind),
        )
    return _replace(
        common,
        title=tr("Is this your server?"),
        intro=tr("Compare with the sheet of the operator before going on."),
        facts=facts,
        fingerprint=identity_words(known.identity) if known is not None else "",
        check=tr("Yes, this is the server of my practice"),
        checked=state.server_confirmed,
    )


def _phrase_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    minutes = tuple((str(n), tr("{count} min", count=n)) for n in (5, 10, 15))
    return _replace(
        common,
        title=tr("Choose your passphrase"),
        intro=tr(
            "It opens the encrypted copy kept on this computer. It is sent to nobody, not even to the "
            "server. It is not your password."
        ),
        fields=phrase_fields(
            texts, Typed(phrase=state.phrase, again=state.phrase_again, own=own_words_of(state))
        ),
        can_show_phrase=True,
        knowing_title=tr("Good to know"),
        knowing=(
            tr(
                "Forgotten: the recovery code of step 5 replaces it; without it, the copy is made again."
            ),
            tr("This computer locks by itself without action, or with F12."),
        ),
        choices=(
            ChoiceLine(
                key="lock_minutes",
                label=tr("Lock after"),
                options=minutes,
                value=str(state.lock_minutes),
                aside=tr("chosen between 2 and 15 min; it can be changed in the settings"),
            ),
        ),
    )


def _recovery_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    return _replace(
        common,
        title=tr("Keep your recovery code"),
        intro=tr(
            "It opens the copy of this computer if the phrase is forgotten or the keyring lost. "
            "It is shown this once."
        ),
        code=state.recovery_code,
        check=tr("I printed it or copied it out, and keep it away from this computer"),
        checked=state.recovery_kept,
    )


def _copy_page(common: StartState, copy: "CopyRow | None", speaking: Speaking) -> StartState:
    tr, formats = speaking.texts.tr, speaking.formats
    words, ratio = tr("Connecting"), 0.0
    if copy is not None:
        ratio = copy.percent / 100
        words = tr(
            "{done} patients of {total} · {size} of {size_total} · time left: {left}",
            done=formats.number(copy.patients),
            total=formats.number(copy.patients_total),
            size=formats.size(copy.size),
            size_total=formats.size(copy.size_total),
            left=formats.left(copy.seconds_left),
        )
    return _replace(
        common,
        title=tr("First update of this computer"),
        intro=tr(
            "The patient list comes first: Colloque opens as soon as it is here, and the records go on "
            "behind."
        ),
        ratio=ratio,
        ratio_words=words,
        forward_label=tr("Begin"),
    )


def start_problem(texts: Texts, problem: str, error: DossierError | None) -> str:
    """The last failure of an effect."""
    if not problem:
        return ""
    if error is not None and error.key == problem:
        return error_sentence(texts, error)
    return start_reason(texts, problem)


def start_reason(texts: Texts, key: str) -> str:
    """Why `Continue` waits."""
    tr = texts.tr
    return {
        "first_start.erased": tr(
            "This computer was removed from the practice. Its copy was erased; enrol it again to use it."
        ),
        "first_start.address_missing": tr("Type the address of the server."),
        "first_start.address_malformed": tr("This is not an address: https://name.of.the.server"),
        "first_start.address_not_https": tr("The address must begin with https://"),
        "first_start.server_not_confirmed": tr("Confirm that this is your server."),
        "first_start.login_missing": tr("Type your login."),
        "first_start.password_missing": tr("Type your password."),
        "first_start.proof_missing": tr("Type the six digits of your authenticator."),
        "first_start.activation_code_missing": tr("Type the activation code."),
        **{f"first_start.{key}": words for key, words in password_words(texts).items()},
        "first_start.device_name_missing": tr("Give this computer a name."),
        "first_start.no_situation": tr("This account belongs to no practice: call the operator."),
        "first_start.situation_missing": tr("Choose a practice."),
        "first_start.phrase_too_short": tr("At least {count} characters.", count=MIN_CHARACTERS),
        "first_start.phrase_too_long": tr("At most {count} characters.", count=MAX_CHARACTERS),
        "first_start.phrase_repetitive": tr("The same word or letter comes back too often."),
        "first_start.phrase_sequence": tr("A row of keys is guessed first."),
        "first_start.phrase_one_word_and_number": tr(
            "One word and a number is guessed first: add words."
        ),
        "first_start.phrase_forbidden_word": tr("Neither your name nor that of the practice."),
        "first_start.phrase_differs": tr("Both entries must be the same."),
        "first_start.code_not_kept": tr("Confirm that the code is kept."),
        "first_start.not_usable_yet": tr("The patient list is still coming."),
    }.get(key, tr("Something went wrong. What you typed is kept; try again."))
