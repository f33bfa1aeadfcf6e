"""What the server does, in numbers, as Prometheus text. No person, patient, account or address is a label.

The registry is given, never the library's global one, so that two servers in one process count apart.
"""

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS: Final = frozenset(("GET", "POST", "HEAD"))


class Metrics:
    """Counts requests; reads gauges when asked. One per server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._routes: frozenset[str] = frozenset()
        self._kept: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "colloque_requests",
            "Answered requests.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "colloque_request_seconds",
            "From the first byte of a request to the first of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def know(self, paths: Iterable[str]) -> None:
        """The addresses that are counted by name."""
        self._routes = frozenset(paths)

    def gauge(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """A number read at each scrape: lines open, effects owed, bytes free."""
        Gauge(f"colloque_{name}", help_text, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        """Everything counted so far."""
        return generate_latest(self._registry)

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """One answer began. An address or a method that is not ours is `other`: labels stay few."""
        route = path if path in self._routes else "other"
        verb = method if method in _METHODS else "other"
        kept = self._kept.get((route, verb, status))
        if kept is None:
            kept = self._kept[route, verb, status] = (
                self._requests.labels(route, verb, str(status)),
                self._seconds.labels(route),
            )
        kept[0].inc()
        kept[1].observe(seconds)
