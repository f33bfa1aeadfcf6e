"""Sign-in by a real OpenID provider whose keys change, and with clocks that do not agree (F1, N2).

The provider is a process with a certified library; our side is whole, over the line it really uses, with a clock that
the tests set.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import requests

from dossier.clock import SystemClock
from dossier.errors import Refused
from dossier.identity import systems
from server.services.accounts import Person
from server.services.premises import Premises
from server.services.pro_sante_connect import Client, ProSanteConnect, Returned
from server.web.provider_line import HttpsProviderLine
from tests.fakes.provider_process import CLIENT, RPPS, SECRET, ProviderProcess, provider
from tests.fakes.server_room import DOCTOR, ServerRoom, SteppingClock

BACK = "http://localhost:4322/sign-in/pro-sante-connect/return"
PALIER = "APPPRIP3^1.2.250.1.213.1.5.1.1.1"


class House:
    """Our side, with one account and its membership, and the provider it was told of."""

    def __init__(self, runner: asyncio.Runner, there: ProviderProcess) -> None:
        self.there, self.clock = there, SteppingClock(SystemClock().now())
        self.room = ServerRoom(run=runner.run, fit=self._under_our_clock)
        self.service = ProSanteConnect(
            self.room.premises,
            self.room.accounts,
            self.room.members,
            self.room.slips,
            HttpsProviderLine(SystemClock()),
            Client(there.issuer, CLIENT, SECRET, BACK),
            testing=True,
        )
        self.martin = self.room.account(Person(login="martin", display_name="Dr Martin", rpps=RPPS))
        number = {"system": systems.FINESS, "value": "990000101"}
        body = {
            "resourceType": "Organization",
            "id": "org-1",
            "name": "Ici",
            "identifier": [number],
        }
        unit = self.room.run(self.room.members.create_unit(msgspec.json.encode(body))).unit
        self.room.run(self.room.members.add(self.martin, unit, DOCTOR))

    def _under_our_clock(self, made: Premises) -> Premises:
        """As a server that began by this clock: one that is set back later is not followed."""
        return replace(made, clock=self.clock)  # type: ignore[arg-type]

    def set_clock(self, wrong_by_s: float = 0.0) -> None:
        """Ours, against the provider's, which is right."""
        self.clock.instant = SystemClock().now() + timedelta(seconds=wrong_by_s)

    def sign_in(self, wrong_by_s: float = 0.0) -> Returned:
        """A whole journey of a browser."""
        self.set_clock(wrong_by_s)
        leaving = self.room.run(self.service.leave(None, "fr"))
        there = requests.get(leaving.address, allow_redirects=False, timeout=30)
        assert there.status_code == 303, there.text
        said = parse_qs(urlsplit(there.headers["Location"]).query)
        self.set_clock(wrong_by_s)
        return self.room.run(
            self.service.come_back(
                leaving.kept, said["state"][0], said["code"][0], said.get("iss", [""])[0]
            )
        )

    def refusal(self, wrong_by_s: float = 0.0) -> str:
        """Why a journey ends without anybody signed in."""
        with pytest.raises(Refused) as refused:
            self.sign_in(wrong_by_s)
        assert refused.value.code == "psc_failed"
        return refused.value.detail


@pytest.fixture(scope="module")
def there() -> Iterator[ProviderProcess]:
    with provider(BACK) as running:
        yield running


@pytest.fixture
def house(there: ProviderProcess) -> Iterator[House]:
    with asyncio.Runner() as runner:
        yield House(runner, there)


def test_f1_a_provider_that_replaced_its_keys_is_believed_by_those_it_publishes_now(
    house: House,
) -> None:
    assert house.sign_in().who.account == house.martin
    house.there.rotate()
    assert house.refusal() == "key"  # whatever tokens name, the list is not asked for at each
    assert house.sign_in(wrong_by_s=61).who.account == house.martin
    assert house.sign_in(wrong_by_s=62).who.account == house.martin


@pytest.mark.parametrize("wrong_by_s", [-35, 200])
def test_n2_f1_a_clock_somewhat_wrong_keeps_nobody_out(house: House, wrong_by_s: float) -> None:
    assert house.sign_in(wrong_by_s).who.account == house.martin


@pytest.mark.parametrize(
    ("wrong_by_s", "why"),
    [(-120, "iat"), (-86_400, "iat"), (1_000, "exp"), (86_400, "exp"), (315_360_000, "exp")],
)
def test_n2_f1_a_clock_that_is_far_off_is_no_reason_to_believe_a_token(
    house: House, wrong_by_s: float, why: str
) -> None:
    assert house.refusal(wrong_by_s) == why
    assert house.sign_in().who.account == house.martin


def test_f1_the_journal_says_by_which_means_the_provider_recognised_the_person(
    house: House,
) -> None:
    house.sign_in()
    (line,) = [one for one in house.room.lines(house.martin) if one.action == "identified"]
    assert (line.kind, line.reason) == ("pro_sante_connect", PALIER)
