"""What can be done with orders, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="awaited",
            title=tr("Ordered, never came back"),
            group=tr("Go to"),
            shortcut="Alt+J",
            words=tr("awaited results, overdue, chase, reminder"),
        ),
    )
