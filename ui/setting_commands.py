"""What the palette can set by itself: language, theme, size of the text."""

from ui.commands import Command
from ui.i18n import Texts
from ui.theme.tokens import SCALE_STEPS


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    here = tr("Settings")
    choices = [
        ("language:fr", tr("Language: {word}", word="Français")),
        ("language:en", tr("Language: {word}", word="English")),
        ("theme:light", tr("Theme: {word}", word=tr("Light"))),
        ("theme:dark", tr("Theme: {word}", word=tr("Dark"))),
        ("theme:system", tr("Theme: {word}", word=tr("As the system"))),
        *((f"scale:{step}", tr("Text size: {word}", word=f"{step} %")) for step in SCALE_STEPS),
    ]
    return tuple(Command(key=f"set:{key}", title=title, group=here) for key, title in choices)
