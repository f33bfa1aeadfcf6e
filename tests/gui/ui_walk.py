"""A walk through every screen: each key of the registry, each place, each kind of line, each page outside a session."""

from decimal import Decimal

from PySide6.QtWidgets import QApplication

from dossier.fhir.measures import Taken
from dossier.fhir.measures import build as a_measure
from tests.builders import OWNER, SIGNATURE, a_problem, a_result, a_treatment, an_allergy
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate, World
from ui.main_window import MainWindow
from ui.navigation import RECORD, RESULTS, SETTINGS, SYNC, TASKS
from ui.patient.state import Ref
from ui.preferences import Preferences
from ui.sign_in.state import PersonLine
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking

ACTS = frozenset({"send", "undo", "lock"})
"""Keys that open nothing."""
FULL_DAY = (
    {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "type": {"text": "Compte rendu de consultation ou de visite"},
        "date": "2026-11-23T06:41:00Z",
        "author": [{"reference": "Practitioner/absent", "display": "Dr Claire BERTHELOT"}],
        "description": "Compte rendu de cardiologie",
        "content": [{"attachment": {"contentType": "text/plain", "creation": "2026-11-12"}}],
        "text": {
            "status": "additional",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Chère consœur,</p>'
            "<p>PA 136/80 mmHg, pas de signe d'insuffisance cardiaque.</p></div>",
        },
    },
    {
        "resourceType": "ClinicalImpression",
        "id": "n1",
        "status": "completed",
        "description": "Malaise au lever",
        "effectiveDateTime": "2026-11-14T10:20:00Z",
        "summary": "PA 104/62 mmHg debout, 118/70 assise.\nDemi-dose jusqu'à la consultation.",
    },
)


def full_world(qapp):
    """Two patients, one with something in every list, and two versions of a treatment to settle."""
    world = World(qapp)
    hold = world.store.hold
    hold(OWNER, an_allergy(), an_allergy("a2", "ibuprofène", reactions=("bronchospasme",)))
    hold(OWNER, a_problem(), a_problem("c2", "Hypertension artérielle essentielle"))
    hold(OWNER, a_problem("c3", "Maladie rénale chronique, stade 3"))
    hold(
        OWNER,
        a_treatment("t2", "atorvastatine", strength=Decimal(20), strength_unit="mg"),
        *FULL_DAY,
    )
    for place, (at, value) in enumerate((("2024-10-15", 7.1), ("2025-10-14", 7.0))):
        hold(OWNER, a_result(f"h{place}", value=value, low=4, high=6, at=f"{at}T08:00:00+01:00"))
    hold(OWNER, a_result("h9", value=7.4, low=4, high=6))
    for day, weight in (("2026-10-27", "81"), ("2026-11-20", "79")):
        number = Decimal(weight)
        taken = Taken(code="29463-7", label="Poids", number=number, unit="kg", ucum="kg")
        measured = a_measure(
            taken, rid=f"w{weight}", patient="Patient/p1", at=day, signature=SIGNATURE
        )
        hold(OWNER, measured)
    world.disagree()
    return world


def a_window(qapp, qtbot, world, language="fr", *, dark=False, scale=100, size=(1280, 800)):
    """A session of this world on a small laptop's screen."""
    window = MainWindow(qapp, a_look(language, dark=dark, scale=scale))
    qtbot.addWidget(window)
    window.resize(*size)
    theme = "dark" if dark else "light"
    chosen = Preferences(theme=theme, language=language, scale=scale)
    window.show_session(world.context(), chosen)
    window.show()
    window.activateWindow()
    QApplication.processEvents()
    return window


def screens(window, world):
    """Walk; a name at each screen, which then stands in the window."""
    yield "no record"
    for place in (RESULTS, TASKS, SYNC, SETTINGS):
        window.session.overlay_flow.run(place)
        yield place
    yield from _of_the_record(window)
    yield from _behind_keys(window)
    window.session.sync_flow.settle("mine")
    yield "two versions"
    yield from _outside(window, world)


def _of_the_record(window):
    session = window.session
    session.record_flow.open(OWNER)
    yield "record"
    refs = [row.refs[0] for row in session.models.record.state.record.timeline if row.refs]
    seen = set()
    for ref in (*refs, Ref("AllergyIntolerance", "a1"), Ref("Condition", "c1")):
        if ref.rtype not in seen:
            seen.add(ref.rtype)
            session.models.record.choose(ref)
            yield f"beside, {ref.rtype}"


def _behind_keys(window):
    """Each key from a freshly opened record; what it opened is closed by Escape's own way."""
    for command in window.session.commands:
        session = window.session
        if command.key in ACTS:
            continue
        session.overlay_flow.close()
        session.models.forms.drop()
        session.navigator.go(RECORD)
        session.record_flow.open(OWNER)
        session.overlay_flow.run(command.key)
        yield f"key {command.key}"
    window.session.overlay_flow.close()
    window.session.models.forms.drop()
    window.session.record_flow.open(OWNER)


def _outside(window, world):
    look = window.look

    def speak():
        return Speaking(look.texts, look.formats, world.clock.now())

    window.show_lock(LockModel(gate=OpenGate(world.clock), lanes=world.lanes, speak=speak))
    yield "lock"
    window.show_people(
        (
            PersonLine("", "Dr Claire FONTAINE", "Maison de santé du Port", "Cabinet 2", True),
            PersonLine("b", "Dr Hugues LEMAIRE", "Maison de santé du Port", "Cabinet 2"),
        )
    )
    yield "people"
