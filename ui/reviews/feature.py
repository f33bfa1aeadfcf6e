"""What can be done with results to be signed, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here = tr("Results")
    return (
        Command(
            key="sign", title=tr("Sign as read"), group=here, shortcut="Alt+V", in_palette=False
        ),
        Command(
            key="acknowledge",
            title=tr("Acknowledge receipt of an alert value"),
            group=here,
            shortcut="Alt+Q",
            in_palette=False,
        ),
        Command(
            key="hand_over",
            title=tr("Hand the chosen result over"),
            group=here,
            shortcut="Alt+F",
            in_palette=False,
        ),
    )
