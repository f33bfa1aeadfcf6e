"""What the record screen can do, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here, go = tr("In the record"), tr("Go to")
    return (
        Command(key="record", title=tr("Record"), group=go, shortcut="Alt+1", needs_patient=True),
        *_reading(texts),
        Command(
            key="panes",
            title=tr("Next pane, or back to the open record"),
            group=here,
            shortcut="F6",
            needs_patient=True,
            in_palette=False,
        ),
        Command(
            key="edit",
            title=tr("Correct the chosen line"),
            group=here,
            shortcut="Alt+E",
            needs_patient=True,
            in_palette=False,
        ),
        Command(
            key="settle",
            title=tr("Settle a disagreement"),
            group=here,
            shortcut="Alt+D",
            words=tr("two versions, disagreement"),
        ),
        Command(
            key="close_record",
            title=tr("Close the record"),
            group=here,
            shortcut="Ctrl+W",
            needs_patient=True,
        ),
    )


def _reading(texts: Texts) -> tuple[Command, ...]:
    """Along the timeline."""
    tr = texts.tr
    here = tr("In the record")
    return (
        Command(
            key="filter",
            title=tr("Filter the timeline"),
            group=here,
            shortcut="Ctrl+F",
            needs_patient=True,
        ),
        Command(
            key="next_unread",
            title=tr("Next unread item"),
            group=here,
            shortcut="F3",
            needs_patient=True,
        ),
        Command(
            key="previous_unread",
            title=tr("Previous unread item"),
            group=here,
            shortcut="Shift+F3",
            needs_patient=True,
        ),
        Command(
            key="pin",
            title=tr("Pin what is beside, to compare"),
            group=here,
            shortcut="P",
            needs_patient=True,
        ),
        Command(
            key="toggle_unread",
            title=tr("Mark as unread, or as read"),
            group=here,
            shortcut="U",
            needs_patient=True,
        ),
    )
