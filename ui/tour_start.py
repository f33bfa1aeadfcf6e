"""The scenes outside a session: the first start up to the six digits, an activation, the lock page as F12 leaves it.

The server that answers is the one of the tour. Each look begins again and stops before the enrolment; one
computer more is enrolled for the page of the phrase, and no profile of it is made.
"""

from collections.abc import Iterator, Sequence

from PySide6.QtWidgets import QLineEdit

from practitioner_app.services.first_start import Step
from ui.main_window import MainWindow
from ui.preferences import Preferences, look_of
from ui.sign_in.view_model import StartModel
from ui.tour_host import LARGE, SMALL, Wait
from ui.tour_trouble import LONG_STEPS, LOOKS, Walker, behind_the_lock, worn

DIGITS = "492 817"


def first_start(tour: Walker) -> Iterator[Wait]:
    """Address, fingerprint, identity with the six digits; then the pages of an activation code."""
    if tour.host.start is None:
        return
    for prefix, wanted, size in (*worn(LOOKS), *worn((("fr", "light"),), "small", SMALL)):
        tour.prefix = prefix
        yield from _pages(tour, wanted, size)
    if tour.host.troubles is not None:
        yield from _phrase_page(tour, *tour.host.troubles.identity())


def _phrase_page(tour: Walker, login: str, password: str, digits: str) -> Iterator[Wait]:
    """The server knows one computer more; its phrase is typed in every look, and nothing is written here."""
    host, window = tour.host, tour.host.window
    assert host.start is not None
    model = host.start()
    window.show_start(model)
    model.forward()
    yield from tour.awaits("the fingerprint", lambda: model.step is Step.CHECK)
    model.check(on=True)
    model.forward()
    yield from tour.awaits("the six digits", lambda: model.step is Step.IDENTITY)
    typed(window, (login, password, digits, "Cabinet 2"))
    model.forward()
    if not (yield from tour.awaits("the phrase", lambda: model.step is Step.PHRASE)):
        return
    for prefix, wanted, size in (*worn(LOOKS), *worn((("fr", "light"),), "small", SMALL)):
        tour.prefix = prefix
        window.resize(*size)
        window.wear(look_of(wanted, host.zone, system="light"))
        window.show_start(model)
        typed(window, ("cascade lanterne verger octobre", "cascade lanterne verger oct"))
        yield tour.settled
        tour.shot("first_start_phrase")


def _pages(tour: Walker, wanted: Preferences, size: tuple[int, int]) -> Iterator[Wait]:
    host, window = tour.host, tour.host.window
    assert host.start is not None
    window.resize(*size)
    window.wear(look_of(wanted, host.zone, system="light"))
    window.show_start(host.start(erased=True))
    yield tour.settled
    tour.shot("first_start_erased")
    model = host.start()
    window.show_start(model)
    yield tour.settled
    tour.shot("first_start")
    model.forward()
    if not (yield from tour.awaits("the fingerprint", lambda: model.step is Step.CHECK)):
        return
    yield tour.settled
    tour.shot("first_start_server")
    model.check(on=True)
    model.forward()
    if not (yield from tour.awaits("the six digits", lambda: model.step is Step.IDENTITY)):
        return
    typed(window, (host.codes.newcomer, "un mot de passe assez long", DIGITS, "Cabinet 2"))
    yield tour.settled
    tour.shot("first_start_identity")
    yield from _by_browser(tour, model)
    model.toggle_activation()
    typed(window, (host.codes.newcomer, host.codes.activation))
    yield tour.settled
    tour.shot("activation_code")
    if not host.codes.activation:
        tour.lacks("a new password: nobody has an activation code")
        return
    model.forward()
    if (yield from tour.awaits("the authenticator", lambda: bool(model.state.seed))):
        typed(window, ("trop court", "", DIGITS))
        yield tour.settled
        tour.shot("activation_password")


def _by_browser(tour: Walker, model: StartModel) -> Iterator[Wait]:
    """The page of the server is awaited in the person's browser; then nobody waits any more."""
    if not model.state.browser:
        tour.lacks("signing in with the browser")
        return
    model.use_browser()
    yield from tour.awaits("the browser", lambda: model.is_awaiting_browser)
    yield tour.settled
    tour.shot("first_start_browser")
    model.use_browser()
    yield from tour.awaits("the way back from the browser", lambda: not model.state.busy)


def typed(window: MainWindow, texts: Sequence[str]) -> None:
    """Into the fields of the page, from the top."""
    assert window.start_view is not None
    for edit, text in zip(window.start_view.findChildren(QLineEdit), texts, strict=False):
        edit.setText(text)


def locked(tour: Walker) -> Iterator[Wait]:
    """F12 with things waiting: what the page counts, in every look; then the phrase again."""
    host, window = tour.host, tour.host.window
    if host.lock is None:
        return
    if host.phrase:
        window.lock_asked.emit()
        yield from tour.awaits(
            "the lock page",
            lambda: window.lock_view is not None and not host.is_open(),
            steps=LONG_STEPS,
        )
        yield from behind_the_lock(tour)
    for prefix, wanted, size in (*worn((*LOOKS, ("en", "dark"))), *worn(LOOKS[:1], "small", SMALL)):
        tour.prefix = prefix
        window.resize(*size)
        window.wear(look_of(wanted, host.zone, system="light"))
        window.show_lock(host.lock())
        yield tour.settled
        tour.shot("lock")
        window.people_asked.emit()
        yield from tour.awaits("the list of persons", lambda: window.people_view is not None)
        yield tour.settled
        tour.shot("lock_people")
        window.show_lock(host.lock())
    if host.phrase:
        tour.prefix = "fr_light"
        window.resize(*LARGE)
        window.lock_model.submit(host.phrase)
        yield from tour.awaits(
            "the session", lambda: window.session is not None and host.is_open(), steps=LONG_STEPS
        )
