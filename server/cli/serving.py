"""`init` and `serve`."""

import argparse
import ipaddress
import socket
from typing import Any

import uvicorn

from dossier.errors import Refused
from dossier.wire.codec import encode
from server.app import House, ServerFile, build_app, init

_HEADER_BYTES = 16 * 1024


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
    listening = socket.create_server((options.host, options.port), backlog=256)
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
        h11_max_incomplete_event_size=_HEADER_BYTES,
        limit_concurrency=2_000,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
    )
    await uvicorn.Server(settings).serve(sockets=[listening])
    return 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
