"""A small demonstration practice with its real server process, and desktops enrolled in it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from dossier.clock import SystemClock
from server.app import House as ServerHouse
from server.services.record import Held
from tests.fakes.desktop_process import ROOT, DesktopProcess, House, display
from tests.fakes.served_house import inside
from tests.fakes.server_process import ServerProcess, operator

FONTAINE, LEMAIRE = 0, 1


class SmallPractice:
    """Two dozen fictional patients, their server on one port for the whole life of this object."""

    def __init__(self, house: House, patients: int) -> None:
        self.house, self.folder = house, house.folder
        self.data = house.folder / "server"
        env = house.environment("server")
        today = SystemClock().now().date()
        monday = today - timedelta(days=today.weekday())
        made = operator("init", self.data, "--name", "Maison du Port", "--demonstration", env=env)
        assert made.code == 0, made.err
        counted = ("--patients", str(patients), "--today", monday.isoformat())
        told = operator("demonstration", self.data, *counted, env=env)
        assert told.code == 0, told.err
        said: Any = told.value
        self.accounts: list[dict[str, str]] = said["accounts"]
        self.phrase: str = said["phrase"]
        self.server = ServerProcess(self.data, house.folder / "server.log", env)

    def enrolled(self, who: int, device: str, *words: str) -> DesktopProcess:
        """A desktop of this account, enrolled without a window, not started."""
        desktop = DesktopProcess(self.house, self.accounts[who]["login"], *words)
        return self.enrol_at(desktop, who, device)

    def enrol_at(self, desktop: DesktopProcess, who: int, device: str) -> DesktopProcess:
        """One more person at this computer, whose program does not run."""
        account = self.accounts[who]
        given = {name: account[name] for name in ("login", "password", "authenticator")}
        given |= {"phrase": self.phrase, "device_name": device}
        said = ["--profile", str(desktop.profile), "enrol", "--server", self.server.url]
        done = subprocess.run(
            [sys.executable, "-m", "practitioner_app", *said, "--demonstration"],
            cwd=ROOT,
            env=self.house.environment(desktop.who) | {"QT_QPA_PLATFORM": "offscreen"},
            input=msgspec.json.encode(given),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return desktop

    def unlock(self, desktop: DesktopProcess) -> None:
        """Type the phrase on the lock page."""
        desktop.sees("Déverrouiller", focus="Phrase secrète", enabled="Déverrouiller")
        desktop.types(self.phrase)
        desktop.press("Return")
        desktop.sees("État de cette copie")

    def stored(self, text: str) -> int:
        """How many resources of the stopped server hold this text."""

        async def whole(house: ServerHouse) -> list[Held]:
            owners = await house.premises.store.maintenance.owners(None, 0, 100_000)
            return [one for owner in owners for one in await house.records.whole(owner)]

        held = inside(self.data, whole)
        assert len(held) > 100, "the server's records were not read"
        return sum(text.encode() in one.body for one in held)


@contextmanager
def small_practice(folder: Path, patients: int = 20) -> Iterator[SmallPractice]:
    """Made, served; stopped at the end."""
    with ExitStack() as stack:
        house = House(folder, stack.enter_context(display()))
        practice = SmallPractice(house, patients)
        practice.server.start()
        stack.callback(practice.server.__exit__)
        yield practice


def find(desktop: DesktopProcess, letters: str, name: str) -> None:
    """Ctrl+K, some letters, Enter on the first answer; its record is on the screen."""
    desktop.press("Ctrl+K")
    desktop.sees(focus="Patient, document, action")
    desktop.types(letters)
    desktop.sees(name, "La liste ne bouge plus")
    desktop.press("Return")
    desktop.sees(name, "Résumé du dossier", gone=["Aller à…"])
