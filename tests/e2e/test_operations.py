"""A server under a supervisor and a monitor: health, readiness, figures, its log, restarts without a refusal."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.fakes.server_process import ROOT, ServerProcess, operator

PATIENT = "Durand"
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
words = [sys.executable, "-m", "server", "serve", sys.argv[2], "--port", "1"]
os.execv(sys.executable, words)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operations") / "server"
    assert operator("init", folder, "--name", "Essai", "--demonstration").code == 0
    return folder


@pytest.fixture
def server(made: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    folder = Path(shutil.copytree(made, tmp_path / "server"))
    with ServerProcess(folder, tmp_path / "log", more=("--operator-port", "0")) as running:
        yield running


def ask(url: str, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    host = url.removeprefix("http://")
    line = http.client.HTTPConnection(host, timeout=20)
    try:
        line.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def test_a_running_server_is_well_ready_and_counted(server: ServerProcess) -> None:
    assert ask(server.url, "/health") == (200, b'{"status":"pass"}')
    assert ask(server.url, "/ready") == (200, b'{"status":"pass"}')
    assert ask(server.operator_url, "/ready") == (200, b'{"status":"pass","causes":[]}')
    ask(server.url, f"/{PATIENT}")
    ask(server.url, "/sync/v1/heads", "DELETE")
    status, text = ask(server.operator_url, "/metrics")
    assert status == 200
    assert b'colloque_requests_total{method="GET",route="/ready",status="200"}' in text
    assert b'route="other",status="404"' in text
    assert b'method="other"' in text
    assert b"process_resident_memory_bytes" in text
    for figure in (
        b"colloque_log_size 0.0",
        b"colloque_checkpoint_age_seconds ",
        b"colloque_volume_step_up_alarms 0.0",
        b"colloque_volume_blocked_alarms 0.0",
    ):
        assert figure in text
    assert PATIENT.encode() not in text


def test_figures_and_causes_are_for_the_operators_own_listener(server: ServerProcess) -> None:
    host = server.operator_url.removeprefix("http://")
    line = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    line.request("GET", "/metrics", headers={"Host": host, "X-Forwarded-Host": host})
    answer = line.getresponse()
    assert (answer.status, msgspec.json.decode(answer.read())["code"]) == (404, "no_such_address")
    line.close()


def test_the_log_of_a_server_is_json_lines_without_a_name(server: ServerProcess) -> None:
    ask(server.url, f"/{PATIENT}%0d%0a", "POST", PATIENT.encode())
    ask(server.url, "/session/v1/challenge", "POST", PATIENT.encode())
    server.stop()
    text = server.log_path.read_text()
    said = [msgspec.json.decode(line) for line in text.splitlines()]
    assert [line["event"] for line in said] == ["serving", "stopped"]
    assert PATIENT not in text


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 24 MB, so that it is never fit and soon full."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(words, check=False, capture_output=True).returncode
    ):
        pytest.skip("this machine does not let a test mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_server_with_no_room_left_says_so_and_still_answers(made: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as disk:
        folder = Path(shutil.copytree(made, disk / "server"))
        with ServerProcess(folder, tmp_path / "log", more=("--operator-port", "0")) as server:
            assert ask(server.operator_url, "/ready") == (
                503,
                b'{"status":"fail","causes":["disk_full"]}',
            )
            assert ask(server.url, "/ready") == (503, b'{"status":"fail"}')
            assert ask(server.url, "/health")[0] == 200


class Supervisor:
    """Holds the listening socket between two runs and hears what they say, as systemd does."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.settimeout(30)
        self._heard.bind(str(log.parent / "notify"))
        self._log = log.open("ab")
        self._folder = folder

    def start(self) -> "subprocess.Popen[bytes]":
        """As systemd: descriptor 3 is the socket, LISTEN_PID the server's own id."""
        held = self.listening.fileno()
        return subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(held), str(self._folder)],
            cwd=ROOT,
            env=os.environ | {"NOTIFY_SOCKET": self._heard.getsockname()},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            pass_fds=[held],
        )

    def hears(self) -> str:
        return self._heard.recv(64).decode()

    def close(self) -> None:
        for one in (self.listening, self._heard, self._log):
            one.close()


@pytest.fixture
def supervisor(made: Path, tmp_path: Path) -> Iterator[Supervisor]:
    folder = Path(shutil.copytree(made, tmp_path / "server"))
    supervisor = Supervisor(folder, tmp_path / "log")
    yield supervisor
    supervisor.close()


@pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX") or os.name == "nt", reason="systemd is for Linux"
)
def test_a_request_made_while_the_server_restarts_is_answered_by_the_next_one(
    supervisor: Supervisor,
) -> None:
    first = supervisor.start()
    assert supervisor.hears() == "READY=1"
    assert ask(supervisor.url, "/health")[0] == 200
    first.send_signal(signal.SIGTERM)
    assert supervisor.hears() == "STOPPING=1"
    assert first.wait(20) == -signal.SIGTERM
    found: list[tuple[int, bytes]] = []
    waiting = threading.Thread(target=lambda: found.append(ask(supervisor.url, "/ready")))
    waiting.start()
    second = supervisor.start()
    try:
        assert supervisor.hears() == "READY=1"
        waiting.join(20)
        assert found == [(200, b'{"status":"pass"}')]
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == -signal.SIGTERM
