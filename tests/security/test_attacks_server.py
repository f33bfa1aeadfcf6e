"""A hostile client, a curious reader and a malicious bundle against the services, each attack as tried."""

from typing import Any

import msgspec
import pytest

from dossier.access.home import MASKED, NOT_PATIENT
from dossier.access.tables import ATTENDING
from dossier.wire import messages as wire
from server.services.access import REGISTERING
from server.services.importing import Report
from tests.fakes.server_room import (
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
    an_allergy,
)


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


@pytest.fixture
def org(room: ServerRoom) -> int:
    return room.unit()


@pytest.fixture
def fontaine(room: ServerRoom, org: int) -> Desktop:
    return room.desktop("fontaine", org)


@pytest.fixture
def elsewhere(room: ServerRoom) -> int:
    return room.unit("org-2", "Cabinet du Lac")


@pytest.fixture
def stranger(room: ServerRoom, elsewhere: int) -> Desktop:
    """A doctor of another practice: may deposit everywhere, reads nothing here."""
    return room.desktop("stranger", elsewhere)


def opened(room: ServerRoom, desktop: Desktop, owner: int) -> wire.Op:
    return wire.Op(
        op_id=room.op_id(),
        owner=owner,
        kind="opened",
        acting=desktop.situation,
        at="2026-11-23T08:00:00.000Z",
    )


def take(room: ServerRoom, *resources: dict[str, Any], unit: int | None = None) -> Report:
    entries = [{"resource": one} for one in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return room.run(room.importer.take(msgspec.json.encode(bundle), for_unit=unit))


def relations(room: ServerRoom, owner: int) -> set[tuple[int, str]]:
    rows = room.run(room.store.read(owner, lambda tx: tx.access.relations()))
    return {(row.account, row.kind) for row in rows}


# --- what nobody may learn ----------------------------------------------------------------------------


def test_a_dependency_never_tells_who_opened_a_record(
    room: ServerRoom, org: int, fontaine: Desktop, stranger: Desktop
) -> None:
    """The marks the server keeps beside the ops are no ops: whoever may deposit learns nothing of them."""
    owner = room.patient(org)
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))

    def probe(rid: str) -> str:
        slot = room.premises.now_ms // 600_000
        guess = f"opened:{fontaine.account}:{slot}"
        op = room.create(stranger, owner, an_allergy("pat-1", rid), depends_on=guess)
        return room.push(stranger, op)[0].code

    before = probe("all-2")
    assert room.push(fontaine, opened(room, fontaine, owner))[0].code == "ok"
    assert probe("all-3") == before


def test_a_dependency_on_the_op_of_another_account_is_an_unknown_one(
    room: ServerRoom, org: int, fontaine: Desktop, stranger: Desktop
) -> None:
    owner = room.patient(org)
    theirs = room.create(fontaine, owner, an_allergy("pat-1", "all-1"))
    room.push(fontaine, theirs)
    op = room.create(stranger, owner, an_allergy("pat-1", "all-2"), depends_on=theirs.op_id)
    assert room.push(stranger, op)[0].code == "later"


def test_a_compartment_whose_right_ended_takes_no_room_in_an_answer(
    room: ServerRoom, org: int, fontaine: Desktop
) -> None:
    """Who kept an old tag, term and cursor must not weigh what was added since (twin answers)."""
    owner = room.patient(org)
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    pages = room.pages(fontaine, owner)
    kept = next(page for page in pages if page.rows[0].rtype == "AllergyIntolerance")
    (unit, team) = next(pair for pair in relations(room, owner) if pair[1] == "team")
    room.run(room.access.unrelate(owner, unit, team))
    heads = room.run(room.feed.heads(fontaine.session, ""))
    assert heads is not None
    mine = next(head for head in heads.heads if head.owner == owner)
    wants = (
        wire.Want(owner=owner, facet=kept.facet, term=kept.term, since=kept.to),
        wire.Want(owner=owner, facet=mine.facet, term=mine.term),
    )
    asked = wire.ChangesRequest(items=wants, max_bytes=800)

    def seen() -> list[tuple[str, str, int]]:
        reply = room.run(room.feed.changes(fontaine.session, asked))
        return [(page.facet, page.kind, len(page.rows)) for page in reply.pages]

    before = seen()
    colleague = room.desktop("colleague", org)
    body = an_allergy("pat-1", "all-9", "x" * 5_000)
    assert room.push(colleague, room.create(colleague, owner, body))[0].code == "ok"
    assert seen() == before
    assert before == [(kept.facet, "gone", 0), (mine.facet, "page", 1)]


def test_the_length_of_a_token_tells_nothing_of_what_left_a_compartment(room: ServerRoom) -> None:
    """Twins: one lost a document to a mask before the reader ever came, the other never had it."""
    org = room.unit()
    doctor, reader = room.desktop("fontaine", org), room.desktop("reader", org)
    lengths = []
    for rid, others in (("pat-1", 0), ("pat-2", 4)):
        owner = room.patient(org, rid)
        for n in range(others):
            op = room.create(doctor, owner, a_document(rid, f"hidden-{rid}-{n}"))
            assert room.push(doctor, op)[0].code == "ok"
        for n in range(others):
            work = room.labels.relabel(
                owner, "DocumentReference", f"hidden-{rid}-{n}", frozenset({MASKED}), None
            )
            room.run(work)
        for n in range(4):
            room.push(doctor, room.create(doctor, owner, a_document(rid, f"doc-{rid}-{n}")))
        room.settle()
        heads = room.run(room.feed.heads(reader.session, ""))
        assert heads is not None
        shown = [h for h in heads.heads if h.owner == owner and h.rows == 4]
        lengths.append({len(head.at) for head in shown})
    assert lengths[0] == lengths[1]


def test_a_position_of_one_device_serves_no_other_device(
    room: ServerRoom, org: int, fontaine: Desktop
) -> None:
    """Else a copy would be filled that no journal names and no receipt is asked for."""
    owner = room.patient(org)
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    held = next(p for p in room.pages(fontaine, owner) if p.rows[0].rtype == "AllergyIntolerance")
    second = room.enrolled("fontaine", fontaine.account, fontaine.situation, "")
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-2")))
    want = wire.Want(owner=owner, facet=held.facet, term=held.term, since=held.to)
    asked = wire.ChangesRequest(items=(want,))
    (page,) = room.run(room.feed.changes(second.session, asked)).pages
    assert (page.kind, page.rows) == ("gone", ())
    (page,) = room.run(room.feed.changes(fontaine.session, asked)).pages
    assert [row.id for row in page.rows] == ["all-2"]


# --- what nobody may open for themselves ----------------------------------------------------------------


def test_acc_02_a_consent_is_never_hidden_from_the_patient(
    room: ServerRoom, org: int, fontaine: Desktop, elsewhere: int
) -> None:
    assert elsewhere
    owner = room.patient(org, consent="")
    forged = a_consent("pat-1", "org-2")
    op = room.create(fontaine, owner, forged, labels=(NOT_PATIENT,), reason="asked")
    verdict = room.push(fontaine, op)[0]
    assert (verdict.code, [issue.rule for issue in verdict.issues]) == (
        "rejected",
        ["label_not_for_this_type"],
    )


def test_acc_06_a_blocked_doctor_records_no_consent(
    room: ServerRoom, org: int, fontaine: Desktop
) -> None:
    owner = room.patient(org, consent="")
    room.run(room.access.block(owner, fontaine.account))
    op = room.create(fontaine, owner, a_consent("pat-1", "org-1"))
    assert room.push(fontaine, op)[0].code == "unavailable"
    assert "team" not in {kind for _, kind in relations(room, owner)}


def test_acc_02_who_left_the_practice_records_no_consent(
    room: ServerRoom, org: int, fontaine: Desktop, elsewhere: int
) -> None:
    assert elsewhere
    owner = room.patient(org, consent="")
    room.run(room.members.end(fontaine.account, fontaine.situation))
    ended = fontaine.session._replace(ended=True)
    op = room.create(fontaine, owner, a_consent("pat-1", "org-2"))
    reply = room.run(room.changes.push(ended, wire.OpsRequest(ops=(op,))))
    assert reply.verdicts[0].code == "unavailable"


def test_acc_05_a_consent_for_another_practice_names_its_reason(
    room: ServerRoom, org: int, fontaine: Desktop, elsewhere: int
) -> None:
    owner = room.patient(org, consent="")
    silent = room.create(fontaine, owner, a_consent("pat-1", "org-2"))
    verdict = room.push(fontaine, silent)[0]
    assert [issue.rule for issue in verdict.issues] == ["consent_for_another_without_reason"]
    said = room.create(fontaine, owner, a_consent("pat-1", "org-2"), reason="referred")
    assert room.push(fontaine, said)[0].code == "ok"
    assert (elsewhere, "team") in relations(room, owner)


def test_acc_05_a_consent_for_a_colleague_elsewhere_names_its_reason(
    room: ServerRoom, org: int, fontaine: Desktop, stranger: Desktop
) -> None:
    owner = room.patient(org, consent="")
    consent = a_consent("pat-1", "org-1")
    consent["provision"]["actor"][0]["reference"] = {
        "reference": f"Practitioner/{stranger.practitioner}"
    }
    verdict = room.push(fontaine, room.create(fontaine, owner, consent))[0]
    assert [issue.rule for issue in verdict.issues] == ["consent_for_another_without_reason"]


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-01:00", "9999", "9999-12"])
def test_a_consent_without_a_real_end_stops_nobodys_heads(
    room: ServerRoom, org: int, fontaine: Desktop, end: str
) -> None:
    owner = room.patient(org, consent="")
    consent = a_consent("pat-1", "org-1")
    consent["provision"]["period"] = {"end": end}
    assert room.push(fontaine, room.create(fontaine, owner, consent))[0].code == "ok"
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    heads = room.run(room.feed.heads(fontaine.session, ""))
    assert heads is not None
    assert {head.until for head in heads.heads if head.owner == owner} >= {
        "9999-12-31T23:59:59.000Z"
    }


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ("2026", "2027-01-01T00:00:00.000Z"),
        ("2026-12", "2027-01-01T00:00:00.000Z"),
        ("2027-02", "2027-03-01T00:00:00.000Z"),
    ],
)
def test_acc_03_a_consent_that_ends_in_a_month_or_a_year_ends_with_it(
    room: ServerRoom, org: int, fontaine: Desktop, end: str, until: str
) -> None:
    owner = room.patient(org, consent="")
    consent = a_consent("pat-1", "org-1")
    consent["provision"]["period"] = {"end": end}
    room.push(fontaine, room.create(fontaine, owner, consent))
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    heads = room.run(room.feed.heads(fontaine.session, ""))
    assert heads is not None
    assert until in {head.until for head in heads.heads if head.owner == owner}


def test_acc_03_an_end_nobody_can_read_is_no_consent_without_end(
    room: ServerRoom, org: int, fontaine: Desktop
) -> None:
    owner = room.patient(org, consent="")
    consent = a_consent("pat-1", "org-1")
    consent["provision"]["period"] = {"end": "2026-12-31T23:59:60Z"}
    room.push(fontaine, room.create(fontaine, owner, consent))
    room.push(fontaine, room.create(fontaine, owner, an_allergy("pat-1", "all-1")))
    room.settle()
    assert room.pull(fontaine, owner).keys() == {"Patient/pat-1"}


# --- bundles --------------------------------------------------------------------------------------------


def a_person(rid: str, family: str, born: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": rid,
        "name": [{"family": family, "given": ["Anne"]}],
        "birthDate": born,
        "gender": "female",
        **more,
    }


def ins(value: str) -> dict[str, Any]:
    return {"identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": value}]}


def test_hz_01_another_person_under_a_known_patient_id_adds_nothing_to_that_record(
    room: ServerRoom, org: int
) -> None:
    """Two hospitals both number their patients: `Patient/1` of one is not `Patient/1` of the other."""
    first = take(room, a_person("1", "Durand", "1960-05-02"), unit=org)
    second = take(room, a_person("1", "Martin", "1985-01-30"), an_allergy("1", "all-1"), unit=org)
    assert {one.reason for one in second.refused} == {"another_person"}
    assert second.accepted == 0
    held = room.run(room.records.whole(first.owners[0]))
    assert [one.id for one in held] == ["1"]


def test_hz_01_an_ins_is_never_added_to_a_record_by_another_persons_bundle(
    room: ServerRoom, org: int
) -> None:
    take(room, a_person("1", "Durand", "1960-05-02", **ins("260057500100107")), unit=org)
    other = a_person("1", "Martin", "1985-01-30", **ins("285017500100135"))
    assert {one.reason for one in take(room, other, unit=org).refused} == {"another_person"}
    moved = {**other, "id": "2"}
    assert room.run(room.patients.find(moved)) is None


def test_hz_01_a_patient_of_another_server_is_not_ours_of_the_same_number(
    room: ServerRoom, org: int
) -> None:
    owner = take(room, a_person("1", "Durand", "1960-05-02"), unit=org).owners[0]
    theirs = an_allergy("1", "all-1")
    theirs["patient"] = {"reference": "https://other.example/fhir/Patient/1"}
    report = take(room, theirs, unit=org)
    assert [one.reason for one in report.refused] == ["unknown_patient"]
    assert [one.id for one in room.run(room.records.whole(owner))] == ["1"]


def test_a_second_patient_id_of_one_person_stops_no_write_about_the_first(
    room: ServerRoom, org: int, fontaine: Desktop
) -> None:
    """The same INS under another id joins the record; what names either id belongs to it."""
    owner = room.patient(org, "pat-1", **ins("260057500100107"))
    again = a_person("a-0", "Durand", "1960-05-02", **ins("260057500100107"))
    assert take(room, again, unit=org).owners == (owner,)
    for rid in ("pat-1", "a-0"):
        op = room.create(fontaine, owner, an_allergy(rid, f"all-{rid}"))
        assert room.push(fontaine, op)[0].code == "ok"
    op = room.create(fontaine, owner, an_allergy("pat-9", "all-9"))
    assert room.push(fontaine, op)[0].issues[0].rule == "another_patient"


def test_a_refused_patient_resource_registers_nobody_and_names_no_attending_doctor(
    room: ServerRoom, org: int, stranger: Desktop, elsewhere: int
) -> None:
    owner = room.patient(org)
    report = take(
        room,
        {
            **a_person("pat-1", "Durand pat-1", "1960-05-02"),
            "managingOrganization": {"reference": "Organization/org-2"},
            "generalPractitioner": [{"reference": f"Practitioner/{stranger.practitioner}"}],
        },
    )
    assert [one.reason for one in report.refused] == ["differs_from_record"]
    assert (elsewhere, REGISTERING) not in relations(room, owner)
    assert (stranger.account, ATTENDING) not in relations(room, owner)


def test_importing_again_gives_back_no_relation_that_was_ended(
    room: ServerRoom, org: int, stranger: Desktop
) -> None:
    person = a_person(
        "pat-1",
        "Durand",
        "1960-05-02",
        generalPractitioner=[{"reference": f"Practitioner/{stranger.practitioner}"}],
    )
    owner = take(room, person, unit=org).owners[0]
    assert (stranger.account, ATTENDING) in relations(room, owner)
    room.run(room.access.unrelate(owner, stranger.account, ATTENDING))
    take(room, person, unit=org)
    assert (stranger.account, ATTENDING) not in relations(room, owner)


def test_a_known_ins_under_a_new_id_registers_nobody_in_that_record(
    room: ServerRoom, org: int, stranger: Desktop, elsewhere: int
) -> None:
    owner = room.patient(org, "pat-1", **ins("260057500100107"))
    report = take(
        room,
        {
            **a_person("evil", "Durand", "1960-05-02", **ins("260057500100107")),
            "managingOrganization": {"reference": "Organization/org-2"},
            "generalPractitioner": [{"reference": f"Practitioner/{stranger.practitioner}"}],
        },
    )
    assert report.owners == (owner,)
    assert not {elsewhere, stranger.account} & {account for account, _ in relations(room, owner)}


def test_acc_02_a_consent_in_a_bundle_opens_no_record_already_here_to_others(
    room: ServerRoom, org: int, elsewhere: int
) -> None:
    owner = room.patient(org, consent="")
    report = take(room, a_consent("pat-1", "org-2"))
    assert [one.reason for one in report.refused] == ["consent_for_another"]
    assert (elsewhere, "team") not in relations(room, owner)
    assert take(room, a_consent("pat-1", "org-1"), unit=org).accepted == 1
    assert (org, "team") in relations(room, owner)


def test_a_bundle_with_two_lists_of_entries_is_refused(room: ServerRoom, org: int) -> None:
    """One reader would take the first list, another the second."""
    patient = msgspec.json.encode({"resource": a_person("1", "Durand", "1960-05-02")}).decode()
    raw = f'{{"resourceType":"Bundle","type":"collection","entry":[{patient}],"entry":[]}}'
    report = room.run(room.importer.take(raw.encode(), for_unit=org))
    assert [issue.rule for one in report.refused for issue in one.issues] == ["duplicate_key"]
