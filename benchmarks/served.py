"""A demonstration practice behind a real server process, and devices on it without a window."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from requests import Response

from benchmarks.figures import cpu_of
from dossier.clock import Clock, SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing import devices, totp
from dossier.sealing.text import base64url
from dossier.wire.messages import Pages
from dossier.wire.sessions import EnrolReply, EnrolRequest
from local_store.store import LocalStore
from sync.engine import Engine
from sync.guard import Watch
from sync.proofs import HeldKey, enrol
from sync.transport import Answer, RequestsTransport

HERE = Path(__file__).resolve().parent.parent
TODAY = "2026-11-16"
KEY = bytes(range(32))


def call(*words: str) -> str:
    """One command of the server; its standard output."""
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        cwd=HERE,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout


class Served:
    """The practice of `patients` people in `folder`, made when it is not there, then served."""

    def __init__(self, folder: Path, patients: int) -> None:
        told = folder / "accounts.json"
        if not told.exists():
            call("init", str(folder / "server"), "--demonstration")
            made = call(
                "demonstration",
                str(folder / "server"),
                "--patients",
                str(patients),
                "--today",
                TODAY,
            )
            told.write_text(made)
        accounts = json.loads(told.read_text())
        self.phrase: str = accounts["phrase"]
        self.passwords: dict[str, str] = {
            one["login"]: one["password"] for one in accounts["accounts"]
        }
        self.authenticators: dict[str, str] = {
            one["login"]: one["authenticator"] for one in accounts["accounts"]
        }
        self._steps: dict[str, int] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", str(folder / "server"), "--port", "0"],
            cwd=HERE,
            text=True,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.address: str = json.loads(self._process.stdout.readline())["listening"]

    def next_code(self, login: str, clock: Clock) -> str:
        """A code of this person's authenticator that was not shown yet."""
        step = max(self._steps.get(login, 0) + 1, totp.step_of(clock.now()) - 1)
        self._steps[login] = step
        return totp.code_at(totp.read_seed(self.authenticators[login]), step)

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_s(self) -> float:
        return cpu_of(self._process.pid)

    def settle(self) -> None:
        """Wait until the server's own duties after a write are done: it rests."""
        quiet = 0
        while quiet < 5:
            before = self.cpu_s()
            time.sleep(0.1)
            quiet = quiet + 1 if self.cpu_s() - before < 0.003 else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(20)


class CountedTransport(RequestsTransport):
    """Counts exchanges, bytes either way and rows of pages."""

    exchanges = sent = received = rows = 0

    def changes(self, *asked: object) -> Pages:
        reply = super().changes(*asked)  # type: ignore[arg-type]  # the same three
        self.rows += sum(len(page.rows) for page in reply.pages)
        return reply

    def _read(self, reply: Response, watch: Watch) -> Answer:
        answer = super()._read(reply, watch)
        asked = reply.request
        self.exchanges += 1
        self.sent += len(asked.body or b"") + _weight(asked.headers.items())
        self.sent += len(f"{asked.method} {asked.path_url} HTTP/1.1\r\n\r\n")
        self.received += len(answer.body) + _weight(reply.headers.items()) + 20
        return answer


def _weight(headers: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


class Device:
    """One enrolled device: counted transport, local store, engine; what the desktop runs, less its window."""

    def __init__(self, served: Served, login: str, folder: Path) -> None:
        self.clock, self.entropy = SystemClock(), SystemEntropy()
        self.transport = CountedTransport(served.address, self.clock)
        private = devices.new_private_key(self.entropy)
        asked = EnrolRequest(
            login=login,
            password=served.passwords[login],
            proof=served.next_code(login, self.clock),
            device_name="bench",
            public_key=base64url(devices.public_key(private)),
        )
        self.reply: EnrolReply = enrol(self.transport, asked, private, self.entropy)
        self.situation = self.reply.situations[0].id
        self.key = HeldKey(self.reply.device, private)
        self.store = LocalStore.open(folder, KEY, self.clock, self.entropy)
        self.engine = self.new_engine()

    def new_engine(self, **listening: object) -> Engine:
        return Engine(
            self.store.sync,
            self.transport,
            self.key,
            self.situation,
            self.clock,
            self.entropy,
            **listening,  # type: ignore[arg-type]
        )
