"""What a supervisor (systemd) gives and is told: a socket that outlives restarts, and the word `ready`.

Protocols: sd_listen_fds(3) and sd_notify(3), which are environment variables, file descriptors and one
datagram; without them the server runs as in a terminal.
"""

import os
import socket

_FIRST = 3
"""Inherited descriptors begin after the three standard ones."""


def inherited() -> socket.socket | None:
    """The listening socket the supervisor holds for us, or None. While we restart it keeps new connections
    waiting, so that no desktop is refused.
    """
    mine = os.environ.get("LISTEN_PID") == str(os.getpid())
    if not mine or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST)


def tell(word: str) -> None:
    """Say `READY=1` or `STOPPING=1` to the supervisor, if there is one. Never raises: nobody may listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(word.encode(), address)
    except OSError:
        return
