"""What can be done with the work lists, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    go = tr("Go to")
    return (
        Command(
            key="tasks",
            title=tr("Tasks"),
            group=go,
            shortcut="Alt+5",
            words=tr("work lists, day, drafts, to fix, summaries"),
        ),
        Command(key="next_patient", title=tr("Next patient of the list"), group=go, shortcut="F9"),
    )
