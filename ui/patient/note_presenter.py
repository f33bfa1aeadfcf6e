"""A consultation in the side panel: its note under its headings, who wrote it for whom, what may be done."""

from practitioner_app.ports import ItemState
from practitioner_app.services.documents import Letter
from practitioner_app.services.note_reading import ENCOUNTER, NotePart
from practitioner_app.services.rows import DRAFT, Kind, TimelineItem
from ui.i18n import Texts
from ui.patient.state import Action, ActionState, Prose
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState


def headings(texts: Texts) -> dict[str, str]:
    """The headings of a note in the language of the screen, by field."""
    tr, trc = texts.tr, texts.trc
    return {
        "reason": trc("note", "Reason"),
        "examination": tr("Examination"),
        "conclusion": tr("Conclusion"),
        "plan": tr("Plan"),
    }


def is_consultation(event: TimelineItem) -> bool:
    """A consultation or a note being typed: not a document, nor a version folded under another."""
    return event.kind is Kind.CONSULTATION and event.rtype in (ENCOUNTER, DRAFT)


def consultation_second(event: TimelineItem, speaking: Speaking) -> str:
    """Who wrote it, and for whom."""
    if not event.responsible or event.responsible == event.author:
        return ""
    return speaking.texts.tr(
        "written by {writer} for {responsible}",
        writer=event.author,
        responsible=event.responsible,
    )


def note_chips(event: TimelineItem, texts: Texts) -> tuple[ChipState, ...]:
    """That it is being typed, or waits for its signature."""
    if event.rtype == DRAFT:
        return (ChipState(texts.tr("Draft"), Tone.WAIT, "pencil"),)
    if event.note and not event.signed and not event.struck:
        return (ChipState(texts.tr("Not signed"), Tone.WARN, "pencil"),)
    return ()


def prose(event: TimelineItem, letter: Letter, speaking: Speaking) -> tuple[Prose, ...]:
    """A note whole; the reason of the visit first where the title does not say it."""
    if letter.pages:
        return tuple(line for page in letter.pages for line in _page(page, speaking))
    first, sign, _ = event.summary.partition(" — ")
    said = not sign or event.rtype != ENCOUNTER or " ".join(letter.lines).startswith(first)
    lines = letter.lines if said else (first, *letter.lines)
    return tuple(Prose(line) for line in lines)


def _page(page: NotePart, speaking: Speaking) -> list[Prose]:
    found = [Prose(_signed(page, speaking), aside=True)] if _signed(page, speaking) else []
    if page.reason:
        said = speaking.texts.tr("Entered in error: {reason}", reason=page.reason)
        found.append(Prose(said, aside=True))
    if page.appends:
        return [*found, Prose(page.text.strip())]
    for field, heading in headings(speaking.texts).items():
        text = getattr(page.sections, field).strip()
        if text:
            found += [Prose(heading, head=True), Prose(text)]
    return found


def _signed(page: NotePart, speaking: Speaking) -> str:
    """`Signed by ... on ...`; of an addendum and of a note typed by somebody else, who."""
    texts, moment = speaking.texts, speaking.formats.moment(page.at)
    if page.appends:
        return texts.tr("Addendum by {name}, {moment}", name=page.author, moment=moment)
    if not page.signed:
        return texts.tr("Not signed. Typed by {name}, {moment}", name=page.author, moment=moment)
    if page.signer and page.signer != page.author:
        return texts.tr(
            "Typed by {writer}, signed by {signer}, {moment}",
            writer=page.author,
            signer=page.signer,
            moment=moment,
        )
    return texts.tr("Signed by {name}, {moment}", name=page.author, moment=moment)


def note_actions(event: TimelineItem, speaking: Speaking) -> tuple[ActionState, ...]:
    """What the standing of the note allows to the person at this desktop; nothing that would not work."""
    tr = speaking.texts.tr
    if event.rtype == DRAFT:
        return (ActionState(Action.WRITE, tr("Go on writing"), "Alt+N", primary=True),)
    if event.struck:
        return ()
    if event.state is ItemState.REFUSED:
        return (
            ActionState(Action.WRITE, tr("Take the text up again"), primary=True),
            ActionState(Action.COPY, tr("Copy the text")),
            ActionState(Action.WITHDRAW, tr("Withdraw…")),
        )
    actions: list[ActionState] = []
    if event.note and not event.signed:
        if event.asked or event.mine:
            word = tr("Read and sign") if event.asked else tr("Go on writing")
            actions.append(ActionState(Action.EDIT, word, tr("Alt+E"), primary=True))
    else:
        if event.note and event.mine:
            actions.append(ActionState(Action.EDIT, tr("Correct"), tr("Alt+E"), primary=True))
        actions.append(ActionState(Action.ADD, tr("Addendum…")))
    if event.state is ItemState.PENDING:
        actions.append(ActionState(Action.UNDO, tr("Undo"), "Ctrl+Z"))
    elif event.mine:
        actions.append(ActionState(Action.ERROR, tr("Entered in error…")))
    return tuple(actions)
