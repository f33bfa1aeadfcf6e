"""When a lane may be used again, and what is left aside so that the rest goes on."""

from collections.abc import Hashable
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

from sync.states import Trouble

K = TypeVar("K", bound=Hashable)


class Lane:
    """Closed until an instant after a failure; counts failures in a row. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.failures = 0
        self.until_s = 0.0
        self.trouble: Trouble | None = None

    def is_open(self, now_s: float) -> bool:
        """True when it may be tried."""
        return now_s >= self.until_s

    def wait_s(self, now_s: float) -> float:
        """Seconds until it may be tried."""
        return max(0.0, self.until_s - now_s)

    def not_before(self, due_s: float) -> float:
        """The later of `due_s` and its opening."""
        return max(due_s, self.until_s)

    def hold(self, until_s: float, trouble: Trouble | None) -> None:
        """It failed: closed until then."""
        self.failures += 1
        self.until_s, self.trouble = until_s, trouble

    def clear(self) -> None:
        """It worked, or a person wants it tried."""
        self.failures = 0
        self.until_s, self.trouble = 0.0, None


class SetAside(Generic[K]):
    """Things that failed again and again wait long, so that the others go on."""

    def __init__(self, tries: int, aside_s: float) -> None:
        self._tries, self._aside_s = tries, aside_s
        self._failures: dict[K, int] = {}
        self._until: dict[K, float] = {}

    def __len__(self) -> int:
        return sum(1 for count in self._failures.values() if count >= self._tries)

    def failed(self, key: K, now_s: float) -> None:
        """It failed once more."""
        self._failures[key] = self._failures.get(key, 0) + 1
        if self._failures[key] >= self._tries:
            self._until[key] = now_s + self._aside_s

    def wait(self, key: K, until_s: float) -> None:
        """Not before then, without counting it as a failure."""
        self._until[key] = until_s

    def worked(self, key: K) -> None:
        """It went well: its failures are forgotten."""
        self._failures.pop(key, None)

    def clear(self) -> None:
        """Everything is tried again."""
        self._failures.clear()
        self._until.clear()

    def waiting(self, now_s: float) -> AbstractSet[K]:
        """What must not be tried at `now_s`."""
        for key in [key for key, until_s in self._until.items() if until_s <= now_s]:
            del self._until[key]
        return self._until.keys()

    def first_due_s(self, otherwise_s: float) -> float:
        """When the first of them may be tried."""
        return min([otherwise_s, *self._until.values()])
