"""`identity`: who this server is to its desktops, and the keys it signs with.

The private identity key is read from the file named, used once, and never kept.
"""

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import Refused, StoreError
from dossier.sealing import devices
from dossier.sealing.key_list import KeyList, fingerprint, verify_key_list
from server.cli.certificates import certify, given_hash, shown
from server.folder import Folder
from server.services.online_keys import KINDS, signed_list
from server.store.keystore.key_file import read_key_file


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    acts = verbs.add_parser("identity", help="who this server is, and its online keys")
    acts = acts.add_subparsers(dest="act", required=True)
    shown = acts.add_parser("show", help="the identity as desktops show it, and the key list")
    shown.add_argument("folder")
    shown.set_defaults(run=show)
    signed = acts.add_parser(
        "sign", help="sign the list again: after a restore, or to replace an online key"
    )
    signed.add_argument("folder")
    signed.add_argument(
        "--key", type=Path, help="where identity.key is now (by default in the folder)"
    )
    signed.add_argument(
        "--replace", action="append", default=[], choices=KINDS, help="make a new key of this kind"
    )
    signed.add_argument(
        "--certificate",
        type=Path,
        help="list the key of this certificate (PEM): `serve` will show it",
    )
    signed.set_defaults(run=sign)
    certified = acts.add_parser(
        "certificate", help="the private authority: for other names, or two more years"
    )
    certified.add_argument("folder")
    certified.add_argument(
        "--address", action="append", default=[], help="host name or IP address of this server"
    )
    certified.add_argument("--key", type=Path, help="where identity.key is now")
    certified.add_argument("--authority", type=Path, help="where authority.key is now")
    certified.set_defaults(run=certify)


async def show(options: argparse.Namespace) -> int:
    """Print what a person compares and what the list says."""
    folder = Folder(options.folder)
    public = folder.read_identity(folder.read_told())
    print(f"identity  {fingerprint(public)}")
    told = folder.present_list(public)
    if told is None:
        raise StoreError("keys.txt is missing or was not signed by this identity")
    _print(told)
    for line in shown(folder, told):
        print(line)
    return 0


async def sign(options: argparse.Namespace) -> int:
    """Write a new list; the server reads it at its next start."""
    told = await sign_again(
        options.folder,
        options.key,
        options.clock,
        options.entropy,
        options.replace,
        given_hash(options.certificate) if options.certificate else b"",
    )
    _print(told)
    return 0


async def sign_again(
    path: Path,
    key: Path | None,
    clock: Clock,
    entropy: Entropy,
    replace: Collection[str] = (),
    given: bytes = b"",
) -> KeyList:
    """Sign a new list with the identity key that lies at `key`, or in the folder. Raises Refused
    (`other_identity`, `no_authority`), KeychainError, SealBroken, StoreError kin.
    """
    folder = Folder(path)
    public = folder.read_identity(folder.read_told())
    private = read_key_file(key or folder.identity)
    if devices.public_key(private) != public:
        raise Refused("other_identity")
    engine = folder.engine(folder.read_told())
    keys = await engine.open_keys(folder.provider(), clock, entropy)
    try:
        before = folder.present_list(public)
        text = await signed_list(keys, private, before, clock.now(), replace=replace, given=given)
    finally:
        await keys.close()
    folder.write_key_list(text)
    return verify_key_list(public, text)


def _print(told: KeyList) -> None:
    print(f"list      {told.serial}, signed {told.signed:%Y-%m-%d %H:%M} UTC")
    print(f"restore   {told.restore}")
    for kind in KINDS:
        for at, key in enumerate(getattr(told, kind)):
            print(f"{kind:<9} {fingerprint(key)}{' (replaced)' if at else ''}")
