"""`keys`: the recovery key, the replacement of ROOT, of the KEK and of data keys, and their end."""

import argparse
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from dossier.clock import to_ms
from dossier.errors import Refused, SealBroken, StoreLocked, Unavailable
from dossier.sealing.blind import BlindIndex
from dossier.sealing.recovery_key import recovery_public
from dossier.sealing.text import base64url
from dossier.wire.codec import encode
from server.app import House
from server.backup.key_set import KEPT
from server.cli import closures
from server.folder import Folder
from server.ports import KeyRotation
from server.store.keystore import FileKeyProvider
from server.store.keystore.key_file import make_key_file, read_key_file, sync_folder
from server.store.sqlite.beside import Beside

_BATCH = 1_000
_NEW_ROOT = "root.key.new"


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    acts = verbs.add_parser("keys", help="the keys of this server")
    acts = acts.add_subparsers(dest="act", required=True)
    made = acts.add_parser("recovery", help="make the key that opens sealed copies of the keys")
    made.add_argument("folder")
    made.add_argument("file", type=Path, help="where to write it: not on this machine")
    made.set_defaults(run=recovery)
    closures.register(acts)
    kinds = acts.add_parser("rotate", help="replace keys; cut off, it goes on when run again")
    kinds = kinds.add_subparsers(dest="kind", required=True)
    root = kinds.add_parser("root", help="the key over all keys; the server stopped")
    root.add_argument("folder")
    root.set_defaults(run=rotate_root)
    kek = kinds.add_parser("kek", help="the key over the data keys; the server may run")
    kek.add_argument("folder")
    kek.add_argument(
        "--now", action="store_true", help="destroy the one before at once, not after 35 days"
    )
    kek.set_defaults(run=rotate_kek)
    of_subjects = kinds.add_parser(
        "data", help="data keys of patients and people; the server may run and does it"
    )
    of_subjects.add_argument("folder")
    which = of_subjects.add_mutually_exclusive_group(required=True)
    which.add_argument("--patient", help="id of the Patient resource")
    which.add_argument("--account", help="sign-in name")
    which.add_argument("--all", action="store_true", help="every data key of this server")
    of_subjects.set_defaults(run=rotate_subjects)


async def recovery(options: argparse.Namespace) -> int:
    """The private half goes to a file, the public half into server.json. Once."""
    folder = Folder(options.folder)
    told = folder.read_told()
    if told.recovery:
        raise Refused("recovery_key_present")
    private = make_key_file(options.file, options.entropy)
    public = base64url(recovery_public(private))
    folder.write_told(msgspec.structs.replace(told, recovery=public))
    print(f"Recovery key made in {options.file}. Take it away from this machine; keep two copies.")
    return 0


async def rotate_root(options: argparse.Namespace) -> int:
    """The new one lies beside the old one first; the key store moves in one transaction; then it takes the
    name. Cut off anywhere, one of the two opens the keys, and the next run finds out which.
    """
    folder = Folder(options.folder)
    engine, fresh = folder.engine(folder.read_told()), folder.path / _NEW_ROOT
    if not fresh.exists():
        make_key_file(fresh, options.entropy)
    try:
        keys = await engine.open_keys(FileKeyProvider(fresh), options.clock, options.entropy)
    except SealBroken:
        old = FileKeyProvider(folder.root)
        keys = await engine.open_keys(old, options.clock, options.entropy)
        try:
            await keys.rotation.reroot(read_key_file(fresh))
        finally:
            await keys.close()
    else:
        await keys.close()
    fresh.replace(folder.root)
    sync_folder(folder.path)
    print(
        "New root.key. Copy it to the safe, back up now: older copies of the keys need the old one."
    )
    return 0


async def rotate_kek(options: argparse.Namespace) -> int:
    """A new version, every data key under it, the old versions destroyed once no backup has them."""
    folder = Folder(options.folder)
    engine = folder.engine(folder.read_told())
    keys = await engine.open_keys_beside(folder.provider(), options.clock, options.entropy)
    try:
        rotation = keys.rotation
        moved = await rotation.rewrap(_BATCH)
        if not moved:
            await rotation.new_kek()
        while more := await rotation.rewrap(_BATCH):
            moved += more
        now = options.clock.now()
        until = now + timedelta(seconds=1) if options.now else now - KEPT
        said = {"rewrapped": moved, "destroyed": await rotation.drop_keks(to_ms(until))}
    finally:
        await keys.close()
    print(encode(said).decode())
    return 0


async def rotate_subjects(options: argparse.Namespace) -> int:
    """Ask for it; done here when the server is stopped, by the running server within a second otherwise."""
    try:
        house = await House.open(options.folder, options.clock, options.entropy)
    except StoreLocked:
        return await _ask_the_running(options)
    try:
        rotation = house.keys.rotation
        if options.all:
            count = await rotation.ask_all()
        else:
            find = house.store.maintenance.holders
            count = await _ask(rotation, await find(*_name(house.premises.blind, options)))
        await house.settle()
    finally:
        await house.close()
    print(encode({"replaced": count}).decode())
    return 0


async def _ask_the_running(options: argparse.Namespace) -> int:
    folder = Folder(options.folder)
    engine = folder.engine(folder.read_told())
    keys = await engine.open_keys_beside(folder.provider(), options.clock, options.entropy)
    try:
        if options.all:
            count = await keys.rotation.ask_all()
        else:
            blind, data = BlindIndex(await keys.secret("blind")), Beside(folder.data)
            try:
                found = data.holders(*_name(blind, options))
            finally:
                data.close()
            count = await _ask(keys.rotation, found)
    finally:
        await keys.close()
    print(encode({"asked": count}).decode())
    return 0


def _name(blind: BlindIndex, options: argparse.Namespace) -> tuple[str, list[int]]:
    """The reservation that leads to who was named."""
    if options.account:
        return "login", [blind.login(options.account)]
    return "locator", [blind.locator(f"Patient/{options.patient}")]


async def _ask(rotation: KeyRotation, found: Sequence[int | None]) -> int:
    """Raises Unavailable when nobody is meant."""
    owners = [owner for owner in found if owner is not None]
    if not owners:
        raise Unavailable
    await rotation.ask_renewal(owners)
    return len(owners)
