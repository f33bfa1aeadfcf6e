"""The person's own keys over those of the registry: what may be chosen, what stands in the way.

No Ctrl+Alt (that is AltGr on a French keyboard); a letter or a digit needs Ctrl or Alt; the keys of text fields
and of lists stay theirs. A key that another command has is told, and nothing changes.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from ui.commands import Command
from ui.digits import symbol_digit
from ui.i18n import Texts

_OF_TEXT: Final = frozenset(
    ("Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Y", "Ctrl+Return", "Ctrl+Enter", "Alt+F4")
)
_BARE: Final = frozenset(f"F{number}" for number in range(1, 13))
_MODIFIERS: Final = frozenset(
    (
        Qt.Key.Key_Control,
        Qt.Key.Key_Shift,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_CapsLock,
    )
)


def with_keys(commands: Sequence[Command], own: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands with the keys this person chose; a command without a key keeps none."""
    return tuple(
        structs.replace(one, shortcut=own[one.key]) if one.shortcut and one.key in own else one
        for one in commands
    )


def moved_keys(commands: Sequence[Command], own: Mapping[str, str]) -> dict[str, str]:
    """From the key of the registry to the person's own: what buttons and tooltips write in its place."""
    return {one.shortcut: own[one.key] for one in commands if one.shortcut and one.key in own}


def shortcut_of(event: QKeyEvent) -> str:
    """The pressed key in Qt's portable form, a digit by the place of its key; "" while only modifiers are held."""
    key = Qt.Key(event.key())
    if key in _MODIFIERS or key == Qt.Key.Key_unknown:
        return ""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    digit = symbol_digit(key) if held & Qt.KeyboardModifier.AltModifier else None
    if digit is not None:
        return f"Alt+{digit}"
    sequence = QKeySequence(held.value | key.value)
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def fault_of(texts: Texts, commands: Sequence[Command], key: str, shortcut: str) -> str:
    """Why this command cannot have this key; "" when it can."""
    tr, parts = texts.tr, shortcut.split("+")
    held = set(parts[:-1])
    if {"Ctrl", "Alt"} <= held:
        return tr("Ctrl+Alt is AltGr on a French keyboard: choose another key.")
    if shortcut in _OF_TEXT:
        return tr("This key belongs to the fields of text: choose another one.")
    if parts[-1] not in _BARE and not held & {"Ctrl", "Alt"}:
        return tr("A letter alone is for typing: hold Ctrl or Alt with it.")
    taken = next((one for one in commands if one.shortcut == shortcut and one.key != key), None)
    if taken is not None:
        return tr(
            "This key is taken by “{name}”: give that one another key first.", name=taken.title
        )
    return ""
