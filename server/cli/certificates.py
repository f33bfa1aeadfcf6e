"""`identity certificate`, and the TLS of `serve`: which certificate is shown, taken anew on SIGHUP."""

import argparse
import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import DossierError, Refused, SealBroken
from dossier.sealing import certificates, devices
from dossier.sealing.key_list import KeyList, verify_key_list
from server.app import House
from server.folder import Folder, make_authority, renew_issuer
from server.operations.tls import GivenFiles, Listener, OwnLeaf, Source
from server.services.online_keys import OnlineKeys, signed_list
from server.store.keystore.key_file import read_key_file

_LOG = logging.getLogger("colloque.server")


def checked_names(given: Sequence[str]) -> tuple[str, ...]:
    """Host names and addresses as certificates carry them, each once. Raises Refused (`host_name`)."""
    try:
        return tuple(dict.fromkeys(certificates.host_name(one) for one in given))
    except ValueError as error:
        raise Refused("host_name") from error


async def certify(options: argparse.Namespace) -> int:
    """With names: another authority for them. Without: two more years for the issuer of the present one."""
    folder, names = Folder(options.folder), checked_names(options.address)
    public = folder.read_identity(folder.read_told())
    before = folder.present_list(public)
    key_file = options.authority or folder.authority
    clock, entropy = options.clock, options.entropy
    if names:
        told = await _change(folder, public, before, (options.key, key_file), names, clock, entropy)
    elif before is None or not before.authority:
        raise Refused("no_authority")
    else:
        told = before
        keys = await folder.engine(folder.read_told()).open_keys(folder.provider(), clock, entropy)
        try:
            seed = read_key_file(key_file)
            await renew_issuer(folder, keys, told.authority, seed, clock, entropy)
        except SealBroken as error:
            raise Refused("other_authority") from error
        finally:
            await keys.close()
    for line in shown(folder, told):
        print(line)
    return 0


async def _change(
    folder: Folder,
    public: bytes,
    before: KeyList | None,
    key_files: tuple[Path | None, Path],
    names: Sequence[str],
    clock: Clock,
    entropy: Entropy,
) -> KeyList:
    private = read_key_file(key_files[0] or folder.identity)
    if devices.public_key(private) != public:
        raise Refused("other_identity")
    keys = await folder.engine(folder.read_told()).open_keys(folder.provider(), clock, entropy)
    try:
        made = await make_authority(folder, keys, key_files[1], names, clock, entropy)
        text = await signed_list(keys, private, before, clock.now(), authority=made)
    finally:
        await keys.close()
    folder.write_key_list(text)
    return verify_key_list(public, text)


def shown(folder: Folder, told: KeyList) -> list[str]:
    """What an operator reads of a private authority; nothing without one."""
    if not told.authority:
        return []
    authority = certificates.said(told.authority)
    issuer = certificates.said(folder.read_issuer(told.authority))
    return [
        f"names     {', '.join(authority.names)}",
        f"authority until {authority.ends:%Y-%m-%d}",
        f"issuer    until {issuer.ends:%Y-%m-%d}",
    ]


def given_hash(path: Path) -> bytes:
    """The key of a certificate the operator brings. Raises Refused (`certificate_unreadable`)."""
    try:
        return certificates.key_hash(certificates.from_pem(path.read_bytes())[0])
    except (OSError, SealBroken) as error:
        raise Refused("certificate_unreadable", path.name) from error


# --- the listener of `serve` -------------------------------------------------------------------------


async def listener_of(options: argparse.Namespace, house: House) -> Listener | None:
    """What desktops are shown: the given certificate, or our own under the private authority; None without
    either, which is for this machine alone. Raises Refused, StoreError kin.
    """
    source = _source(options, house.online)
    if source is None:
        return None
    return Listener(source, house.online.told.tls, options.clock)


def _source(options: argparse.Namespace, online: OnlineKeys) -> Source | None:
    if bool(options.certificate) != bool(options.key):
        raise Refused("certificate_pair")
    if options.certificate is not None:
        return GivenFiles(options.certificate, options.key)
    if not online.told.authority:
        return None
    issuer = Folder(options.folder).read_issuer(online.told.authority)
    seeds = (online.issuer, online.tls)
    return OwnLeaf(online.told.authority, issuer, seeds, options.clock, options.entropy)


@asynccontextmanager
async def kept_fresh(
    tls: Listener | None, options: argparse.Namespace, house: House
) -> AsyncIterator[None]:
    """While it serves: renew by itself; on SIGHUP take in certificate and key list as they are now."""
    if tls is None:
        yield
        return
    tasks = [asyncio.create_task(tls.keep_renewed())]

    def asked() -> None:
        tasks.append(asyncio.create_task(_reload(tls, options, house)))

    loop = asyncio.get_running_loop()
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, asked)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _reload(tls: Listener, options: argparse.Namespace, house: House) -> None:
    """What cannot be taken in is said; what was shown before is shown on."""
    try:
        online = await house.read_keys_again(Folder(options.folder).read_key_list())
        source = _source(options, online)
        if source is None:
            raise Refused("no_authority")
        tls.reload(source, online.told.tls)
    except DossierError as error:
        code = error.code if isinstance(error, Refused) else error.key
        _LOG.error("certificate_kept", extra={"code": code})
        return
    house.learn_keys(online)
    _LOG.info("certificate_reloaded")
