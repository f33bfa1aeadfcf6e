"""A keyring in memory, and keyring back ends that behave badly."""

from threading import Event

from dossier.errors import KeychainError


class MemoryKeychain:
    """Keychain over a dictionary. `fail_with` makes every call fail for that reason."""

    def __init__(self, fail_with: str = "") -> None:
        self.secrets: dict[str, bytes] = {}
        self.fail_with = fail_with

    def name(self) -> str:
        return "memory"

    def get(self, device: str) -> bytes:
        self._check()
        if device not in self.secrets:
            raise KeychainError("missing")
        return self.secrets[device]

    def put(self, device: str, secret: bytes) -> None:
        self._check()
        self.secrets[device] = secret

    def drop(self, device: str) -> None:
        self._check()
        self.secrets.pop(device, None)

    def _check(self) -> None:
        if self.fail_with:
            raise KeychainError(self.fail_with)


class GoodBackend:
    """What the `keyring` package offers, over a dictionary, under an accepted module name."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


GoodBackend.__module__ = "keyring.backends.SecretService"


class PlaintextBackend(GoodBackend):
    """As keyrings.alt has: refused by name."""


PlaintextBackend.__module__ = "keyrings.alt.file"


class FailBackend(GoodBackend):
    pass


FailBackend.__module__ = "keyring.backends.fail"


class CollectionLockedError(Exception):
    """Named as Secret Service and KWallet name theirs."""


class LockedBackend(GoodBackend):
    def get_password(self, service: str, username: str) -> str | None:
        raise CollectionLockedError("dismissed")


LockedBackend.__module__ = "keyring.backends.kwallet"


class BrokenBackend(GoodBackend):
    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("bus went away")


BrokenBackend.__module__ = "keyring.backends.Windows"


class ForgetfulBackend(GoodBackend):
    """Says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


ForgetfulBackend.__module__ = "keyring.backends.macOS"


class HangingBackend(GoodBackend):
    def __init__(self) -> None:
        super().__init__()
        self.released = Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait(30)
        return None


HangingBackend.__module__ = "keyring.backends.SecretService"
