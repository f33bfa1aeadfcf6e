"""The scenes of trouble: a disagreement, a refusal, something not sent, the end of the lease, a new phrase.

They come from real acts (`Troubles`): a colleague writes from a second device while the cable is out, and
days pass by. Where the tour is given no troubles, what the practice holds is shown as it is.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol

from PySide6.QtWidgets import QLineEdit

from dossier.errors import DossierError
from practitioner_app.services.session import Link
from ui.preferences import Preferences, look_of
from ui.session_view import SessionView
from ui.tour_host import LARGE, SMALL, TourHost, Wait

LOOKS = (("fr", "light"), ("fr", "dark"), ("en", "light"))
DAYS_AWAY = 8
LONG_STEPS = 2_000
"""Of an act at the server and of a phrase that is checked: two minutes."""


class Walker(Protocol):
    """What the scenes ask of the tour."""

    host: TourHost
    owner: int | None
    prefix: str

    def shot(self, name: str) -> None: ...
    def settled(self) -> bool: ...
    def lacks(self, what: str) -> None: ...
    def awaits(
        self, what: str, is_there: Wait, *, steps: int = ...
    ) -> Generator[Wait, None, bool]: ...
    def dressed(self, wanted: Preferences, size: tuple[int, int]) -> Iterator[Wait]: ...
    def view(self) -> SessionView: ...
    def record_scene(self, view: SessionView, name: str) -> Iterator[Wait]: ...
    def centre_scene(self, view: SessionView) -> Iterator[Wait]: ...


class _Act:
    """One blocking act on the write lane; whether it is over."""

    def __init__(self, tour: Walker, what: str, act: Callable[[], object]) -> None:
        self.over = self.done = False
        self._tour, self._what = tour, what
        tour.host.context.lanes.write(act, self._done, self._failed)

    def _done(self, _answer: object) -> None:
        self.over = self.done = True

    def _failed(self, error: DossierError) -> None:
        self._tour.lacks(f"{self._what} ({error.key} {error.detail})")
        self.over = True

    def awaited(self) -> Iterator[Wait]:
        yield from self._tour.awaits(self._what, lambda: self.over, steps=LONG_STEPS)


def worn(
    looks: Sequence[tuple[str, str]], more: str = "", size: tuple[int, int] = LARGE
) -> list[tuple[str, Preferences, tuple[int, int]]]:
    """The prefix of the pictures, the preferences and the size of each look."""
    tail = f"_{more}" if more else ""
    return [
        (f"{one}_{theme}{tail}", Preferences(language=one, theme=theme), size)
        for one, theme in looks
    ]


def behind_the_lock(tour: Walker) -> Iterator[Wait]:
    """Behind the lock on its lane: its page has come."""
    yield from _Act(tour, "the lock", lambda: None).awaited()


def apart(tour: Walker, others: Sequence[int]) -> Iterator[Wait]:
    """Two doctors write apart; afterwards there is something to settle and something to fix."""
    troubles, owner = tour.host.troubles, tour.owner
    if troubles is None or owner is None:
        return
    second = _Act(tour, "a second computer of ours", troubles.join)
    yield from second.awaited()
    troubles.pull()
    settle = _Act(tour, "two doctors who write apart", lambda: troubles.disagree(owner))
    yield from settle.awaited()
    where = (*others, owner)
    fix = _Act(tour, "a change that is refused", lambda: troubles.be_refused(where))
    yield from fix.awaited()
    troubles.plug()
    yield from tour.awaits(
        "the verdicts of the server",
        lambda: _told(tour, settle=settle.done, fix=fix.done),
        steps=LONG_STEPS,
    )


def _told(tour: Walker, *, settle: bool, fix: bool) -> bool:
    """The server answered what was done; a record without a treatment leaves nothing to wait for."""
    status = tour.view().models.status.status
    if status is None or status.pending:
        return False
    return (status.conflicts > 0 or not settle) and (status.refused > 0 or not fix)


def unsent(tour: Walker) -> Iterator[Wait]:
    """The cable is out and something waits; every look of the centre and of both versions."""
    host = tour.host
    if host.troubles is not None and tour.owner is not None:
        troubles, owner = host.troubles, tour.owner
        troubles.pull()
        yield from _Act(tour, "something to send", lambda: troubles.write(owner)).awaited()
    for language, theme in (*LOOKS, ("en", "dark")):
        tour.prefix = f"{language}_{theme}"
        yield from tour.dressed(Preferences(language=language, theme=theme), LARGE)
        yield from tour.centre_scene(tour.view())
        if host.troubles is not None:
            yield from tour.record_scene(tour.view(), "record_offline")
            yield from _just_written(tour)
    for name, scale, size in (("small", 100, SMALL), ("large_text", 150, LARGE)):
        tour.prefix = f"fr_light_{name}"
        yield from tour.dressed(Preferences(theme="light", scale=scale), size)
        yield from tour.record_scene(tour.view(), "record")
        yield from tour.centre_scene(tour.view())


def _is_distrusted(tour: Walker) -> bool:
    status = tour.view().models.status.status
    return status is not None and status.connection.link is Link.DISTRUSTED


def distrusted(tour: Walker) -> Iterator[Wait]:
    """Another server answers in the place of ours: the chip and the sentence of the centre; then the cable is out."""
    troubles = tour.host.troubles
    if troubles is None:
        return
    troubles.misdirect()
    for prefix, dress, size in (*worn(LOOKS), *worn(LOOKS[:1], "small", SMALL)):
        tour.prefix = prefix
        yield from tour.dressed(dress, size)
        yield from tour.awaits("a server that is not recognised", lambda: _is_distrusted(tour))
        yield from tour.record_scene(tour.view(), "record_distrusted")
        tour.view().navigator.go("sync")
        yield from tour.awaits(
            "the sending screen", lambda: tour.view().models.centre.state is not None
        )
        yield tour.settled
        tour.shot("sending_distrusted")
    troubles.pull()


def _just_written(tour: Walker) -> Iterator[Wait]:
    """A problem is recorded and taken back: the band that offers it, and the line that waits."""
    view, status = tour.view(), tour.view().models.status
    waiting = status.status.pending if status.status is not None else 0
    view.record_flow.add("problems")
    form = view.models.forms.model
    if form is None:
        tour.lacks("something just written")
        return
    form.edit("label", "Goutte")
    form.submit()
    yield from tour.awaits("the band that offers to undo", view.toast.isVisible)
    yield tour.settled
    tour.shot("just_written")
    view.record_flow.undo()
    yield from tour.awaits(
        "what was taken back",
        lambda: status.status is not None and status.status.pending == waiting,
    )


def after_the_lease(tour: Walker) -> Iterator[Wait]:
    """Eight days go by without the server: the page that says so, then continuity mode."""
    host = tour.host
    if host.troubles is None or not host.phrase:
        return
    window = host.window
    host.troubles.pull()
    host.troubles.pass_days(DAYS_AWAY)
    tour.prefix = "fr_light"
    yield from tour.awaits(
        "the lock page that offers continuity mode",
        lambda: window.lock_view is not None and window.lock_model.state.continuity,
        steps=LONG_STEPS,
    )
    yield from behind_the_lock(tour)
    for language, theme in LOOKS:
        tour.prefix = f"{language}_{theme}"
        yield from _locked(tour, Preferences(language=language, theme=theme), LARGE)
        tour.shot("lease_over")
    tour.prefix = "fr_light_small"
    yield from _locked(tour, Preferences(theme="light"), SMALL)
    tour.shot("lease_over")
    window.lock_model.submit(host.phrase)
    if not (
        yield from tour.awaits(
            "continuity mode",
            lambda: window.session is not None and host.is_open(),
            steps=LONG_STEPS,
        )
    ):
        return
    for prefix, dress, size in (*worn(LOOKS), *worn(LOOKS[:1], "small", SMALL)):
        tour.prefix = prefix
        yield from tour.dressed(dress, size)
        yield from tour.record_scene(tour.view(), "continuity")
        tour.view().navigator.go("sync")
        yield from tour.awaits(
            "the sending screen", lambda: tour.view().models.centre.state is not None
        )
        yield tour.settled
        tour.shot("continuity_sending")
    window.lock_asked.emit()
    yield from tour.awaits(
        "the lock page",
        lambda: window.lock_view is not None and not host.is_open(),
        steps=LONG_STEPS,
    )
    yield from behind_the_lock(tour)


def _locked(tour: Walker, wanted: Preferences, size: tuple[int, int]) -> Iterator[Wait]:
    host = tour.host
    host.window.resize(*size)
    host.window.wear(look_of(wanted, host.zone, system="light"))
    if host.lock is not None:
        host.window.show_lock(host.lock())
    yield tour.settled


def new_phrase(tour: Walker) -> Iterator[Wait]:
    """Lock page, recovery code, the page of the new phrase; left without choosing one."""
    host, window = tour.host, tour.host.window
    if not host.codes.recovery or host.lock is None:
        return
    yield from _locked(tour, Preferences(theme="light"), LARGE)
    window.lock_model.toggle_recovery()
    yield tour.settled
    tour.prefix = "fr_light"
    tour.shot("recovery_code")
    window.lock_model.submit(host.codes.recovery)
    if not (
        yield from tour.awaits(
            "the new phrase", lambda: window.phrase_view is not None, steps=LONG_STEPS
        )
    ):
        return
    for prefix, dress, size in (*worn(LOOKS), *worn(LOOKS[:1], "small", SMALL)):
        tour.prefix = prefix
        window.resize(*size)
        window.wear(look_of(dress, host.zone, system="light"))
        window.show_new_phrase(host.lock().phrase_model())
        assert window.phrase_view is not None
        page = window.phrase_view
        first, again = page.findChildren(QLineEdit)[:2]
        first.setText("autre cascade quinze lanterne")
        again.setText("autre cascade quin")
        yield tour.settled
        tour.shot("new_phrase")
    page.left.emit()
    yield from tour.awaits("the lock page", lambda: window.lock_view is not None)
