"""The question of a session that is over: asked once, answered or put off, never in the way of the work."""

import hashlib

import pytest
from PySide6.QtWidgets import QLineEdit

from dossier.entropy import SeededEntropy
from dossier.errors import Refused, SignInNeeded
from dossier.sealing.text import base64url
from dossier.wire.messages import Capabilities, Heads
from dossier.wire.sessions import ChallengeReply, TokenReply
from practitioner_app.services.session import Connection, Link
from practitioner_app.sync_loop import SyncLoop
from sync.engine import Engine
from sync.proofs import HeldKey
from sync.states import Did
from tests.fakes.memory_sync_store import Disk, MemorySyncStore
from tests.fakes.scripted_transport import ScriptedTransport
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.sync_status.proof_view import ProofDialog
from ui.widgets.browser_way import BrowserWay
from ui.widgets.text import PlainLabel

# the offscreen platform has no windows to raise when a question opens
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def linked(world, session, qtbot, link, detail=""):
    world.centre.connected(Connection(link=link, since=world.clock.now(), detail=detail))
    session.models.status.refresh()


def dialogs(session):
    return [one for one in session.findChildren(ProofDialog) if one.isVisible()]


def typed(dialog, *words):
    for edit, word in zip(dialog.findChildren(QLineEdit), words, strict=True):
        edit.setText(word)


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
    yield window.session
    window.close()


def test_s7_the_question_opens_by_itself_once_and_the_answer_goes_to_the_server(
    world, session, qtbot
):
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    (dialog,) = dialogs(session)
    typed(dialog, "un mot de passe", "123 456")
    dialog._answer()
    assert world.sync.shown == [("un mot de passe", "123456")]
    assert dialogs(session) == []
    assert all(not edit.text() for edit in dialog.findChildren(QLineEdit))
    linked(world, session, qtbot, Link.STARTING)
    linked(world, session, qtbot, Link.PROOF, "wrong_proof")
    (again,) = dialogs(session)
    again.reject()
    linked(world, session, qtbot, Link.STARTING)
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    assert dialogs(session) == []


def test_row38_who_put_it_off_works_on_and_is_asked_when_they_want_to_send(world, session, qtbot):
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    (dialog,) = dialogs(session)
    dialog.reject()
    session.sync_flow.send_now()
    (again,) = dialogs(session)
    again.reject()
    assert world.sync.asked == 0
    linked(world, session, qtbot, Link.ONLINE)
    session.sync_flow.send_now()
    assert world.sync.asked == 1
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    assert len(dialogs(session)) == 1


CAPABLE = Capabilities(
    protocols=(1,),
    server="0.1.0",
    name="Cabinet",
    restore=0,
    now="",
    demonstration=False,
    limits={},
)


class Told:
    """The listener of the exchange, as an open session has it: what is told is shown at once."""

    def __init__(self, world, session):
        self._world, self._session = world, session

    def connected(self, connection):
        self._world.centre.connected(connection)
        self._session.models.status.refresh()

    def noted(self, key, **figures):
        """Lines of the log are no matter here."""


def idle_desktop(world, session):
    """A real engine whose exchange rests, with the product's own policy, and the server it asks."""
    server = ScriptedTransport()
    loop = SyncLoop(
        outbox=world.outbox,
        listener=Told(world, session),
        announce=world.changes.announce,
        clock=world.clock,
        contacted=lambda state: None,
    )
    store = MemorySyncStore(Disk(), world.clock, SeededEntropy(1))
    key = HeldKey("d-1", bytes(32))
    engine = Engine(
        store, server, key, "s-1", world.clock, SeededEntropy(2), publish=loop.published
    )
    token = TokenReply(token="k-1", expires_in_s=900, refresh="r-1")
    server.answers += [
        CAPABLE,
        ChallengeReply(nonce="n-1"),
        token,
        Heads(restore=0, v="1", heads=()),
    ]
    while server.answers:
        engine.step()
    return engine, server


def test_s7_at_an_idle_desktop_the_question_of_an_alarm_opens_by_itself_within_a_minute(
    world, session
):
    engine, server = idle_desktop(world, session)
    rests = engine.step()
    assert (rests.did, dialogs(session)) == (Did.WAITED, [])
    server.answers += [SignInNeeded(), ChallengeReply(nonce="n-2"), Refused("proof_needed")]
    ended_s = world.clock.monotonic()
    while server.answers:
        world.clock.advance(rests.wait_s)
        rests = engine.step()
    assert world.clock.monotonic() - ended_s <= 60
    assert [path for path, _, _ in server.asked[4:]] == ["heads", "challenge", "token"]
    (dialog,) = dialogs(session)
    assert dialog.accessibleName() == "Montrez que c’est vous"


def way(dialog):
    """The button that leads to the browser; None where there is none."""
    return next(iter(dialog.findChildren(BrowserWay)), None)


def words(dialog):
    return " ".join(label.text() for label in dialog.findChildren(PlainLabel) if label.isVisible())


def test_row34_who_has_only_a_passkey_proves_it_in_their_browser(world, session, qtbot):
    world.pages = "https://colloque.example"
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    (dialog,) = dialogs(session)
    way(dialog).asked.emit()
    (asked,) = world.opened
    assert asked["purpose"] == "prove"
    assert asked["port"] == "40000"
    (found,) = world.sync.shown
    assert found.code == "c0de"
    assert base64url(hashlib.sha256(found.verifier.encode()).digest()) == asked["challenge"]
    assert dialogs(session) == []
    linked(world, session, qtbot, Link.PROOF, "wrong_proof")
    (again,) = dialogs(session)
    assert "quelqu’un d’autre" in words(again)


def test_row34_a_browser_that_never_comes_back_is_said_and_the_password_still_serves(
    world, session, qtbot
):
    world.pages = "https://colloque.example"
    world.listener.answer = Refused("browser_late")
    linked(world, session, qtbot, Link.PROOF, "proof_needed")
    (dialog,) = dialogs(session)
    way(dialog).asked.emit()
    assert "cinq minutes" in words(dialog)
    assert world.sync.shown == []
    typed(dialog, "un mot de passe", "123456")
    dialog._answer()
    assert world.sync.shown == [("un mot de passe", "123456")]


def test_row34_a_server_without_pages_of_its_own_offers_no_browser(world, session, qtbot):
    for pages in ("", "https://evil.example"):
        world.pages = pages
        linked(world, session, qtbot, Link.PROOF, "proof_needed")
        (dialog,) = dialogs(session)
        assert way(dialog) is None
        dialog.reject()
        linked(world, session, qtbot, Link.ONLINE)


def test_a_replaced_password_is_said_where_the_person_is_asked(world, session, qtbot):
    linked(world, session, qtbot, Link.PROOF, "password_replaced")
    (dialog,) = dialogs(session)
    assert "mot de passe a été remplacé" in words(dialog)
