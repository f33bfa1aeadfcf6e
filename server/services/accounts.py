"""Persons: accounts, their sign-in names, their end. Named persons only.

A sign-in name and an RPPS number are reserved first, the account made after; both steps may be repeated
(SCALE rule 4). The name of a person lies sealed in the account.
"""

import msgspec

from dossier.errors import Refused, Unavailable
from dossier.ids import new_owner
from server.ports import AccountRow, OwnerTx
from server.services import narrowing
from server.services.journal import entry
from server.services.passwords import Passwords
from server.services.premises import Premises
from server.services.sealer import Place

MIN_PASSWORD = 12


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who an account is. `practitioner` is the id of their Practitioner resource in the directory."""

    login: str
    display_name: str
    rpps: str = ""
    practitioner: str = ""


class Accounts:
    """Creates, finds and ends accounts."""

    def __init__(self, premises: Premises, passwords: Passwords) -> None:
        self._premises, self._passwords = premises, passwords

    async def create(self, person: Person, password: str, kind: str = "practitioner") -> int:
        """A new account; raises Refused: `login_taken`, `rpps_taken` or `password_short`."""
        if len(password) < MIN_PASSWORD:
            raise Refused("password_short", f"at least {MIN_PASSWORD} characters")
        blind = self._premises.blind
        account = await self._claim(blind.login(person.login), "login", None)
        if person.rpps:
            await self._claim(blind.rpps(person.rpps), "rpps", account)
        if person.practitioner:
            name = blind.locator(f"Practitioner/{person.practitioner}")
            await self._claim(name, "practitioner", account)
        record = await self._passwords.record(password)
        place = Place("account", account)
        cell = await self._premises.sealer.seal(place, msgspec.msgpack.encode(person))
        row = AccountRow(account, kind, "active", record, cell)

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
        row = await self._premises.store.read(account, _account)
        if row is None:
            raise Unavailable
        plain = await self._premises.sealer.open(Place("account", account), row.cell)
        return msgspec.msgpack.decode(plain, type=Person)

    async def is_right(self, account: int | None, password: str) -> bool:
        """Check a password; an unknown or closed account takes as long as a known one."""
        row = None if account is None else await self._premises.store.read(account, _account)
        record = row.secret if row is not None and row.state == "active" else None
        return await self._passwords.is_right(password, record)

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
            for device in await tx.people.devices():
                await tx.people.drop_sessions(device=device.device)

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
        if target != wanted and await self._premises.store.read(target, _account) is not None:
            raise Refused(f"{space}_taken")
        if target != wanted and account is not None:
            raise Refused(f"{space}_taken")
        return target

    async def _holder(self, name: int, space: str) -> int | None:
        async def holder(tx: OwnerTx) -> int | None:
            found = await tx.reservations.holder(space)
            return found[0][0] if found else None

        return await self._premises.store.read(name, holder)


async def _account(tx: OwnerTx) -> AccountRow | None:
    return await tx.people.account()
