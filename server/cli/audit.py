"""`audit`: the journal read again, entry by entry, against the signed log."""

import argparse
from typing import Any

from dossier.wire.codec import encode
from server.app import House


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    acts = verbs.add_parser("audit", help="is the journal what it was?")
    acts = acts.add_subparsers(dest="act", required=True)
    verified = acts.add_parser("verify", help="name the first bad entry, or say that all is whole")
    verified.add_argument("folder")
    verified.set_defaults(run=verify)


async def verify(options: argparse.Namespace) -> int:
    """Exit 1 with the first bad entry: its place in the log, its owner, and what is wrong with it."""
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        await house.settle()
        found = await house.sequencer.verify()
        size = await house.store.maintenance.log_size()
    finally:
        await house.close()
    if found is None:
        print(encode({"entries": size, "whole": True}).decode())
        return 0
    bad = {"place": found.place, "owner": found.owner, "fault": found.fault}
    print(encode({"entries": size, "whole": False, "first_bad": bad}).decode())
    return 1
