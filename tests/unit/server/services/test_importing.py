"""Import: the directory first, then each patient in one transaction; repeated, it changes nothing."""

import tracemalloc
from typing import Any

import msgspec
import pytest

from dossier.access.home import MASKED, NOT_PATIENT
from dossier.access.tables import ATTENDING
from dossier.errors import Invalid, Issue
from server.services.accounts import Person
from server.services.bundles import ENTRIES, Item, contents
from server.services.importing import Report
from tests.fakes.server_room import (
    DOCTOR,
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
    an_allergy,
)

URN = "urn:uuid:6f4a5b1e-0000-4000-8000-000000000001"
PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Durand", "given": ["Anne"]}],
    "birthDate": "1960-05-02",
    "gender": "female",
    "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "260058815400233"}],
}


def bundle(*entries: dict[str, Any], kind: str = "collection") -> bytes:
    return msgspec.json.encode({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def an_entry(resource: dict[str, Any], full_url: str = "") -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource} if full_url else {"resource": resource}


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


def take(room: ServerRoom, raw: bytes, for_unit: int | None = None) -> Report:
    report = room.run(room.importer.take(raw, for_unit=for_unit))
    room.settle()
    return report


def stored(room: ServerRoom, owner: int) -> dict[str, bytes]:
    return {f"{h.rtype}/{h.id}": h.body for h in room.run(room.records.whole(owner))}


def test_a_bundle_is_stored_byte_for_byte_but_for_its_urn_references(room: ServerRoom) -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "all-1",
        "patient": {"reference": URN},
        "note": [{"text": f"see {URN}"}],
        "recordedDate": "2019-02-03",
    }
    report = take(room, bundle(an_entry(PATIENT, URN), an_entry(allergy)))
    assert (report.accepted, report.duplicate, report.refused) == (2, 0, ())
    rid = URN.removeprefix("urn:uuid:")
    held = stored(room, report.owners[0])
    expected = {**allergy, "patient": {"reference": f"Patient/{rid}"}}
    assert held["AllergyIntolerance/all-1"] == msgspec.json.encode(expected)
    assert msgspec.json.decode(held[f"Patient/{rid}"]) == {"id": rid, **PATIENT}


def test_importing_again_meets_itself(room: ServerRoom) -> None:
    raw = bundle(
        an_entry({**PATIENT, "id": "pat-1"}),
        an_entry(an_allergy("pat-1", "all-1")),
        an_entry({"resourceType": "Organization", "id": "o", "name": "x"}),
    )
    first = take(room, raw)
    counts = room.run(room.store.maintenance.counts())
    second = take(room, raw)
    assert (first.accepted, second.accepted, second.duplicate) == (3, 0, 3)
    assert first.owners == second.owners
    after = room.run(room.store.maintenance.counts())
    assert {k: v for k, v in after.items() if k != "effect"} == {
        k: v for k, v in counts.items() if k != "effect"
    }


def test_the_directory_part_is_read_by_every_team(room: ServerRoom) -> None:
    desk = room.desktop("martin", room.unit())
    take(room, msgspec.json.encode({"resourceType": "Practitioner", "id": "p-1"}))
    assert "Practitioner/p-1" in room.pull(desk, room.premises.directory)


def test_one_invalid_resource_refuses_its_bundle_whole_and_nothing_is_written(
    engine: Any,
    room: ServerRoom,
) -> None:
    room = engine.room(
        validate=lambda rtype, _v: [Issue("x", "bad")] if rtype == "Condition" else []
    )
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/pat-1"},
    }
    organisation = {"resourceType": "Organization", "id": "o"}
    before = room.run(room.store.maintenance.counts())
    report = take(
        room,
        bundle(an_entry({**PATIENT, "id": "pat-1"}), an_entry(condition), an_entry(organisation)),
    )
    assert [(r.resource, r.reason) for r in report.refused] == [
        ("Condition/c", "invalid"),
        ("Organization/o", "bundle_refused"),
        ("Patient/pat-1", "bundle_refused"),
    ]
    assert (report.accepted, report.owners) == (0, ())
    assert room.run(room.store.maintenance.counts()) == before


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (an_entry({**an_allergy("nobody", "x")}), "unknown_patient"),
        (an_entry({"resourceType": "Appointment", "id": "x"}), "needs_agenda"),
        (an_entry({"resourceType": "Basic", "id": "x y"}), "invalid"),
        (an_entry({**an_allergy("a", "x"), "encounter": {"reference": URN}}), "invalid"),
        (an_entry({**an_allergy("a", "x"), "note": [{"text": "n" * 250_000}]}), "invalid"),
    ],
)
def test_whatever_refuses_one_entry_its_bundle_writes_nothing_at_all(
    room: ServerRoom, entry: dict[str, Any], reason: str
) -> None:
    """The directory's part neither, nor a reservation: the same ids may come again, put right."""
    before = room.run(room.store.maintenance.counts())
    good = [
        an_entry({**PATIENT, "id": "a"}),
        an_entry(an_allergy("a", "own")),
        an_entry({"resourceType": "Organization", "id": "o"}),
    ]
    report = take(room, bundle(*good, entry))
    assert sorted(one.reason for one in report.refused) == sorted([reason, *["bundle_refused"] * 3])
    assert room.run(room.store.maintenance.counts()) == before
    assert take(room, bundle(*good)).accepted == 3


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "GET"])
def test_a_transaction_that_erases_patches_or_asks_is_refused_whole(
    room: ServerRoom, method: str
) -> None:
    """Leaving such an entry out in silence would say it was done."""
    entries = [
        {**an_entry({**PATIENT, "id": "a"}), "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": method, "url": "Patient/b"}},
    ]
    report = take(room, bundle(*entries, kind="transaction"))
    assert [(one.resource, one.reason) for one in report.refused] == [
        ("", "request_not_taken"),
        ("Patient/a", "bundle_refused"),
    ]


def test_a_bundle_of_several_patients_is_decided_whole_then_written_one_by_one(
    room: ServerRoom,
) -> None:
    other = {**PATIENT, "id": "b", "identifier": [], "birthDate": "1999-01-01"}
    people = [an_entry({**PATIENT, "id": "a"}), an_entry(other)]
    report = take(room, bundle(*people, an_entry(an_allergy("c", "x"))))
    assert (report.accepted, len(report.refused)) == (0, 3)
    report = take(room, bundle(*people, an_entry(an_allergy("b", "x"))))
    assert (report.accepted, len(report.owners)) == (3, 2)


def test_hz_01_two_persons_under_one_ins_in_one_bundle_are_not_one_record(
    room: ServerRoom,
) -> None:
    other = {**PATIENT, "id": "b", "birthDate": "1999-01-01"}
    report = take(room, bundle(an_entry({**PATIENT, "id": "a"}), an_entry(other)))
    assert {(one.resource, one.reason) for one in report.refused} == {
        ("Patient/b", "another_person"),
        ("Patient/a", "bundle_refused"),
    }


def test_a_bundle_with_more_entries_than_the_bound_is_refused_before_they_are_read() -> None:
    raw = bundle(*[{"resource": 1}] * (ENTRIES + 1))
    with pytest.raises(Invalid) as refused:
        contents(raw)
    assert [issue.rule for issue in refused.value.issues] == ["too_many_entries"]


@pytest.mark.parametrize(
    ("begin", "again", "end", "rule"),
    [
        ('{"resourceType":"Bundle","type":"collection","entry":[{}', ",{}", "]}", "too_many_entries"),
        ('{"resourceType":"Bundle","type":"collection"', ',"a":1', "}", "unknown_element"),
        ('{"resourceType":"Bundle","entry":[{"a":1', ',"a":1', "}]}", "unknown_element"),
        ('{"resourceType":"Basic","id":"b"', ',"a":1', "}", "too_large"),
        ('{"resourceType":"Basic","x":', "[", "", "too_deep"),
    ],
    ids=["entries", "elements of a bundle", "elements of an entry", "a lone resource", "nesting"],
)  # fmt: skip
def test_a_long_text_that_would_unfold_without_end_costs_no_memory(
    begin: str, again: str, end: str, rule: str
) -> None:
    raw = (begin + again * (20_000_000 // len(again)) + end).encode()
    tracemalloc.start()
    with pytest.raises(Invalid) as refused:
        contents(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [issue.rule for issue in refused.value.issues] == [rule]
    assert most < 2 * len(raw)


def test_an_id_another_record_holds_refuses_its_bundle(room: ServerRoom) -> None:
    take(room, bundle(an_entry({**PATIENT, "id": "a"}), an_entry(an_allergy("a", "same"))))
    other = {**PATIENT, "id": "b", "identifier": [], "birthDate": "1999-01-01"}
    report = take(
        room,
        bundle(
            an_entry(other), an_entry(an_allergy("b", "same")), an_entry(an_allergy("b", "own"))
        ),
    )
    assert [(r.resource, r.reason) for r in report.refused] == [
        ("AllergyIntolerance/same", "id_of_another_record"),
        ("Patient/b", "bundle_refused"),
        ("AllergyIntolerance/own", "bundle_refused"),
    ]
    assert room.run(room.patients.located("Patient", "b")) is None


def test_what_differs_from_the_record_is_refused_and_never_overwrites(room: ServerRoom) -> None:
    first = take(room, bundle(an_entry({**PATIENT, "id": "a"}), an_entry(an_allergy("a", "x"))))
    again = take(room, msgspec.json.encode(an_allergy("a", "x", "Iode")))
    assert [refusal.reason for refusal in again.refused] == ["differs_from_record"]
    assert b"nicilline" in stored(room, first.owners[0])["AllergyIntolerance/x"]


def test_meta_alone_makes_no_difference(room: ServerRoom) -> None:
    take(room, bundle(an_entry({**PATIENT, "id": "a"})))
    again = take(room, bundle(an_entry({**PATIENT, "id": "a", "meta": {"versionId": "7"}})))
    assert (again.accepted, again.duplicate) == (0, 1)


def test_a_patient_is_found_again_by_ins_under_another_id(room: ServerRoom) -> None:
    first = take(room, bundle(an_entry({**PATIENT, "id": "a"})))
    ins = {"system": PATIENT["identifier"][0]["system"], "value": "2600588154002"}  # type: ignore[index]
    found = room.run(room.patients.find({**PATIENT, "id": "other", "identifier": [ins]}))
    assert found == first.owners[0]


def test_same_traits_are_candidates_and_never_decide(room: ServerRoom) -> None:
    no_ins = {**PATIENT, "identifier": []}
    one = take(room, bundle(an_entry({**no_ins, "id": "a"})))
    other = take(room, bundle(an_entry({**no_ins, "id": "b"})))
    assert one.owners != other.owners
    found = room.run(room.patients.same_traits(no_ins))
    assert sorted(found) == sorted(one.owners + other.owners)


def test_an_ins_of_one_patient_under_the_id_of_another_is_refused(room: ServerRoom) -> None:
    take(room, bundle(an_entry({**PATIENT, "id": "a"})))
    take(room, bundle(an_entry({**PATIENT, "id": "b", "identifier": []})))
    report = take(room, bundle(an_entry({**PATIENT, "id": "b"})))
    assert "ins_of_another" in {refusal.reason for refusal in report.refused}


def test_the_registering_unit_sees_the_identity_and_nothing_clinical(room: ServerRoom) -> None:
    """ACC-03: an import opens no record."""
    org = room.unit()
    desk = room.desktop("martin", org)
    raw = bundle(an_entry({**PATIENT, "id": "a"}), an_entry(an_allergy("a", "x")))
    report = take(room, raw, for_unit=org)
    assert room.pull(desk, report.owners[0]).keys() == {"Patient/a"}


def test_managing_organisation_registers_and_a_consent_inside_opens(room: ServerRoom) -> None:
    desk = room.desktop("martin", room.unit("org-7"))
    patient = {
        **PATIENT,
        "id": "a",
        "managingOrganization": {"reference": "Organization/org-7"},
    }
    report = take(
        room,
        bundle(
            an_entry(patient), an_entry(an_allergy("a", "x")), an_entry(a_consent("a", "org-7"))
        ),
    )
    assert room.pull(desk, report.owners[0]).keys() == {"Patient/a", "AllergyIntolerance/x"}


def test_the_general_practitioner_with_an_account_is_the_attending_doctor(
    room: ServerRoom,
) -> None:
    person = Person(login="martin", display_name="Dr Martin", practitioner="gp-1")
    account = room.account(person)
    room.run(room.members.add(account, room.unit(), DOCTOR))
    patient = {
        **PATIENT,
        "id": "a",
        "generalPractitioner": [
            {"reference": "Practitioner/gp-1"},
            {"reference": "Practitioner/?"},
        ],
    }
    report = take(room, bundle(an_entry(patient)))
    relations = room.run(room.store.read(report.owners[0], lambda tx: tx.access.relations()))
    assert [(row.account, row.kind) for row in relations] == [(account, ATTENDING)]


def test_labels_inside_a_document_decide_where_it_lies(room: ServerRoom) -> None:
    org = room.unit()
    code = {"coding": [{"code": NOT_PATIENT}]}
    document = a_document("a", "d", securityLabel=[code])
    report = take(room, bundle(an_entry({**PATIENT, "id": "a"}), an_entry(document)), org)
    held = {h.id: h.facet for h in room.run(room.records.whole(report.owners[0]))}
    assert held == {"a": "identity", "d": "rec:care:np"}
    masked = a_document("a", "m", meta={"security": [{"code": MASKED}]})
    take(room, msgspec.json.encode(masked), org)
    held = {h.id: h.facet for h in room.run(room.records.whole(report.owners[0]))}
    assert held["m"] == f"rec:care:m-{org}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"not json", "unreadable"),
        (b'{"resourceType":"Observation","id":"o"', "unreadable"),
        (
            b'{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/x"}}',
            "unknown_patient",
        ),
        (b'{"resourceType":"Condition","id":"c","id":"c"}', "invalid"),
        (b'{"resourceType":"Condition","id":"c d"}', "invalid"),
        (b'{"resourceType":"Condition","subject":{"reference":"Patient?name=x"}}', "invalid"),
        (b'{"resourceType":"Appointment","id":"a"}', "needs_agenda"),
        (b'{"resourceType":"Communication","id":"c"}', "needs_conversation"),
        (b'{"id":"c"}', "invalid"),
        (b'{"resourceType":"Basic","id":"c","x":NaN}', "unreadable"),
        (b'{"resourceType":"Basic","id":"c","x":' + b"[" * 40 + b"]" * 40 + b"}", "invalid"),
        (b'{"resourceType":"Basic","id":"c","x":' + b"[" * 200_000, "unreadable"),
        ('{"resourceType":"Basic","id":"c"}'.encode("utf-16"), "unreadable"),
    ],
)
def test_what_cannot_be_taken_has_its_reason(room: ServerRoom, raw: bytes, reason: str) -> None:
    report = take(room, raw)
    assert [refusal.reason for refusal in report.refused] == [reason]
    assert report.accepted == 0


def test_a_resource_without_an_id_gets_the_same_one_each_time() -> None:
    raw = b' {\n "resourceType":"Basic"}'
    one, other = next(contents(raw).items()), next(contents(raw).items())
    assert isinstance(one, Item)
    assert isinstance(other, Item)
    assert one.id == other.id
    assert one.body == b'{"id":"' + one.id.encode() + b'","resourceType":"Basic"}'


def test_two_contents_under_one_id_in_one_file_are_refused(room: ServerRoom) -> None:
    report = take(
        room,
        bundle(
            an_entry({**PATIENT, "id": "a"}),
            an_entry(an_allergy("a", "x")),
            an_entry(an_allergy("a", "x", "Iode")),
        ),
    )
    assert ("AllergyIntolerance/x", "id_twice") in {(r.resource, r.reason) for r in report.refused}


@pytest.mark.parametrize(
    ("kind", "entries", "rule"),
    [
        ("document", [], "not_a_set_of_records"),
        ("history", [], "not_a_set_of_records"),
        ("transaction", [{"resource": PATIENT}], "bdl-3"),
        ("collection", [an_entry({**PATIENT, "id": n}, URN) for n in "ab"], "bdl-7"),
    ],
)
def test_a_bundle_that_is_itself_wrong_is_refused_by_name(
    room: ServerRoom, kind: str, entries: list[dict[str, Any]], rule: str
) -> None:
    (refusal,) = take(room, bundle(*entries, kind=kind)).refused
    assert (refusal.resource, refusal.reason) == ("", "unreadable")
    assert rule in {issue.rule for issue in refusal.issues}


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ('{"resourceType":"Bundle","type":"collection","entry":[E],"entry":[]}', "duplicate_key"),
        ('{"resourceType":"Bundle","type":"batch","type":"collection"}', "duplicate_key"),
        ('{"resourceType":"Patient","resourceType":"Bundle","type":"batch"}', "duplicate_key"),
        (
            '{"resourceType":"Bundle","type":"collection","entry":[{"resource":E,"resource":E}]}',
            "duplicate_key",
        ),
        (
            '{"resourceType":"Bundle","type":"batch","entry":[{"search":{"a":1,"a":1}}]}',
            "duplicate_key",
        ),
        ('{"resourceType":"Bundle","type":"collection","entri":[]}', "unknown_element"),
        (
            '{"resourceType":"Bundle","type":"collection","entry":[{"ressource":E}]}',
            "unknown_element",
        ),
        ('{"resourceType":"Bundle","type":"collection","entry":{}}', "not_json"),
    ],
)
def test_an_envelope_two_readers_could_read_differently_is_refused(raw: str, rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        contents(raw.replace("E", '{"resourceType":"Basic","id":"b"}').encode())
    assert [issue.rule for issue in refused.value.issues] == [rule]


def test_escaped_quotes_and_brackets_in_texts_do_not_look_like_a_second_key(
    room: ServerRoom,
) -> None:
    note = 'a \\"quoted\\" ] } text \\\\'
    allergy = {**an_allergy("a", "x"), "note": [{"text": note}]}
    report = take(room, bundle(an_entry({**PATIENT, "id": "a"}), an_entry(allergy)))
    assert (report.accepted, report.refused) == (2, ())


def test_hz_19_each_reader_is_told_which_rows_its_own_organisation_wrote(room: ServerRoom) -> None:
    """The organisation of the author named, else the one imported for; of a person, the one acted in."""
    port, hospital = room.unit("org-port"), room.unit("org-hospital")
    gp, far = room.desktop("martin", port), room.desktop("loin", hospital)
    raw = bundle(
        an_entry({**PATIENT, "id": "a"}),
        an_entry(a_consent("a", "org-port")),
        an_entry(a_consent("a", "org-hospital")),
        an_entry(an_allergy("a", "ours")),
        an_entry(a_document("a", "letter", author=[{"reference": "Practitioner/far"}])),
    )
    authors = {"Practitioner/far": hospital}
    room.importer.authors = authors
    report = take(room, raw, port)
    owner = report.owners[0]
    room.push(gp, room.create(gp, owner, an_allergy("a", "typed")))

    def own(desktop: Desktop) -> set[str]:
        clinical = {"Patient", "AllergyIntolerance", "DocumentReference"}
        rows = [row for page in room.pages(desktop, owner) for row in page.rows]
        assert {row.id for row in rows} >= {"a", "ours", "letter", "typed"}
        return {row.id for row in rows if row.own and row.rtype in clinical}

    assert own(gp) == {"a", "ours", "typed"}
    assert own(far) == {"letter"}
