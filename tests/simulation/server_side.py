"""The server of the simulation: the real services over the memory store, one request at a time or many.

A request is a task that the scheduler advances: before each unit of work of its store it stops, so that
other requests, acts and effects come between two units as they do on a server with many connections.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from dossier.clock import to_ms, to_wire
from dossier.errors import BadAnswer, Busy, DossierError, Refused, SignInNeeded, StoreError
from dossier.wire import limits
from dossier.wire.messages import Capabilities, ChangesRequest, CompartmentRef, TermsRequest
from dossier.wire.sessions import ChallengeRequest
from server.ports import CopyRow, NarrowRow, OwnerTx, Store
from server.services import bodies
from server.services.addresses import Addresses
from server.services.proofs import Presented
from server.services.steady import SteadyClock
from server.store.memory import MemoryStore, Snapshot
from sync.exchanges import (
    AskCapabilities,
    AskChallenge,
    AskChanges,
    AskDigests,
    AskHeads,
    AskTerms,
    AskToken,
    Exchange,
    Reply,
    SendOps,
)
from tests.fakes.server_room import MONDAY, ServerRoom
from tests.simulation import ports
from tests.simulation.ports import ADDRESS, Name
from tests.simulation.remembered import under_restore

T = TypeVar("T")


class Pause:
    """A point where something else may run."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class PausingStore:
    """A store that stops before each unit of work while `pausing`."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.pausing = False

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        if self.pausing:
            await Pause()
        return await self.inner.write(owner, work)

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        return [await self.write(owner, work) for owner, work in works]

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        if self.pausing:
            await Pause()
        return await self.inner.read(owner, work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Task:
    """One request on the server. `advance` runs it to its next pause; True once `outcome` is there."""

    def __init__(self, store: PausingStore, work: Awaitable[Reply]) -> None:
        self._store = store
        self._steps = work.__await__()
        self.outcome: Reply | DossierError = None

    def advance(self) -> bool:
        self._store.pausing = True
        try:
            next(self._steps)
        except StopIteration as end:
            self.outcome = end.value
            return True
        except DossierError as error:
            self.outcome = as_answered(error)
            return True
        finally:
            self._store.pausing = False
        return False

    def truncated(self, _draw: Random) -> DossierError:
        return BadAnswer("truncated")

    def abandon(self) -> None:
        """The server died here: units already committed stay."""
        self._steps.close()


class MemoryRows:
    """The rows of a memory store."""

    def __init__(self, room: ServerRoom) -> None:
        self._room = room
        self._store: MemoryStore = room.store.inner

    def kinds(self) -> Mapping[int, str]:
        owners = self._store._owners.items()
        return {owner: state.owner[None].kind for owner, state in owners if state.owner}

    def present(self) -> dict[Name, tuple[int, int]]:
        return {
            (owner, *name): (row.version.restore, row.version.k)
            for owner, state in self._store._owners.items()
            for name, row in state.resources.items()
        }

    def bodies(self, owner: int, rtype: str, rid: str) -> dict[int, bytes]:
        state = self._store._owners[owner]
        row = state.resources[rtype, rid]
        cells = {row.version.k: (bodies.place_of(owner, row), row.cell)}
        for past in state.history.values():
            if (past.rtype, past.id) == (rtype, rid):
                cells[past.version.k] = (bodies.past_place(owner, past), past.cell)
        sealer = self._room.premises.sealer
        return {
            k: bodies.unpack(self._room.run(sealer.open(place, cell))).resource
            for k, (place, cell) in cells.items()
        }

    def copies(self, account: int, device: str) -> Iterable[CopyRow]:
        rows = self._store._owners[account].copies.values()
        return [row for row in rows if row.device == device]

    def drop_tombstones(self, owner: int) -> None:
        self._store._owners.own(owner).tombstones.clear()


class InProcessServer:
    """The services, without HTTP, over the memory store."""

    def __init__(self, room: ServerRoom) -> None:
        self.room, self.rows = room, MemoryRows(room)
        self.changes, self.feed, self.sessions = room.changes, room.feed, room.sessions
        self._narrowed: dict[int, dict[str, NarrowRow]] | None = None

    def snapshot(self) -> Snapshot:
        found: Snapshot = self.room.store.inner.snapshot()
        return found

    def rewind(self, snapshot: Snapshot, seed: int) -> None:
        room = self.room
        self.go_back(snapshot, 0)
        room.entropy._random.seed(seed)  # type: ignore[attr-defined]
        room.clock.instant, room.clock.wrong_by = MONDAY, timedelta()
        room.run(room.keys.time.take_back(0))
        kept = room.keys._narrow if self._narrowed is None else self._narrowed
        self._narrowed = {owner: dict(rows) for owner, rows in kept.items()}
        room.keys._narrow.clear()
        room.keys._narrow.update({owner: dict(rows) for owner, rows in kept.items()})
        self._start_clock()

    def go_back(self, snapshot: Snapshot, restore: int) -> None:
        room = self.room
        room.store.inner.restore(snapshot, restore=restore)
        under_restore(room.premises, restore)
        self.changes, self.feed, self.sessions = room.changes, room.feed, room.sessions

    def faults(self) -> list[str]:
        return []

    def sequence(self) -> None:
        """The log is level 2's."""

    def replace_key(self, kind: str) -> None:
        """Nothing is signed here."""

    def die(self, running: Sequence[ports.Task], _draw: Random) -> None:
        """What lived in memory only is gone."""
        for task in running:
            task.abandon()
        self._start_clock()

    def beat(self) -> None:
        self.room.run(self.room.premises.clock.keep(self.room.keys))

    def _start_clock(self) -> None:
        """As at the start of a program: the latest instant kept, no other memory."""
        room = self.room
        reached_ms = room.run(room.keys.time.reach(to_ms(room.clock.now())))
        object.__setattr__(room.premises, "clock", SteadyClock(room.clock, reached_ms))

    def start(self, exchange: Exchange, token: str) -> Task:
        return Task(self.room.store, self._serve(exchange, token))

    async def _serve(self, exchange: Exchange, token: str) -> Reply:  # noqa: PLR0911 - a table
        room = self.room
        match exchange:
            case AskCapabilities():
                return self._capabilities()
            case AskChallenge(device):
                return room.proofs.challenge(ChallengeRequest(device=device))
            case AskToken(request, proof):
                shown = Presented(proof, "POST", limits.TOKEN_PATH, Addresses((ADDRESS,)))
                return await room.families.token(request, shown)
            case SendOps(request):
                ended = await self.sessions.resolve_ended(token)
                return await self.changes.push(ended, request)
        session = await self.sessions.resolve(token)
        match exchange:
            case AskHeads(since):
                return await self.feed.heads(session, since)
            case AskChanges(wants, _, max_bytes):
                asked = ChangesRequest(items=wants, max_bytes=max_bytes)
                return await self.feed.changes(session, asked)
            case AskTerms(items):
                return await self.feed.terms(session, _refs(items))
            case AskDigests(items):
                return await self.feed.digests(session, _refs(items))

    def _capabilities(self) -> Capabilities:
        premises = self.room.premises
        return Capabilities(
            protocols=(limits.PROTOCOL,),
            server="simulated",
            name="simulated",
            restore=premises.restore,
            now=to_wire(premises.clock.now()),
            demonstration=True,
            limits={},
        )


def as_answered(error: DossierError) -> DossierError:
    """What a client is told of an error of the services."""
    if isinstance(error, Refused):
        anew = error.code in ("invalid_dpop_proof", "use_dpop_nonce")
        return SignInNeeded() if anew else error
    if isinstance(error, StoreError):
        return Busy()
    return Refused(error.key.removeprefix("error."))


def _refs(items: tuple[tuple[int, str], ...]) -> TermsRequest:
    return TermsRequest(items=tuple(CompartmentRef(owner=o, facet=f) for o, f in items))


def make_room(store: Store | None = None, **more: Any) -> ServerRoom:
    """A server room over a store that can pause."""
    return ServerRoom(store=PausingStore(store or MemoryStore()), **more)  # type: ignore[arg-type]
