"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="add:allergies",
            title=tr("Add an allergy"),
            group=tr("In the record"),
            shortcut="Alt+A",
            needs_patient=True,
        ),
        Command(
            key="none:allergies",
            title=tr("No known allergies"),
            group=tr("In the record"),
            words=tr("allergy, none"),
            needs_patient=True,
        ),
    )
