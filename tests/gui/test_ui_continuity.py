"""The screens after the lease: the page that offers continuity mode, its banner, reading only, the way back."""

from datetime import timedelta

import pytest

from dossier.errors import Refused, SealBroken
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.services.session import Barred, Lease, LeaseState
from tests.builders import OWNER
from tests.fakes.record_store import COPIED
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate, World
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking
from ui.widgets.text import PlainLabel

PHRASE = "autre cascade quinze lanterne"


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture
def window(qapp, qtbot):
    shown = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    shown.close()


def speak(window, world):
    look = window.look
    return lambda: Speaking(look.texts, look.formats, world.clock.now(), offline=True)


def a_lease(**given):
    values = dict(
        state=Lease.OVER,
        until=COPIED + timedelta(days=7),
        last_contact=COPIED,
        closes=COPIED + timedelta(days=30),
    )
    return LeaseState(**(values | given))


def a_lock(window, world, lease=None):
    gate = OpenGate(world.clock, lease)
    window.show_lock(LockModel(gate=gate, lanes=world.lanes, speak=speak(window, world)))
    return gate, window.lock_view


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def said(widget):
    labels = widget.findChildren(PlainLabel)
    return plain(" ".join(label.text() for label in labels if label.isVisibleTo(widget)))


def narrowed(world):
    """Eight days after the last contact."""
    world.clock.advance(timedelta(days=8).total_seconds())


def test_hz_19_the_page_after_the_lease_says_what_can_be_read_and_until_when(window, world):
    gate, view = a_lock(window, world, a_lease())
    assert "Ce que le cabinet a écrit se lit jusqu’au mercredi 23 décembre" in said(view)
    assert "Dernier contact avec le serveur" in said(view)
    assert view._button.accessibleName() == "Ouvrir en mode continuité"
    opened = []
    window.unlocked.connect(lambda: opened.append(gate.entered))
    view._field.edit.setText(PHRASE)
    view._unlock()
    assert (gate.tried, opened) == ([PHRASE], [True])


def test_hz_19_a_first_unlock_that_meets_no_server_leads_to_that_page(window, world):
    gate, view = a_lock(window, world)
    gate.error, gate.lease = Refused("lease_over"), a_lease()
    view._field.edit.setText(PHRASE)
    view._unlock()
    assert (view._button.accessibleName(), gate.entered) == ("Ouvrir en mode continuité", False)
    assert view._field.below.startswith("Quatre ou cinq mots")
    gate.error = SealBroken("passphrase")
    view._field.edit.setText("faux")
    view._unlock()
    assert gate.entered
    assert "n’ouvre pas la copie" in view._field.below


@pytest.mark.parametrize(
    ("lease", "words"),
    [
        (a_lease(state=Lease.CLOSED), "Le mode continuité s’est terminé le mercredi 23 décembre"),
        (
            a_lease(state=Lease.CLOSED, barred=Barred.MEMBERSHIP),
            "votre exercice dans ce cabinet avait pris fin",
        ),
        (a_lease(state=Lease.CLOSED, barred=Barred.PURGE), "l’ordre d’effacer des dossiers"),
    ],
)
def test_d8_the_page_says_why_there_is_no_continuity(window, world, lease, words):
    gate, view = a_lock(window, world, lease)
    assert words in said(view)
    assert view._button.accessibleName() == "Déverrouiller"
    view._field.edit.setText(PHRASE)
    view._unlock()
    assert not gate.entered


def test_hz_19_the_banner_stands_from_the_first_paint_and_goes_with_a_contact(window, world):
    narrowed(world)
    window.show_session(world.context(), Preferences())
    banner = window.session.frame.continuity
    assert banner.isVisibleTo(window)
    assert "Mode continuité, lecture seule" in said(banner)
    assert "Affiché jusqu’au 23/12/2026" in said(banner)
    assert "Masqué" in said(banner)
    world.store.facts["last_contact"] = world.clock.now()
    window.session.models.status.refresh()
    assert not banner.isVisibleTo(window)


def test_no_banner_while_the_lease_runs(window, world):
    window.show_session(world.context(), Preferences())
    assert not window.session.frame.continuity.isVisibleTo(window)


def test_hz_19_continuity_only_reads_and_each_opening_is_written(window, world):
    narrowed(world)
    window.show_session(world.context(), Preferences())
    view = window.session
    for _ in range(2):
        view.record_flow.open(OWNER)
    assert [op.kind for op in world.store.pending()] == ["opened", "opened"]
    for kind in ("allergies", "problems", "treatments"):
        view.record_flow.add(kind)
        assert view.models.forms.model is None
    view.record_flow.say_none()
    assert [op.kind for op in world.store.pending()] == ["opened", "opened"]
    assert "lecture seule" in said(view.toast)


def test_hz_17_nothing_reads_as_absent_in_continuity(window, world):
    narrowed(world)
    world.store.narrowed.add(OWNER)
    window.show_session(world.context(), Preferences())
    window.session.record_flow.open(OWNER)
    state = window.session.models.record.state.record
    assert state.banner.allergies.title == "Allergies indisponibles"
    assert state.banner.allergies.detail == "Rien d’écrit par le cabinet ; le reste est masqué."
    empty = [card.why_empty for card in state.cards if card.why_empty]
    assert empty
    assert not [why for why in empty if why.casefold().startswith(("auc", "non renseign"))]
    assert "non renseigné" not in [cell.value for cell in state.strip]


def test_hz_19_what_is_shown_again_refreshes_the_open_record(window, world):
    narrowed(world)
    world.store.narrowed.add(OWNER)
    window.show_session(world.context(), Preferences())
    window.session.record_flow.open(OWNER)
    assert window.session.models.record.record.narrowed
    world.store.narrowed.clear()
    world.changes.announce(ChangeSet(topics=frozenset({Topic.LEASE})))
    assert not window.session.models.record.record.narrowed


# -- a new phrase ----------------------------------------------------------------------------------


def a_new_phrase(window, world):
    gate, view = a_lock(window, world)
    view._recovery_clicked()
    view._field.edit.setText("CODE-DE-SECOURS")
    view._unlock()
    assert window.phrase_view is not None
    return gate, window.phrase_view


def fill(view, phrase, again):
    view._fields["phrase"].edit.setText(phrase)
    view._fields["again"].edit.setText(again)


def test_the_recovery_code_leads_to_a_new_phrase(window, world):
    gate, view = a_new_phrase(window, world)
    assert gate.tried == ["CODE-DE-SECOURS"]
    assert "Choisissez une nouvelle phrase secrète" in said(view)
    assert not view._button.isEnabled()
    fill(view, PHRASE, PHRASE)
    assert plain(view._fields["phrase"].below) == "4 mots, 29 caractères : convient."
    opened = []
    window.unlocked.connect(lambda: opened.append(True))
    view._choose()
    assert (gate.tried[-1], opened) == (PHRASE, [True])


@pytest.mark.parametrize(
    ("phrase", "again", "why"),
    [
        ("court", "court", "Au moins"),
        ("fontaine fontaine fontaine", "fontaine fontaine fontaine", ""),
        (PHRASE, "autre cascade", "Les deux saisies doivent être identiques."),
    ],
)
def test_a_new_phrase_obeys_the_rules_of_the_first(window, world, phrase, again, why):
    gate, view = a_new_phrase(window, world)
    fill(view, phrase, again)
    assert not view._button.isEnabled()
    assert why in view._why.text()
    view._choose()
    assert gate.tried == ["CODE-DE-SECOURS"]


def test_one_may_open_without_a_new_phrase_or_go_back(window, world):
    gate, view = a_new_phrase(window, world)
    wanted = []
    window.lock_wanted.connect(lambda: wanted.append(True))
    fill(view, PHRASE, PHRASE)
    view._leave()
    assert (wanted, gate.tried) == ([True], [])
    opened = []
    window.unlocked.connect(lambda: opened.append(True))
    view._keep()
    assert opened == [True]


def test_hz25_the_page_of_the_new_phrase_forgets_what_was_typed(window, world):
    _, view = a_new_phrase(window, world)
    fill(view, PHRASE, PHRASE)
    fields = list(view._fields.values())
    seen = []
    view.destroyed.connect(lambda: seen.append(True))
    view.clear()
    assert [field.edit.text() for field in fields] == ["", ""]
    a_lock(window, world)
    assert (seen, window.phrase_view) == ([True], None)
