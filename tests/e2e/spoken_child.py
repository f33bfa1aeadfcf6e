"""A record in a real window, for whoever reads its tree: `python -m tests.e2e.spoken_child`. Ends when its input ends."""

import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from tests.builders import OWNER
from tests.gui.ui_samples import a_look
from tests.gui.ui_walk import full_world
from ui.main_window import MainWindow
from ui.preferences import Preferences


def main():
    application = QApplication(sys.argv)
    window = MainWindow(application, a_look("fr"))
    window.show_session(full_world(application).context(), Preferences())
    window.show()
    window.session.record_flow.open(OWNER)
    print("open", flush=True)  # noqa: T201 - what the parent waits for
    end = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    end.activated.connect(application.quit)
    application.exec()


if __name__ == "__main__":
    main()
