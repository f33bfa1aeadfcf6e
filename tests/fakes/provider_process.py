"""A real OpenID provider with one person, in a process of its own, as a test sees it."""

import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.server_process import ROOT

RPPS, CLIENT, SECRET = "99900001001", "colloque-test", "thirty-two characters of a secret"
_ANSWERS_S = 60


class ProviderProcess:
    """Started by `provider`; `issuer` is its address."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.issuer = self._told()

    def rotate(self) -> None:
        """Sign with new keys from now on; the former are published no more."""
        self._process.send_signal(signal.SIGHUP)
        assert self._told() == "rotated"

    def _told(self) -> str:
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], _ANSWERS_S)[0]
        return self._process.stdout.readline().decode().strip()


@contextmanager
def provider(back: str, subject: str = f"8{RPPS}", **person: str) -> Iterator[ProviderProcess]:
    """`back`: where browsers return; `person`: what it says of its one person."""
    words = ["--subject", subject, "--client", CLIENT, "--secret", SECRET, "--back", back]
    words += [word for name, value in person.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "tests.fakes.openid_provider_process", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            yield ProviderProcess(process)
        finally:
            process.kill()
