"""The forms of what is done and noted, the sheets of vaccinations, prevention and growth."""

from collections.abc import Iterator
from typing import Protocol

from ui.session_view import SessionView
from ui.tour_host import Wait

FORMS = ("immunizations", "measures", "procedures", "family", "lifestyle")
SHEETS = ("vaccinations", "prevention", "growth")


class Guide(Protocol):
    """What the scenes need of the tour."""

    def settled(self) -> bool: ...
    def shot(self, name: str) -> None: ...


def scenes(guide: Guide, view: SessionView) -> Iterator[Wait]:
    """Of the open record."""
    for kind in FORMS:
        view.record_flow.add(kind)
        yield guide.settled
        guide.shot(f"add_{kind}")
        view.models.forms.drop()
        view.record_view.show_detail(view.models.record.state.detail)
    for key in SHEETS:
        view.overlay_flow.run(key)
        yield guide.settled
        guide.shot(f"sheet_{key}")
