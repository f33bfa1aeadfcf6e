"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="prevention",
            title=tr("Prevention to think of"),
            group=tr("In the record"),
            shortcut="Alt+Shift+P",
            words=tr("screening, vaccination calendar, examination of a child"),
            needs_patient=True,
        ),
    )
