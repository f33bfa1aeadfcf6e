"""The real desktop in a process of its own, driven from standard input: one JSON object a line, one back.

Only a test starts it. It builds the program as its entry point does, then acts as a person and a screen
reader would: real key events to the window, texts as QAccessible tells them. It knows no model and no
service. A wait is a condition with a deadline; the event loop is never blocked.
"""

import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from PySide6.QtCore import QDeadlineTimer, QObject, QSocketNotifier, Qt, QTimer, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleInterface,
    QGuiApplication,
    QInputMethodEvent,
    QKeySequence,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from dossier.clock import SystemClock
from practitioner_app import bootstrap
from practitioner_app.__main__ import arguments, options_of

POLL_MS = 100
MOST_TABS = 150
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "’": "'", "\u2028": "\n"})
_SPOKEN = (QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description)
Command = dict[str, Any]
Answer = dict[str, Any]


def plain(text: str) -> str:
    """French typography as a test types it."""
    return text.translate(_SPACES)


def spoken(root: QObject, *, hidden: bool = False) -> Iterator[str]:
    """Every text below `root` that a screen reader could say; what is hidden too where asked."""
    stack = [QAccessible.queryAccessibleInterface(root)]
    while stack:
        here = stack.pop()
        if here is None or not here.isValid():
            continue
        if not hidden and here.state().invisible:
            continue
        said = dict.fromkeys(plain(here.text(kind)) for kind in _SPOKEN)
        yield from (text for text in said if text)
        stack.extend(here.child(n) for n in reversed(range(here.childCount())))


class Driver(QObject):
    """Obeys one command after the other."""

    def __init__(self, application: QApplication, desktop: bootstrap.Desktop) -> None:
        super().__init__(desktop)
        self._application, self._desktop = application, desktop
        self._buffer = b""
        self._waiting: list[Command] = []
        self._wait: Command | None = None
        self._deadline = QDeadlineTimer()
        self._input = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._input.activated.connect(self._read)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._look)

    @Slot()
    def _read(self) -> None:
        piece = os.read(sys.stdin.fileno(), 65536)
        if not piece:
            self._input.setEnabled(False)
            self._application.exit(0)
            return
        *lines, self._buffer = (self._buffer + piece).split(b"\n")
        self._waiting += [msgspec.json.decode(line) for line in lines]
        self._obey()

    def _obey(self) -> None:
        while self._waiting and self._wait is None:
            command = self._waiting.pop(0)
            if command["do"] == "wait":
                self._wait = command
                self._deadline = QDeadlineTimer(int(command["within_s"] * 1000))
                self._timer.start()
                self._look()
            else:
                act = getattr(self, f"_{command['do']}")
                self._answer(act(command))

    def _answer(self, answer: Answer) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()

    # -- seeing ---------------------------------------------------------------

    @property
    def _window(self) -> QWidget:
        """The dialogue on top, or the window of the program."""
        return QApplication.activeModalWidget() or self._desktop.window

    def _texts(self, _command: Command) -> Answer:
        return {"texts": list(spoken(self._window))}

    @Slot()
    def _look(self) -> None:
        """The wait under way: over when what is wanted is said and what must go is gone."""
        command = self._wait
        if command is None:
            return
        said = "\n".join(spoken(self._window))
        met = all(text in said for text in command["wanted"])
        met = met and not any(text in said for text in command["gone"])
        met = met and ("focus" not in command or command["focus"] in self._focus_name())
        met = met and command.get("enabled", "") in ("", *self._enabled(command))
        if met or self._deadline.hasExpired():
            self._timer.stop()
            self._wait = None
            self._answer({"met": met, "said": said, "focus": self._focus_name()})
            self._obey()

    def _enabled(self, command: Command) -> list[str]:
        """The name of a button that may be pressed now."""
        name = command.get("enabled", "")
        found = (one for one in self._window.findChildren(QWidget) if one.accessibleName() == name)
        return [name for one in found if one.isEnabled() and one.isVisible()]

    def _focus_name(self) -> str:
        widget = QApplication.activePopupWidget() or self._window.focusWidget()
        seen: QAccessibleInterface | None = QAccessible.queryAccessibleInterface(widget)
        return plain(seen.text(QAccessible.Text.Name)) if seen is not None else ""

    def _everything(self, _command: Command) -> Answer:
        """All that is held for the eye or the ear, hidden or not: texts, titles, tool tips, clipboard."""
        held: list[str] = [QGuiApplication.clipboard().text()]
        for top in QApplication.topLevelWidgets():
            held += spoken(top, hidden=True)
        for widget in QApplication.allWidgets():
            held += [widget.windowTitle(), widget.toolTip(), widget.statusTip(), widget.whatsThis()]
            held += [widget.accessibleName(), widget.accessibleDescription(), widget.objectName()]
            held += [
                str(getattr(widget, name)())
                for name in ("text", "toPlainText")
                if hasattr(widget, name)
            ]
        held += [window.title() for window in QGuiApplication.allWindows()]
        return {
            "held": [text for text in held if text],
            "title": self._desktop.window.windowTitle(),
        }

    def _picture(self, command: Command) -> Answer:
        return {"saved": self._desktop.window.grab().save(command["path"])}

    # -- acting ---------------------------------------------------------------

    def _active(self) -> None:
        """Take the keyboard, as a click on the window would."""
        window = self._window
        if not window.isActiveWindow():
            window.activateWindow()
            assert QTest.qWaitForWindowActive(window, 5000)

    def _press(self, command: Command) -> Answer:
        self._active()
        for name in command["keys"]:
            combined = QKeySequence(name)[0]
            self._key(combined.key(), combined.keyboardModifiers())
        return {"focus": self._focus_name()}

    def _key(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        target = QApplication.activePopupWidget() or self._window
        QTest.keyClick(target.windowHandle(), key, modifiers)

    def _type(self, command: Command) -> Answer:
        """Letter by letter; what needs a dead key comes as an input method brings it."""
        self._active()
        for letter in command["text"]:
            if letter.isascii():
                QTest.keyClick(self._window.windowHandle(), letter)
            else:
                event = QInputMethodEvent()
                event.setCommitString(letter)
                QApplication.sendEvent(QGuiApplication.focusObject(), event)
        return {"focus": self._focus_name()}

    def _tab(self, command: Command) -> Answer:
        """Walk with Tab until the focus is on `to`."""
        self._active()
        for _ in range(MOST_TABS):
            if command["to"] in self._focus_name():
                return {"focus": self._focus_name()}
            self._key(Qt.Key.Key_Backtab if command["back"] else Qt.Key.Key_Tab)
        return {"focus": ""}


class ShiftedClock(SystemClock):
    """A computer whose clock is wrong by whole days."""

    days = int(os.environ.get("COLLOQUE_TEST_CLOCK_DAYS", "0"))

    def now(self) -> datetime:
        return super().now() + timedelta(days=self.days)


def main() -> int:
    bootstrap.SystemClock = ShiftedClock  # type: ignore[misc]
    found = arguments(sys.argv[1:], dict(os.environ))

    def driven(application: QApplication, desktop: bootstrap.Desktop) -> int:
        QAccessible.setActive(True)  # a screen reader listens; lists then tell their changes
        desktop.begin()
        driver = Driver(application, desktop)
        QTest.qWaitForWindowExposed(desktop.window, 10_000)
        driver._active()
        driver._answer({"ready": True})
        return application.exec()

    return bootstrap._with_desktop(options_of(found), sys.argv[:1], driven)


if __name__ == "__main__":
    sys.exit(main())
