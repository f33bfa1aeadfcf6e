"""What can be done with this concept, for the registry of commands."""

from ui.commands import Command
from ui.i18n import Texts


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here = tr("In the record")
    return (
        Command(
            key="add:procedures",
            title=tr("Add an operation or a procedure"),
            group=here,
            shortcut="Alt+Shift+O",
            words=tr("surgery, delivery, surgical history, obstetric history"),
            needs_patient=True,
        ),
        Command(
            key="add:family",
            title=tr("Add a family history"),
            group=here,
            shortcut="Alt+Shift+F",
            words=tr("father, mother, relative"),
            needs_patient=True,
        ),
        Command(
            key="add:lifestyle",
            title=tr("Lifestyle: tobacco, alcohol, activity, occupation"),
            group=here,
            shortcut="Alt+Shift+L",
            words=tr("smoking, pack-years, pregnancy term"),
            needs_patient=True,
        ),
        Command(
            key="reviewed",
            title=tr("Past history reviewed today"),
            group=here,
            shortcut="Alt+Shift+H",
            needs_patient=True,
        ),
    )
