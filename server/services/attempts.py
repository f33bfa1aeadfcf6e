"""Tries to prove who one is, counted by name and by address (security.md S10), where every process sees them.

One name from one address: five are free, then each waits twice as long, five minutes at most. One name from every
address it never signed in from: a hundred, then one every five seconds; so an outsider costs a person nothing where
they usually work, and seconds elsewhere. A name that is nobody's is counted alike. One address: forty wrong ones, then
one every two seconds. A device of a person stands for an address once it proved its key.

A try counts as wrong from its beginning, in one unit of work under the name, until it was right; what was wrong is
counted under its address as well. Rows outlive a restart and are dropped when they say nothing any more; they name
places by a keyed hash. A wait that is read is never longer than one that is given.
"""

from typing import Final, NamedTuple

from dossier.errors import Busy
from server.ports import AttemptRow, OwnerTx
from server.services.premises import Premises
from server.services.throttle import Throttle, network_of

FREE_TRIES: Final = 5
LONGEST_WAIT_S: Final = 300.0
ADDRESS_TRIES: Final = 40
SECONDS_AN_ADDRESS_TRY: Final = 2.0
STRANGER_TRIES: Final = 100
SECONDS_A_STRANGER_TRY: Final = 5.0
_LONGEST_MS: Final = int(LONGEST_WAIT_S * 1000)
_FORGOTTEN_MS: Final = 3_600_000
_USUAL_MS: Final = 180 * 86_400_000
"""A place is usual for half a year after the last sign-in from it."""
_USUAL: Final = 64
_BATCH: Final = 1_000


class Tried(NamedTuple):
    """One try that is under way: under which owner and place it counts, and the address ("" for a device)."""

    owner: int
    place: bytes
    is_usual: bool
    network: str


class _Bucket(NamedTuple):
    """`tries` at once, one more every `each_ms`: kept as the instant at which it is full again."""

    tries: int
    each_ms: int

    def wait_ms(self, full_ms: int, now_ms: int) -> int:
        """Until the next try; 0 when there is one."""
        owed = min(max(full_ms - now_ms, 0), 2 * self.tries * self.each_ms)
        return max(0, owed + self.each_ms - self.tries * self.each_ms)

    def spent(self, full_ms: int, now_ms: int) -> int:
        """When it is full again after one more try."""
        full_ms = min(max(full_ms, now_ms), now_ms + 2 * self.tries * self.each_ms)
        return full_ms + self.each_ms


_ADDRESS: Final = _Bucket(ADDRESS_TRIES, int(SECONDS_AN_ADDRESS_TRY * 1000))
_STRANGERS: Final = _Bucket(STRANGER_TRIES, int(SECONDS_A_STRANGER_TRY * 1000))


class Attempts:
    """Counts tries. A process lets no more of them in from one address at once than that address has."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._entering = Throttle(premises.clock, ADDRESS_TRIES, SECONDS_AN_ADDRESS_TRY)

    async def take(self, owner: int, address: str) -> Tried:
        """Before each try of this account, or name of nobody's. Raises Busy with the seconds to wait."""
        network = await self.enter(address)
        place = self._premises.blind.address(network).to_bytes(8, "big")
        try:
            return await self._counted(owner, place, network)
        except Busy:
            self._entering.give_back(network)
            raise

    async def take_on(self, account: int, device: str) -> Tried:
        """The same of a person at their own device, which proved its key."""
        place = self._premises.blind.device(device).to_bytes(8, "big")
        return await self._counted(account, place, "")

    async def succeeded(self, tx: OwnerTx, tried: Tried) -> None:
        """Inside a unit of work of its owner: the try was right. It cost nothing, and its place is a usual one."""
        now_ms = self._premises.now_ms
        if not tried.is_usual:
            strangers = await tx.attempts.lock()
            left_ms = strangers.until_ms - _STRANGERS.each_ms
            await tx.attempts.put(strangers._replace(until_ms=left_ms))
            usual = sorted(await tx.attempts.usual(), key=lambda row: row.kept_ms)
            for row in usual[: max(0, len(usual) - _USUAL + 1)]:
                await tx.attempts.drop(row.place)
        await tx.attempts.put(AttemptRow(tried.place, 0, 0, now_ms + _USUAL_MS, 1))
        if tried.network:
            self._entering.give_back(tried.network)

    async def failed(self, tried: Tried) -> None:
        """The try was wrong: its address has one less."""
        if tried.network:
            await self.spend(tried.network)

    async def enter(self, address: str) -> str:
        """Before a try that names nobody. Returns what counts as this address; raises Busy when it has none left."""
        network = network_of(address)
        row = await self._premises.store.read(self._bucket_of(network), _bucket)
        wait_ms = _ADDRESS.wait_ms(row.until_ms if row else 0, self._premises.now_ms)
        if wait_ms:
            raise Busy(wait_ms / 1000)
        self._entering.take(network)
        return network

    def left(self, network: str) -> None:
        """That try was right: it cost nothing."""
        self._entering.give_back(network)

    async def spend(self, network: str) -> None:
        """That try was wrong."""
        now_ms = self._premises.now_ms

        async def spend(tx: OwnerTx) -> None:
            row = await tx.attempts.lock()
            full_ms = _ADDRESS.spent(row.until_ms, now_ms)
            await tx.attempts.put(row._replace(until_ms=full_ms, kept_ms=full_ms))

        await self._premises.store.write(self._bucket_of(network), spend)

    async def forget(self) -> int:
        """Drop what says nothing any more; how many rows."""
        maintenance, now_ms, dropped = self._premises.store.maintenance, self._premises.now_ms, 0
        while found := await maintenance.forget_attempts(now_ms, _BATCH):
            dropped += found
        return dropped

    def _bucket_of(self, network: str) -> int:
        return self._premises.blind.address(network)

    async def _counted(self, owner: int, place: bytes, network: str) -> Tried:
        """One more wrong try of a name from a place; a usual place costs the same work as any other."""
        now_ms = self._premises.now_ms

        async def count(tx: OwnerTx) -> bool:
            strangers = await tx.attempts.lock()
            row = await tx.attempts.get(place) or AttemptRow(place, 0, now_ms, 0, 0)
            wait_ms = min(row.until_ms - now_ms, _LONGEST_MS)
            if wait_ms > 0:
                raise Busy(wait_ms / 1000)
            stranger_ms = _STRANGERS.wait_ms(strangers.until_ms, now_ms)
            if stranger_ms and not row.usual:
                raise Busy(stranger_ms / 1000)
            full_ms = _STRANGERS.spent(strangers.until_ms, now_ms)
            full_ms = strangers.until_ms if row.usual else full_ms
            await tx.attempts.put(strangers._replace(until_ms=full_ms, kept_ms=full_ms))
            wrong = 1 if now_ms - row.until_ms > _FORGOTTEN_MS else row.wrong + 1
            until_ms = now_ms + _wait_ms(wrong)
            kept_ms = max(row.kept_ms, until_ms + _FORGOTTEN_MS)
            await tx.attempts.put(row._replace(wrong=wrong, until_ms=until_ms, kept_ms=kept_ms))
            return bool(row.usual)

        is_usual = await self._premises.store.write(owner, count)
        return Tried(owner, place, is_usual, network)


def _wait_ms(wrong: int) -> int:
    """How long the next try waits after so many wrong ones in a row."""
    if wrong < FREE_TRIES:
        return 0
    return min(1000 << min(wrong - FREE_TRIES, 16), _LONGEST_MS)


async def _bucket(tx: OwnerTx) -> AttemptRow | None:
    return await tx.attempts.get(b"")
