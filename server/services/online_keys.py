"""The server's online keys: private halves in the key store, public halves in the list its identity signed.

    log     signs checkpoints of the log
    order   signs leases and purges
    tls     answers desktops, when a private authority vouches for it; else the operator gives key and
            certificate in files, and the list names the hash of that key

Each key is a named secret of its own (`log`, `log.2`, `log.3`...), so that a replaced one says nothing about
the next. The private identity key is only ever passed to `signed_list`, by the operator's command.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from dossier.errors import Refused, SealBroken, StoreError
from dossier.sealing import devices
from dossier.sealing.certificates import key_hash, tls_key_hash
from dossier.sealing.key_list import KeyList, sign_key_list, verify_key_list
from server.ports import KeyStore

KINDS: Final = ("log", "order", "tls")
_SIGNING: Final = ("log", "order")
_PUBLIC: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "log": devices.public_key,
    "order": devices.public_key,
    "tls": tls_key_hash,
}
"""How the list names each kind."""
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
    tls: bytes = b""
    """The seed of the TLS key; empty when it is not ours."""
    issuer: bytes = b""
    """The seed of the key that makes certificates for it under the private authority."""


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
    log, order = [await _private(keys, kind, told) for kind in _SIGNING]
    if not told.authority:
        return OnlineKeys(identity, text, told, log, order)
    tls = await _private(keys, "tls", told)
    return OnlineKeys(
        identity, text, told, log, order, tls, await issuer_seed(keys, told.authority)
    )


async def issuer_seed(keys: KeyStore, authority: bytes) -> bytes:
    """The key that makes leaves under this authority; another authority has another one."""
    return await keys.secret(f"issuer.{key_hash(authority)[:8].hex()}")


async def signed_list(
    keys: KeyStore,
    private_identity: bytes,
    before: KeyList | None,
    now: datetime,
    *,
    replace: Collection[str] = (),
    authority: bytes = b"",
    given: bytes = b"",
) -> bytes:
    """A new list for the keys of this store and its present restore number.

    The newest of the keys `before` are kept beside the ones that `replace` them, older ones are left out. Its
    serial is the second it was signed in: after a restore to a folder that had seen fewer lists than the
    desktops, the next one is still above every list they know. `authority` is the certificate of a private
    authority from now on, `given` the key of a certificate the operator brings, which ends a private
    authority; without either what was listed stays. Raises Refused (`no_authority`).
    """
    serial = max(0 if before is None else before.serial + 1, int(now.timestamp()))
    listed = {kind: await _listed(keys, kind, before, replace) for kind in _SIGNING}
    kept = b"" if before is None or given else before.authority
    tls = await _listed_tls(keys, before, replace, authority or kept, given)
    told = KeyList(
        serial,
        now,
        await keys.restore_number(),
        listed["log"],
        listed["order"],
        tls,
        authority or kept,
    )
    return sign_key_list(private_identity, told)


async def _listed_tls(
    keys: KeyStore,
    before: KeyList | None,
    replace: Collection[str],
    authority: bytes,
    given: bytes,
) -> tuple[bytes, ...]:
    listed = () if before is None else before.tls[:1]
    if given:
        return (given, *(one for one in listed if one != given))
    if not authority:
        if "tls" in replace:
            raise Refused("no_authority")
        return listed
    if before is None or not before.authority:
        return (tls_key_hash(await keys.secret("tls")), *listed)
    return await _listed(keys, "tls", before, replace)


async def _listed(
    keys: KeyStore, kind: str, before: KeyList | None, replace: Collection[str]
) -> tuple[bytes, ...]:
    if before is None:
        return (_PUBLIC[kind](await keys.secret(kind)),)
    newest: bytes = getattr(before, kind)[0]
    if kind not in replace:
        return (newest,)
    number = await _number(keys, kind, newest)
    return _PUBLIC[kind](await keys.secret(_name(kind, number + 1))), newest


async def _private(keys: KeyStore, kind: str, told: KeyList) -> bytes:
    newest: bytes = getattr(told, kind)[0]
    return await keys.secret(_name(kind, await _number(keys, kind, newest)))


async def _number(keys: KeyStore, kind: str, public: bytes) -> int:
    """Which of the secrets of this kind it is. Raises StoreError when none of the first MOST is."""
    for number in range(1, MOST + 1):
        if _PUBLIC[kind](await keys.secret(_name(kind, number))) == public:
            return number
    raise StoreError(_UNSIGNED)


def _name(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}.{number}"
