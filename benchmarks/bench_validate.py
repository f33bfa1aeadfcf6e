"""Validation of R4 resources on one core, beside the floor: msgspec decoding of the same bytes.

    python benchmarks/bench_validate.py [FOLDER_OF_BUNDLES]

With a folder of gzipped FHIR bundles it measures their resources, each decoded once and kept; without, a
few shapes of ours repeated. Prints resources per second of validation alone (value in hand), of decoding
alone, and their ratio; the best of five rounds.
"""

import gzip
import sys
from pathlib import Path
from time import perf_counter

import msgspec

from dossier.fhir.validate import Validator

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


def bodies(folder: Path | None) -> list[bytes]:
    if folder is None:
        return [msgspec.json.encode(shape) for shape in SHAPES] * 2000
    found = []
    for path in sorted(folder.glob("*.json.gz")):
        bundle = msgspec.json.decode(gzip.decompress(path.read_bytes()))
        found += [msgspec.json.encode(entry["resource"]) for entry in bundle["entry"]]
        if len(found) > 12_000:
            break
    return found


def main() -> None:
    raw = bodies(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    values = [msgspec.json.decode(body) for body in raw]
    validator = Validator()
    refused = sum(bool(validator.issues(value["resourceType"], value)) for value in values)
    validate = decode = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter()
        for value in values:
            validator.issues(value["resourceType"], value)
        validate = min(validate, perf_counter() - start)
        start = perf_counter()
        for body in raw:
            msgspec.json.decode(body)
        decode = min(decode, perf_counter() - start)
    count, size = len(raw), sum(map(len, raw))
    print(f"resources          {count} of {size // count} bytes on average, {refused} refused")
    print(f"validate           {count / validate:,.0f}/s  {validate / count * 1e6:.1f} us each")
    print(f"floor: decode      {count / decode:,.0f}/s  {decode / count * 1e6:.1f} us each")
    print(f"ratio              {validate / decode:.2f}")


if __name__ == "__main__":
    main()
