"""The published description, tried by a program that knows nothing else of us: no request it invents ends in a 5xx."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dossier.clock import SystemClock
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess
from tests.fakes.server_room import SteppingClock

STREAM = "/sync/v1/hints"
"""Never ends by itself."""
EXAMPLES = 20
AS_PUBLISHED = (status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A running server and the token of a doctor who has a patient."""
    folder = tmp_path_factory.mktemp("published")
    with served(folder / "server", clock=SteppingClock(SystemClock().now())) as room:
        unit = room.unit()
        doctor = room.desktop("martin", unit)
        room.patient(unit)
        token = room.token_of(doctor)
    with ServerProcess(folder / "server", folder / "log") as server:
        yield server.url, token


def test_no_invented_request_ends_in_a_5xx_and_answers_are_as_published(
    place: tuple[str, str],
) -> None:
    url, token = place
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [one.ok() for one in schema.get_all_operations()]
    tried = [one for one in operations if one.path != STREAM]
    assert len(tried) == len(operations) - 1 >= 14
    for operation in tried:
        search(operation, GenerationMode.POSITIVE, token, AS_PUBLISHED)
        if operation.method == "post":
            search(operation, GenerationMode.NEGATIVE, token, ())


def search(operation: Any, mode: GenerationMode, token: str, checks: tuple[Any, ...]) -> None:
    """Requests of this operation, with and without a right; messages that are none when NEGATIVE."""

    @given(case=operation.as_strategy(generation_mode=mode), signed=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def try_it(case: schemathesis.Case, signed: bool) -> None:
        headers = {"Authorization": f"Bearer {token}"} if signed else {}
        answer = case.call(headers=headers, timeout=20)
        assert answer.status_code < 500, (case.path, answer.status_code, answer.text)
        for check in checks:
            case.validate_response(answer, checks=[check])

    try_it()
