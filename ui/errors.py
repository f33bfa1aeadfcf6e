"""From the kernel's errors to sentences that say what is wrong and what to do."""

from dossier.errors import DossierError, Invalid, NotPrinted, Refused, TlsRefused
from dossier.sealing.strength import MAX_CHARACTERS, MIN_CHARACTERS
from ui.i18n import Texts


def error_sentence(texts: Texts, error: DossierError) -> str:
    """One sentence for a person; the detail of an error is for the log."""
    if isinstance(error, Invalid) and error.issues:
        return rule_sentence(texts, error.issues[0].rule)
    if isinstance(error, Refused) and (said := _refusal(texts, error.code)):
        return said
    if isinstance(error, TlsRefused):
        return _tls_sentence(texts, error.detail)
    if isinstance(error, NotPrinted):
        return _print_sentence(texts, error.reason)
    tr = texts.tr
    return {
        "error.access_denied": tr("Your rights on this record do not allow this."),
        "error.unavailable": tr("This is not available any more. Close and search again."),
        "error.invalid": tr("Something in the entry is not accepted. Check the fields."),
        "error.conflict": tr("Somebody changed this meanwhile. Both versions are kept."),
        "error.unreachable": tr("The server does not answer. Check the network, then try again."),
        "error.not_colloque": tr(
            "Something answers at this address, but it is not a Colloque server. Check the address, "
            "or the sign-in page of this network."
        ),
        "error.bad_answer": tr("The server’s answer cannot be read. Try again in a moment."),
        "error.refused": tr("The server refuses. Check what was typed, or call the operator."),
        "error.sign_in": tr("The login, the password or the code is not accepted."),
        "error.too_old": tr("This version of Colloque is too old for the server: update it."),
        "error.busy": tr("The server is busy. Try again in a moment."),
        "error.seal": tr("This phrase does not open the copy. Check the keyboard and Caps Lock."),
        "error.keychain": tr("The keyring of this computer cannot be used."),
        "error.store": tr("The copy on this computer cannot be read or written."),
        "error.store_locked": tr(
            "Colloque is already open for this person on this computer. Close the other window, then try again."
        ),
        "error.store_corrupt": tr(
            "The copy was damaged: it was put aside and is being made again."
        ),
        "error.wrong_key": tr(
            "This phrase does not open the copy. Check the keyboard and Caps Lock."
        ),
        "error.distrusted": tr(
            "This server cannot prove that it is yours, or that its past is whole. Nothing was exchanged, your copy is untouched: call the operator."
        ),
        "error.too_new": tr("The copy was made by a newer version of Colloque: update this one."),
        "error.disk_full": tr("The disk is full. Free some space; what you typed is kept."),
    }.get(error.key, tr("Something went wrong. What you typed is kept; try again."))


def _print_sentence(texts: Texts, reason: str) -> str:
    """Why nothing was printed, and what to do."""
    tr = texts.tr
    return {
        "no_printing": tr("This computer has no print system that Colloque can use (CUPS)."),
        "no_page": tr("This document has no page signed here: nothing to print."),
        "slow": tr("The print system does not answer. Nothing is lost: try again."),
    }.get(reason, tr("The printer refused the page. Check it, then print again."))


def _tls_sentence(texts: Texts, reason: str) -> str:
    """Why the server's certificate is refused, and what to do."""
    tr = texts.tr
    return {
        "host": tr(
            "The server’s certificate is for another address. Check the address, then call the operator."
        ),
        "expired": tr(
            "The server’s certificate has ended. Nothing was sent: call the operator, who renews it."
        ),
        "clock": tr(
            "The clock of this computer is wrong: the server’s certificate cannot be checked. Set it; if it "
            "is right, call the operator."
        ),
        "unknown": tr(
            "Nobody this computer knows vouches for the server’s certificate. Do not go on: call the operator."
        ),
        "key": tr(
            "The server shows a key that is not in its list: somebody may be listening. Nothing was sent: "
            "call the operator."
        ),
        "protocol": tr(
            "The server’s encryption (TLS) is too old or missing. Nothing was sent: call the operator."
        ),
    }.get(reason, tr("The server’s certificate is refused. Do not go on: call the operator."))


def _refusal(texts: Texts, code: str) -> str:
    """Why the way in is closed, where there is more to say than "refused"."""
    tr = texts.tr
    return {
        "already_left": tr("It has left already: correct it, or mark it as entered in error."),
        "card_altered": tr(
            "The settings of this computer were changed outside Colloque. Nothing was opened: call the operator."
        ),
        "clock_went_back": tr(
            "The clock of this computer went back. Set it right, or connect to the server, then try again."
        ),
        "lease_over": tr(
            "This computer has not reached the server for too long. Connect it, then try again."
        ),
        "continuity_reads_only": tr(
            "Continuity mode only reads. Nothing was written; it can be once the server is met again."
        ),
        "device_revoked": tr("This computer is no longer allowed. Call the operator."),
        "volume_blocked": tr(
            "Too many records were opened within an hour: reading is stopped. What you typed is sent. Call the operator."
        ),
        "situation_ended": tr("Your place in this practice has ended. Call the operator."),
        "wrong_proof": tr(
            "The password or the six digits are wrong, or the digits were used already."
        ),
        "no_browser": tr(
            "No browser opens on this computer. Sign in with login, password and code instead."
        ),
        "no_pages": tr("This server names another address for its pages: nothing was opened."),
        "browser_port": tr(
            "This computer gives no port to hear the browser. Sign in with login, password and code."
        ),
        "browser_late": tr(
            "Nothing came from the browser within five minutes. Nothing is lost: start again."
        ),
        "file_not_written": tr("The file could not be written there. Choose another place."),
        "wrong_browser_proof": tr(
            "The browser showed somebody else, or came back too late. Start again."
        ),
        "proof_needed": tr("Type your password and the six digits again."),
        "unknown_address": tr(
            "The server does not know the address this computer reaches it by. Call the operator."
        ),
        "situation_not_confirmed": tr(
            "Pro Santé Connect does not confirm this place of practice. Sign in otherwise, or call the operator."
        ),
        "password_replaced": tr(
            "Your password was replaced, so every session ended. If you did not ask for it, call the operator."
        ),
        **password_words(texts),
    }.get(code, "")


def password_words(texts: Texts) -> dict[str, str]:
    """Why a password is not taken, by the word of dossier.sealing.password_rules."""
    tr = texts.tr
    return {
        "password_short": tr("At least {count} characters.", count=MIN_CHARACTERS),
        "password_long": tr("At most {count} characters.", count=MAX_CHARACTERS),
        "password_known": tr("Everybody tries this one first: choose other words."),
        "password_own": tr("Neither your name, your login, nor the practice’s name."),
    }


def rule_sentence(texts: Texts, rule: str) -> str:
    """Why a field or an act is refused."""
    tr = texts.tr
    return {
        "required": tr("Required: fill this field."),
        "no_change": tr("Nothing was changed."),
        "known_allergy_exists": tr(
            "An allergy is recorded: correct it first. “None” never replaces an agent."
        ),
        "undecided": tr("A choice is missing."),
        "too_large": tr("This text is too long for one letter: shorten it."),
        "not_current": tr("This document was replaced or marked as an error meanwhile."),
        "not_a_letter": tr("This document cannot be corrected here."),
        "not_author": tr("Only its author can do this."),
        "not_ahead": tr("Type a day to come: 23/12/2026."),
        "acknowledge_first": tr("Take note of the alert value first, on the results page (Alt+2)."),
        "of_a_colleague": tr("To sign it, take it over first: Hand over…"),
        "not_together": tr(
            "Signed alone: not every value is known to be within its reference values."
        ),
        "moved": tr("A result changed meanwhile: nothing was signed. Read it again."),
        "already_theirs": tr("It is asked of this person already."),
        "not_open": tr("It was signed already."),
    }.get(rule, rule if " " in rule else tr("This is not accepted ({rule}).", rule=rule))
