"""`account`: named persons, how they begin and end. Secrets come on standard input, never as words."""

import argparse
import sys
from typing import Any

from dossier.clock import from_ms, to_wire
from dossier.wire.sessions import ActivateRequest, ActivationRequest
from server.app import House
from server.cli.housed import account_of, group, verb
from server.services.accounts import KINDS, Person
from server.services.credentials import Invitation
from server.services.endings import REPLACED


def register(verbs: Any) -> None:
    """Add the command and its verbs."""
    account = group(verbs, "account", "named persons")
    new = verb(
        account, "create", create, "a person; prints the code they begin with, good 24 hours"
    )
    new.add_argument("login")
    new.add_argument("--name", required=True)
    new.add_argument("--kind", default="practitioner", choices=KINDS)
    new.add_argument("--rpps", default="")
    new.add_argument("--practitioner", default="", help="id of the Practitioner resource")
    code = verb(account, "code", invite, "another code: the person chooses a new password with it")
    code.add_argument("login")
    code.add_argument(
        "--reset-factor",
        action="store_true",
        help="the authenticator is lost: it ends with every passkey",
    )
    begin = verb(
        account, "activate", activate, "on standard input: the code, the new password, six digits"
    )
    begin.add_argument("login")
    word = verb(account, "password", password, "another password, read from standard input")
    word.add_argument("login")
    verb(account, "close", close, "end a person's account now").add_argument("login")
    verb(account, "alarms", alarms, "what was noticed about a person's account").add_argument(
        "login"
    )
    verb(account, "sessions", sessions, "the open sessions of a person").add_argument("login")
    ended = verb(account, "end-session", end_session, "end one of them at once")
    ended.add_argument("login")
    ended.add_argument("session")
    keys = verb(account, "passkeys", passkeys, "a person's passkeys; one may be ended")
    keys.add_argument("login")
    keys.add_argument(
        "--remove", default="", metavar="ID", help="this one signs nobody in any more"
    )
    freed = verb(account, "unblock", release, "serve an account that displayed too much again")
    freed.add_argument("login")
    freed.add_argument(
        "--reason", required=True, help="who looked at it, and why; the journal keeps it"
    )


async def create(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A named person, and the code they begin with."""
    person = Person(
        login=options.login,
        display_name=options.name,
        rpps=options.rpps,
        practitioner=options.practitioner,
    )
    account = await house.accounts.create(person, options.kind)
    return {"account": account, **_shown(await house.credentials.invite(account))}


async def invite(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Another code in the place of the one before."""
    account = await account_of(house, options.login)
    made = await house.credentials.invite(account, reset_factor=options.reset_factor)
    return {"account": account, **_shown(made)}


def _shown(made: Invitation) -> dict[str, Any]:
    return {"code": made.code, "until": to_wire(from_ms(made.until_ms))}


async def activate(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """What the first start of a desktop asks, in three lines; the authenticator's secret comes before the last."""
    code, word = _line(), _line()
    offer = await house.credentials.offer(ActivationRequest(login=options.login, code=code), "")
    if offer.seed:
        print(f"authenticator  {offer.seed}", flush=True)
    asked = ActivateRequest(login=options.login, code=code, password=word, proof=_line())
    await house.credentials.activate(asked, "")
    return {"activated": options.login}


async def password(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Another password."""
    await house.credentials.set_password(await account_of(house, options.login), _line())
    return {"password": options.login}


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")


async def close(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """End a person's account."""
    await house.accounts.close(await account_of(house, options.login))
    return {"closed": options.login}


async def alarms(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """What was noticed about a person: many records displayed, a session that was copied."""
    rows = await house.indexer.volume.alarms(await account_of(house, options.login))
    return [
        {
            "kind": row.kind,
            "hour_of": to_wire(from_ms(row.at_ms)),
            "raised": to_wire(from_ms(row.raised_ms)),
            "patients": row.patients,
            "ended": None if row.ended_ms is None else to_wire(from_ms(row.ended_ms)),
        }
        for row in rows
    ]


async def sessions(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The open sessions of a person, the latest first."""
    rows = await house.families.live(await account_of(house, options.login))
    return [
        {
            "session": row.family,
            "device": row.device,
            "situation": row.situation,
            "begun": to_wire(from_ms(row.begun_ms)),
            "ends": to_wire(from_ms(row.ends_ms)),
        }
        for row in rows
    ]


async def end_session(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """End one: its computer asks for the person at the next request."""
    await house.families.end(await account_of(house, options.login), options.session)
    return {"ended": options.session}


async def passkeys(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The passkeys of a person that are good, after one of them was ended where that is asked. Those that were added
    before the password was replaced are marked: who had the old one may have added them.
    """
    account = await account_of(house, options.login)
    if options.remove:
        await house.passkeys.remove(account, options.remove)
    replaced_ms = max(
        (
            row.raised_ms
            for row in await house.indexer.volume.alarms(account)
            if row.kind == REPLACED
        ),
        default=0,
    )
    return [
        {
            "id": line.id,
            "name": line.name,
            "added": to_wire(from_ms(line.added_ms)),
            "used": None if line.used_ms is None else to_wire(from_ms(line.used_ms)),
            "before_password": line.added_ms <= replaced_ms,
        }
        for line in await house.passkeys.of_account(account)
    ]


async def release(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The alarm was looked at: the account is served again."""
    account = await account_of(house, options.login)
    await house.indexer.volume.release(account, options.reason)
    return {"unblocked": options.login}
