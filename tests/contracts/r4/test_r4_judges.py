"""Our validator beside the official R4 schema and the reference validator; differences are listed.

`faults.csv` and `cases.csv` are those lists: what each says and why they differ.
"""

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from dossier.errors import Invalid
from dossier.fhir.definitions.derive import derive
from dossier.fhir.validate import Validator
from dossier.wire import codec
from tests.contracts.r4.faults import FAULTS

pytestmark = pytest.mark.shared
HERE = Path(__file__).parent
Json = dict[str, Any]


def listed(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


class OfficialSchema:
    """The JSON schema that HL7 publishes, compiled once with a property for each type."""

    def __init__(self, path: Path) -> None:
        whole = msgspec.json.decode(path.read_bytes())
        types = [
            name
            for name, d in whole["definitions"].items()
            if "resourceType" in d.get("properties", {})
        ]
        parts = {name: {"$ref": f"#/definitions/{name}"} for name in types}
        schema = {"$schema": whole["$schema"], "definitions": whole["definitions"]}
        self._schema = jsonschema_rs.Draft6Validator({**schema, "properties": parts})

    def accepts(self, resource: Json) -> bool:
        return self._schema.is_valid({resource["resourceType"]: resource})


@pytest.fixture(scope="module")
def official(shared: Path) -> OfficialSchema:
    return OfficialSchema(shared / "judges" / "fhir.schema.json")


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


@pytest.fixture(scope="module")
def examples(shared: Path) -> list[bytes]:
    """The 699 official examples, a line each."""
    lines = []
    for path in sorted((shared / "data" / "fhir-r4-official-examples").glob("*.ndjson.gz")):
        lines += gzip.decompress(path.read_bytes()).splitlines()
    assert len(lines) == 699
    return lines


def test_every_official_example_but_one_is_accepted_and_the_official_schema_agrees(
    validator: Validator, official: OfficialSchema, examples: list[bytes]
) -> None:
    refused = {}
    for line in examples:
        resource = codec.resource(line, max_bytes=1 << 20)
        assert official.accepts(resource)
        issues = validator.issues(resource["resourceType"], resource)
        if issues:
            refused[resource["id"]] = {issue.rule for issue in issues}

    # its groups have items without the linkId that R4 requires
    assert refused == {"qs1": {"cardinality"}}


def test_each_planted_fault_is_judged_as_listed_by_both(
    validator: Validator, official: OfficialSchema, examples: list[bytes]
) -> None:
    rules: dict[str, set[str]] = {fault: set() for fault in FAULTS}
    verdicts: dict[str, Counter[bool]] = {fault: Counter() for fault in FAULTS}
    for line in examples:
        resource = msgspec.json.decode(line)
        if resource["id"] == "qs1":
            continue
        for fault, plant in FAULTS.items():
            faulty = plant(resource)
            if faulty is None:
                continue
            issues = validator.issues(faulty["resourceType"], faulty)
            rules[fault].add(issues[0].rule if issues else "")
            verdicts[fault][official.accepts(faulty)] += 1

    for row in listed("faults.csv"):
        fault, seen = row["fault"], verdicts[row["fault"]]
        assert seen.total() == int(row["count"]), fault
        word = "mixed" if len(seen) == 2 else ("accepted" if seen[True] else "refused")
        assert word == row["official"], fault
        assert rules[fault] <= set(row["our_rules"].split() or [""]), fault
        agree = word == ("refused" if row["our_rules"] else "accepted")
        assert agree != bool(row["why_they_differ"]), fault
    assert {row["fault"] for row in listed("faults.csv")} == set(FAULTS)


def test_the_120_synthea_bundles_are_valid_for_both(
    validator: Validator, official: OfficialSchema, shared: Path
) -> None:
    paths = sorted((shared / "data" / "fhir-r4-patients").glob("*.json.gz"))
    resources = 0
    for number, path in enumerate(paths):
        bundle = msgspec.json.decode(gzip.decompress(path.read_bytes()))
        assert validator.issues("Bundle", bundle) == ()
        resources += len(bundle["entry"])
        if number % 10 == 0:
            assert all(official.accepts(entry["resource"]) for entry in bundle["entry"])
    assert (len(paths), resources) == (120, 38_837)


def test_each_of_the_45_conformance_cases_is_accepted_or_refused_with_its_reason(
    validator: Validator, shared: Path
) -> None:
    folder = shared / "data" / "fhir-conformance-cases"
    expected = msgspec.json.decode((folder / "expected.json").read_bytes())
    reference = {case["file"]: case["referenceValidatorSaysInvalid"] for case in expected}
    rows = listed("cases.csv")
    assert len(rows) == 45
    assert {row["case"] for row in rows} == set(reference)
    for row in rows:
        try:
            resource = codec.resource((folder / row["case"]).read_bytes(), max_bytes=1 << 22)
            issues = validator.issues(resource["resourceType"], resource)
        except Invalid as refusal:
            issues = refusal.issues
        assert ("refused" if issues else "accepted") == row["verdict"], row["case"]
        assert (issues[0].rule if issues else "") == row["rule"], row["case"]
        judged = "refused" if reference[row["case"]] else "accepted"
        assert judged == row["reference_validator"], row["case"]
        assert bool(row["why_we_differ"]) == (judged != row["verdict"]), row["case"]


def test_the_table_is_what_the_script_derives_from_the_official_package(
    validator: Validator, shared: Path
) -> None:
    package = shared / "judges" / "hl7.fhir.r4.core-4.0.1.tgz"
    committed = Path(__file__).parents[3] / "dossier" / "fhir" / "definitions" / "r4.txt"

    assert derive(package) == committed.read_text(encoding="utf-8")
    assert validator.source.startswith("source hl7.fhir.r4.core-4.0.1.tgz sha256 1963844401f6")
