"""The printed page: what it says, where it breaks, and the same bytes in the preview (HZ-01, HZ-13)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QDir, QIODevice, Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtWidgets import QWidget

from dossier.fhir.patients import Sex
from dossier.fhir.people import Person
from practitioner_app.services.letterheads import Heading as Letterheads
from practitioner_app.services.rows import Identity
from tests.gui.ui_samples import a_look, a_speaking
from ui.paper.heads import french_paper, in_letters
from ui.paper.layout import BODY, Maker, Setter, paginate
from ui.paper.pdf import render
from ui.paper.preview import PaperCard, PaperPreview
from ui.paper.sheet import (
    Heading,
    Letterhead,
    Line,
    Paragraph,
    PatientBlock,
    Sheet,
    Table,
    Zone,
    plain_text,
)
from ui.theme.look import installed_family

FOOT = "Mme MARTINEAU Élodie, 14/07/1958"
INSURER = (
    "Personne ne peut exiger ces informations de vous pour un contrat, une assurance ou un emploi."
)


def a_line(number, head="metformine 1000 mg, comprimé"):
    return Line(f"{number}.", head, ("1 comprimé matin et soir, pendant 3 mois. QSP 3 mois",))


def a_sheet(lines=3, **more):
    said = {
        "kind": "Ordonnance",
        "letterhead": Letterhead(
            name="Dr Claire FONTAINE",
            lines=("Médecin généraliste", "RPPS 99900000011 · AM 990000011"),
            house="Maison de santé du Port",
            house_lines=("12 quai des Tilleuls", "44990 Saint-Exemple-sur-Loire"),
        ),
        "patient": PatientBlock(
            name="Mme MARTINEAU Élodie",
            lines=("Née le 14/07/1958 · 68 ans · sexe féminin", "INS 2 58 07 44 990 901 10"),
            foot=FOOT,
        ),
        "dated": "Saint-Exemple-sur-Loire, le 23 novembre 2026",
        "blocks": (
            Zone(
                "Prescriptions relatives au traitement de l'affection de longue durée reconnue",
                "AFFECTION EXONÉRANTE",
                tuple(a_line(number) for number in range(1, lines + 1)),
            ),
        ),
        "closing": (f"Nombre de lignes : {lines}",),
        "signer": "Dr Claire FONTAINE",
        "insurer": INSURER,
    }
    return Sheet(**{**said, **more})


def opened(pdf):
    document, buffer = QPdfDocument(None), QBuffer()
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(buffer)
    assert document.status() == QPdfDocument.Status.Ready
    buffer.setParent(document)
    return document


def pages_of(sheet):
    document = opened(render(sheet, installed_family()))
    texts = [document.getAllText(page).text() for page in range(document.pageCount())]
    document.close()
    return [text.replace("\u00a0", " ").replace("\r\n", "\n") for text in texts]


def test_what_is_written_is_read_back_from_the_file(qapp):
    (page,) = pages_of(a_sheet())
    for said in (
        "Dr Claire FONTAINE",
        "RPPS 99900000011 · AM 990000011",
        "44990 Saint-Exemple-sur-Loire",
        "Née le 14/07/1958 · 68 ans · sexe féminin",
        "INS 2 58 07 44 990 901 10",
        "le 23 novembre 2026",
        "AFFECTION EXONÉRANTE",
        "2. metformine 1000 mg, comprimé",
        "pendant 3 mois. QSP 3 mois",
        "Nombre de lignes : 3",
        INSURER,
    ):
        assert said in page


def test_d7_fifty_documents_are_made_and_shown_without_a_file(qapp, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert QDir.tempPath() == str(tmp_path)
    preview = PaperPreview(a_look())
    qtbot.addWidget(preview)
    preview.resize(600, 800)
    preview.show()
    untouched = tmp_path.stat().st_mtime_ns  # moves when a file is made there, and when one goes
    for number in range(50):
        preview.show_pdf(render(a_sheet(number + 1), installed_family()), f"Ordonnance {number}")
        qtbot.waitUntil(lambda: preview.ready, timeout=20_000)
        assert "Dr Claire FONTAINE" in preview.page_text()
    preview.clear()
    assert tmp_path.stat().st_mtime_ns == untouched


@pytest.mark.parametrize(("lines", "count"), [(3, 1), (20, 2), (80, 5)])
def test_hz01_every_page_says_whose_it_is_and_how_many_there_are(qapp, lines, count):
    pages = pages_of(a_sheet(lines))
    assert len(pages) == count
    for number, page in enumerate(pages, 1):
        assert f"{FOOT} · page {number}/{count}" in page
    found = [int(n) for page in pages for n in re.findall(r"(\d+)\. metformine", page)]
    assert found == list(range(1, lines + 1))


@pytest.mark.parametrize("lines", range(10, 40, 3))
def test_hz13_a_numbered_line_is_never_broken_over_two_pages(qapp, lines):
    for page in pages_of(a_sheet(lines)):
        assert page.count("metformine") == page.count("QSP")
        assert not page.startswith("1 comprimé")


def test_hz13_a_number_and_its_unit_are_always_on_the_same_line(qapp):
    setter = Setter(installed_family())
    words = "prendre 1000 mg puis 0,5 mL et 3 comprimés pendant 12 semaines au maximum"
    for width in range(900, 9000, 130):
        bits, _ = setter.text(words, BODY, width)
        layout = bits[0].layout
        for bit in bits[:-1]:
            line = layout.lineAt(bit.line)
            end = layout.text()[: line.textStart() + line.textLength()].rstrip(" ")
            if width > 2600:
                assert not end[-1].isdigit(), (width, end)


def test_the_signature_never_stands_alone_on_a_page(qapp):
    for lines in range(10, 20):
        assert "metformine" in pages_of(a_sheet(lines))[-1]


def test_text_from_data_is_never_markup_and_hides_nothing(qapp):
    hostile = '<b>gras</b> <img src="file:///etc/passwd"> &amp; \u202eenvers'
    sheet = a_sheet(blocks=(Paragraph(hostile), a_line(1, hostile)))
    (page,) = pages_of(sheet)
    assert page.count("<b>gras</b>") == 2
    assert "&amp;" in page
    assert "U+202E" in page
    assert "<b>gras</b>" in plain_text(sheet)


def test_the_file_names_nobody_embeds_its_fonts_and_says_it_is_for_the_archive(qapp):
    pdf = render(a_sheet(), installed_family())
    document = opened(pdf)
    assert document.metaData(QPdfDocument.MetaDataField.Title) == "Ordonnance"
    for field in QPdfDocument.MetaDataField:
        assert "MARTINEAU" not in str(document.metaData(field))
    assert b"/FontFile" in pdf
    assert b"pdfaid" in pdf
    document.close()


def test_the_same_sheet_gives_the_same_file_but_for_its_date(qapp):
    dates = re.compile(
        rb"D:\d{14}[^)]*|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^<]*|/ID \[[^\]]*\]|uuid:[0-9a-f-]*"
    )
    first, second = (dates.sub(b"", render(a_sheet(20), installed_family())) for _ in range(2))
    assert first == second


def test_a_page_is_made_on_a_thread_that_is_not_the_main_one(qapp):
    with ThreadPoolExecutor(2) as lane:
        made = list(lane.map(lambda _: render(a_sheet(20), installed_family()), range(4)))
    texts = {opened(pdf).getAllText(1).text() for pdf in made}
    assert len(texts) == 1


def test_tables_headings_and_long_texts_go_on_to_the_next_page(qapp):
    table = Table(("Examen", "Résultat"), (("HbA1c", "7,4 %"), ("Créatinine", "92 µmol/L")), (3, 1))
    text = Paragraph("\n".join(f"Phrase numéro {n}, qui dit quelque chose." for n in range(60)))
    pages = pages_of(a_sheet(blocks=(Heading("Résultats"), table, text), closing=()))
    assert len(pages) == 2
    assert "7,4 %" in pages[0]
    assert "Phrase numéro 59" in pages[1]


def test_what_no_page_can_hold_is_broken_rather_than_lost(qapp):
    long = Line("1.", "perfusion", tuple(f"étape {n}" for n in range(120)))
    pages = pages_of(a_sheet(blocks=(long,)))
    assert len(pages) > 1
    assert all(f"étape {n}" in "".join(pages) for n in range(120))


def test_atoms_stay_inside_the_page(qapp):
    sheet = a_sheet(40)
    for page in paginate(Maker(Setter(installed_family())).atoms(sheet)):
        ends = [one.top + one.atom.height for one in page]
        assert ends == sorted(ends)


@pytest.fixture
def card(qtbot):
    hosts = []

    def make(theme="light"):
        host = QWidget()
        qtbot.addWidget(host)
        host.resize(500, 620)
        card = PaperCard(a_look("fr", dark=theme == "dark"), "Aperçu avant impression", host)
        card.setGeometry(host.rect())
        card.show_pdf(render(a_sheet(20), installed_family()), "Ordonnance")
        host.show()
        hosts.append(host)
        qtbot.waitUntil(lambda: card.preview.ready)
        return card

    yield make
    hosts.clear()


def test_the_preview_turns_its_pages_by_keys_and_reads_them_aloud(qtbot, card):
    preview = card().preview
    assert preview.accessibleName() == "Aperçu : Ordonnance, page 1 sur 2"
    assert "1. metformine" in preview.accessibleDescription()
    qtbot.keyClick(preview, Qt.Key.Key_PageDown)
    assert preview.accessibleName() == "Aperçu : Ordonnance, page 2 sur 2"
    assert "20. metformine" in preview.accessibleDescription()
    qtbot.keyClick(preview, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: preview.ready)
    assert preview.page == 1
    qtbot.keyClick(preview, Qt.Key.Key_PageUp)
    qtbot.keyClick(preview, Qt.Key.Key_Plus)
    qtbot.waitUntil(lambda: preview.ready)
    assert preview.verticalScrollBar().maximum() > 0
    qtbot.keyClick(preview, Qt.Key.Key_0)
    assert preview.verticalScrollBar().maximum() == 0


def test_paper_stays_white_in_the_dark_theme(qtbot, card):
    shown = card("dark").preview
    image = shown.grab().toImage()
    middle = image.pixelColor(image.width() // 2, image.height() - 40)
    assert middle.lightness() > 240


def test_nothing_of_a_document_stays_in_a_cleared_preview(qtbot, card):
    shown = card()
    shown.clear()
    assert shown.preview.count == 0
    assert not shown.preview.page_text()
    assert shown.preview.accessibleDescription() == ""


def test_bytes_that_are_no_document_show_an_empty_preview(qtbot):
    shown = PaperCard(a_look("fr"), "Aperçu")
    qtbot.addWidget(shown)
    shown.show_pdf(b"not a file", "Document")
    assert shown.preview.count == 0


def test_the_heads_of_a_page_are_in_french_whatever_the_screen_speaks(qapp):
    paper = french_paper(a_speaking(a_look("en")))
    block = paper.patient(
        Identity(
            owner=1,
            birth_name="TRAN",
            birth_given="MAI",
            used_name="NGUYEN",
            used_given="Mai",
            civility="MME",
            birth_date="1976-02-03",
            sex=Sex.FEMALE,
            ins="276027599091144",
        )
    )
    said = "\n".join((block.name, *block.lines)).replace("\u00a0", " ")
    assert said == (
        "Mme NGUYEN Mai\nNom de naissance TRAN\nNée le 03/02/1976 · 50 ans · sexe féminin\n"
        "INS 2 76 02 75 990 911 44"
    )
    assert block.foot == "Mme NGUYEN Mai, 03/02/1976"


def test_place_and_date_are_those_of_a_letter(qapp):
    paper = french_paper(a_speaking(a_look("en")))
    head = Letterheads(writer=Person(id="", name=""), house=Person(id="", name="", city="Nantes"))
    assert paper.dated(head) == "Nantes, le 23\u00a0novembre\u00a02026"
    assert in_letters(date(2026, 12, 1), paper.texts) == "1er\u00a0décembre\u00a02026"
