"""Under which addresses this server is reached, as its operator configured it: what a proof by a device's key may name
(RFC 9449 §4.3, `htu`).

Never what a request says of itself: whoever passes a request on writes its `Host` field, and a proof made for another
server would fit. Over TLS the names of the certificate that is shown count, at any port: who shows it there holds its
key, whatever forwards the port. Anything else is named whole, with its port.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class Addresses:
    """`origins`: whole ones (`https://colloque.example`). `names`: what the certificate names now."""

    def __init__(
        self, origins: Iterable[str], names: Callable[[], Iterable[str]] = tuple[str, ...]
    ) -> None:
        self._origins = frozenset(_parts(origin)[0] for origin in origins)
        self._names = names

    def is_ours(self, address: str) -> bool:
        """Whether the address of a request, of whatever path, is one of this server."""
        try:
            origin, _ = _parts(address)
        except ValueError:
            return False
        if origin in self._origins:
            return True
        return origin.scheme == "https" and any(_fits(origin.host, one) for one in self._names())


def path_of(address: str) -> str:
    """The path of a request's address; "" for what is none."""
    try:
        return _parts(address)[1]
    except ValueError:
        return ""


def is_origin(address: str) -> bool:
    """Whether this is scheme, host and perhaps a port, and nothing more."""
    try:
        return _parts(address)[1] == ""
    except ValueError:
        return False


def loopback_at(port: int) -> tuple[str, ...]:
    """The names of this very machine, in clear."""
    hosts = (f"[{host}]" if ":" in host else host for host in _LOOPBACK)
    return tuple(f"http://{host}:{port}" for host in hosts)


def _parts(address: str) -> tuple[_Origin, str]:
    """Origin and path: host in small letters, the usual port filled in. Raises ValueError for anything more."""
    parts = urlsplit(address)
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or parts.username is not None:
        raise ValueError("not an address of a request")
    if parts.query or parts.fragment:
        raise ValueError("not an address of a request")
    return _Origin(parts.scheme, host, parts.port or _PORTS[parts.scheme]), parts.path


def _fits(host: str, name: str) -> bool:
    """RFC 9525 §6.3: a star stands for the first label, and for nothing else."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:].lower()
    return host == name.lower()
