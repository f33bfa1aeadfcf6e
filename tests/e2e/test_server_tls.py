"""The real server over TLS, with real sockets: what it shows, what it refuses, how its certificate is replaced."""

import os
import shutil
import signal
import socket
import ssl
import urllib.request
from argparse import Namespace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import Refused
from dossier.sealing import certificates
from dossier.sealing.key_list import KeyList
from server.cli import self_check, serving
from server.folder import Folder, ServerFile
from server.operations.tls import Listener, OwnLeaf
from tests.fakes.certificate_files import Authority, asks, shake_hands
from tests.fakes.manual_clock import ManualClock
from tests.fakes.server_process import ServerProcess, logged_events, operator

CAPABILITIES = "/sync/v1/capabilities"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A demonstration with a private authority for the loopback."""
    folder = tmp_path / "server"
    words = ("--demonstration", "--address", "127.0.0.1", "--address", "Cabinet.Example")
    assert operator("init", folder, *words).code == 0
    return folder


def listed(folder: Path) -> KeyList:
    files = Folder(folder)
    told = files.present_list(files.read_identity(files.read_told()))
    assert told is not None
    return told


def shown_by(connection: ssl.SSLSocket) -> bytes:
    """The hash of the key behind the certificate of this connection."""
    certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None
    return certificates.key_hash(certificate)


def hang_up(process: ServerProcess, event: str, line: ssl.SSLSocket) -> None:
    """SIGHUP; then requests over this open connection until the server said what it did."""
    before = logged_events(process.log_path).count(event)
    os.kill(process.pid, signal.SIGHUP)
    for _ in range(2_000):
        assert b"200" in asks(line, "/health")
        if logged_events(process.log_path).count(event) > before:
            return
    raise AssertionError(process.log_path.read_text())


def test_n1_row49_desktops_are_answered_over_tls_and_nothing_older_or_plain(
    server: Path, tmp_path: Path
) -> None:
    authority = listed(server).authority
    with ServerProcess(server, tmp_path / "log", more=("--operator-port", "0")) as process:
        assert process.url == f"https://127.0.0.1:{process.port}"
        for only in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with shake_hands(process.port, authority, only=only) as line:
                assert shown_by(line) in listed(server).tls
                head = asks(line, CAPABILITIES).lower()
                assert head.startswith(b"http/1.1 200")
                assert b"strict-transport-security: max-age=31536000" in head
        with pytest.raises(ssl.SSLError):
            shake_hands(process.port, authority, only=ssl.TLSVersion.TLSv1_1)
        with socket.create_connection(("127.0.0.1", process.port), timeout=10) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"HTTP" not in plain.recv(100)
        assert process.operator_url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(process.operator_url + "/metrics", timeout=10) as answer:
            figures = answer.read().decode()
        (line_of_days,) = [
            one for one in figures.splitlines() if one.startswith("colloque_certificate_seconds")
        ]
        assert 89 < float(line_of_days.split()[1]) / 86_400 <= 90


def test_the_private_authority_vouches_for_the_names_of_this_server_alone(server: Path) -> None:
    told = listed(server)
    assert certificates.said(told.authority).names == ("127.0.0.1", "cabinet.example")
    assert oct((server / "authority.key").stat().st_mode & 0o777) == "0o400"
    assert "cabinet.example" in operator("identity", "show", server).out


def test_a_name_that_is_none_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    said = operator("init", tmp_path / "server", "--address", "cabinet des lilas")
    assert (said.code, "host_name" in said.err) == (2, True)
    assert not (tmp_path / "server").exists()


def test_d10_another_machine_is_answered_over_tls_only_and_never_by_a_demonstration(
    server: Path, tmp_path: Path
) -> None:
    said = operator("serve", server, "--host", "192.0.2.1")
    assert (said.code, "demonstration_stays" in said.err) == (2, True)
    options = Namespace(host="0.0.0.0", port=0, operator_port=None)
    real = ServerFile(name="Cabinet")
    with pytest.raises(Refused) as caught:
        serving._sockets(options, real, is_secure=False)
    assert caught.value.code == "tls_needed"
    (listening,) = serving._sockets(options, real, is_secure=True)
    listening.close()


def test_a_demonstration_without_an_authority_stays_plain_on_the_loopback(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    assert operator("init", folder, "--demonstration").code == 0
    with ServerProcess(folder, tmp_path / "log") as process:
        assert process.url == f"http://127.0.0.1:{process.port}"
        with urllib.request.urlopen(process.url + CAPABILITIES, timeout=10) as answer:
            assert "strict-transport-security" not in answer.headers


def test_a_given_certificate_is_shown_once_the_list_names_its_key(
    server: Path, tmp_path: Path
) -> None:
    bought = Authority(tmp_path / "bought")
    certificate, key = bought.issue("one")
    words = ("--certificate", str(certificate), "--key", str(key))
    said = operator("serve", server, "--port", "0", *words)
    assert (said.code, "certificate_unlisted" in said.err) == (2, True)
    assert operator("identity", "sign", server, "--certificate", certificate).code == 0
    told = listed(server)
    assert (len(told.tls), told.authority) == (2, b"")
    with (
        ServerProcess(server, tmp_path / "log", more=words) as process,
        shake_hands(process.port, bought.root) as line,
    ):
        assert shown_by(line) == told.tls[0]


def test_a_given_certificate_that_cannot_be_shown_is_refused_in_one_sentence(
    server: Path, tmp_path: Path
) -> None:
    bought = Authority(tmp_path / "bought")
    over = bought.issue("over", ends=timedelta(days=-1))
    locked = bought.issue("locked", password=b"secret")
    good, other = bought.issue("good"), bought.issue("other")
    (tmp_path / "empty.pem").write_bytes(b"no certificate")
    for certificate, key, code in (
        (*over, "certificate_over"),
        (*locked, "certificate_key"),
        (good[0], other[1], "certificate_key"),
        (good[0], tmp_path / "absent", "certificate_key"),
    ):
        assert operator("identity", "sign", server, "--certificate", certificate).code == 0
        said = operator("serve", server, "--certificate", certificate, "--key", key)
        assert (said.code, code in said.err, len(said.err.splitlines())) == (2, True, 1), said.err
    words = ("--certificate", tmp_path / "empty.pem")
    for verb in (("identity", "sign", server), ("serve", server, "--key", other[1])):
        said = operator(*verb, *words)
        assert (said.code, "certificate_unreadable" in said.err) == (2, True)
    said = operator("serve", server, "--key", other[1])
    assert (said.code, "certificate_pair" in said.err) == (2, True)


def test_a_renewed_certificate_is_taken_in_on_sighup_and_connections_go_on(
    server: Path, tmp_path: Path
) -> None:
    bought, key = Authority(tmp_path / "bought"), ec.generate_private_key(ec.SECP256R1())
    files = bought.issue("one", key=key, ends=timedelta(days=10))
    another = rsa.generate_private_key(65537, 2048)
    coming, _ = bought.issue("coming", key=another)
    for certificate in (files[0], coming):
        assert operator("identity", "sign", server, "--certificate", certificate).code == 0
    coming_key, present_key = listed(server).tls
    words = ("--certificate", str(files[0]), "--key", str(files[1]))
    with (
        ServerProcess(server, tmp_path / "log", more=words) as process,
        shake_hands(process.port, bought.root) as line,
    ):
        first = line.getpeercert()
        bought.issue("one", key=key, ends=timedelta(days=90))
        hang_up(process, "certificate_reloaded", line)
        with shake_hands(process.port, bought.root) as renewed:
            assert renewed.getpeercert() != first
            assert shown_by(renewed) == present_key
        bought.issue("one", key=ec.generate_private_key(ec.SECP256R1()))
        hang_up(process, "certificate_kept", line)
        with shake_hands(process.port, bought.root) as kept:
            assert shown_by(kept) == present_key
        bought.issue("one", key=another)
        hang_up(process, "certificate_reloaded", line)
        with shake_hands(process.port, bought.root) as replaced:
            assert shown_by(replaced) == coming_key


def test_a_list_signed_elsewhere_is_told_on_sighup_but_for_keys_that_services_hold(
    server: Path, tmp_path: Path
) -> None:
    bought = Authority(tmp_path / "bought")
    files, (coming, _) = bought.issue("one"), bought.issue("coming")
    assert operator("identity", "sign", server, "--certificate", files[0]).code == 0
    copy = Path(shutil.copytree(server, tmp_path / "copy"))
    words = ("--certificate", str(files[0]), "--key", str(files[1]))
    with (
        ServerProcess(server, tmp_path / "log", more=words) as process,
        shake_hands(process.port, bought.root) as line,
    ):
        for change, event in (
            (("--certificate", coming), "certificate_reloaded"),
            (("--replace", "log"), "certificate_kept"),
        ):
            assert operator("identity", "sign", copy, *change).code == 0
            shutil.copy2(copy / "keys.txt", server / "keys.txt")
            hang_up(process, event, line)
            is_told = f'"keys":{listed(server).serial},'.encode() in asks(line, CAPABILITIES)
            assert is_told == (event == "certificate_reloaded")


def test_a_tls_key_is_replaced_beside_the_one_desktops_know(server: Path, tmp_path: Path) -> None:
    first = listed(server)
    assert operator("identity", "sign", server, "--replace", "tls").code == 0
    told = listed(server)
    assert told.tls[1:] == first.tls
    with (
        ServerProcess(server, tmp_path / "log") as process,
        shake_hands(process.port, first.authority) as line,
    ):
        assert shown_by(line) == told.tls[0] != first.tls[0]
    bare = tmp_path / "bare"
    assert operator("init", bare, "--demonstration").code == 0
    said = operator("identity", "sign", bare, "--replace", "tls")
    assert (said.code, "no_authority" in said.err) == (2, True)


def test_the_issuer_is_renewed_with_the_authority_s_key_and_no_other(
    server: Path, tmp_path: Path
) -> None:
    away = (server / "authority.key").rename(tmp_path / "authority.key")
    before = (server / "issuer.pem").read_bytes()
    assert operator("identity", "certificate", server).code == 2
    assert operator("identity", "certificate", server, "--authority", away).code == 0
    assert (server / "issuer.pem").read_bytes() != before
    said = operator("identity", "certificate", server, "--authority", server / "identity.key")
    assert (said.code, "other_authority" in said.err) == (2, True)
    words = ("--address", "127.0.0.1", "--address", "new.example", "--authority", away)
    serial = listed(server).serial
    assert operator("identity", "certificate", server, *words).code == 0
    told = listed(server)
    assert told.serial > serial
    assert certificates.said(told.authority).names == ("127.0.0.1", "new.example")
    with (
        ServerProcess(server, tmp_path / "log") as process,
        shake_hands(process.port, told.authority) as line,
    ):
        assert shown_by(line) == told.tls[0]


def test_a_leaf_is_made_again_by_itself_before_its_end() -> None:
    clock, entropy = ManualClock(SystemClock().now()), SystemEntropy()
    root, above, own = (entropy.bytes(32) for _ in range(3))
    authority = certificates.make_authority(root, ("127.0.0.1",), clock.now(), entropy)
    issuer = certificates.make_issuer(authority, root, above, clock.now(), entropy)
    source = OwnLeaf(authority, issuer, (above, own), clock, entropy)
    listener = Listener(source, (certificates.tls_key_hash(own),), clock)
    day = 86_400.0
    clock.advance(timedelta(days=50).total_seconds())
    listener.renew()
    assert listener.seconds_left / day == pytest.approx(40, abs=0.01)
    clock.advance(timedelta(days=11).total_seconds())
    listener.renew()
    assert listener.seconds_left / day == pytest.approx(90, abs=0.01)
    clock.advance(timedelta(days=700).total_seconds() - 61 * day)
    listener.renew()
    assert listener.seconds_left / day == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize(("days", "well"), [(16, True), (14, False), (-1, False)])
def test_doctor_says_the_days_left_and_complains_below_fifteen(
    server: Path, tmp_path: Path, days: int, well: bool
) -> None:
    files = Authority(tmp_path / "bought").issue("one", ends=timedelta(days=days, minutes=1))
    options = Namespace(folder=server, certificate=files[0], clock=SystemClock())
    (unlisted,) = self_check._certificates(options)
    assert not unlisted.well
    assert "identity sign" in unlisted.words
    assert operator("identity", "sign", server, "--certificate", files[0]).code == 0
    (found,) = self_check._certificates(options)
    assert found.well == well
    assert ("has ended" if days < 0 else f"ends in {days} days") in found.words


def test_doctor_says_when_the_issuer_ends(server: Path) -> None:
    assert "ends in 729 days" in operator("doctor", server).out
    (server / "issuer.pem").unlink()
    said = operator("doctor", server)
    assert said.code == 1
    assert "issuer.pem is missing" in said.out
