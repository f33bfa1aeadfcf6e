"""One's own computers on the settings page: the list, the proof, the end of one (security.md §5 row 40)."""

import pytest
from PySide6.QtWidgets import QLineEdit, QWidget

from dossier.errors import Refused
from dossier.wire.sessions import AlarmLine, ProveRequest
from practitioner_app.services.session import Connection, Link
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.navigation import RECORD, SETTINGS
from ui.preferences import Preferences
from ui.settings.alarm_model import AGAIN_S, EVERY_S
from ui.settings.computers_view import RemoveDialog, SignOutDialog
from ui.sync_status.proof_view import ProofDialog
from ui.widgets.button import Button
from ui.widgets.text import PlainLabel

# the offscreen platform has no windows to raise when a question opens
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture
def session(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show_session(world.context(), Preferences())
    window.show()
    window.session.navigator.go("settings")
    yield window.session
    window.close()


def words(widget):
    return [label.text() for label in widget.findChildren(PlainLabel) if label.isVisibleTo(widget)]


def buttons(session, word):
    found = session.computers_card.findChildren(Button)
    return [one for one in found if one.property("device") and one.text().startswith(word)]


ACT = {RemoveDialog: "Retirer ce poste", SignOutDialog: "Fermer cette session"}
BROWSER = "Se connecter avec le navigateur"


def shown(password, digits):
    return ProveRequest(password=password, proof=digits)


def named(dialog, kind, name):
    """What a screen reader calls so; fails unless it is one thing."""
    (found,) = [one for one in dialog.findChildren(kind) if one.accessibleName() == name]
    return found


def typed_in(dialog):
    return [named(dialog, QLineEdit, name) for name in ("Mot de passe", "Code à six chiffres")]


def remove_buttons(session):
    return buttons(session, "Retirer")


def asked(session):
    return session.findChildren(RemoveDialog)[-1]


def test_row40_the_session_of_another_computer_ends_and_the_computer_stays(session, world):
    (button,) = buttons(session, "Fermer la session")
    assert (button.property("device"), button.accessibleDescription()) == (
        "portable",
        "Portable de visite",
    )
    button.click()
    dialog = session.findChildren(SignOutDialog)[-1]
    assert any("Il garde sa copie" in text for text in words(dialog))
    password, digits = typed_in(dialog)
    password.setText("secret")
    named(dialog, Button, ACT[type(dialog)]).click()
    assert world.computers.signed_out == []
    digits.setText("123 456")
    named(dialog, Button, ACT[type(dialog)]).click()
    assert (world.computers.signed_out, world.computers.ended) == (["portable"], [])
    assert buttons(session, "Fermer la session") == []
    assert [one.property("device") for one in remove_buttons(session)] == ["portable"]
    assert not any("1 session ouverte" in text for text in words(session.computers_card))


def test_row40_a_session_is_not_ended_without_a_proof(session, world):
    session.models.computers.sign_out("portable", shown("secre", "000000"))
    assert world.computers.signed_out == []
    assert any("faux" in text for text in words(session.computers_card))
    session.models.computers.ask_to_sign_out("here")
    session.models.computers.ask_to_sign_out("old")
    assert session.findChildren(SignOutDialog) == []


def question(session, kind):
    """The dialogue after the button of the other computer is pressed."""
    word = {RemoveDialog: "Retirer", SignOutDialog: "Fermer la session"}[kind]
    (button,) = buttons(session, word)
    button.click()
    return session.findChildren(kind)[-1]


def browser_buttons(dialog):
    return [one for one in dialog.findChildren(Button) if one.accessibleName() == BROWSER]


BOTH = pytest.mark.parametrize("kind", [RemoveDialog, SignOutDialog])


@BOTH
def test_row40_row34_who_has_only_a_passkey_shows_it_in_their_browser(session, world, kind):
    world.pages = "https://colloque.example"
    dialog = question(session, kind)
    named(dialog, Button, BROWSER).click()
    (asked,) = world.opened
    assert asked["purpose"] == "prove"
    assert world.computers.codes == ["c0de"]
    done = world.computers.ended if kind is RemoveDialog else world.computers.signed_out
    assert done == ["portable"]
    assert not dialog.isVisible()
    assert not session.models.computers.needs_proof


@BOTH
def test_row40_row34_a_browser_that_showed_somebody_else_ends_nothing(session, world, kind):
    world.pages, world.computers.right_code = "https://colloque.example", "another"
    named(question(session, kind), Button, BROWSER).click()
    assert world.computers.ended == world.computers.signed_out == []
    assert any("quelqu’un d’autre" in text for text in words(session.computers_card))
    assert session.models.computers.needs_proof


def test_row40_row34_a_browser_that_never_comes_back_is_said_and_the_password_serves(
    session, world
):
    world.pages, world.listener.answer = "https://colloque.example", Refused("browser_late")
    dialog = question(session, RemoveDialog)
    named(dialog, Button, BROWSER).click()
    assert dialog.isVisible()
    assert any("cinq minutes" in text for text in words(dialog))
    for edit, word in zip(typed_in(dialog), ("secret", "123 456"), strict=True):
        edit.setText(word)
    named(dialog, Button, ACT[RemoveDialog]).click()
    assert world.computers.ended == ["portable"]


@BOTH
def test_row40_row34_no_browser_is_offered_where_none_can_serve(session, world, kind):
    for pages in ("", "https://evil.example"):
        world.pages = pages
        dialog = question(session, kind)
        assert browser_buttons(dialog) == []
        dialog.reject()
    world.pages = "https://colloque.example"
    session.models.computers.sign_out("old", shown("secret", "123456"))
    dialog = question(session, kind)
    assert (browser_buttons(dialog), dialog.findChildren(QLineEdit)) == ([], [])


class BusyLane:
    """The lane of browsers while its one thread waits: nothing else begins there until that wait is given up."""

    def __init__(self, world):
        self._inner, self._world, self._waits_since = world.lanes.browser, world, None

    def __call__(self, fn, then, failed):
        if fn == self._world.browser.wait:
            self._waits_since = self._world.listener.given_up
        elif self._world.listener.given_up != self._waits_since:
            self._inner(fn, then, failed)


def test_row40_row34_while_the_browser_is_awaited_nothing_is_typed_and_closing_gives_it_up(
    session, world
):
    world.pages = "https://colloque.example"
    world.lanes.browser = BusyLane(world)
    dialog = question(session, SignOutDialog)
    named(dialog, Button, BROWSER).click()
    assert (len(world.opened), world.listener.given_up) == (1, 0)
    assert not any(edit.isEnabled() for edit in typed_in(dialog))
    assert not named(dialog, Button, ACT[SignOutDialog]).isEnabled()
    named(dialog, Button, "Ne plus attendre").click()
    assert (world.listener.given_up, dialog.isVisible()) == (1, True)
    assert all(edit.isEnabled() for edit in typed_in(dialog))
    named(dialog, Button, BROWSER).click()
    linked(world, session, Link.PROOF)
    over = session.findChildren(ProofDialog)[-1]
    named(over, Button, BROWSER).click()
    assert (len(world.opened), world.listener.given_up) == (3, 2)  # the first waits no more
    over.reject()
    dialog.reject()
    assert world.computers.signed_out == []


def test_row40_the_list_marks_this_computer_and_says_when_each_was_seen(session):
    shown = words(session.computers_card)
    assert "Ce poste" in shown
    assert "Cabinet 2" in shown
    assert any("2 sessions ouvertes" in text for text in shown)
    assert any("dernière connexion le 23/11/2026" in text for text in shown)
    assert any(text.startswith("Retiré le 02/11/2026") for text in shown)
    assert [one.property("device") for one in remove_buttons(session)] == ["portable"]


def test_row40_another_computer_is_removed_once_password_and_digits_are_right(session, world):
    (button,) = remove_buttons(session)
    button.click()
    dialog = asked(session)
    for wrong, proof in (("secre", "000000"), ("secret", "123 456")):
        password, digits = typed_in(dialog)
        password.setText(wrong)
        digits.setText(proof)
        named(dialog, Button, ACT[type(dialog)]).click()
        assert password.text() == digits.text() == ""
        if not world.computers.ended:
            assert any("faux" in text for text in words(session.computers_card))
            remove_buttons(session)[0].click()
            dialog = asked(session)
    assert world.computers.ended == ["portable"]
    assert remove_buttons(session) == []


def test_row40_a_proof_is_taken_for_ten_minutes_and_no_longer(session, world):
    model = session.models.computers
    assert model.needs_proof
    model.end("portable", shown("secret", "123456"))
    assert not model.needs_proof
    model.end("old", None)
    assert (world.computers.ended, world.computers.proofs) == (["portable", "old"], 1)
    world.clock.advance(600)
    assert model.needs_proof
    model.end("here", None)
    assert "here" not in world.computers.ended


def test_without_the_server_the_card_says_so_and_offers_nothing(session, world):
    world.computers.is_met = False
    session.models.computers.refresh()
    assert any("serveur ne répond pas" in text for text in words(session.computers_card))
    session.models.computers.end("portable", shown("secret", "123456"))
    assert world.computers.ended == []


REUSED = AlarmLine(kind="refresh_reused", at="2026-11-22T17:30:00.000Z")
MANY = AlarmLine(kind="step_up", at="2026-11-23T08:05:00.000Z", patients=61)


def linked(world, session, link):
    world.centre.connected(Connection(link=link))
    session.models.status.refresh()


def line(session):
    """The words above the screens; "" while the line is not shown."""
    alarm = session.frame.alarm
    return " ".join(words(alarm)).strip() if alarm.isVisibleTo(session) else ""


def see(session):
    (link,) = session.frame.alarm.findChildren(Button)
    link.click()


@pytest.mark.parametrize("alarm", [REUSED, MANY])
def test_s11_an_alarm_stands_quietly_above_the_screens_until_it_was_looked_at(
    session, world, alarm
):
    session.navigator.go(RECORD)
    world.computers.alarms = (alarm,)
    assert line(session) == ""
    linked(world, session, Link.ONLINE)
    assert line(session).startswith("Quelque chose d’inhabituel a été remarqué sur votre compte")
    assert session.navigator.place == RECORD
    assert session.window().focusWidget() not in session.frame.alarm.findChildren(QWidget)
    see(session)
    assert session.navigator.place == SETTINGS
    said = "copie" if alarm is REUSED else "61"
    assert any(said in text for text in words(session.computers_card))
    assert line(session) == ""
    linked(world, session, Link.OFFLINE)
    linked(world, session, Link.ONLINE)
    assert line(session) == ""


def test_s11_a_later_alarm_stands_again_also_while_the_computers_are_in_sight(session, world):
    world.computers.alarms = (REUSED,)
    session.models.computers.refresh()
    linked(world, session, Link.ONLINE)
    assert line(session) == ""
    world.computers.alarms = (MANY, REUSED)
    world.clock.advance(EVERY_S)
    session.models.status.refresh()
    assert "23/11/2026" in line(session)
    see(session)
    assert line(session) == ""


def test_an_alarm_is_asked_for_when_the_server_comes_within_reach_and_seldom_after(session, world):
    session.navigator.go(RECORD)
    linked(world, session, Link.OFFLINE)
    before = world.computers.listed
    session.models.status.refresh()
    assert world.computers.listed == before
    for _ in range(3):
        linked(world, session, Link.SYNCING)
        linked(world, session, Link.ONLINE)
    assert world.computers.listed == before + 1
    world.computers.is_met = False
    world.clock.advance(EVERY_S)
    linked(world, session, Link.SYNCING)
    world.computers.is_met = True
    linked(world, session, Link.ONLINE)
    assert (world.computers.listed, line(session)) == (before + 1, "")
    world.clock.advance(AGAIN_S)
    linked(world, session, Link.SYNCING)
    assert world.computers.listed == before + 2
