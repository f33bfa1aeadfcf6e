"""What can be done with prescriptions, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here = tr("In the record")
    return (
        Command(
            key="prescribe",
            title=tr("Write a prescription"),
            group=here,
            shortcut="Alt+O",
            words=tr("drug, medicine, posology, dose"),
            needs_patient=True,
        ),
        Command(
            key="renew",
            title=tr("Renew the prescription"),
            group=here,
            shortcut="Alt+R",
            words=tr("renewal, current treatments"),
            needs_patient=True,
        ),
    )
