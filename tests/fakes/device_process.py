"""A desktop without a window: the real store, engine and transport over one profile folder.

As a process of its own, killed (SIGKILL) at its n-th durable step:
python -m tests.fakes.device_process PROFILE URL N PREFIX
enters three allergies about the only patient it holds and synchronises. Each line on standard output is an
id that was durable before the line was written.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec

from dossier.clock import SystemClock, to_wire
from dossier.entropy import SystemEntropy
from dossier.errors import StoreError
from dossier.ids import uuid7
from dossier.sealing import devices
from dossier.sealing.text import base64url, unbase64url
from dossier.wire.messages import Op
from dossier.wire.sessions import EnrolRequest
from local_store.pins import LocalPins
from local_store.store import LocalStore
from sync.engine import Engine
from sync.meeting import meet
from sync.proofs import HeldKey, enrol
from sync.states import Did, Next
from sync.transport import RequestsTransport
from sync.trust import Trust
from sync.vouching import Vouching
from tests.fakes.authenticator import Authenticator
from tests.fakes.server_room import PASSWORD, an_allergy

KEY = bytes(range(32))
_STEPS = 2_000


class Known(msgspec.Struct):
    """What an enrolled device keeps besides its store."""

    device: str
    private: bytes
    situation: str
    identity: str
    key_list: bytes = b""


class Device:
    """One enrolled desktop; `sync` brings it up to date with whoever answers at `url`."""

    def __init__(
        self,
        profile: Path,
        url: str,
        failpoint: Callable[[str], None] | None = None,
        **listening: Any,
    ) -> None:
        self.clock, self.entropy = SystemClock(), SystemEntropy()
        self._known = msgspec.json.decode((profile / "known.json").read_bytes(), type=Known)
        more = {} if failpoint is None else {"failpoint": failpoint}
        self.store = LocalStore.open(profile / "store", KEY, self.clock, self.entropy, **more)
        pins = LocalPins(self.store.vault, unbase64url(self._known.identity))
        if not pins.pins().key_list:
            pins.pin(pins.pins()._replace(key_list=self._known.key_list))
        trust = Trust(pins, self._known.device)
        vouching = Vouching(lambda: trust.vouched, trust.offered)
        self.transport = RequestsTransport(url, self.clock, vouching=vouching)
        self.engine = Engine(
            self.store.sync,
            self.transport,
            self.key,
            self._known.situation,
            self.clock,
            self.entropy,
            **listening,
        )
        self.engine.demand(trust)

    @classmethod
    def enrol(
        cls, profile: Path, url: str, login: str, authenticator: Authenticator | None = None
    ) -> Self:
        """A new device of this person; its first situation."""
        authenticator = authenticator or Authenticator(SystemClock())
        private = devices.new_private_key(SystemEntropy())
        asked = EnrolRequest(
            login=login,
            password=PASSWORD,
            proof=authenticator.code(login),
            device_name=profile.name,
            public_key=base64url(devices.public_key(private)),
        )
        met = meet(lambda by: RequestsTransport(url, SystemClock(), vouching=by))
        transport = RequestsTransport(url, SystemClock(), vouching=met.vouching)
        reply = enrol(transport, asked, private, SystemEntropy())
        transport.close()
        profile.mkdir(parents=True)
        situation = reply.situations[0].id
        known = Known(reply.device, private, situation, reply.identity, met.key_list)
        (profile / "known.json").write_bytes(msgspec.json.encode(known))
        return cls(profile, url)

    @property
    def device(self) -> str:
        return self._known.device

    @property
    def situation(self) -> str:
        return self._known.situation

    @property
    def key(self) -> HeldKey:
        return HeldKey(self._known.device, self._known.private)

    def sync(self) -> Next:
        """Exchange until nothing is left to do, or the first failure; returns how it ended."""
        self.engine.retry()
        for _ in range(_STEPS):
            done = self.engine.step()
            if done.did in (Did.WAITED, Did.FAILED):
                return done
        raise AssertionError("the engine never rests")

    def write_allergy(self, owner: int, patient: str, rid: str) -> Op:
        """Durable here when it returns."""
        return self.write(owner, an_allergy(patient, rid))

    def write(self, owner: int, resource: dict[str, Any]) -> Op:
        """A new resource, durable here when it returns."""
        body = msgspec.json.encode(resource)
        op = Op(
            op_id=uuid7(self.clock, self.entropy),
            owner=owner,
            kind="create",
            acting=self._known.situation,
            at=to_wire(self.clock.now()),
            rtype=resource["resourceType"],
            id=resource["id"],
            body=msgspec.Raw(body),
        )
        self.store.outbox.put(op, shows=body)
        return op

    def allergies(self, owner: int) -> dict[str, str]:
        """State by id of what the screens show."""
        rows = self.store.records.rows(owner, ("AllergyIntolerance",))
        return {row.id: row.state for row in rows}

    def close(self) -> None:
        self.transport.close()
        self.store.close()


@contextmanager
def opened(profile: Path, url: str) -> Iterator[Device]:
    """An enrolled device, closed at the end."""
    device = Device(profile, url)
    try:
        yield device
    finally:
        device.close()


class KillAt:
    """Ends this process without any clean-up at its n-th durable step."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, _name: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    profile, url, step, prefix = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    try:
        device = Device(profile, url, KillAt(step))
    except StoreError as error:
        os.write(1, f"! {type(error).__name__}\n".encode())
        raise
    (patient,) = device.store.records.patients("", 9)
    for n in range(3):
        rid = f"{prefix}-{n}"
        device.write_allergy(patient.owner, "pat-1", rid)
        os.write(1, rid.encode() + b"\n")
        device.sync()
    device.close()


if __name__ == "__main__":
    main()
