"""What the commands over an open server have in common: the house is opened, asked, settled and closed."""

import argparse
from typing import Any

from dossier.errors import Unavailable
from dossier.wire.codec import encode
from server.app import House


def group(verbs: Any, name: str, what: str) -> Any:
    """A command with verbs of its own."""
    return verbs.add_parser(name, help=what).add_subparsers(dest="act", required=True)


def verb(group: Any, name: str, run: Any, what: str) -> Any:
    """One verb: `run` is given the open house and prints what it returns."""
    parser = group.add_parser(name, help=what)
    parser.add_argument("folder")
    parser.set_defaults(run=_opened(run))
    return parser


def _opened(run: Any) -> Any:
    async def with_house(options: argparse.Namespace) -> int:
        house = await House.open(options.folder, options.clock, options.entropy)
        try:
            said = await run(house, options)
            await house.settle()
        finally:
            await house.close()
        print(encode(said).decode())
        return 0

    return with_house


async def account_of(house: House, login: str) -> int:
    """The account of a sign-in name; raises Unavailable."""
    account = await house.accounts.find(login)
    if account is None:
        raise Unavailable
    return account
