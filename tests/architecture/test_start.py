"""What the first page waits for."""

import subprocess
import sys


def test_the_lock_page_waits_for_no_screen_of_a_session():
    """Half of all imports are a session's: they are read while the phrase is typed (DESIGN §10, start)."""
    said = subprocess.run(
        [sys.executable, "-c", "import practitioner_app.bootstrap, sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = set(said.stdout.split())
    assert "ui.main_window" in loaded
    late = ("ui.session_view", "ui.context", "practitioner_app.open_session", "sync.transport")
    assert not loaded.intersection(late)
    assert not {one for one in loaded if one.startswith(("ui.patient", "requests", "keyring"))}
