"""The scenes of what is to be signed: the list with no record open, the alert value above the results of its patient."""

from collections.abc import Iterator

from ui.navigation import RECORD, RESULTS, TASKS
from ui.preferences import Preferences
from ui.tour_host import LARGE, SMALL, Wait
from ui.tour_trouble import Walker


def to_sign(tour: Walker) -> Iterator[Wait]:
    """The results page as it opens in the morning: its first line is the most urgent."""
    view = tour.view()
    reviews, results = view.models.reviews, view.models.results
    view.navigator.go(RESULTS)
    yield from tour.awaits(
        "the results to sign", lambda: bool(reviews.state.rows or reviews.state.empty)
    )
    row = reviews.state.row
    if row is None or row.owner is None:
        tour.lacks("results to sign")
        view.navigator.go(RECORD)
        return
    wanted = row.owner
    yield from tour.awaits(
        "the results of the first patient to sign for",
        lambda: results.state.owner == wanted and results.state.grid is not None,
    )
    yield tour.settled
    tour.shot("results_to_sign")
    if reviews.state.alert is None:
        tour.lacks("an alert value")
    view.navigator.go(RECORD)


def by_days(tour: Walker) -> Iterator[Wait]:
    """The results of the open record beside the list of what is to be signed."""
    if tour.owner is None:
        tour.lacks("results by days")
        return
    view = tour.view()
    results = view.models.results
    view.navigator.go(RESULTS)
    yield from tour.awaits("results by days", lambda: results.state.grid is not None)
    yield tour.settled
    tour.shot("results_by_days")
    view.navigator.go(RECORD)


def tasks(tour: Walker) -> Iterator[Wait]:
    """The work lists, the first that asks for something chosen."""
    view = tour.view()
    lists = view.models.work_lists
    view.navigator.go(TASKS)
    yield from tour.awaits("the work lists", lambda: bool(lists.state.lists))
    yield tour.settled
    tour.shot("tasks")
    view.navigator.go(RECORD)


def in_sizes(tour: Walker) -> Iterator[Wait]:
    """The same on the smallest screen and in large letters."""
    for name, scale, size in (("small", 100, SMALL), ("large_text", 150, LARGE)):
        tour.prefix = f"fr_light_{name}"
        yield from tour.dressed(Preferences(theme="light", scale=scale), size)
        yield from to_sign(tour)
