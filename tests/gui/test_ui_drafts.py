"""What is being typed is kept: by the clock, at a lock, at a crash; and opens again where it was."""

import pytest
from PySide6.QtCore import Qt

from dossier.errors import DiskFull
from practitioner_app.ports import Topic
from practitioner_app.services.drafts import Slot
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.test_ui_session import press, type_into
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import OpenGate, World
from ui.drafting import CEILING_MS, QUIET_MS, Drafting
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
NOTE = Slot(kind="note", owner=OWNER)


@pytest.fixture
def world(qapp):
    return World(qapp)


@pytest.fixture
def drafts(world):
    return world.context().services.drafts


@pytest.fixture
def window(world, qapp, qtbot):
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show_session(world.context(), Preferences())
    window.show()
    yield window
    window.close()


class HeldLanes:
    """Writes wait until they are let go; one may be refused."""

    def __init__(self):
        self.waiting = []

    def write(self, fn, then=None, failed=None):
        self.waiting.append((fn, then, failed))

    def let_go(self, error=None):
        fn, then, failed = self.waiting.pop(0)
        if error is not None:
            failed(error)
            return
        done = fn()
        if then is not None:
            then(done)


def test_a_key_press_is_kept_within_the_pause_and_not_before(world, drafts, qtbot):
    typed = {"reason": "t"}
    pen = Drafting(drafts, world.lanes, NOTE, lambda: typed)
    pen.typed()
    assert drafts.find(NOTE) == {}
    assert not pen.is_kept
    with qtbot.waitSignal(pen.kept, timeout=20 * QUIET_MS):
        typed = {"reason": "toux"}
    assert drafts.find(NOTE) == {"reason": "toux"}
    assert pen.is_kept


def test_who_types_without_a_pause_is_never_a_second_behind(drafts):
    """The pause begins again at each key, the ceiling does not; together with a save they stay below 1 s."""
    lanes = HeldLanes()
    pen = Drafting(drafts, lanes, NOTE, lambda: {"reason": "toux"})
    pen.typed()
    ceiling = pen._ceiling.remainingTime()
    for _ in range(50):
        pen.typed()
        assert pen._quiet.remainingTime() >= 0.9 * QUIET_MS
    assert pen._ceiling.remainingTime() <= ceiling <= CEILING_MS <= 700
    pen._ceiling.timeout.emit()
    assert len(lanes.waiting) == 1


def test_one_save_is_under_way_at_a_time_and_the_last_word_is_saved(drafts):
    lanes, typed = HeldLanes(), {"reason": "a"}
    pen = Drafting(drafts, lanes, NOTE, lambda: typed)
    for word in ("ab", "abc"):
        typed = {"reason": word}
        pen.typed()
        pen._quiet.timeout.emit()
    assert len(lanes.waiting) == 1
    pen._quiet.stop()
    pen._ceiling.stop()
    lanes.let_go()
    assert drafts.find(NOTE) == {"reason": "ab"}
    lanes.let_go()
    assert drafts.find(NOTE) == {"reason": "abc"}
    assert lanes.waiting == []


def test_a_refused_save_is_said_and_tried_again(drafts, qtbot):
    lanes = HeldLanes()
    pen = Drafting(drafts, lanes, NOTE, lambda: {"reason": "toux"})
    pen.typed()
    pen.flush()
    with qtbot.waitSignal(pen.failed) as told:
        lanes.let_go(DiskFull())
    assert isinstance(told.args[0], DiskFull)
    assert not pen.is_kept
    pen._ceiling.timeout.emit()
    lanes.let_go()
    assert drafts.find(NOTE) == {"reason": "toux"}


def test_drafts_are_listed_with_their_patient_and_hour_and_announced_once(world, drafts):
    heard = []
    world.changes.published.connect(heard.append)
    drafts.keep(NOTE, {"reason": "toux"})
    world.clock.advance(60)
    drafts.keep(Slot(kind="allergy", owner=OTHER_OWNER), {"agent": "latex"})
    drafts.keep(Slot(kind="allergy", owner=OTHER_OWNER), {"agent": "latex, gants"})
    assert sum(change.about(Topic.DRAFTS) for change in heard) == 2
    lines = drafts.all()
    assert [(line.slot.kind, line.patient.owner, line.values) for line in lines] == [
        ("allergy", OTHER_OWNER, {"agent": "latex, gants"}),
        ("note", OWNER, {"reason": "toux"}),
    ]
    assert lines[0].at > lines[1].at
    assert [line.slot for line in drafts.of(OWNER)] == [NOTE]
    drafts.keep(NOTE, {})
    assert drafts.of(OWNER) == ()


def test_law_8_a_draft_of_a_record_that_left_this_computer_is_still_listed(drafts):
    drafts.keep(Slot(kind="note", owner=999), {"reason": "toux"})
    [line] = drafts.all()
    assert line.patient is None
    assert line.values == {"reason": "toux"}


def test_a_refused_act_keeps_its_draft_and_a_done_one_ends_it(world, drafts):
    drafts.keep(NOTE, {"reason": "toux"})

    def refused():
        raise DiskFull

    with pytest.raises(DiskFull):
        drafts.finish(NOTE, refused)
    assert drafts.find(NOTE) == {"reason": "toux"}
    assert drafts.finish(NOTE, lambda: "done") == "done"
    assert drafts.all() == ()


@pytest.mark.parametrize(
    ("command", "field", "word"),
    [
        ("add:allergies", "agent", "latex"),
        ("add:problems", "label", "Goutte"),
        ("add:history", "label", "Appendicectomie"),
        ("add:treatments", "substance", "ramipril"),
    ],
)
def test_a_form_half_filled_at_a_lock_opens_again_where_it_was(window, world, command, field, word):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run(command)
    type_into(session.record_view.panel.field(field).edit, word)
    window.show_lock(_lock_model(world))
    assert [line.values for line in world.context().services.drafts.all()] == [{field: word}]
    window.show_session(world.context(), Preferences())
    again = window.session
    assert again is not session
    assert again.models.record.state.owner == OWNER
    assert again.record_view.panel.field(field).value() == word
    assert again.models.forms.model.state.draft_found


def test_a_half_given_reason_and_a_correction_open_again_too(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:problems")
    session.models.forms.model.edit("label", "Goutte")
    session.models.forms.model.submit()
    drafts = world.context().services.drafts
    rid = next(i.id for i in world.store.pending() if i.rtype == "Condition")
    for slot, field in (
        (Slot(kind="problem", owner=OWNER, about=rid), "note"),
        (Slot(kind="reason", owner=OWNER, about=f"Condition:{rid}"), "reason"),
        (Slot(kind="day", owner=OWNER, about=f"Condition:{rid}"), "day"),
    ):
        drafts.keep(slot, {field: "mots"})
        session.drafts_flow.open(slot)
        assert session.record_view.panel.field(field).value() == "mots"
        assert session.models.forms.model.slot == slot
    session.drafts_flow.open(Slot(kind="problem", owner=OWNER, about="gone"))
    assert session.models.forms.model is None
    assert "n’est plus là" in session.toast.accessibleName()


def test_a_form_that_the_person_closed_stays_a_draft_and_opens_at_no_unlock(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    type_into(session.record_view.panel.field("agent").edit, "latex")
    press(session.record_view.panel, Qt.Key.Key_Escape)
    window.show_lock(_lock_model(world))
    window.show_session(world.context(), Preferences())
    assert window.session.models.record.state.owner is None
    assert [line.values for line in world.context().services.drafts.all()] == [{"agent": "latex"}]


def test_recording_a_form_ends_its_draft_in_the_same_act(window, world):
    session = window.session
    session.record_flow.open(OWNER)
    session.overlay_flow.run("add:allergies")
    type_into(session.record_view.panel.field("agent").edit, "latex")
    session.models.forms.model.keep_draft()
    assert world.context().services.drafts.all()
    press(session.record_view.panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert world.context().services.drafts.all() == ()
    assert [i.rtype for i in world.store.pending() if i.rtype] == ["AllergyIntolerance"]
    window.show_lock(_lock_model(world))
    window.show_session(world.context(), Preferences())
    assert window.session.models.forms.model is None


def _lock_model(world):
    look = a_look("fr")
    speaking = Speaking(look.texts, look.formats, world.clock.now(), True)
    return LockModel(gate=OpenGate(world.clock), lanes=world.lanes, speak=lambda: speaking)
