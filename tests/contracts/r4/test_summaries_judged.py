"""Every summary that leaves as FHIR, before independent judges (EUR-01): the official schema and a validator
that reads codes, references and narratives. The cast of the demonstration practice, and public histories.
"""

import gzip
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyrofile_validator import Validator as Independent
from pyrofile_validator.config import ValidatorConfig

from dossier.entropy import SeededEntropy
from dossier.fhir import summaries
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.last_look import LastLook
from practitioner_app.services.prevention import Prevention
from practitioner_app.services.read_marks import ReadMarks
from practitioner_app.services.record import RecordService
from practitioner_app.services.summaries import SummaryService
from practitioner_app.services.writing import Writer
from server.demonstration import practice
from server.demonstration.story import Story
from tests.builders import ACTOR, OWNER
from tests.contracts.r4.test_r4_judges import OfficialSchema
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore
from tests.gui.ui_samples import NOW, PARIS
from ui.formats import Formats
from ui.i18n import load_texts
from ui.speaking import Speaking
from ui.summaries.presenter import sections

pytestmark = pytest.mark.shared
Json = dict[str, Any]
PEOPLE = 60
DIRECTORY = ("Practitioner", "PractitionerRole", "Organization")
NOISE = re.compile(
    r"^(cardinality\.min \S*\[x\]|profile\.element\.cardinality\.max |terminology\.display |custom\."
    r"|extension\.unknown |extension\.context |profile\.element\.invariant\.(vs-1|bdl-8)"
    r"|terminology\.code-system )"
)
"""What this judge is known to say wrongly."""


def summary_of(resources: list[Json], directory: list[Json]) -> Json:
    """As a desktop that holds these makes it."""
    store, clock = MemoryRecordStore(), ManualClock()
    store.hold(OWNER, *(one for one in resources if one["resourceType"] not in DIRECTORY))
    store.hold_people(*directory)
    writer = Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(5), actor=ACTOR)
    records = RecordService(
        reader=store,
        outbox=store,
        last_look=LastLook(store.settings, clock),
        read_marks=ReadMarks(store.settings),
        clock=clock,
        actor=ACTOR,
        prevention=Prevention(Terminology.load(), clock),
    )
    service = SummaryService(
        reader=store, records=records, clock=clock, entropy=SeededEntropy(7), writer=writer
    )
    made = service.make(OWNER)
    texts = load_texts("fr")
    worded = sections(made, Speaking(texts, Formats(texts, PARIS), NOW))
    return service.document(made, worded, title="Synthèse médicale", language="fr")


@pytest.fixture(scope="module")
def practice_summaries() -> list[Json]:
    story = Story(date(2026, 11, 23))
    directory = resources_of(practice.directory_bundle(story))
    deposits = practice.deposits(Terminology.load(), story, PEOPLE)
    found = [resources_of(one.raw) for one in deposits]
    return [
        summary_of(one, directory)
        for one in found
        if any(r["resourceType"] == "Patient" for r in one)
    ]


def resources_of(raw: bytes) -> list[Json]:
    return [entry["resource"] for entry in msgspec.json.decode(raw)["entry"]]


def public_summaries(shared: Path) -> Iterator[Json]:
    for path in sorted((shared / "data" / "fhir-r4-patients").rglob("*.json.gz")):
        resources = resources_of(gzip.decompress(path.read_bytes()))
        people = [one for one in resources if one["resourceType"] in DIRECTORY]
        yield summary_of(resources, people)


def test_eur_01_the_official_schema_accepts_each_summary_of_the_practice(
    practice_summaries: list[Json], shared: Path
) -> None:
    official = OfficialSchema(shared / "judges" / "fhir.schema.json")
    assert len(practice_summaries) == PEOPLE
    for bundle in practice_summaries:
        assert official.accepts(bundle)
        for entry in bundle["entry"]:
            assert official.accepts(entry["resource"])


def test_eur_01_an_independent_validator_accepts_each_summary_of_the_practice(
    practice_summaries: list[Json], shared: Path
) -> None:
    judge = Independent(
        ValidatorConfig.load_dict(
            {
                "fhirVersion": "4.0.1",
                "terminology": {"mode": "local"},
                "allow_example_urls": True,
                "localPackagePaths": [str(shared / "judges" / "hl7.fhir.r4.core-4.0.1.tgz")],
            }
        )
    )
    for bundle in practice_summaries[:20]:
        for body in (bundle, *(entry["resource"] for entry in bundle["entry"])):
            said = judge.validate_resource(body).errors
            hard = [f"{one.code} {one.path} {one.message}" for one in said]
            assert not [one for one in hard if not NOISE.match(one)], body["resourceType"]


def test_eur_01_public_histories_make_summaries_the_official_schema_accepts(shared: Path) -> None:
    official = OfficialSchema(shared / "judges" / "fhir.schema.json")
    count = 0
    for bundle in public_summaries(shared):
        count += 1
        assert official.accepts(bundle)
        inside = {entry["fullUrl"] for entry in bundle["entry"]}
        led = {one for one in summaries.references(bundle) if not one.startswith("#")}
        assert led <= inside
    assert count == 120
