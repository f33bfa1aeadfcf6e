"""The server's online keys: private halves in the key store, public halves in the list its identity signed.

    log     signs checkpoints of the log
    order   signs leases and purges

Each key is a named secret of its own (`log`, `log.2`, `log.3`...), so that a replaced one says nothing about
the next. The private identity key is only ever passed to `signed_list`, by the operator's command.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from dossier.errors import SealBroken, StoreError
from dossier.sealing import devices
from dossier.sealing.key_list import KeyList, sign_key_list, verify_key_list
from server.ports import KeyStore

KINDS: Final = ("log", "order")
MOST: Final = 100
"""Keys of one kind over a server's life."""
_UNSIGNED = "identity.key has to sign the key list again: run `identity sign`"


class OnlineKeys(NamedTuple):
    """What this server signs with, and the list that says so."""

    identity: bytes
    """The public half of the identity key: what desktops pin."""
    text: bytes
    told: KeyList
    log: bytes
    order: bytes


async def open_online_keys(keys: KeyStore, identity: bytes, text: bytes) -> OnlineKeys:
    """Find the private halves of the newest listed keys.

    Raises StoreError when the list is not of this identity, of these keys, or of this restore number.
    """
    try:
        told = verify_key_list(identity, text)
    except SealBroken as error:
        raise StoreError("the key list was not signed by this server's identity key") from error
    if told.restore != await keys.restore_number():
        raise StoreError(_UNSIGNED)
    log, order = [await _private(keys, kind, told) for kind in KINDS]
    return OnlineKeys(identity, text, told, log, order)


async def signed_list(
    keys: KeyStore,
    private_identity: bytes,
    before: KeyList | None,
    now: datetime,
    *,
    replace: Collection[str] = (),
    tls: tuple[bytes, ...] = (),
) -> bytes:
    """A new list for the keys of this store and its present restore number.

    The newest of the keys `before` are kept beside the ones that `replace` them, older ones are left out. Its
    serial is the second it was signed in: after a restore to a folder that had seen fewer lists than the
    desktops, the next one is still above every list they know.
    """
    serial = max(0 if before is None else before.serial + 1, int(now.timestamp()))
    listed = {kind: await _listed(keys, kind, before, replace) for kind in KINDS}
    told = KeyList(serial, now, await keys.restore_number(), listed["log"], listed["order"], tls)
    return sign_key_list(private_identity, told)


async def _listed(
    keys: KeyStore, kind: str, before: KeyList | None, replace: Collection[str]
) -> tuple[bytes, ...]:
    if before is None:
        return (devices.public_key(await keys.secret(kind)),)
    newest: bytes = getattr(before, kind)[0]
    if kind not in replace:
        return (newest,)
    number = await _number(keys, kind, newest)
    return devices.public_key(await keys.secret(_name(kind, number + 1))), newest


async def _private(keys: KeyStore, kind: str, told: KeyList) -> bytes:
    newest: bytes = getattr(told, kind)[0]
    return await keys.secret(_name(kind, await _number(keys, kind, newest)))


async def _number(keys: KeyStore, kind: str, public: bytes) -> int:
    """Which of the secrets of this kind it is. Raises StoreError when none of the first MOST is."""
    for number in range(1, MOST + 1):
        if devices.public_key(await keys.secret(_name(kind, number))) == public:
            return number
    raise StoreError(_UNSIGNED)


def _name(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}.{number}"
