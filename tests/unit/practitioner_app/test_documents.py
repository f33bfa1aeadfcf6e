"""The words of letters and notes, as plain text."""

from base64 import b64encode

import pytest

from dossier.fhir.elements import Signature
from dossier.fhir.encounters import build_note
from dossier.fhir.narrative import lines_of_attachment, lines_of_div, lines_of_text
from practitioner_app.services.documents import DocumentService
from tests.builders import OTHER_OWNER, OWNER, a_practitioner
from tests.fakes.record_store import MemoryRecordStore

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def a_letter(rid="d1", **more):
    return {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "type": {"text": "Compte rendu de consultation"},
        "date": "2026-11-23T06:41:00Z",
        "author": [{"reference": "Practitioner/pr1", "display": "Dr Claire BERTHELOT"}],
        "description": "Compte rendu de cardiologie",
        "content": [{"attachment": {"contentType": "text/plain", "creation": "2026-11-12"}}],
        "text": {
            "status": "additional",
            "div": DIV.format("<p>Chère consœur,</p><p>Au total&#160;: rien.</p>"),
        },
        **more,
    }


@pytest.fixture
def store():
    held = MemoryRecordStore()
    held.hold_people(a_practitioner())
    return held


def test_a_letter_is_read_with_its_days_its_author_and_its_paragraphs(store):
    store.hold(OWNER, a_letter())
    letter = DocumentService(store).read(OWNER, [("DocumentReference", "d1")])
    assert letter is not None
    assert letter.lines == ("Chère consœur,", "Au total : rien.")
    assert (letter.title, letter.at, letter.made) == (
        "Compte rendu de cardiologie",
        "2026-11-12",
        "2026-11-23T06:41:00Z",
    )
    assert letter.author == "Dr Claire BERTHELOT"
    assert not letter.note


def test_hz01_a_letter_of_another_patient_is_never_read_under_this_one(store):
    store.hold(OTHER_OWNER, a_letter())
    assert DocumentService(store).read(OWNER, [("DocumentReference", "d1")]) is None


def test_an_inline_text_attachment_is_preferred_to_a_narrative(store):
    encoded = b64encode(b"Motif : toux\n\nCAT : repos").decode()
    content = [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": encoded}}]
    store.hold(OWNER, a_letter(content=content))
    letter = DocumentService(store).read(OWNER, [("DocumentReference", "d1")])
    assert letter is not None
    assert letter.lines == ("Motif : toux", "CAT : repos")


def test_a_consultation_note_keeps_every_line_it_was_written_in(store):
    signature = Signature(
        author={"reference": "Practitioner/pr1", "display": "Dr Fontaine"},
        at="2026-11-20T10:00:00Z",
    )
    note = build_note(
        "Pas de plainte.\nPA 138/82.",
        title="Suivi",
        rid="n1",
        patient="Patient/p1",
        signature=signature,
    )
    store.hold(OWNER, note)
    letter = DocumentService(store).read(OWNER, [("Encounter", "e1"), ("ClinicalImpression", "n1")])
    assert letter is not None
    assert letter.note
    assert letter.lines == ("Pas de plainte.", "PA 138/82.")


def test_nothing_to_read_is_no_page(store):
    store.hold(OWNER, a_letter(text={"status": "generated", "div": DIV.format("<p> </p>")}))
    assert DocumentService(store).read(OWNER, [("DocumentReference", "d1")]) is None
    assert DocumentService(store).read(OWNER, [("Encounter", "e1")]) is None


@pytest.mark.parametrize(
    ("inner", "lines"),
    [
        ("<p>a &lt;b&gt; c</p>", ("a <b> c",)),
        ("<script>alert(1)</script><p>x</p><style>p{}</style>", ("x",)),
        ("a<br/>b<br>c", ("a", "b", "c")),
        (
            "<table><tr><td>K</td><td>4,1</td></tr><tr><td>Na</td><td>140</td></tr></table>",
            ("K — 4,1", "Na — 140"),
        ),
        ("<ul><li>un\n  deux</li><li>trois</li></ul>", ("un deux", "trois")),
        ("<p>jamais fermé <b>gras", ("jamais fermé gras",)),
        ("<!-- tu --><p>dit</p>", ("dit",)),
    ],
)
def test_no_markup_of_a_narrative_survives(inner, lines):
    assert lines_of_div(DIV.format(inner)) == lines


def test_an_attachment_that_is_no_text_or_does_not_decode_has_no_line():
    assert lines_of_attachment("application/pdf", "JVBERi0=") == ()
    assert lines_of_attachment("text/plain", "***") == ()
    assert lines_of_attachment("text/plain", b64encode(b"\xff\xfe").decode()) == ()
    assert lines_of_text(" a  b \n\n c") == ("a b", "c")


def test_a_letter_has_the_letterhead_of_the_house_that_keeps_it(store):
    store.hold_people(
        {
            "resourceType": "Organization",
            "id": "h",
            "name": "Centre hospitalier",
            "telecom": [{"system": "fax", "value": "1"}, {"system": "phone", "value": "02 61 91"}],
            "address": [{"line": ["1 avenue"], "postalCode": "44990", "city": "Saint-Exemple"}],
        }
    )
    store.hold(OWNER, a_letter(custodian={"reference": "Organization/h"}), a_letter("d2"))
    letter = DocumentService(store).read(OWNER, [("DocumentReference", "d1")])
    assert letter is not None
    assert (letter.organisation, letter.address, letter.telephone) == (
        "Centre hospitalier",
        "1 avenue, 44990 Saint-Exemple",
        "02 61 91",
    )
    bare = DocumentService(store).read(OWNER, [("DocumentReference", "d2")])
    assert bare is not None
    assert (bare.organisation, bare.address, bare.telephone) == ("", "", "")
