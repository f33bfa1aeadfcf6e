"""HZ-18: a disagreement that is opened before the other version has arrived."""

from datetime import UTC
from decimal import Decimal

from dossier.wire.messages import Op
from practitioner_app.ports import ChangeSet, ItemState
from practitioner_app.services.conflicts import Choice
from tests.builders import OWNER, a_treatment, encoded
from tests.gui.ui_world import World
from ui.conflicts.state import Pick
from ui.conflicts.view_model import ConflictModel
from ui.preferences import Preferences, look_of
from ui.speaking import Speaking


def test_hz18_nobody_chooses_before_the_other_version_is_here(qapp):
    world = World(qapp)
    look = look_of(Preferences(), UTC, system="light")
    before = a_treatment("m", strength=Decimal(5), strength_unit="mg")
    mine = a_treatment("m", strength=Decimal(5), strength_unit="mg", posology="le soir")
    op = Op(
        op_id="mine",
        owner=OWNER,
        kind="change",
        acting="s",
        at="2026-11-20T18:20:00Z",
        rtype="MedicationStatement",
        id="m",
    )
    world.store.put(op, shows=encoded(mine), saw=encoded(before))
    world.store.judged("mine", ItemState.CONFLICT)
    context = world.context()
    model = ConflictModel(
        conflicts=context.services.conflicts,
        lanes=world.lanes,
        changes=world.changes,
        speak=lambda: Speaking(look.texts, look.formats, world.clock.now(), offline=False),
    )
    model.open("mine")
    assert model.state.why_not.startswith("L'autre version n'est pas encore arrivée")
    assert {row.theirs for row in model.state.rows} == {"pas encore reçu"}
    for row in model.state.rows:
        model.pick(Pick(row.key, Choice.THEIRS))
    model.save()
    assert not any(row.decided for row in model.state.rows if not row.same)
    world.store.hold(
        OWNER, a_treatment("m", strength=Decimal("2.5"), strength_unit="mg", posology="le matin")
    )
    world.changes.announce(ChangeSet(owners={OWNER: frozenset({"MedicationStatement"})}))
    assert "arrivée" not in model.state.why_not
    drug = next(row for row in model.state.rows if row.key == "drug")
    assert "2,5 mg" in drug.theirs
    assert not any(row.theirs_chosen for row in model.state.rows)
