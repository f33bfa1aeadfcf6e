"""What a person proves who they are with: a password, and the code of an authenticator.

Both begin with a one-time activation code that an administrator hands over. Such a code never stands in for the
authenticator a person has: where there is one, its code is asked for as well. An unknown name, a wrong password, a
wrong or used code are one answer after the same work (security.md S10, §5 rows 31 to 36).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

from msgspec import structs

from dossier.errors import Refused, SealBroken, SignInNeeded, Unavailable
from dossier.sealing import totp
from dossier.sealing.activation import hash_of_code, new_activation_code
from dossier.sealing.encoding import tup
from dossier.sealing.password_rules import password_problem
from dossier.wire.sessions import ActivateRequest, ActivationReply, ActivationRequest
from server.ports import AccountRow, AlarmRow, OwnerTx
from server.services import journal, narrowing
from server.services.accounts import Accounts, Known, Person, account_row
from server.services.attempts import Attempts, Tried
from server.services.endings import REPLACED, end_pages, end_passkeys, end_sessions
from server.services.facets import ACCESS
from server.services.members import Members
from server.services.passwords import Passwords
from server.services.premises import Premises
from server.services.recognised import Recognised, ended, recognised
from server.services.sealer import Place
from server.services.session import SIGNS_IN
from server.services.unit import OwnerUnit

FACTOR_RESET: Final = "factor_reset"
PASSWORD_ENDED: Final = ("activated", "password_set")
"""Acts after which no earlier password or code is good, nor after a restore."""
CODE_MS: Final = 24 * 3_600_000
_NO_SEED: Final = bytes(totp.SEED_BYTES)
_Change = Callable[[AccountRow], Awaitable[AccountRow]]


def _replaced(n: int, now_ms: int) -> AlarmRow:
    """What the person is told of at their next sign-in."""
    return AlarmRow(n, REPLACED, now_ms, now_ms, 0, 0, now_ms)


class Invitation(NamedTuple):
    """A code to hand over to one person, shown once."""

    code: str
    until_ms: int


class Credentials:
    """Gives, takes and checks them."""

    def __init__(
        self,
        premises: Premises,
        accounts: Accounts,
        members: Members,
        passwords: Passwords,
        attempts: Attempts,
    ) -> None:
        self._premises, self._accounts, self._members = premises, accounts, members
        self._passwords, self._attempts = passwords, attempts

    # -- beginning ----------------------------------------------------------------------------------

    async def invite(self, account: int, *, reset_factor: bool = False) -> Invitation:
        """A new activation code in the place of any other. `reset_factor` ends the authenticator, the passkeys
        and every session at once, and no restore brings them back.
        Raises Unavailable for an unknown or closed account.
        """
        code = new_activation_code(self._premises.entropy)
        until_ms = self._premises.now_ms + CODE_MS

        async def change(row: AccountRow) -> AccountRow:
            if reset_factor:
                known = await self._accounts.opened(row)
                cell = await self._accounts.sealed(account, structs.replace(known, seed=b""))
                row = row._replace(cell=cell, step=None)
            return row._replace(code=hash_of_code(code), code_until_ms=until_ms)

        await self._change(account, change, FACTOR_RESET if reset_factor else "invited")
        return Invitation(code, until_ms)

    async def offer(self, asked: ActivationRequest, address: str) -> ActivationReply:
        """How the activation goes on. Raises SignInNeeded for a wrong name or code, Busy."""
        tried, row, known = await self._invited(asked.login, asked.code, address)
        await self._premises.store.write(
            row.account, lambda tx: self._attempts.succeeded(tx, tried)
        )
        seed = b"" if known.seed else await self._offered(row)
        return ActivationReply(
            display_name=known.display_name, seed=totp.written(seed) if seed else ""
        )

    async def activate(self, asked: ActivateRequest, address: str) -> None:
        """Take the new password, and the authenticator where there was none; the code is used up, and whatever
        session there was ends.

        Raises SignInNeeded for a wrong name or code, Refused: `wrong_proof`, or why the password is refused
        (dossier.sealing.password_rules); after any of these the code is still good.
        """
        tried, row, known = await self._invited(asked.login, asked.code, address)
        seed = known.seed or await self._offered(row)
        step = totp.matching_step(seed, asked.proof, self._premises.wall.now(), row.step or 0)
        if step is None:
            raise Refused("wrong_proof")
        await self._refuse_weak(row.account, known, asked.password)
        record = await self._passwords.record(asked.password)
        cell = await self._accounts.sealed(row.account, structs.replace(known, seed=seed))

        async def change(now: AccountRow) -> AccountRow:
            if (now.code, now.step, now.cell) != (row.code, row.step, row.cell):
                raise SignInNeeded
            return now._replace(secret=record, cell=cell, step=step, code=None, code_until_ms=None)

        await self._change(row.account, change, "activated", tried)

    async def provide(self, account: int, password: str, seed: bytes) -> None:
        """Give an account its password and authenticator at once: for people who are fictional."""
        await self._refuse_weak(account, await self._accounts.person(account), password)
        record = await self._passwords.record(password)

        async def change(row: AccountRow) -> AccountRow:
            known = await self._accounts.opened(row)
            cell = await self._accounts.sealed(account, structs.replace(known, seed=seed))
            return row._replace(secret=record, cell=cell, step=None)

        await self._change(account, change)

    async def set_password(self, account: int, password: str) -> None:
        """Another password by the operator; every session ends, authenticator and passkeys stay, and no restore
        brings the old password back. Raises Refused, Unavailable.
        """
        await self._refuse_weak(account, await self._accounts.person(account), password)
        record = await self._passwords.record(password)

        async def change(row: AccountRow) -> AccountRow:
            return row._replace(secret=record)

        await self._change(account, change, "password_set")

    # -- proving ------------------------------------------------------------------------------------

    async def check(self, login: str, password: str, proof: str, address: str) -> Recognised:
        """Who types this; the code is used up. Raises SignInNeeded, Busy."""
        _, owner = await self._named(login)
        tried = await self._attempts.take(owner, address)
        who = await self._checked(tried, password, proof)
        if who is None:
            await self._attempts.failed(tried)
            raise SignInNeeded
        return who

    async def check_again(self, account: int, password: str, proof: str, device: str) -> Recognised:
        """The same of a person who is signed in on this device. Raises Refused("wrong_proof"), Busy."""
        tried = await self._attempts.take_on(account, device)
        who = await self._checked(tried, password, proof)
        if who is None:
            raise Refused("wrong_proof")
        return who

    async def _checked(self, tried: Tried, password: str, proof: str) -> Recognised | None:
        """Both together, then the code's step is used up. Nobody's name costs the same reads, the same
        opening of a cell and the same work on the password as somebody's.
        """
        row = await self._premises.store.read(tried.owner, account_row)
        seed, after = _NO_SEED, 0
        if row is None:
            place = Place("account", self._premises.directory)
            await self._premises.sealer.seal(place, bytes(256))
        else:
            seed, after = (await self._accounts.opened(row)).seed, row.step or 0
        now = self._premises.wall.now()
        step = totp.matching_step(seed or _NO_SEED, proof, now, after)
        is_open = row is not None and row.state in SIGNS_IN and bool(row.secret) and bool(seed)
        record = row.secret if row is not None and is_open else None
        right = await self._passwords.is_right(password, record)
        if row is None or step is None or not right:
            return None
        return recognised(row) if await self._use(row, step, tried) else None

    async def _use(self, row: AccountRow, step: int, tried: Tried) -> bool:
        """Use a step up, and take the try back; False when it was used meanwhile, or what was checked is no
        longer so.
        """

        async def use(tx: OwnerTx) -> bool:
            await tx.owner.lock(1)
            now = await tx.people.account()
            if now is None or now._replace(code=None, code_until_ms=None) != row._replace(
                code=None, code_until_ms=None
            ):
                return False
            await tx.people.put_account(now._replace(step=step))
            await self._attempts.succeeded(tx, tried)
            return True

        return await self._premises.store.write(row.account, use)

    # -- parts --------------------------------------------------------------------------------------

    async def _named(self, login: str) -> tuple[int | None, int]:
        """The account of a name, and the owner under which tries of this name are counted."""
        account = await self._accounts.find(login)
        return account, self._premises.blind.login(login) if account is None else account

    async def _invited(
        self, login: str, code: str, address: str
    ) -> tuple[Tried, AccountRow, Known]:
        """One try of a name and its code. Raises SignInNeeded, Busy."""
        _, owner = await self._named(login)
        tried = await self._attempts.take(owner, address)
        row = await self._premises.store.read(owner, account_row)
        try:
            typed = hash_of_code(code)
        except SealBroken:
            typed = b""
        kept = row.code if row is not None and row.code is not None else bytes(32)
        same = hmac.compare_digest(kept, typed)
        now_ms = self._premises.now_ms
        if (
            row is None
            or not same
            or row.state not in SIGNS_IN
            or (row.code_until_ms or 0) <= now_ms
        ):
            await self._attempts.failed(tried)
            raise SignInNeeded
        return tried, row, await self._accounts.opened(row)

    async def _offered(self, row: AccountRow) -> bytes:
        """The seed that goes with an activation code: the same at each asking, and nowhere kept before."""
        key = await self._premises.keys.secret("activation")
        text = tup("colloque/v1/authenticator", row.account, row.code or b"")
        return hmac.digest(key, text, hashlib.sha256)[: totp.SEED_BYTES]

    async def _refuse_weak(self, account: int, person: Person, password: str) -> None:
        names = (person.login, person.display_name)
        problem = password_problem(password, names, await self._places(account))
        if problem:
            raise Refused(problem)

    async def _places(self, account: int) -> Iterable[str]:
        return [one.organisation_name for one in await self._members.situations(account)]

    async def _change(
        self, account: int, change: _Change, action: str = "", tried: Tried | None = None
    ) -> None:
        """Change the row of an account under its lock; the journal says which act it was. `tried` was right."""

        async def write(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(2)
            row = await tx.people.account()
            if locked is None or row is None or row.state not in SIGNS_IN:
                raise Unavailable
            book = OwnerUnit(self._premises, tx, locked, 2)
            is_ended = action == FACTOR_RESET or action in PASSWORD_ENDED
            changed = await change(row)
            await tx.people.put_account(ended(changed) if is_ended else changed)
            if tried is not None:
                await self._attempts.succeeded(tx, tried)
            if action:
                said = journal.Entry(action=action, at_ms=self._premises.now_ms, other=account)
                if is_ended:
                    await narrowing.record(self._premises, tx, locked.n, said)
                    await end_pages(tx)
                if action == FACTOR_RESET:
                    await end_passkeys(tx)
                    await end_sessions(self._premises, tx, "factor")
                if action in PASSWORD_ENDED and row.secret:
                    await end_sessions(self._premises, tx, REPLACED)
                    await tx.volumes.put_alarm(_replaced(book.number(), self._premises.now_ms))
                await book.log(ACCESS, said)
            await book.close()

        await self._premises.store.write(account, write)
