"""A sheet as the bytes of a PDF, in memory: never a file.

PDF/A-1b: fonts embedded, nothing transparent, no script. The file's title is the kind of document and
names nobody. The same sheet gives the same pages; the file differs by its date and its identifier.
"""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PySide6.QtGui import QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter

from ui.paper.layout import PT, Maker, Setter, draw, paginate
from ui.paper.sheet import Sheet

_RESOLUTION = 72 * PT


def render(sheet: Sheet, family: str) -> bytes:
    """The PDF of a sheet, written in a family of fonts. May run on any one thread at a time."""
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPdfVersion(QPagedPaintDevice.PdfVersion.PdfVersion_A1b)
    writer.setResolution(_RESOLUTION)
    writer.setTitle(sheet.kind)
    writer.setCreator("Colloque")
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(0, 0, 0, 0),
        )
    )
    maker = Maker(Setter(family))
    pages = paginate(maker.atoms(sheet))
    painter = QPainter(writer)
    for number, page in enumerate(pages, 1):
        if number > 1:
            writer.newPage()
        draw(painter, page, maker.foot(sheet, number, len(pages)))
    painter.end()
    buffer.close()
    return bytes(store.data())
