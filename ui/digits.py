"""The digit of a key, whatever the keyboard: the physical row and the keypad count alike.

On a French keyboard the digits of the top row need Shift, and the bare keys give `& é " ' ( - è _ ç à`.
A key of the registry written `Alt+3` must answer to that very key, so it is bound to every symbol the key
may send; a choice by digit reads the symbol first, then the place of the key.
"""

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_K = Qt.Key
_ROWS = {
    1: (_K.Key_1, _K.Key_Ampersand),
    2: (_K.Key_2, _K.Key_Eacute),
    3: (_K.Key_3, _K.Key_QuoteDbl),
    4: (_K.Key_4, _K.Key_Apostrophe),
    5: (_K.Key_5, _K.Key_ParenLeft),
    6: (_K.Key_6, _K.Key_Minus),
    7: (_K.Key_7, _K.Key_Egrave),
    8: (_K.Key_8, _K.Key_Underscore),
    9: (_K.Key_9, _K.Key_Ccedilla),
}
_SYMBOLS = {key: digit for digit, keys in _ROWS.items() for key in keys}
_FIRST_SCAN = {"win32": 2}.get(sys.platform, 10)
"""Scan code of the key right of `²`: 10 under X11 and Wayland, 2 on Windows; macOS sends none."""
_HELD = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


def digit_of(event: QKeyEvent) -> int | None:
    """1 to 9 for a key of the physical row or the keypad pressed alone (or with Shift), else None."""
    if event.modifiers() & _HELD:
        return None
    keypad = bool(event.modifiers() & Qt.KeyboardModifier.KeypadModifier)
    digit = _SYMBOLS.get(Qt.Key(event.key()))
    if keypad:
        return digit if Qt.Key(event.key()) == _ROWS.get(digit or 0, (None,))[0] else None
    if digit is not None:
        return digit
    place = event.nativeScanCode() - _FIRST_SCAN + 1
    return place if 1 <= place <= len(_ROWS) else None


def symbol_digit(key: Qt.Key) -> int | None:
    """The digit whose key sends this symbol."""
    return _SYMBOLS.get(key)


def sequences_of(shortcut: str) -> list[QKeySequence]:
    """The key sequences of a shortcut; one that ends with a digit has one for each of its symbols, and
    one for the keypad.
    """
    first = QKeySequence(shortcut)
    head, _, last = shortcut.rpartition("+")
    if not head or not last.isdecimal() or int(last) not in _ROWS:
        return [first]
    symbols = [chr(key.value) for key in _ROWS[int(last)]]
    return [QKeySequence(f"{head}+{symbol}") for symbol in (*symbols, f"Num+{last}")]
