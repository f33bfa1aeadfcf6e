"""The design tokens: colours, type, space. Ratios are recomputed by a test, not trusted.

Every pair of text and ground below reaches 4.5:1, every edge 3:1 (WCAG 2.2, 1.4.3 and 1.4.11); the
hairline `line` is decoration only. `wait` is the indigo of what has not left yet, `warn` the amber of
what needs a person, `danger` the red of an allergy or an abnormal value and of nothing else.
"""

from enum import IntEnum, StrEnum

from msgspec import Struct


class Tone(StrEnum):
    """What a colour means. A tone never stands alone: a glyph and a word go with it."""

    NEUTRAL = "neutral"
    OK = "ok"
    WARN = "warn"
    DANGER = "danger"
    WAIT = "wait"
    ACCENT = "accent"


class Size(IntEnum):
    """Type sizes in pixels at 100 %."""

    CAPTION = 11
    LABEL = 12
    BODY = 13
    EMPHASIS = 14
    SECTION = 15
    NAME = 20
    PAGE = 24
    CLOCK = 28


class Weight(IntEnum):
    REGULAR = 400
    MEDIUM = 500
    SEMIBOLD = 600
    BOLD = 700


SCALE_STEPS = (100, 115, 130, 150)
"""The text sizes a person may choose, in percent."""

CHIP_RADIUS = 9
CARD_RADIUS = 6
INPUT_RADIUS = 4
ROW_DENSE = 32
ROW_TWO_LINES = 46


class Tokens(Struct, frozen=True, kw_only=True):
    """One theme. Names say what a colour is for, never what it looks like."""

    name: str
    bg: str
    surface: str
    alt: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    accentbg: str
    on_accent: str
    ok: str
    okbg: str
    warn: str
    warnbg: str
    danger: str
    dangerbg: str
    wait: str
    waitbg: str
    banner: str
    bannertext: str
    bannermuted: str
    banner_deceased: str
    banner_ring: str
    paper: str = "#FFFFFF"
    ink: str = "#14202B"


LIGHT = Tokens(
    name="light",
    bg="#F5F7F9",
    surface="#FFFFFF",
    alt="#EEF2F6",
    line="#C3CCD6",
    edge="#6B7A8C",
    text="#14202B",
    muted="#4A5A6A",
    accent="#0B5E8E",
    accentbg="#DCEBF5",
    on_accent="#FFFFFF",
    ok="#1B6B3A",
    okbg="#E1F3E7",
    warn="#8A4B00",
    warnbg="#FFF1D6",
    danger="#A8161F",
    dangerbg="#FDE7E8",
    wait="#3C3F9E",
    waitbg="#E9E9FB",
    banner="#0F2A3D",
    bannertext="#FFFFFF",
    bannermuted="#B9CBD9",
    banner_deceased="#3B3B3B",
    banner_ring="#FFC53D",
)

DARK = Tokens(
    name="dark",
    bg="#10171E",
    surface="#18222C",
    alt="#1F2B37",
    line="#33424F",
    edge="#8496A7",
    text="#E8EEF3",
    muted="#A9B7C4",
    accent="#6DBAE8",
    accentbg="#123449",
    on_accent="#10171E",
    ok="#7FD19B",
    okbg="#12331F",
    warn="#F2B85C",
    warnbg="#3A2A0B",
    danger="#FF8F93",
    dangerbg="#45161A",
    wait="#B3B5F7",
    waitbg="#25264A",
    banner="#0A1C2A",
    bannertext="#FFFFFF",
    bannermuted="#A9C0D1",
    banner_deceased="#2B2B2B",
    banner_ring="#FFC53D",
)

TEXT_PAIRS = (
    ("text", "surface"),
    ("text", "bg"),
    ("text", "alt"),
    ("text", "accentbg"),
    ("text", "warnbg"),
    ("muted", "surface"),
    ("muted", "bg"),
    ("muted", "alt"),
    ("muted", "accentbg"),
    ("muted", "warnbg"),
    ("accent", "surface"),
    ("accent", "bg"),
    ("accent", "alt"),
    ("accent", "accentbg"),
    ("accent", "warnbg"),
    ("on_accent", "accent"),
    ("ok", "okbg"),
    ("ok", "surface"),
    ("warn", "warnbg"),
    ("warn", "surface"),
    ("danger", "dangerbg"),
    ("danger", "surface"),
    ("danger", "bg"),
    ("danger", "accentbg"),
    ("wait", "waitbg"),
    ("bannertext", "banner"),
    ("bannermuted", "banner"),
    ("bannertext", "banner_deceased"),
    ("bannermuted", "banner_deceased"),
    ("ink", "paper"),
)
"""Every (text, ground) the screens use; each must reach 4.5:1."""

EDGE_PAIRS = (
    ("edge", "surface"),
    ("edge", "bg"),
    ("accent", "surface"),
    ("banner_ring", "banner"),
)
"""Every (edge, ground) that carries meaning; each must reach 3:1."""


def luminance(colour: str) -> float:
    """WCAG relative luminance of `#RRGGBB`."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
