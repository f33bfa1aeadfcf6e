"""Acts that narrow, kept beside the keys before they commit, so that no restore undoes them (DATA-MODEL §5).

What is kept is the journal's own entry of the act, sealed. The act's op is stored with it: a restored
database that holds the op holds the act.
"""

import hashlib

import msgspec

from dossier.ids import new_op_id
from server.ports import NarrowRow, OpRow, OwnerTx
from server.services import journal
from server.services.premises import Premises
from server.services.sealer import Place


async def record(premises: Premises, tx: OwnerTx, n: int, said: journal.Entry) -> None:
    """Inside the unit of work of the act, before it commits. `n`: a number of the locked owner."""
    op_id = said.op_id or new_op_id(premises.clock, premises.entropy)
    cell = await premises.sealer.seal(_place(tx.id, op_id), journal.encoded(said))
    await premises.keys.narrow(tx.id, op_id, n, cell)
    if not said.op_id:
        await mark(premises, tx, op_id, said)


async def mark(premises: Premises, tx: OwnerTx, op_id: str, said: journal.Entry) -> None:
    """Store the op of an act as done."""
    digest = hashlib.sha256(op_id.encode()).digest()
    row = OpRow(op_id, said.account, said.device, "", digest, None, premises.now_ms)
    await tx.ops.put(row)


async def read(premises: Premises, owner: int, row: NarrowRow) -> journal.Entry:
    """Open one act. Raises SealBroken, Unavailable (its key was destroyed)."""
    plain = await premises.sealer.open(_place(owner, row.op_id), row.cell)
    return msgspec.msgpack.decode(plain, type=journal.Entry)


async def seal_again(premises: Premises, owner: int) -> None:
    """Every act of an owner under the newest version of its key."""
    for row in await premises.keys.narrowed(owner):
        place = _place(owner, row.op_id)
        plain = await premises.sealer.open(place, row.cell)
        cell = await premises.sealer.seal(place, plain)
        await premises.keys.narrow(owner, row.op_id, row.n, cell)


def _place(owner: int, op_id: str) -> Place:
    return Place("narrow", owner, id=op_id)
