"""What every command of dev.py needs first: system packages, `.venv`, hash-locked requirements, the compiled
catalogue; and how a child process is begun and ended. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


class Stop(Exception):
    """A plain sentence and an exit code."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


def say(sentence: str) -> None:
    print(sentence, flush=True)


def run(*command: object, env: dict[str, str] | None = None, quiet: bool = False) -> int:
    """Run to the end; the child dies with us on Ctrl-C."""
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        [str(c) for c in command], cwd=ROOT, env=env, stdout=out, check=False
    ).returncode


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def must(*command: object, env: dict[str, str] | None = None, why: str = "") -> None:
    code = run(*command, env=env)
    if code:
        raise Stop(why or f"This step failed: {' '.join(str(c) for c in command)}", code)


# ---------------------------------------------------------------------------------- getting ready


def prepare(*, develop: bool) -> None:
    """Everything a command needs; silent when nothing is missing."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise Stop(f"Python 3.11, 3.12 or 3.13 is needed; this is {platform.python_version()}.")
    system_packages(wanted_packages(tests=develop))
    environment(ROOT / ("requirements-dev.lock" if develop else "requirements.lock"))
    catalogue()


def wanted_packages(*, tests: bool) -> list[str]:
    names: list[str] = []
    for line in (ROOT / "packaging" / "debian-packages.txt").read_text().splitlines():
        words = line.split()
        if line[:1] != "#" and (tests or words[0] != "[tests]"):
            names += [word for word in words if word != "[tests]"]
    return names


def system_packages(names: list[str]) -> None:
    """Install what is missing on Debian and its kin; elsewhere leave the system alone."""
    if not sys.platform.startswith("linux") or not shutil.which("dpkg-query"):
        return
    known = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    present = {line.split()[0] for line in known.splitlines() if line.endswith(" installed")}
    if _venv_works():
        present.add("python3-venv")
    missing = [name for name in names if name not in present]
    if not missing:
        return
    sudo = _become_root()
    install = [
        *sudo,
        *["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=400"],
    ]
    if sudo is _CANNOT:
        raise Stop(
            "System libraries are missing and this account may not install them. Run once:\n\n"
            f"    sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(missing)}\n"
        )
    say(f"Installing {len(missing)} system packages: {' '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log_path = _log("system-packages")
    with log_path.open("w") as log:
        for command in ([*sudo, "apt-get", "-q", "update"], [*install, *missing]):
            if subprocess.run(command, stdout=log, stderr=log, env=env, check=False).returncode:
                tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-12:])
                raise Stop(
                    f"The system packages could not be installed (see {log_path.relative_to(ROOT)}):\n{tail}"
                )


_VENV_BYTES = 1_000_000_000
_CANNOT = ["false"]


def _become_root() -> list[str]:
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") and succeeds("sudo", "-n", "true") else _CANNOT


def _venv_works() -> bool:
    return PYTHON.exists() or succeeds(sys.executable, "-c", "import ensurepip, venv")


def _log(name: str) -> Path:
    folder = BUILD / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def need_room(folder: Path, wanted: int) -> None:
    """Stop at once where the disk has not so many bytes left."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise Stop(
            f"{wanted // 1_000_000:,} MB are needed on this disk and {free // 1_000_000:,} MB are free."
            " Make room and start again."
        )


def environment(lock: Path) -> None:
    """A virtual environment that holds exactly the locked versions."""
    stamp = VENV / "colloque-locks.json"
    wanted = {
        "python": platform.python_version(),
        lock.name: hashlib.sha256(lock.read_bytes()).hexdigest(),
    }
    have: dict[str, str] = {}
    with suppress(OSError, ValueError):
        have = json.loads(stamp.read_text())
    if PYTHON.exists() and wanted.items() <= have.items():
        return
    if PYTHON.exists() and have.get("python", wanted["python"]) != wanted["python"]:
        shutil.rmtree(VENV)
        have = {}
    if not PYTHON.exists():
        need_room(ROOT, _VENV_BYTES)
        say("Making .venv")
        must(sys.executable, "-m", "venv", VENV, why="The virtual environment could not be made.")
    say(
        f"Installing the locked requirements ({lock.name}); the first time this takes a minute or two"
    )
    must(
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "-r",
        lock,
        why="The locked requirements could not be installed. Is a package registry reachable?",
    )
    stamp.write_text(json.dumps({**have, **wanted}))


def catalogue() -> None:
    """Compile each gettext catalogue that is newer than its compiled form."""
    for po in (ROOT / "ui" / "locale").glob("*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            must(VENV / PYTHON.parent.name / "pybabel", "-q", "compile", "-i", po, "-o", mo)


# ---------------------------------------------------------------------------------- children


@contextmanager
def child(*command: object, **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with this block: asked first, killed after ten seconds.

    It stands in a session of its own, so that Ctrl-C is ours alone to pass on.
    """
    process = subprocess.Popen(  # type: ignore[call-overload]
        [str(c) for c in command], cwd=ROOT, text=True, start_new_session=True, **options
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(OSError):
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def has_screen() -> bool:
    on_linux = sys.platform.startswith("linux")
    return not on_linux or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """The environment of a window: the real screen, or a virtual one of our own."""
    env = dict(os.environ)
    if has_screen():
        yield env
        return
    if not shutil.which("Xvfb"):
        raise Stop("There is no screen. Set DISPLAY, or install Xvfb (xorg-x11-server-Xvfb, xvfb).")
    read, write = os.pipe()
    with child(
        "Xvfb",
        "-displayfd",
        write,
        "-screen",
        "0",
        "1600x1000x24",
        "-nolisten",
        "tcp",
        "-noreset",
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ):
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Stop("The virtual screen (Xvfb) did not start.")
        env.update(DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb")
        yield env


def answer(
    *command: object, stdin: str = "", env: dict[str, str] | None = None, log: Path | None = None
) -> dict[str, object]:
    """Run a command that ends by printing one JSON object on its last line; what it logs goes to `log`."""
    with ExitStack() as stack:
        errors = stack.enter_context(log.open("a")) if log is not None else None
        asked = stack.enter_context(
            child(*command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        )
        said, _ = asked.communicate(stdin)
    lines = said.strip().splitlines()
    if asked.returncode or not lines:
        reason = said.strip() or "This step failed."
        raise Stop(reason if log is None else f"{reason}\n{last_words(log)}", asked.returncode or 1)
    result: dict[str, object] = json.loads(lines[-1])
    return result


def last_words(log: Path, count: int = 6) -> str:
    """The end of a log in plain words, and where the rest is."""
    said = [plain(line) for line in log.read_text(errors="replace").splitlines()[-count:]]
    return "\n".join([*(f"    {line}" for line in said), f"The whole log: {shown(log)}"])


def plain(line: str) -> str:
    """A line of the server's log as words; any other line as it is."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if not isinstance(told, dict):
        return line
    when, level = str(told.pop("time", ""))[11:19], told.pop("level", "")
    words = [str(told.pop("event", "")), *(f"{name} {value}" for name, value in told.items())]
    return f"{when} {level}: {', '.join(word for word in words if word)}"


def shown(path: Path) -> str:
    """A path as seen from the folder of the repository, where it lies in it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
