"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="add:immunizations",
            title=tr("Add a vaccination"),
            group=tr("In the record"),
            shortcut="Alt+I",
            words=tr("vaccine, injection, booster"),
            needs_patient=True,
        ),
        Command(
            key="vaccinations",
            title=tr("Vaccinations of this patient"),
            group=tr("In the record"),
            shortcut="Alt+Shift+I",
            needs_patient=True,
        ),
    )
