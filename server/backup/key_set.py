r"""Set B: the keys, sealed to the recovery key, which is kept offline (security.md §4.4).

keys-000042.sealed   {header}\n<HPKE of the key store's rows, bound to the header>

The newest one serves any backup of the data. Older ones live 35 days at most: then a key destroyed since
lies nowhere any more, and what it sealed is dead in every backup of the data.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from dossier.clock import Clock, from_wire, to_wire
from dossier.errors import BadAnswer, Refused, SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.key_list import fingerprint
from dossier.sealing.recovery_key import open_sealed, recovery_public, seal_to
from dossier.wire.codec import decode, encode
from server.backup.pieces import Cutter, read
from server.backup.turn import turn
from server.engines import Engine, key_steps
from server.store.layout import Rows, tables
from server.store.whole_files import make_folder, write_whole

KEPT = timedelta(days=35)
_NAME = re.compile(r"keys-([0-9]{6})\.sealed", re.ASCII)
_LABEL = "colloque/v1/key-backup"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """In clear before the sealed bytes: `recovery` names the key that opens them, `identity` the server,
    `key_list` its online keys as signed then.
    """

    format: int = 1
    number: int
    made: str
    identity: str
    recovery: str
    key_list: str


class Pruned(NamedTuple):
    """How many old copies went, how many should have gone and lie there still."""

    removed: int
    overdue: int


class Made(NamedTuple):
    """A copy of the keys, and what was forgotten with it."""

    header: Header
    pruned: Pruned


class _Rows(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: every row of the key store at one moment."""

    schema: int
    pieces: list[bytes]


class Opened(NamedTuple):
    """A key store's rows, and what is said of them."""

    header: Header
    schema: int
    rows: list[Rows]


async def make(
    engine: Engine, target: Path, public: bytes, identity: str, key_list: str, clock: Clock
) -> Made:
    """Seal the key store as it is now; then forget what is too old. Raises Refused, StoreError kin."""
    make_folder(target)
    with turn(target):
        plain = await _plain(engine)
        header = _written(plain, target, public, identity, key_list, clock)
        return Made(header, prune(target, clock.now()))


async def _plain(engine: Engine) -> bytes:
    pieces: list[bytes] = []
    async with engine.key_snapshot() as snapshot:
        for table in tables(key_steps(snapshot.schema)):
            cutter = Cutter(table)
            async for rows in snapshot.rows(table):
                pieces += cutter.add(rows)
            pieces += cutter.rest()
        return msgspec.msgpack.encode(_Rows(snapshot.schema, pieces))


def _written(
    plain: bytes, target: Path, public: bytes, identity: str, key_list: str, clock: Clock
) -> Header:
    numbers = [number for number, _ in _found(target)]
    header = Header(
        number=max(numbers, default=0) + 1,
        made=to_wire(clock.now()),
        identity=identity,
        recovery=fingerprint(public),
        key_list=key_list,
    )
    line = encode(header)
    sealed = seal_to(public, plain, tup(_LABEL, line))
    write_whole(target / f"keys-{header.number:06}.sealed", line + b"\n" + sealed)
    return header


def verify(target: Path) -> Header:
    """The newest one's header; raises Refused (`keys_missing`, `keys_damaged`)."""
    return _read(_newest(target))[0]


def restore(target: Path, private: bytes, identity: str) -> Opened:
    """The newest key store. Raises Refused (`keys_missing`, `keys_damaged`, `other_recovery_key`,
    `keys_of_another_server`).
    """
    path = _newest(target)
    header, line, sealed = _read(path)
    if header.identity != identity:
        raise Refused("keys_of_another_server", path.name)
    if header.recovery != fingerprint(recovery_public(private)):
        raise Refused("other_recovery_key", path.name)
    try:
        plain = open_sealed(private, sealed, tup(_LABEL, line))
        held = msgspec.msgpack.decode(plain, type=_Rows)
    except (SealBroken, msgspec.MsgspecError) as error:
        raise Refused("keys_damaged", path.name) from error
    known = tables(key_steps(held.schema))
    return Opened(header, held.schema, [read(piece, known, path.name) for piece in held.pieces])


def _found(target: Path) -> Iterator[tuple[int, Path]]:
    for path in target.iterdir() if target.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            yield int(match[1]), path


def _newest(target: Path) -> Path:
    found = max(_found(target), default=None)
    if found is None:
        raise Refused("keys_missing", target.name)
    return found[1]


def _read(path: Path) -> tuple[Header, bytes, bytes]:
    line, _, sealed = path.read_bytes().partition(b"\n")
    try:
        return decode(line, Header), line, sealed
    except BadAnswer as error:
        raise Refused("keys_damaged", path.name) from error


def prune(target: Path, now: datetime) -> Pruned:
    """Forget what is older than KEPT. The newest stays whatever its age; one whose date cannot be read stays as
    well, and so does what the place does not let go (append-only): whoever keeps it has to.
    """
    newest, removed, overdue = _newest(target), 0, 0
    for _, path in list(_found(target)):
        try:
            made = from_wire(_read(path)[0].made)
        except (Refused, ValueError):
            continue
        if path != newest and made < now - KEPT:
            try:
                path.unlink()
            except OSError:
                overdue += 1
            else:
                removed += 1
    return Pruned(removed, overdue)
