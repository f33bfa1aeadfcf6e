"""The scenes of what is written for others: a letter and an order beside their page, what never came back."""

from collections.abc import Iterator

from dossier.terminology.letters import LetterKind
from ui.navigation import AWAITED, RECORD
from ui.tour_host import Wait
from ui.tour_trouble import Walker


def written(tour: Walker) -> Iterator[Wait]:
    """Nothing is signed: the record stays what it is."""
    view = tour.view()
    if view.models.record.record is None:
        tour.lacks("a record to write about")
        return
    paper = view.letter_view.paper.preview
    for kind, name in (
        (LetterKind.REFERRAL, "write_letter"),
        (LetterKind.LABORATORY, "write_order"),
        (LetterKind.SICK_LEAVE, "write_sick_leave"),
    ):
        view.letters_flow.write(kind)
        yield from tour.awaits(f"{name}: its page", lambda: paper.count > 0 and paper.ready)
        yield tour.settled
        tour.shot(name)
        view.navigator.go(RECORD)
    view.navigator.go(AWAITED)
    yield tour.settled
    tour.shot("ordered_never_came_back")
    if not view.models.awaited.state.rows:
        tour.lacks("an order that never came back")
    view.navigator.go(RECORD)
