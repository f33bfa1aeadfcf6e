"""The first meeting of a server: who it says it is, before a person compares its identity with a sheet."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from dossier.errors import BadAnswer, Distrusted, Refused, SealBroken, TlsRefused, Unreachable
from dossier.sealing.key_list import KeyList, verify_key_list
from dossier.sealing.text import unbase64url
from dossier.wire.messages import Capabilities, KeysReply
from sync.vouching import UNKNOWN, Vouched, Vouching, vouched_by


class Stranger(Protocol):
    """A way to a server nobody pinned yet. Raises Unreachable kin, BadAnswer."""

    def capabilities(self) -> Capabilities: ...
    def keys(self) -> KeysReply: ...
    def unproven(self) -> tuple[Capabilities, KeysReply]:
        """The same, whoever answers; nothing else is ever sent that way."""
        ...


class Met(NamedTuple):
    """What it says of itself, over a line that its own list of keys vouches for. `key_list` is pinned with the
    identity; empty when the server has none. `private`: nobody but that identity vouches for the line.
    """

    capabilities: Capabilities
    key_list: bytes = b""
    vouched: Vouched = Vouched()

    @property
    def private(self) -> bool:
        return bool(self.vouched.authority)

    @property
    def vouching(self) -> Vouching:
        return Vouching(lambda: self.vouched)


def meet(way: Callable[[Vouching | None], Stranger]) -> Met:
    """Ask over the system's trust; where nobody known vouches for the certificate, let the server's own list
    do so, and ask again over that. The identity behind it all is nothing before a person compared it.

    Raises TlsRefused when even its own list does not name the certificate, Distrusted for a forged one.
    """
    first = way(None)
    try:
        known, keys = first.capabilities(), first.keys()
    except TlsRefused as error:
        if error.detail not in UNKNOWN:
            raise
        known, keys = _of_its_own(first, error)
    told = _listed(known, keys)
    met = Met(known, keys.list.encode(), vouched_by(told))
    again = way(met.vouching).capabilities()
    if again.identity != known.identity:
        raise Distrusted("keys_forged")
    return met._replace(capabilities=again)


def _of_its_own(way: Stranger, refused: TlsRefused) -> tuple[Capabilities, KeysReply]:
    """What it says over a line that proves nothing, if its list brings an authority; else TLS was refused."""
    try:
        known, keys = way.unproven()
    except (Unreachable, Refused, BadAnswer):
        raise refused from None
    if not _listed(known, keys).authority:
        raise refused
    return known, keys


def _listed(known: Capabilities, keys: KeysReply) -> KeyList:
    try:
        return verify_key_list(unbase64url(known.identity), keys.list.encode())
    except ValueError as error:
        raise BadAnswer("identity") from error
    except SealBroken as error:
        raise Distrusted("keys_forged") from error
