"""`import`: FHIR JSON files, gzipped or not, NDJSON, bundles, whole folders."""

import argparse
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from dossier.errors import Refused
from dossier.wire.codec import encode
from server.app import House
from server.cli.files import Identity, Piece, found, identity, pieces
from server.cli.outcomes import outcome
from server.cli.words import refusal_sentence
from server.services.bundles import Refusal

_LINES = 500
_BYTES = 4 * 1024 * 1024
"""Of lines of NDJSON that are taken together: those of one patient share a transaction."""

Progress = Callable[[float, str], None]


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
    taken.add_argument(
        "--outcomes", type=Path, help="write every refusal as a FHIR OperationOutcome, NDJSON"
    )
    taken.set_defaults(run=take)


async def take(options: argparse.Namespace) -> int:
    """Import every file; prints one JSON object on the last line. Running it again goes on where it stopped.

    What names a patient who comes later in the files is read once more at the end.
    """
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        reports = Reports(options.report, options.outcomes)
        return await take_into(house, options.paths, options.organisation, reports)
    finally:
        await house.close()


class Reports(NamedTuple):
    """Where refusals are written: as lines of ours, as OperationOutcomes; without either, to the error output."""

    lines: Path | None = None
    outcomes: Path | None = None


_UNSAID = Reports()


async def take_into(
    house: House, paths: list[Path], organisation: str = "", reports: Reports = _UNSAID
) -> int:
    """`take` into an open house; returns the exit code."""
    files = list(found(paths))
    if not files:
        raise Refused("nothing_to_import")
    unit = await _unit(house, organisation)
    with _Lines(reports) as out:
        run = _Run(house, unit, out, progress)
        await run.through(files)
        await run.again()
    await house.settle()
    progress(1, f"done, {run.accepted} accepted")
    for reason, count in run.reasons.most_common():
        print(refusal_sentence(reason, count), file=sys.stderr)
    said = {
        "accepted": run.accepted,
        "duplicate": run.duplicate,
        "refused": sum(run.reasons.values()),
        "patients": len(run.patients),
        "reasons": run.reasons,
    }
    print(encode(said).decode())
    return 1 if run.reasons else 0


class Source(NamedTuple):
    """Where a document stands: its file, and its line in NDJSON (else 1)."""

    file: str
    line: int


class _Waiting(NamedTuple):
    """The lines of one file whose patient was not there yet. The text itself is not kept."""

    path: Path
    was: Identity | None
    lines: "array[int]"


class _Run:
    """One import while it goes on. What it holds of a file does not grow with the file, but for four bytes a line
    that waits.
    """

    def __init__(self, house: House, unit: int | None, out: "_Lines", told: Progress) -> None:
        self._house, self._unit, self._out, self._told = house, unit, out, told
        self._waiting: list[_Waiting] = []
        self.accepted, self.duplicate = 0, 0
        self.patients: set[int] = set()
        self.reasons = Counter[str]()

    async def through(self, files: list[tuple[Path, str]]) -> None:
        """Every file, in order."""
        sizes = [was.size if (was := identity(path)) is not None else 0 for path, _ in files]
        whole, done = max(1, sum(sizes)), 0
        for (path, reason), size in zip(files, sizes, strict=True):
            waiting = _Waiting(path, identity(path), array("L"))
            found = iter([Piece(1, 0, reason=reason)]) if reason else pieces(path)
            while some := _together(found):
                share = (done + some[-1].position) / whole
                self._told(share, f"{self.accepted} accepted  {path.name}")
                waiting.lines.extend(await self._take(path, some, can_wait=True))
            if waiting.lines:
                self._waiting.append(waiting)
            done += size

    async def again(self) -> None:
        """Those that waited, in their order, from files that must be what they were."""
        for path, was, lines in self._waiting:
            if identity(path) != was:
                self._refuse(Source(path.name, lines[0]), Refusal("", "file_changed"))
                continue
            waited = set(lines)
            found = (piece for piece in pieces(path) if piece.line in waited)
            while some := _together(found):
                await self._take(path, some, can_wait=False)

    async def _take(self, path: Path, some: list[Piece], *, can_wait: bool) -> list[int]:
        """Take some documents; the lines of those of which only the patient is missing and may still come."""
        for piece in some:
            if piece.reason:
                self._refuse(Source(path.name, piece.line), Refusal("", piece.reason))
        some = [piece for piece in some if not piece.reason]
        raws = [piece.raw for piece in some]
        report = await self._house.importer.take_lines(raws, for_unit=self._unit)
        why: dict[int, set[str]] = {}
        for one in report.refused:
            why.setdefault(one.place, set()).add(one.reason)
        wait = {
            place
            for place, reasons in why.items()
            if can_wait and "unknown_patient" in reasons <= {"unknown_patient", "bundle_refused"}
        }
        for one in report.refused:
            if one.place not in wait:
                self._refuse(Source(path.name, some[one.place].line), one)
        self.accepted += report.accepted
        self.duplicate += report.duplicate
        self.patients.update(report.owners)
        return [some[place].line for place in sorted(wait)]

    def _refuse(self, source: Source, no: Refusal) -> None:
        self.reasons[no.reason] += 1
        self._out(source, no)


def _together(found: Iterator[Piece]) -> list[Piece]:
    """The next documents to be taken together."""
    some: list[Piece] = []
    size = 0
    for piece in found:
        some.append(piece)
        size += len(piece.raw)
        if len(some) >= _LINES or size >= _BYTES:
            break
    return some


async def _unit(house: House, organisation: str) -> int | None:
    if not organisation:
        return None
    unit = await house.members.find_unit(organisation)
    if unit is None:
        raise Refused("unknown_organisation", organisation)
    return unit


def progress(share: float, said: str) -> None:
    """A bar on a terminal, nothing elsewhere. `share` is what is done, from 0 to 1."""
    if not sys.stderr.isatty():
        return
    filled = round(30 * min(1.0, share))
    said = "".join(letter if letter.isprintable() else "?" for letter in said)
    bar = "#" * filled + "." * (30 - filled)
    print(f"\r[{bar}] {share:4.0%}  {said[:60]:<60}", end="", file=sys.stderr)
    if share >= 1:
        print(file=sys.stderr)


class _Lines:
    """Writes refusals as NDJSON: file, resource, reason, where; never content."""

    def __init__(self, reports: Reports) -> None:
        self._out, self._outcomes = (
            path.open("wb") if path else None for path in (reports.lines, reports.outcomes)
        )

    def __enter__(self) -> Self:
        return self

    def __call__(self, source: Source, no: Refusal) -> None:
        found = no.issues[:20]
        where = [f"{issue.path}: {issue.rule}" for issue in found]
        said = {"resource": no.resource, "reason": no.reason, "issues": where}
        line = encode({**source._asdict(), **said})
        if self._outcomes:
            one = outcome(source.file, source.line, no.resource, no.reason, found)
            self._outcomes.write(encode(one) + b"\n")
        if self._out:
            self._out.write(line + b"\n")
        elif not self._outcomes:
            print(line.decode(), file=sys.stderr)

    def __exit__(self, *_: object) -> None:
        for file in (self._out, self._outcomes):
            if file:
                file.close()
