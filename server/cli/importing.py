"""`import`: FHIR JSON files, gzipped or not, NDJSON, bundles, whole folders."""

import argparse
import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, cast

from dossier.errors import Refused
from dossier.wire.codec import encode
from server.app import House
from server.services.importing import Report

FILE_BYTES = 256 * 1024 * 1024
"""Of one file, or one line of NDJSON, unpacked."""
_EARLY_BYTES = 256 * 1024 * 1024
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
    """Import every file; prints one JSON object on the last line. Running it again goes on where it stopped.

    What names a patient who comes later in the files is tried once more at the end.
    """
    found = list(files(options.paths))
    if not found:
        raise Refused("nothing_to_import")
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        with _Lines(options.report) as out:
            run = _Run(house, await _unit(house, options.organisation), out)
            for number, path in enumerate(found, 1):
                progress(number - 1, len(found), path.name, run.total.accepted)
                for line, raw in pieces(path):
                    await run.take(Source(path.name, line), raw)
            await run.take_again()
        await house.settle()
        progress(len(found), len(found), "done", run.total.accepted)
    finally:
        await house.close()
    refused = sum(run.reasons.values())
    said = {
        "accepted": run.total.accepted,
        "duplicate": run.total.duplicate,
        "refused": refused,
        "patients": len(run.total.owners),
        "reasons": run.reasons,
    }
    print(encode(said).decode())
    return 1 if refused else 0


class Source(NamedTuple):
    """Where a document stands: its file, and its line in NDJSON (else 1)."""

    file: str
    line: int


class _Run:
    """One import while it goes on."""

    def __init__(self, house: House, unit: int | None, out: "_Lines") -> None:
        self._house, self._unit, self._out = house, unit, out
        self._early: list[tuple[Source, bytes, int]] = []
        self._early_bytes = 0
        self.total, self.reasons = Report(), Counter[str]()

    async def take(self, source: Source, raw: bytes) -> None:
        """One document; what it says of patients who are not there yet waits for the end."""
        report = await self._house.importer.take(raw, for_unit=self._unit)
        why = {one.reason for one in report.refused}
        if why == {"unknown_patient"} and self._early_bytes + len(raw) <= _EARLY_BYTES:
            self._early.append((source, raw, report.accepted + report.duplicate))
            self._early_bytes += len(raw)
            report = report._replace(refused=())
        self._count(source, report)

    async def take_again(self) -> None:
        """Those that waited, in their order; what was counted of them is not counted twice."""
        for source, raw, counted in self._early:
            report = await self._house.importer.take(raw, for_unit=self._unit)
            self._count(source, report._replace(duplicate=report.duplicate - counted))

    def _count(self, source: Source, report: Report) -> None:
        for one in report.refused:
            self.reasons[one.reason] += 1
            where = [f"{issue.path}: {issue.rule}" for issue in one.issues[:20]]
            self._out(source, one.resource, one.reason, where)
        self.total = self.total.plus(report._replace(refused=()))


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


def pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    """The documents of one file with their lines: itself, or each line of NDJSON, one in memory at a time. What cannot be
    read, or breaks off, is one unreadable piece; the lines before it count.
    """
    line = 0
    try:
        with _opened(path) as file:
            if ".ndjson" not in path.name:
                yield 1, _bounded(file.read(FILE_BYTES + 1))
                return
            while raw := _bounded(file.readline(FILE_BYTES + 1)):
                line += 1
                if raw.strip():
                    yield line, raw
    except (OSError, EOFError, zlib.error, Refused):
        yield line + 1, b""


def _opened(path: Path) -> IO[bytes]:
    if path.name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")


def _bounded(raw: bytes) -> bytes:
    if len(raw) > FILE_BYTES:
        raise Refused("too_large")
    return raw


def progress(done: int, total: int, name: str, accepted: int) -> None:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return
    filled = round(30 * done / max(1, total))
    name = "".join(letter if letter.isprintable() else "?" for letter in name)
    print(
        f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total} files, {accepted} accepted  {name[:40]:<40}",
        end="",
        file=sys.stderr,
    )
    if done == total:
        print(file=sys.stderr)


class _Lines:
    """Writes refusals as NDJSON: file, resource, reason, where; never content."""

    def __init__(self, path: Path | None) -> None:
        self._out = path.open("wb") if path else None

    def __enter__(self) -> Self:
        return self

    def __call__(self, source: Source, resource: str, reason: str, issues: list[str]) -> None:
        said = {"resource": resource, "reason": reason, "issues": issues}
        line = encode({**source._asdict(), **said})
        if self._out:
            self._out.write(line + b"\n")
        else:
            print(line.decode(), file=sys.stderr)

    def __exit__(self, *_: object) -> None:
        if self._out:
            self._out.close()
