"""Lock page, first start, keyring: no clinical word, reasons in words, secrets that do not stay."""

import pytest

from dossier.errors import KeychainError, Refused, SealBroken, Unreachable
from dossier.sealing.text import base64url
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import EnrolReply, Situation
from practitioner_app.runtime.lanes import InlineLanes
from practitioner_app.services.first_start import Step
from tests.fakes.manual_clock import ManualClock
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate
from ui.main_window import MainWindow
from ui.sign_in.presenter import intended_use, keyring_state
from ui.sign_in.view_model import LockModel, StartModel
from ui.speaking import Speaking
from ui.widgets.text import PlainLabel

# the offscreen platform has no window manager to tell about sizes
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class ScriptedInstaller:
    """The effects of the first start, answered at once."""

    def __init__(self):
        self.reachable = True
        self.phrase = ""
        self.opened, self.has_browser, self.given_up = [], True, 0
        self.answer_of_browser = ""

    def capabilities(self, state):
        if not self.reachable:
            raise Unreachable
        return Capabilities(
            protocols=(1,),
            server="0.1.0",
            name="Maison de santé du Port",
            restore=0,
            now="",
            demonstration=True,
            limits={},
            identity=base64url(bytes(range(32))),
            pages="https://port.exemple.invalid",
        )

    def ask_page(self, state):
        return "https://port.exemple.invalid/sign-in?state=s"

    def open_page(self, address):
        self.opened.append(address)
        return self.has_browser

    def enrol_by_browser(self, state):
        if self.answer_of_browser:
            raise Refused(self.answer_of_browser)
        return self.enrol(state)

    def give_up_browser(self):
        self.given_up += 1

    def enrol(self, state):
        situation = Situation(
            id="s", organisation=1, organisation_name="Maison de santé du Port", profession="10"
        )
        return EnrolReply(
            account=1,
            device="d",
            display_name="Dr Claire FONTAINE",
            situations=(situation,),
            server_name="Port",
        )

    def make_profile(self, state):
        self.phrase = state.phrase
        return "K7QF-2MNP"

    def first_copy(self, state):
        return None

    def progress(self):
        return None


@pytest.fixture
def look(qapp):
    return a_look("fr")


@pytest.fixture
def speak(look):
    clock = ManualClock()
    return lambda: Speaking(look.texts, look.formats, clock.now())


@pytest.fixture
def installer():
    return ScriptedInstaller()


@pytest.fixture
def start(installer, speak):
    return StartModel(
        installer=installer, lanes=InlineLanes(), speak=speak, open_page=installer.open_page
    )


def walked_to_phrase(start):
    start.edit("address", "https://port.exemple.invalid")
    start.forward()
    start.check(True)
    start.forward()
    start.edit("login", "fontaine")
    start.edit("password", "un mot de passe")
    start.edit("proof", "123456")
    start.edit("device_name", "Cabinet 2")
    start.forward()


def test_the_six_steps_lead_to_a_usable_computer(start, installer, qtbot):
    assert start.state.why_not == "Saisissez l'adresse du serveur."
    assert len(start.state.steps) == 6
    walked_to_phrase(start)
    assert start.step is Step.PHRASE
    start.edit("phrase", "loutre velours quatorze brise")
    assert start.state.why_not == "Les deux saisies doivent être identiques."
    start.edit("again", "loutre velours quatorze brise")
    start.forward()
    assert installer.phrase == "loutre velours quatorze brise"
    assert start.state.code == "K7QF-2MNP"
    assert start.state.why_not == "Confirmez que le code est gardé."
    start.check(True)
    start.forward()
    assert start.state.code == ""
    with qtbot.waitSignal(start.finished):
        start.forward()


def walked_to_identity(start):
    start.edit("address", "https://port.exemple.invalid")
    start.forward()
    start.check(True)
    start.forward()
    start.edit("device_name", "Cabinet 2")


def test_row34_the_browser_stands_for_login_password_and_digits(start, installer):
    walked_to_identity(start)
    assert start.state.browser == "Se connecter avec le navigateur"
    start.edit("password", "typed before")
    start.use_browser()
    assert installer.opened == ["https://port.exemple.invalid/sign-in?state=s"]
    assert start.step is Step.PHRASE
    assert start._first.password == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("browser_late", "Rien n'est venu du navigateur en cinq minutes."),
        ("browser_given_up", ""),
        ("sign_in_needed", "refuse"),
    ],
)
def test_a_browser_that_brings_nothing_loses_nothing(start, installer, answer, said):
    installer.answer_of_browser = answer
    walked_to_identity(start)
    start.use_browser()
    assert start.step is Step.IDENTITY
    assert start.state.problem.startswith(said) or said in start.state.problem
    assert {one.key: one.value for one in start.state.fields}["device_name"] == "Cabinet 2"
    installer.answer_of_browser = ""
    start.use_browser()
    assert start.step is Step.PHRASE


def test_a_computer_without_a_browser_says_so_and_listens_no_more(start, installer):
    installer.has_browser = False
    walked_to_identity(start)
    start.use_browser()
    assert start.state.problem.startswith("Aucun navigateur")
    assert installer.given_up == 1


class Kept(InlineLanes):
    """Keeps what waits for the browser, so that the page is seen while it waits."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def browser(self, fn, then, failed=None):
        if then.__name__ == "_enrolled":
            self.waiting.append((fn, then, failed))
            return
        super().browser(fn, then, failed)


def test_while_the_browser_is_awaited_the_page_says_what_to_do_and_lets_go(
    installer, speak, look, qapp, qtbot
):
    lanes = Kept()
    start = StartModel(installer=installer, lanes=lanes, speak=speak, open_page=installer.open_page)
    window = MainWindow(qapp, look)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show_start(start)
    walked_to_identity(start)
    start.use_browser()
    assert start.state.browser == "Ne plus attendre"
    assert start.state.busy.startswith("Votre navigateur affiche la page de votre serveur")
    shown = [label.text() for label in window.findChildren(PlainLabel)]
    assert any(text.startswith("Votre navigateur affiche") for text in shown)
    start.use_browser()
    assert installer.given_up == 1
    _, _, failed = lanes.waiting.pop()
    failed(Refused("browser_given_up"))
    assert start.state.browser == "Se connecter avec le navigateur"
    assert start.state.problem == ""


def test_an_unreachable_server_is_said_in_words_and_nothing_typed_is_lost(start, installer):
    installer.reachable = False
    start.edit("address", "https://port.exemple.invalid")
    start.forward()
    assert start.step is Step.SERVER
    assert start.state.problem.startswith("Le serveur ne répond pas")
    assert start.state.fields[0].value == "https://port.exemple.invalid"


def test_the_identity_of_the_server_stands_in_four_groups_to_compare_by_eye(
    start, qapp, look, qtbot
):
    window = MainWindow(qapp, look)
    qtbot.addWidget(window)
    window.show_start(start)
    start.edit("address", "https://port.exemple.invalid")
    start.forward()
    groups = start.state.fingerprint.split(" ")
    assert [len(group) for group in groups] == [4] * 4
    labels = window.findChildren(PlainLabel)
    code = next(label for label in labels if label.text() == start.state.fingerprint)
    assert code.font().letterSpacing() > 100
    assert code.font().fixedPitch()
    assert any("ces quatre mêmes groupes" in label.text() for label in labels)
    window.close()


def test_plain_http_is_refused_but_for_this_very_computer(start):
    start.edit("address", "http://port.exemple.invalid")
    assert start.state.why_not == "L'adresse doit commencer par https://"
    start.edit("address", "http://127.0.0.1:8000")
    assert start.state.why_not == ""


def test_the_first_screen_states_the_intended_use(start, qapp, look, qtbot):
    window = MainWindow(qapp, look)
    qtbot.addWidget(window)
    window.show_start(start)
    said = " ".join(label.text() for label in window.findChildren(PlainLabel))
    for sentence in intended_use(look.texts):
        assert look.texts.shown(sentence) in said
    assert "Aucune donnée de patient n’est encore sur ce poste." in said
    window.close()


def test_hz25_the_lock_page_says_counts_only_and_forgets_the_phrase(qapp, look, speak, qtbot):
    gate = OpenGate(ManualClock())
    window = MainWindow(qapp, look)
    qtbot.addWidget(window)
    model = LockModel(gate=gate, lanes=InlineLanes(), speak=speak)
    window.show_lock(model)
    assert next(words for _, words in model.state.tiles) == "3 en attente d'envoi"
    assert window.windowTitle() == "Colloque"
    edit = window.lock_view._field.edit
    edit.setText("loutre velours")
    with qtbot.waitSignal(window.unlocked):
        edit.returnPressed.emit()
    assert gate.tried == ["loutre velours"]
    assert edit.text() == ""
    window.close()


def test_a_wrong_phrase_is_said_and_a_locked_keyring_opens_a_dialogue(qapp, look, speak, qtbot):
    gate = OpenGate(ManualClock())
    model = LockModel(gate=gate, lanes=InlineLanes(), speak=speak)
    gate.error = SealBroken()
    model.submit("non")
    assert model.state.problem.startswith("Cette phrase n'ouvre pas la copie")
    gate.error = KeychainError("locked")
    with qtbot.waitSignal(model.keyring) as caught:
        model.submit("oui")
    shown = keyring_state(look.texts, caught.args[0])
    assert shown.title == "Le trousseau est verrouillé"
    model.stop()


@pytest.mark.parametrize("reason", ["absent", "locked", "insecure", "slow", "missing"])
def test_each_trouble_of_the_keyring_has_its_own_words_and_no_silent_way_out(look, reason):
    shown = keyring_state(look.texts, KeychainError(reason))
    others = {
        keyring_state(look.texts, KeychainError(other)).title
        for other in {"absent", "locked", "insecure", "slow", "missing"} - {reason}
    }
    assert shown.title not in others
    assert shown.retry
    assert shown.recovery
    assert shown.leave
