"""`audit`: the journal read again, entry by entry, against the signed log."""

import argparse
from pathlib import Path
from typing import Any

from dossier.errors import Refused, SealBroken
from dossier.sealing.checkpoints import Checkpoint, verify_checkpoint
from dossier.wire.codec import encode
from server.app import House
from server.cli import breach
from server.services.auditing import ORIGIN

_MAX_BYTES = 64 * 1024


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    acts = verbs.add_parser("audit", help="is the journal what it was? who was touched?")
    acts = acts.add_subparsers(dest="act", required=True)
    verified = acts.add_parser("verify", help="name the first bad entry, or say that all is whole")
    verified.add_argument("folder")
    verified.add_argument(
        "--since", type=Path, help="a checkpoint kept elsewhere: the log must have grown from it"
    )
    verified.set_defaults(run=verify)
    printed = acts.add_parser("checkpoint", help="print the last signed checkpoint, to keep it")
    printed.add_argument("folder")
    printed.set_defaults(run=checkpoint)
    breach.register(acts)


async def verify(options: argparse.Namespace) -> int:
    """Exit 1 with the first bad entry: its place in the log, its owner, and what is wrong with it."""
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        since = None if options.since is None else _kept(options.since, house.online.told.log)
        await house.settle()
        found = await house.sequencer.verify(since)
        size = await house.store.maintenance.log_size()
    finally:
        await house.close()
    if found is None:
        print(encode({"entries": size, "whole": True}).decode())
        return 0
    bad = {"place": found.place, "owner": found.owner, "fault": found.fault}
    print(encode({"entries": size, "whole": False, "first_bad": bad}).decode())
    return 1


async def checkpoint(options: argparse.Namespace) -> int:
    """Place what waits, then print the signed root as it is: three lines and a signature."""
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        await house.settle()
        text, _ = await house.sequencer.proof(0)
    finally:
        await house.close()
    print(text.decode(), end="")
    return 0


def _kept(path: Path, log_keys: tuple[bytes, ...]) -> Checkpoint:
    """What an auditor kept, if a key of the list signed it."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES)
        kept = verify_checkpoint(log_keys, text)
    except OSError as error:
        raise Refused("checkpoint_unreadable") from error
    except SealBroken as error:
        raise Refused("checkpoint_unsigned") from error
    if kept.origin != ORIGIN:
        raise Refused("checkpoint_unsigned")
    return kept
