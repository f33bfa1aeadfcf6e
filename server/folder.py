"""What lies in a server's folder, and how an empty one is made.

folder/data.db       the truth, cells sealed under per-subject keys
folder/keys.db       those keys, wrapped; its own short-lived backups
folder/root.key      ROOT, mode 0400; belongs outside both and outside their backups
folder/identity.key  who this server is, mode 0400; belongs on paper or a token, not on this machine
folder/keys.txt      the online keys, signed with identity.key; public
folder/authority.key of a private authority: vouches for the issuer, mode 0400; belongs with identity.key
folder/issuer.pem    the certificate under which this server makes its own; public
folder/backup.json   when the last backup was made and read again
folder/server.json   the server's name, its public identity, whether it is a demonstration, and the addresses of
                     PostgreSQL's databases when the first two lie there
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import BadAnswer, SealBroken, StoreError
from dossier.sealing import certificates, devices
from dossier.sealing.key_list import KeyList, verify_key_list
from dossier.sealing.text import base64url, unbase64url
from dossier.wire.codec import decode
from server.engines import Engine, FileEngine, PostgresEngine
from server.ports import KeyProvider, KeyStore
from server.services.online_keys import issuer_seed, signed_list
from server.store.keystore import CredentialKeyProvider, FileKeyProvider
from server.store.keystore.key_file import make_key_file, read_key_file
from server.store.whole_files import write_whole

_PUBLIC = 0o644


class ServerFile(msgspec.Struct, frozen=True, kw_only=True):
    """`server.json`: what this folder is. `identity` is the public identity key, base64url. `databases` are
    the addresses of PostgreSQL's, in an order that never changes, and `key_database` that of the keys;
    without any, the databases are files of this folder.
    """

    name: str
    demonstration: bool = False
    identity: str = ""
    recovery: str = ""
    """The public recovery key, base64url: copies of the key store are sealed to it."""
    archive: str = ""
    """The public archive key, base64url: data keys of archived records are sealed to it."""
    databases: tuple[str, ...] = ()
    key_database: str = ""

    def archive_key(self) -> bytes:
        """Empty where there is none. Raises StoreError."""
        try:
            return unbase64url(self.archive)
        except ValueError as error:
            raise StoreError("server.json names no archive key that can be read") from error


class Folder:
    """The names of the files of one server, and the small ones read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data, self.keys = path / "data.db", path / "keys.db"
        self.root, self.identity = path / "root.key", path / "identity.key"
        self.key_list, self.told = path / "keys.txt", path / "server.json"
        self.authority, self.issuer = path / "authority.key", path / "issuer.pem"

    def provider(self, environment: Mapping[str, str] = os.environ) -> KeyProvider:
        """Where ROOT is: the credential systemd gives its service (systemd.exec, LoadCredential), or the
        file of this folder.
        """
        credential = self._credential(environment)
        return CredentialKeyProvider(credential) if credential else FileKeyProvider(self.root)

    def is_root_here(self, environment: Mapping[str, str] = os.environ) -> bool:
        """Does ROOT lie in this folder, or is it given from elsewhere?"""
        return self._credential(environment) is None

    def _credential(self, environment: Mapping[str, str]) -> Path | None:
        given = environment.get("CREDENTIALS_DIRECTORY")
        path = Path(given) / self.root.name if given else None
        return path if path is not None and path.exists() else None

    def read_told(self) -> ServerFile:
        """Raises StoreError when no server lies here."""
        try:
            return decode(self.told.read_bytes(), ServerFile)
        except OSError as error:
            raise StoreError("no server lies in this folder; run `init` first") from error
        except BadAnswer as error:
            raise StoreError("server.json is damaged; put it back") from error

    def read_identity(self, told: ServerFile) -> bytes:
        """The public identity key of `server.json`; raises StoreError when there is none."""
        try:
            public = unbase64url(told.identity)
        except ValueError:
            public = b""
        if len(public) != devices.KEY_BYTES:
            raise StoreError("server.json names no identity key; put it back")
        return public

    def read_key_list(self) -> bytes:
        """The signed text; raises StoreError when it is missing."""
        try:
            return self.key_list.read_bytes()
        except OSError as error:
            raise StoreError("keys.txt is missing; run `identity sign`") from error

    def present_list(self, public: bytes) -> KeyList | None:
        """The list that lies here, or None when it is missing or not of this identity."""
        try:
            return verify_key_list(public, self.read_key_list())
        except (StoreError, SealBroken):
            return None

    def write_key_list(self, text: bytes) -> None:
        """Replace the list, whole or not at all."""
        write_whole(self.key_list, text, _PUBLIC)

    def read_issuer(self, authority: bytes) -> bytes:
        """The issuer's certificate. Raises StoreError when it is missing or not of this authority."""
        try:
            (issuer,) = certificates.from_pem(self.issuer.read_bytes())
        except (OSError, ValueError, SealBroken) as error:
            raise StoreError("issuer.pem is missing; run `identity certificate`") from error
        if not certificates.is_issued_by(issuer, authority):
            raise StoreError("issuer.pem is of another authority; run `identity certificate`")
        return issuer

    def write_issuer(self, issuer: bytes) -> None:
        """Replace it, whole or not at all."""
        write_whole(self.issuer, certificates.to_pem(issuer), _PUBLIC)

    def write_told(self, told: ServerFile) -> None:
        """Replace `server.json`, whole or not at all."""
        write_whole(self.told, msgspec.json.encode(told), _PUBLIC)

    def engine(self, told: ServerFile) -> Engine:
        """Where this server's databases lie."""
        if told.databases:
            return PostgresEngine(told.databases, told.key_database)
        return FileEngine(self.data, self.keys)


async def init(
    path: Path, clock: Clock, entropy: Entropy, said: ServerFile, names: Sequence[str] = ()
) -> None:
    """Make an empty server in `path`, with a private authority when desktops reach it under `names`; raises
    StoreError when one is there already.
    """
    folder = Folder(path)
    engine = folder.engine(said)
    if await engine.is_taken():
        raise StoreError("a server lies in these databases already")
    private = _make_keys(folder, entropy)
    keys = await engine.open_keys(FileKeyProvider(folder.root), clock, entropy)
    try:
        vouches = b""
        if names:
            vouches = await make_authority(folder, keys, folder.authority, names, clock, entropy)
        listed = await signed_list(keys, private, None, clock.now(), authority=vouches)
        folder.write_key_list(listed)
    finally:
        await keys.close()
    await (await engine.open_store(clock, restore=0)).close()
    told = msgspec.structs.replace(said, identity=base64url(devices.public_key(private)))
    folder.write_told(told)


async def make_authority(
    folder: Folder,
    keys: KeyStore,
    key_file: Path,
    names: Sequence[str],
    clock: Clock,
    entropy: Entropy,
) -> bytes:
    """The certificate of a private authority for these names, by the key at `key_file`, which is made when
    there is none; and its issuer. The key list has to name it before a desktop believes it.
    """
    seed = _seed(key_file, entropy)
    authority = certificates.make_authority(seed, names, clock.now(), entropy)
    await renew_issuer(folder, keys, authority, seed, clock, entropy)
    return authority


def _seed(key_file: Path, entropy: Entropy) -> bytes:
    return read_key_file(key_file) if key_file.exists() else make_key_file(key_file, entropy)


async def renew_issuer(
    folder: Folder, keys: KeyStore, authority: bytes, seed: bytes, clock: Clock, entropy: Entropy
) -> None:
    """Two more years for the issuer. Raises SealBroken when the seed is not the authority's."""
    online = await issuer_seed(keys, authority)
    folder.write_issuer(certificates.make_issuer(authority, seed, online, clock.now(), entropy))


def _make_keys(folder: Folder, entropy: Entropy) -> bytes:
    """The two files nobody else may read; returns the private identity key."""
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(one.exists() for one in (folder.told, folder.root, folder.identity)):
        raise StoreError("a server lies in this folder already")
    make_key_file(folder.root, entropy)
    return make_key_file(folder.identity, entropy)
