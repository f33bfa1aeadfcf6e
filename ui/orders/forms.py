"""What is asked when an order is chased or closed."""

from collections.abc import Callable
from datetime import date, timedelta

from practitioner_app.services.orders import Chase, CloseOrder
from ui.forms import Answers, FieldSpec, FormSpec, Option, WrongField
from ui.i18n import Texts
from ui.letters.dates import read_day, shown_day
from ui.orders.state import AwaitedRow

CHASE, CLOSE = "chase", "close_order"
PATHS = {"ServiceRequest.occurrence": "until", "ServiceRequest.note": "note", "reason": "reason"}
_AGAIN_DAYS = 14


def chase_form(texts: Texts, row: AwaitedRow, today: date) -> FormSpec:
    """Asked for again: how, and until when."""
    tr = texts.tr
    return FormSpec(
        key=f"{CHASE}:{row.id}",
        title=tr("Chase: {what}", what=row.label),
        about=f"{row.title}, {row.born}",
        save=tr("Chase"),
        values={"until": shown_day(today + timedelta(days=_AGAIN_DAYS))},
        fields=(
            FieldSpec(
                key="note",
                label=tr("What was done"),
                required=True,
                suggestions=(
                    tr("Patient called"),
                    tr("Laboratory called"),
                    tr("Message left"),
                    tr("Letter sent"),
                ),
            ),
            FieldSpec(
                key="until",
                label=tr("Result now expected by"),
                hint=tr("The line comes back after this day."),
                required=True,
            ),
        ),
    )


def close_form(texts: Texts, row: AwaitedRow) -> FormSpec:
    """Nothing is awaited any more, and why."""
    tr = texts.tr
    return FormSpec(
        key=f"{CLOSE}:{row.id}",
        title=tr("Done elsewhere: {what}", what=row.label),
        about=f"{row.title}, {row.born}",
        save=tr("Close the order"),
        values={"how": "done"},
        fields=(
            FieldSpec(
                key="how",
                label=tr("What became of it"),
                options=(
                    Option("done", tr("Done, received otherwise")),
                    Option("given_up", tr("Will not be done")),
                ),
            ),
            FieldSpec(
                key="reason",
                label=tr("Reason"),
                hint=tr("It stays with the order."),
                required=True,
                suggestions=(
                    tr("Result received on paper"),
                    tr("Done in hospital"),
                    tr("Declined by the patient"),
                ),
            ),
        ),
    )


def chase_of(texts: Texts, row: AwaitedRow) -> Callable[[Answers], Chase]:
    """Of this very order (HZ-01)."""

    def parse(answers: Answers) -> Chase:
        until = read_day(answers.get("until", ""))
        if until is None:
            raise WrongField("until", texts.tr("Type a day to come: 23/12/2026."))
        note = answers.get("note", "").strip()
        return Chase(owner=row.owner, id=row.id, until=until.isoformat(), note=note)

    return parse


def close_of(row: AwaitedRow) -> Callable[[Answers], CloseOrder]:
    def parse(answers: Answers) -> CloseOrder:
        return CloseOrder(
            owner=row.owner,
            id=row.id,
            reason=answers.get("reason", "").strip(),
            given_up=answers.get("how") == "given_up",
        )

    return parse
