"""What a server may order a desktop, signed by its order key and addressed to one device.

    colloque.order
    kind lease | purge
    device <device id>
    account <number>
    serial <number, only grows for a device>
    issued <RFC 3339 instant>
    until <RFC 3339 instant>

A **lease** lets the copy stay open as long as from `issued` to `until`. A **purge** erases it, at once: its
`until` is its `issued`. Orders for another device, of an unknown key, or with a serial not above the last one
obeyed are ignored (security.md D8); no clock decides, for a device's own may be years off.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dossier.clock import from_wire, to_wire
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.notes import is_name, sign_note, verify_note

NAME = "colloque.order"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES = ("kind", "device", "account", "serial", "issued", "until")


class OrderKind(StrEnum):
    """What is ordered."""

    LEASE = "lease"
    PURGE = "purge"


class Order(NamedTuple):
    """One order for one device of one account."""

    kind: OrderKind
    device: str
    account: int
    serial: int
    issued: datetime
    until: datetime


def sign_order(private: bytes, order: Order) -> bytes:
    """The signed text; raises ValueError for a device id that is no name, or a negative number."""
    if not is_name(order.device) or min(order.account, order.serial) < 0:
        raise ValueError("an order names a device, an account and a serial")
    values = (
        order.kind,
        order.device,
        order.account,
        order.serial,
        to_wire(order.issued),
        to_wire(order.until),
    )
    lines = [NAME, *(f"{word} {value}" for word, value in zip(_LINES, values, strict=True))]
    return sign_note(private, NAME, "\n".join(lines) + "\n")


def verify_order(publics: tuple[bytes, ...], text: bytes) -> Order:
    """What one of these order keys signed; raises SealBroken for anything else, kinds we do not know included."""
    name, *lines = verify_note(publics, NAME, text)[:-1].split("\n")
    said = dict(line.partition(" ")[::2] for line in lines)
    if name != NAME or tuple(said) != _LINES or len(lines) != len(_LINES):
        raise SealBroken
    if not all(_NUMBER.fullmatch(said[word]) for word in ("account", "serial")):
        raise SealBroken
    try:
        return Order(
            OrderKind(said["kind"]),
            said["device"],
            int(said["account"]),
            int(said["serial"]),
            from_wire(said["issued"]),
            from_wire(said["until"]),
        )
    except ValueError as error:
        raise SealBroken from error


def purged_message(device: str, order: str) -> bytes:
    """What a device signs once nothing of its copy is left, over the order it obeyed."""
    return tup("colloque/v1/purged", device, order)


def is_for(order: Order, device: str, last_serial: int) -> bool:
    """May this device obey it?"""
    return order.device == device and order.serial > last_serial
