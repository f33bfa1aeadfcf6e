"""What a desktop signs: R4, with its page and its words in itself."""

from base64 import b64decode

import pytest

from dossier.errors import Invalid
from dossier.fhir import documents
from dossier.fhir.documents import PDF_BYTES, NewDocument
from dossier.fhir.elements import LOINC, Coding
from dossier.fhir.validate import Validator
from tests.builders import AT, SIGNATURE, encoded

TYPE = Coding(system=LOINC, code="96349-6", display="Lettre d'adressage")


def a_document(**more):
    said = {
        "type": TYPE,
        "title": "Courrier d’adressage",
        "pdf": b"%PDF",
        "text": "Chère",
        "at": AT,
    }
    return documents.build(
        NewDocument(**(said | more)), rid="d1", patient="Patient/p1", signature=SIGNATURE
    )


def test_a_signed_document_is_r4_and_says_who_signed_it():
    body = a_document(encounter="Encounter/e1", related=("ServiceRequest/s1",), replaces="d0")
    Validator().check(body)
    assert body["docStatus"] == "final"
    assert body["authenticator"] == body["author"][0] == SIGNATURE.author
    assert b64decode(body["content"][0]["attachment"]["data"]) == b"%PDF"
    read = documents.decode(encoded(body))
    assert (read.title, read.type_code, read.media) == (
        "Courrier d’adressage",
        "96349-6",
        "application/pdf",
    )


def test_a_replaced_document_and_one_in_error_stay_r4_and_readable():
    body = a_document()
    older = documents.superseded(body)
    wrong = documents.entered_in_error(body, reason="autre patient", signature=SIGNATURE)
    for one in (older, wrong):
        Validator().check(one)
    assert documents.decode(encoded(older)).replaced
    assert not documents.decode(encoded(wrong)).counts


def test_a_page_too_large_for_one_body_is_refused():
    with pytest.raises(Invalid) as refused:
        a_document(pdf=bytes(PDF_BYTES + 1))
    assert refused.value.issues[0].rule == "too_large"
