"""The log holds fields of a list and nothing else, one JSON object a line (security.md S16, D7)."""

import io
import logging
import sys
from collections.abc import Iterator

import msgspec
import pytest

from server.operations.logs import AllowedFields, speak


def line(name: str, message: str, *arguments: object, **extra: object) -> dict[str, object]:
    record = logging.LogRecord(name, logging.ERROR, "file.py", 1, message, arguments, None)
    record.__dict__.update(extra)
    return msgspec.json.decode(AllowedFields().format(record))  # type: ignore[no-any-return]


def test_s16_a_record_of_ours_keeps_its_event_and_the_fields_of_the_list() -> None:
    said = line("colloque.server", "request_failed", route="/sync/v1/ops", kind="KeyError")
    assert said["event"] == "request_failed"
    assert (said["route"], said["kind"], said["level"]) == ("/sync/v1/ops", "KeyError", "error")


def test_s16_a_field_nobody_allowed_is_not_written() -> None:
    said = line("colloque.server", "request_failed", patient="Durand", body=b"Durand")
    assert "Durand" not in str(said)


def test_s16_what_a_library_says_is_not_written_only_that_it_spoke() -> None:
    said = line("uvicorn.error", "Exception with %s", "Durand", route="Durand")
    assert said.keys() == {"time", "level", "logger"}


@pytest.mark.parametrize(
    "odd", ["a\r\nb", "\x1b[31mred", "a\u2028b", "\x7f", "\u202egnp", "x" * 500]
)
def test_s16_no_value_breaks_a_line_or_a_terminal(odd: str) -> None:
    record = logging.LogRecord("colloque.x", logging.ERROR, "f", 1, "event", (), None)
    record.__dict__["route"] = odd
    text = AllowedFields().format(record)
    assert text.isprintable()
    assert len(text) < 300


def test_d7_an_exception_leaves_its_kind_without_its_words() -> None:
    try:
        int("Durand")
    except ValueError:
        record = logging.LogRecord("asyncio", logging.ERROR, "f", 1, "x", (), sys.exc_info())
    text = AllowedFields().format(record)
    assert "Durand" not in text
    assert msgspec.json.decode(text)["kind"] == "ValueError"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root, ours = logging.getLogger(), logging.getLogger("colloque")
    before = (root.handlers[:], root.level, ours.level)
    yield root
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_the_server_speaks_from_info_and_libraries_from_warning(root: logging.Logger) -> None:
    stream = io.StringIO()
    speak(stream)
    logging.getLogger("colloque.server").info("serving")
    logging.getLogger("asyncio").info("chatter")
    said = [msgspec.json.decode(line)["logger"] for line in stream.getvalue().splitlines()]
    assert said == ["colloque.server"]
    assert len(root.handlers) == 1
