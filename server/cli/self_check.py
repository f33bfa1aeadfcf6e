"""`doctor`: is this server well? Clock, disk, permissions, keys, engine, journal, in plain words."""

import argparse
import os
import shutil
import stat
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from dossier.errors import DossierError, SealBroken, StoreError, Unavailable
from dossier.sealing import certificates
from server.app import House
from server.backup.done import last
from server.cli.hour import ALIKE
from server.cli.words import sentence
from server.folder import Folder
from server.operations.tls import first_end
from server.ports import OwnerTx, ResourceRow
from server.services.bodies import place_of

_FREE_BYTES = 1024**3
_EARLIEST_YEAR = 2026
_OWNERS = 500
_HOUR = timedelta(hours=1)
_BACKUP_AGE = timedelta(hours=36)
_CERTIFICATE_DAYS = 15


class Finding(NamedTuple):
    """One line: `well` or what is wrong and what to do."""

    what: str
    well: bool
    words: str


def register(verbs: Any) -> None:
    """Add the command."""
    checked = verbs.add_parser(
        "doctor", help="check clock, disk, permissions, keys, engine, journal"
    )
    checked.add_argument("folder")
    checked.add_argument("--certificate", type=Path, help="the one given to `serve`")
    checked.set_defaults(run=check)


async def check(options: argparse.Namespace) -> int:
    """Print one line a finding; exit 1 when something is wrong."""
    findings = [_clock(options), _disk(options), *_permissions(options), *_backup(options)]
    findings += _certificates(options)
    try:
        house = await House.open(options.folder, options.clock, options.entropy)
    except DossierError as error:
        findings.append(Finding("keys and engine", False, sentence(error)))
    else:
        try:
            findings += await _inside(house)
        except DossierError as error:
            findings.append(Finding("engine", False, sentence(error)))
        finally:
            await house.close()
    for one in findings:
        print(f"{'ok   ' if one.well else 'WRONG'} {one.what:<16} {one.words}")
    return 0 if all(one.well for one in findings) else 1


def _clock(options: argparse.Namespace) -> Finding:
    now = options.clock.now()
    well = now.year >= _EARLIEST_YEAR
    return Finding(
        "clock", well, f"{now:%Y-%m-%d %H:%M} UTC" + ("" if well else "; set this machine's clock")
    )


def _time(house: House) -> Finding:
    """Does the server's time stand ahead of the machine's?"""
    ahead = house.premises.clock.ahead
    if ahead < ALIKE:
        return Finding("time", True, "goes with this machine's clock")
    words = (
        f"the server's time stands {ahead.total_seconds() / 3600:.1f} h ahead: this machine's clock was set back; "
        "set it right, or, if it stood wrong before and is right now, stop the server and run "
        "`colloque-server clock --take-back`"
    )
    return Finding("time", False, words)


def _disk(options: argparse.Namespace) -> Finding:
    free = shutil.disk_usage(options.folder if options.folder.exists() else ".").free
    words = f"{free / 1024**3:.1f} GiB free"
    return Finding(
        "disk", free > _FREE_BYTES, words + ("" if free > _FREE_BYTES else "; make room")
    )


def _permissions(options: argparse.Namespace) -> list[Finding]:
    found = []
    for name, most in _files(options.folder):
        path = options.folder / name
        if not path.exists():
            found.append(Finding(name, False, "is not there"))
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        well = os.name == "nt" or not mode & ~most
        found.append(
            Finding(
                name,
                well,
                f"mode {mode:04o}"
                + ("" if well else f"; others may read it: chmod {most:04o} {name}"),
            )
        )
    return found


def _backup(options: argparse.Namespace) -> list[Finding]:
    """The age of the last one."""
    try:
        told = Folder(options.folder).read_told()
    except DossierError:
        return []
    done = last(options.folder)
    if told.demonstration and done is None:
        return [Finding("backup", True, "not made here")]
    if done is None:
        return [Finding("backup", False, "never made; run `colloque-server backup`")]
    age = done.age(options.clock.now())
    words = f"{done.backup.removesuffix('.json')}, {age // _HOUR} h old"
    well = told.demonstration or age < _BACKUP_AGE
    return [Finding("backup", well, words + ("" if well else "; make one every day"))]


def _certificates(options: argparse.Namespace) -> list[Finding]:
    """The days until the first of them ends; a leaf under the private authority is made again by itself."""
    folder = Folder(options.folder)
    try:
        told = folder.read_told()
        listed = folder.present_list(folder.read_identity(told))
        if options.certificate is not None:
            chain = certificates.from_pem(options.certificate.read_bytes())
            words = "renew it, then SIGHUP"
        elif listed is not None and listed.authority:
            chain = (folder.read_issuer(listed.authority), listed.authority)
            words = "run `identity certificate` with authority.key"
        else:
            return [Finding("certificate", True, "none: it answers this machine only")]
    except (OSError, DossierError) as error:
        said = sentence(error) if isinstance(error, StoreError) else "cannot be read"
        return [Finding("certificate", False, said)]
    if options.certificate is not None and (
        listed is None or certificates.key_hash(chain[0]) not in listed.tls
    ):
        words = "the signed list does not name its key: run `identity sign --certificate`"
        return [Finding("certificate", False, words)]
    days = (first_end(chain) - options.clock.now()) // timedelta(days=1)
    is_well = days >= _CERTIFICATE_DAYS
    found = f"ends in {days} days" if days >= 0 else "has ended"
    return [Finding("certificate", is_well, found + ("" if is_well else f"; {words}"))]


def _files(folder: Path) -> list[tuple[str, int]]:
    """Each file of this server, and the most it may be open to others."""
    wanted = [("root.key", 0o400)] if Folder(folder).is_root_here() else []
    with suppress(DossierError):
        if Folder(folder).read_told().databases:
            return wanted
    return [*wanted, ("keys.db", 0o600), ("data.db", 0o600)]


async def _inside(house: House) -> list[Finding]:
    found = [Finding("keys", True, f"restore number {house.premises.restore}"), _time(house)]
    faults = await house.store.maintenance.check()
    found.append(Finding("engine", not faults, "; ".join(faults[:3]) or "sound"))
    await house.settle()
    broken = await house.sequencer.verify()
    found.append(Finding("journal", broken is None, "whole" if broken is None else str(broken)))
    found.append(await _cells(house))
    counts = await house.store.maintenance.counts()
    found.append(
        Finding("rows", True, ", ".join(f"{name} {n}" for name, n in sorted(counts.items()) if n))
    )
    return found


async def _cells(house: House) -> Finding:
    """Open every sealed resource: what the engine's own check cannot see."""
    opened, broken, after = 0, 0, -(1 << 63)
    while owners := await house.store.maintenance.owners(None, after, _OWNERS):
        for owner in owners:
            good, bad = await _cells_of(house, owner)
            opened, broken = opened + good, broken + bad
        after = owners[-1]
    if broken:
        words = f"{broken} of {opened + broken} do not open; restore the last backup"
        return Finding("sealed cells", False, words)
    return Finding("sealed cells", True, f"{opened} open")


async def _cells_of(house: House, owner: int) -> tuple[int, int]:
    async def rows(tx: OwnerTx) -> list[ResourceRow]:
        tags = [row.facet for row in await tx.compartments.all()]
        return await tx.resources.of_facets(tags)

    good = bad = 0
    for row in await house.store.read(owner, rows):
        try:
            await house.premises.sealer.open(place_of(owner, row), row.cell)
        except Unavailable:
            continue  # its key was destroyed, on purpose
        except SealBroken:
            bad += 1
        else:
            good += 1
    return good, bad
