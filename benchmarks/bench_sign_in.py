"""Signing in at the services of a server, on SQLite and on PostgreSQL: a session begun by its person, and gone on with by its device.

CPU of this process, and of every process of the database on PostgreSQL. The floor of the first is one Argon2id; of the second, one Ed25519 signature checked and one
durable row in the same shard.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import uvloop

from benchmarks.figures import tell
from benchmarks.postgres_store import Both
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing import devices, passwords, totp
from dossier.sealing.dpop import Proof, make_proof
from dossier.sealing.text import base64url
from dossier.wire.limits import ENROL_PATH, TOKEN_PATH
from dossier.wire.sessions import ChallengeRequest, EnrolRequest, TokenReply, TokenRequest
from server.app import House
from server.folder import ServerFile, init
from server.ports import OwnerTx
from server.services.accounts import Person
from server.services.addresses import Addresses
from server.services.proofs import Presented
from tests.fakes.postgres import programs, running

ADDRESS, LOGIN, PASSWORD = "https://bench.example", "bench", "correct horse battery"


class AheadClock(SystemClock):
    """The machine's clock, some seconds on: digits serve once in thirty seconds."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class Desktop:
    """One device of one person at an open house."""

    def __init__(self, house: House, clock: AheadClock) -> None:
        self.house, self.clock, self.entropy = house, clock, SystemEntropy()
        self.private = devices.new_private_key(self.entropy)
        self.public = devices.public_key(self.private)
        self.seed = totp.new_seed(self.entropy)
        self.device = self.situation = ""

    def shown(self, path: str) -> Presented:
        given = self.house.proofs.challenge(ChallengeRequest(device=self.device))
        jti = base64url(self.entropy.bytes(16))
        proof = Proof(self.public, jti, "POST", ADDRESS + path, given.now_s, given.nonce)
        text = make_proof(lambda said: devices.sign(self.private, said), proof)
        return Presented(text, "POST", path, Addresses((ADDRESS,)))

    def digits(self) -> str:
        self.clock.ahead += timedelta(seconds=31)
        return totp.code_at(self.seed, totp.step_of(self.clock.now()))

    async def enrol(self) -> None:
        house = self.house
        account = await house.accounts.create(Person(login=LOGIN, display_name="Dr Bench"))
        await house.credentials.provide(account, PASSWORD, self.seed)
        unit = await house.members.create_unit(
            b'{"resourceType":"Organization","id":"o","name":"o"}'
        )
        self.situation = await house.members.add(account, unit.unit, "10")
        asked = EnrolRequest(
            login=LOGIN,
            password=PASSWORD,
            proof=self.digits(),
            device_name="bench",
            public_key=base64url(self.public),
        )
        reply = await house.devices.enrol(asked, "192.0.2.1", self.shown(ENROL_PATH))
        self.device, self.account = reply.device, account

    async def token(self, **more: str) -> TokenReply:
        asked = TokenRequest(device=self.device, situation=self.situation, **more)
        return await self.house.families.token(asked, self.shown(TOKEN_PATH))


class Engine(NamedTuple):
    """Where the databases lie, and the CPU seconds that counts."""

    name: str
    rows: tuple[str, ...] = ()
    keys: str = ""
    cpu_s: Callable[[], float] = time.process_time


async def timed(engine: Engine, count: int, work: Callable[[int], Awaitable[None]]) -> float:
    """CPU milliseconds of each."""
    began = engine.cpu_s()
    for n in range(count):
        await work(n)
    return (engine.cpu_s() - began) / count * 1e3


async def measure(engine: Engine, logins: int, refreshes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, clock, entropy = Path(folder) / "server", AheadClock(), SystemEntropy()
        said = ServerFile(
            name="bench", demonstration=True, databases=engine.rows, key_database=engine.keys
        )
        await init(path, clock, entropy, said)
        house = await House.open(path, clock, entropy)
        desk = Desktop(house, clock)
        await desk.enrol()
        record = passwords.hash_password(PASSWORD, entropy)

        async def login(_n: int) -> None:
            await desk.token(password=PASSWORD, proof=desk.digits())

        async def stretch(_n: int) -> None:
            assert passwords.verify_password(PASSWORD, record)

        await login(0)  # connections and statements are made
        ours = await timed(engine, logins, login)
        floor = await timed(engine, logins, stretch)
        tell(
            f"session begun by its person on {engine.name}, CPU",
            ours,
            floor,
            "ms",
            note="floor: one Argon2id",
        )
        kept = (await desk.token(password=PASSWORD, proof=desk.digits())).refresh

        async def refresh(n: int) -> None:
            nonlocal kept
            clock.ahead += timedelta(seconds=6)
            kept = (await desk.token(refresh=kept, ask=f"exchange-{n}")).refresh

        async def least(_n: int) -> None:
            said = devices.sign(desk.private, b"x")
            assert devices.verify(desk.public, b"x", said)

            async def put(tx: OwnerTx) -> None:
                await tx.owner.lock(1)
                (row,) = await tx.people.devices()
                await tx.people.put_device(row)

            await house.store.write(desk.account, put)

        ours = await timed(engine, refreshes, refresh)
        floor = await timed(engine, refreshes, least)
        note = "floor: a signature and a durable row; ours signs the proof as well"
        tell(f"session gone on with (refresh) on {engine.name}, CPU", ours, floor, "ms", note=note)
        await house.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    times = (10, 100) if options.quick else (50, 1_000)
    asyncio.run(measure(Engine("SQLite"), *times))
    binaries = programs()
    if binaries is None:
        tell("session on PostgreSQL", None, None, "ms", note="PostgreSQL is not installed")
        return
    with running(binaries) as cluster:
        lent = cluster.lend()
        engine = Engine("PostgreSQL", lent.rows, lent.keys, Both(cluster).now)
        uvloop.run(measure(engine, *times))


if __name__ == "__main__":
    main()
