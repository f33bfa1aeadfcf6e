"""Composition root of the server: one folder, its stores and keys, every service, the ASGI application.

The only place where concrete classes of the server meet.
"""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from starlette.applications import Starlette

from dossier.access.matrix import MatrixPack
from dossier.access.policy import load_policy
from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import Refused
from dossier.fhir.validate import Validator
from dossier.sealing.passwords import DEFAULT
from dossier.sealing.stretching import Cost
from server.api.answers import OUTSIDE_ROUTES
from server.api.doors import Door, Doorkeeper, ways
from server.api.front import Front
from server.api.openapi import published
from server.api.session import SessionApi
from server.api.stretching import ThreadedPasswords
from server.api.sync import VERSION, SyncApi, Told
from server.engines import refuse_half
from server.folder import Folder, ServerFile
from server.operations.fitness import Fitness
from server.operations.metrics import Metrics
from server.operations.routes import OperatorApi
from server.operations.tls import Listener
from server.ports import KeyStore, Store
from server.services.access import Access
from server.services.accounts import Accounts
from server.services.addresses import Addresses
from server.services.attempts import Attempts
from server.services.changes import Changes
from server.services.closing import Closing
from server.services.consenting import Consenting
from server.services.copies import Copies
from server.services.credentials import Credentials
from server.services.deciding import Tools
from server.services.desktop_codes import DesktopCodes
from server.services.devices import Devices, Said
from server.services.directory import Directory
from server.services.due_closures import ClosedDue, DueClosures
from server.services.erasures import Erasures
from server.services.families import Families
from server.services.feed import Feed
from server.services.importing import Importer
from server.services.indexer import Indexer
from server.services.labels import Labels
from server.services.members import Members
from server.services.online_keys import OnlineKeys, open_online_keys
from server.services.orders import Orders
from server.services.passkeys import Passkeys
from server.services.passwords import InlinePasswords
from server.services.patients import Patients
from server.services.premises import open_premises
from server.services.pro_sante_connect import ProSanteConnect
from server.services.proofs import Proofs
from server.services.record import Records
from server.services.resealing import Resealing
from server.services.sequencer import Sequencer
from server.services.session import Sessions
from server.services.slips import Slips
from server.store.hints import LoopHintBoard
from server.web.pro_sante_connect import ProSanteConnectPages
from server.web.sign_in import SignInPages, site_at

_LOG = logging.getLogger("colloque.server")
_BEAT_S = 1.0
"""Effects with a date, and the rows of the journal without a commit's wake-up, are looked at this often."""

_GATHER_S = 0.02
"""Readers are told at once of a commit after a rest, of others together, this long after the last time."""

_LOG_S = 0.5
"""Rows of the journal are placed in the log together, at most this long after their commit."""

_CLOSURES_S = 3_600.0
"""What is due of closed records is done this often, and first soon after the start; old tries are forgotten then."""

_LAST_S = 3.0
"""What a stop may still settle; the rest is done at the next start."""


class House:
    """Everything of one server, opened from its folder. `await House.open(...)`, then `close`."""

    def __init__(
        self,
        told: ServerFile,
        store: Store,
        keys: KeyStore,
        online: OnlineKeys,
        fitness: Fitness,
        hints: LoopHintBoard,
    ) -> None:
        self.told, self.store, self.keys, self.online = told, store, keys, online
        self.fitness, self.hints = fitness, hints
        self.committed = asyncio.Event()
        self.on_keys: Callable[[OnlineKeys], None] = lambda _online: None
        """Told when the key list was read again."""
        self._settling = asyncio.Lock()
        self._stopping = False

    @classmethod
    async def open(
        cls, folder: Path, clock: Clock, entropy: Entropy, *, cost: Cost = DEFAULT
    ) -> "House":
        """Open what `init` made. Raises StoreError kin, KeychainError for ROOT, SealBroken."""
        files = Folder(folder)
        told = files.read_told()
        identity, listed = files.read_identity(told), files.read_key_list()
        engine = files.engine(told)
        await refuse_half(engine)
        keys = await engine.open_keys(files.provider(), clock, entropy)
        try:
            online = await open_online_keys(keys, identity, listed)
            store = await engine.open_store(clock, online.told.restore)
        except BaseException:
            await keys.close()
            raise
        fitness = Fitness(store, keys, clock, lambda: shutil.disk_usage(folder).free)
        house = cls(told, store, keys, online, fitness, engine.hint_board())
        try:
            await house.hints.open()
            await house.furnish(clock, entropy, cost, Validator())
        except BaseException:
            await house.close()
            raise
        return house

    async def furnish(
        self, clock: Clock, entropy: Entropy, cost: Cost, validator: Validator
    ) -> None:
        """Every service, over the stores this house was given. Raises SealBroken, StoreError kin."""
        pack, policy = MatrixPack.load(), load_policy()
        self.premises = await open_premises(self.store, self.keys, clock, entropy, pack, policy)
        self.access = Access(self.premises)
        self.accounts = Accounts(self.premises)
        self.directory = Directory(self.premises)
        self.members = Members(self.premises, self.directory)
        self.attempts = Attempts(self.premises)
        self.credentials = Credentials(
            self.premises,
            self.accounts,
            self.members,
            ThreadedPasswords(InlinePasswords(entropy, cost)),
            self.attempts,
        )
        self.consenting = Consenting(self.premises, self.access, self.accounts, self.members)
        self.tools = Tools(self.premises, self.access, self.consenting, validator.issues)
        self.copies = Copies(self.premises)
        self.patients = Patients(self.premises)
        self.importer = Importer(
            self.tools, self.directory, self.patients, self.accounts, self.members
        )
        self.labels = Labels(self.premises, self.access)
        self.records = Records(self.premises)
        self.sessions = Sessions(self.premises)
        self._furnish_doors()
        self.feed = Feed(self.premises, self.copies)
        self.changes = Changes(self.tools, self.copies, self._on_commit)
        self.resealing = Resealing(self.premises)
        self.closing = Closing(self.premises, self.access)
        self.due_closures = DueClosures(self.premises, self.closing, self.told.archive_key())
        self.indexer = Indexer(self.premises, self.access, self.hints)
        self.sequencer = Sequencer(
            self.premises, self.online.log, self.online.told.log, partial(asyncio.sleep, 0)
        )
        self.fitness.watch_log(self.sequencer.is_late)

    def _furnish_doors(self) -> None:
        """Who people and devices show themselves to be."""
        self.slips = Slips(self.premises)
        self.passkeys = Passkeys(self.premises, self.accounts, self.slips)
        self.codes = DesktopCodes(self.slips)
        self.proofs = Proofs(self.premises)
        self.devices = Devices(
            self.premises,
            self.accounts,
            self.members,
            self.credentials,
            self.codes,
            self.proofs,
            Said(self.told.name, self.online.identity),
        )
        self.families = Families(
            self.premises,
            self.members,
            self.credentials,
            self.devices,
            self.codes,
            Orders(self.premises, self.online.order),
            self.proofs,
        )
        self.erasures = Erasures(self.premises, self.devices, self.online.told.order)

    async def read_keys_again(self, listed: bytes) -> OnlineKeys:
        """A key list that was signed while we serve: other TLS keys, another authority. Raises StoreError
        kin, and Refused (`restart_needed`) when it replaces a key that services hold.
        """
        online = await open_online_keys(self.keys, self.online.identity, listed)
        if (online.log, online.order) != (self.online.log, self.online.order):
            raise Refused("restart_needed")
        return online

    def learn_keys(self, online: OnlineKeys) -> None:
        """Desktops are told of this list from now on."""
        self.online = online
        self.on_keys(online)

    def _on_commit(self, _owner: int) -> None:
        self.committed.set()

    async def tell(self) -> None:
        """Do every effect that is due."""
        async with self._settling, self.store.maintenance.settling():
            await self.indexer.drain()

    async def settle(self) -> None:
        """Do every effect that is due, replace the data keys that wait for it, place every waiting journal
        row; one at a time.
        """
        async with self._settling, self.store.maintenance.settling():
            await self.indexer.drain()
            await self.resealing.run()
            await self.sequencer.run()

    async def close_due(self) -> ClosedDue:
        """Archive and destroy what is due."""
        async with self._settling, self.store.maintenance.settling():
            return await self.due_closures.run()

    async def keep_settling(self) -> None:
        """The background task of `serve`: tell readers after each commit, extend the log a little later,
        look at both every second, and once more before the end.
        """
        clock = self.premises.clock
        rested = placed = closures_at = clock.monotonic()
        beat, is_last = _BEAT_S, False
        while not is_last:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.committed.wait(), beat)
            woken = self.committed.is_set()
            if woken and not self._stopping:
                await asyncio.sleep(rested + _GATHER_S - clock.monotonic())
            self.committed.clear()
            is_last = self._stopping
            is_time = is_last or not woken or clock.monotonic() - placed >= _LOG_S
            try:
                await clock.keep(self.keys, at_once=is_last)
                await (self.settle() if is_time else self.tell())
                if is_time and clock.monotonic() >= closures_at:
                    closures_at = clock.monotonic() + _CLOSURES_S
                    await self.close_due()
                    await self.attempts.forget()
            except Exception as error:  # noqa: BLE001 - one bad effect must not end the settling of all
                _LOG.error("effects_wait", extra={"kind": type(error).__name__})
            rested = clock.monotonic()
            placed = rested if is_time else placed
            beat = _BEAT_S if is_time else placed + _LOG_S - rested

    def stop_settling(self) -> None:
        """Let `keep_settling` settle once more and end."""
        self._stopping = True
        self.fitness.stop()
        self.committed.set()

    async def close(self) -> None:
        """Close the databases; what is owed is done at the next start."""
        await self.hints.end()
        await self.store.close()
        await self.keys.close()


def _tell_figures(house: House, metrics: Metrics) -> None:
    """What the operator's figures say of hints, alarms and the log."""
    log, raised = house.sequencer, house.indexer.volume.raised
    metrics.gauge("hint_readers", "Readers some desktop listens for.", lambda: house.hints.waiters)
    metrics.gauge("log_size", "Leaves of the journal's log.", lambda: log.size)
    metrics.gauge(
        "checkpoint_age_seconds",
        "Since this process last signed a checkpoint; without new rows none is signed.",
        lambda: log.signed_ago_s,
    )
    for kind in ("step_up", "blocked"):
        metrics.gauge(
            f"volume_{kind}_alarms",
            "Accounts that displayed too many records within an hour, since this process started.",
            partial(raised.__getitem__, kind),
        )


def _told(house: House, online: OnlineKeys, pages_at: str) -> Told:
    told = house.told
    serial, text = online.told.serial, online.text
    return Told(told.name, told.demonstration, online.identity, serial, text, pages_at)


def _doors(house: House, pages_at: str, provider: ProSanteConnect | None) -> list[Door]:
    """What desktops and browsers knock at."""
    sync = SyncApi(
        house.premises,
        house.sessions,
        house.feed,
        house.changes,
        house.hints,
        house.sequencer,
        _told(house, house.online, pages_at),
    )
    house.on_keys = lambda online: sync.tell(_told(house, online, pages_at))
    return [*_session(house).doors(), *sync.doors(), *_pages(house, pages_at, provider)]


def _pages(house: House, pages_at: str, provider: ProSanteConnect | None) -> list[Door]:
    """What browsers are shown; nothing where no origin is known."""
    if not pages_at:
        return []
    pages = SignInPages(
        house.accounts,
        house.credentials,
        house.passkeys,
        house.codes,
        house.slips,
        house.attempts,
        site_at(pages_at, house.told.name),
        has_provider=provider is not None,
    )
    doors = pages.doors()
    if provider is not None:
        doors += ProSanteConnectPages(provider, pages).doors()
    return doors


def _session(house: House) -> SessionApi:
    """The doors of people and devices."""
    return SessionApi(
        house.credentials, house.devices, house.families, house.proofs, house.erasures
    )


def build_app(
    house: House,
    ready: Callable[[], None] = lambda: None,
    operator_port: int | None = None,
    tls: Listener | None = None,
    pages_at: str = "http://localhost",
    provider: ProSanteConnect | None = None,
    reached_at: Sequence[str] = ("http://localhost",),
) -> Starlette:
    """The ASGI application; its lifespan runs the background task and closes the house. Requests that came
    in on `operator_port` may read figures and causes. `tls`: desktops are answered over it alone. Browsers
    reach us at the origin `pages_at`; without one there are no pages. `provider`: who else says who people are.
    Desktops reach us at the origins `reached_at`, and over TLS at the names of the certificate that is shown.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(house.keep_settling())
        _LOG.info("serving")
        ready()
        try:
            yield
        finally:
            house.stop_settling()
            with suppress(TimeoutError):
                await asyncio.wait_for(task, _LAST_S)
            await house.close()
            _LOG.info("stopped")

    keeper = Doorkeeper(
        house.sessions,
        house.slips,
        house.premises.clock,
        operator_port,
        Addresses(reached_at, lambda: tls.names if tls is not None else ()),
    )
    doors = _doors(house, pages_at, provider)
    metrics = Metrics()
    _tell_figures(house, metrics)
    if tls is not None:
        words = "Until the first certificate shown to desktops ends."
        metrics.gauge("certificate_seconds_left", words, lambda: tls.seconds_left)
    doors += OperatorApi(house.fitness, metrics, keeper).doors()
    doors.append(published(doors, house.told.name, VERSION))
    metrics.know(door.path for door in doors)
    routes = keeper.routes(doors)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=OUTSIDE_ROUTES)
    app.router.redirect_slashes = False
    app.middleware_stack = Front(
        app.build_middleware_stack(),
        ways(routes),
        house.premises.restore,
        house.premises.clock,
        metrics.answered,
        secure=tls is not None,
    )
    app.state.doors = tuple(doors)
    return app
