"""`backup` and `restore`: the data in one place, the keys sealed in another, ROOT in neither."""

import argparse
from pathlib import Path
from typing import Any

from dossier.errors import Refused
from dossier.sealing.text import unbase64url
from dossier.wire.codec import encode
from server.backup import data_set, done, key_set
from server.backup.done import Done
from server.backup.pruning import Keep, prune
from server.backup.restoring import Asked, restore
from server.cli.databases import add_databases, named_databases
from server.cli.identity import sign_again
from server.folder import Folder

_VERIFY, _PRUNE = "verify", "prune"


def register(verbs: Any) -> None:
    """Add the two commands."""
    made = verbs.add_parser(
        "backup",
        help="copy a server while it runs; `backup verify TARGET` reads the copies again, "
        "`backup prune TARGET` removes old ones",
    )
    made.add_argument("folder", help="the server's folder, or the word `verify` or `prune`")
    made.add_argument("target", type=Path, help="where backups of the data lie")
    made.add_argument("--keys", type=Path, help="where sealed copies of the keys lie: elsewhere")
    made.add_argument("--keep", type=int, help="prune: how many of the newest stay")
    made.add_argument("--keep-days", type=int, help="prune: younger ones than this stay")
    made.set_defaults(run=backup)
    back = verbs.add_parser("restore", help="make a server again from its backups")
    back.add_argument("target", type=Path)
    back.add_argument("folder", help="a new folder")
    back.add_argument("--keys", type=Path, required=True, help="the sealed copies of the keys")
    back.add_argument("--recovery", type=Path, required=True, help="the recovery key")
    back.add_argument("--root", type=Path, required=True, help="a copy of root.key")
    back.add_argument("--backup", default="", help="which one, as 000042 (the newest by default)")
    back.add_argument("--identity", type=Path, help="identity.key, to sign the new number at once")
    add_databases(back, "an empty one at postgresql://... instead of files")
    back.set_defaults(run=bring_back)


async def backup(options: argparse.Namespace) -> int:
    """Data first, then keys: so the keys open all of the data. Prints what was written, as JSON."""
    if str(options.folder) == _VERIFY:
        return _verify(options)
    if str(options.folder) == _PRUNE:
        return _prune(options)
    folder = Folder(options.folder)
    told = folder.read_told()
    if options.keys is None:
        raise Refused("keys_target")
    if not told.recovery:
        raise Refused("no_recovery_key")
    if options.keys.resolve() == options.target.resolve():
        raise Refused("keys_apart")
    made = await data_set.make(folder, options.target, options.clock)
    keys = await key_set.make(
        folder.engine(told),
        options.keys,
        unbase64url(told.recovery),
        told.identity,
        folder.read_key_list().decode(),
        options.clock,
    )
    number = keys.header.number
    done.note(folder.path, Done(made=made.manifest.made, backup=made.manifest.name, keys=number))
    said = {
        "backup": made.manifest.name,
        "bytes": made.stored.size,
        "written": made.stored.written_bytes,
        "segments": len(made.stored.segments),
        "new_segments": made.stored.written,
        "keys": number,
        "keys_overdue": keys.pruned.overdue,
    }
    print(encode(said).decode())
    return 0


def _prune(options: argparse.Namespace) -> int:
    """Exit 1 when old copies of the keys could not be removed."""
    if options.keep is None and options.keep_days is None:
        raise Refused("keep_what")
    keep = Keep(max(options.keep or 1, 1), max(options.keep_days or 0, 0))
    found = prune(options.target, keep, options.clock.now())
    said = {
        "removed": found.removed,
        "kept": found.kept,
        "segments": found.segments,
        "bytes": found.size,
    }
    overdue = 0
    if options.keys is not None:
        keys = key_set.prune(options.keys, options.clock.now())
        said |= {"keys_removed": keys.removed, "keys_overdue": keys.overdue}
        overdue = keys.overdue
    print(encode(said).decode())
    return 1 if overdue else 0


def _verify(options: argparse.Namespace) -> int:
    found = data_set.verify(options.target)
    if not found:
        raise Refused("backup_missing", options.target.name)
    said: dict[str, object] = {"backups": len(found), "newest": found[-1].made, "whole": True}
    if options.keys is not None:
        said["keys"] = key_set.verify(options.keys).made
    print(encode(said).decode())
    return 0


async def bring_back(options: argparse.Namespace) -> int:
    """Exit 0 when the server may be started, 1 while its identity key has to sign."""
    databases, key_database = named_databases(options)
    asked = Asked(
        options.target,
        options.keys,
        options.recovery,
        options.root,
        options.backup,
        databases,
        key_database,
    )
    back = await restore(asked, options.folder, options.clock, options.entropy)
    print(encode(back.report).decode())
    if options.identity is None:
        command = f"colloque-server identity sign {options.folder} --key .../identity.key"
        print(f"Restored, number {back.number}. Before it can be started: {command}")
        return 1
    await sign_again(options.folder, options.identity, options.clock, options.entropy)
    return 0
