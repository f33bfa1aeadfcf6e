"""Nobody but the server tells what happened to a record; nobody but a doctor attends."""

from typing import Any

import pytest

from dossier.errors import Refused
from tests.fakes.server_room import NURSE


def test_acc_10_a_professional_cannot_write_a_line_of_who_opened_the_record(engine: Any):
    room = engine.room()
    unit = room.unit()
    doctor = room.desktop("martin", unit)
    owner = room.patient(unit)
    forged = {
        "resourceType": "AuditEvent",
        "id": "forged-1",
        "type": {"code": "rest"},
        "recorded": "2026-11-23T08:00:00Z",
        "agent": [{"requestor": True, "who": {"reference": "Practitioner/pra-other"}}],
        "source": {"observer": {"display": "nobody"}},
        "entity": [{"what": {"reference": "Patient/pat-1"}}],
    }
    (verdict,) = room.push(doctor, room.create(doctor, owner, forged))
    assert verdict.code == "rejected"
    assert verdict.issues[0].rule == "written_by_the_server_only"


def test_vis_03_only_a_doctor_can_be_the_attending_doctor(engine: Any):
    room = engine.room()
    unit = room.unit()
    nurse = room.desktop("perrin", unit, NURSE)
    owner = room.patient(unit)
    with pytest.raises(Refused) as refused:
        room.run(room.access.relate(owner, nurse.account, "attending"))
    assert refused.value.code == "attending_needs_a_doctor"


def test_vis_03_an_import_that_names_a_nurse_as_practitioner_makes_no_attending_doctor(engine: Any):
    room = engine.room()
    unit = room.unit()
    nurse = room.desktop("perrin", unit, NURSE)
    general = [{"reference": f"Practitioner/{nurse.practitioner}"}]
    owner = room.patient(unit, generalPractitioner=general)

    async def kinds(tx):
        return [row.kind for row in await tx.access.relations() if row.account == nurse.account]

    assert room.run(room.store.read(owner, kinds)) == []
