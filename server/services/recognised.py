"""A person who was recognised, on the way from one unit of work to another: from a check to the slip, device or session
it is worth. Whatever ends a password, an authenticator or a passkey in between makes it worth nothing.
"""

from typing import Final

import msgspec

from server.ports import AccountRow, DeviceRow
from server.services.session import SIGNS_IN

NOT_CONFIRMED: Final = "situation_not_confirmed"
PASSWORD, PASSKEY, PRO_SANTE_CONNECT = "password", "passkey", "pro_sante_connect"
FIRST: Final = 0


class Recognised(msgspec.Struct, frozen=True):
    """Who, and by what; `factors` is the account's count at the moment of the check. `confirmed`: the situations this
    opens, where who recognised them says in which they act; None: each of theirs.
    """

    account: int
    factors: int
    by: str = PASSWORD
    confirmed: tuple[str, ...] | None = None

    def opens(self, situation: str) -> bool:
        """Whether this opens a session in that situation."""
        return self.confirmed is None or situation in self.confirmed

    def proved(self, row: DeviceRow, now_ms: int) -> DeviceRow:
        """The device once its person was recognised so, now."""
        lines = None if self.confirmed is None else "\n".join(self.confirmed)
        return row._replace(proved_ms=now_ms, confirmed=lines)

    def still(self, row: AccountRow | None) -> bool:
        """Whether this account may sign in, and nothing it is recognised by was ended since."""
        return (
            row is not None
            and (row.account, row.factors or FIRST) == (self.account, self.factors)
            and row.state in SIGNS_IN
        )


def is_open(row: DeviceRow, situation: str) -> bool:
    """Whether the last proof of this device's person opens a session in that situation."""
    return row.confirmed is None or situation in row.confirmed.split("\n")


def recognised(row: AccountRow, by: str = PASSWORD) -> Recognised:
    """As this row says, which was read in the unit of work that checked."""
    return Recognised(row.account, row.factors or FIRST, by)


def ended(row: AccountRow) -> AccountRow:
    """The row once something its person is recognised by was ended."""
    return row._replace(factors=(row.factors or FIRST) + 1)
