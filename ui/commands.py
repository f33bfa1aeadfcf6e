"""The registry of what a key can do: it feeds the keys, the palette, the tooltips and the F1 sheet.

No Ctrl+Alt (that is AltGr on a French keyboard), no digit that needs Shift: Alt+1 is bound by every
symbol of its key and by the keypad (`ui.digits`), letters stand for French and English alike.
"""

from msgspec import Struct

from ui.i18n import Texts


class Command(Struct, frozen=True, kw_only=True):
    """`key` names the act; `shortcut` is in Qt's portable form; `words` help the palette to find it."""

    key: str
    title: str
    group: str
    shortcut: str = ""
    words: str = ""
    needs_patient: bool = False
    in_palette: bool = True


def shown_shortcut(texts: Texts, shortcut: str) -> str:
    """The key as it is written on a French keyboard."""
    if texts.language != "fr":
        return shortcut.replace("Return", "Enter")
    for english, french in (("Return", "Entrée"), ("Shift", "Maj"), ("Escape", "Échap")):
        shortcut = shortcut.replace(english, french)
    return shortcut
