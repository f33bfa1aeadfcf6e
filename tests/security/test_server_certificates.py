"""Which certificate a desktop takes, over real sockets: its server's, and no other (D10, ASVS 12.1, 12.3)."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from dossier.clock import SystemClock, to_wire
from dossier.entropy import SystemEntropy
from dossier.errors import Distrusted, SealBroken, TlsRefused
from dossier.sealing import certificates, devices
from dossier.sealing.key_list import KeyList, sign_key_list
from dossier.sealing.text import base64url
from dossier.wire import codec
from dossier.wire.messages import Capabilities, KeysReply
from sync.meeting import meet
from sync.transport import Patience, RequestsTransport
from sync.vouching import Vouched, Vouching, pinned
from tests.fakes.certificate_files import Authority, old_context, server_context
from tests.fakes.http_server import HostileServer, read_request

ENTROPY, CLOCK = SystemEntropy(), SystemClock()
IDENTITY = ENTROPY.bytes(32)
PUBLIC = devices.public_key(IDENTITY)
QUICK = Patience(total_s=5.0, stall_s=5.0, connect_s=5.0)


def listing(serial: int, authority: bytes, *keys: bytes, identity: bytes = IDENTITY) -> bytes:
    """A signed list of these TLS keys."""
    now = CLOCK.now().replace(microsecond=0)
    told = KeyList(serial, now, 0, (b"l" * 32,), (b"o" * 32,), keys, authority)
    return sign_key_list(identity, told)


def _silent(_connection: socket.socket, _over: threading.Event) -> None:
    """It answers by what it is asked instead."""


class Private(NamedTuple):
    """A private authority, and what it certifies in files."""

    authority: bytes
    issuer: bytes
    issuer_seed: bytes
    folder: Path

    def shown(self, seed: bytes) -> ssl.SSLContext:
        leaf = certificates.make_leaf(
            self.issuer, self.issuer_seed, seed, ("127.0.0.1",), CLOCK.now(), ENTROPY
        )
        chain, key = self.folder / "chain", self.folder / "key"
        chain.write_bytes(certificates.to_pem(leaf, self.issuer))
        key.write_bytes(certificates.sealed_key(seed, b"word"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key, password="word")
        return context


def private(folder: Path) -> Private:
    root, issuer_seed = ENTROPY.bytes(32), ENTROPY.bytes(32)
    authority = certificates.make_authority(root, ("127.0.0.1",), CLOCK.now(), ENTROPY)
    issuer = certificates.make_issuer(authority, root, issuer_seed, CLOCK.now(), ENTROPY)
    return Private(authority, issuer, issuer_seed, folder)


class Telling(HostileServer):
    """Tells anybody who it is, whatever else it is asked; everything it is asked is kept in `asked`."""

    def __init__(
        self, key_list: bytes, context: ssl.SSLContext, *, ahead: timedelta = timedelta()
    ) -> None:
        super().__init__(_silent, context)
        self.asked: list[bytes] = []
        known = Capabilities(
            protocols=(1,), server="0.1.0", name="Cabinet", restore=0, demonstration=False,
            limits={}, now=to_wire(CLOCK.now() + ahead), identity=base64url(PUBLIC),
        )  # fmt: skip
        self._keys, self._known = (
            codec.encode(KeysReply(list=key_list.decode())),
            codec.encode(known),
        )

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5.0)
        assert self._context is not None
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as line:
            while raw := read_request(line):
                self.asked.append(raw)
                body = self._keys if b"/keys " in raw else self._known
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
                line.sendall(head.format(len(body)).encode() + body)
        connection.close()

    @property
    def url(self) -> str:
        return f"https://{self.address}"

    def was_told(self, text: bytes) -> bool:
        return any(text in one for one in self.asked)


class Board:
    """What a device believes: a list, and a newer one it is offered."""

    def __init__(self, key_list: bytes) -> None:
        self.vouching = pinned(PUBLIC, key_list)
        self.offers = 0

    def present(self) -> Vouched:
        return self.vouching.present()

    def offered(self, text: bytes) -> bool:
        self.offers += 1
        try:
            self.vouching = pinned(PUBLIC, text)
        except Distrusted:
            return False
        return True

    def way(self, url: str) -> RequestsTransport:
        asked = Vouching(self.present, self.offered)
        return RequestsTransport(url, CLOCK, vouching=asked, patience=QUICK)


def reason(board: Board, url: str) -> str:
    """Why a request with a token is refused; nothing of it was sent."""
    way = board.way(url)
    try:
        with pytest.raises(TlsRefused) as caught:
            way.terms("token-of-martin", ())
        return caught.value.detail
    finally:
        way.close()


@pytest.fixture
def own(tmp_path: Path) -> Private:
    return private(tmp_path)


@pytest.fixture
def seed() -> bytes:
    return ENTROPY.bytes(32)


def test_a_private_authority_is_met_without_the_system_knowing_it(
    own: Private, seed: bytes
) -> None:
    key_list = listing(1, own.authority, certificates.tls_key_hash(seed))
    with Telling(key_list, own.shown(seed)) as server:
        met = meet(lambda by: RequestsTransport(server.url, CLOCK, vouching=by, patience=QUICK))
    assert met.private
    assert met.key_list == key_list
    assert met.capabilities.identity == base64url(PUBLIC)


def test_d10_a_stranger_whose_list_does_not_name_its_key_is_not_met(
    own: Private, seed: bytes
) -> None:
    key_list = listing(1, own.authority, certificates.tls_key_hash(ENTROPY.bytes(32)))
    with Telling(key_list, own.shown(seed)) as server, pytest.raises(TlsRefused) as caught:
        meet(lambda by: RequestsTransport(server.url, CLOCK, vouching=by, patience=QUICK))
    assert caught.value.detail == "key"


def test_d10_a_list_signed_by_another_than_it_says_is_forged(own: Private, seed: bytes) -> None:
    other = ENTROPY.bytes(32)
    key_list = listing(1, own.authority, certificates.tls_key_hash(seed), identity=other)
    with Telling(key_list, own.shown(seed)) as server, pytest.raises(Distrusted):
        meet(lambda by: RequestsTransport(server.url, CLOCK, vouching=by, patience=QUICK))


def test_d10_a_certificate_nobody_vouches_for_is_refused_at_the_first_meeting(
    tmp_path: Path,
) -> None:
    files = Authority(tmp_path).issue("one")
    key = certificates.key_hash(certificates.from_pem(files[0].read_bytes())[0])
    with (
        Telling(listing(1, b"", key), server_context(files)) as server,
        pytest.raises(TlsRefused) as caught,
    ):
        meet(lambda by: RequestsTransport(server.url, CLOCK, vouching=by, patience=QUICK))
    assert caught.value.detail == "unknown"


@pytest.mark.parametrize(
    ("host", "begins", "ends", "said"),
    [
        ("10.1.2.3", -30, 30, "host"),
        ("cabinet.example", -30, 30, "host"),
        ("127.0.0.1", -30, -1, "expired"),
        ("127.0.0.1", 1, 30, "clock"),
    ],
    ids=["another address", "another name", "over", "not yet valid"],
)
def test_row49_each_wrong_certificate_has_its_reason_and_is_sent_nothing(
    tmp_path: Path, host: str, begins: int, ends: int, said: str
) -> None:
    authority = Authority(tmp_path)
    days = {"begins": timedelta(days=begins), "ends": timedelta(days=ends)}
    files = authority.issue("one", host, **days)
    chain = certificates.from_pem(files[0].read_bytes() + authority.root.read_bytes())
    key_list = listing(1, chain[1], certificates.key_hash(chain[0]))
    with Telling(key_list, server_context(files)) as server:
        assert reason(Board(key_list), server.url) == said
    assert not server.was_told(b"token-of-martin")


def test_row49_a_certificate_that_is_over_by_our_clock_alone_is_a_wrong_clock(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("one", ends=timedelta(days=-1))
    chain = certificates.from_pem(files[0].read_bytes() + authority.root.read_bytes())
    key_list = listing(1, chain[1], certificates.key_hash(chain[0]))
    with Telling(key_list, server_context(files), ahead=timedelta(days=-20)) as server:
        assert reason(Board(key_list), server.url) == "clock"
    assert not server.was_told(b"token-of-martin")


def test_row49_a_server_of_before_tls_1_2_is_refused_without_a_fallback(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("one")
    with Telling(b"", old_context(files)) as server:
        assert reason(Board(b""), server.url) == "protocol"
    assert server.asked == []


def test_d10_an_unknown_authority_is_refused_and_told_nothing(own: Private, seed: bytes) -> None:
    """Somebody in between shows a certificate of his own, and answers what he heard of the true list."""
    known = listing(3, own.authority, certificates.tls_key_hash(seed))
    thief = private(own.folder)
    with Telling(known, thief.shown(ENTROPY.bytes(32))) as server:
        board = Board(known)
        assert reason(board, server.url) in ("unknown", "key")
    assert not server.was_told(b"token-of-martin")


def test_d10_a_key_of_the_right_authority_that_is_not_in_the_list_is_refused(
    own: Private, seed: bytes
) -> None:
    known = listing(3, own.authority, certificates.tls_key_hash(seed))
    board = Board(known)
    with Telling(b"no list", own.shown(ENTROPY.bytes(32))) as server:
        assert reason(board, server.url) == "key"
    assert board.offers == 1
    assert not server.was_told(b"token-of-martin")


def test_a_newer_list_names_the_new_key_and_the_request_goes_through(
    own: Private, seed: bytes, tmp_path: Path
) -> None:
    board = Board(listing(3, own.authority, certificates.tls_key_hash(ENTROPY.bytes(32))))
    (tmp_path / "other").mkdir()
    other = private(tmp_path / "other")
    newer = listing(4, other.authority, certificates.tls_key_hash(seed))
    with Telling(newer, other.shown(seed)) as server:
        way = board.way(server.url)
        assert way.capabilities().name == "Cabinet"
        way.close()
    assert board.vouching.present() == Vouched(other.authority, (certificates.tls_key_hash(seed),))


def test_a_list_of_another_identity_is_never_pinned(own: Private) -> None:
    with pytest.raises(Distrusted):
        pinned(PUBLIC, listing(1, own.authority, identity=ENTROPY.bytes(32)))
    with pytest.raises(SealBroken):
        certificates.key_hash(b"")
