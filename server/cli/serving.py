"""`init` and `serve`."""

import argparse
import ipaddress
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from dossier.errors import DossierError, Refused
from dossier.sealing.key_list import fingerprint
from dossier.wire.codec import encode
from server.api.connections import BoundedHttp
from server.app import House, build_app
from server.backup.done import last
from server.cli import supervisor
from server.cli.databases import add_databases, named_databases
from server.folder import Folder, ServerFile, init
from server.operations.logs import speak


def register(verbs: Any) -> None:
    """Add the two commands."""
    made = verbs.add_parser("init", help="make an empty server in a folder")
    made.add_argument("folder")
    made.add_argument("--name", default="Colloque")
    made.add_argument("--demonstration", action="store_true", help="fictional people only")
    add_databases(made, "postgresql://... instead of files")
    made.set_defaults(run=make)
    served = verbs.add_parser("serve", help="answer desktops, on this machine only")
    served.add_argument("folder")
    served.add_argument("--host", default="127.0.0.1")
    served.add_argument("--port", type=int, default=8413, help="0 takes a free one")
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
    await init(options.folder, options.clock, options.entropy, said)
    public = Folder(options.folder).read_identity(Folder(options.folder).read_told())
    print(f"Server made in {options.folder}. Its identity: {fingerprint(public)}")
    print("Keep root.key apart from every backup of the databases.")
    print("Take identity.key away from this machine: it is needed only to sign a new list of keys.")
    return 0


async def serve(options: argparse.Namespace) -> int:
    """Listen on loopback until Ctrl-C; the first line printed is one JSON object with the address and
    when the last backup was made. The log goes to standard error.
    """
    if not _is_loopback(options.host):
        raise Refused("loopback_only", "this version listens on this machine only")
    backup = last(options.folder)
    if not Folder(options.folder).read_told().demonstration and backup is None:
        raise Refused("no_backup")
    speak(sys.stderr)
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        sockets = _sockets(options)
    except DossierError:
        await house.close()
        raise
    addresses = [_address(one) for one in sockets]
    operator_port = sockets[1].getsockname()[1] if len(sockets) > 1 else None

    def ready() -> None:
        said = dict(zip(("listening", "operator"), addresses, strict=False))
        said |= {"backup": backup.made} if backup is not None else {}
        print(encode(said).decode(), flush=True)
        supervisor.tell("READY=1")

    settings = uvicorn.Config(
        build_app(house, ready, operator_port),
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
    await Stoppable(settings, house.hints.close).serve(sockets=sockets)
    return 0


class Stoppable(uvicorn.Server):
    """Ends the hint lines first, so that stopping waits for nobody who only listens."""

    def __init__(self, settings: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(settings)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        supervisor.tell("STOPPING=1")
        self._stopping()
        await super().shutdown(sockets)


def _sockets(options: argparse.Namespace) -> list[socket.socket]:
    """Where desktops are answered, then where the operator is. A supervisor may hold the first one."""
    held = supervisor.inherited()
    if held is not None and not _is_loopback(str(held.getsockname()[0])):
        raise Refused("loopback_only", "the supervisor's socket is open to other machines")
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


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
