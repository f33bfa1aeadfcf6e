"""`--database` and `--key-database`: where a server lies that does not lie in its folder."""

import argparse

from dossier.errors import Refused
from server.engines import checked


def add_databases(verb: argparse.ArgumentParser, words: str) -> None:
    """Add the two to a command; `words` say what the first one is."""
    verb.add_argument(
        "--database",
        action="append",
        default=[],
        help=f"{words}; again for each database that shares the owners",
    )
    verb.add_argument("--key-database", default="", help="the keys' own postgresql://...")


def named_databases(options: argparse.Namespace) -> tuple[tuple[str, ...], str]:
    """Those given, checked; none for files. Raises Refused (`database_pair`, and as `checked`)."""
    named = [*options.database, *filter(None, [options.key_database])]
    if bool(options.database) != bool(options.key_database) or len({*named}) < len(named):
        raise Refused("database_pair")
    key_database = options.key_database and checked(options.key_database)
    return tuple(checked(address) for address in options.database), key_database
