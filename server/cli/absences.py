"""`absence`: who is away, and who reads what they are asked meanwhile."""

import argparse
from datetime import date, timedelta
from typing import Any

from dossier.errors import Refused
from server.app import House
from server.cli.housed import account_of, group, verb
from server.services.absences import Absences


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    absence = group(verbs, "absence", "who stands in for whom")
    begin = verb(absence, "begin", away, "another doctor reads what this one is asked")
    begin.add_argument("login")
    begin.add_argument("organisation")
    begin.add_argument("--by", required=True, help="sign-in name of who stands in")
    begin.add_argument("--since", type=date.fromisoformat, required=True, help="the first day")
    begin.add_argument("--until", type=date.fromisoformat, required=True, help="the last day")
    end = verb(absence, "end", back, "this doctor is back")
    end.add_argument("login")
    end.add_argument("organisation")
    end.add_argument(
        "--last", type=date.fromisoformat, help="the last day away (yesterday unless named)"
    )


async def away(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """From a day to a day another doctor reads what this one is asked."""
    await _organisation(house, options.organisation)
    absent = await house.accounts.person(await account_of(house, options.login))
    by = await house.accounts.person(await account_of(house, options.by))
    absences = Absences(house.directory)
    await absences.begin(absent, by, options.organisation, options.since, options.until)
    return {"away": options.login, "by": options.by, "until": options.until.isoformat()}


async def back(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """No absence goes beyond that day."""
    await _organisation(house, options.organisation)
    person = await house.accounts.person(await account_of(house, options.login))
    last = options.last or house.premises.clock.now().date() - timedelta(days=1)
    await Absences(house.directory).end(person, options.organisation, last)
    return {"back": options.login, "last": last.isoformat()}


async def _organisation(house: House, rid: str) -> None:
    if await house.members.find_unit(rid) is None:
        raise Refused("unknown_organisation", rid)
