"""The server's log: one JSON object a line, made only of the fields named here.

A field that is not in `FIELDS` is not written, whoever sends it, so neither a body nor a name nor an id can
reach a file by accident (security.md S16, D7). The records of libraries may say anything; of those only who
speaks, how loud, and the kind of the error are kept. Nothing unprintable reaches a line or a terminal.
"""

import logging
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import msgspec

OURS: Final = "colloque"
FIELDS: Final = ("route", "method", "status", "code", "kind", "count", "seconds")
"""What a record of ours may carry beside its event, given as `extra`."""
_CHARS: Final = 80


class AllowedFields(logging.Formatter):
    """Formats a record; a record of ours has a fixed event as its message and no arguments."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.partition(".")[0] == OURS:
            said["event"] = _short(record.msg)
            given = record.__dict__
            said |= {name: _short(given[name]) for name in FIELDS if name in given}
        if record.exc_info is not None and record.exc_info[0] is not None:
            said["kind"] = record.exc_info[0].__name__
        return msgspec.json.encode(said).decode()


def _short(value: object) -> int | float | str:
    if isinstance(value, int | float):
        return value
    return "".join(c if c.isprintable() else "?" for c in str(value)[:_CHARS])


def speak(stream: TextIO) -> None:
    """Send every record to `stream`: ours from INFO, those of libraries from WARNING."""
    to_stream = logging.StreamHandler(stream)
    to_stream.setFormatter(AllowedFields())
    root = logging.getLogger()
    root.handlers[:] = [to_stream]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)
