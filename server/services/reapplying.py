"""Narrowing acts applied again after a restore, to an owner whose row lacks them (DATA-MODEL §5).

Acts of a patient's record: its closing, blocks, ended relations, withdrawn consents, labels. Acts of an account: an
ended membership, a revoked device, a removed passkey, an authenticator that was reset (its passkeys end with it), a
password that was replaced, a block after too many displays, its closure. One that names a resource the database lacks waits,
and is applied in the transaction that brings the resource back. Nothing here ever widens.
"""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from dossier.errors import Invalid, Unavailable
from dossier.sealing.text import unbase64url
from dossier.wire import codec
from server.ports import NarrowRow, OwnerTx
from server.services import bodies, narrowing
from server.services.access import Access
from server.services.accounts import Accounts
from server.services.consents import CONSENT
from server.services.credentials import FACTOR_RESET, PASSWORD_ENDED
from server.services.endings import end_pages, end_passkeys, end_sessions
from server.services.facets import ACCESS
from server.services.homing import labels_of
from server.services.journal import Entry
from server.services.labels import Labels, relabelled
from server.services.premises import Premises
from server.services.unit import OwnerUnit, Put
from server.services.volume import BLOCK

_NUMBERS_EACH = 6
_INACTIVE = "inactive"
_OF_A_RESOURCE = frozenset({"relabelled", "withdrawn"})


class Reapplied(NamedTuple):
    """What one restore did with one act. `outcome`: applied, waits (what it names is not here)."""

    owner: int
    said: Entry
    outcome: str


class Reapplying:
    """Applies what the restored database lacks."""

    def __init__(self, premises: Premises, access: Access, labels: Labels) -> None:
        self._premises, self._access, self._labels = premises, access, labels
        self._accounts = Accounts(premises)

    async def all_of(self, owner: int) -> list[Reapplied]:
        """Every act of an owner its database does not hold, in order, in one transaction."""
        rows = await self._premises.keys.narrowed(owner)

        async def work(tx: OwnerTx) -> list[Reapplied]:
            wanted = await self._lacking(tx, rows)
            if not wanted:
                return []
            reserved = _NUMBERS_EACH * (len(wanted) + 1)
            locked = await tx.owner.lock(reserved)
            if locked is None:
                return [Reapplied(owner, said, "waits") for _, said in wanted]
            book = OwnerUnit(self._premises, tx, locked, reserved)
            await self._access.bring(book)
            done = [await self._one(book, op_id, said) for op_id, said in wanted]
            await self._access.recompute(book)
            await book.close()
            return done

        return await self._premises.store.write(owner, work)

    async def arrived(self, book: OwnerUnit, names: Collection[tuple[str, str]]) -> bool:
        """Inside the unit of work that brought these (rtype, id): apply what waited for them. True when
        rights may have moved. Costs nothing while no restore ever was.
        """
        if not self._premises.restore:
            return False
        rows = await self._premises.keys.narrowed(book.owner)
        moved = False
        for op_id, said in await self._lacking(book.tx, rows):
            if said.action in _OF_A_RESOURCE and (said.rtype or CONSENT, said.id) in names:
                moved |= (await self._one(book, op_id, said)).outcome == "applied"
        if moved:
            await self._access.recompute(book)
        return moved

    async def _lacking(self, tx: OwnerTx, rows: list[NarrowRow]) -> list[tuple[str, Entry]]:
        found = []
        for row in rows:
            if await tx.ops.get(row.op_id) is not None:
                continue
            try:
                found.append((row.op_id, await narrowing.read(self._premises, tx.id, row)))
            except Unavailable:
                continue  # its key was destroyed, and the record with it
        return found

    async def _one(self, book: OwnerUnit, op_id: str, said: Entry) -> Reapplied:
        again = msgspec.structs.replace(said, at_ms=self._premises.now_ms, op_id=op_id)
        if book.row.kind == "account":
            is_here = await self._of_account(book.tx, said)
        else:
            is_here = await self._of_record(book, again)
        if is_here:
            await narrowing.mark(self._premises, book.tx, op_id, said)
        return Reapplied(book.owner, said, "applied" if is_here else "waits")

    async def _of_record(self, book: OwnerUnit, said: Entry) -> bool:
        access = book.tx.access
        if said.action == "relabelled":
            return await self._relabel(book, said)
        if said.action == "closed":
            await self._access.put_state(book, "closed")
        elif said.action == "withdrawn":
            if not await self._withdraw(book, said):
                return False
        elif said.action == "blocked":
            await access.deny(said.other, book.rights_changed())
            book.tell(recheck=[said.other])
        elif said.action == "unrelated":
            await access.drop_relation(said.other, said.kind)
            book.tell(recheck=[said.other])
        await book.log(ACCESS, said)
        return True

    async def _relabel(self, book: OwnerUnit, said: Entry) -> bool:
        """Labels are added, never taken away, unless the two cannot be kept together."""
        row = await book.tx.resources.get(said.rtype, said.id)
        if row is None:
            return False
        before, after = relabelled(said)
        present = labels_of(self._premises.tags.name(book.owner, row.facet))
        try:
            await self._labels.put(book, row, present | (after - before), said)
        except Invalid:
            await self._labels.put(book, row, after, said)
        return True

    async def _withdraw(self, book: OwnerUnit, said: Entry) -> bool:
        row = await book.tx.resources.get(CONSENT, said.id)
        for relation in await book.tx.access.relations():
            if relation.cause == said.id:
                await book.tx.access.drop_relation(relation.account, relation.kind)
        if row is None:
            return False
        place = bodies.place_of(book.owner, row)
        body = bodies.unpack(await self._premises.sealer.open(place, row.cell))
        value = codec.resource(body.resource)
        if value.get("status") == "active":
            ended = body._replace(resource=msgspec.json.encode(value | {"status": _INACTIVE}))
            put = Put(CONSENT, row.id, row.facet, row.subject, row.root, ended, (row, body))
            await book.put([put])
        return True

    async def _of_account(self, tx: OwnerTx, said: Entry) -> bool:
        if said.action == "membership_ended":
            return await self._end_membership(tx, said)
        if said.action == "device_revoked":
            return await self._revoke(tx, said)
        if said.action == "passkey_removed":
            await tx.browsers.drop_passkey(unbase64url(said.id))
            return True
        row = await tx.people.account()
        if row is None:
            return False
        if said.action == FACTOR_RESET:
            known = msgspec.structs.replace(await self._accounts.opened(row), seed=b"")
            cell = await self._accounts.sealed(row.account, known)
            await tx.people.put_account(
                row._replace(cell=cell, step=None, code=None, code_until_ms=None)
            )
            await end_passkeys(tx)
            await end_pages(tx)
            await end_sessions(self._premises, tx, "factor")
        elif said.action in PASSWORD_ENDED:
            await tx.people.put_account(row._replace(secret="", code=None, code_until_ms=None))
        elif said.action == BLOCK:
            if row.state == "active":
                await tx.people.put_account(row._replace(state="blocked"))
        else:
            await tx.people.put_account(row._replace(state="closed"))
            await end_sessions(self._premises, tx, "closed")
        return True

    async def _end_membership(self, tx: OwnerTx, said: Entry) -> bool:
        for row in await tx.people.members():
            if row.situation == said.id:
                until = said.at_ms if row.until_ms is None else min(row.until_ms, said.at_ms)
                await tx.people.put_member(row._replace(until_ms=until, ended=1))
                return True
        return False

    async def _revoke(self, tx: OwnerTx, said: Entry) -> bool:
        await end_sessions(self._premises, tx, "revoked", device=said.id)
        for row in await tx.people.devices():
            if row.device == said.id:
                await tx.people.put_device(row._replace(revoked_ms=row.revoked_ms or said.at_ms))
                return True
        return False
