"""D4: a keyring that is absent, locked, insecure, slow or empty is said, never replaced by something else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dossier.errors import KeychainError
from practitioner_app.keychain import ALLOWED, SystemKeychain
from tests.fakes.memory_keychain import (
    BrokenBackend,
    FailBackend,
    ForgetfulBackend,
    GoodBackend,
    HangingBackend,
    LockedBackend,
    PlaintextBackend,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("backend", "reason"), [(PlaintextBackend, "insecure"), (FailBackend, "absent")]
)
def test_d4_a_back_end_we_do_not_know_is_refused_before_any_secret(backend, reason):
    with pytest.raises(KeychainError) as caught:
        SystemKeychain(backend())
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("backend", "reason"), [(LockedBackend, "locked"), (BrokenBackend, "absent")]
)
def test_d4_a_back_end_that_fails_says_why(backend, reason):
    keychain = SystemKeychain(backend())
    for call in (lambda: keychain.get("d"), lambda: keychain.drop("d")):
        with pytest.raises(KeychainError) as caught:
            call()
        assert caught.value.reason == reason


def test_d4_a_back_end_that_hangs_is_slow():
    backend = HangingBackend()
    with pytest.raises(KeychainError) as caught:
        SystemKeychain(backend, timeout_s=0.05).get("d")
    backend.released.set()
    assert caught.value.reason == "slow"


def test_d4_a_back_end_that_keeps_nothing_is_insecure():
    with pytest.raises(KeychainError) as caught:
        SystemKeychain(ForgetfulBackend()).put("d", b"x" * 32)
    assert caught.value.reason == "insecure"


def test_d4_a_secret_that_was_altered_is_missing():
    backend = GoodBackend()
    keychain = SystemKeychain(backend)
    keychain.put("d", b"x" * 32)
    backend.kept["colloque", "d"] = "not base64 !"
    with pytest.raises(KeychainError) as caught:
        keychain.get("d")
    assert caught.value.reason == "missing"


def test_only_four_families_of_back_end_are_accepted():
    assert {name.rpartition(".")[2] for name in ALLOWED} == {
        "SecretService",
        "kwallet",
        "macOS",
        "Windows",
    }


_REAL = """
from dossier.errors import KeychainError
from practitioner_app.keychain import system_keychain
keychain = system_keychain(20.0)
keychain.put("device-1", bytes(range(32)))
assert keychain.get("device-1") == bytes(range(32))
keychain.put("device-1", b"y" * 32)
assert keychain.get("device-1") == b"y" * 32
keychain.drop("device-1")
keychain.drop("device-1")
try:
    keychain.get("device-1")
except KeychainError as error:
    print(keychain.name(), error.reason)
"""


def _in_a_session(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    missing = [
        name for name in ("dbus-run-session", "gnome-keyring-daemon") if not shutil.which(name)
    ]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: the real keyring was not tried")
    environment = {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_real_gnome_keyring_keeps_gives_back_and_forgets(tmp_path):
    (tmp_path / "try.py").write_text(_REAL)
    done = _in_a_session(
        "printf passphrase | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        f"{sys.executable} {tmp_path}/try.py",
        tmp_path,
    )
    assert done.stdout.strip() == "Secret Service missing", done.stderr[-800:]


_ABSENT = """
from dossier.errors import KeychainError
from practitioner_app.keychain import system_keychain
try:
    system_keychain(10.0)
except KeychainError as error:
    print(error.reason)
"""


def test_a_session_without_any_keyring_is_absent(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _ABSENT],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "absent", done.stderr[-800:]
