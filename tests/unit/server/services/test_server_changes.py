"""T1: ops become verdicts, exactly once, under the owner's lock."""

from typing import Any

import msgspec
import pytest

from dossier.errors import Issue, Refused
from dossier.wire import codec
from dossier.wire import messages as wire
from tests.fakes.server_room import (
    SECRETARY,
    Desktop,
    ServerRoom,
    a_consent,
    a_document,
    an_allergy,
)

AT = "2026-11-23T08:00:00.000Z"


class Practice(ServerRoom):
    """A practice with two doctors and one consenting patient."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.org = self.unit()
        self.martin = self.desktop("martin", self.org)
        self.diallo = self.desktop("diallo", self.org)
        self.anne = self.patient(self.org)

    def change(
        self, desk: Desktop, rtype: str, rid: str, base: wire.Version, **elements: Any
    ) -> wire.Op:
        """A change of these elements, each given as (value seen, new value)."""
        changes = tuple(
            wire.Change(
                element=name,
                base=None if seen is None else codec.value_hash(seen),
                value=None if new is None else msgspec.Raw(msgspec.json.encode(new)),
            )
            for name, (seen, new) in elements.items()
        )
        return wire.Op(
            op_id=self.op_id(),
            owner=self.anne,
            kind="change",
            acting=desk.situation,
            at=AT,
            rtype=rtype,
            id=rid,
            base=base,
            changes=changes,
        )


@pytest.fixture
def practice(engine: Any) -> Practice:
    return engine.room(Practice)


def test_an_allergy_pushed_by_one_doctor_is_pulled_by_the_other(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    (verdict,) = practice.push(practice.martin, op)
    assert (verdict.code, verdict.version) == ("ok", wire.Version(0, 1))
    assert op.body is not None
    assert practice.pull(practice.diallo, practice.anne)["Patient/pat-1"]
    practice.settle()
    assert practice.pull(practice.diallo, practice.anne)["AllergyIntolerance/all-1"] == bytes(
        op.body
    )


def test_s12_hz_14_a_resend_is_answered_with_the_identical_verdict_and_changes_nothing(
    practice: Practice,
) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    first = practice.push(practice.martin, op)
    counts = practice.run(practice.store.maintenance.counts())
    assert practice.push(practice.martin, op) == first
    assert practice.run(practice.store.maintenance.counts()) == counts


def test_s12_the_same_op_twice_in_one_request_is_applied_once(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    first, second = practice.push(practice.martin, op, op)
    assert first == second
    assert first.version == wire.Version(0, 1)


def test_an_acknowledged_op_answers_done_and_stays_applied_once(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    practice.push(practice.martin, op)
    acked = wire.OpsRequest(acked=((practice.anne, op.op_id),))
    practice.run(practice.changes.push(practice.martin.session, acked))
    assert practice.push(practice.martin, op)[0].code == "done"


def test_only_the_author_of_an_op_may_acknowledge_it(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    first = practice.push(practice.martin, op)
    acked = wire.OpsRequest(acked=((practice.anne, op.op_id),))
    practice.run(practice.changes.push(practice.diallo.session, acked))
    assert practice.push(practice.martin, op) == first


def test_another_accounts_op_id_and_another_digest_are_unavailable(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    practice.push(practice.martin, op)
    theirs = msgspec.structs.replace(op, acting=practice.diallo.situation)
    assert practice.push(practice.diallo, theirs)[0].code == "unavailable"
    other = msgspec.structs.replace(op, reason="other")
    assert practice.push(practice.martin, other)[0].code == "unavailable"


def test_an_unknown_owner_is_unavailable(practice: Practice) -> None:
    op = practice.create(practice.martin, 12345, an_allergy("pat-1", "all-1"))
    assert practice.push(practice.martin, op)[0].code == "unavailable"


def test_an_id_ever_used_is_never_created_again(practice: Practice) -> None:
    first = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    again = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1", "Iode"))
    assert [v.code for v in practice.push(practice.martin, first, again)] == ["ok", "unavailable"]


def test_hz_02_a_resource_of_another_patient_is_rejected_and_says_where(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-2", "all-1"))
    (verdict,) = practice.push(practice.martin, op)
    assert (verdict.code, verdict.issues[0].rule) == ("rejected", "another_patient")


def test_a_rejected_op_leaves_nothing_but_its_verdict(practice: Practice) -> None:
    before = practice.run(practice.store.maintenance.counts())
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-2", "all-1"))
    practice.push(practice.martin, op)
    after = practice.run(practice.store.maintenance.counts())
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "op": 1
    }


def test_a_rejected_op_between_two_good_ones_stops_neither(practice: Practice) -> None:
    ops = [
        practice.create(practice.martin, practice.anne, an_allergy(who, rid))
        for who, rid in (("pat-1", "a"), ("pat-2", "b"), ("pat-1", "c"))
    ]
    codes = [verdict.code for verdict in practice.push(practice.martin, *ops)]
    assert codes == ["ok", "rejected", "ok"]
    practice.settle()
    held = practice.pull(practice.diallo, practice.anne)
    assert {"AllergyIntolerance/a", "AllergyIntolerance/c"} <= held.keys()
    assert "AllergyIntolerance/b" not in held


def test_what_the_validator_refuses_is_rejected_with_its_issues(engine: Any) -> None:
    def strict(rtype: str, _value: dict[str, Any]) -> list[Issue]:
        return [Issue("code", "cardinality")] if rtype == "AllergyIntolerance" else []

    practice = engine.room(Practice, validate=strict)
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    (verdict,) = practice.push(practice.martin, op)
    assert verdict.issues == (wire.WireIssue(path="code", rule="cardinality"),)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"resourceType":"AllergyIntolerance","id":"x","id":"x"}', "duplicate_key"),
        (b'{"resourceType":"Condition","id":"x"}', "not_the_type_of_the_op"),
        (b'{"resourceType":"AllergyIntolerance","id":"y"}', "not_the_id_of_the_op"),
        (b"[1]", "not_a_resource"),
    ],
)
def test_a_body_that_cannot_be_trusted_is_rejected(
    practice: Practice, body: bytes, rule: str
) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "x"))
    op = msgspec.structs.replace(op, body=msgspec.Raw(body))
    (verdict,) = practice.push(practice.martin, op)
    assert verdict.code == "rejected"
    assert rule in {issue.rule for issue in verdict.issues}


def test_an_op_begun_in_another_situation_is_rejected(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    op = msgspec.structs.replace(op, acting=practice.diallo.situation)
    assert practice.push(practice.martin, op)[0].reason == "another_situation"


def test_a_change_keeps_every_byte_of_the_elements_it_does_not_name(practice: Practice) -> None:
    raw = (
        b'{ "resourceType":"AllergyIntolerance", "id":"all-1",\n "patient":{"reference":"Patient/pat-1"},'
        b'"code": {"text":"Iode"}, "x-unknown": [1.500, 1e3], "note":[{"text":"a"}]}'
    )
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    practice.push(practice.martin, msgspec.structs.replace(op, body=msgspec.Raw(raw)))
    change = practice.change(
        practice.martin,
        "AllergyIntolerance",
        "all-1",
        wire.Version(0, 1),
        note=([{"text": "a"}], None),
        criticality=(None, "high"),
    )
    (verdict,) = practice.push(practice.martin, change)
    assert (verdict.code, verdict.version) == ("ok", wire.Version(0, 2))
    practice.settle()
    assert practice.pull(practice.diallo, practice.anne)["AllergyIntolerance/all-1"] == (
        b'{"resourceType":"AllergyIntolerance","id":"all-1","patient":{"reference":"Patient/pat-1"},'
        b'"code":{"text":"Iode"},"x-unknown":[1.500, 1e3],"criticality":"high"}'
    )


def test_hz_18_a_clinical_row_that_moved_is_a_conflict_that_names_what_differs(
    practice: Practice,
) -> None:
    """Two doctors change one allergy: nothing is merged by the machine."""
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    practice.push(practice.martin, op)
    one = wire.Version(0, 1)
    name = "AllergyIntolerance"
    mine = practice.change(practice.martin, name, "all-1", one, criticality=(None, "high"))
    theirs = practice.change(practice.diallo, name, "all-1", one, type=(None, "allergy"))
    assert practice.push(practice.martin, mine)[0].code == "ok"
    (verdict,) = practice.push(practice.diallo, theirs)
    assert (verdict.code, verdict.elements) == ("conflict", ("criticality",))
    assert verdict.version == wire.Version(0, 2)


def test_a_base_nobody_knows_is_a_conflict(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "all-1"))
    practice.push(practice.martin, op)
    change = practice.change(
        practice.martin, "AllergyIntolerance", "all-1", wire.Version(0, 9), type=(None, "allergy")
    )
    assert practice.push(practice.martin, change)[0].code == "conflict"


def test_contact_details_merge_when_they_are_other_elements(practice: Practice) -> None:
    one = wire.Version(0, 1)
    phone = practice.change(
        practice.martin, "Patient", "pat-1", one, telecom=(None, [{"value": "0102030405"}])
    )
    married = practice.change(
        practice.diallo, "Patient", "pat-1", one, maritalStatus=(None, {"text": "mariée"})
    )
    moved = practice.change(
        practice.diallo, "Patient", "pat-1", one, telecom=(None, [{"value": "0600000000"}])
    )
    codes = [
        practice.push(desk, op)[0].code
        for desk, op in (
            (practice.martin, phone),
            (practice.diallo, married),
            (practice.diallo, moved),
        )
    ]
    assert codes == ["ok", "ok", "conflict"]


def test_a_document_is_appended_and_only_its_status_changes(practice: Practice) -> None:
    practice.push(
        practice.martin, practice.create(practice.martin, practice.anne, a_document("pat-1", "doc"))
    )
    one = wire.Version(0, 1)
    name = "DocumentReference"
    title = practice.change(practice.martin, name, "doc", one, description=(None, "x"))
    assert practice.push(practice.martin, title)[0].issues[0].rule == "appended_only"
    status = practice.change(
        practice.martin, name, "doc", one, status=("current", "entered-in-error")
    )
    assert practice.push(practice.martin, status)[0].code == "ok"


def test_a_dependency_that_is_missing_waits_and_one_that_was_refused_refuses(
    practice: Practice,
) -> None:
    good = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "a"))
    after = practice.create(
        practice.martin, practice.anne, an_allergy("pat-1", "b"), depends_on=good.op_id
    )
    assert practice.push(practice.martin, after)[0].code == "later"
    assert [v.code for v in practice.push(practice.martin, good, after)] == ["ok", "ok"]
    bad = practice.create(practice.martin, practice.anne, an_allergy("pat-2", "c"))
    last = practice.create(
        practice.martin, practice.anne, an_allergy("pat-1", "d"), depends_on=bad.op_id
    )
    verdicts = practice.push(practice.martin, bad, last)
    assert [v.reason for v in verdicts] == ["invalid", "dependency_refused"]


def test_a_secretary_never_reads_clinical_content_and_may_still_file(practice: Practice) -> None:
    desk = practice.desktop("lea", practice.org, SECRETARY)
    op = practice.create(desk, practice.anne, a_document("pat-1", "doc"))
    assert practice.push(desk, op)[0].code == "ok"
    practice.settle()
    assert practice.pull(desk, practice.anne).keys() == {"Patient/pat-1"}


def test_a_stranger_gets_one_answer_whatever_the_owner_holds(practice: Practice) -> None:
    stranger = practice.desktop("loin", practice.unit("org-2"))
    op = practice.change(
        stranger, "Patient", "pat-1", wire.Version(0, 1), gender=("female", "male")
    )
    missing = msgspec.structs.replace(op, id="nobody", op_id=practice.op_id())
    codes = {verdict.code for verdict in practice.push(stranger, op, missing)}
    assert codes == {"unavailable"}


def test_acc_03_no_team_reads_before_the_patients_recorded_consent(practice: Practice) -> None:
    bob = practice.patient(practice.org, "pat-9", consent="")
    filed = practice.create(practice.martin, bob, an_allergy("pat-9", "all-9"))
    assert practice.push(practice.martin, filed)[0].code == "ok"
    practice.settle()
    assert practice.pull(practice.martin, bob).keys() == {"Patient/pat-9"}
    consent = practice.create(practice.martin, bob, a_consent("pat-9", "org-1"))
    assert practice.push(practice.martin, consent)[0].code == "ok"
    practice.settle()
    assert "AllergyIntolerance/all-9" in practice.pull(practice.diallo, bob)


@pytest.mark.parametrize(
    ("lacking", "rule"),
    [
        ("dateTime", "consent_without_date"),
        ("performer", "consent_without_author"),
        ("policyRule", "consent_without_wording"),
    ],
)
def test_acc_02_a_consent_carries_its_date_author_and_wording(
    practice: Practice, lacking: str, rule: str
) -> None:
    bob = practice.patient(practice.org, "pat-9", consent="")
    body = a_consent("pat-9", "org-1")
    del body[lacking]
    (verdict,) = practice.push(practice.martin, practice.create(practice.martin, bob, body))
    assert (verdict.code, verdict.issues[0].rule) == ("rejected", rule)


def test_a_consent_that_names_nobody_we_know_is_rejected(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, a_consent("pat-1", "org-unknown"))
    assert practice.push(practice.martin, op)[0].issues[0].rule == "unknown_party"


def test_too_many_ops_are_refused_before_anything_is_done(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "a"))
    with pytest.raises(Refused, match="too_many_ops"):
        practice.push(practice.martin, *[op] * 101)


def opened(practice: Practice, at: str) -> wire.Op:
    return wire.Op(
        op_id=practice.op_id(),
        owner=practice.anne,
        kind="opened",
        acting=practice.martin.situation,
        at=at,
    )


def test_a_display_is_journalled_once_in_ten_minutes_of_claimed_time(practice: Practice) -> None:
    before = practice.run(practice.store.maintenance.counts())["journal"]
    times = ("07:00:00", "07:04:00", "07:09:59", "07:10:00", "07:30:00", "07:29:00")
    ops = [opened(practice, f"2026-11-23T{time}.000Z") for time in times]
    assert {verdict.code for verdict in practice.push(practice.martin, *ops)} == {"ok"}
    after = practice.run(practice.store.maintenance.counts())["journal"]
    assert after - before == 3


def test_a_display_at_no_instant_is_rejected(practice: Practice) -> None:
    (verdict,) = practice.push(practice.martin, opened(practice, "yesterday"))
    assert (verdict.code, verdict.issues[0].rule) == ("rejected", "not_an_instant")


@pytest.mark.parametrize("op_id", ["", "opened:1:2", "x" * 300, "0" * 32])
def test_an_op_id_that_is_no_uuid_is_rejected_and_remembers_nothing(
    practice: Practice, op_id: str
) -> None:
    """Nobody may take the names under which displays and effects are remembered."""
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "a"))
    before = practice.run(practice.store.maintenance.counts())
    (verdict,) = practice.push(practice.martin, msgspec.structs.replace(op, op_id=op_id))
    assert (verdict.code, verdict.reason) == ("rejected", "op_id")
    assert practice.run(practice.store.maintenance.counts()) == before


def test_an_act_at_no_instant_is_rejected(practice: Practice) -> None:
    op = practice.create(practice.martin, practice.anne, an_allergy("pat-1", "a"))
    (verdict,) = practice.push(practice.martin, msgspec.structs.replace(op, at="2026-11-23"))
    assert verdict.issues[0].rule == "not_an_instant"
