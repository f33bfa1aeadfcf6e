"""How everything looks: theme, text size, words and icons, passed to each widget that paints.

A change of theme, size or language makes a new `Look` and rebuilds the widgets from their states;
nothing is restyled in place.
"""

from collections.abc import Mapping

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QTextCharFormat

from ui.formats import Formats
from ui.i18n import Texts
from ui.icons.paint import IconSet
from ui.theme.tokens import Size, Tokens, Tone, Weight

FAMILIES = ("Inter", "Inter Variable", "Noto Sans", "DejaVu Sans")
MONO_FAMILIES = (
    "JetBrains Mono",
    "DejaVu Sans Mono",
    "Noto Sans Mono",
    "Liberation Mono",
    "Courier New",
)
SPACED = 112
_TNUM = QFont.Tag("tnum")
_ROOMY_TEXT = 130


def installed_family() -> str:
    """Inter where it is installed, else the best there is."""
    known = set(QFontDatabase.families())
    return next((family for family in FAMILIES if family in known), QFont().defaultFamily())


class Look:
    """Tokens, scale, words and formats of this window."""

    def __init__(
        self,
        tokens: Tokens,
        texts: Texts,
        formats: Formats,
        *,
        scale: int = 100,
        family: str | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self.tokens = tokens
        self.texts = texts
        self.formats = formats
        self.scale = scale
        self.family = family or installed_family()
        self.icons = IconSet()
        self._keys = dict(keys or {})
        self._fonts: dict[tuple[int, int], QFont] = {}
        self._colours: dict[str, QColor] = {}
        self._metrics: dict[tuple[int, int], QFontMetrics] = {}
        self._shapes: dict[tuple[int, int, str], QTextCharFormat] = {}

    @property
    def dark(self) -> bool:
        return self.tokens.name == "dark"

    @property
    def roomy(self) -> bool:
        """Large text: the third column becomes a drawer, chips go under titles."""
        return self.scale >= _ROOMY_TEXT

    def tr(self, msgid: str, **values: object) -> str:
        return self.texts.tr(msgid, **values)

    def key(self, shortcut: str) -> str:
        """The key of the registry, or the person's own in its place."""
        return self._keys.get(shortcut, shortcut)

    def font(self, size: int = Size.BODY, weight: int = Weight.REGULAR) -> QFont:
        """A font of the scale, digits of equal width."""
        made = self._fonts.get((size, weight))
        if made is None:
            made = self._fonts[size, weight] = QFont(self.family)
            made.setPixelSize(self.px(size))
            made.setWeight(QFont.Weight(int(weight)))
            made.setFeature(_TNUM, 1)
        return QFont(made)

    def mono(self, size: int, weight: int = Weight.REGULAR) -> QFont:
        """Letters of one width, spaced: for what a person compares sign by sign."""
        font = QFont(list(MONO_FAMILIES), self.px(size))
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setFixedPitch(True)
        font.setPixelSize(self.px(size))
        font.setWeight(QFont.Weight(int(weight)))
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, SPACED)
        return font

    def metrics(self, size: int = Size.BODY, weight: int = Weight.REGULAR) -> QFontMetrics:
        """Of a font of the scale, made once."""
        made = self._metrics.get((size, weight))
        if made is None:
            made = self._metrics[size, weight] = QFontMetrics(self.font(size, weight))
        return made

    def shape(self, size: int, weight: int, colour: str) -> QTextCharFormat:
        """Font and colour of a stretch of a paragraph, made once; nobody changes it."""
        made = self._shapes.get((size, weight, colour))
        if made is None:
            made = self._shapes[size, weight, colour] = QTextCharFormat()
            made.setFont(self.font(size, weight))
            made.setForeground(self.colour(colour))
        return made

    def px(self, pixels: int) -> int:
        """Pixels that grow with the text: type and rows, never space or radii."""
        return round(pixels * self.scale / 100)

    def colour(self, token: str) -> QColor:
        made = self._colours.get(token)
        if made is None:
            made = self._colours[token] = QColor(getattr(self.tokens, token))
        return QColor(made)

    def tone(self, tone: Tone) -> tuple[QColor, QColor]:
        """(text, ground) of a tone."""
        if tone is Tone.NEUTRAL:
            return self.colour("muted"), self.colour("alt")
        return self.colour(tone.value), self.colour(tone.value + "bg")
