"""The folder of one profile: one account, one situation, one device (practitioner_app.seats: several of them).

    cache.hdr       sealed header: the key, wrapped twice (dossier.sealing.profile)
    card.json       who and where, in clear: the person, the device, the practice, the server; no patient
    store/          work.db, cache.db (local_store)
    in-use          lock: one program at a time
    purged.json     after a purge: the receipt owed to the server, until it was taken

Folder 0700, files 0600. Files are replaced, never overwritten: a crash leaves the old or the new one.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import BadAnswer, DiskFull, KeychainError, StoreCorrupt, StoreError, StoreLocked
from dossier.sealing.profile import (
    PASS_ONLY,
    Cost,
    change_passphrase,
    create_header,
    device_of,
    mode_of,
    open_header,
    open_with_recovery,
    rewrap,
)
from dossier.wire import codec
from dossier.wire.sessions import PurgedRequest
from practitioner_app.ports import Keychain

HEADER: Final = "cache.hdr"
CARD: Final = "card.json"
RECEIPT: Final = "purged.json"
STORE: Final = "store"
_LOCK: Final = "in-use"
_NO_ROOM: Final = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


class Card(Struct, frozen=True, kw_only=True):
    """What must be known before the key: shown on the lock page, needed to call the server."""

    server: str
    device: str
    device_name: str
    account: int
    person: str
    situation: str
    practitioner: str = ""
    organisation: int = 0
    practice: str = ""
    profession: str = ""
    language: str = ""
    theme: str = ""
    lock_minutes: int = 10
    demonstration: bool = False
    identity: str = ""
    """The server's public identity key, base64url, pinned at enrolment."""


class Secrets(Struct, frozen=True, kw_only=True):
    """The key of the two databases, and the device secret as read from the keyring (None: pass only)."""

    key: bytes
    device_secret: bytes | None


class OwedReceipt(Struct, frozen=True, kw_only=True):
    """The proof that the copy was erased, and whom it is owed to. `unsent`: how many writings went with it.
    `identity` and `key_list` are what that server is known by.
    """

    server: str
    said: PurgedRequest
    unsent: int = 0
    identity: str = ""
    key_list: str = ""


class ProfileFolder:
    """One folder. `hold` first; everything raises StoreError kin, SealBroken or KeychainError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: int | None = None

    @property
    def store(self) -> Path:
        return self.path / STORE

    def hold(self) -> None:
        """Make the folder and keep others out; StoreLocked when another program has it open. Safe to repeat."""
        if self._held is not None:
            return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self.store.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise StoreLocked from error
        self._held = handle
        (self.path / _LOCK).touch()

    def last_held(self) -> float:
        """When it was, in seconds since 1970; 0 for never."""
        try:
            return (self.path / _LOCK).stat().st_mtime
        except OSError:
            return 0.0

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @property
    def is_enrolled(self) -> bool:
        return (self.path / HEADER).exists() and (self.path / CARD).exists()

    def card(self) -> Card:
        try:
            return codec.decode((self.path / CARD).read_bytes(), Card)
        except OSError as error:
            raise StoreCorrupt("card") from error

    def write_card(self, card: Card) -> None:
        self._replace(CARD, codec.encode(card))

    @property
    def without_keyring(self) -> bool:
        """The demonstration's mode: the phrase alone opens it."""
        return mode_of(self._header()) == PASS_ONLY

    def create(
        self,
        card: Card,
        *,
        phrase: str,
        recovery_code: str,
        keychain: Keychain | None,
        entropy: Entropy,
        clock: Clock,
        cost: Cost | None = None,
    ) -> Secrets:
        """Seal a fresh key. The secret goes to the keyring before the header is written, so that a crash
        leaves at most an unused secret. `keychain` None is the demonstration's mode.
        """
        device_secret = entropy.bytes(32) if keychain is not None else None
        made = create_header(
            phrase,
            device_secret,
            recovery_code,
            card.device,
            str(card.account),
            entropy,
            clock,
            cost,
        )
        if keychain is not None and device_secret is not None:
            keychain.put(card.device, device_secret)
        self.write_card(card)
        self._replace(HEADER, made.header)
        return Secrets(key=made.key, device_secret=device_secret)

    def open(self, phrase: str, keychain: Keychain | None, floor: Cost | None = None) -> Secrets:
        """The key by phrase and keyring. SealBroken for a wrong phrase; KeychainError says which trouble."""
        header = self._header()
        device_secret = self._device_secret(header, keychain)
        return Secrets(
            key=open_header(header, phrase, device_secret, floor), device_secret=device_secret
        )

    def open_with_code(self, code: str) -> Secrets:
        """The key by the recovery code alone; then `choose_phrase`."""
        return Secrets(key=open_with_recovery(self._header(), code), device_secret=None)

    def choose_phrase(
        self,
        secrets: Secrets,
        phrase: str,
        *,
        keychain: Keychain | None,
        entropy: Entropy,
        cost: Cost | None = None,
    ) -> Secrets:
        """A new phrase after the recovery code; a lost device secret is replaced in the keyring first."""
        header = self._header()
        device_secret = None
        if mode_of(header) != PASS_ONLY:
            if keychain is None:
                raise KeychainError("absent")
            device_secret = entropy.bytes(32)
            keychain.put(device_of(header), device_secret)
        self._replace(HEADER, rewrap(header, secrets.key, phrase, device_secret, entropy, cost))
        return Secrets(key=secrets.key, device_secret=device_secret)

    def change_phrase(
        self,
        old: str,
        new: str,
        *,
        keychain: Keychain | None,
        entropy: Entropy,
        cost: Cost | None = None,
    ) -> None:
        """A new phrase by a person who knows the old one."""
        header = self._header()
        secret = self._device_secret(header, keychain)
        self._replace(HEADER, change_passphrase(header, old, new, secret, entropy, cost))

    def erase(self, keychain: Keychain | None, owed: "OwedReceipt") -> None:
        """Nothing of the copy is left: the keyring secret and the header first, which alone make the rest
        unreadable, then every file; then the receipt. Safe to repeat. Raises KeychainError last, when the
        keyring kept its half: what it opens is gone.
        """
        trouble: KeychainError | None = None
        try:
            if keychain is not None:
                keychain.drop(self.card().device)
        except KeychainError as error:
            trouble = error
        for name in (HEADER, f"{HEADER}.new"):
            _overwrite(self.path / name)
        for path in sorted(self.store.glob("*")):
            path.unlink()
        self._replace(RECEIPT, codec.encode(owed))
        for name in (HEADER, f"{HEADER}.new", CARD, f"{CARD}.new"):
            (self.path / name).unlink(missing_ok=True)
        if trouble is not None:
            raise trouble

    def owed_receipt(self) -> "OwedReceipt | None":
        """The receipt of a purge that no server took yet."""
        try:
            return codec.decode((self.path / RECEIPT).read_bytes(), OwedReceipt)
        except (OSError, BadAnswer):
            return None

    def drop_receipt(self) -> None:
        """It was taken."""
        (self.path / RECEIPT).unlink(missing_ok=True)

    def _device_secret(self, header: bytes, keychain: Keychain | None) -> bytes | None:
        if mode_of(header) == PASS_ONLY:
            return None
        if keychain is None:
            raise KeychainError("absent")
        return keychain.get(device_of(header))

    def _header(self) -> bytes:
        try:
            return (self.path / HEADER).read_bytes()
        except OSError as error:
            raise StoreCorrupt("header") from error

    def _replace(self, name: str, content: bytes) -> None:
        """Write beside, whole, flush, rename, flush the folder. Raises DiskFull, StoreError: the old file
        stays then.
        """
        fresh = self.path / f"{name}.new"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
        except OSError as error:
            raise DiskFull if error.errno in _NO_ROOM else StoreError("profile") from error
        fresh.replace(self.path / name)
        if sys.platform != "win32":
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _overwrite(path: Path) -> None:
    """Zeros over a small file; what the disk itself keeps of it is beyond us (docs/threat-model.md)."""
    if not path.exists():
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())


def _lock(handle: int) -> None:
    """An advisory lock that the system drops with the process."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows only

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - absent on Windows

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
