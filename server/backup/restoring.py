"""Restore: any backup of the data, the newest key store, ROOT; into an empty folder and, when it shall lie in
PostgreSQL, empty databases, whatever the engine it was made of (DATA-MODEL §5).

The folder is made beside its place and takes its name last, so that a restore that was cut off leaves nothing
that could be served; databases that were filled meanwhile have to be made again. The restore number grows before
anything is written under it and is sealed into a fresh copy of the key store at once: a second restore from the
same place never has the number of the first.
"""

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dossier.access.matrix import MatrixPack
from dossier.access.policy import load_policy
from dossier.clock import Clock, from_ms, from_wire, to_ms, to_wire
from dossier.entropy import Entropy
from dossier.errors import Refused, SealBroken
from dossier.sealing.key_list import KeyList, verify_key_list
from dossier.sealing.recovery_key import recovery_public
from dossier.sealing.text import base64url
from dossier.wire.codec import encode
from server.backup import key_set, manifest
from server.backup.manifest import Manifest
from server.backup.pieces import read
from server.backup.segments import Segments
from server.engines import Engine, record_steps
from server.folder import Folder
from server.ports import KeyStore, OwnerTx, Store
from server.services.access import Access
from server.services.facets import ACCESS
from server.services.journal import entry
from server.services.labels import Labels
from server.services.premises import Premises, open_premises
from server.services.reapplying import Reapplied, Reapplying
from server.services.unit import OwnerUnit
from server.store.keystore import FileKeyProvider
from server.store.keystore.key_file import read_key_file, sync_folder
from server.store.layout import tables
from server.store.whole_files import failed, make_folder, write_whole

_OWNERS = 500
_REPORT = "restore.json"


class Asked(NamedTuple):
    """Where everything lies. `backup` is a manifest's name, empty for the newest. `databases` and
    `key_database` are the addresses it shall lie at; without any, it becomes files of its folder.
    """

    target: Path
    keys: Path
    recovery: Path
    root: Path
    backup: str = ""
    databases: tuple[str, ...] = ()
    key_database: str = ""


class Restored(NamedTuple):
    """What came back: from which backup, under which restore number, and the report that was written."""

    manifest: Manifest
    number: int
    report: dict[str, Any]


async def restore(asked: Asked, into: Path, clock: Clock, entropy: Entropy) -> Restored:
    """Make a server in `into` again. It serves once its identity key has signed the new restore number.

    Raises Refused (`folder_taken`, `databases_taken`, and as the manifest, the segments and the key set do), KeychainError,
    SealBroken when ROOT is not the one of the keys, StoreError kin.
    """
    _refuse_taken(into)
    said = _chosen(asked)
    told = msgspec.structs.replace(
        said.server, databases=asked.databases, key_database=asked.key_database
    )
    making = Folder(into.with_name(into.name + ".restoring"))
    shutil.rmtree(making.path, ignore_errors=True)
    make_folder(making.path)
    engine = making.engine(told)
    if not all((await engine.empty()).values()):
        raise Refused("databases_taken")
    private = read_key_file(asked.recovery)
    held = key_set.restore(asked.keys, private, said.server.identity)
    _copy_root(asked.root, making.root)
    async with engine.load_keys(held.schema, clock) as keys:
        for rows in held.rows:
            await keys.put(rows)
    making.write_key_list(_newest_list(making, said, held.header.key_list))
    report = await _go_on(asked, making, engine, said, private, clock, entropy)
    write_whole(making.path / _REPORT, encode(report) + b"\n")
    recovery = base64url(recovery_public(private))
    making.write_told(msgspec.structs.replace(told, recovery=recovery))
    _name(making.path, into)
    return Restored(said, report["restore"], report)


def _refuse_taken(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refused("folder_taken", into.name)


def _name(made: Path, into: Path) -> None:
    if into.exists():
        into.rmdir()
    made.replace(into)
    sync_folder(into.parent)


def _chosen(asked: Asked) -> Manifest:
    known = manifest.names(asked.target)
    if not known:
        raise Refused("backup_missing", asked.target.name)
    name = asked.backup or known[-1]
    return manifest.read(asked.target, name if name.endswith(".json") else f"{name}.json")


def _newest_list(making: Folder, said: Manifest, beside_keys: str) -> bytes:
    """A key replaced after this backup of the data is listed by the one beside the keys."""
    public = making.read_identity(said.server)
    found: list[tuple[KeyList, bytes]] = []
    for text in (said.key_list.encode(), beside_keys.encode()):
        try:
            found.append((verify_key_list(public, text), text))
        except SealBroken:
            continue
    if not found:
        raise Refused("manifest_damaged", said.name)
    return max(found, key=lambda one: one[0].serial)[1]


def _copy_root(source: Path, target: Path) -> None:
    read_key_file(source)
    try:
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
        with os.fdopen(handle, "wb") as file:
            file.write(source.read_bytes())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise failed(target, error) from error


async def _go_on(
    asked: Asked,
    making: Folder,
    engine: Engine,
    said: Manifest,
    private: bytes,
    clock: Clock,
    entropy: Entropy,
) -> dict[str, Any]:
    """Rows, then the new line of time: number, counters, narrowing acts, the leaf that says so."""
    keys = await engine.open_keys(FileKeyProvider(making.root), clock, entropy)
    try:
        await _fill(engine, asked.target, said, clock)
        number = await keys.begin_restore()
        public = recovery_public(private)
        listed = making.read_key_list().decode()
        await key_set.make(engine, asked.keys, public, said.server.identity, listed, clock)
        store = await engine.open_store(clock, number)
        try:
            await _refuse_damaged(store)
            return await _reapplied(store, keys, said, clock, entropy)
        finally:
            await store.close()
    finally:
        await keys.close()


async def _fill(engine: Engine, target: Path, said: Manifest, clock: Clock) -> None:
    """Every row of the backup, and no other."""
    known, counts = tables(record_steps(said.schema)), Counter[str]()
    async with engine.load(said.schema, clock) as filled:
        for name, raw in Segments(target).read(said.segments):
            rows = read(raw, known, name)
            await filled.put(rows)
            counts[rows.table] += len(rows.rows)
        if counts != Counter(said.counts):
            raise Refused("manifest_damaged", said.name)


async def _refuse_damaged(store: Store) -> None:
    faults = await store.maintenance.check()
    if faults:
        raise Refused("backup_damaged", faults[0])


async def _reapplied(
    store: Store, keys: KeyStore, said: Manifest, clock: Clock, entropy: Entropy
) -> dict[str, Any]:
    premises = await open_premises(store, keys, clock, entropy, MatrixPack.load(), load_policy())
    access = Access(premises)
    reapplying = Reapplying(premises, access, Labels(premises, access))
    found: list[Reapplied] = []
    after = -1
    while owners := await keys.narrowing_owners(after, _OWNERS):
        for owner in owners:
            found += await reapplying.all_of(owner)
        after = owners[-1]
    await _say_so(premises)
    return _report(premises, said, found)


async def _say_so(premises: Premises) -> None:
    """One row of the journal in the operator's own directory: the leaf `restored`."""

    async def write(tx: OwnerTx) -> None:
        locked = await tx.owner.lock(2)
        if locked is not None:
            book = OwnerUnit(premises, tx, locked, 2)
            words = {"count": premises.restore, "reason": f"restore {premises.restore}"}
            await book.log(ACCESS, entry(premises, None, "restored", **words))
            await book.close()

    await premises.store.write(premises.directory, write)


def _report(premises: Premises, said: Manifest, found: list[Reapplied]) -> dict[str, Any]:
    """For the operator: numbers and moments, no name. `lost_from`: what was written after this moment comes
    back from the desktops that wrote it; a right that was widened after it is given again by a person.
    """
    last = max((one.said.at_ms for one in found), default=to_ms(from_wire(said.made)))
    outcomes = Counter((one.said.action, one.outcome) for one in found)
    return {
        "restore": premises.restore,
        "backup": said.name,
        "lost_from": said.made,
        "known_until": to_wire(from_ms(last)),
        "narrowing": [
            {"act": act, "outcome": outcome, "count": count}
            for (act, outcome), count in sorted(outcomes.items())
        ],
        "acts": [
            {"owner": one.owner, "act": one.said.action, "outcome": one.outcome}
            | {"at": to_wire(from_ms(one.said.at_ms))}
            for one in found
        ],
    }
