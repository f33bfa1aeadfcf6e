"""Every clinical resource of the public samples decodes: no reader of ours stumbles on valid R4."""

import gzip
from pathlib import Path

import msgspec
import pytest

from practitioner_app.services.decoding import CLINICAL_TYPES, Unreadable, decode


@pytest.mark.shared
def test_every_official_example_of_a_clinical_type_is_read(shared: Path):
    read = 0
    for path in sorted((shared / "data" / "fhir-r4-official-examples").glob("*.ndjson.gz")):
        rtype = path.name.partition(".")[0]
        if rtype not in CLINICAL_TYPES:
            continue
        for line in gzip.decompress(path.read_bytes()).splitlines():
            assert not isinstance(decode(rtype, line.strip()), Unreadable)
            read += 1
    assert read > 250


@pytest.mark.shared
def test_synthea_histories_are_read(shared: Path):
    read = 0
    for path in sorted((shared / "data" / "fhir-r4-patients").glob("*.json.gz"))[:3]:
        for entry in msgspec.json.decode(gzip.decompress(path.read_bytes()))["entry"]:
            body = msgspec.json.encode(entry["resource"])
            assert not isinstance(decode(entry["resource"]["resourceType"], body), Unreadable)
            read += 1
    assert read > 300
