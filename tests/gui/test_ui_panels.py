"""Beside the timeline: pages from memory, words sought in them, one line pinned to be compared."""

from base64 import b64encode

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.builders import OTHER_OWNER, OWNER
from tests.gui.test_ui_paper import a_sheet
from tests.gui.test_ui_stream import a_letter
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.paper.pdf import render
from ui.paper.preview import PaperPreview
from ui.paper.sheet import plain_text
from ui.patient.detail import DetailPanel
from ui.patient.find import FindBar
from ui.patient.paper import Paper
from ui.patient.state import Ref
from ui.preferences import Preferences
from ui.theme.look import installed_family

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def signed(rid, pdf, text):
    def attachment(kind, octets):
        return {"attachment": {"contentType": kind, "data": b64encode(octets).decode()}}

    return a_letter(
        rid,
        "Ordonnance",
        docStatus="final",
        author=[{"reference": "Practitioner/fontaine"}],
        authenticator={"reference": "Practitioner/fontaine"},
        content=[attachment("application/pdf", pdf), attachment("text/plain", text.encode())],
    )


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture(params=[1600, 1280])
def session(world, qapp, qtbot, request):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(request.param, 900)
    window.show_session(world.context(), Preferences())
    window.show()
    window.activateWindow()
    yield window.session
    window.close()


def choose(session, rid):
    session.models.record.choose(Ref("DocumentReference", rid))


def panels(session):
    return [one for one in session.findChildren(DetailPanel) if one.isVisible()]


def press(widget, key):
    QApplication.sendEvent(
        widget, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    )


def test_hz13_a_signed_document_is_shown_as_the_very_page_that_was_signed(session, world, qapp):
    sheet = a_sheet()
    pdf = render(sheet, installed_family())
    world.store.hold(OWNER, signed("d1", pdf, plain_text(sheet)))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    assert session.models.record.state.detail.pdf == pdf
    [page] = session.record_view.panel.findChildren(PaperPreview)
    assert page.isVisible()
    assert page.count >= 1
    assert "metformine" in page.accessibleDescription()


def test_a_page_of_another_make_shows_its_words_and_says_so(session, world):
    world.store.hold(OWNER, signed("d1", b"%PDF-1.4 /JS", "Texte de la lettre"))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    detail = session.models.record.state.detail
    assert not detail.pdf
    assert "seul son texte est affiché" in detail.notice
    assert not session.record_view.panel.findChildren(PaperPreview)
    [paper] = session.record_view.panel.findChildren(Paper)
    assert paper.isVisible()


def test_a_file_that_looks_right_and_cannot_be_read_leaves_its_words(session, world):
    world.store.hold(OWNER, signed("d1", b"%PDF-1.4\nnothing more", "Texte de la lettre"))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    [paper] = session.record_view.panel.findChildren(Paper)
    assert paper.isVisible()


def test_words_are_found_inside_the_document_one_after_the_other(session, world):
    text = "Avis de cardiologie.\nPas de trouble.\nNouvel avis dans six mois."
    world.store.hold(OWNER, a_letter("d1", "Lettre", ""), signed("d2", b"", text))
    session.record_flow.open(OWNER)
    choose(session, "d2")
    panel = session.record_view.panel
    panel.begin_find()
    [bar] = panel.findChildren(FindBar)
    bar.edit.setText("avis")
    assert bar.count == 2
    press(bar.edit, Qt.Key.Key_Return)
    assert bar.edit.accessibleDescription().startswith("2 sur 2")
    bar.edit.setText("pneumologie")
    assert bar.count == 0
    press(bar.edit, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_hz01_what_is_pinned_stays_while_one_walks_and_goes_with_its_patient(session, world):
    world.store.hold(OWNER, a_letter("d1", "Première"), a_letter("d2", "Seconde"))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    session.overlay_flow.run("pin")
    choose(session, "d2")
    told = [panel._state.title for panel in panels(session)]
    assert sorted(told) == ["Première", "Seconde"]
    pinned = next(one for one in panels(session) if one._pinned)
    assert pinned._state.title == "Première"
    session.record_flow.open(OTHER_OWNER)
    assert not [one for one in panels(session) if one._pinned]
    assert session.models.record.state.pinned is None


def test_escape_takes_the_pinned_one_away_and_leaves_the_other(session, world):
    world.store.hold(OWNER, a_letter("d1", "Première"), a_letter("d2", "Seconde"))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    session.overlay_flow.run("pin")
    choose(session, "d2")
    pinned = next(one for one in panels(session) if one._pinned)
    press(pinned, Qt.Key.Key_Escape)
    assert session.models.record.state.pinned is None
    assert session.models.record.state.detail.title == "Seconde"


def test_a_pinned_line_that_leaves_the_record_is_not_shown_any_more(session, world):
    world.store.hold(OWNER, a_letter("d1", "Première"), a_letter("d2", "Seconde"))
    session.record_flow.open(OWNER)
    choose(session, "d1")
    session.overlay_flow.run("pin")
    choose(session, "d2")
    del world.store.confirmed[OWNER, "DocumentReference", "d1"]
    session.models.record.refresh()
    assert session.models.record.state.pinned is None
