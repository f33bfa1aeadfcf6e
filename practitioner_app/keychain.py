"""The operating system's keyring: the only importer of `keyring`.

Accepted: Secret Service (GNOME Keyring, KeePassXC...), KWallet, the macOS Keychain, the Windows Credential
Locker. Everything else (plaintext files, null, fail, unknown plug-ins) is refused by name. Each call has a
deadline: a keyring that asks its own question may answer `slow` once, and the person tries again. There
is no fallback here: what to do without a keyring is a dialogue, decided by a person (security D4).
"""

import threading
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Protocol, TypeVar

from dossier.errors import KeychainError

T = TypeVar("T")

SERVICE: Final = "colloque"
TIMEOUT_S: Final = 5.0
ALLOWED: Final = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
}


class Backend(Protocol):
    """What we use of a keyring back end."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class SystemKeychain:
    """Keychain over one accepted back end. Raises KeychainError: absent, locked, insecure, slow, missing."""

    def __init__(self, backend: Backend, timeout_s: float = TIMEOUT_S) -> None:
        self._backend = backend
        self._timeout_s = timeout_s
        self._name = _accepted(backend)

    def name(self) -> str:
        return self._name

    def get(self, device: str) -> bytes:
        text = within(lambda: self._backend.get_password(SERVICE, device), self._timeout_s)
        if text is None:
            raise KeychainError("missing")
        try:
            return b64decode(text, validate=True)
        except NotBase64 as error:
            raise KeychainError("missing") from error

    def put(self, device: str, secret: bytes) -> None:
        """Stored, then read back: a keyring that says yes and keeps nothing is `insecure`."""
        text = b64encode(secret).decode()
        within(lambda: self._backend.set_password(SERVICE, device, text), self._timeout_s)
        if within(lambda: self._backend.get_password(SERVICE, device), self._timeout_s) != text:
            raise KeychainError("insecure")

    def drop(self, device: str) -> None:
        """Forget the secret; nothing happens when it is not there."""
        if within(lambda: self._backend.get_password(SERVICE, device), self._timeout_s) is not None:
            within(lambda: self._backend.delete_password(SERVICE, device), self._timeout_s)


def system_keychain(timeout_s: float = TIMEOUT_S) -> SystemKeychain:
    """The keyring this system is set up to use; KeychainError when there is none we accept."""
    return SystemKeychain(within(_configured, timeout_s), timeout_s)


def _configured() -> Backend:
    import keyring  # noqa: PLC0415 - looking for back ends talks to D-Bus: done inside the deadline

    chosen: Backend = keyring.get_keyring()
    candidates: list[Backend] = getattr(chosen, "backends", [chosen])
    for candidate in candidates:
        if type(candidate).__module__ in ALLOWED:
            return candidate
    return chosen


def _accepted(backend: Backend) -> str:
    module = type(backend).__module__
    if module.startswith("keyring.backends.fail"):
        raise KeychainError("absent")
    if module not in ALLOWED:
        raise KeychainError("insecure", type(backend).__name__)
    return ALLOWED[module]


def within(call: Callable[[], T], timeout_s: float) -> T:
    """Run `call` on a thread of its own and wait at most `timeout_s`; its failure becomes ours.

    A call that never returns keeps its daemon thread and nothing else.
    """
    answers: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # noqa: BLE001 - back ends raise whatever D-Bus, Keychain or Win32 raise
            answers.put((None, error))

    threading.Thread(target=run, name="keychain", daemon=True).start()
    try:
        answer, error = answers.get(timeout=timeout_s)
    except Empty:
        raise KeychainError("slow") from None
    if error is not None:
        raise (
            error if isinstance(error, KeychainError) else KeychainError(_reason(error))
        ) from error
    return answer  # type: ignore[return-value]  # None is then T


def _reason(error: Exception) -> str:
    """`locked` when the back end says so in the name of its error, else `absent`."""
    names = [kind.__name__ for kind in type(error).__mro__]
    is_locked = any("Locked" in name or "Prompt" in name for name in names)
    return "locked" if is_locked or "denied" in str(error).casefold() else "absent"
