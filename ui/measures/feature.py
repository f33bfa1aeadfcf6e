"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="add:measures",
            title=tr("Add measures"),
            group=tr("In the record"),
            shortcut="Alt+M",
            words=tr("weight, height, blood pressure, temperature, glucose"),
            needs_patient=True,
        ),
        Command(
            key="growth",
            title=tr("Measures and growth"),
            group=tr("In the record"),
            shortcut="Alt+Shift+M",
            words=tr("growth curve, weight, height, head"),
            needs_patient=True,
        ),
    )
