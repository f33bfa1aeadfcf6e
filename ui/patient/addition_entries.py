"""The small questions about something the patient added: why it is kept apart, what is to be answered."""

from collections.abc import Callable
from typing import Any, NamedTuple

from practitioner_app.services.additions import AdditionService, KeepApart, OweAnswer
from practitioner_app.services.writing import Written
from ui.forms import Answers, FieldSpec
from ui.i18n import Texts
from ui.patient.state import Action


class Question(NamedTuple):
    """A question, the command it makes, and what writes it."""

    title: str
    save: str
    field: FieldSpec
    parse: Callable[[Answers], Any]
    write: Callable[[Any], Written]


def question_of(
    action: Action,
    texts: Texts,
    service: AdditionService,
    owner: int,
    members: tuple[tuple[str, str], ...],
) -> Question:
    """Of keeping apart, or of an answer."""
    tr = texts.tr
    if action is Action.APART:
        field = FieldSpec(
            key="apart",
            label=tr("Reason"),
            hint=tr("It stays in sight as the patient wrote it; the record does not count it."),
            required=True,
        )
        return Question(
            tr("Keep apart from the record"),
            tr("Keep apart"),
            field,
            lambda a: KeepApart(owner=owner, members=members, reason=a.get("apart", "")),
            service.keep_apart,
        )
    field = FieldSpec(
        key="answer",
        label=tr("What is to be answered"),
        hint=tr("A note for the practice: nothing is sent to the patient."),
        required=True,
        lines=4,
    )
    return Question(
        tr("An answer is owed"),
        texts.trc("verb", "Record"),
        field,
        lambda a: OweAnswer(owner=owner, members=members, words=a.get("answer", "")),
        service.owe_answer,
    )
