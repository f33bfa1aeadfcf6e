"""What the results page can do, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    return (
        Command(
            key="results",
            title=tr("Results"),
            group=tr("Go to"),
            shortcut="Alt+2",
            words=tr("laboratory, analyses, curves, creatinine"),
        ),
    )
