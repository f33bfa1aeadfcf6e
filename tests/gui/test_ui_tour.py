"""The tour opens every screen of a real session, saves a picture of each, and says what it could not show."""

import pytest

from tests.builders import OWNER, a_treatment
from tests.gui.ui_samples import PARIS, a_look
from tests.gui.ui_world import OpenGate, World
from ui import tour_writing
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.sign_in.state import PersonLine
from ui.sign_in.view_model import LockModel
from ui.speaking import Speaking
from ui.tour import Tour
from ui.tour_host import LARGE, TourHost, TourReport
from ui.tour_trouble import LOOKS


class Sending(Tour):
    """Of all scenes, the one that sends and settles."""

    def _everything(self):
        self.prefix = "fr_light"
        yield from self.dressed(Preferences(theme="light"), LARGE)
        yield from self.centre_scene(self.view())


class InFrench(Tour):
    """Of all scenes, those of a day, in one language."""

    language = "fr"

    def _everything(self):
        yield from self._in_language(self.language)


class InEnglish(InFrench):
    language = "en"


class Outside(Tour):
    """Of all scenes, those that follow the day."""

    def _everything(self):
        yield from self._outside()


class Writing(Tour):
    """Of all scenes, those of what is written, in every look that could show them."""

    def _everything(self):
        for language, theme in (*LOOKS, ("en", "dark")):
            self.prefix = f"{language}_{theme}"
            yield from self.dressed(Preferences(language=language, theme=theme), LARGE)
            self.view().record_flow.open(self.owner)
            yield from tour_writing.scenes(self)
        yield from tour_writing.in_sizes(self)


def toured(qapp, qtbot, world, folder, lanes=None, kind=Tour):
    """Walk the tour of this world; the report and the names of the pictures."""
    window = MainWindow(qapp, a_look("fr"))
    qtbot.addWidget(window)
    window.show()
    here = (PersonLine("", "Dr Claire FONTAINE", "Maison de santé du Port", "Cabinet 2", True),)
    window.people_asked.connect(lambda: window.show_people(here))

    def lock():
        look = window.look

        def speak():
            return Speaking(look.texts, look.formats, world.clock.now())

        return LockModel(gate=OpenGate(world.clock), lanes=world.lanes, speak=speak)

    context = world.context() if lanes is None else world.context(lanes=lanes)
    host = TourHost(window=window, context=context, zone=PARIS, lock=lock)
    tour = kind(host, folder, step_ms=2)
    with qtbot.waitSignal(tour.finished, timeout=60_000) as done:
        tour.begin()
    window.close()
    return done.args[0], {path.stem for path in folder.iterdir()}


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("kind", [InFrench, InEnglish])
def test_the_tour_saves_what_is_done_in_a_day_in_both_themes(qapp, qtbot, tmp_path, kind):
    report, names = toured(qapp, qtbot, World(qapp), tmp_path, kind=kind)
    assert report.pictures == len(names)
    assert not report.late
    for theme in ("light", "dark"):
        for scene in ("record", "find_a_patient", "add_allergies", "settings"):
            assert f"{kind.language}_{theme}_{scene}" in names
    assert f"{kind.language}_light, results to sign" in report.lacking
    assert all(path.stat().st_size > 5_000 for path in tmp_path.iterdir())


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_tour_shows_each_writing_page_once_and_its_two_densest_in_more_looks(
    qapp, qtbot, tmp_path
):
    world = World(qapp)
    world.store.hold(OWNER, a_treatment("t2", substance="ramipril"))
    report, names = toured(qapp, qtbot, world, tmp_path, kind=Writing)
    assert not report.late
    first = {"medical_summary", "prescription_search", "write_letter", "ordered_never_came_back"}
    assert {f"fr_light_{one}" for one in first} <= names
    for look in ("fr_light", "fr_dark", "en_light", "fr_light_small", "fr_light_large_text"):
        assert {f"{look}_prescription", f"{look}_note"} <= names
    assert not {one for one in names if one.startswith("en_dark")}
    assert world.context().services.drafts.all() == ()
    assert not [entry for entry in world.store.pending() if entry.rtype]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_tour_sends_settles_and_locks_in_every_look(qapp, qtbot, tmp_path):
    world = World(qapp)
    world.disagree()
    report, names = toured(qapp, qtbot, world, tmp_path, kind=Outside)
    assert report.pictures == len(names)
    assert not report.late
    for language in ("fr", "en"):
        for theme in ("light", "dark"):
            assert {f"{language}_{theme}_sending", f"{language}_{theme}_two_versions"} <= names
    assert {"fr_dark_lock", "fr_dark_lock_people"} <= names


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_scene_that_the_practice_cannot_show_is_in_the_report(qapp, qtbot, tmp_path):
    report, names = toured(qapp, qtbot, World(qapp), tmp_path, kind=Sending)
    assert not report.is_whole
    assert (report.late, report.lacking) == ((), ("fr_light, two versions",))
    assert names == {"fr_light_sending"}


class Deaf:
    """Lanes on which one question is never answered; the others as ever."""

    def __init__(self, lanes, key):
        self._lanes, self._key = lanes, key

    def read(self, fn, then, failed=None, key=None):
        if key != self._key:
            self._lanes.read(fn, then, failed, key)

    def write(self, fn, then=None, failed=None):
        self._lanes.write(fn, then, failed)

    def blobs(self, fn, then, failed=None, key=None):
        self._lanes.blobs(fn, then, failed, key)

    def browser(self, fn, then, failed=None):
        self._lanes.browser(fn, then, failed)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_screen_that_never_comes_is_named_as_late(qapp, qtbot, tmp_path):
    world = World(qapp)
    deaf = Deaf(world.lanes, "sync.centre")
    report, _ = toured(qapp, qtbot, world, tmp_path, deaf, kind=Sending)
    assert not report.is_whole
    assert report.late == ("fr_light, the sending screen",)
    assert "Late: fr_light, the sending screen." in report.sentences()


def test_a_tour_is_whole_only_with_pictures_and_nothing_late_or_lacking():
    assert TourReport(pictures=1).is_whole
    assert not TourReport(pictures=0).is_whole
    assert not TourReport(pictures=1, late=("a",)).is_whole
    assert not TourReport(pictures=1, lacking=("a",)).is_whole
