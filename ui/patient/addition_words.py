"""What the screens say of something the patient added, and what may be done with it."""

from dossier.fhir.additions import Outcome
from practitioner_app.services.additions import TAKEN_OVER
from practitioner_app.services.rows import Fact, Record, TimelineItem
from ui.patient.line_words import joined
from ui.patient.state import Action, ActionState, Ref, SummaryCard, SummaryLine
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.widgets.text import Run
from ui.words import declared_by_word, kind_word, short_label


def addition_actions(event: TimelineItem, speaking: Speaking) -> tuple[ActionState, ...]:
    """Take it over, keep it apart, note an answer; nothing of it is ever written into the addition itself."""
    tr = speaking.texts.tr
    found = [
        ActionState(Action.APART, tr("Keep apart…")),
        ActionState(Action.ANSWER, tr("Note an answer…")),
    ]
    if event.rtype in TAKEN_OVER:
        found.insert(0, ActionState(Action.ACCEPT, tr("Take into the record"), primary=True))
    return tuple(found)


def decision_sentence(event: TimelineItem, speaking: Speaking) -> str:
    """Who decided what, and when; or that nobody did yet."""
    texts, decision = speaking.texts, event.decision
    if not event.by_patient or event.struck:
        return ""
    if decision is None:
        return texts.tr("Nobody has taken it into the record or set it apart yet.")
    said = {"name": decision.owner_name, "date": speaking.formats.moment(decision.at)}
    if decision.outcome is Outcome.ACCEPTED:
        return texts.tr("Taken into the record by {name} on {date}.", **said)
    if decision.outcome is Outcome.ANSWER:
        return texts.tr("{name} noted on {date} that an answer is owed.", **said)
    return texts.tr("Kept apart by {name} on {date}: {why}", why=decision.reason, **said)


def addition_chip(event: TimelineItem, speaking: Speaking) -> tuple[ChipState, ...]:
    """Beside the mark of the patient: whether it still waits."""
    texts = speaking.texts
    if event.struck:
        return ()
    if event.waits:
        return (ChipState(texts.tr("To be settled"), Tone.WARN, "question"),)
    if event.decision is not None and event.decision.outcome is Outcome.ACCEPTED:
        return (ChipState(texts.tr("Taken into the record"), Tone.NEUTRAL),)
    return (ChipState(texts.tr("Kept apart"), Tone.NEUTRAL),)


def _value(fact: Fact, speaking: Speaking) -> str:
    """Glycémie capillaire 1,66 g/L."""
    formats, shown = speaking.formats, fact.text
    if fact.number is not None:
        numbers = [fact.number] if fact.second is None else [fact.number, fact.second]
        value = "/".join(formats.measured(number) for number in numbers)
        shown = formats.joined(value, formats.unit(fact.unit))
    return f"{short_label(fact.label)} {shown}".strip()


def declared_cards(record: Record, speaking: Speaking) -> tuple[SummaryCard, ...]:
    """Everything the patient added that waits, apart from the record; no card where nothing does."""
    waiting = [item for item in record.timeline.rows if item.waits]
    if not waiting:
        return ()
    texts, formats = speaking.texts, speaking.formats
    lines = []
    for item in waiting:
        kind = kind_word(texts, item.kind)
        what = item.title or kind
        if item.facts:
            what = ", ".join(_value(fact, speaking) for fact in item.facts)
        day = formats.day(item.at) if item.at else ""
        lines.append(
            SummaryLine(
                runs=(Run(what),),
                words=joined(kind, what, day),
                caption=kind,
                aside=day,
                ref=Ref(item.rtype, item.id),
            )
        )
    card = SummaryCard(
        key="declared",
        title=declared_by_word(texts, record.identity.sex),
        count=formats.number(len(lines)),
        lines=tuple(lines),
        caption_width=80,
    )
    return (card,)
