"""`device`, `member`, `grant`: who may do what here."""

import argparse
from datetime import date
from typing import Any

import msgspec

from dossier.clock import from_ms, to_wire
from dossier.errors import Invalid, Refused, Unavailable
from dossier.identity.numbers import read_finess, read_siret
from server.app import House
from server.cli.housed import account_of, group, verb
from server.services.members import WARNED_DAYS


def register(verbs: Any) -> None:
    """Add the three commands and their verbs."""
    device = group(verbs, "device", "enrolled desktops")
    verb(device, "list", list_devices, "the desktops of a person").add_argument("login")
    gone = verb(device, "revoke", revoke, "refuse a desktop from its next request on")
    gone.add_argument("login")
    gone.add_argument("device")
    member = group(verbs, "member", "organisations and who works there")
    unit = verb(member, "organisation", organisation, "a new organisation")
    unit.add_argument("id")
    unit.add_argument("--name", required=True)
    _numbers(unit)
    known = verb(
        member, "numbers", number_organisation, "the register's numbers of an organisation"
    )
    known.add_argument("id")
    _numbers(known)
    add = verb(member, "add", add_member, "a person works there")
    add.add_argument("login")
    add.add_argument("organisation")
    add.add_argument(
        "--profession", required=True, help="code of the profession (10 doctor, 331 secretary)"
    )
    add.add_argument("--role", default="")
    _until(add)
    renew = verb(member, "renew", renew_member, "a membership goes on")
    renew.add_argument("login")
    renew.add_argument("situation")
    _until(renew)
    soon = verb(member, "ending", ending, "the memberships of an organisation that end soon")
    soon.add_argument("organisation")
    soon.add_argument("--days", type=int, default=WARNED_DAYS)
    end = verb(member, "end", end_member, "a membership ends now")
    end.add_argument("login")
    end.add_argument("situation")
    verb(member, "list", list_members, "the memberships of a person").add_argument("login")
    grant = group(verbs, "grant", "relations and blocks of a patient's record")
    for name, act, what in (
        ("attending", attend, "attending doctor"),
        ("block", block, "block a person"),
        ("unblock", unblock, "end a block"),
    ):
        one = verb(grant, name, act, what)
        one.add_argument("patient", help="id of the Patient resource")
        one.add_argument("login")


def _numbers(parser: Any) -> None:
    parser.add_argument("--finess", default="", help="its FINESS number, by which others know it")
    parser.add_argument("--siret", default="", help="its SIRET number")


def _until(parser: Any) -> None:
    parser.add_argument(
        "--until", type=date.fromisoformat, help="the last day, a year from now at most"
    )


async def list_devices(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The desktops of a person."""
    rows = await house.devices.of_account(await account_of(house, options.login))
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
    account = await account_of(house, options.login)
    if all(row.device != options.device for row, _ in await house.devices.of_account(account)):
        raise Unavailable
    await house.devices.revoke(account, options.device)
    return {"revoked": options.device}


async def organisation(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A new organisation."""
    if await house.members.find_unit(options.id) is not None:
        raise Refused("organisation_taken", options.id)
    body = {"resourceType": "Organization", "id": options.id, "active": True, "name": options.name}
    if given := _identifiers(house, options):
        body["identifier"] = given
    return {"organisation": (await house.members.create_unit(msgspec.json.encode(body))).id}


async def number_organisation(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The numbers under which registers know an organisation, in the place of those it had of the same kind."""
    unit = await house.members.find_unit(options.id)
    if unit is None:
        raise Refused("unknown_organisation", options.id)
    given = _identifiers(house, options)
    body = await house.members.organisation(unit)
    known = {one["system"] for one in given}
    kept = [one for one in body.get("identifier", []) if one.get("system") not in known]
    told = msgspec.json.encode(body | {"identifier": [*kept, *given]})
    await house.directory.publish([("Organization", options.id, told)], unit=unit)
    return {"organisation": options.id, "numbers": [one["value"] for one in given]}


def _identifiers(house: House, options: argparse.Namespace) -> list[dict[str, str]]:
    """FHIR identifiers of the numbers given. Raises Refused("organisation_number")."""
    testing = house.told.demonstration
    try:
        read = [
            reader(text, testing=testing)
            for reader, text in ((read_finess, options.finess), (read_siret, options.siret))
            if text
        ]
    except Invalid as error:
        raise Refused("organisation_number") from error
    return [{"system": one.system, "value": one.value} for one in read]


async def add_member(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A person works in an organisation."""
    if options.profession not in house.premises.pack.names:
        raise Refused("unknown_profession", options.profession)
    unit = await house.members.find_unit(options.organisation)
    if unit is None:
        raise Refused("unknown_organisation", options.organisation)
    account = await account_of(house, options.login)
    until_ms = house.members.last_day(options.until)
    situation = await house.members.add(account, unit, options.profession, options.role, until_ms)
    return {"situation": situation, "until": to_wire(from_ms(until_ms))}


async def renew_member(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A membership goes on for another year, or until a day."""
    until_ms = house.members.last_day(options.until)
    account = await account_of(house, options.login)
    await house.members.renew(account, options.situation, until_ms)
    return {"situation": options.situation, "until": to_wire(from_ms(until_ms))}


async def ending(house: House, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Who leaves soon unless their membership is renewed, the first one first."""
    unit = await house.members.find_unit(options.organisation)
    if unit is None:
        raise Refused("unknown_organisation", options.organisation)
    found = await house.members.ending(unit, options.days)
    return [
        {
            "login": (await house.accounts.person(account)).login,
            "situation": row.situation,
            "until": to_wire(from_ms(row.until_ms or 0)),
        }
        for account, row in found
    ]


async def end_member(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """A membership ends."""
    await house.members.end(await account_of(house, options.login), options.situation)
    return {"ended": options.situation}


async def list_members(house: House, options: argparse.Namespace) -> list[Any]:
    """The memberships of a person."""
    return list(await house.members.situations(await account_of(house, options.login)))


async def attend(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Make this person the attending doctor."""
    owner = await _patient(house, options.patient)
    await house.access.relate(
        owner, await account_of(house, options.login), "attending", cause="operator"
    )
    return {"attending": options.login}


async def block(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The patient blocks this person."""
    await house.access.block(
        await _patient(house, options.patient), await account_of(house, options.login)
    )
    return {"blocked": options.login}


async def unblock(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """The block ends."""
    await house.access.unblock(
        await _patient(house, options.patient), await account_of(house, options.login)
    )
    return {"unblocked": options.login}


async def _patient(house: House, rid: str) -> int:
    owner = await house.patients.located("Patient", rid)
    if owner is None:
        raise Unavailable
    return owner
