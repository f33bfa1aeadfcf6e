"""What the summary can do, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="summary",
            title=tr("Medical summary"),
            group=tr("In the record"),
            shortcut="Alt+Y",
            words=tr("summary, one page, VSM, IPS, European, print"),
            needs_patient=True,
        ),
    )
