#!/usr/bin/env python3
"""The one door to this repository: demo, test, check, tour, bench.

Standard library only. Each command first makes the machine ready (dev_ready.py), says what it does, and is
quick and silent when nothing is missing.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dev_ready import (
    BUILD,
    PYTHON,
    ROOT,
    Stop,
    answer,
    child,
    has_screen,
    last_words,
    need_room,
    prepare,
    run,
    say,
    screen,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PATIENTS = 10_000
BYTES_PER_PATIENT = 300_000
"""Server and desktop together, with what a first copy needs besides."""
TOUR_IS_SHORT = 4
"""The desktop's exit code when a screen of the tour was late or missing."""

# ---------------------------------------------------------------------------------- demo


def demonstration_day(today: date) -> date:
    """The Monday of this week: the demonstration's story is told on a Monday."""
    return today - timedelta(days=today.weekday())


def patients_wanted(said: str) -> int:
    """`--patients`: how many; a sentence for anything else."""
    with suppress(ValueError):
        number = int(said)
        if 1 <= number <= MOST_PATIENTS:
            return number
    raise argparse.ArgumentTypeError(
        f"a whole number from 1 to {MOST_PATIENTS:,} is wanted, not {said!r}"
    )


def demo(options: argparse.Namespace) -> int:
    prepare(develop=False)
    monday = demonstration_day(date.today())  # noqa: DTZ011 - the local day is meant
    folder = BUILD / "demo" / f"{monday}-{options.patients}"
    with ExitStack() as stack:
        stack.enter_context(alone(folder))
        if options.fresh and folder.exists():
            shutil.rmtree(folder)
        practice = demonstration_practice(folder, options.patients, monday)
        practice["newcomer"] = newcomer(folder)
        url = stack.enter_context(serving(folder))
        env = stack.enter_context(screen())
        env.setdefault("TZ", "Europe/Paris")
        enrol(folder, url, practice, env)
        announce(practice, url, folder)
        desktop = program("practitioner_app", "--profile", folder / "profile", "--server", url)
        desktop += ["--screenshots", str(BUILD / "tour")]
        if options.once or not has_screen():
            say("Walking through every screen; the pictures go to build/tour/")
            walked(desktop, tour_words(practice, folder), env, folder / "desktop.log")
            if options.once:
                return 0
        say("Ctrl-C stops everything.")
        return opened(desktop, env, folder / "desktop.log")


def program(module: str, *words: object) -> list[str]:
    return [str(PYTHON), "-m", module, *(str(word) for word in words)]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One demonstration at a time in one folder; the lock ends with this process, however it ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.in-use").open("a+b") as lock:
        if not taken(lock):
            raise Stop(
                "This demonstration is running already: stop it first (Ctrl-C where it runs)."
            )
        yield


def taken(lock: IO[bytes]) -> bool:
    """Take a lock on an open file at once; False where another process has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def enrol(folder: Path, url: str, practice: dict[str, object], env: dict[str, str]) -> None:
    """Make this machine a desktop of the first GP; once a profile."""
    profile, code = folder / "profile", folder / "recovery-code"
    if code.exists() and (profile / "cache.hdr").exists():
        return
    shutil.rmtree(profile, ignore_errors=True)  # an enrolment that was stopped half-way
    say("Enrolling this desktop as a GP of the practice")
    first = practice["accounts"][0]  # type: ignore[index]
    said = {name: first[name] for name in ("login", "password", "authenticator")}
    said |= {"phrase": practice["phrase"], "device_name": "Cabinet 1"}
    command = program("practitioner_app", "--profile", profile, "enrol", "--server", url)
    made = answer(
        *command, "--demonstration", stdin=json.dumps(said), env=env, log=folder / "desktop.log"
    )
    code.touch(mode=0o600)
    code.write_text(str(made["recovery_code"]))


def tour_words(practice: dict[str, object], folder: Path) -> str:
    """What the tour reads: the phrase, then us and the colleague who writes apart, and the codes."""
    own, colleague = (
        {name: one[name] for name in ("login", "password", "authenticator")}
        for one in practice["accounts"][:2]  # type: ignore[index]
    )
    begins: dict[str, str] = practice["newcomer"]  # type: ignore[assignment]
    said: dict[str, object] = {"own": own, "colleague": colleague}
    said |= {"newcomer": begins["login"], "activation_code": begins["code"]}
    said["recovery_code"] = (folder / "recovery-code").read_text()
    return f"{practice['phrase']}\n{json.dumps(said)}\n"


def walked(command: list[str], words: str, env: dict[str, str], log: Path) -> None:
    """Walk the tour; its secrets go in on its standard input. Stops where a screen was late or missing."""
    with (
        log.open("a") as errors,
        child(*command, "tour", env=env, stdin=subprocess.PIPE, stderr=errors) as window,
    ):
        window.communicate(words)
        code = window.returncode
    if code == TOUR_IS_SHORT:
        raise Stop("The tour did not show everything it should: see the lines above.", code)
    if code:
        raise Stop(f"The tour stopped before its end.\n{last_words(log)}", code)


def opened(command: list[str], env: dict[str, str], log: Path) -> int:
    """The desktop, until somebody closes its window."""
    with log.open("a") as errors, child(*command, env=env, stderr=errors) as window:
        code = window.wait()
    if code:
        raise Stop(f"The desktop stopped by itself.\n{last_words(log)}", code)
    return 0


def demonstration_practice(folder: Path, patients: int, monday: date) -> dict[str, object]:
    """Make the practice once per week and size; its secrets are made here and kept with it."""
    secrets = folder / "accounts.json"
    if secrets.exists():
        known: dict[str, object] = json.loads(secrets.read_text())
        return known
    shutil.rmtree(folder, ignore_errors=True)
    need_room(BUILD, patients * BYTES_PER_PATIENT)
    folder.mkdir(parents=True, mode=0o700)
    data = folder / "server"
    say(f"Making a practice of {patients:,} fictional patients; Monday {monday:%d/%m/%Y}")
    made = program("server", "init", data, "--name", "Maison de santé du Port", "--demonstration")
    with child(*made, stdout=subprocess.DEVNULL) as making:
        code = making.wait()
    if code:
        raise Stop("The server of the demonstration could not be made; its reason stands above.")
    practice = answer(
        *program("server", "demonstration", data, "--patients", patients, "--today", monday)
    )
    shown = subprocess.check_output(
        program("server", "identity", "show", data), cwd=ROOT, text=True
    )
    practice["identity"] = shown.splitlines()[0].partition(" ")[2].strip()
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps(practice, ensure_ascii=False, indent=1))
    return practice


def newcomer(folder: Path) -> dict[str, str]:
    """Somebody who has an account and no password yet; a code is good for a day, so each day has its own."""
    kept, today = folder / "newcomer.json", f"{date.today()}"  # noqa: DTZ011 - the local day is meant
    known: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    if known.get("day") == today:
        return known
    verb = "code" if known else "create"
    words: list[object] = ["account", verb, folder / "server", "roux"]
    made = answer(*program("server", *words, *([] if known else ["--name", "Dr Anne ROUX"])))
    known = {"login": "roux", "code": str(made["code"]), "day": today}
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(known))
    return known


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The embedded server on a free loopback port, the one this demonstration had before if it still is."""
    kept, log = folder / "port", folder / "server.log"
    port = int(kept.read_text()) if kept.exists() else 0
    if port and not is_free(port):
        port = 0
    command = program("server", "serve", folder / "server", "--port", port)
    with (
        log.open("a") as errors,
        child(*command, stdout=subprocess.PIPE, stderr=errors) as server,
    ):
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            server.wait(10)
            raise Stop(f"The server did not start.\n{last_words(log)}")
        url = str(json.loads(line)["listening"])
        kept.write_text(url.rpartition(":")[2])
        yield url
        if server.poll() is not None:
            raise Stop(f"The server stopped by itself.\n{last_words(log)}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def announce(practice: dict[str, object], url: str, folder: Path) -> None:
    say(f"\nServer      {url}   (this machine only)")
    if practice.get("identity"):
        say(f"Identity    {practice['identity']}   (what a first start compares)")
    say(f"Unlock      {practice['phrase']}")
    say(f"Recovery    {(folder / 'recovery-code').read_text()}   (instead of the phrase)")
    for account in practice["accounts"]:  # type: ignore[attr-defined]
        say(f"Account     {account['login']:<22} {account['password']:<26} {account['name']}")
        say(f"            authenticator: {account['authenticator']}")
    begins: dict[str, str] = practice["newcomer"]  # type: ignore[assignment]
    say(f"First time  {begins['login']:<22} {begins['code']}   (an activation code, good today)")
    say(f"Logs        {shown(folder)}/server.log and desktop.log")
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


def why_not(error: OSError) -> str:
    """A disk that is full, a folder that may not be written: in one sentence."""
    where = f" ({shown(Path(error.filename))})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}. Make room and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"This folder may not be written{where}. Use a copy of the repository that is yours."
    return f"This could not be done{where}: {error.strerror or error}."


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
            command.add_argument("--patients", type=patients_wanted, default=1500, metavar="N")
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
    except OSError as error:
        print(why_not(error), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
