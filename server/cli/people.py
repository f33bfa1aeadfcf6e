"""`account`, `device`, `member`, `grant`: who may do what here. Passwords come on standard input."""

import argparse
import sys
from typing import Any

import msgspec

from dossier.clock import from_ms, to_wire
from dossier.errors import Refused, Unavailable
from dossier.wire.codec import encode
from server.app import House
from server.services.accounts import Person


def register(verbs: Any) -> None:
    """Add the four commands and their verbs."""
    account = _group(verbs, "account", "named persons")
    new = _verb(account, "create", create, "a person; the password is read from standard input")
    new.add_argument("login")
    new.add_argument("--name", required=True)
    new.add_argument(
        "--kind", default="practitioner", choices=["practitioner", "secretary", "administrator"]
    )
    new.add_argument("--rpps", default="")
    new.add_argument("--practitioner", default="", help="id of the Practitioner resource")
    _verb(account, "close", close, "end a person's account now").add_argument("login")
    _verb(account, "alarms", alarms, "when a person displayed too many records").add_argument(
        "login"
    )
    freed = _verb(account, "unblock", release, "serve an account that displayed too much again")
    freed.add_argument("login")
    freed.add_argument(
        "--reason", required=True, help="who looked at it, and why; the journal keeps it"
    )
    device = _group(verbs, "device", "enrolled desktops")
    _verb(device, "list", list_devices, "the desktops of a person").add_argument("login")
    gone = _verb(device, "revoke", revoke, "refuse a desktop from its next request on")
    gone.add_argument("login")
    gone.add_argument("device")
    member = _group(verbs, "member", "organisations and who works there")
    unit = _verb(member, "organisation", organisation, "a new organisation")
    unit.add_argument("id")
    unit.add_argument("--name", required=True)
    add = _verb(member, "add", add_member, "a person works there")
    add.add_argument("login")
    add.add_argument("organisation")
    add.add_argument(
        "--profession", required=True, help="code of the profession (10 doctor, 331 secretary)"
    )
    add.add_argument("--role", default="")
    end = _verb(member, "end", end_member, "a membership ends now")
    end.add_argument("login")
    end.add_argument("situation")
    _verb(member, "list", list_members, "the memberships of a person").add_argument("login")
    grant = _group(verbs, "grant", "relations and blocks of a patient's record")
    for name, verb, what in (
        ("attending", attend, "attending doctor"),
        ("block", block, "block a person"),
        ("unblock", unblock, "end a block"),
    ):
        one = _verb(grant, name, verb, what)
        one.add_argument("patient", help="id of the Patient resource")
        one.add_argument("login")


def _group(verbs: Any, name: str, what: str) -> Any:
    return verbs.add_parser(name, help=what).add_subparsers(dest="act", required=True)


def _verb(group: Any, name: str, run: Any, what: str) -> Any:
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


async def create(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A named person."""
    password = sys.stdin.readline().rstrip("\n")
    person = Person(
        login=options.login,
        display_name=options.name,
        rpps=options.rpps,
        practitioner=options.practitioner,
    )
    return {"account": await house.accounts.create(person, password, options.kind)}


async def close(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """End a person's account."""
    await house.accounts.close(await _account(house, options.login))
    return {"closed": options.login}


async def alarms(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The volume alarms about a person."""
    rows = await house.indexer.volume.alarms(await _account(house, options.login))
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


async def release(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The alarm was looked at: the account is served again."""
    account = await _account(house, options.login)
    await house.indexer.volume.release(account, options.reason)
    return {"unblocked": options.login}


async def list_devices(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The desktops of a person."""
    rows = await house.devices.of_account(await _account(house, options.login))
    return [
        {
            "device": row.device,
            "name": name,
            "enrolled": to_wire(from_ms(row.enrolled_ms)),
            "revoked": row.revoked_ms is not None,
        }
        for row, name in rows
    ]


async def revoke(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Refuse a desktop from now on."""
    account = await _account(house, options.login)
    if all(row.device != options.device for row, _ in await house.devices.of_account(account)):
        raise Unavailable
    await house.devices.revoke(account, options.device)
    return {"revoked": options.device}


async def organisation(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A new organisation."""
    if await house.members.find_unit(options.id) is not None:
        raise Refused("organisation_taken", options.id)
    body = {"resourceType": "Organization", "id": options.id, "active": True, "name": options.name}
    return {"organisation": (await house.members.create_unit(msgspec.json.encode(body))).id}


async def add_member(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A person works in an organisation."""
    if options.profession not in house.premises.pack.names:
        raise Refused("unknown_profession", options.profession)
    unit = await house.members.find_unit(options.organisation)
    if unit is None:
        raise Refused("unknown_organisation", options.organisation)
    account = await _account(house, options.login)
    return {"situation": await house.members.add(account, unit, options.profession, options.role)}


async def end_member(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A membership ends."""
    await house.members.end(await _account(house, options.login), options.situation)
    return {"ended": options.situation}


async def list_members(house: House, options: argparse.Namespace) -> list[Any]:
    """The memberships of a person."""
    return list(await house.members.situations(await _account(house, options.login)))


async def attend(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Make this person the attending doctor."""
    owner = await _patient(house, options.patient)
    await house.access.relate(
        owner, await _account(house, options.login), "attending", cause="operator"
    )
    return {"attending": options.login}


async def block(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The patient blocks this person."""
    await house.access.block(
        await _patient(house, options.patient), await _account(house, options.login)
    )
    return {"blocked": options.login}


async def unblock(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The block ends."""
    await house.access.unblock(
        await _patient(house, options.patient), await _account(house, options.login)
    )
    return {"unblocked": options.login}


async def _account(house: House, login: str) -> int:
    account = await house.accounts.find(login)
    if account is None:
        raise Unavailable
    return account


async def _patient(house: House, rid: str) -> int:
    owner = await house.patients.located("Patient", rid)
    if owner is None:
        raise Unavailable
    return owner
