"""Which PDF is painted: only one that a practitioner signed, in the narrow form of our own writer."""

from base64 import b64encode

import pytest

from dossier.fhir.documents import PDF_BYTES
from practitioner_app.services.own_pages import own_page
from tests.builders import a_row

PLAIN = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"3 0 obj\n<< /Length 9 /Filter /FlateDecode >>\nstream\n/JS\x00/Launch\nendstream\nendobj\n%%EOF\n"
)


def a_document(pdf, **more):
    return a_row(
        {
            "resourceType": "DocumentReference",
            "id": "d1",
            "status": "current",
            "docStatus": "final",
            "author": [{"reference": "Practitioner/fontaine"}],
            "authenticator": {"reference": "Practitioner/fontaine"},
            "content": [
                {"attachment": {"contentType": "application/pdf", "data": b64encode(pdf).decode()}}
            ],
            **more,
        }
    )


def with_object(octets):
    return PLAIN.replace(b"%%EOF", b"4 0 obj\n" + octets + b"\nendobj\n%%EOF")


def test_a_page_that_a_practitioner_signed_is_painted_whatever_its_streams_hold():
    assert own_page(a_document(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    "octets",
    [
        b"<< /Type /Action /S /JavaScript /JS (app.alert(1)) >>",
        b"<< /S /Launch /F (x.exe) >>",
        b"<< /Type /EmbeddedFile >>",
        b"<< /AcroForm 5 0 R >>",
        b"<< /Type /ObjStm /N 1 /First 4 >>",
        b"<< /Filter /JBIG2Decode >>",
        b"<< /Subtype /Image /Filter /DCTDecode >>",
        b"<< /J#61vaScript 1 >>",
        b"<< /URI (https://example.invalid) >>",
        b"<< /Encrypt 6 0 R >>",
    ],
    ids=lambda octets: octets[3:24].decode(),
)
def test_a_file_that_says_more_than_our_writer_does_is_not_painted(octets):
    assert own_page(a_document(with_object(octets))) == b""


@pytest.mark.parametrize(
    "more",
    [
        {"docStatus": "preliminary"},
        {"authenticator": None},
        {"authenticator": {"reference": "Practitioner/somebody-else"}},
        {"authenticator": {"reference": "Patient/p1"}, "author": [{"reference": "Patient/p1"}]},
    ],
    ids=["not final", "not signed", "signed by another", "by the patient"],
)
def test_what_no_practitioner_wrote_and_signed_is_not_painted(more):
    assert own_page(a_document(PLAIN, **more)) == b""


def test_a_file_too_large_or_that_is_no_pdf_is_not_painted():
    assert own_page(a_document(PLAIN + b"\n" * PDF_BYTES)) == b""
    assert own_page(a_document(b"<html>")) == b""
    body = a_document(b"")
    assert own_page(body._replace(body=body.body.replace(b'"data":""', b'"data":"%%%"'))) == b""
