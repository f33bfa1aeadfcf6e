"""The summary page: one page from the record, filed as it is seen, exported by an act of its own (LST-11, EUR-01)."""

from base64 import b64decode
from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from dossier.fhir import lifestyle
from practitioner_app.ports import ChangeSet
from practitioner_app.services.exports import EXPORT
from tests.builders import OTHER_OWNER, OWNER, SIGNATURE, a_problem, a_result, an_allergy
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.navigation import RECORD
from ui.patient.state import Action, Ref
from ui.preferences import Preferences
from ui.summaries_flow import SUMMARY
from ui.widgets.confirm import Confirm

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def world(qapp):
    world = World(qapp)
    world.store.hold(
        OWNER,
        an_allergy(),
        a_problem("c1", ald=True, ald_number="8", since="2017"),
        a_result("h1"),
    )
    return world


@pytest.fixture
def window(world, qapp, qtbot):
    made = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    made.show_session(world.context(), Preferences())
    made.show()
    yield made
    made.close()


@pytest.fixture
def session(window, qtbot):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("summary")
    qtbot.waitUntil(lambda: bool(session.summary_flow.model.state.pdf))
    return session


def words(session):
    return session.summary_flow.view.paper.preview.page_text().replace("\u00a0", " ")


def ops(world, kind):
    return [entry.op for entry in world.store.ops if entry.op.kind == kind]


def test_the_summary_is_one_page_with_allergies_treatments_and_problems(session):
    assert session.summary_flow.view.paper.preview.count == 1
    said = words(session)
    for part in ("pénicilline", "urticaire", "metformine", "Diabète de type 2", "ALD 8", "HbA1c"):
        assert part in said
    assert "Personne ne peut exiger ces informations" in said
    assert "Certaines informations" in said


def test_hz01_the_summary_stands_under_the_banner_of_its_patient_and_leaves_with_it(session):
    assert session.navigator.place == SUMMARY
    assert session.frame.banner.isVisible()
    assert "MARTINEAU" in session.frame.banner.accessibleName()
    session.record_flow.open(OTHER_OWNER)
    assert session.summary_flow.model.state.owner is None
    assert session.summary_flow.view.paper.preview.count == 0


def test_hz13_what_is_filed_is_the_page_in_sight(session, world, qtbot):
    shown = session.summary_flow.model.state.pdf
    qtbot.keyClick(
        session.summary_flow.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    (op,) = ops(world, "create")
    body = msgspec.json.decode(bytes(op.body))
    assert body["resourceType"] == "DocumentReference"
    assert body["type"]["coding"][0]["code"] == "60591-5"
    assert b64decode(body["content"][0]["attachment"]["data"]) == shown
    assert session.summary_flow.view.file.text().startswith("Classé")
    qtbot.keyClick(
        session.summary_flow.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert len(ops(world, "create")) == 1


def test_an_allergy_that_arrives_is_on_the_page_before_it_is_filed(session, world, qtbot):
    world.store.hold(OWNER, an_allergy("a2", "ibuprofène"))
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"AllergyIntolerance"})}))
    qtbot.waitUntil(lambda: "ibuprofène" in words(session))


def test_eur_01_an_export_is_asked_twice_journalled_and_written_for_this_user_alone(
    session, world, qtbot, tmp_path
):
    session.summary_flow.view.export.click()
    question = session.findChild(Confirm)
    assert question.isVisible()
    assert not list(tmp_path.iterdir())
    question.accept()
    qtbot.waitUntil(lambda: session.findChild(QFileDialog) is not None)
    session.findChild(QFileDialog).close()
    file = tmp_path / "synthese.json"
    session.summary_flow.model.export(file)
    bundle = msgspec.json.decode(file.read_bytes())
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "document")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [op.reason for op in ops(world, "opened")][-1] == EXPORT
    assert not list(tmp_path.glob(".*"))


def test_an_export_that_cannot_be_written_is_said_and_leaves_nothing(session, tmp_path):
    said = []
    session.summary_flow.model.refused.connect(said.append)
    session.summary_flow.model.export(tmp_path / "nowhere" / "x.json")
    assert said
    assert "n'a pas pu" in said[0]


def test_hz13_the_summary_in_sight_is_printed_the_very_bytes_by_keys(session, world, qtbot):
    pdf = session.summary_flow.model.state.pdf
    session.overlay_flow.run("print")
    qtbot.keyClick(session.print_flow.dialog, Qt.Key.Key_Return)
    session.summary_flow.view.print.click()
    qtbot.keyClick(session.print_flow.dialog, Qt.Key.Key_Escape)
    ((printed, printer, title, copies),) = world.printing.printed
    assert printed == pdf
    assert (printer, title, copies) == ("Accueil", "Colloque", 1)


def test_a_filed_summary_is_printed_from_the_record_but_not_corrected_there(session, world):
    session.summary_flow.view.file.click()
    (op,) = [one for one in ops(world, "create") if one.rtype == "DocumentReference"]
    session.navigator.go(RECORD)
    session.models.record.choose(Ref(op.rtype, op.id))
    detail = session.models.record.state.detail
    assert detail.ref.rtype == "DocumentReference"
    offered = [one.action for one in detail.actions]
    assert Action.PRINT in offered
    assert not {Action.EDIT, Action.ERROR} & set(offered)


def test_escape_goes_back_to_the_record_and_nothing_of_the_page_stays(session, qtbot):
    qtbot.keyClick(session.summary_flow.view, Qt.Key.Key_Escape)
    assert session.navigator.place == "record"
    assert session.summary_flow.view.paper.preview.count == 0


def test_a_full_record_leaves_out_results_and_says_so_but_no_problem(world, window):
    names = [f"Problème numéro {n}" for n in range(24)]
    world.store.hold(OWNER, *(a_problem(f"p{n}", name) for n, name in enumerate(names)))
    world.store.hold(OWNER, *(a_result(f"r{n}", f"{n}-1", label=f"Analyse {n}") for n in range(60)))
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("summary")
    state = session.summary_flow.model.state
    assert all(name in state.text for name in names)
    assert "autres, dans le dossier" in state.text
    assert any("ne tiennent pas" in line for line in state.said)


def test_the_pack_years_stand_with_tobacco(world, window):
    smoked = lifestyle.build(
        lifestyle.NewHabit(
            habit=lifestyle.Habit.TOBACCO,
            label="Tabac",
            text="Ex-fumeuse",
            pack_years=Decimal(18),
        ),
        rid="tobacco",
        patient="Patient/p1",
        at="2026-11-03",
        signature=SIGNATURE,
    )
    world.store.hold(OWNER, smoked)
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("summary")
    said = session.summary_flow.model.state.text.replace("\u00a0", " ")
    assert "18 paquets-années" in said


def test_an_export_never_writes_through_what_lies_in_its_place(session, tmp_path):
    victim, file = tmp_path / "victim", tmp_path / "synthese.json"
    victim.write_bytes(b"before")
    (tmp_path / ".synthese.json.part").symlink_to(victim)
    file.symlink_to(victim)
    session.summary_flow.model.export(file)
    assert victim.read_bytes() == b"before"
    assert not file.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
