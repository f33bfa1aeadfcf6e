"""The only reader of time.

Instants are aware UTC datetimes (design law 7); milliseconds since 1970 where a number is stored.
A client clock orders nothing: the server's positions do.
"""

from datetime import UTC, datetime
from time import monotonic
from typing import Protocol


class Clock(Protocol):
    """A source of time that the composition root passes in; tests and the simulator pass their own."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary origin that never go back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place

    def monotonic(self) -> float:
        return monotonic()


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant."""
    return int(instant.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of `ms` milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_wire(instant: datetime) -> str:
    """The RFC 3339 form we write everywhere: UTC, milliseconds, `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_wire(text: str) -> datetime:
    """Parse `to_wire`; raises ValueError on anything that is not an aware instant of the years 1 to 9999."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its offset")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such instant in UTC") from error
