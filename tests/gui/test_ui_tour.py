"""The tour opens every screen of a real session and saves a picture of each."""

import pytest

from tests.gui.ui_samples import PARIS, a_look
from tests.gui.ui_world import OpenGate, World
from ui.main_window import MainWindow
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking
from ui.tour import Tour
from ui.tour_host import TourHost


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_tour_saves_every_screen_in_both_themes_and_languages(qapp, qtbot, tmp_path):
    world = World(qapp)
    world.disagree()
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show()

    def lock():
        look = window.look

        def speak():
            return Speaking(look.texts, look.formats, world.clock.now())

        return LockModel(gate=OpenGate(world.clock), lanes=world.lanes, speak=speak)

    host = TourHost(window=window, context=world.context(), zone=PARIS, lock=lock)
    tour = Tour(host, tmp_path, step_ms=5)
    with qtbot.waitSignal(tour.finished, timeout=60_000) as done:
        tour.begin()
    names = {path.stem for path in tmp_path.iterdir()}
    assert done.args == [len(names)]
    for language in ("fr", "en"):
        for theme in ("light", "dark"):
            for scene in ("record", "find_a_patient", "sending", "two_versions", "add_allergies"):
                assert f"{language}_{theme}_{scene}" in names
    assert "fr_dark_lock" in names
    assert all(path.stat().st_size > 5_000 for path in tmp_path.iterdir())
    window.close()
