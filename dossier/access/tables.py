"""The facts from which every right on a patient's space is computed, as plain tables.

Nothing here is derived: each row was made by an explicit act of a person (ACC-02) or by law. Times are
milliseconds since 1970, None without end. `living` drops what has ended; the engine itself reads no clock.
"""

from typing import Final, NamedTuple

READABLE_STATES: Final = frozenset({"active", "open"})
"""`open` is a space not yet activated: professionals read and feed it already."""
CLOSED_STATES: Final = frozenset({"closed", "opposed", "deleted", "destroyed"})
"""No deposit. In every other state one is taken once the patient was informed."""

SELF: Final = "self"
REPRESENTATIVE: Final = "representative"
ATTENDING: Final = "attending"
TRUSTED: Final = "trusted"

BREAK_GLASS: Final = "break_glass"
CENTRE_15: Final = "centre_15"

ATTENDING_PROFESSION: Final = "10"
"""The attending doctor's exception holds for a doctor only (TRE_G15)."""


class TeamConsent(NamedTuple):
    """The one recorded initial consent that opens the record to the members of a unit (ACC-03)."""

    unit: int
    until: int | None = None


class NamedConsent(NamedTuple):
    """Consent for one professional outside the team (ACC-04), asked at each consultation."""

    account: int
    unit: int
    profession: str
    until: int | None = None


class Delegation(NamedTuple):
    """A named secretary to whom a professional of the unit handed tasks and their documents."""

    account: int
    unit: int
    until: int | None = None


class Emergency(NamedTuple):
    """An emergency access that was opened: `mode` is BREAK_GLASS or CENTRE_15."""

    account: int
    unit: int
    profession: str
    mode: str
    until: int | None = None


class Relation(NamedTuple):
    """`kind`: self, representative, attending (or somebody the patient gave the same rights), trusted."""

    account: int
    kind: str
    until: int | None = None


class Facts(NamedTuple):
    """Everything that decides on one patient's space.

    registered  units that opened the record: identity and deposit, nothing clinical
    teams       initial consents
    blocked     accounts the patient blocked
    break_glass, centre_15   the patient's two switches, both allowed until the patient says no
    """

    state: str = "active"
    informed: bool = True
    registered: frozenset[int] = frozenset()
    teams: tuple[TeamConsent, ...] = ()
    named: tuple[NamedConsent, ...] = ()
    delegates: tuple[Delegation, ...] = ()
    relations: tuple[Relation, ...] = ()
    blocked: frozenset[int] = frozenset()
    emergencies: tuple[Emergency, ...] = ()
    break_glass: bool = True
    centre_15: bool = True

    def allows_emergency(self, mode: str) -> bool:
        """The patient's switch for this mode; False for an unknown one."""
        return {BREAK_GLASS: self.break_glass, CENTRE_15: self.centre_15}.get(mode, False)


def living(facts: Facts, now: int) -> Facts:
    """The facts of this instant: a row whose `until` has come is left out."""

    def alive(until: int | None) -> bool:
        return until is None or until > now

    return facts._replace(
        teams=tuple(row for row in facts.teams if alive(row.until)),
        named=tuple(row for row in facts.named if alive(row.until)),
        delegates=tuple(row for row in facts.delegates if alive(row.until)),
        relations=tuple(row for row in facts.relations if alive(row.until)),
        emergencies=tuple(row for row in facts.emergencies if alive(row.until)),
    )
