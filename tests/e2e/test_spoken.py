"""The tree that a screen reader reads, over the real accessibility bus: once, for the record."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.fakes.desktop_process import ROOT, display

LAUNCHER = next(
    (
        path
        for folder in ("/usr/libexec", "/usr/lib/at-spi2-core", "/usr/lib/at-spi2")
        if (path := Path(folder, "at-spi-bus-launcher")).exists()
    ),
    None,
)
HAS_BUS = shutil.which("dbus-daemon") is not None
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the accessibility bus is one of Linux"),
    pytest.mark.skipif(
        LAUNCHER is None or not HAS_BUS,
        reason="no accessibility bus here: at-spi2-core and dbus (packaging/debian-packages.txt)",
    ),
]
DEEPEST, ASKED_S = 40, 20
ACCESSIBLE = "org.a11y.atspi.Accessible"


@contextmanager
def child(*command, **more):
    """Ended by its own process at the end."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, text=True, **more) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def buses(folder):
    """A session bus of our own, with the accessibility bus behind it; their environment."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = {**kept, "HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime)}
    daemon = ("dbus-daemon", "--session", "--nofork", "--print-address=1")
    with child(*daemon, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env) as bus:
        env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with child(LAUNCHER, "--launch-immediately", env=env, **quiet):
            yield env


class Tree:
    """The accessibility bus, asked as a screen reader asks."""

    def __init__(self, session_bus):
        with open_dbus_connection(session_bus) as bus:
            broker = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
            call = new_method_call(broker, "GetAddress")
            place = bus.send_and_get_reply(call, timeout=ASKED_S).body[0]
        self._bus = open_dbus_connection(place)

    def close(self):
        self._bus.close()

    def ask(self, node, method, signature=None, body=(), interface=ACCESSIBLE):
        name, path = node
        to = DBusAddress(path, name, interface)
        reply = self._bus.send_and_get_reply(
            new_method_call(to, method, signature, body), timeout=ASKED_S
        )
        return reply.body[0]

    def name(self, node):
        said = self.ask(node, "Get", "ss", (ACCESSIBLE, "Name"), "org.freedesktop.DBus.Properties")
        return said[1]

    def program(self):
        """The first program that says it is there."""
        root = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
        late = time.monotonic() + ASKED_S
        while not (found := self.ask(root, "GetChildren")):
            assert time.monotonic() < late, "the program never came to the accessibility bus"
        return tuple(found[0])

    def walk(self, node, depth=0):
        """(depth, role, name) of everything below."""
        yield depth, self.ask(node, "GetRoleName"), self.name(node)
        if depth < DEEPEST:
            for below in self.ask(node, "GetChildren"):
                yield from self.walk(tuple(below), depth + 1)


def test_a_screen_reader_finds_banner_allergies_and_timeline_by_role_and_name(tmp_path):
    with ExitStack() as stack:
        env = stack.enter_context(buses(tmp_path))
        env |= {
            "DISPLAY": stack.enter_context(display()),
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "TZ": "Europe/Paris",
        }
        program = stack.enter_context(
            child(
                sys.executable,
                "-m",
                "tests.e2e.spoken_child",
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert program.stdout.readline().strip() == "open"
        tree = Tree(env["DBUS_SESSION_BUS_ADDRESS"])
        stack.callback(tree.close)
        heard = [(role, name) for _, role, name in tree.walk(tree.program())]
    said = set(heard)
    assert ("panel", "Mme MARTINEAU Élodie, Née le 14/07/1958 (68 ans)") in said
    assert ("panel", "Allergies connues") in said
    agents = [name for role, name in heard if role == "label" and name.startswith("pénicilline")]
    assert "ibuprofène" in agents[0]
    assert ("list", "Chronologie") in said
    lines = [name for role, name in heard if role == "list item"]
    assert "23/11/2026, Allergie, pénicilline — urticaire, 09:00 · Dr Claire FONTAINE" in lines
    assert any("Deux versions à départager" in line for line in lines)
    assert any("HbA1c 7,4" in line and "▲ élevé" in line for line in lines)
    assert ("tool bar", "Navigation") in said
    assert ("text", "Filtrer la chronologie") in said
