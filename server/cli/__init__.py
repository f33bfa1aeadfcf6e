"""The operator's command line. Exit codes: 0 done, 1 done with refusals, 2 not done, 130 stopped."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import DossierError
from server.cli import (
    absences,
    accounts,
    audit,
    backups,
    demonstration,
    hour,
    identity,
    importing,
    keys,
    people,
    self_check,
    serving,
)
from server.cli.words import sentence

if sys.platform != "win32":
    import uvloop

COMMANDS = (
    serving,
    identity,
    importing,
    accounts,
    people,
    absences,
    demonstration,
    backups,
    keys,
    audit,
    hour,
    self_check,
)


def main(arguments: list[str] | None = None) -> int:
    """Parse and run one command; a failure is one plain sentence on standard error."""
    parser = argparse.ArgumentParser(prog="colloque-server", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for module in COMMANDS:
        module.register(verbs)
    options = parser.parse_args(arguments)
    options.folder = Path(options.folder)
    options.clock, options.entropy = SystemClock(), SystemEntropy()
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return int(runner.run(options.run(options)))
    except DossierError as error:
        print(sentence(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The fast event loop where there is one; None is asyncio's own."""
    if sys.platform == "win32":
        return None
    return uvloop.new_event_loop
