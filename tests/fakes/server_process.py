"""The real server in a process of its own: started, stopped, killed; and the operator's command line."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

import msgspec

ROOT = Path(__file__).resolve().parents[2]
_START_S = 30


class Said:
    """What one command of the operator answered."""

    def __init__(self, done: "subprocess.CompletedProcess[bytes]") -> None:
        self.code = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in self.err, self.err

    @property
    def value(self) -> object:
        """The JSON of the last line printed."""
        return msgspec.json.decode(self.out.splitlines()[-1])


def operator(
    *words: str | Path, given: str = "", env: dict[str, str] | None = None, timeout: float = 120
) -> Said:
    """Run `colloque-server` once; a traceback on standard error fails the test."""
    command = [sys.executable, "-m", "server", *(str(word) for word in words)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=given.encode(),
        capture_output=True,
        check=False,
        env=os.environ | (env or {}),
        timeout=timeout,
    )
    return Said(done)


def logged_events(path: Path) -> list[str]:
    """What a server said in its log, line by line."""
    return [msgspec.json.decode(line)["event"] for line in path.read_text().splitlines()]


class ServerProcess:
    """`colloque-server serve` on a free loopback port. Its standard error goes to `log`."""

    def __init__(
        self,
        folder: Path,
        log: Path,
        env: dict[str, str] | None = None,
        more: tuple[str, ...] = (),
    ) -> None:
        self._folder, self.log_path, self._env, self._more = folder, log, env, more
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self.url = ""
        self.operator_url = ""
        """Where figures and causes are, with `--operator-port`."""
        self.port = 0

    def start(self) -> Self:
        """Start and wait for the line that names the address; the port stays the same afterwards."""
        self._log = self.log_path.open("ab")
        command = [sys.executable, "-m", "server", "serve", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), *self._more],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_S)
        line = self._process.stdout.readline() if ready else b""
        assert line, f"no server: {self.log_path.read_text()}"
        said = msgspec.json.decode(line)
        self.url, self.operator_url = str(said["listening"]), str(said.get("operator", ""))
        self.port = int(self.url.rpartition(":")[2])
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, timeout_s: float = 10) -> int:
        """Ctrl-C; returns the exit code."""
        return self._end(signal.SIGINT, timeout_s)

    def kill(self) -> None:
        """kill -9: no time to do anything."""
        self._end(signal.SIGKILL, 10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    def _end(self, number: signal.Signals, timeout_s: float) -> int:
        assert self._process is not None
        assert self._log is not None
        self._process.send_signal(number)
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
            raise
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._log.close()
            self._process = None
        return code
