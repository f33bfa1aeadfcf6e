"""A person who was recognised, on the way from one unit of work to another: from a check to the slip, device or session
it is worth. Whatever ends a password, an authenticator or a passkey in between makes it worth nothing.
"""

from typing import Final

import msgspec

from server.ports import AccountRow
from server.services.session import SIGNS_IN

PASSWORD, PASSKEY, PRO_SANTE_CONNECT = "password", "passkey", "pro_sante_connect"
FIRST: Final = 0


class Recognised(msgspec.Struct, frozen=True):
    """Who, and by what; `factors` is the account's count at the moment of the check."""

    account: int
    factors: int
    by: str = PASSWORD

    def still(self, row: AccountRow | None) -> bool:
        """Whether this account may sign in, and nothing it is recognised by was ended since."""
        return (
            row is not None
            and (row.account, row.factors or FIRST) == (self.account, self.factors)
            and row.state in SIGNS_IN
        )


def recognised(row: AccountRow, by: str = PASSWORD) -> Recognised:
    """As this row says, which was read in the unit of work that checked."""
    return Recognised(row.account, row.factors or FIRST, by)


def ended(row: AccountRow) -> AccountRow:
    """The row once something its person is recognised by was ended."""
    return row._replace(factors=(row.factors or FIRST) + 1)
