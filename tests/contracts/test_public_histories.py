"""Public FHIR records through the operator's import into a real server, and read back.

The 120 Synthea histories, the 699 official R4 examples and the 45 conformance cases. What is refused is
listed, with its reason, in `public_histories_refused.csv` and `public_cases_taken.csv`.
"""

import asyncio
import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.fhir.validate import Validator
from dossier.wire.codec import canonical
from server.app import House
from server.cli import main
from tests.fakes.server_room import ServerRoom

pytestmark = pytest.mark.shared
HERE = Path(__file__).parent
Json = dict[str, Any]


class Imported(NamedTuple):
    """One run of `import`: its exit code, its last line, and every refusal."""

    code: int
    said: Json
    refused: list[Json]


def run(server: Path, *paths: Path) -> Imported:
    report = server.with_name(server.name + ".ndjson")
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        words = ["import", server, *paths, "--report", report]
        code = main([str(word) for word in words])
    refused = [msgspec.json.decode(line) for line in report.read_bytes().splitlines()]
    return Imported(code, msgspec.json.decode(out.getvalue().splitlines()[-1]), refused)


def made(folder: Path) -> Path:
    with redirect_stdout(io.StringIO()):
        assert main(["init", str(folder / "server")]) == 0
    return folder / "server"


def stored(server: Path) -> dict[str, list[Json]]:
    """Every resource the server holds, by Type/id, as its owner's page would give it.

    An id of a patient is unique among patients; the operator's directory may use it as well.
    """

    async def read() -> dict[str, list[Json]]:
        house = await House.open(server, SystemClock(), SystemEntropy())
        found: dict[str, list[Json]] = {}
        try:
            maintenance, after = house.store.maintenance, 0
            while owners := await maintenance.owners(None, after, 500):
                for owner in owners:
                    for row in await house.records.whole(owner):
                        name = f"{row.rtype}/{row.id}"
                        found.setdefault(name, []).append(msgspec.json.decode(row.body))
                        assert len(found[name]) == 1 or house.premises.directory in owners
                after = owners[-1]
        finally:
            await house.close()
        return found

    return asyncio.run(read())


def as_stored(value: Any, names: dict[str, str]) -> Any:
    """References to `urn:uuid:X` as `Type/X`."""
    if isinstance(value, dict):
        return {
            key: names.get(inner, inner)
            if key == "reference" and isinstance(inner, str)
            else as_stored(inner, names)
            for key, inner in value.items()
        }
    return [as_stored(one, names) for one in value] if isinstance(value, list) else value


def bare(value: Json) -> bytes:
    return canonical({key: inner for key, inner in value.items() if key != "meta"})


def read_back(
    held: dict[str, list[Json]], resource: Json, names: dict[str, str] | None = None
) -> bool:
    """True when the server holds this resource, equal but for `meta`; an id it lacked was given."""
    name = f"{resource['resourceType']}/{resource.get('id', '')}"
    wanted = bare(as_stored(resource, names or {}))
    return any(bare(value) == wanted for value in held.get(name, ()))


def lines_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.ndjson.gz"))


def entries_of(bundle: Json) -> tuple[list[Json], dict[str, str]]:
    """Its resources, and what each `urn:uuid:` in it became."""
    held = [entry for entry in bundle.get("entry", ()) if "resource" in entry]
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in held
        if entry.get("fullUrl", "").startswith("urn:uuid:") and "id" in entry["resource"]
    }
    return [entry["resource"] for entry in held], names


def listed(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def synthea(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imported]:
    server = made(tmp_path_factory.mktemp("synthea"))
    return server, run(server, shared / "data" / "fhir-r4-patients")


def test_the_120_synthea_histories_are_taken_whole(synthea: tuple[Path, Imported]) -> None:
    _, first = synthea
    assert (first.code, first.refused) == (0, [])
    assert first.said["patients"] == 120
    assert first.said["accepted"] + first.said["duplicate"] == 38_837
    # organisations, practitioners and places that several histories share are published once
    assert first.said["duplicate"] == 250


def test_every_resource_of_them_reads_back_equal_but_for_meta(
    synthea: tuple[Path, Imported], shared: Path
) -> None:
    server, _ = synthea
    held = stored(server)
    seen: set[str] = set()
    for path in sorted((shared / "data" / "fhir-r4-patients").glob("*.json.gz")):
        resources, names = entries_of(msgspec.json.decode(gzip.decompress(path.read_bytes())))
        for resource in resources:
            assert read_back(held, resource, names), (path.name, resource["id"])
            seen.add(f"{resource['resourceType']}/{resource['id']}")
    assert len(seen) == 38_587
    assert set(held) == seen
    assert all(len(values) == 1 for values in held.values())
    assert not any("urn:uuid:" in reference for reference in references(list(held.values())))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_counts_by_type_are_those_of_the_index(
    synthea: tuple[Path, Imported], shared: Path
) -> None:
    server, _ = synthea
    index = msgspec.json.decode((shared / "data" / "fhir-r4-patients" / "index.json").read_bytes())
    wanted: Counter[str] = Counter()
    for row in index:
        wanted.update(row["byType"])
    held = Counter(name.partition("/")[0] for name in stored(server))
    shared_types = {"Organization", "Practitioner"}
    for rtype in set(wanted) - shared_types:
        assert held[rtype] == wanted[rtype], rtype


def test_importing_them_again_gives_only_duplicates(
    synthea: tuple[Path, Imported], shared: Path
) -> None:
    server, _ = synthea
    again = run(server, shared / "data" / "fhir-r4-patients")
    assert (again.code, again.refused) == (0, [])
    assert (again.said["accepted"], again.said["duplicate"]) == (0, 38_837)


@pytest.fixture(scope="module")
def official(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imported]:
    server = made(tmp_path_factory.mktemp("official"))
    return server, run(server, *lines_in(shared / "data" / "fhir-r4-official-examples"))


def test_each_of_the_699_official_examples_is_stored_or_refused_as_listed(
    official: tuple[Path, Imported], shared: Path
) -> None:
    server, first = official
    refused = [
        {
            "file": line["file"],
            "line": str(line["line"]),
            "resource": line["resource"],
            "reason": line["reason"],
            "rule": line["issues"][0].partition(": ")[2] if line["issues"] else "",
        }
        for line in first.refused
    ]
    assert sorted(refused, key=str) == sorted(listed("public_histories_refused.csv"), key=str)
    assert first.code == 1
    assert first.said["refused"] == len(refused)

    held = stored(server)
    said = {(row["file"], row["line"]): row["resource"] for row in refused}
    named = {(row["file"], row["line"], row["resource"]) for row in refused}
    count, published_anew = 0, set()
    for path in lines_in(shared / "data" / "fhir-r4-official-examples"):
        for number, line in enumerate(gzip.decompress(path.read_bytes()).splitlines(), 1):
            count += 1
            place = (path.name, str(number))
            value = msgspec.json.decode(line)
            if said.get(place) == "":
                continue
            whole = value["resourceType"] == "Bundle"
            resources, names = entries_of(value) if whole else ([value], {})
            for resource in resources:
                name = f"{resource['resourceType']}/{resource.get('id', '')}"
                if (*place, name) in named or "id" not in resource:
                    continue
                if not read_back(held, resource, names):
                    published_anew.add((*place, name))
    assert count == 699
    # the directory's later version of the same resource stands in its place, the earlier one is its past
    assert published_anew == {("Bundle.ndjson.gz", "6", "Location/2")}


def test_each_of_the_45_conformance_cases_is_taken_or_refused_as_listed(
    shared: Path,
) -> None:
    folder = shared / "data" / "fhir-conformance-cases"
    expected = msgspec.json.decode((folder / "expected.json").read_bytes())
    validate = Validator().issues
    found = []
    for case in expected:
        room = ServerRoom(validate=validate)
        report = room.run(room.importer.take((folder / case["file"]).read_bytes()))
        reasons = sorted({why(one) for one in report.refused})
        taken = str(report.accepted + report.duplicate)
        found.append({"case": case["file"], "accepted": taken, "refused": " ".join(reasons)})
    assert len(found) == 45
    assert found == listed("public_cases_taken.csv")


def why(refusal: Any) -> str:
    return f"{refusal.reason}:{refusal.issues[0].rule}" if refusal.issues else refusal.reason
