"""Printing without a clear file of ours: the bytes of the page go to the print system through a pipe.

CUPS' own `lp` reads the page from its standard input and streams it to the local print service; Qt's printer
would write it to a temporary file first. What the print service then keeps in its spool until the job is
done lies outside this program: readable by root alone by default.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Final

from dossier.errors import NotPrinted

_WAIT_S: Final = 30.0
_MOST_COPIES: Final = 20


class CupsPrinting:
    """practitioner_app.ports.Printing by `lp` and `lpstat`. Blobs lane."""

    def __init__(self, find: Callable[[str], str | None] = shutil.which) -> None:
        self._find = find

    def printers(self) -> tuple[str, ...]:
        """Names of the printers of this computer, the usual one first."""
        names = self._run("lpstat", "-e").decode(errors="replace").split()
        _, _, usual = self._run("lpstat", "-d").decode(errors="replace").rpartition(": ")
        usual = usual.strip()
        return tuple(sorted(dict.fromkeys(names), key=lambda name: (name != usual, name)))

    def print(self, pdf: bytes, *, printer: str, title: str, copies: int) -> None:
        """`title` names the job and is seen by others: never a person."""
        count = str(max(1, min(copies, _MOST_COPIES)))
        self._run("lp", "-d", printer, "-n", count, "-t", title, "-", given=pdf)

    def _run(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        found = self._find(program)
        if found is None:
            raise NotPrinted("no_printing")
        try:
            done = subprocess.run(  # noqa: S603 - a program of the system, without a shell
                [found, *arguments],
                input=given,
                capture_output=True,
                timeout=_WAIT_S,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except subprocess.TimeoutExpired as error:
            raise NotPrinted("slow") from error
        except OSError as error:
            raise NotPrinted("no_printing") from error
        if done.returncode and program == "lp":
            raise NotPrinted("refused")
        return done.stdout
