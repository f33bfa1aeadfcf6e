"""Words on the screen: gettext with English msgids, one catalogue for French.

`Texts` is passed to whoever speaks. The compiled catalogue (`colloque.mo`) is made at set-up and not
committed; where it is absent or older, the `.po` is read directly, so a fresh checkout speaks French.
"""

from collections.abc import Iterable
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal

from ui.typography import french, visible

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
DOMAIN = "colloque"
LOCALE_FOLDER = Path(__file__).parent / "locale"


class Texts:
    """The sentences of one language. `tr` is the msgid's translation, `shown` what is painted."""

    def __init__(self, language: Language, translations: NullTranslations) -> None:
        self.language: Language = language
        self._translations = translations

    def tr(self, msgid: str, **values: object) -> str:
        """The sentence, its `{fields}` filled. Values are never parsed as templates."""
        text = self._translations.gettext(msgid)
        return text.format_map(values) if values else text

    def trc(self, context: str, msgid: str, **values: object) -> str:
        """The same where one English word has several French ones."""
        text = self._translations.pgettext(context, msgid)
        return text.format_map(values) if values else text

    def trn(self, one: str, many: str, count: int, **values: object) -> str:
        """The sentence of a count. `{count}` is filled unless given already formatted."""
        text = self._translations.ngettext(one, many, count)
        return text.format_map({"count": count, **values})

    def shown(self, text: str) -> str:
        """`text` as painted: invisible characters spelled out, typography of the language."""
        text = visible(text)
        return french(text) if self.language == "fr" else text


def po_path(language: Language) -> Path:
    """The committed catalogue of a language."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def compiled(language: Language) -> bytes:
    """The catalogue of a language in gettext's binary form, from its `.po`."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - at set-up, never at a start
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with po_path(language).open("rb") as source:
        catalogue = read_po(source, locale=language, domain=DOMAIN)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def compile_catalogues(languages: Iterable[Language] = ("fr",)) -> list[Path]:
    """Write the `.mo` beside each `.po`; returns what was written. For set-up."""
    written = []
    for language in languages:
        path = po_path(language).with_suffix(".mo")
        path.write_bytes(compiled(language))
        written.append(path)
    return written


def load_texts(language: Language) -> Texts:
    """The words of a language. English needs no catalogue: the msgids are its sentences."""
    if language == "en":
        return Texts("en", NullTranslations())
    po, mo = po_path(language), po_path(language).with_suffix(".mo")
    fresh = mo.is_file() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns
    source = BytesIO(mo.read_bytes() if fresh else compiled(language))
    return Texts(language, GNUTranslations(source))


def other_texts(texts: Texts) -> Texts:
    """The other language: what a person types is understood in both."""
    return load_texts("en" if texts.language == "fr" else "fr")
