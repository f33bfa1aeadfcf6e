"""Nobody but the server tells what happened to a record."""

from tests.fakes.server_room import ServerRoom


def test_acc_10_a_professional_cannot_write_a_line_of_who_opened_the_record():
    room = ServerRoom()
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
