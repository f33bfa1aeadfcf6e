"""What every session of the program is built with, known before any of them is opened."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import BadAnswer
from dossier.sealing import devices
from dossier.sealing.text import unbase64url
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import Printing
from practitioner_app.printing import CupsPrinting
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from sync.vouching import Vouching

if TYPE_CHECKING:
    from sync.transport import RequestsTransport

DEVICE_KEY = "device-key"


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a session is built with; lives as long as the program."""

    clock: Clock
    entropy: Entropy
    lanes: ThreadLanes
    changes: Changes
    terms: Terminology
    transport: "Callable[[str, Vouching | None], RequestsTransport]"
    printing: Printing = CupsPrinting()


def identity_of(text: str) -> bytes:
    """The server's public identity key; raises BadAnswer for what is none."""
    try:
        public = unbase64url(text)
    except ValueError:
        public = b""
    if len(public) != devices.KEY_BYTES:
        raise BadAnswer("identity")
    return public
