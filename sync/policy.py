"""Numbers and pure functions: how often, how much, how long to wait. Units are in the names."""

from collections import deque

from msgspec import Struct

from dossier.entropy import Entropy
from dossier.wire import limits


class Policy(Struct, frozen=True, kw_only=True):
    """Every knob of the engine; the defaults are the product's.

    `slice_s` is the time one page may take to apply; less than half of it is interpreter time (8 ms,
    DESIGN §4), the rest is SQLite with the interpreter free. A page much below `smallest_page_bytes` costs
    more in its exchange than it spares: benchmarks/README.md. `idle_s` is how often heads
    are asked when no hint comes, also while a long copy runs, so that revocations overtake it.
    `ops_bytes` leaves room below the server's limit for acknowledgements, receipts and punctuation.
    """

    ops_per_request: int = limits.OPS_PER_REQUEST
    ops_bytes: int = limits.OPS_BYTES * 3 // 4
    items_per_request: int = limits.ITEMS_PER_REQUEST
    page_bytes: int = limits.PAGE_BYTES
    smallest_page_bytes: int = 128 * 1024
    digest_items: int = 200
    slice_s: float = 0.020
    idle_s: float = 30.0
    acks_s: float = 20.0
    digests_s: float = 3600.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    aside_s: float = 900.0
    later_s: float = 5.0
    upgrade_s: float = 3600.0
    tries: int = 4
    """Failures of one op or compartment before it is set aside."""
    renew_s: float = 30.0
    """A token is renewed this long before its end."""
    skew_s: float = 300.0
    contact_s: float = 60.0
    line_silent_s: float = 40.0
    """A line of hints without a byte for so long is broken; the server is never silent above 25 s."""
    line_lived_s: float = 20.0
    """A line of hints that lasted so long was a good one: the next is opened without a growing wait."""


def backoff_s(policy: Policy, failures: int, entropy: Entropy, at_least_s: float = 0.0) -> float:
    """Wait before try `failures` + 1: doubling with jitter of one half, bounded, never below `at_least_s`."""
    roof = min(policy.longest_wait_s, policy.first_wait_s * 2.0 ** min(failures - 1, 16))
    share = int.from_bytes(entropy.bytes(2), "big") / 0xFFFF
    return max(roof * (0.5 + 0.5 * share), min(at_least_s, policy.aside_s))


class SliceSize:
    """Bytes of one page such that applying it stays within `slice_s`, from what pages really took.

    Rows and cursor of a page change in one transaction, so a page cannot be applied in parts: the only
    honest slice is a smaller page. Starts at a quarter of the largest page, follows the measured bytes
    per second (an average that forgets by halves), and stays between the two bounds.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rate: float | None = None
        self._bytes = max(policy.smallest_page_bytes, policy.page_bytes // 4)

    @property
    def bytes(self) -> int:
        """What one page may weigh now."""
        return self._bytes

    def measured(self, size: int, took_s: float) -> None:
        """A page of `size` bytes took `took_s` to apply. Tiny pages say nothing about the rate."""
        if size < self._policy.smallest_page_bytes // 4:
            return
        rate = size / max(took_s, 1e-6)
        self._rate = rate if self._rate is None else (self._rate + rate) / 2
        wanted = int(self._rate * self._policy.slice_s)
        largest, smallest = self._policy.page_bytes, self._policy.smallest_page_bytes
        self._bytes = max(smallest, min(largest, wanted, self._bytes * 2))


class BatchSize:
    """How many things one request carries: halved by a failure, doubled by a success, within bounds."""

    def __init__(self, largest: int) -> None:
        self._largest = max(1, largest)
        self._now = self._largest

    @property
    def now(self) -> int:
        """The present size."""
        return self._now

    def failed(self, sent: int) -> None:
        """A request with `sent` things failed."""
        self._now = max(1, min(self._now, sent) // 2)

    def succeeded(self) -> None:
        """A request was answered."""
        self._now = min(self._largest, self._now * 2)

    def cap(self, largest: int) -> None:
        """The server allows fewer."""
        self._largest = max(1, min(self._largest, largest))
        self._now = min(self._now, self._largest)


class TimeLeft:
    """Seconds left; None under 5 s of observation or while nothing moves.

    The rate is that of the last 10 s, and the predicted end follows it with a time constant of 10 s, so that
    bursts do not make the figure jump.
    """

    SMOOTH_S = 10.0
    FIRST_S = 5.0

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._began_s = 0.0
        self._end_s: float | None = None

    def clear(self) -> None:
        """Nothing is being fetched."""
        self._seen.clear()
        self._end_s = None

    def observe(self, now_s: float, done: int, left: int) -> float | None:
        """`done` units are here and `left` are not, at monotonic `now_s`."""
        if not self._seen:
            self._began_s = now_s
        last_s = self._seen[-1][0] if self._seen else now_s
        self._seen.append((now_s, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now_s - self.SMOOTH_S:
            self._seen.popleft()
        first_s, first = self._seen[0]
        if now_s - self._began_s < self.FIRST_S or done <= first:
            return None if self._end_s is None else max(0.0, self._end_s - now_s)
        end_s = now_s + left * (now_s - first_s) / (done - first)
        if self._end_s is None:
            self._end_s = end_s
        else:
            weight = min(1.0, (now_s - last_s) / self.SMOOTH_S)
            self._end_s += weight * (end_s - self._end_s)
        return max(0.0, self._end_s - now_s)
