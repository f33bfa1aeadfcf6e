"""A real desktop in a process of its own: its screens read and its keys pressed from a test."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import IO, Any, Self

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_S, ANSWER_S = 60.0, 20.0
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


@contextmanager
def display() -> Iterator[str]:
    """The name of an X display: the one already there for tests, or one of our own."""
    given = os.environ.get("COLLOQUE_TEST_DISPLAY", "")
    if given:
        yield given
        return
    if which("Xvfb") is None:
        pytest.skip("there is no display for tests and Xvfb is not installed")
    read, write = os.pipe()
    screen = ["-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        os.close(write)
        try:
            with os.fdopen(read) as pipe:
                number = pipe.readline().strip()
            assert number, "Xvfb did not start"
            yield f":{number}"
        finally:
            process.terminate()


class House:
    """A folder that holds everything two processes may write: home, XDG folders, temporary files."""

    def __init__(self, folder: Path, display_name: str) -> None:
        self.folder = folder
        self._display = display_name
        self.pictures = folder / "pictures"
        self.pictures.mkdir(parents=True, exist_ok=True)

    def environment(self, who: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """No keyring, no session bus, no folder of the person who runs the tests."""
        home = self.folder / "homes" / who
        places = {
            "HOME": home,
            "TMPDIR": home / "tmp",
            "XDG_CACHE_HOME": home / "cache",
            "XDG_CONFIG_HOME": home / "config",
            "XDG_DATA_HOME": home / "data",
            "XDG_STATE_HOME": home / "state",
            "XDG_RUNTIME_DIR": home / "run",
        }
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            **passed,
            **{name: str(place) for name, place in places.items()},
            "DISPLAY": self._display,
            "QT_QPA_PLATFORM": "xcb",
            "LANG": "C.UTF-8",
            "TZ": "Europe/Paris",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **(more or {}),
        }


class DesktopProcess:
    """One profile, driven. Every wait has a deadline; what was on the screen stands in the failure."""

    def __init__(self, house: House, who: str, *words: str | Path) -> None:
        self._house, self.who, self._words = house, who, [str(word) for word in words]
        self.profile = house.folder / "profiles" / who
        self.log_path = house.folder / f"{who}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._pictures = 0

    def start(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Self:
        """Start and wait for the window."""
        self._log = self.log_path.open("ab")
        said = [*self._words, *(str(word) for word in words)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.driven_desktop", "--profile", self.profile, *said],
            cwd=ROOT,
            env=self._house.environment(self.who, env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._answer(START_S) == {"ready": True}
        return self

    # -- seeing ---------------------------------------------------------------

    def sees(
        self,
        *wanted: str,
        gone: Iterable[str] = (),
        focus: str = "",
        enabled: str = "",
        within_s: float = 20.0,
    ) -> str:
        """Wait until all of `wanted` is said and nothing of `gone` is; returns everything said."""
        command = {"do": "wait", "wanted": wanted, "gone": tuple(gone), "within_s": within_s}
        answer = self._ask({**command, "focus": focus, "enabled": enabled}, within_s + ANSWER_S)
        if not answer["met"]:
            shown = self.picture()
            missing = [text for text in wanted if text not in answer["said"]]
            raise AssertionError(
                f"{self.who} does not see {missing or gone or enabled} (focus {answer['focus']!r}, "
                f"{shown}):\n{answer['said']}\n{self.log_path.read_text()[-2000:]}"
            )
        return str(answer["said"])

    def texts(self) -> list[str]:
        """Everything said now, in the order of the screen."""
        return list(self._ask({"do": "texts"})["texts"])

    def held(self) -> tuple[str, str]:
        """The window's title, and every text any widget holds, hidden or not."""
        answer = self._ask({"do": "everything"})
        return str(answer["title"]), "\n".join(answer["held"])

    def picture(self) -> Path:
        """What is on the screen, saved for a person."""
        self._pictures += 1
        path = self._house.pictures / f"{self.who}-{self._pictures}.png"
        self._ask({"do": "picture", "path": str(path)})
        return path

    # -- acting ---------------------------------------------------------------

    def press(self, *keys: str) -> str:
        """Keys by their portable names, one after the other; returns the name of what has the focus."""
        return str(self._ask({"do": "press", "keys": keys})["focus"])

    def types(self, text: str) -> None:
        self._ask({"do": "type", "text": text})

    def tabs_to(self, name: str, *, back: bool = False) -> None:
        """Tab (or Shift+Tab) until this is under the focus."""
        found = self._ask({"do": "tab", "to": name, "back": back})["focus"]
        if not found:
            raise AssertionError(f"{self.who}: no Tab leads to {name}, {self.picture()}")

    def fills(self, name: str, text: str) -> None:
        """Walk to a field, replace what stands there."""
        self.tabs_to(name)
        self.press("Ctrl+A")
        self.types(text)

    # -- ending ---------------------------------------------------------------

    def stop(self) -> None:
        """End as when the window is closed; the log holds nothing unexpected."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            code = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            raise
        finally:
            self._close()
        said = self.log_path.read_text()
        assert code == 0, said
        assert "unexpected" not in said, said
        assert "Traceback" not in said, said

    def kill(self) -> None:
        """kill -9."""
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        for pipe in (process.stdin, process.stdout, self._log):
            if pipe is not None and not pipe.closed:
                pipe.close()

    # -- the line -------------------------------------------------------------

    def _ask(self, command: Mapping[str, object], within_s: float = ANSWER_S) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(command) + b"\n")
        process.stdin.flush()
        return self._answer(within_s)

    def _answer(self, within_s: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], within_s)
        line = process.stdout.readline() if ready else b""
        if not line:
            raise AssertionError(f"{self.who} does not answer: {self.log_path.read_text()[-4000:]}")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer
