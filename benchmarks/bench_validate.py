"""Reading one resource: strict decoding, R4 validation, extraction; CPU of one core.

`python -m benchmarks.bench_validate [--quick] [--bundles FOLDER]`. With a folder of gzipped FHIR bundles it
measures their resources; without, shapes of ours repeated. Each step takes what the step before gives; the
floor of all is msgspec decoding of the same bytes in the same round. Best of five rounds.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import msgspec

from dossier.fhir.index import extract
from dossier.fhir.validate import Validator
from dossier.wire import codec

SHAPES = (
    {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "category": [{"coding": [{"system": "urn:c", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4", "display": "HbA1c"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-11-23T08:12:00+01:00",
        "issued": "2026-11-23T10:00:00.000+01:00",
        "valueQuantity": {"value": 7.4, "unit": "%", "system": "urn:u", "code": "%"},
        "referenceRange": [{"low": {"value": 4}, "high": {"value": 6}}],
    },
    {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": {"coding": [{"system": "urn:s", "code": "active"}]},
        "code": {"coding": [{"system": "urn:i", "code": "E11.9"}], "text": "Diabète de type 2"},
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": "2015",
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "metformine 1 000 mg"},
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-11-23",
        "dosageInstruction": [{"text": "1 comprimé matin et soir"}],
    },
)
ROUNDS = 5
MOST = 12_000


def bodies(folder: Path | None, most: int) -> list[bytes]:
    if folder is None:
        return ([msgspec.json.encode(shape) for shape in SHAPES] * (most // len(SHAPES)))[:most]
    found: list[bytes] = []
    for path in sorted(folder.glob("*.json.gz")):
        bundle = msgspec.json.decode(gzip.decompress(path.read_bytes()))
        found += [msgspec.json.encode(entry["resource"]) for entry in bundle["entry"]]
        if len(found) >= most:
            break
    return found[:most]


def seconds(step: Callable[[Any], object], items: Sequence[Any]) -> float:
    start = process_time()
    for item in items:
        step(item)
    return process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bundles", type=Path)
    options = parser.parse_args()
    raw = bodies(options.bundles, MOST // 6 if options.quick else MOST)
    values = [msgspec.json.decode(body) for body in raw]
    validator = Validator()
    refused = sum(bool(validator.issues(value["resourceType"], value)) for value in values)
    steps: dict[str, tuple[Callable[[Any], object], Sequence[Any], float | None]] = {
        "decode strictly": (codec.resource, raw, None),
        "validate R4": (lambda v: validator.issues(v["resourceType"], v), values, 20.0),
        "extract the index": (extract, values, 15.0),
    }
    best = dict.fromkeys((*steps, "floor"), float("inf"))
    for _ in range(ROUNDS):
        best["floor"] = min(best["floor"], seconds(msgspec.json.decode, raw))
        for name, (step, items, _) in steps.items():
            best[name] = min(best[name], seconds(step, items))
    count, size = len(raw), sum(map(len, raw))
    floor = best["floor"] / count * 1e6
    for name, (_, _, budget) in steps.items():
        each = best[name] / count * 1e6
        note = f"{1e6 / each:,.0f}/s; {count} of {size // count} bytes, {refused} refused"
        row = {"name": name, "ours": each, "floor": floor, "unit": "us", "note": note}
        print(json.dumps(row | ({"budget": budget} if budget else {})))


if __name__ == "__main__":
    main()
