"""The printed page as a value: what is on it, in which order, and nothing of how it is drawn.

A `Sheet` is made once; the preview, the printer and the filed document all come from the one PDF it is
rendered to (HZ-13: what is printed is what was written). Words are final and in French, whatever the
language of the screen: they are read by a pharmacist, a laboratory, a colleague. Text is plain text.
"""

from collections.abc import Iterator

from msgspec import Struct


class Letterhead(Struct, frozen=True, kw_only=True):
    """Who writes, at the left, and the house, at the right. An empty line is not printed."""

    name: str = ""
    lines: tuple[str, ...] = ()
    house: str = ""
    house_lines: tuple[str, ...] = ()


class PatientBlock(Struct, frozen=True, kw_only=True):
    """Whose page it is. Identity traits are printed as they are held; `foot` stands on every page (HZ-01)."""

    name: str
    lines: tuple[str, ...] = ()
    foot: str = ""


class Heading(Struct, frozen=True, tag=True):
    """A title inside the page; never the last line of one."""

    text: str


class Paragraph(Struct, frozen=True, tag=True):
    """Running text; may go on to the next page, two lines at least on each side."""

    text: str
    strong: bool = False
    quiet: bool = False


class Line(Struct, frozen=True, tag=True):
    """A numbered line and what belongs to it; never broken over two pages. `quiet`: not to be carried out."""

    number: str
    head: str
    rest: tuple[str, ...] = ()
    quiet: bool = False


class Zone(Struct, frozen=True, tag=True):
    """A framed zone of a two-zone prescription: what it is for, its name in bold, its lines."""

    about: str
    name: str
    lines: tuple[Line, ...] = ()


class Table(Struct, frozen=True, tag=True):
    """Columns and rows; `shares` are the widths in parts of their sum. A row is never broken."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[int, ...] = ()


Block = Heading | Paragraph | Line | Zone | Table


class Sheet(Struct, frozen=True, kw_only=True):
    """One document. `kind` names it in the file and speaks of nobody. `to`: lines of the addressee.
    `mention` stands in bold under the date. `closing` stands beside the signature, `signer` in its box;
    no box without a signer. `insurer`: the sentence of a sheet that is handed to the patient.
    """

    kind: str
    letterhead: Letterhead
    patient: PatientBlock
    dated: str = ""
    mention: str = ""
    to: tuple[str, ...] = ()
    title: str = ""
    blocks: tuple[Block, ...] = ()
    closing: tuple[str, ...] = ()
    signer: str = ""
    insurer: str = ""


def plain_text(sheet: Sheet) -> str:
    """Everything the page says, line by line, the foot once: for the text beside the PDF and the search."""
    head, patient = sheet.letterhead, sheet.patient
    lines = [head.name, *head.lines, head.house, *head.house_lines]
    lines += [patient.name, *patient.lines, *sheet.to, sheet.dated, sheet.mention, "", sheet.title]
    for block in sheet.blocks:
        lines += list(_said(block))
    lines += ["", *sheet.closing, sheet.signer, sheet.insurer]
    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip() + "\n"


def _said(block: Block) -> Iterator[str]:
    if isinstance(block, Heading | Paragraph):
        yield block.text
    elif isinstance(block, Line):
        yield f"{block.number} {block.head}".strip()
        yield from block.rest
    elif isinstance(block, Zone):
        yield from (block.about, block.name)
        for line in block.lines:
            yield from _said(line)
    else:
        for cells in (block.columns, *block.rows):
            yield " | ".join(cells)
