"""A process that reads a record, then locks; somebody else looks into its memory at both moments.

Usage: python -m tests.security.heap_child FOLDER      the 32 bytes of the key come first on standard input
It says `open` and `locked`, each time waiting for a line before it goes on.
"""

import os
import sys
from pathlib import Path

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from local_store.store import LocalStore
from practitioner_app.hardening import let_go

ANNE = 11


def say(word: str) -> None:
    os.write(1, word.encode() + b"\n")
    os.read(0, 1)


def live(folder: Path) -> None:
    """Everything is read as the screens read it; nothing outlives the session but what Python forgot to overwrite."""
    store = LocalStore.open(folder, os.read(0, 32), SystemClock(), SystemEntropy())
    (line,) = store.records.patients("", 9)
    rows = store.records.rows(line.owner)
    hits = store.records.search("mot", None, 500)
    assert rows
    assert hits
    say("open")
    store.close()


def main() -> None:
    live(Path(sys.argv[1]))
    let_go()
    say("locked")


if __name__ == "__main__":
    main()
