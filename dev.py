#!/usr/bin/env python3
"""The one door to this repository: demo, test, check, tour, bench.

Standard library only. Each command first makes the machine ready (system packages, `.venv`, hash-locked
requirements, compiled catalogue), says what it does, and is quick and silent when nothing is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, timedelta
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
    """A process that ends with this block: asked first, killed after ten seconds."""
    process = subprocess.Popen([str(c) for c in command], cwd=ROOT, text=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(OSError):
                process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


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
        start_new_session=True,
    ):
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Stop("The virtual screen (Xvfb) did not start.")
        env.update(DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb")
        yield env


def answer(
    *command: object, stdin: str = "", env: dict[str, str] | None = None
) -> dict[str, object]:
    """Run a command that ends by printing one JSON object on its last line."""
    done = subprocess.run(
        [str(c) for c in command],
        cwd=ROOT,
        input=stdin,
        text=True,
        stdout=subprocess.PIPE,
        check=False,
        env=env,
    )
    if done.returncode:
        raise Stop(done.stdout.strip() or f"This step failed: {command[2:4]}", done.returncode)
    lines = done.stdout.strip().splitlines()
    result: dict[str, object] = json.loads(lines[-1])
    return result


# ---------------------------------------------------------------------------------- demo


def demonstration_day(today: date) -> date:
    """The Monday of this week: the demonstration's story is told on a Monday."""
    return today - timedelta(days=today.weekday())


def demo(options: argparse.Namespace) -> int:
    prepare(develop=False)
    monday = demonstration_day(date.today())  # noqa: DTZ011 - the local day is meant
    folder = BUILD / "demo" / f"{monday}-{options.patients}"
    if options.fresh and folder.exists():
        shutil.rmtree(folder)
    with ExitStack() as stack:
        practice = demonstration_practice(folder, options.patients, monday)
        url = stack.enter_context(serving(folder))
        env = stack.enter_context(screen())
        env.setdefault("TZ", "Europe/Paris")
        profile = folder / "profile"
        enrol(profile, url, practice, env)
        announce(practice, url)
        desktop = program("practitioner_app", "--profile", profile, "--screenshots", BUILD / "tour")
        if options.once or not has_screen():
            say("Walking through every screen; the pictures go to build/tour/")
            code = spoken([*desktop, "tour"], tour_words(practice, folder), env)
            if options.once or code:
                return code
        say("Ctrl-C stops everything.")
        with child(*desktop, env=env) as window:
            return window.wait()
    return 0


def program(module: str, *words: object) -> list[str]:
    return [str(PYTHON), "-m", module, *(str(word) for word in words)]


def enrol(profile: Path, url: str, practice: dict[str, object], env: dict[str, str]) -> None:
    """Make this machine a desktop of the first GP; once a profile."""
    if (profile / "cache.hdr").exists():
        return
    say("Enrolling this desktop as a GP of the practice")
    first = practice["accounts"][0]  # type: ignore[index]
    said = {name: first[name] for name in ("login", "password", "authenticator")}
    said |= {"phrase": practice["phrase"], "device_name": "Cabinet 1"}
    command = program("practitioner_app", "--profile", profile, "enrol", "--server", url)
    made = answer(*command, "--demonstration", stdin=json.dumps(said), env=env)
    code = profile.parent / "recovery-code"
    code.touch(mode=0o600)
    code.write_text(str(made["recovery_code"]))


def tour_words(practice: dict[str, object], folder: Path) -> str:
    """What the tour reads: the phrase, then the colleague who writes apart and the recovery code."""
    colleague = practice["accounts"][1]  # type: ignore[index]
    said = {name: colleague[name] for name in ("login", "password", "authenticator")}
    code = folder / "recovery-code"
    said["recovery_code"] = code.read_text() if code.exists() else ""
    return f"{practice['phrase']}\n{json.dumps(said)}"


def spoken(command: list[str], words: str, env: dict[str, str]) -> int:
    """Run a command that reads its secrets on its standard input, never in its arguments."""
    return subprocess.run(
        command, cwd=ROOT, env=env, input=words + "\n", text=True, check=False
    ).returncode


def demonstration_practice(folder: Path, patients: int, monday: date) -> dict[str, object]:
    """Make the practice once per week and size; its secrets are made here and kept with it."""
    secrets = folder / "accounts.json"
    if secrets.exists():
        known: dict[str, object] = json.loads(secrets.read_text())
        return known
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    say(f"Making a practice of {patients} fictional patients; Monday {monday:%d/%m/%Y}")
    data = folder / "server"
    must(*program("server", "init", data, "--name", "Maison de santé du Port", "--demonstration"))
    told = program("server", "demonstration", data, "--patients", patients, "--today", monday)
    practice = answer(*told)
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps(practice, ensure_ascii=False, indent=1))
    return practice


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The embedded server on a free loopback port: the one this demonstration had before, if it still is.

    A desktop knows its server by address; on another port its profile is made again.
    """
    kept = folder / "port"
    port = int(kept.read_text()) if kept.exists() else 0
    if port and not is_free(port):
        port = 0
    if not port:
        shutil.rmtree(folder / "profile", ignore_errors=True)
    command = program("server", "serve", folder / "server", "--port", port)
    with child(*command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Stop("The server did not start; its reason stands above.")
        url = str(json.loads(line)["listening"])
        kept.write_text(url.rpartition(":")[2])
        yield url


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def announce(practice: dict[str, object], url: str) -> None:
    say(f"\nServer      {url}   (this machine only)")
    say(f"Unlock      {practice['phrase']}")
    for account in practice["accounts"]:  # type: ignore[attr-defined]
        say(f"Account     {account['login']:<22} {account['password']:<26} {account['name']}")
        say(f"            authenticator: {account['authenticator']}")
    say("All people, numbers and histories are fictional.\n")


# ---------------------------------------------------------------------------------- tests


def pytest(*arguments: object, env: dict[str, str] | None = None) -> int:
    settings = {"QT_QPA_PLATFORM": "offscreen", "PYTHONHASHSEED": "0", **(env or os.environ)}
    return run(PYTHON, "-m", "pytest", "-q", *arguments, env=settings)


def check(_options: argparse.Namespace) -> int:
    """Lint, types, imports, shape, unit tests."""
    prepare(develop=True)
    steps: list[tuple[str, list[object]]] = [
        ("lint", [PYTHON, "-m", "ruff", "check", "."]),
        ("format", [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]),
        ("types", [PYTHON, "-m", "mypy"]),
    ]
    failed = [name for name, command in steps if not _step(name, command)]
    if pytest("tests/architecture", "tests/unit"):
        failed.append("architecture and unit tests")
    if failed:
        raise Stop(f"Not clean: {', '.join(failed)}", 1)
    return 0


def _step(name: str, command: list[object]) -> bool:
    say(f"- {name}")
    return run(*command) == 0


def test(options: argparse.Namespace) -> int:
    """Everything CI runs; a failure of one part does not hide the others."""
    failed = []
    try:
        check(options)
    except Stop as stop:
        failed.append(str(stop))
    say("- contracts, screens, simulation, security, end to end")
    with screen() as env, tempfile.TemporaryDirectory(prefix="colloque-test-") as folder:
        settings = {
            **env,
            "TMPDIR": folder,
            "COLLOQUE_TEST_DISPLAY": env.get("DISPLAY", ""),
            "QT_QPA_PLATFORM": "offscreen",
        }
        folders = ("contracts", "gui", "simulation", "security", "e2e")
        present = [
            f"tests/{name}" for name in folders if any((ROOT / "tests" / name).rglob("test_*.py"))
        ]
        if pytest(*present, "-n", os.cpu_count() or 2, "--dist", "loadfile", env=settings):
            failed.append("Tests failed")
        say("- the server's own tests once more, on PostgreSQL")
        again = ["tests/unit/server", "tests/contracts", "tests/security", "--engine", "postgres"]
        if pytest(*again, "-n", os.cpu_count() or 2, "--dist", "loadfile", env=settings):
            failed.append("Tests on PostgreSQL failed")
        if not os.environ.get("COLLOQUE_CITUS_DSN"):
            say("- not on Citus: COLLOQUE_CITUS_DSN names no database of one")
        elif pytest(*again[:-1], "citus", env=settings):
            failed.append("Tests on Citus failed")
    if failed:
        raise Stop("; ".join(failed), 1)
    return 0


def tour(options: argparse.Namespace) -> int:
    options.once, options.fresh = True, False
    return demo(options)


def bench(options: argparse.Namespace) -> int:
    prepare(develop=True)
    return run(PYTHON, "-m", "benchmarks", *(["--quick"] if options.quick else []))


def main() -> int:
    parser = argparse.ArgumentParser(description="Colloque: demo, test, check, tour, bench.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, verb, what in (
        ("demo", demo, "a demonstration practice, its server and a desktop"),
        ("tour", tour, "every screen as a picture in build/tour"),
        ("check", check, "lint, types, imports, shape, unit tests"),
        ("test", test, "everything CI runs"),
        ("bench", bench, "the budgets, each with its floor"),
    ):
        command = commands.add_parser(name, help=what)
        command.set_defaults(verb=verb)
        if name in ("demo", "tour"):
            command.add_argument("--patients", type=int, default=1500)
        if name == "demo":
            command.add_argument("--once", action="store_true", help="walk the tour and exit")
            command.add_argument("--fresh", action="store_true", help="make the practice again")
        if name == "bench":
            command.add_argument("--quick", action="store_true", help="a tenth of the size")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the children end with us
    try:
        return int(options.verb(options))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
