"""What a consultation note can do, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here, note = tr("In the record"), tr("Consultation note")
    return (
        Command(
            key="note",
            title=tr("Write a consultation note"),
            group=here,
            shortcut="Alt+N",
            words=tr("consultation, visit, examination, conclusion"),
            needs_patient=True,
        ),
        Command(
            key="note_save",
            title=tr("Save the draft now"),
            group=note,
            shortcut="Ctrl+S",
            needs_patient=True,
            in_palette=False,
        ),
        Command(
            key="note_templates",
            title=tr("Insert a template"),
            group=note,
            shortcut="Ctrl+T",
            needs_patient=True,
            in_palette=False,
        ),
        Command(
            key="note_measures",
            title=tr("Take over the measures that were typed"),
            group=note,
            shortcut="Alt+C",
            needs_patient=True,
            in_palette=False,
        ),
    )
