"""A walk through two records whose answers arrive late and in any order (HZ-01, HZ-17)."""

from random import Random

import pytest

from practitioner_app.runtime.lanes import InlineLanes
from tests.builders import OTHER_OWNER, OWNER
from tests.gui.test_ui_stream import a_letter
from tests.gui.ui_samples import a_look
from tests.gui.ui_world import World
from ui.main_window import MainWindow
from ui.patient.detail import DetailPanel
from ui.patient.state import Ref
from ui.preferences import Preferences

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
STEPS = 200
MARKS = {OWNER: "ALPHA", OTHER_OWNER: "BETA"}


class LateLanes(InlineLanes):
    """Reads wait until they are let go, in an order drawn at random; none replaces another."""

    def __init__(self, random):
        super().__init__()
        self.random, self.waiting = random, []

    def read(self, fn, then, failed=None, key=None):
        self.waiting.append((fn, then, failed))

    def let_one_go(self):
        if self.waiting:
            place = self.random.randrange(len(self.waiting))
            super().read(*self.waiting.pop(place))


def told(session):
    """Everything the record screen says, by where it says it."""
    view, banner = session.record_view, session.frame.banner
    words = {"timeline": " ".join(row.words for row in view.timeline.model.rows)}
    for panel in view.findChildren(DetailPanel):
        if panel.isVisibleTo(view) and panel._state is not None:
            words["pinned" if panel._pinned else "panel"] = panel._state.title
    return banner.owner if banner.isVisibleTo(session) else None, words


def step(session, random):
    """One intent of a hurried person."""
    model, owner = session.models.record, random.choice([OWNER, OTHER_OWNER])
    mostly_here = model.state.owner if model.state.owner and random.random() < 0.8 else owner
    some = Ref("DocumentReference", f"{mostly_here}-{random.randrange(3)}")
    acts = [
        lambda: session.record_flow.open(owner),
        lambda: session.record_flow.open(owner, some),
        *[lambda: model.choose(some)] * 3,
        *[lambda: session.overlay_flow.run("pin")] * 3,
        lambda: session.overlay_flow.run("next_unread"),
        lambda: session.overlay_flow.run("toggle_unread"),
        lambda: session.overlay_flow.run("close_record"),
        lambda: model.search(random.choice(["", "lettre", "ALPHA", "BETA"])),
        lambda: model.filter(random.choice(["all", "letters", "unread"])),
        model.unpin,
        model.refresh,
    ]
    random.choice(acts)()


@pytest.mark.parametrize("seed", range(3))
def test_hz01_banner_timeline_and_panels_are_of_one_patient_whatever_arrives_when(
    qapp, qtbot, seed
):
    random = Random(seed)
    world = World(qapp)
    world.lanes = LateLanes(random)
    for owner, mark in MARKS.items():
        letters = (a_letter(f"{owner}-{n}", f"lettre {mark} {n}") for n in range(3))
        world.store.hold(owner, *letters)
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.resize(1600, 900)
    window.show_session(world.context(), Preferences())
    window.show()
    session, seen = window.session, set()
    for number in range(STEPS):
        step(session, random)
        for _ in range(random.randrange(4)):
            world.lanes.let_one_go()
        owner, words = told(session)
        said = " ".join(words.values())
        wrong = [mark for one, mark in MARKS.items() if mark in said and one != owner]
        assert not wrong, (number, owner, words)
        seen |= {(owner, where) for where, text in words.items() if MARKS.get(owner, "?") in text}
    assert {where for _, where in seen} == {"timeline", "panel", "pinned"}, "the walk saw it all"
    assert {one for one, _ in seen} == set(MARKS)
    window.close()
