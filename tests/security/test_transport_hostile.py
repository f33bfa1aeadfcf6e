"""D10: whatever answers on the other end, an exchange ends in time, within bounds, with the right word."""

import gzip
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.errors import (
    BadAnswer,
    Busy,
    DossierError,
    NotColloque,
    Refused,
    SignInNeeded,
    TlsRefused,
    TooOld,
    Unreachable,
)
from dossier.wire import codec, limits
from dossier.wire.messages import Heads, Pages, Want
from sync.hints import EventLine
from sync.policy import Policy
from sync.transport import Patience, RequestsTransport
from tests.fakes.http_server import HostileServer, Script

QUICK = Patience(total_s=0.6, stall_s=0.25, connect_s=0.5)
PAGES = Pages(restore=1, pages=())


def ask(script: Script, *, pages: bool = False, patience: Patience = QUICK) -> DossierError:
    """The error that an exchange with this server ends with."""
    clock = SystemClock()
    began = clock.monotonic()
    with HostileServer(script) as server:
        transport = RequestsTransport(f"http://{server.address}", clock, patience=patience)
        with pytest.raises(DossierError) as caught:
            if pages:
                transport.changes("k", [Want(owner=1, facet="f", term="t")], 1_000)
            else:
                transport.heads("k", "v")
        transport.close()
    assert clock.monotonic() - began < patience.total_s + patience.connect_s + 1.0
    return caught.value


def reply(
    body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> Script:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return raw(head.encode() + body)


def raw(sent: bytes) -> Script:
    def script(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(sent)

    return script


def drip(first: bytes, drop: bytes, every_s: float = 0.05) -> Script:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(every_s):
            connection.sendall(drop)

    return script


def page_reply(packed: bytes, digest: str) -> Script:
    return reply(packed, kind=limits.PAGE_MEDIA_TYPE, more=f"{limits.DIGEST_HEADER}: {digest}\r\n")


@pytest.mark.parametrize(
    ("script", "expected", "detail"),
    [
        (raw(b"\x16\x03\x01garbage\r\n\r\n"), NotColloque, "not_http"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), NotColloque, "not_http"),
        (raw(b""), Unreachable, "connection"),
        (reply(b"{not json"), BadAnswer, ""),
        (reply(b'{"restore":1,"v":"a","v":"b","heads":[]}'), BadAnswer, ""),
        (reply(b"[" * 100_000), BadAnswer, ""),
        (reply(b"<html>Wifi gratuit</html>", kind="text/html"), NotColloque, "html"),
        (reply(b"hello", kind="text/plain"), BadAnswer, "media_type"),
        (reply(b"", status="302 Found", more="Location: http://portal/\r\n"), NotColloque, "redirect"),
        (reply(b"", status="301 Moved", more="Location: https://x/\r\n"), NotColloque, "redirect"),
        (reply(b"Not Found", status="404 Not Found", kind="text/plain"), NotColloque, "status_404"),
        (reply(b"<h1>Bad gateway", status="502 Bad", kind="text/html"), Unreachable, "status_502"),
        (reply(b'{"code":"internal"}', status="500 Error"), BadAnswer, "status_500"),
        (reply(b'{"code":"sign_in_needed"}', status="401 No"), SignInNeeded, ""),
        (reply(b'{"code":"upgrade_required"}', status="426 Old"), TooOld, ""),
        (reply(b'{"code":"situation_ended"}', status="403 No"), Refused, ""),
        (reply(gzip.compress(b"0" * 50_000_000), more="Content-Encoding: gzip\r\n"), BadAnswer, "encoded"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"), BadAnswer, "truncated"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"), BadAnswer, "truncated"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{"), BadAnswer, "too_large"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n{"), BadAnswer, "too_large"),
        (raw(b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 40_000 + b"\r\n\r\n"), BadAnswer, "too_large"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 3_000 + b"\r\n"), (BadAnswer, NotColloque), ""),
    ],
    ids=[
        "garbage", "another protocol", "closed at once", "not json", "duplicate key", "deep nesting",
        "captive portal", "wrong content type", "redirect", "redirect to https", "another server",
        "gateway", "500", "401", "426", "403", "gzip bomb", "truncated", "truncated chunk",
        "announced too large", "negative length", "huge header", "many headers",
    ],
)  # fmt: skip
def test_d10_each_hostile_answer_is_named(
    script: Script, expected: type[DossierError] | tuple[type[DossierError], ...], detail: str
) -> None:
    error = ask(script)
    assert type(error) in (expected if isinstance(expected, tuple) else (expected,))
    assert detail in (error.detail if detail else "")


def test_d10_busy_says_how_long() -> None:
    error = ask(reply(b'{"code":"busy"}', status="429 Busy", more="Retry-After: 17\r\n"))
    assert isinstance(error, Busy)
    assert error.retry_after_s == 17.0


def test_d10_no_word_of_the_answer_reaches_the_error() -> None:
    canary = "MARTIN-Lucie-1957"
    for script in (
        reply(f'{{"restore":"{canary}"}}'.encode()),
        reply(f'{{"code":"{canary[:6]}"}}'.encode(), status="500 Error"),
        reply(f"<p>{canary}".encode(), kind="text/html"),
    ):
        error = ask(script)
        assert canary not in f"{error} {error.args} {error.detail}"


@pytest.mark.parametrize(
    "script",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n", b"{"),
        drip(b"", b"", every_s=10.0),
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n", b"", every_s=10.0),
    ],
    ids=["status line", "headers", "body", "half-open", "half-open in the body"],
)  # fmt: skip
def test_d10_a_server_that_drips_or_falls_silent_ends_at_the_deadline(script: Script) -> None:
    error = ask(script)
    assert isinstance(error, Unreachable)
    assert error.detail == "timeout"


def test_d10_an_endless_chunked_body_ends_at_its_cap() -> None:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b"0" * 65536 + b"\r\n"
        while not over.is_set():
            connection.sendall(chunk)

    patience = Patience(total_s=20.0, stall_s=5.0)
    error = ask(script, patience=patience)
    assert isinstance(error, BadAnswer)
    assert error.detail == "too_large"


def test_d10_an_endless_chunk_header_ends_at_its_cap() -> None:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while not over.is_set():
            connection.sendall(b"0" * 65536)

    error = ask(script, patience=Patience(total_s=20.0, stall_s=5.0))
    assert isinstance(error, BadAnswer | NotColloque)


def zstd_bomb() -> bytes:
    """A tiny frame that unpacks to 256 MiB."""
    packer = zstandard.ZstdCompressor(level=1, write_content_size=False).compressobj()
    out = packer.compress(b"")
    for _ in range(256):
        out += packer.compress(bytes(1 << 20))
    return out + packer.flush()


def test_d10_pages_are_believed_only_with_their_digest() -> None:
    packed, digest = codec.encode_pages(PAGES)
    other = codec.repr_digest(b"something else")
    assert ask(page_reply(packed, other), pages=True).detail == "digest"
    assert isinstance(ask(page_reply(packed, ""), pages=True), BadAnswer)
    assert isinstance(ask(page_reply(packed[:-3], digest), pages=True), BadAnswer)
    assert isinstance(ask(page_reply(packed + b"tail", digest), pages=True), BadAnswer)
    assert ask(reply(packed), pages=True).detail == "media_type"


def test_d10_a_zstd_bomb_is_not_unpacked() -> None:
    bomb = zstd_bomb()
    assert len(bomb) < 200_000
    error = ask(page_reply(bomb, "x"), pages=True, patience=Patience(total_s=10.0))
    assert isinstance(error, BadAnswer)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://10.0.0.5:8000",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://user:secret@example.org",
        "https://",
        "https://example.org/?next=x",
    ],
)
def test_d10_only_https_or_the_loopback_is_spoken_to(url: str) -> None:
    with pytest.raises(NotColloque):
        RequestsTransport(url, SystemClock())


def test_an_address_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = RequestsTransport(f"http://127.0.0.1:{port}", SystemClock(), patience=QUICK)
    with pytest.raises(Unreachable) as caught:
        transport.capabilities()
    assert type(caught.value) is Unreachable


def test_a_connection_reset_in_the_body_is_a_broken_line() -> None:
    def script(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
        )
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert isinstance(ask(script), Unreachable | BadAnswer)


# --- TLS -------------------------------------------------------------------------------------------------


class Authority:
    """A certificate and its key in files."""

    def __init__(self, folder: Path, name: str, host: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = datetime(2026, 1, 1, tzinfo=UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start - timedelta(days=900))
            .not_valid_after(start + timedelta(days=9_000))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("right"), "right", "127.0.0.1")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("wrong"), "wrong", "10.1.2.3")


@pytest.fixture
def secure_server(right: Authority) -> Iterator[HostileServer]:
    script = reply(codec.encode(Heads(restore=1, v="v", heads=())))
    with HostileServer(script, right.context()) as server:
        yield server


def heads_over(address: str, ca_file: Path | None) -> Heads | None:
    transport = RequestsTransport(
        f"https://{address}", SystemClock(), ca_file=ca_file, patience=QUICK
    )
    try:
        return transport.heads("k", "")
    finally:
        transport.close()


def test_a_pinned_authority_is_enough(secure_server: HostileServer, right: Authority) -> None:
    assert heads_over(secure_server.address, right.certificate) == Heads(restore=1, v="v", heads=())


def test_d10_a_certificate_nobody_vouches_for_is_refused(secure_server: HostileServer) -> None:
    with pytest.raises(TlsRefused):
        heads_over(secure_server.address, None)


def test_d10_a_certificate_of_another_authority_is_refused(
    secure_server: HostileServer, wrong: Authority
) -> None:
    with pytest.raises(TlsRefused) as caught:
        heads_over(secure_server.address, wrong.certificate)
    assert caught.value.detail == "unknown"


def test_d10_a_certificate_for_another_host_is_refused(wrong: Authority) -> None:
    with (
        HostileServer(reply(b"{}"), wrong.context()) as server,
        pytest.raises(TlsRefused) as caught,
    ):
        heads_over(server.address, wrong.certificate)
    assert caught.value.detail == "host"


def test_d10_a_pinned_authority_replaces_every_other(right: Authority) -> None:
    transport = RequestsTransport("https://127.0.0.1:1", SystemClock(), ca_file=right.certificate)
    adapter = transport._session.get_adapter("https://127.0.0.1:1")
    pool = adapter.poolmanager.connection_from_url("https://127.0.0.1:1")
    adapter.cert_verify(pool, "https://127.0.0.1:1", True, None)
    assert pool.ca_certs is None
    assert len(pool.conn_kw["ssl_context"].get_ca_certs()) == 1


def test_d10_plain_http_behind_an_https_address_is_refused() -> None:
    def script(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with HostileServer(script) as server, pytest.raises(Unreachable):
        heads_over(server.address, None)


# --- hints -----------------------------------------------------------------------------------------------

HASTY = Policy(line_silent_s=0.3)
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


def test_a_hint_wakes_and_comments_do_not() -> None:
    told = threading.Event()

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(STREAM + chunk(b": colloque\n\n"))
        told.set()
        connection.sendall(chunk(b'data: {"restore":1,"ki') + chunk(b'nd":"moved"}\n\n'))
        over.wait(5.0)

    with HostileServer(script) as server:
        transport = RequestsTransport(f"http://{server.address}", SystemClock(), patience=QUICK)
        line = EventLine(transport.hints, SystemClock(), SeededEntropy(1), HASTY)
        assert line.wait("k")
        assert told.is_set()
        line.close()
        assert not line.wait("k")


@pytest.mark.parametrize(
    "script",
    [
        raw(STREAM + chunk(b"data: {garbage\n\n")),
        raw(STREAM + chunk(b"data: " + b"x" * 20_000)),
        raw(STREAM + b"0\r\n\r\n"),
        reply(b"<html>", kind="text/html"),
        reply(b'{"code":"sign_in_needed"}', status="401 No"),
        raw(b"nonsense"),
        drip(STREAM, b"", every_s=10.0),
    ],
    ids=["garbage", "endless event", "ended", "portal", "no sign-in", "not http", "silent"],
)
def test_a_bad_hint_line_is_only_silence(script: Script) -> None:
    with HostileServer(script) as server:
        transport = RequestsTransport(f"http://{server.address}", SystemClock(), patience=QUICK)
        line = EventLine(transport.hints, SystemClock(), SeededEntropy(1), HASTY)
        assert not line.wait("k")
        line.close()


def test_a_line_that_broke_wakes_when_it_is_heard_again() -> None:
    """What moved while nobody listened was told to nobody."""
    opened = []

    def script(connection: socket.socket, over: threading.Event) -> None:
        opened.append(1)
        connection.sendall(STREAM + chunk(b": colloque\n\n"))
        if len(opened) == 1:
            connection.sendall(b"0\r\n\r\n")
        else:
            over.wait(5.0)

    with HostileServer(script) as server:
        transport = RequestsTransport(f"http://{server.address}", SystemClock())
        line = EventLine(transport.hints, SystemClock(), SeededEntropy(1), HASTY)
        assert [line.wait("k"), line.wait("k")] == [False, True]
        line.close()


def test_closing_the_line_ends_a_wait_in_another_thread() -> None:
    answers: list[bool] = []
    connected = threading.Event()

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(STREAM + chunk(b": colloque\n\n"))
        connected.set()
        over.wait(20.0)

    with HostileServer(script) as server:
        transport = RequestsTransport(f"http://{server.address}", SystemClock())
        line = EventLine(transport.hints, SystemClock(), SeededEntropy(1))
        waiting = threading.Thread(target=lambda: answers.append(line.wait("k")))
        waiting.start()
        assert connected.wait(5.0)
        line.close()
        waiting.join(5.0)
        assert not waiting.is_alive()
    assert answers == [False]
