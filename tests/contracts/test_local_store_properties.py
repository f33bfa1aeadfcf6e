"""Laws of the sealed store over generated stories, against a model of a few lines."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import Head, Heads, Page, Row, Version
from local_store.store import LocalStore
from tests.contracts.local_store_practice import TERM, observation, opened

ANNE = 11
FACETS = ("tag-a", "tag-b", "tag-c")
IDS = ("r1", "r2", "r3", "r4")
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

feeds = st.dictionaries(
    st.sampled_from(FACETS),
    st.lists(st.dictionaries(st.sampled_from(IDS), st.tuples(st.integers(1, 9), st.booleans())), max_size=4),
)  # fmt: skip


def put(rid: str, k: int, facet: str) -> Row:
    return observation(rid, f"{facet} {rid} {k}", k=k)


def tombstone(rid: str, k: int) -> Row:
    return Row("Observation", rid, Version(0, k))


def begin(store: LocalStore, facets: tuple[str, ...] = FACETS) -> None:
    heads = tuple(
        Head(owner=ANNE, facet=facet, kind="patient", term=TERM, at="end") for facet in facets
    )
    store.sync.apply_heads(Heads(restore=0, v="v1", heads=heads))


def page_of(facet: str, n: int, rows: list[Row], *, replace: bool = False) -> Page:
    return Page(
        owner=ANNE, facet=facet, kind="page", term=TERM, since=f"p{n}" if n else "",
        to=f"p{n + 1}", more=False, replace=replace, rows=tuple(rows),
    )  # fmt: skip


def seen(store: LocalStore) -> dict[str, tuple[int, bytes]]:
    return {row.id: (row.version.k, row.body) for row in store.records.rows(ANNE)}


class Model:
    """What every feed says it holds, and the row that is shown."""

    def __init__(self) -> None:
        self.feeds: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
        self.place: dict[str, tuple[int, str]] = {}

    def apply(self, facet: str, rows: list[Row]) -> None:
        feed = self.feeds[facet]
        for row in rows:
            k, held = row.version.k, self.place.get(row.id)
            if row.body is None:
                if feed.get(row.id, 99) <= k:
                    del feed[row.id]
                    if held is not None and held[1] == facet:
                        del self.place[row.id]
            elif feed.get(row.id, 0) < k or (feed.get(row.id) == k and held is None):
                feed[row.id] = k
                if held is None or k >= held[0]:
                    self.place[row.id] = (k, facet)

    def digest(self, facet: str) -> str:
        total = sum(row_digest(rid, 0, k) for rid, k in self.feeds[facet].items())
        return f"{total % DIGEST_MODULUS:064x}"


@FEW
@given(told=feeds, order=st.randoms(use_true_random=False))
def test_any_feeds_in_any_order_give_what_the_model_gives(told: object, order: object) -> None:
    waiting = {facet: list(pages) for facet, pages in told.items()}  # type: ignore[attr-defined]
    model, done = Model(), dict.fromkeys(FACETS, 0)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        begin(store)
        while any(waiting.values()):
            facet = order.choice([f for f in waiting if waiting[f]])  # type: ignore[attr-defined]
            rows = [
                put(rid, k, facet) if alive else tombstone(rid, k)
                for rid, (k, alive) in waiting[facet].pop(0).items()
            ]
            page = page_of(facet, done[facet], rows)
            done[facet] += 1
            assert not store.sync.apply_page(page, 0).stale
            before = seen(store)
            assert store.sync.apply_page(page, 0).stale
            assert seen(store) == before
            model.apply(facet, rows)
            for each in FACETS:
                assert store.sync.digest(ANNE, each) == model.digest(each)
            expected = {rid: (k, put(rid, k, f).body) for rid, (k, f) in model.place.items()}
            assert before == expected
            held = {h.facet: h.rows for h in store.sync.held()}
            assert held == {f: len(feed) for f, feed in model.feeds.items()}


@FEW
@given(
    first=st.dictionaries(st.sampled_from(IDS), st.integers(1, 9), min_size=1),
    second=st.dictionaries(st.sampled_from(IDS), st.integers(1, 9)),
    cut=st.integers(0, 4),
)
def test_a_copy_taken_again_from_zero_is_the_new_set_wherever_it_is_cut(
    first: dict[str, int], second: dict[str, int], cut: int
) -> None:
    again = {rid: max(k, first.get(rid, 0)) for rid, k in second.items()}
    rows = [put(rid, k, "tag-a") for rid, k in again.items()]
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        begin(store, FACETS[:1])
        store.sync.apply_page(
            page_of("tag-a", 0, [put(r, k, "tag-a") for r, k in first.items()]), 0
        )
        store.sync.forget(ANNE, "tag-a")
        parts = (rows[:cut], rows[cut:])
        for n, part in enumerate(parts):
            page = Page(
                owner=ANNE, facet="tag-a", kind="page", term=TERM, since=f"p{n}" if n else "",
                to=f"p{n + 1}", more=n == 0, replace=n == 0, rows=tuple(part),
            )  # fmt: skip
            assert not store.sync.apply_page(page, 0).stale
        assert {rid: k for rid, (k, _) in seen(store).items()} == again
        total = sum(row_digest(rid, 0, k) for rid, k in again.items()) % DIGEST_MODULUS
        assert store.sync.digest(ANNE, "tag-a") == f"{total:064x}"
        ids = {hit.id for hit in store.records.search("tag", ANNE, 50)}
        assert ids == set(again)


@FEW
@given(moves=st.lists(st.tuples(st.sampled_from(FACETS), st.booleans()), min_size=1, max_size=6))
def test_a_row_that_moves_between_facets_is_shown_once_at_its_highest_version(
    moves: list[tuple[str, bool]],
) -> None:
    """Each move is a put in one facet and a tombstone of the same version in the one before."""
    done = dict.fromkeys(FACETS, 0)

    def tell(store: LocalStore, facet: str, row: Row) -> None:
        page = page_of(facet, done[facet], [row])
        done[facet] += 1
        assert not store.sync.apply_page(page, 0).stale

    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        begin(store)
        home, k = "tag-a", 1
        tell(store, home, put("r1", k, home))
        for target, put_first in moves:
            k += 1
            sides = [(target, put("r1", k, target))]
            if target != home:
                sides.insert(1 if put_first else 0, (home, tombstone("r1", k)))
            for facet, row in sides:
                tell(store, facet, row)
            home = target
            assert seen(store) == {"r1": (k, put("r1", k, home).body)}
        assert {h.facet: h.rows for h in store.sync.held()} == {f: int(f == home) for f in FACETS}
