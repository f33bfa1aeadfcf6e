"""The scenes of what is written under the fingers: a prescription, a note with a template, the summary.

Nothing is signed, and the drafts are thrown away: the record stays what it is, and each look begins anew.
"""

from collections.abc import Iterator

from PySide6.QtWidgets import QMenu

from practitioner_app.services.drafts import Slot
from practitioner_app.services.prescriptions import slot_of
from ui import tour_letters
from ui.navigation import RECORD
from ui.note_templates_flow import MENU_NAME
from ui.notes.view import NotePanel
from ui.notes_flow import KIND
from ui.preferences import Preferences
from ui.tour_host import FIRST, LARGE, SMALL, Wait
from ui.tour_trouble import Walker

TYPED = "ibuprofène 400 mg"
POSOLOGY = "1 comprimé matin et soir pendant 5 jours"
REASON = "Renouvellement, fatigue depuis trois semaines."
EXAMINATION = "TA 142/86, FC 78, poids 82 kg. Auscultation normale."
LOOKS = (FIRST, "fr_dark", "en_light")


def scenes(tour: Walker) -> Iterator[Wait]:
    """Every page in the first look; prescription and note in two more."""
    if tour.view().models.record.record is None or tour.owner is None:
        tour.lacks("a record to write about")
        return
    if tour.prefix in LOOKS:
        yield from _prescription(tour)
        yield from _note(tour)
    if tour.prefix == FIRST:
        yield from _summary(tour)
        yield from tour_letters.written(tour)


def in_sizes(tour: Walker) -> Iterator[Wait]:
    """Prescription and note on the smallest screen and in large letters."""
    for name, scale, size in (("small", 100, SMALL), ("large_text", 150, LARGE)):
        tour.prefix = f"fr_light_{name}"
        yield from tour.dressed(Preferences(theme="light", scale=scale), size)
        yield from tour.record_scene(tour.view(), "record_to_write_in")
        if tour.view().models.record.record is not None:
            yield from _prescription(tour)
            yield from _note(tour)


def _prescription(tour: Walker) -> Iterator[Wait]:
    """All that is taken, renewed; a drug is looked for, then stands with what is to be known of it."""
    view = tour.view()
    model, page = view.models.prescriptions, view.prescription_view
    paper = page.paper.preview
    view.overlay_flow.run("renew")
    yield from tour.awaits("a prescription", lambda: model.draft is not None)
    if model.draft is None:
        return
    before = len(model.draft.lines)
    page.entry.edit.setText(TYPED)
    page.entry.typed.emit(TYPED)
    yield from tour.awaits("the drugs found", lambda: bool(model.state.entry.choices))
    if tour.prefix == FIRST:
        yield from tour.awaits("its page", lambda: model.is_shown and paper.ready)
        yield tour.settled
        tour.shot("prescription_search")
    page.entry.typed.emit(f"{TYPED} {POSOLOGY}")
    yield tour.settled
    page.entry.entered.emit()
    yield from tour.awaits(
        "the page of a prescription",
        lambda: (
            model.draft is not None
            and len(model.draft.lines) > before
            and model.is_shown
            and paper.count > 0
            and paper.ready
        ),
    )
    yield tour.settled
    tour.shot("prescription")
    view.navigator.go(RECORD)
    assert tour.owner is not None
    _throw_away(tour, slot_of(tour.owner))


def _note(tour: Walker) -> Iterator[Wait]:
    """Typed words, the measures that stand in them, then a template below."""
    view = tour.view()
    view.overlay_flow.run("note")
    yield from tour.awaits("a note", lambda: isinstance(view.record_view.panel, NotePanel))
    panel = view.record_view.panel
    if not isinstance(panel, NotePanel):
        return
    panel.fields["reason"].edit.insertPlainText(REASON)
    panel.fields["examination"].edit.insertPlainText(EXAMINATION)
    view.notes_flow.show_templates()
    yield from tour.awaits("the templates", lambda: view.findChild(QMenu, MENU_NAME) is not None)
    menu = view.findChild(QMenu, MENU_NAME)
    if menu is not None:
        menu.actions()[0].trigger()
        menu.close()
    yield tour.settled
    tour.shot("note")
    view.models.forms.drop()
    view.record_view.show_detail(view.models.record.state.detail)
    assert tour.owner is not None
    _throw_away(tour, Slot(kind=KIND, owner=tour.owner))


def _throw_away(tour: Walker, slot: Slot) -> None:
    context = tour.host.now()
    context.lanes.write(lambda: context.services.drafts.drop(slot))


def _summary(tour: Walker) -> Iterator[Wait]:
    view = tour.view()
    view.overlay_flow.run("summary")
    flow = view.summary_flow
    paper = flow.view.paper.preview
    yield from tour.awaits(
        "the medical summary",
        lambda: bool(flow.model.state.pdf) and paper.count > 0 and paper.ready,
    )
    yield tour.settled
    tour.shot("medical_summary")
    view.navigator.go(RECORD)
