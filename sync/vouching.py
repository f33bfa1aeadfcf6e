"""Which certificate of its server a desktop takes (security D10, ASVS 12.1, 12.3).

The list of keys that the pinned identity signed decides: the TLS keys it names, and who vouches for them, a
private authority of this server alone or the trust store of the system. A line that proved nothing carries
public questions only, and what it answers is believed for its signature.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import truststore

from dossier.errors import Distrusted, SealBroken, TlsRefused
from dossier.sealing.key_list import KeyList, verify_key_list

UNKNOWN: Final = frozenset({"unknown", "certificate"})
"""TLS was refused because nobody we know vouches for the certificate."""
OUTDATED: Final = UNKNOWN | {"key"}
"""TLS was refused, and a newer list may say otherwise."""
DATED: Final = frozenset({"expired", "clock"})
"""TLS was refused for a date of the certificate, or for ours."""


class Vouched(NamedTuple):
    """What is taken. `authority`: the only root (DER), empty for the system's; `keys`: hashes of public keys,
    empty while no list named any.
    """

    authority: bytes = b""
    keys: tuple[bytes, ...] = ()


class Vouching(NamedTuple):
    """Whom to ask: `present` at each exchange; `offered` is given a list that came over a line that proved
    nothing, and says whether it was believed and is newer.
    """

    present: Callable[[], Vouched]
    offered: Callable[[bytes], bool] = lambda _text: False


def vouched_by(told: KeyList | None) -> Vouched:
    """What a believed list says of TLS."""
    return Vouched() if told is None else Vouched(told.authority, told.tls)


def pinned(identity: bytes, key_list: bytes) -> Vouching:
    """By a list kept from before; it learns nothing. Raises Distrusted when another identity signed it."""
    if not key_list:
        return Vouching(Vouched)
    try:
        vouched = vouched_by(verify_key_list(identity, key_list))
    except SealBroken as error:
        raise Distrusted("keys_forged") from error
    return Vouching(lambda: vouched)


def proven_context(vouched: Vouched, ca_file: Path | None) -> ssl.SSLContext:
    """Host and dates checked, TLS 1.2 or later. A private authority, or a CA file, replaces the system's trust
    and adds nothing to it. Raises TlsRefused.
    """
    context: ssl.SSLContext
    if not vouched.authority and ca_file is None:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if vouched.authority:
                context.load_verify_locations(cadata=vouched.authority)
            else:
                context.load_verify_locations(cafile=str(ca_file))
        except OSError as error:
            raise TlsRefused("ca_file") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def unproven_context() -> ssl.SSLContext:
    """Whoever answers: for public questions, whose answers are believed for their signature alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
