"""Identifiers: owners, resources, operations.

`owner` is a random 63-bit integer made by the application, one id space for patients, agendas,
conversations, organisations and accounts (SCALE rule 2). Resource ids and operation ids are UUIDv7
(RFC 9562 §5.7): sortable by creation, unique without a server.
"""

from typing import NewType
from uuid import UUID

from dossier.clock import Clock, to_ms
from dossier.entropy import Entropy

Owner = NewType("Owner", int)
OpId = NewType("OpId", str)
ResourceId = NewType("ResourceId", str)


def new_owner(entropy: Entropy) -> Owner:
    """A fresh owner id: 1 .. 2^63-1, random."""
    value = int.from_bytes(entropy.bytes(8), "big") >> 1
    return Owner(value or 1)


def uuid7(clock: Clock, entropy: Entropy) -> str:
    """A UUIDv7 in its canonical text form."""
    ms = to_ms(clock.now()) & ((1 << 48) - 1)
    tail = int.from_bytes(entropy.bytes(10), "big")
    rand_a, rand_b = (tail >> 62) & 0xFFF, tail & ((1 << 62) - 1)
    return str(UUID(int=(ms << 80) | (7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b))


def new_op_id(clock: Clock, entropy: Entropy) -> OpId:
    """A fresh idempotency key for one operation."""
    return OpId(uuid7(clock, entropy))
