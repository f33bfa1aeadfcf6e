"""`import`: FHIR JSON files, gzipped or not, NDJSON, bundles, whole folders."""

import argparse
import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from dossier.errors import Refused
from dossier.wire.codec import encode
from server.app import House
from server.services.importing import Report

FILE_BYTES = 256 * 1024 * 1024
"""Of one file, unpacked."""
_SUFFIXES = (".json", ".json.gz", ".ndjson", ".ndjson.gz")


def register(verbs: Any) -> None:
    """Add the command."""
    taken = verbs.add_parser("import", help="take FHIR JSON, .gz, NDJSON, bundles, folders")
    taken.add_argument("folder")
    taken.add_argument("paths", nargs="+", type=Path)
    taken.add_argument(
        "--for",
        dest="organisation",
        default="",
        help="id of the organisation that registers these patients",
    )
    taken.add_argument("--report", type=Path, help="write every refusal as NDJSON")
    taken.set_defaults(run=take)


async def take(options: argparse.Namespace) -> int:
    """Import every file; prints one JSON object on the last line. Running it again goes on where it stopped."""
    found = list(files(options.paths))
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        unit = await _unit(house, options.organisation)
        total, reasons = Report(), Counter[str]()
        with _lines(options.report) as out:
            for number, path in enumerate(found, 1):
                progress(number - 1, len(found), path.name, total.accepted)
                for raw in pieces(path):
                    report = await house.importer.take(raw, for_unit=unit)
                    for one in report.refused:
                        reasons[one.reason] += 1
                        out(
                            path,
                            one.resource,
                            one.reason,
                            [i.path + ": " + i.rule for i in one.issues[:20]],
                        )
                    total = total.plus(report._replace(refused=()))
        await house.settle()
        progress(len(found), len(found), "done", total.accepted)
    finally:
        await house.close()
    refused = sum(reasons.values())
    said = {
        "accepted": total.accepted,
        "duplicate": total.duplicate,
        "refused": refused,
        "patients": len(total.owners),
        "reasons": reasons,
    }
    print(encode(said).decode())
    return 1 if refused else 0


async def _unit(house: House, organisation: str) -> int | None:
    if not organisation:
        return None
    unit = await house.members.find_unit(organisation)
    if unit is None:
        raise Refused("unknown_organisation", organisation)
    return unit


def files(paths: list[Path]) -> Iterator[Path]:
    """The files meant, folders walked in order of name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p
                for p in path.rglob("*")
                if p.is_file() and p.name.endswith(_SUFFIXES) and p.name != "index.json"
            )
        else:
            yield path


def pieces(path: Path) -> Iterator[bytes]:
    """The documents of one file: itself, or each line of NDJSON. A bad archive is one unreadable piece."""
    try:
        raw = _unpacked(path)
    except (OSError, EOFError, zlib.error, Refused):
        yield b""
        return
    if ".ndjson" in path.name:
        yield from (line for line in raw.splitlines() if line.strip())
    else:
        yield raw


def _unpacked(path: Path) -> bytes:
    if not path.name.endswith(".gz"):
        if path.stat().st_size > FILE_BYTES:
            raise Refused("too_large")
        return path.read_bytes()
    with gzip.open(path) as packed:
        raw = packed.read(FILE_BYTES + 1)
    if len(raw) > FILE_BYTES:
        raise Refused("too_large")
    return raw


def progress(done: int, total: int, name: str, accepted: int) -> None:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return
    filled = round(30 * done / max(1, total))
    print(
        f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total} files, {accepted} accepted  {name[:40]:<40}",
        end="",
        file=sys.stderr,
    )
    if done == total:
        print(file=sys.stderr)


class _lines:  # noqa: N801 - used as a verb
    """Writes refusals as NDJSON: file, resource, reason, where; never content."""

    def __init__(self, path: Path | None) -> None:
        self._out = path.open("wb") if path else None

    def __enter__(self) -> Self:
        return self

    def __call__(self, file: Path, resource: str, reason: str, issues: list[str]) -> None:
        line = encode({"file": file.name, "resource": resource, "reason": reason, "issues": issues})
        if self._out:
            self._out.write(line + b"\n")
        else:
            print(line.decode(), file=sys.stderr)

    def __exit__(self, *_: object) -> None:
        if self._out:
            self._out.close()
