"""A log record nobody announced is a failure: warnings are how a program says it is wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class LogFail(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.unexpected: list[str] = []
        self._expected: list[str] = []

    @contextmanager
    def expecting(self, *parts: str) -> Iterator[None]:
        """Records that contain one of `parts` are expected inside this block."""
        self._expected.extend(parts)
        try:
            yield
        finally:
            for part in parts:
                self._expected.remove(part)

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not any(part in text for part in self._expected):
            self.unexpected.append(f"{record.name}: {record.levelname}: {text}")

    def verify(self) -> None:
        assert not self.unexpected, "unexpected log records: " + " | ".join(self.unexpected)
