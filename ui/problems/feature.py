"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="add:problems",
            title=tr("Add a problem"),
            group=tr("In the record"),
            shortcut="Alt+P",
            needs_patient=True,
        ),
        Command(
            key="add:history",
            title=tr("Add to the past history"),
            group=tr("In the record"),
            shortcut="Alt+H",
            needs_patient=True,
        ),
    )
