"""How this person wants this computer to look and when it locks; kept in the profile."""

from datetime import tzinfo
from typing import Literal, cast

import msgspec
from msgspec import Struct

from practitioner_app.ports import Settings
from ui.formats import Formats
from ui.i18n import LANGUAGES, Language, Texts, load_texts
from ui.keys import moved_keys
from ui.theme.look import Look
from ui.theme.tokens import DARK, LIGHT, SCALE_STEPS

THEMES = ("system", "light", "dark")
_DEFAULT_MINUTES = 10


class Preferences(Struct, frozen=True, kw_only=True):
    language: str = "fr"
    theme: str = "system"
    scale: int = 100
    lock_minutes: int = _DEFAULT_MINUTES
    keys: dict[str, str] = {}
    """Own keys, by command."""


def read_preferences(settings: Settings, default: Preferences) -> Preferences:
    """What was kept; anything unknown falls back on the default."""
    language = settings.get("ui.language", default.language)
    theme = settings.get("ui.theme", default.theme)
    scale = settings.get("ui.scale", str(default.scale))
    minutes = settings.get("ui.lock_minutes", str(default.lock_minutes))
    return Preferences(
        language=language if language in LANGUAGES else default.language,
        theme=theme if theme in THEMES else default.theme,
        scale=int(scale) if scale in {str(step) for step in SCALE_STEPS} else default.scale,
        lock_minutes=int(minutes) if minutes.isdigit() else default.lock_minutes,
        keys=_read_keys(settings.get("ui.keys")),
    )


def _read_keys(kept: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
    except msgspec.DecodeError:
        return {}


def keep_preferences(settings: Settings, chosen: Preferences) -> None:
    """Write lane."""
    settings.put("ui.language", chosen.language)
    settings.put("ui.theme", chosen.theme)
    settings.put("ui.scale", str(chosen.scale))
    settings.put("ui.lock_minutes", str(chosen.lock_minutes))
    settings.put("ui.keys", msgspec.json.encode(chosen.keys).decode())


def look_of(chosen: Preferences, zone: tzinfo, *, system: Literal["light", "dark"]) -> Look:
    """The look these preferences ask for."""
    name = system if chosen.theme == "system" else chosen.theme
    texts = load_texts(cast("Language", chosen.language))
    tokens = DARK if name == "dark" else LIGHT
    return Look(tokens, texts, Formats(texts, zone), scale=chosen.scale, keys=_moved(texts, chosen))


def _moved(texts: Texts, chosen: Preferences) -> dict[str, str]:
    """What buttons write in the place of the keys of the registry."""
    if not chosen.keys:
        return {}
    from ui.registry import all_commands  # noqa: PLC0415 - the lock page waits for no screen of a session

    return moved_keys(all_commands(texts), chosen.keys)
