"""What a device believes of its server, and what it refuses with everything held untouched (S4, S5, D8)."""

from datetime import timedelta

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import BadAnswer, DeviceRevoked, Distrusted, SignInNeeded, Unreachable
from dossier.sealing import devices
from dossier.sealing.merkle import Tree
from dossier.sealing.orders import OrderKind
from dossier.wire.messages import LogReply
from sync.exchanges import AskKeys, AskLog
from sync.ports import Pins
from sync.trust import EVERY_S, Trust
from tests.fakes.signing_server import IDENTITY, SigningServer

OTHER = SeededEntropy(2).bytes(32)


class Board:
    """A board that is written and read again as bytes would be."""

    def __init__(self) -> None:
        self.kept = Pins(devices.public_key(IDENTITY))

    def pins(self) -> Pins:
        return self.kept

    def pin(self, pins: Pins) -> None:
        self.kept = pins


def session(trust: Trust, server: SigningServer, now_s: float = 0.0) -> list[type]:
    """Everything that is asked before anything else is exchanged."""
    trust.meet(server.capabilities())
    trust.signed_in("")
    asked = []
    while (wanted := trust.next(now_s, signed_in=True)) is not None:
        asked.append(type(wanted))
        reply = server.keys() if isinstance(wanted, AskKeys) else server.proof(wanted.since)
        trust.settle(wanted, reply, now_s)
    return asked


@pytest.fixture
def server() -> SigningServer:
    server = SigningServer()
    server.grow(5)
    return server


@pytest.fixture
def board(server: SigningServer) -> Board:
    """A device that met its server once."""
    board = Board()
    session(Trust(board, "dev-1"), server)
    return board


def test_the_first_session_asks_the_list_then_the_log_and_remembers_both(
    server: SigningServer,
) -> None:
    board = Board()
    assert session(Trust(board, "dev-1"), server) == [AskKeys, AskLog]
    assert (board.kept.size, board.kept.root) == (5, server.tree.root())


def test_each_token_and_each_hour_asks_the_log_to_prove_itself(
    server: SigningServer, board: Board
) -> None:
    trust = Trust(board, "dev-1")
    assert session(trust, server) == [AskLog]
    assert trust.next(EVERY_S - 1, signed_in=True) is None
    server.grow(2)
    assert trust.next(EVERY_S, signed_in=True) == AskLog(5)
    trust.settle(AskLog(5), server.proof(5), EVERY_S)
    assert board.kept.size == 7


def test_nothing_is_proven_before_the_list_and_no_log_is_asked_without_a_token(
    server: SigningServer,
) -> None:
    trust = Trust(Board(), "dev-1")
    trust.meet(server.capabilities())
    assert trust.next(0, signed_in=False) == AskKeys()
    trust.settle(AskKeys(), server.keys(), 0)
    assert trust.next(0, signed_in=False) is None


def refused(trust: Trust, server: SigningServer) -> str:
    with pytest.raises(Distrusted) as caught:
        session(trust, server)
    return caught.value.reason


def test_s4_a_log_that_lost_its_end_is_refused_and_what_was_seen_stays_remembered(
    server: SigningServer, board: Board
) -> None:
    before = board.kept
    server.tree = Tree()
    server.grow(3)
    assert refused(Trust(board, "dev-1"), server) == "log_rolled_back"
    assert board.kept == before


def test_s5_a_log_with_another_past_is_refused(server: SigningServer, board: Board) -> None:
    server.tree = Tree()
    server.grow(9, mark=1)
    assert refused(Trust(board, "dev-1"), server) == "log_forked"


def test_s5_a_root_signed_by_no_listed_key_is_refused(server: SigningServer, board: Board) -> None:
    server.listed, server.log = server.log, OTHER
    assert refused(Trust(board, "dev-1"), server) == "log_forged"


def test_d10_a_log_key_replaced_while_we_were_connected_is_learned_from_the_list(
    server: SigningServer, board: Board
) -> None:
    trust = Trust(board, "dev-1")
    session(trust, server)
    server.log = OTHER
    server.serial += 1
    server.grow(2)
    asked = [type(trust.next(EVERY_S, signed_in=True))]
    trust.settle(AskLog(5), server.proof(5), EVERY_S)
    while (wanted := trust.next(EVERY_S, signed_in=True)) is not None:
        asked.append(type(wanted))
        reply = server.keys() if isinstance(wanted, AskKeys) else server.proof(5)
        trust.settle(wanted, reply, EVERY_S)
    assert asked == [AskLog, AskKeys, AskLog]
    assert board.kept.size == 7


def test_d10_a_lease_we_cannot_check_makes_us_ask_for_the_list(
    server: SigningServer, board: Board
) -> None:
    trust = Trust(board, "dev-1")
    session(trust, server)
    server.order = OTHER
    server.serial += 1
    assert trust.signed_in(server.orders(OrderKind.LEASE, 3)) is None
    assert trust.next(0, signed_in=True) == AskKeys()
    trust.settle(AskKeys(), server.keys(), 0)
    assert trust.signed_in(server.orders(OrderKind.LEASE, 4)) == timedelta(days=7)


def test_a_list_of_another_identity_is_refused(server: SigningServer) -> None:
    server.identity = OTHER
    assert refused(Trust(Board(), "dev-1"), server) == "keys_forged"


def test_another_server_at_the_address_is_refused_before_anything_is_asked(
    server: SigningServer,
) -> None:
    server.said = OTHER
    with pytest.raises(Distrusted, match="other_server"):
        Trust(Board(), "dev-1").meet(server.capabilities())


def test_a_list_that_goes_back_is_refused_whether_said_or_sent(
    server: SigningServer, board: Board
) -> None:
    server.serial = 4
    session(Trust(board, "dev-1"), server)
    server.serial = 3
    assert refused(Trust(board, "dev-1"), server) == "keys_rolled_back"
    trust = Trust(board, "dev-1")
    server.serial = 5
    trust.meet(server.capabilities())
    server.serial = 4
    with pytest.raises(Distrusted, match="keys_rolled_back"):
        trust.settle(AskKeys(), server.keys(), 0)


def test_an_online_key_is_replaced_without_touching_the_device(
    server: SigningServer, board: Board
) -> None:
    server.serial, server.log, server.order = 2, OTHER, OTHER
    server.grow(1)
    trust = Trust(board, "dev-1")
    assert session(trust, server) == [AskKeys, AskLog]
    assert trust.signed_in(server.orders(OrderKind.LEASE, 1)) == timedelta(days=7)


def test_a_declared_restore_begins_a_new_line_of_the_log_once(
    server: SigningServer, board: Board
) -> None:
    server.tree = Tree()
    server.grow(2, mark=7)
    server.serial, server.restore = 2, 1
    trust = Trust(board, "dev-1")
    assert session(trust, server) == [AskKeys, AskLog]
    assert (board.kept.size, board.kept.restore) == (2, 1)
    assert trust.declares(1)
    server.tree = Tree()
    server.grow(1, mark=8)
    assert refused(Trust(board, "dev-1"), server) == "log_rolled_back"


def test_s4_a_restore_nobody_signed_is_refused(server: SigningServer, board: Board) -> None:
    trust = Trust(board, "dev-1")
    session(trust, server)
    assert not trust.declares(1)
    assert trust.next(0, signed_in=True) == AskKeys()
    with pytest.raises(Distrusted, match="restore_undeclared"):
        trust.settle(AskKeys(), server.keys(), 0)


def test_a_proof_of_something_else_is_a_bad_answer(server: SigningServer, board: Board) -> None:
    trust = Trust(board, "dev-1")
    trust.meet(server.capabilities())
    for exchange, reply in (
        (AskLog(5), server.keys()),
        (AskKeys(), server.proof(5)),
        (AskLog(4), server.proof(4)),
        (AskLog(5), LogReply(restore=0, checkpoint=server.proof(5).checkpoint, proof=("!",))),
    ):
        with pytest.raises(BadAnswer):
            trust.settle(exchange, reply, 0)


def test_d8_a_lease_counts_once_for_this_device_alone(server: SigningServer, board: Board) -> None:
    trust = Trust(board, "dev-1")
    text = server.orders(OrderKind.LEASE, 3)
    assert trust.signed_in(text) == timedelta(days=7)
    assert trust.signed_in(text) is None
    assert Trust(board, "dev-1").signed_in(text) is None
    for other in (
        server.orders(OrderKind.LEASE, 2),
        server.orders(OrderKind.LEASE, 9, device="dev-2"),
        server.orders(OrderKind.PURGE, 9),
        text.replace("dev-1", "dev-2"),
        "",
    ):
        assert trust.signed_in(other) is None


def test_d8_a_purge_is_obeyed_only_when_signed_for_this_device(
    server: SigningServer, board: Board
) -> None:
    trust = Trust(board, "dev-1")
    trust.signed_in(server.orders(OrderKind.LEASE, 3))
    true = server.orders(OrderKind.PURGE, 4)
    assert trust.purge_order(DeviceRevoked(true)) == true
    server.order = OTHER
    for other in (
        server.orders(OrderKind.PURGE, 9),
        true.replace("serial 4", "serial 5"),
        "",
    ):
        assert trust.purge_order(DeviceRevoked(other)) == ""
    assert trust.purge_order(BadAnswer(true)) == ""


def refusal_with(checkpoint: str) -> SignInNeeded:
    error = SignInNeeded()
    error.past = checkpoint
    return error


def test_s4_a_refused_session_with_less_past_than_we_saw_is_a_server_rolled_back(
    server: SigningServer, board: Board
) -> None:
    older, same = SigningServer(), server.proof(0).checkpoint
    older.grow(4)
    trust, before = Trust(board, "dev-1"), board.kept
    trust.refused(refusal_with(same))
    trust.refused(Unreachable("connection"))
    with pytest.raises(Distrusted, match="log_rolled_back"):
        trust.refused(refusal_with(older.proof(0).checkpoint))
    assert board.kept == before


def test_s4_a_refused_session_with_another_past_of_the_same_length_is_a_fork(
    server: SigningServer, board: Board
) -> None:
    trust = Trust(board, "dev-1")
    board.kept = board.kept._replace(root=bytes(32))
    with pytest.raises(Distrusted, match="log_forked"):
        Trust(board, "dev-1").refused(refusal_with(server.proof(0).checkpoint))
    trust.refused(refusal_with(server.proof(0).checkpoint))


def test_s4_a_past_that_is_not_signed_says_nothing(server: SigningServer, board: Board) -> None:
    older = SigningServer()
    older.grow(4)
    forged = older.proof(0).checkpoint.replace("\n4\n", "\n3\n")
    assert forged != older.proof(0).checkpoint
    for text in ("", "x", forged):
        Trust(board, "dev-1").refused(refusal_with(text))


def test_s5_after_a_declared_restore_less_past_is_believed(
    server: SigningServer, board: Board
) -> None:
    trust, restored = Trust(board, "dev-1"), SigningServer()
    restored.grow(2)
    server.serial, server.restore = 2, 1
    trust.meet(server.capabilities())
    trust.settle(AskKeys(), server.keys(), 0.0)
    trust.refused(refusal_with(restored.proof(0).checkpoint))
