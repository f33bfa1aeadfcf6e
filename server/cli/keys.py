"""`keys`: the recovery key."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from dossier.errors import Refused
from dossier.sealing.recovery_key import recovery_public
from dossier.sealing.text import base64url
from server.folder import Folder
from server.store.keystore.key_file import make_key_file


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    acts = verbs.add_parser("keys", help="the keys of this server")
    acts = acts.add_subparsers(dest="act", required=True)
    made = acts.add_parser("recovery", help="make the key that opens sealed copies of the keys")
    made.add_argument("folder")
    made.add_argument("file", type=Path, help="where to write it: not on this machine")
    made.set_defaults(run=recovery)


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
