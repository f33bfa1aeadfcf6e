"""The profile's encrypted store: opening, the faces it offers, closing (design §4, threats D1, D5, D6).

work.db is precious: any damage is StoreCorrupt, a copy is kept, nothing is deleted (`local_store.rescue`
saves what is readable). cache.db is disposable: damage, another page size, another format, a newer
schema, another profile or an older restore put it aside and a new one begins.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from dossier.clock import Clock, to_ms
from dossier.entropy import Entropy
from dossier.errors import StoreCorrupt, StoreError, TooNew, WrongKey
from local_store import bodies, compartments, op_ledger
from local_store.compartments import fact, put_fact
from local_store.connections import (
    PAGE_BYTES,
    Connection,
    damage,
    is_plain,
    key_text,
    open_reader,
    open_writer,
    translated,
)
from local_store.counted_days import counted_ms
from local_store.folder import StoreFolder
from local_store.keepsakes import LocalDrafts, LocalPacks, LocalSettings, Vault
from local_store.lanes import Failpoint, Readers, Writer
from local_store.lease import WHOLE, LeaseGate
from local_store.migrate import migrate, projection, steps
from local_store.outbox import LocalOutbox
from local_store.purge import Purge
from local_store.records import LocalRecordReader
from local_store.sync_store import LocalSyncStore

_PROFILE_BYTES: Final = 16
PLAIN: Final = "plain"
"""The detail of the refusal to open an unencrypted file."""
WORK: Final = "work"
"""The detail when the precious file is damaged."""


def _go_on(_step: str) -> None:
    """No failpoint."""


class LocalStore:
    """Both files open under one key. Faces: `sync`, `records`, `outbox`, `drafts`, `settings`, `vault`."""

    def __init__(
        self,
        folder: StoreFolder,
        key: bytearray,
        files: tuple[Writer, Writer],
        readers: Readers,
        purge: Purge,
        clock: Clock,
        lease: LeaseGate,
        *,
        rebuilt: bool,
    ) -> None:
        self._folder = folder
        self._key = key
        self._work, self._cache = files
        self._readers = readers
        self.sync = LocalSyncStore(self._cache, self._work, readers, purge, clock, lease)
        self.records = LocalRecordReader(readers, folder.disk_bytes, lease.least)
        self.outbox = LocalOutbox(self._work, readers)
        self.drafts = LocalDrafts(self._work)
        self.settings = LocalSettings(self._work)
        self.packs = LocalPacks(self._work)
        self.vault = Vault(self._work)
        self._lease = lease
        self.rebuilt = rebuilt
        """A cache that was doubted was put aside at this opening: everything is copied again."""

    @classmethod
    def open(
        cls,
        folder: Path,
        key: bytes,
        clock: Clock,
        entropy: Entropy,
        *,
        failpoint: Failpoint = _go_on,
    ) -> "LocalStore":
        """Open or make the store. Raises StoreLocked, WrongKey (nothing was touched), TooNew,
        StoreCorrupt (damaged work.db, or an unencrypted file in place), DiskFull, StoreError.
        """
        key_text(key)
        place = StoreFolder(folder, clock)
        place.prepare()
        place.acquire()
        try:
            try:
                return _Opening(place, key, clock, entropy, failpoint).open(cls)
            except StoreCorrupt as error:
                if error.detail in (PLAIN, WORK):
                    raise
                place.mark_doubt()
                return _Opening(place, key, clock, entropy, failpoint).open(cls)
        except BaseException:
            place.release()
            raise

    def is_narrowed(self) -> bool:
        """Is the lease over, so that not everything held is shown?"""
        return self._lease.least() != WHOLE

    def close(self) -> None:
        """Close every connection, forget the key, let another process in. Closing twice is harmless."""
        self._readers.close()
        self._cache.close()
        self._work.close()
        self._key[:] = bytes(len(self._key))
        self._folder.release()


class _Opening:
    """The steps of one opening, in order; what was opened is closed again if a later one fails."""

    def __init__(
        self,
        place: StoreFolder,
        key: bytes,
        clock: Clock,
        entropy: Entropy,
        failpoint: Failpoint,
    ) -> None:
        self._place = place
        self._key = bytearray(key)
        self._clock = clock
        self._entropy = entropy
        self._failpoint = failpoint
        self._open: list[Connection] = []
        self._rebuilt = False

    def open(self, kind: Callable[..., LocalStore]) -> LocalStore:
        """The whole way; closes again what it opened if a step fails."""
        try:
            return self._walk(kind)
        except BaseException:
            for connection in self._open:
                connection.close()
            self._key[:] = bytes(len(self._key))
            raise

    def _walk(self, kind: Callable[..., LocalStore]) -> LocalStore:
        place = self._place
        for path in (place.work, place.cache):
            if path.exists() and is_plain(path):
                raise StoreCorrupt(PLAIN)
        doubted = place.stopped_badly(place.work) or place.stopped_badly(place.cache)
        self._refuse_strange_cache()
        work = self._open_work(doubted=doubted)
        cache = self._open_cache(work, doubted=doubted)
        place.clear_doubt()
        files = (
            Writer("work", work, self._failpoint, place.mark_doubt),
            Writer("cache", cache, self._failpoint, place.mark_doubt),
        )
        with translated():
            lease = LeaseGate(work, self._clock)
        readers = Readers(partial(self._connect_reader, lease), place.mark_doubt)
        purge = Purge(
            files[1],
            files[0],
            readers,
            self._clock,
            self._entropy,
            self._failpoint,
            place.drop_quarantine,
        )
        self._settle(*files)
        purge.finish()
        store = kind(
            place, self._key, files, readers, purge, self._clock, lease, rebuilt=self._rebuilt
        )
        store.sync.index_texts()
        return store

    def _refuse_strange_cache(self) -> None:
        """Where work.db is missing, the cache says whether the key is right, before anything is made."""
        place = self._place
        if not (place.work.exists() and place.work.stat().st_size) and self._cache_opens() is False:
            raise WrongKey(place.cache.name)

    def _cache_opens(self) -> bool | None:
        """None: there is no cache to ask."""
        path = self._place.cache
        if not (path.exists() and path.stat().st_size):
            return None
        with suppress(StoreError):
            key = bytes(self._key)
            open_writer(path, key, page_bytes=PAGE_BYTES, synchronous="FULL").close()
            return True
        return False

    def _open_work(self, *, doubted: bool) -> Connection:
        place = self._place
        place.make(place.work)
        try:
            db = open_writer(place.work, bytes(self._key), page_bytes=None, synchronous="FULL")
            self._open.append(db)
            _refuse_damage(db, doubted=doubted)
            migrate(db, steps("work"))
            with translated():
                if fact(db, "profile") is None:
                    put_fact(db, "profile", self._entropy.bytes(_PROFILE_BYTES).hex())
                op_ledger.prune(db, counted_ms(db))
        except (WrongKey, StoreCorrupt) as error:
            if isinstance(error, WrongKey) and not self._cache_opens():
                raise
            place.keep_damaged(place.work)
            place.mark_doubt()
            raise StoreCorrupt(WORK) from error
        return db

    def _open_cache(self, work: Connection, *, doubted: bool) -> Connection:
        place = self._place
        db = None
        if not place.make(place.cache):
            db = self._believed_cache(work, doubted=doubted)
            if db is None:
                self._rebuilt = True
                place.drop_quarantine()
                place.put_aside(place.cache)
                place.make(place.cache)
        db = db or self._checked_cache(work, doubted=False)
        self._open.append(db)
        return db

    def _believed_cache(self, work: Connection, *, doubted: bool) -> Connection | None:
        """The cache there is, or None when there is any doubt about it."""
        try:
            return self._checked_cache(work, doubted=doubted)
        except (WrongKey, StoreCorrupt, TooNew):
            return None

    def _checked_cache(self, work: Connection, *, doubted: bool) -> Connection:
        db = open_writer(
            self._place.cache, bytes(self._key), page_bytes=PAGE_BYTES, synchronous="NORMAL"
        )
        try:
            _refuse_damage(db, doubted=doubted)
            fresh = migrate(db, steps("cache")) == len(steps("cache"))
            _refuse_stranger(db, work, fresh=fresh)
        except BaseException:
            db.close()
            raise
        return db

    def _settle(self, work: Writer, cache: Writer) -> None:
        """What a crash, or an old cache.db put back, left to do."""
        with work.alone() as db:
            erased = db.execute("SELECT owner, facet, term, generation FROM receipt").fetchall()
            acked = db.execute(
                "SELECT DISTINCT owner FROM op WHERE live = 1 AND state = 'acked'"
            ).fetchall()
        with cache.transaction() as db:
            for owner, facet, term, generation in erased:
                kept = compartments.find(db, owner, facet)
                if kept is not None and kept.term == term and kept.generation <= generation:
                    compartments.lose(db, kept)
            told = {
                owner: db.execute(
                    "SELECT s.rtype, c.id, c.restore, c.k FROM shelf AS s "
                    "JOIN confirmed AS c ON c.shelf = s.shelf WHERE s.owner = ?",
                    (owner,),
                ).fetchall()
                for (owner,) in acked
            }
        with work.transaction() as db:
            for owner, rows in told.items():
                op_ledger.seen(db, owner, rows)

    def _connect_reader(self, lease: LeaseGate) -> Connection:
        return open_reader(
            self._place.cache,
            self._place.work,
            bytes(self._key),
            {"now_ms": partial(_now_ms, self._clock), "least": lease.least},
            projection(),
        )


def _refuse_damage(db: Connection, *, doubted: bool) -> None:
    if doubted and damage(db):
        raise StoreCorrupt("checked")


def _refuse_stranger(cache: Connection, work: Connection, *, fresh: bool) -> None:
    """A cache of another profile, another format, or from before a restore is not believed."""
    with translated():
        profile, restore = fact(work, "profile") or "", fact(work, "restore") or "0"
        if fresh:
            put_fact(cache, "profile", profile)
            put_fact(cache, "format", bodies.FORMAT)
            put_fact(cache, "restore", restore)
            lost = work.execute("SELECT max(generation) FROM receipt").fetchone()[0]
            put_fact(cache, "generation", str(0 if lost is None else int(lost) + 1))
        elif (fact(cache, "profile"), fact(cache, "format")) != (profile, bodies.FORMAT) or int(
            fact(cache, "restore") or 0
        ) < int(restore):
            raise StoreCorrupt("stranger")


def _now_ms(clock: Clock) -> int:
    return to_ms(clock.now())
