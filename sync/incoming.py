"""The incoming lane: heads, rights still held, pages in order, digests.

Rows and cursor move together in the store (compare-and-set); this lane decides what to ask, refuses an
answer that was not asked for before anything is applied, and keeps the copy's ledger. Nothing here is
durable: a new process asks heads, then the terms of everything held, and goes on from the cursors.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from dossier.clock import Clock, to_wire
from dossier.errors import BadAnswer, Busy, DossierError, Unreachable
from dossier.wire.messages import DigestsReply, Head, Heads, Page, Pages, TermsReply, Want
from sync.exchanges import AskChanges, AskDigests, AskHeads, AskTerms
from sync.lane import SetAside
from sync.ledger import Ledger, is_done, key_of
from sync.policy import BatchSize, Policy, SliceSize
from sync.ports import Held, Key, SyncStore
from sync.their_clock import TheirClock

Asking = AskHeads | AskTerms | AskChanges | AskDigests
Touched = dict[int, frozenset[str]]

ALL: frozenset[str] = frozenset()
"""In `Touched`: everything of the owner may have changed."""


class Incoming:
    """Decides what to fetch and what an answer means. All times are monotonic seconds."""

    def __init__(self, store: SyncStore, clock: Clock, policy: Policy) -> None:
        self._store, self._clock, self._policy = store, clock, policy
        self._theirs = TheirClock(clock)
        self.ledger = Ledger()
        self.slices = SliceSize(policy)
        self.retaken = 0
        self._items = BatchSize(policy.items_per_request)
        self._terms: dict[Key, None] = {}
        self._digests: deque[Key] = deque()
        self._heads_due_s = self._digests_due_s = 0.0
        self._aside: SetAside[Key] = SetAside(policy.tries, policy.aside_s)

    @property
    def set_aside(self) -> int:
        """Compartments tried more rarely after repeated failures."""
        return len(self._aside)

    def begin_session(self, now_s: float, server_now: str = "") -> None:
        """A session starts: everything held is asked again, heads first, digests once all is quiet."""
        self._theirs.learn(server_now)
        self.ledger = self.ledger.reloaded(self._store.held())
        self._terms = dict.fromkeys(
            key_of(held) for held in self.ledger.all() if held.at != "" or held.rows > 0
        )
        self._digests.clear()
        self._heads_due_s = self._digests_due_s = now_s
        self._aside.clear()

    def allow(self, items_per_request: int | None) -> None:
        """The server's own limit, where it is lower."""
        self._items.cap(items_per_request or self._policy.items_per_request)

    def hint(self, now_s: float) -> None:
        """Something moved: ask heads at once."""
        self._heads_due_s = min(self._heads_due_s, now_s)

    def retry(self, now_s: float) -> None:
        """A person asked: what was set aside is tried at once."""
        self._aside.clear()
        self.hint(now_s)

    def next(self, now_s: float) -> Asking | None:
        """The next question, or None when there is nothing to ask at `now_s`."""
        if now_s >= self._heads_due_s:
            self._ask_ends_again()
            return AskHeads(self._store.heads_v())
        if self._terms:
            return AskTerms(tuple(list(self._terms)[: self._items.now]))
        changes = self._changes(now_s)
        if changes is not None:
            return changes
        return self._digest_batch(now_s)

    def wait_until_s(self) -> float:
        """When something is due next, while nothing is to be asked now."""
        return self._aside.first_due_s(min(self._heads_due_s, self._digests_due_s))

    # --- answers -------------------------------------------------------------------------------------

    def settle_heads(self, asked: AskHeads, reply: Heads | None, now_s: float) -> Touched:
        """Record what moved; purges happen in the store before this returns."""
        if reply is not None and self._store.heads_v() != asked.since:
            return self._reread(None)
        self._heads_due_s = now_s + self._policy.idle_s
        if reply is None:
            return {}
        self._store.apply_heads(self._theirs.heads(reply))
        told = [(head.owner, head.facet) for head in reply.heads]
        touched = self._reread(None if reply.recheck else told)
        self._terms.update(dict.fromkeys(self.ledger.of_owners(reply.recheck)))
        return touched

    def settle_terms(self, asked: AskTerms, reply: TermsReply) -> Touched:
        """Purge what may not be read any more; what the answer leaves out is not readable either."""
        items = set(asked.items)
        told = map(self._theirs.head, reply.heads)
        heads = {(h.owner, h.facet): h for h in told if (h.owner, h.facet) in items}
        if not heads:
            raise BadAnswer("no_terms")
        self._store.apply_terms(asked.items, list(heads.values()))
        for key in asked.items:
            self._terms.pop(key, None)
        return self._reread(asked.items)

    def settle_changes(self, asked: AskChanges, reply: Pages, now_s: float) -> Touched:
        """Apply the pages, small ones together, after all of them were found to be asked for."""
        held = {key_of(one): one for one in asked.held}
        refuse_unasked(held, reply.pages)
        touched: Touched = {}
        for group in _slices(reply.pages, self.slices.bytes):
            began_s = self._clock.monotonic()
            try:
                with self._together(group):
                    for page in group:
                        key = (page.owner, page.facet)
                        held[key] = self._apply(page, held[key], now_s, touched)
            except DossierError:
                self._reread(None)  # nothing of the slice was kept
                raise
            self.slices.measured(_weight(group), self._clock.monotonic() - began_s)
        self._items.succeeded()
        return touched

    def _together(self, group: Sequence[Page]) -> AbstractContextManager[None]:
        if len(group) == 1:
            return nullcontext()
        return self._store.together({page.owner for page in group})

    def settle_digests(self, asked: AskDigests, reply: DigestsReply) -> None:
        """Compare at equal positions; a copy that differs is taken again from zero."""
        given = {(d.owner, d.facet): d for d in reply.digests}
        for key in asked.items:
            theirs, ours = given.get(key), self._store.held_one(*key)
            if theirs is None or ours is None or not is_done(ours) or theirs.at != ours.at:
                continue
            if theirs.digest != self._store.digest(*key):
                self._take_again(key)

    def failed(self, asked: Asking, error: DossierError, now_s: float) -> None:
        """Ask for less; a lone compartment that fails again and again is set aside, the others go on."""
        if not isinstance(asked, AskChanges) or isinstance(error, Busy | Unreachable):
            return
        self._items.failed(len(asked.wants))
        if len(asked.wants) == 1:
            self._aside.failed((asked.wants[0].owner, asked.wants[0].facet), now_s)

    def end(self, now_s: float) -> Touched:
        """The situation is over: purge everything held under it."""
        held = list(self.ledger.all()) or list(self._store.held())
        for start in range(0, len(held), self._policy.items_per_request):
            batch = held[start : start + self._policy.items_per_request]
            heads = [Head(owner=h.owner, facet=h.facet, kind=h.kind, gone=True) for h in batch]
            self._store.apply_terms([key_of(h) for h in batch], heads)
        self._terms.clear()
        self._digests.clear()
        self._heads_due_s = now_s + self._policy.aside_s
        return self._reread(None)

    # --- questions -----------------------------------------------------------------------------------

    def _changes(self, now_s: float) -> AskChanges | None:
        """Small compartments share one large answer; one larger than a slice is asked alone, in slices."""
        aside = self._aside.waiting(now_s)
        chosen: list[Held] = []
        weight = 0
        for held in self.ledger.needing():
            if key_of(held) in aside:
                continue
            size = self._still(held)
            if size > self.slices.bytes:
                if not chosen:
                    return self._ask([held], self.slices.bytes)
                break
            chosen.append(held)
            weight += size
            if len(chosen) >= self._items.now or weight >= self._policy.page_bytes:
                break
        return self._ask(chosen, self._policy.page_bytes) if chosen else None

    @staticmethod
    def _ask(chosen: Sequence[Held], max_bytes: int) -> AskChanges:
        wants = tuple(Want(owner=h.owner, facet=h.facet, term=h.term, since=h.at) for h in chosen)
        return AskChanges(wants, tuple(chosen), max_bytes)

    @staticmethod
    def _still(held: Held) -> int:
        """Bytes still expected: the share of rows not here; a moved complete copy moved a little."""
        if held.complete or held.rows_wanted <= 0:
            return 0
        left = max(0, held.rows_wanted - held.rows)
        return held.size_wanted * left // held.rows_wanted

    def _ask_ends_again(self) -> None:
        """A right with an end that has come may live on; once a clock was set, every end stands wrong."""
        now, jumped = to_wire(self._clock.now()), self._theirs.has_jumped()
        for held in self.ledger.all():
            if held.until is not None and (jumped or held.until <= now):
                self._terms[key_of(held)] = None

    def _digest_batch(self, now_s: float) -> AskDigests | None:
        if now_s >= self._digests_due_s:
            self._digests_due_s = now_s + self._policy.digests_s
            self._digests.extend(key_of(held) for held in self.ledger.all())
        items: list[Key] = []
        while self._digests and len(items) < min(self._policy.digest_items, self._items.now):
            key = self._digests.popleft()
            held = self.ledger.get(key)
            if held is not None and is_done(held):
                items.append(key)
        return AskDigests(tuple(items)) if items else None

    # --- pieces --------------------------------------------------------------------------------------

    def _apply(self, page: Page, asked: Held, now_s: float, touched: Touched) -> Held:
        """Apply one page; returns the compartment as the next page of this answer must find it."""
        key = (page.owner, page.facet)
        if page.kind == "page" and page.since == "" and asked.at != "":
            asked = self._given_up(asked)
        applied = self._store.apply_page(page, asked.generation)
        merge(touched, applied.touched)
        merge(touched, self._reread([key]))
        if page.kind == "gone":
            self._terms[key] = None
        elif applied.stale:
            self._aside.failed(key, now_s)
        elif not applied.digest_ok:
            self._take_again(key)
            self._aside.failed(key, now_s)
        elif not page.more:
            self._aside.worked(key)
        return self.ledger.get(key) or asked if not applied.stale else asked

    def _given_up(self, asked: Held) -> Held:
        """The server starts over where a position was asked: give it up, if it is still the one asked."""
        key = key_of(asked)
        now = self._store.held_one(*key)
        if now is None or (now.generation, now.term, now.at) != (
            asked.generation,
            asked.term,
            asked.at,
        ):
            return asked
        self._store.forget(*key)
        self._reread([key])
        return self.ledger.get(key) or asked

    def _take_again(self, key: Key) -> None:
        self.retaken += 1
        self._store.forget(*key)
        self._reread([key])

    def _reread(self, keys: Sequence[Key] | None) -> Touched:
        """Bring the ledger up to date, wholly for None; returns the owners of which something was purged."""
        if keys is None or len(keys) > len(self.ledger) // 4 + 16:
            before = self.ledger
            self.ledger = before.reloaded(self._store.held())
            return dict.fromkeys(self.ledger.purged_since(before), ALL)
        purged: Touched = {}
        for key in keys:
            before_one, now = self.ledger.get(key), self._store.held_one(*key)
            if now is None:
                self.ledger.drop(key)
            else:
                self.ledger.put(now)
            if before_one is not None and (now is None or now.generation != before_one.generation):
                purged[key[0]] = ALL
        return purged


def merge(touched: Touched, more: Mapping[int, frozenset[str]]) -> None:
    """Add `more` to `touched`; everything of an owner stays everything."""
    for owner, rtypes in more.items():
        before = touched.get(owner, rtypes)
        touched[owner] = ALL if ALL in (before, rtypes) else before | rtypes


def _weight(pages: Sequence[Page]) -> int:
    return sum(len(row.body) for page in pages for row in page.rows if row.body is not None)


def _slices(pages: Sequence[Page], size: int) -> Iterator[list[Page]]:
    """Neighbours up to `size` bytes, so that many small compartments cost one commit and no slice grows.
    A `gone` stands alone: it erases.
    """
    group: list[Page] = []
    left = size
    for page in pages:
        weight = _weight([page])
        if group and (weight > left or page.kind == "gone"):
            yield group
            group, left = [], size
        group.append(page)
        left = 0 if page.kind == "gone" else left - weight
        if left <= 0:
            yield group
            group, left = [], size
    if group:
        yield group


def refuse_unasked(held: Mapping[Key, Held], pages: Sequence[Page]) -> None:
    """Raise BadAnswer unless every page continues what was asked, and something was answered."""
    if not pages:
        raise BadAnswer("no_page")
    since = {key: one.at for key, one in held.items()}
    for page in pages:
        key = (page.owner, page.facet)
        if key not in since:
            raise BadAnswer("unasked_page")
        if page.kind == "gone":
            continue
        starts_over = page.replace and page.since == ""
        if page.term != held[key].term or (page.since != since[key] and not starts_over):
            raise BadAnswer("unasked_position")
        if page.more and page.to == page.since:
            raise BadAnswer("no_progress")
        since[key] = page.to
