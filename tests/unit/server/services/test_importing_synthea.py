"""Real histories: a bundle imports and reads back equal but for `meta`."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dossier.fhir.validate import Validator

URN = "urn:uuid:"


def mapped(value: Any, names: dict[str, str]) -> Any:
    """The resource with its references as they are stored, without meta."""
    if isinstance(value, dict):
        return {
            key: names.get(inner, inner) if key == "reference" else mapped(inner, names)
            for key, inner in value.items()
            if key != "meta"
        }
    return [mapped(one, names) for one in value] if isinstance(value, list) else value


@pytest.mark.shared
def test_a_synthea_bundle_reads_back_equal_but_for_meta(engine: Any, shared: Path) -> None:
    files = sorted((shared / "data" / "fhir-r4-patients").glob("*.json.gz"))
    assert len(files) == 120
    raw = gzip.decompress(min(files, key=lambda file: file.stat().st_size).read_bytes())
    room = engine.room(validate=Validator().issues)
    report = room.run(room.importer.take(raw))
    entries = msgspec.json.decode(raw)["entry"]
    assert report.refused == ()
    assert report.accepted + report.duplicate == len(entries)
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in entries
    }
    held = {
        f"{one.rtype}/{one.id}": one.body
        for owner in (room.premises.directory, *report.owners)
        for one in room.run(room.records.whole(owner))
    }
    for entry in entries:
        name = names[entry["fullUrl"]]
        assert mapped(msgspec.json.decode(held[name]), {}) == mapped(entry["resource"], names)
    assert not any(b'"reference":"urn:uuid:' in body for body in held.values())
