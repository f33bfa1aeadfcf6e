"""A process that lives one story on a profile and is killed (SIGKILL) at its n-th durable step.

Usage: python -m tests.security.profile_child FOLDER N
Each line on standard output is a fact that was durable before the line was written.
"""

import os
import signal
import sys
from pathlib import Path

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.wire.messages import Head, Heads, Page, Verdict, Version
from local_store.store import LocalStore
from tests.contracts.local_store_practice import CLINICAL, KEY, TERM, create, observation, patient

ANNE = 11
FACETS = ("tag-identity", CLINICAL, "tag-other")


class KillAt:
    """Ends this process without any clean-up."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, _name: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def live(store: LocalStore) -> None:
    """The story; each step may be repeated."""
    sync, outbox = store.sync, store.outbox
    known = {op.id for op in outbox.pending()}
    for n in range(3):
        row = observation(f"mine{n}", "écrit")
        if f"mine{n}" not in known:
            outbox.put(create(n, ANNE, row), shows=row.body or b"")
        say(f"put {n}")
    if sync.heads_v() == "":
        heads = tuple(
            Head(owner=ANNE, facet=facet, kind="patient", term=TERM, at="p2", rows=3)
            for facet in FACETS
        )
        sync.apply_heads(Heads(restore=0, v="v1", heads=heads))
    say("heads")
    for facet in FACETS:
        for n, (since, to) in enumerate((("", "p1"), ("p1", "p2"))):
            held = sync.held_one(ANNE, facet)
            if held is None or held.at != since:
                continue
            rows = [observation(f"{facet}-{n}-{m}", f"canari {facet}") for m in range(3)]
            if facet == "tag-identity" and n == 0:
                rows.append(patient(ANNE, "Dupont", "Anne", "1958-07-14"))
            page = Page(
                owner=ANNE, facet=facet, kind="page", term=TERM, since=since, to=to,
                more=to == "p1", replace=since == "", rows=tuple(rows),
            )  # fmt: skip
            sync.apply_page(page, held.generation)
        say(f"page {facet}")
    ops = sync.next_ops(9, 99_999)
    sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 9)) for op in ops])
    say("verdicts")
    gone = Head(owner=ANNE, facet=CLINICAL, kind="patient", gone=True)
    if sync.heads_v() == "v1":
        sync.apply_heads(Heads(restore=0, v="v2", heads=(gone,)))
    say("purged")
    sync.acknowledged(sync.unacknowledged(9))
    say("told")


def main() -> None:
    folder, step = Path(sys.argv[1]), int(sys.argv[2])
    live(LocalStore.open(folder, KEY, SystemClock(), SystemEntropy(), failpoint=KillAt(step)))
    say("end")


if __name__ == "__main__":
    main()
