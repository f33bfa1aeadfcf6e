"""`keys close`, `destroy`, `hold`...: what becomes of a patient's record, decided by named persons.

Who decides is an administrator or the data-protection officer, and proves it: password and six digits on standard
input. What cannot be undone needs two of them, each by a command of their own.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from dossier.clock import from_ms, to_wire
from dossier.errors import Refused, SignInNeeded, Unavailable
from dossier.sealing.recovery_key import recovery_public
from dossier.sealing.text import base64url
from server.app import House
from server.cli.housed import verb
from server.folder import Folder
from server.ports.closures import Line
from server.services.accounts import account_row
from server.services.closing import Closing
from server.services.due_closures import Pending
from server.store.keystore.key_file import make_key_file, read_key_file

_MAY_DECIDE = {"administrator", "data_protection_officer"}


class _Act(msgspec.Struct, frozen=True):
    """What a decision does; `state`: what the record is afterwards. `two`: a second person has to agree."""

    done: Callable[[Closing, int, int, str], Awaitable[bool | None]]
    state: str
    two: bool = False

    async def told(self, patient: str, done: Awaitable[bool | None]) -> dict[str, Any]:
        """What is printed of it once it is done."""
        agreed = await done
        if self.two:
            return {"patient": patient, "state": self.state if agreed else "asked"}
        return {self.state: patient}


_DECISIONS = {
    "close": (
        "nobody reads a record any more; undone within 30 days by `reopen`",
        _Act(Closing.close, "closed"),
    ),
    "reopen": ("a closed record is read again", _Act(Closing.reopen, "reopened")),
    "destroy": (
        "a record is closed now and destroyed in 30 days; two persons",
        _Act(Closing.ask_destruction, "agreed", two=True),
    ),
    "withdraw": (
        "a destruction asked for does not take place",
        _Act(Closing.withdraw, "withdrawn"),
    ),
    "hold": ("a record is kept whatever is due", _Act(Closing.hold, "held")),
    "release": ("the end of a hold; two persons", _Act(Closing.release, "released", two=True)),
}


def register(acts: Any) -> None:
    """Add the verbs to those of `keys`."""
    made = acts.add_parser("archive", help="make the key that archived records are sealed to")
    made.add_argument("folder")
    made.add_argument("file", type=Path, help="where to write it: not on this machine")
    made.set_defaults(run=archive)
    for name, (what, act) in _DECISIONS.items():
        _decided(verb(acts, name, partial(_decide, act), what))
    back = verb(
        acts, "bring-back", bring_back, "an archived record, with the archive key: closed again"
    )
    _decided(back).add_argument("--key", type=Path, required=True, help="the archive key")
    verb(acts, "pending", pending, "what is due of closed records, and when")
    verb(acts, "due", due, "do what is due; `serve` does it every hour")


async def archive(options: argparse.Namespace) -> int:
    """The private half goes to a file, the public half into server.json. Once."""
    folder = Folder(options.folder)
    told = folder.read_told()
    if told.archive:
        raise Refused("archive_key_present")
    public = base64url(recovery_public(make_key_file(options.file, options.entropy)))
    folder.write_told(msgspec.structs.replace(told, archive=public))
    print(f"Archive key made in {options.file}. Take it away from this machine; keep two copies.")
    return 0


async def _decide(act: _Act, house: House, options: argparse.Namespace) -> dict[str, Any]:
    """One person says so; what takes two persons is `asked` until the second one does."""
    owner, by = await _asked(house, options)
    return await act.told(options.patient, act.done(house.closing, owner, by, options.reason))


async def bring_back(house: House, options: argparse.Namespace) -> dict[str, Any]:
    """Who has the archive key, and who proves to be allowed."""
    private = read_key_file(options.key)
    owner, by = await _asked(house, options)
    await house.closing.bring_back(owner, by, private, options.reason)
    return {"closed": options.patient}


async def pending(house: House, _options: argparse.Namespace) -> list[dict[str, Any]]:
    """No name: the number of the record is what the operator's journal says of it."""
    return [_told(one) for one in await house.due_closures.pending()]


async def due(house: House, _options: argparse.Namespace) -> dict[str, Any]:
    """What was done; `doubted`: the clock is not sure, run it again in an hour."""
    await house.settle()
    found = await house.close_due()
    return {**found.done, "doubted": found.doubted}


def _decided(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--patient", required=True, help="id of the Patient resource")
    parser.add_argument("--by", required=True, help="sign-in name of who decides")
    parser.add_argument("--reason", required=True, help="the journal keeps it")
    return parser


def _told(one: Pending) -> dict[str, Any]:
    row, step = one
    said: dict[str, Any] = {"record": row.subject, "state": row.state}
    if step is not None:
        said |= {"next": step.act, "due": to_wire(from_ms(step.due_ms))}
    words = {
        "closed": _moment(row.closed),
        "destruction": _moment(row.agreed) or ("asked" if row.asked_by else ""),
        "held": row.held,
    }
    return said | {name: word for name, word in words.items() if word}


def _moment(line: Line) -> str:
    return to_wire(from_ms(line.at_ms)) if line.at_ms else ""


async def _asked(house: House, options: argparse.Namespace) -> tuple[int, int]:
    """The record, and who decides. Raises Refused (`not_proven`, `not_entitled`), Unavailable."""
    password, digits = _line(), _line()
    try:
        who = await house.credentials.check(options.by, password, digits, "operator")
    except SignInNeeded as error:
        raise Refused("not_proven") from error
    by = who.account
    row = await house.store.read(by, account_row)
    if row is None or row.kind not in _MAY_DECIDE:
        raise Refused("not_entitled")
    owner = await house.patients.located("Patient", options.patient)
    if owner is None:
        raise Unavailable
    return owner, by


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")
