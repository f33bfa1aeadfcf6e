"""Slips: what a browser or a desktop is given once and shows again, as a secret of 256 bits.

`page`: this browser's person signed in on the server's pages, for ten minutes. `code`: for a desktop that asked,
one minute, once (RFC 8252). `used`: a challenge that served, so that it never serves again. Kept as hashes that name
the restore number, in the account's own shard: whatever process is asked knows them, and a restore forgets them.
"""

import hashlib
from typing import Final, NamedTuple

import msgspec

from dossier.errors import Busy, SignInNeeded
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from server.ports import OwnerTx, SlipRow
from server.services.premises import Premises
from server.services.recognised import Recognised
from server.services.sealer import Place
from server.services.session import SIGNS_IN

SLIP_BYTES: Final = 40
_SECRET_BYTES: Final = 32
_MOST: Final = 64
"""Of one account at a time; a challenge is forgotten after five minutes, a page after ten."""


class Shown(NamedTuple):
    """A slip that is good: whose it is, the hash it is kept under, what it holds."""

    who: Recognised
    mark: bytes
    content: bytes

    @property
    def account(self) -> int:
        return self.who.account


class _Held(msgspec.Struct, frozen=True, array_like=True):
    """What the cell of a slip seals."""

    who: Recognised
    content: bytes


class Slips:
    """Gives, reads and takes them back. One that is unknown, over, of another kind or used is SignInNeeded."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def give(self, who: Recognised, kind: str, content: bytes, lives_ms: int) -> str:
        """A new slip of this person. Raises SignInNeeded for who is not to be recognised any more, Busy."""
        text, row = await self._made(who, kind, content, lives_ms)

        async def keep(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await self._keep(tx, row, who)

        await self._premises.store.write(who.account, keep)
        return text

    async def exchange(self, shown: Shown, kind: str, content: bytes, lives_ms: int) -> str:
        """A new slip of the same person in the place of the one shown, which is good no more. Raises as `give`."""
        text, row = await self._made(shown.who, kind, content, lives_ms)

        async def change(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await self._found(tx, shown.mark)
            await tx.browsers.drop_slip(shown.mark)
            await self._keep(tx, row, shown.who)

        await self._premises.store.write(shown.account, change)
        return text

    async def read(self, kind: str, text: str) -> Shown:
        """What a slip holds; it stays good."""
        account, mark = self._named(kind, text)

        async def find(tx: OwnerTx) -> SlipRow:
            return await self._found(tx, mark)

        row = await self._premises.store.read(account, find)
        return await self._shown(account, row)

    async def take(self, kind: str, text: str) -> Shown:
        """What a slip holds; it is good no more, whatever comes of it."""
        account, mark = self._named(kind, text)

        async def drop(tx: OwnerTx) -> SlipRow:
            await tx.owner.lock(1)
            row = await self._found(tx, mark)
            await tx.browsers.drop_slip(mark)
            return row

        row = await self._premises.store.write(account, drop)
        return await self._shown(account, row)

    async def drop(self, shown: Shown) -> None:
        """It is good no more."""

        async def end(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.browsers.drop_slip(shown.mark)

        await self._premises.store.write(shown.account, end)

    async def _keep(self, tx: OwnerTx, row: SlipRow, who: Recognised) -> None:
        if not who.still(await tx.people.account()):
            raise SignInNeeded
        await self._put(tx, row)

    async def _put(self, tx: OwnerTx, row: SlipRow) -> None:
        """Keep one, forget those that are over."""
        now_ms, kept = self._premises.now_ms, 0
        for known in await tx.browsers.slips():
            if known.until_ms <= now_ms:
                await tx.browsers.drop_slip(known.mark)
            else:
                kept += 1
        if kept >= _MOST:
            raise Busy(60.0)
        await tx.browsers.put_slip(row)

    async def use_up(self, tx: OwnerTx, challenge: bytes, until_ms: int) -> None:
        """Inside a unit of work that holds the account's lock: this challenge served. Raises SignInNeeded when it
        did before.
        """
        mark = hashlib.sha256(tup("colloque/v1/slip", "used", challenge)).digest()
        held = await tx.people.account()
        is_used = any(known.mark == mark for known in await tx.browsers.slips())
        if held is None or held.state not in SIGNS_IN or is_used:
            raise SignInNeeded
        await self._put(tx, SlipRow(mark, "used", until_ms, b""))

    async def _found(self, tx: OwnerTx, mark: bytes) -> SlipRow:
        held = await tx.people.account()
        row = next((one for one in await tx.browsers.slips() if one.mark == mark), None)
        if held is None or held.state not in SIGNS_IN or row is None:
            raise SignInNeeded
        if row.until_ms <= self._premises.now_ms:
            raise SignInNeeded
        return row

    async def _made(
        self, who: Recognised, kind: str, content: bytes, lives_ms: int
    ) -> tuple[str, SlipRow]:
        raw = who.account.to_bytes(8, "big") + self._premises.entropy.bytes(_SECRET_BYTES)
        mark = self._mark(kind, raw)
        plain = msgspec.msgpack.encode(_Held(who, content))
        cell = await self._premises.sealer.seal(place_of(who.account, mark), plain)
        return base64url(raw), SlipRow(mark, kind, self._premises.now_ms + lives_ms, cell)

    async def _shown(self, account: int, row: SlipRow) -> Shown:
        plain = await self._premises.sealer.open(place_of(account, row.mark), row.cell)
        held = msgspec.msgpack.decode(plain, type=_Held)
        return Shown(held.who, row.mark, held.content)

    def _named(self, kind: str, text: str) -> tuple[int, bytes]:
        try:
            raw = unbase64url(text)
        except ValueError as error:
            raise SignInNeeded from error
        account = int.from_bytes(raw[:8], "big")
        if len(raw) != SLIP_BYTES or account >> 63:
            raise SignInNeeded
        return account, self._mark(kind, raw)

    def _mark(self, kind: str, raw: bytes) -> bytes:
        return hashlib.sha256(tup("colloque/v1/slip", kind, self._premises.restore, raw)).digest()


def place_of(account: int, mark: bytes) -> Place:
    """Where its cell lies."""
    return Place("slip", account, id=base64url(mark))
