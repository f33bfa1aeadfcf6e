"""Persons: accounts, their sign-in names, their end. Named persons only.

A sign-in name and an RPPS number are reserved first, the account made after; both steps may be repeated
(SCALE rule 4). The name of a person lies sealed in the account.
"""

from typing import Final

import msgspec

from dossier.errors import Refused, Unavailable
from dossier.ids import new_owner
from server.ports import AccountRow, OwnerTx
from server.services import narrowing
from server.services.endings import end_sessions
from server.services.journal import entry
from server.services.premises import Premises
from server.services.sealer import Place

KINDS: Final = (
    "practitioner",
    "practice_secretary",
    "hospital_secretary",
    "administrator",
    "data_protection_officer",
)
"""Who an account may be: always one named person. Each of them shows an authenticator."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who an account is. `practitioner` is the id of their Practitioner resource in the directory."""

    login: str
    display_name: str
    rpps: str = ""
    practitioner: str = ""


class Known(Person, frozen=True, kw_only=True):
    """What the cell of an account holds: the person, and the seed of their authenticator (b"": none yet)."""

    seed: bytes = b""


class Accounts:
    """Creates, finds and ends accounts."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def create(self, person: Person, kind: str = "practitioner") -> int:
        """A new account, which nobody signs in to before its activation.

        Raises Refused: `login_taken`, `rpps_taken`, `practitioner_taken`, `unknown_kind`.
        """
        if kind not in KINDS:
            raise Refused("unknown_kind", kind)
        blind = self._premises.blind
        account = await self._claim(blind.login(person.login), "login", None)
        if person.rpps:
            await self._claim(blind.rpps(person.rpps), "rpps", account)
        if person.practitioner:
            name = blind.locator(f"Practitioner/{person.practitioner}")
            await self._claim(name, "practitioner", account)
        known = Known(**msgspec.structs.asdict(person))
        row = AccountRow(account, kind, "active", "", await self.sealed(account, known))

        async def make(tx: OwnerTx) -> None:
            if await tx.owner.lock(1) is None:
                await tx.owner.create(
                    "account", self._premises.pack.version, self._premises.first_number
                )
            await tx.people.put_account(row)

        await self._premises.store.write(account, make)
        return account

    async def find(self, login: str) -> int | None:
        """The account of a sign-in name."""
        return await self._holder(self._premises.blind.login(login), "login")

    async def find_rpps(self, rpps: str) -> int | None:
        """The account of a professional's number."""
        return await self._holder(self._premises.blind.rpps(rpps), "rpps")

    async def find_practitioner(self, practitioner: str) -> int | None:
        """The account whose Practitioner resource has this id."""
        name = self._premises.blind.locator(f"Practitioner/{practitioner}")
        return await self._holder(name, "practitioner")

    async def person(self, account: int) -> Person:
        """Who this account is; raises Unavailable for an unknown one."""
        row = await self._premises.store.read(account, account_row)
        if row is None:
            raise Unavailable
        return msgspec.msgpack.decode(await self._plain(row), type=Person)

    async def opened(self, row: AccountRow) -> Known:
        """What the cell of this row holds."""
        return msgspec.msgpack.decode(await self._plain(row), type=Known)

    async def sealed(self, account: int, known: Known) -> bytes:
        """The cell of an account."""
        place = Place("account", account)
        return await self._premises.sealer.seal(place, msgspec.msgpack.encode(known))

    async def _plain(self, row: AccountRow) -> bytes:
        return await self._premises.sealer.open(Place("account", row.account), row.cell)

    async def close(self, account: int) -> None:
        """End an account: nothing of it signs in or is answered from the next request on."""

        async def end(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(1)
            row = await tx.people.account()
            if row is None or locked is None:
                raise Unavailable
            said = entry(self._premises, None, "account_closed")
            await narrowing.record(self._premises, tx, locked.n, said)
            await tx.people.put_account(row._replace(state="closed"))
            await end_sessions(self._premises, tx, "closed")

        await self._premises.store.write(account, end)

    async def _claim(self, name: int, space: str, account: int | None) -> int:
        """Reserve a value; one reserved for an account that was never made is taken over."""
        wanted = account or new_owner(self._premises.entropy)

        async def reserve(tx: OwnerTx) -> int:
            for target, _ in await tx.reservations.holder(space):
                return target
            await tx.reservations.reserve(space, wanted, b"", unique=True)
            return wanted

        target = await self._premises.store.write(name, reserve)
        if target != wanted and await self._premises.store.read(target, account_row) is not None:
            raise Refused(f"{space}_taken")
        if target != wanted and account is not None:
            raise Refused(f"{space}_taken")
        return target

    async def _holder(self, name: int, space: str) -> int | None:
        async def holder(tx: OwnerTx) -> int | None:
            found = await tx.reservations.holder(space)
            return found[0][0] if found else None

        return await self._premises.store.read(name, holder)


async def account_row(tx: OwnerTx) -> AccountRow | None:
    """The row of an account's own shard."""
    return await tx.people.account()
