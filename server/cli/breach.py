"""`audit breach`: the patients touched by an account, by a device, or in a window of time."""

import argparse
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from dossier.clock import from_ms, to_ms, to_wire
from dossier.errors import DossierError, Refused, Unavailable
from dossier.wire.codec import encode
from server.app import House
from server.services.breach import Breach, Search, Touch
from server.services.journal import entry

_DATE = 10
"""Characters of a day without an hour."""


def register(acts: Any) -> None:
    """Add the verb to `audit`."""
    told = acts.add_parser(
        "breach", help="who was touched, by whom, when: JSON lines, a summary last"
    )
    told.add_argument("folder")
    told.add_argument(
        "--account", default="", help="sign-in name of the person whose acts are asked for"
    )
    told.add_argument("--device", default="", help="id of the desktop (`device list`)")
    told.add_argument(
        "--from", dest="first", default="", help="day or instant (UTC unless it says)"
    )
    told.add_argument("--until", default="", help="a day is meant whole; an instant is excluded")
    told.add_argument("--unit", default="", help="id of the organisation in whose name it was")
    told.add_argument("--names", action="store_true", help="say who the patients are as well")
    told.add_argument(
        "--quick",
        action="store_true",
        help="with --account: only the patients its own copies and displays name",
    )
    told.set_defaults(run=report)


async def report(options: argparse.Namespace) -> int:
    """Search, note in the journal that it was asked, then print."""
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        search = await _search(house, options)
        breach = Breach(house.premises)
        touched = await breach.run(search, quick=options.quick)
        owners = dict.fromkeys(touch.by.owner for touch in touched)
        said = entry(
            house.premises,
            None,
            "breach_report",
            other=search.account,
            reason=_words(search, options),
            count=len(owners),
        )
        await house.directory.note(said)
        await house.settle()
        lines = _Lines(house, breach, named=options.names)
        for touch in touched:
            print(encode(await lines.line(touch)).decode())
    finally:
        await house.close()
    print(encode(_summary(breach, touched, is_quick=options.quick)).decode())
    return 0


class _Lines:
    """Touches as lines; each patient and each person is looked up once."""

    def __init__(self, house: House, breach: Breach, *, named: bool) -> None:
        self._house, self._breach, self._named = house, breach, named
        self._patients: dict[int, dict[str, Any]] = {}
        self._people: dict[int, str] = {}
        self._units: dict[int, str] = {}

    async def line(self, touch: Touch) -> dict[str, Any]:
        by = touch.by
        return {
            **await self._patient(by.owner),
            "account": by.account,
            "person": await self._person(by.account),
            "device": by.device,
            "organisation": await self._unit(by.unit),
            "acts": dict(sorted(touch.acts.items())),
            "first": to_wire(from_ms(touch.first_ms)),
            "last": to_wire(from_ms(touch.last_ms)),
        }

    async def _patient(self, owner: int) -> dict[str, Any]:
        if owner not in self._patients:
            rid, who = await self._breach.patient(owner, named=self._named)
            said: dict[str, Any] = {"patient": rid, "owner": owner}
            if who is not None:
                said |= {
                    "name": who.used_name or who.birth_name,
                    "given": who.used_given or who.birth_given,
                    "birth_date": who.birth_date,
                    "ins": who.ins,
                }
            self._patients[owner] = said
        return self._patients[owner]

    async def _unit(self, unit: int) -> str:
        if unit not in self._units:
            self._units[unit] = await self._breach.organisation(unit) if unit else ""
        return self._units[unit]

    async def _person(self, account: int) -> str:
        if account not in self._people:
            self._people[account] = ""
            with suppress(DossierError):
                self._people[account] = (await self._house.accounts.person(account)).display_name
        return self._people[account]


async def _search(house: House, options: argparse.Namespace) -> Search:
    if not (options.account or options.device or options.first or options.until or options.unit):
        raise Refused("breach_of_what")
    if options.quick and not options.account:
        raise Refused("quick_needs_account")
    account = await house.accounts.find(options.account) if options.account else 0
    unit = await house.members.find_unit(options.unit) if options.unit else 0
    is_known = not options.device or await house.devices.account_of(options.device) is not None
    if account is None or unit is None or not is_known:
        raise Unavailable
    return Search(
        account,
        options.device,
        unit,
        _instant(options.first, timedelta()),
        _instant(options.until, timedelta(days=1)),
    )


def _instant(text: str, whole_day: timedelta) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return to_ms(moment + whole_day if len(text) == _DATE else moment)
    except (ValueError, OverflowError) as error:
        raise Refused("not_an_instant") from error


def _words(search: Search, options: argparse.Namespace) -> str:
    """What was asked, for the journal."""
    told = {
        "device": search.device,
        "unit": options.unit,
        "from": options.first,
        "until": options.until,
        "names": "yes" if options.names else "",
    }
    return " ".join(f"{name}={value}" for name, value in told.items() if value)


def _summary(breach: Breach, touched: list[Touch], *, is_quick: bool) -> dict[str, Any]:
    people = len({touch.by.account for touch in touched})
    count = len({touch.by.owner for touch in touched})
    acts = sum(touch.acts.total() for touch in touched)
    fr = (
        f"{count} patient(s) concerné(s), {people} personne(s), {acts} acte(s), "
        f"sur {breach.rows} lignes du journal lues."
    )
    en = (
        f"{count} patient(s) touched, {people} person(s), {acts} act(s), "
        f"of {breach.rows} journal rows read."
    )
    if is_quick:
        fr += (
            " Recherche rapide : seuls les patients que le compte a copiés ou affichés ont été lus."
        )
        en += " Quick search: only the patients this account copied or displayed were read."
    if breach.unreadable:
        fr += f" {breach.unreadable} lignes ne disent plus rien : la clé du patient est détruite ou la ligne altérée."
        en += f" {breach.unreadable} rows say nothing any more: the patient's key is destroyed or the row altered."
    return {
        "patients": count,
        "people": people,
        "acts": acts,
        "rows_read": breach.rows,
        "rows_unreadable": breach.unreadable,
        "summary_fr": fr,
        "summary_en": en,
    }
