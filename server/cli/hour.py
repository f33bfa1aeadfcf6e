"""`clock`: the time this server goes by, against the machine's own; and how an operator takes it back."""

import argparse
from datetime import timedelta
from typing import Any

from dossier.clock import to_ms, to_wire
from server.app import House
from server.cli import housed

ALIKE = timedelta(minutes=1)
"""A machine's clock that stands less behind is the same one."""


def register(verbs: Any) -> None:
    """Add the command."""
    asked = housed.verb(verbs, "clock", told, "the time of the server, and of this machine")
    asked.add_argument(
        "--take-back",
        action="store_true",
        help="this machine's clock is right: what ended by itself since may live again",
    )


async def told(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Both times, and how far the server's stands ahead. With `--take-back` the next start begins at the machine's;
    what a person ended stays ended.
    """
    premises = house.premises
    machine = premises.wall.now()
    found = {
        "server": to_wire(premises.clock.now()),
        "machine": to_wire(machine),
        "ahead_s": int(premises.clock.ahead.total_seconds()),
        "taken_back": bool(options.take_back),
    }
    if options.take_back:
        await house.keys.time.take_back(to_ms(machine))
    return found
