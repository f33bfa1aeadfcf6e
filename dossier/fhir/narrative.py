"""The words of a narrative (R4 §2.18: XHTML), of a text attachment and of an annotation, as plain lines.

Nothing of the markup survives: elements end lines, entities become their characters, what is not meant
to be read (`script`, `style`) is dropped. The result is text for good and must never be parsed again.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "table",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "hr",
        "caption",
    ]
)
_CELLS: Final = frozenset(("td", "th"))
_SILENT: Final = frozenset(("script", "style", "head", "title"))
_TEXT: Final = "text/plain"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("\t")

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:  # the name is the library's
        if not self._silent:
            self.parts.append(data.replace("\n", " ").replace("\t", " "))


def lines_of_div(div: str) -> tuple[str, ...]:
    """The lines of an XHTML `div`, without empty ones. Cells of one row are held apart by a dash."""
    words = _Words()
    words.feed(div)
    words.close()
    return tuple(
        line for raw in "".join(words.parts).split("\n") if (line := _cells(raw)) and line.strip()
    )


def lines_of_text(text: str) -> tuple[str, ...]:
    """The lines of plain text, without empty ones."""
    return tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())


def lines_of_attachment(content_type: str, encoded: str) -> tuple[str, ...]:
    """The lines of an inline `text/plain` attachment; none for another type or an unreadable one."""
    if content_type.partition(";")[0].strip().lower() != _TEXT or not encoded:
        return ()
    try:
        return lines_of_text(b64decode(encoded, validate=True).decode("utf-8"))
    except (NotBase64, UnicodeDecodeError):
        return ()


def _cells(line: str) -> str:
    cells = [" ".join(cell.split()) for cell in line.split("\t")]
    return " — ".join(cell for cell in cells if cell)
