"""`init` and `serve`."""

import argparse
import asyncio
import ipaddress
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from dossier.errors import DossierError, Refused
from dossier.sealing.key_list import fingerprint
from dossier.wire.codec import encode
from server.api.connections import BoundedHttp
from server.app import House, build_app
from server.backup.done import last
from server.cli import supervisor
from server.cli.certificates import checked_names, kept_fresh, listener_of
from server.cli.databases import add_databases, named_databases
from server.cli.provider import provider_of
from server.folder import Folder, ServerFile, init
from server.operations.logs import speak
from server.operations.tls import Listener
from server.services.addresses import is_origin, loopback_at

_HANDSHAKE_S: Final = 10.0
"""How long a stranger may take to begin TLS."""
_GOODBYE_S: Final = 1.0
"""How long a closed connection waits for the other end to say so too."""

_ADDRESS = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[1-9][0-9]{1,4})?", re.ASCII)
"""A name, never a number: browsers make no passkey for a number."""


def register(verbs: Any) -> None:
    """Add the two commands."""
    made = verbs.add_parser("init", help="make an empty server in a folder")
    made.add_argument("folder")
    made.add_argument("--name", default="Colloque")
    made.add_argument("--demonstration", action="store_true", help="fictional people only")
    add_databases(made, "postgresql://... instead of files")
    made.add_argument(
        "--address",
        action="append",
        default=[],
        help="host name or IP address under which desktops reach it: makes a private authority for it",
    )
    made.set_defaults(run=make)
    served = verbs.add_parser("serve", help="answer desktops: on this machine, or over TLS")
    served.add_argument("folder")
    served.add_argument("--host", default="127.0.0.1", help="elsewhere than here, only over TLS")
    served.add_argument("--certificate", type=Path, help="certificate and chain (PEM) to show")
    served.add_argument("--key", type=Path, help="its private key (PEM)")
    served.add_argument("--port", type=int, default=8413, help="0 takes a free one")
    served.add_argument(
        "--public",
        action="append",
        default=[],
        metavar="URL",
        help="an address under which desktops reach it through something else, as they write it",
    )
    served.add_argument(
        "--browsers",
        default="",
        help="where browsers reach it, https://name: passkeys are bound to that name for ever",
    )
    served.add_argument(
        "--pro-sante-connect",
        type=Path,
        help="file (JSON) of the OpenID provider: issuer, client_id, client_secret_file",
    )
    served.add_argument(
        "--operator-port", type=int, help="figures and causes, on this machine only (0: a free one)"
    )
    served.set_defaults(run=serve)


async def make(options: argparse.Namespace) -> int:
    """Make the folder, ROOT and the databases."""
    databases, key_database = named_databases(options)
    said = ServerFile(
        name=options.name,
        demonstration=options.demonstration,
        databases=databases,
        key_database=key_database,
    )
    names = checked_names(options.address)
    await init(options.folder, options.clock, options.entropy, said, names)
    public = Folder(options.folder).read_identity(Folder(options.folder).read_told())
    print(f"Server made in {options.folder}. Its identity: {fingerprint(public)}")
    print("Keep root.key apart from every backup of the databases.")
    print("Take identity.key away from this machine: it is needed only to sign a new list of keys.")
    if names:
        print(
            f"Desktops reach it as {', '.join(names)}. Take authority.key away with identity.key."
        )
    return 0


async def serve(options: argparse.Namespace) -> int:
    """Listen until Ctrl-C; the first line printed is one JSON object with the address and when the last
    backup was made. The log goes to standard error.
    """
    if options.browsers and not _ADDRESS.fullmatch(options.browsers):
        raise Refused("browsers_address", options.browsers)
    for address in options.public:
        if not is_origin(address):
            raise Refused("public_address", address)
    told, backup = Folder(options.folder).read_told(), last(options.folder)
    if not told.demonstration and backup is None:
        raise Refused("no_backup")
    speak(sys.stderr)
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        tls = await listener_of(options, house)
        sockets = _sockets(options, told, is_secure=tls is not None)
    except DossierError:
        await house.close()
        raise
    addresses = [_address(sockets[0], is_secure=tls is not None)]
    addresses += [_address(one) for one in sockets[1:]]
    operator_port = sockets[1].getsockname()[1] if len(sockets) > 1 else None
    here = "" if tls else f"http://localhost:{sockets[0].getsockname()[1]}"
    pages_at = options.browsers or here
    reached_at = [*options.public, *filter(None, (options.browsers,))]
    if tls is None:
        reached_at += [addresses[0], *loopback_at(sockets[0].getsockname()[1])]
    try:
        provider = provider_of(options, house, pages_at)
    except DossierError:
        await house.close()
        raise

    def ready() -> None:
        said = dict(zip(("listening", "operator"), addresses, strict=False))
        said |= {"backup": backup.made} if backup is not None else {}
        print(encode(said).decode(), flush=True)
        supervisor.tell("READY=1")

    settings = uvicorn.Config(
        build_app(house, ready, operator_port, tls, pages_at, provider, reached_at),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        http=BoundedHttp,
        ws="none",
        limit_concurrency=2_000,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
    )
    async with kept_fresh(tls, options, house):
        await Stoppable(settings, house.hints.close, tls).serve(sockets=sockets)
    return 0


class Stoppable(uvicorn.Server):
    """Ends the hint lines first, so that stopping waits for nobody who only listens. The first socket
    answers over TLS, if there is any; the others, for the operator on this machine, never.
    """

    def __init__(
        self,
        settings: uvicorn.Config,
        stopping: Callable[[], None],
        tls: Listener | None = None,
    ) -> None:
        super().__init__(settings)
        self._stopping, self._tls = stopping, tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        first, *others = sockets or []
        loop, backlog = asyncio.get_running_loop(), self.config.backlog
        secure: dict[str, Any] = {}
        if self._tls is not None:
            secure = {
                "ssl": self._tls.context,
                "ssl_handshake_timeout": _HANDSHAKE_S,
                "ssl_shutdown_timeout": _GOODBYE_S,
            }
        self.servers.append(
            await loop.create_server(self._answering, sock=first, backlog=backlog, **secure)
        )
        for one in others:
            self.servers.append(
                await loop.create_server(self._answering, sock=one, backlog=backlog)
            )

    def _answering(self) -> asyncio.BaseProtocol:
        protocol: Callable[..., asyncio.BaseProtocol] = self.config.http_protocol_class
        return protocol(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        supervisor.tell("STOPPING=1")
        self._stopping()
        await super().shutdown(sockets)


def _sockets(
    options: argparse.Namespace, told: ServerFile, *, is_secure: bool
) -> list[socket.socket]:
    """Where desktops are answered, then where the operator is. A supervisor may hold the first one."""
    held = supervisor.inherited()
    host = options.host if held is None else str(held.getsockname()[0])
    if not _is_loopback(host) and told.demonstration:
        raise Refused("demonstration_stays")
    if not _is_loopback(host) and not is_secure:
        raise Refused("tls_needed")
    sockets = [held or _listen(options.host, options.port)]
    if options.operator_port is not None:
        try:
            sockets.append(_listen("127.0.0.1", options.operator_port))
        except Refused:
            sockets[0].close()
            raise
    return sockets


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        raise Refused("address_taken", f"{host} port {port}") from error


def _address(listening: socket.socket, *, is_secure: bool = False) -> str:
    host, port = listening.getsockname()[:2]
    scheme = "https" if is_secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
