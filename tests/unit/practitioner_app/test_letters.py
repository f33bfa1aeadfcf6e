"""Signing a letter: one document, its orders, the version it replaces; templates of one's own."""

import msgspec
import pytest

from dossier.errors import Invalid, NotPrinted, Refused, Unavailable
from dossier.fhir import documents, orders
from dossier.fhir.orders import Ordered
from dossier.fhir.validate import Validator
from dossier.terminology.letters import LetterKind, LetterTemplate, fields, filled, load_letters
from practitioner_app.services.letters import SignLetter
from practitioner_app.services.writing import Writer
from tests.builders import ACTOR, OTHER_OWNER, OWNER
from tests.unit.practitioner_app.test_orders import Desk


@pytest.fixture
def desk():
    return Desk()


def a_letter(desk, **more):
    said = {
        "owner": OWNER,
        "kind": LetterKind.REFERRAL,
        "title": "Courrier d’adressage",
        "at": desk.day(),
        "pdf": b"%PDF-1.4 page",
        "text": "Chère consœur",
    }
    return SignLetter(**(said | more))


def bodies(desk, rtype):
    return [msgspec.json.decode(row.body) for row in desk.store.rows(OWNER, (rtype,))]


def test_a_signed_letter_is_one_final_document_that_carries_its_page(desk):
    (written,) = desk.letters.sign(a_letter(desk))
    (body,) = bodies(desk, "DocumentReference")
    Validator().check(body)
    assert written.id == body["id"]
    assert body["type"]["coding"][0]["code"] == "96349-6"
    assert body["authenticator"]["reference"] == ACTOR.reference
    row = desk.store.resource(OWNER, "DocumentReference", written.id)
    assert documents.pdf_of(row.body) == b"%PDF-1.4 page"


def test_an_order_is_a_document_and_one_request_a_line_that_wait_for_it(desk):
    written = desk.orders_tests("HbA1c", "Échographie inconnue")
    asked = bodies(desk, "ServiceRequest")
    for body in asked:
        Validator().check(body)
    read = [orders.decode(msgspec.json.encode(body)) for body in asked]
    assert {one.label: one.loinc for one in read} == {
        "HbA1c": "4548-4",
        "Échographie inconnue": "",
    }
    assert {one.requisition for one in read} == {written.id}
    document = desk.store.resource(OWNER, "DocumentReference", written.id)
    assert set(documents.ordered_by(document.body)) == {one.id for one in read}
    waits = [entry.op.depends_on for entry in desk.store.ops]
    assert waits == [None, written.op_id, written.op_id]


def test_a_correction_is_a_new_version_and_the_old_one_and_its_orders_stay(desk):
    first = desk.orders_tests("HbA1c")
    again = a_letter(desk, kind=LetterKind.LABORATORY, replaces=first.id)
    second, *_ = desk.letters.sign(again)
    by_id = {body["id"]: body for body in bodies(desk, "DocumentReference")}
    assert by_id[first.id]["status"] == "superseded"
    assert by_id[second.id]["relatesTo"][0]["target"]["reference"].endswith(first.id)
    (asked,) = desk.store.rows(OWNER, ("ServiceRequest",))
    assert orders.decode(asked.body).status is Ordered.REVOKED
    with pytest.raises(Invalid) as refused:
        desk.letters.sign(again)
    assert refused.value.issues[0].rule == "not_current"


def test_hz01_a_letter_never_replaces_one_of_another_patient(desk):
    (first,) = desk.letters.sign(a_letter(desk))
    with pytest.raises(Unavailable):
        desk.letters.sign(a_letter(desk, owner=OTHER_OWNER, replaces=first.id))


def test_nothing_is_signed_in_continuity_mode(desk):
    desk.letters._writer = Writer(
        reader=desk.store,
        outbox=desk.store,
        clock=desk.clock,
        entropy=desk.writer._entropy,
        actor=ACTOR,
        continuity=lambda: True,
    )
    with pytest.raises(Refused):
        desk.letters.sign(a_letter(desk))


def test_the_pack_has_a_template_of_each_kind_with_a_type_the_catalogue_knows(desk):
    for kind in LetterKind:
        assert desk.letters.templates(kind)
        assert desk.letters._coding(kind).system
    assert load_letters().note.date == "2026-11-20"


def test_fields_are_found_filled_and_what_is_inserted_is_no_template():
    body = "{patient}, pour {motif de l’adressage}. {allergies}"
    assert fields(body) == ("patient", "motif de l’adressage", "allergies")
    done = filled(body, {"patient": "Mme {allergies}", "allergies": "pénicilline"})
    assert done == "Mme {allergies}, pour {motif de l’adressage}. pénicilline"


def test_own_templates_are_kept_reworded_and_thrown_away(desk):
    mine = LetterTemplate(
        code="", kind=LetterKind.REFERRAL, fr="Mon cardiologue", body="Cher ami, {patient}"
    )
    kept = desk.letters.keep_template(mine)
    assert desk.letters.templates(LetterKind.REFERRAL)[-1] == kept
    desk.letters.keep_template(msgspec.structs.replace(kept, body="Chère amie"))
    own = [one for one in desk.letters.templates(LetterKind.REFERRAL) if one.own]
    assert [one.body for one in own] == ["Chère amie"]
    desk.letters.drop_template(kept.code)
    assert not any(one.own for one in desk.letters.templates(LetterKind.REFERRAL))
    with pytest.raises(Invalid):
        desk.letters.keep_template(msgspec.structs.replace(mine, fr=" "))


def test_what_a_letter_was_made_from_comes_back_for_its_correction(desk):
    answers = {"to": "Dr Claire BERTHELOT", "body": "Chère consœur, « avis » ?"}
    (written,) = desk.letters.sign(a_letter(desk, answers=answers))
    (body,) = bodies(desk, "DocumentReference")
    Validator().check(body)
    signed = desk.letters.signed(OWNER, written.id)
    assert (signed.kind, signed.answers) == (LetterKind.REFERRAL, answers)
    page = desk.letters.page(OWNER, written.id)
    assert (page.pdf, page.kind) == (b"%PDF-1.4 page", "Lettre d'adressage")
    with pytest.raises(NotPrinted):
        desk.letters.page(OTHER_OWNER, written.id)
    assert desk.letters.signed(OWNER, "unknown") is None
