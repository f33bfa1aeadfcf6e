"""The words of the page that says who works here: login and password, a practice, or a first activation."""

from msgspec import structs

from dossier.sealing.password_rules import ADVISED_CHARACTERS
from dossier.sealing.strength import MIN_CHARACTERS
from practitioner_app.services.first_start import (
    Effect,
    FirstStart,
    has_pages,
    new_password_problem,
)
from ui.errors import password_words
from ui.i18n import Texts
from ui.sign_in.state import ChoiceLine, FieldLine, StartState


def identity_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    """Which of its four forms the page has."""
    if state.reply is not None and len(state.reply.situations) > 1:
        return _practice_page(common, state, texts)
    if state.activating:
        return (
            _code_page(common, state, texts)
            if state.offer is None
            else _begin(common, state, texts)
        )
    tr = texts.tr
    intro = tr("The password is used once, to make this computer known; it is not kept.")
    if state.activated:
        intro = tr("Your account is ready. Wait for the next six digits and type them.")
    return structs.replace(
        common,
        title=tr("Who are you?"),
        intro=intro,
        fields=(
            FieldLine(key="login", label=tr("Login"), value=state.login),
            FieldLine(key="password", label=tr("Password"), value=state.password, secret=True),
            _proof(state, texts),
            FieldLine(
                key="device_name",
                label=tr("Name of this computer"),
                value=state.device_name,
                placeholder=tr("Office 2"),
                hint=tr("It is shown in the list of computers and in the journal."),
            ),
        ),
        link="" if state.activated else tr("I have an activation code"),
        **_browser(state, texts),
    )


def _browser(state: FirstStart, texts: Texts) -> dict[str, str]:
    """The other way in, where the server has pages for it; while its answer is awaited, the way back."""
    tr = texts.tr
    if not has_pages(state):
        return {}
    if state.wants is Effect.AWAIT_BROWSER:
        said = tr("Your browser shows the page of your server: sign in there, then come back here.")
        return {"browser": tr("Wait no more"), "busy": said}
    said = tr("With a passkey or Pro Santé Connect, in the place of login, password and code.")
    return {"browser": tr("Sign in with the browser"), "browser_about": said}


def _proof(state: FirstStart, texts: Texts) -> FieldLine:
    tr = texts.tr
    return FieldLine(
        key="proof",
        label=tr("Six-digit code"),
        value=state.proof,
        hint=tr("From your authenticator; it changes every 30 seconds and serves once."),
    )


def _practice_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    found = state.reply.situations if state.reply is not None else ()
    options = tuple((one.id, f"{one.organisation_name} — {one.profession}") for one in found)
    return structs.replace(
        common,
        title=tr("In which practice do you work on this computer?"),
        intro=tr("One practice by computer; another one is another installation."),
        choices=(
            ChoiceLine(
                key="situation",
                label=tr("Practice"),
                options=options,
                value=state.situation.id if state.situation else "",
            ),
        ),
    )


def _code_page(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr = texts.tr
    return structs.replace(
        common,
        title=tr("Begin with an activation code"),
        intro=tr(
            "The administrator of your practice gave it to you. It serves once, within 24 hours."
        ),
        fields=(
            FieldLine(key="login", label=tr("Login"), value=state.login),
            FieldLine(
                key="activation_code", label=tr("Activation code"), value=state.activation_code
            ),
        ),
        link=tr("I have a password already"),
    )


def _begin(common: StartState, state: FirstStart, texts: Texts) -> StartState:
    tr, offer = texts.tr, state.offer
    seed = offer.seed if offer is not None else ""
    intro = tr("Choose a password. The authenticator you have stays yours.")
    if seed:
        intro = tr(
            "Type this secret into the authenticator of your phone (“enter a key”), then choose a password."
        )
    why = new_password_problem(state)
    hint = tr(
        "{least} characters at least, {better} are better; any words you like.",
        least=MIN_CHARACTERS,
        better=ADVISED_CHARACTERS,
    )
    return structs.replace(
        common,
        title=tr("Your password and your authenticator"),
        intro=intro,
        seed=seed,
        fields=(
            FieldLine(
                key="new_password",
                label=tr("New password"),
                secret=True,
                hint=hint,
                bad=password_words(texts)[why] if state.password and why else "",
            ),
            FieldLine(key="password_again", label=tr("The same once more"), secret=True),
            _proof(state, texts),
        ),
        link=tr("I have a password already"),
    )
