"""A clock that only moves when told."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """`now` and `monotonic` advance together; `jump` moves the wall clock alone, as a person can."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) -> None:
        self._now, self._monotonic = start, 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
