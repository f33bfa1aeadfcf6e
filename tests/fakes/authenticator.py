"""The authenticators of everybody in the tests: one seed, and a code for each sign-in that was not used before."""

from dossier.clock import Clock
from dossier.sealing import totp

SEED = bytes(range(totp.SEED_BYTES))


class Authenticator:
    """Gives the codes of a clock: the one before, the present one, the next one; a fourth within 30 seconds is an
    error of the test.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: dict[str, int] = {}

    def code(self, login: str) -> str:
        """Six digits this person has not shown yet."""
        name = login.strip().casefold()
        here = totp.step_of(self._clock.now())
        step = max(self._used.get(name, 0) + 1, here - 1)
        assert step <= here + 1, f"no code left for {login} in this half minute"
        self._used[name] = step
        return totp.code_at(SEED, step)
