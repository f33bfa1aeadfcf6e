"""The card of a profile lies in clear: whoever alters it turns no desktop towards a server of theirs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from dossier.errors import Refused
from dossier.wire import codec
from practitioner_app.profile import CARD, Card
from practitioner_app.services.session import Lock
from tests.security.test_keychain_workstation import PHRASE, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    desk = Desk(tmp_path / "profile")
    yield desk
    desk.close()


def alter(desk: Any, **changes: object) -> None:
    path = desk.folder.path / CARD
    card = codec.decode(path.read_bytes(), Card)
    path.write_bytes(codec.encode(structs.replace(card, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"server": "https://evil.example"},
        {"server": "http://127.0.0.1:2"},
        {"demonstration": True, "server": "http://127.0.0.1:2"},
        {"situation": "s2"},
        {"practitioner": "somebody-else"},
        {"person": "Dr Autre"},
        {"account": 10},
        {"organisation": 6},
    ],
)
def test_d1_an_altered_card_opens_nothing_and_calls_nobody(
    desk: Any, changes: dict[str, object]
) -> None:
    desk.enrol()
    desk.station.lock(Lock.ASKED)
    alter(desk, **changes)
    with pytest.raises(Refused) as caught:
        desk.station.unlock(PHRASE)
    assert caught.value.code == "card_altered"
    assert desk.station.session is None


def test_what_only_shows_may_change(desk: Any) -> None:
    desk.enrol()
    desk.station.lock(Lock.ASKED)
    alter(desk, language="en", theme="dark", lock_minutes=5)
    desk.station.unlock(PHRASE)
    assert desk.station.session is not None


def test_a_demonstration_follows_its_server_to_another_port(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "profile", demonstration=True)
    desk.enrol()
    desk.station.lock(Lock.ASKED)
    alter(desk, server="http://127.0.0.1:2")
    desk.station.unlock(PHRASE)
    assert desk.station.session is not None
    desk.close()
