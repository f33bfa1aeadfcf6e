"""`demonstration`: fill a demonstration server with the fictional practice."""

import argparse
import sys
from datetime import date
from typing import Any

import msgspec

from dossier.entropy import Entropy
from dossier.errors import Refused
from dossier.sealing import totp
from dossier.terminology.catalogue import Terminology
from dossier.wire.codec import encode
from server.app import House
from server.cli.importing import progress
from server.demonstration import clinic, practice
from server.demonstration.story import Story
from server.services.accounts import Person
from server.services.bundles import Refusal

_SYLLABLES = (
    "ba",
    "bo",
    "da",
    "du",
    "fa",
    "fi",
    "ga",
    "go",
    "la",
    "lu",
    "ma",
    "mi",
    "na",
    "no",
    "pa",
    "pi",
    "ra",
    "ro",
    "sa",
    "su",
    "ta",
    "ti",
    "va",
    "vo",
    "za",
    "zo",
)


def register(verbs: Any) -> None:
    """Add the command."""
    told = verbs.add_parser(
        "demonstration", help="make the fictional practice (demonstration servers only)"
    )
    told.add_argument("folder")
    told.add_argument("--patients", type=int, default=1500)
    told.add_argument("--today", type=date.fromisoformat, required=True, help="a Monday")
    told.add_argument("--seed", type=int, default=practice.SEED)
    told.set_defaults(run=fill)


async def fill(options: argparse.Namespace) -> int:
    """Make structures, people and records; prints accounts and secrets as one JSON object, last line."""
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        if not house.told.demonstration:
            raise Refused("not_a_demonstration", "this server was not made with --demonstration")
        units = await _units(house)
        accounts = await _staff(house, options.entropy, units)
        await house.importer.take(practice.directory_bundle(Story(options.today)))
        refused = await _patients(house, options, units)
        await house.settle()
    finally:
        await house.close()
    if refused:
        print(f"{refused} fictional resources were refused", file=sys.stderr)
        return 1
    print(encode({"accounts": accounts, "phrase": _words(options.entropy, 5)}).decode())
    return 0


async def _patients(house: House, options: argparse.Namespace, units: dict[str, int]) -> int:
    lists, story, refused, done = Terminology.load(), Story(options.today), 0, 0
    house.importer.authors = _authors(units)
    for deposit in practice.deposits(lists, story, options.patients, options.seed):
        report = await house.importer.take(deposit.raw, for_unit=units[deposit.organisation])
        refused += len(report.refused)
        for one in report.refused[:3]:
            _complain(one)
        done += deposit.organisation == clinic.PRACTICE
        if done % 25 == 0 or done == options.patients:
            progress(done / options.patients, f"{done} patients")
            await house.settle()
    return refused


def _complain(refusal: Refusal) -> None:
    where = [f"{issue.path} {issue.rule}" for issue in refusal.issues[:3]]
    print(f"{refusal.resource}: {refusal.reason} {where}", file=sys.stderr)


def _authors(units: dict[str, int]) -> dict[str, int]:
    """Of which organisation the people and organisations named in records are."""
    people = {f"Practitioner/{one.id}": units[one.organisation] for one in clinic.STAFF}
    return people | {f"Organization/{name}": unit for name, unit in units.items()}


async def _units(house: House) -> dict[str, int]:
    made = [await house.members.create_unit(msgspec.json.encode(b)) for b in clinic.organisations()]
    return {unit.id: unit.unit for unit in made}


async def _staff(house: House, entropy: Entropy, units: dict[str, int]) -> list[dict[str, str]]:
    accounts = []
    for person in clinic.STAFF:
        if not person.has_account:
            continue
        login, password = person.key, _words(entropy, 3)
        seed = totp.new_seed(entropy)
        said = Person(
            login=login, display_name=person.shown, rpps=person.rpps, practitioner=person.id
        )
        kind = "practice_secretary" if person.profession == "331" else "practitioner"
        account = await house.accounts.create(said, kind)
        await house.credentials.provide(account, password, seed)
        role = person.role or person.speciality
        unit, until_ms = units[person.organisation], house.members.last_day(None)
        await house.members.add(account, unit, person.profession, role, until_ms)
        told = {"login": login, "password": password, "authenticator": totp.written(seed)}
        accounts.append({**told, "name": f"{person.shown}, {role}"})
    return accounts


def _words(entropy: Entropy, count: int) -> str:
    """Made-up words to type: 3 syllables each, about 14 bits a word."""
    raw = entropy.bytes(count * 3)
    syllables = [_SYLLABLES[byte % len(_SYLLABLES)] for byte in raw]
    return " ".join("".join(syllables[i : i + 3]) for i in range(0, len(syllables), 3))
