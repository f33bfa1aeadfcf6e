"""`init` and `serve`."""

import argparse
import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from dossier.errors import Refused
from dossier.wire.codec import encode
from server.api.connections import BoundedHttp
from server.app import House, ServerFile, build_app, init


def register(verbs: Any) -> None:
    """Add the two commands."""
    made = verbs.add_parser("init", help="make an empty server in a folder")
    made.add_argument("folder")
    made.add_argument("--name", default="Colloque")
    made.add_argument("--demonstration", action="store_true", help="fictional people only")
    made.set_defaults(run=make)
    served = verbs.add_parser("serve", help="answer desktops, on this machine only")
    served.add_argument("folder")
    served.add_argument("--host", default="127.0.0.1")
    served.add_argument("--port", type=int, default=8413, help="0 takes a free one")
    served.set_defaults(run=serve)


async def make(options: argparse.Namespace) -> int:
    """Make the folder, ROOT and the databases."""
    said = ServerFile(name=options.name, demonstration=options.demonstration)
    init(options.folder, options.entropy, said)
    house = await House.open(options.folder, options.clock, options.entropy)
    await house.close()
    print(
        f"Server made in {options.folder}. Keep root.key apart from every backup of the databases."
    )
    return 0


async def serve(options: argparse.Namespace) -> int:
    """Listen on loopback until Ctrl-C; the first line printed is one JSON object with the address."""
    if not _is_loopback(options.host):
        raise Refused("loopback_only", "this version listens on this machine only")
    house = await House.open(options.folder, options.clock, options.entropy)
    try:
        listening = _listen(options.host, options.port)
    except (OSError, OverflowError) as error:
        await house.close()
        raise Refused("address_taken", f"{options.host} port {options.port}") from error
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def ready() -> None:
        print(encode({"listening": address}).decode(), flush=True)

    settings = uvicorn.Config(
        build_app(house, ready),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        http=BoundedHttp,
        ws="none",
        limit_concurrency=2_000,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
    )
    await Stoppable(settings, house.hints.close).serve(sockets=[listening])
    return 0


class Stoppable(uvicorn.Server):
    """Ends the hint lines first, so that stopping waits for nobody who only listens."""

    def __init__(self, settings: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(settings)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
