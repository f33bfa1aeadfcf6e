"""Protocol bugs, planted by substitution in the simulation only. Each must be caught by some schedule.

A mutant is a store or an engine in the place of the right one, or something planted in the scene's server.
The first ten are those of the background protocol §3; the others were added as they were thought of. Each
class says in one line what is wrong; `by` names the monitors that may catch it first.
"""

from collections.abc import Callable
from typing import NamedTuple

from sync.engine import Engine
from tests.simulation import mutants_desktop as desktop
from tests.simulation import mutants_server as server
from tests.simulation.days import (
    CLOCKS_MINUTE,
    CROWDED,
    FICKLE,
    FRAGILE,
    FRAGILE_MINUTE,
    LABELS_MINUTE,
    ORDINARY,
    RESTORED,
    Day,
)
from tests.simulation.desktops import WatchedStore
from tests.simulation.mutants_server import changed_by, fed_by, indexed_by
from tests.simulation.ports import StoreFactory
from tests.simulation.scene import Scene


class Mutant(NamedTuple):
    """One planted bug; it is looked for in `seeds` schedules of its kind of day."""

    name: str
    by: str
    """The invariants that notice it, by their first words."""
    open_store: StoreFactory = WatchedStore
    engine: type[Engine] = Engine
    plant: Callable[[Scene], None] = lambda _scene: None
    day: Day = ORDINARY
    seeds: int = 150


LEAVING = CLOCKS_MINUTE._replace(
    weights={**CLOCKS_MINUTE.weights, "act": 250, "shift": 40}, labels=True
)
"""Nearly everybody leaves, under clocks that are set."""
DYING_AT_CURSORS = FRAGILE._replace(deaths=("cursor",))
MUTANTS: tuple[Mutant, ...] = (
    Mutant("no_idempotency", "3", plant=changed_by(server.NoIdempotency)),
    Mutant("no_revoke_check", "6", plant=fed_by(server.NoRevokeCheck), day=FICKLE),
    Mutant("no_purge", "2 6", desktop.NoPurge),
    Mutant("tombstone_skipped", "1 4", desktop.TombstonesSkipped),
    Mutant("head_as_cursor", "1", desktop.HeadAsCursor),
    Mutant("cursor_before_rows", "1", desktop.CursorBeforeRows, day=DYING_AT_CURSORS),
    Mutant("floor_ignored", "1", plant=fed_by(server.FloorIgnored)),
    Mutant("no_compare_and_set", "1", desktop.NoCompareAndSet, day=CROWDED),
    Mutant("last_write_wins", "7", plant=changed_by(server.LastWriterWins)),
    Mutant("outbox_pop_first", "2 3 7", desktop.PopFirst),
    Mutant("generation_kept", "1", desktop.GenerationKept, day=CROWDED),
    Mutant("no_receipts", "6", desktop.NoReceipts),
    Mutant("unheld_not_owed", "6", desktop.UnheldNotOwed, day=RESTORED),
    Mutant("copies_untold", "6", plant=fed_by(server.CopiesUntold), day=RESTORED),
    Mutant("older_tokens_known", "restore", plant=server.older_tokens_known, day=RESTORED),
    Mutant("terms_ignored", "2 6", desktop.TermsIgnored),
    Mutant("sweep_forgotten", "1 6", desktop.SweepForgotten),
    Mutant("verdict_not_stored", "2", plant=changed_by(server.VerdictNotStored)),
    Mutant("first_page_is_all", "1", desktop.FirstPageIsAll),
    Mutant("id_made_at_sending", "2 3", desktop.IdMadeAtSending),
    Mutant("refused_dropped", "5", desktop.RefusedDropped),
    Mutant("sent_is_delivered", "3 5 7", desktop.SentIsDelivered, day=FRAGILE),
    Mutant(
        "bad_answer_is_empty", "3", engine=desktop.BadAnswerIsEmpty, day=FRAGILE_MINUTE, seeds=600
    ),
    Mutant("acknowledged_not_sent_again", "2 3 7", desktop.AcknowledgedNotSentAgain, day=RESTORED),
    Mutant("newer_line_missed", "2 3 6 7", engine=desktop.NewerLineMissed, day=RESTORED),
    Mutant("restore_not_raised", "2 3 7 restore", plant=server.restore_not_raised, day=RESTORED),
    Mutant("unknown_element_erased", "7", plant=changed_by(server.UnknownElementErased)),
    Mutant("latest_claim_wins", "7", plant=changed_by(server.LatestClaimWins)),
    Mutant("dependency_ignored", "3", plant=changed_by(server.DependencyIgnored)),
    Mutant("verdicts_out_of_order", "3 7", plant=changed_by(server.OwnersTogether)),
    Mutant("rights_remembered", "2 6", plant=fed_by(server.RightsRemembered), day=FICKLE),
    Mutant("page_ends_at_head", "1", plant=fed_by(server.PageEndsAtHead)),
    Mutant("nobody_told", "1 6", plant=indexed_by(server.Deaf)),
    Mutant("loss_untold", "6", plant=indexed_by(server.LossUntold)),
    Mutant("gain_untold", "1", plant=indexed_by(server.GainUntold)),
    Mutant("recheck_untold", "1 6", plant=indexed_by(server.RecheckUntold)),
    Mutant("machines_clock_believed", "6", plant=server.machines_clock_believed, day=LEAVING),
    Mutant("ends_stand_wrong", "1", engine=desktop.EndsStandWrong, day=CLOCKS_MINUTE),
    Mutant("forgotten_by_our_clock", "5", desktop.ForgottenByOurClock, day=CLOCKS_MINUTE),
    Mutant("move_leaves_nothing", "1", plant=server.move_leaves_nothing, day=LABELS_MINUTE),
)
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
