"""The private authority: what it may vouch for, as OpenSSL judges it over real handshakes."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import SealBroken
from dossier.sealing import certificates, devices
from dossier.sealing.key_list import KeyList, sign_key_list, verify_key_list
from dossier.sealing.notes import sign_note

NOW = SystemClock().now()
ENTROPY = SystemEntropy()
ROOT, ISSUER, LEAF, OTHER = (ENTROPY.bytes(32) for _ in range(4))


def handshake(folder: Path, permitted: tuple[str, ...], shown: tuple[str, ...], host: str) -> str:
    """The word of the client's library: `` when the certificate is taken."""
    authority = certificates.make_authority(ROOT, permitted, NOW, ENTROPY)
    issuer = certificates.make_issuer(authority, ROOT, ISSUER, NOW, ENTROPY)
    leaf = certificates.make_leaf(issuer, ISSUER, LEAF, shown, NOW, ENTROPY)
    (folder / "chain").write_bytes(certificates.to_pem(leaf, issuer))
    (folder / "key").write_bytes(certificates.sealed_key(LEAF, b"word"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "chain", folder / "key", password="word")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=authority)
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with suppress(OSError), server.wrap_socket(theirs, server_side=True) as line:
            line.recv(1)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as line:
            assert certificates.key_hash(line.getpeercert(True)) == certificates.tls_key_hash(LEAF)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    else:
        return ""
    finally:
        ours.close()
        thread.join()
        theirs.close()


@pytest.mark.parametrize("host", ["cabinet.example", "192.168.1.10", "::1"])
def test_a_leaf_is_taken_under_each_name_of_the_server(tmp_path: Path, host: str) -> None:
    names = ("cabinet.example", "192.168.1.10", "::1")
    assert handshake(tmp_path, names, names, host) == ""


@pytest.mark.parametrize(
    ("permitted", "host"),
    [
        (("cabinet.example",), "bank.example"),
        (("cabinet.example",), "192.168.1.10"),
        (("cabinet.example",), "::1"),
        (("192.168.1.10",), "192.168.1.11"),
        (("192.168.1.10",), "bank.example"),
        (("192.168.1.10",), "::1"),
    ],
)
def test_d10_the_authority_vouches_for_no_other_name_even_if_its_issuer_is_stolen(
    tmp_path: Path, permitted: tuple[str, ...], host: str
) -> None:
    assert "subtree violation" in handshake(tmp_path, permitted, (*permitted, host), host)


def test_names_dates_and_keys_are_read_back() -> None:
    names = ("cabinet.example", "10.0.0.1", "fd00::1")
    authority = certificates.make_authority(ROOT, names, NOW, ENTROPY)
    read = certificates.said(authority)
    assert (read.names, read.is_authority) == (names, True)
    assert read.begins < NOW - timedelta(hours=23)
    assert read.ends - NOW > timedelta(days=3650)
    assert certificates.key_hash(authority) == certificates.tls_key_hash(ROOT)
    pem = certificates.to_pem(authority)
    assert certificates.from_pem(b"words\n" + pem + pem) == (authority, authority)


def test_an_issuer_outlives_no_authority_and_a_leaf_no_issuer() -> None:
    authority = certificates.make_authority(ROOT, ("a.example",), NOW, ENTROPY)
    late = certificates.said(authority).ends - timedelta(days=10)
    issuer = certificates.make_issuer(authority, ROOT, ISSUER, late, ENTROPY)
    leaf = certificates.make_leaf(issuer, ISSUER, LEAF, ("a.example",), late, ENTROPY)
    ends = {certificates.said(one).ends for one in (authority, issuer, leaf)}
    assert len(ends) == 1


def test_another_key_makes_nothing_under_this_authority() -> None:
    authority = certificates.make_authority(ROOT, ("a.example",), NOW, ENTROPY)
    with pytest.raises(SealBroken):
        certificates.make_issuer(authority, OTHER, ISSUER, NOW, ENTROPY)
    issuer = certificates.make_issuer(authority, ROOT, ISSUER, NOW, ENTROPY)
    with pytest.raises(SealBroken):
        certificates.make_leaf(issuer, OTHER, LEAF, ("a.example",), NOW, ENTROPY)
    another = certificates.make_authority(OTHER, ("a.example",), NOW, ENTROPY)
    assert certificates.is_issued_by(issuer, authority)
    assert not certificates.is_issued_by(issuer, another)


@pytest.mark.parametrize("name", ["", "a b", "é.example", "-a", "1.2.3", "a..b", "x" * 64, "a/b"])
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        certificates.host_name(name)


@pytest.mark.parametrize("raw", [b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_what_is_no_certificate_is_refused(raw: bytes) -> None:
    for read in (certificates.said, certificates.key_hash, certificates.from_pem):
        with pytest.raises(SealBroken):
            read(raw)


def test_a_key_list_carries_one_authority() -> None:
    authority = certificates.make_authority(ROOT, ("a.example",), NOW, ENTROPY)
    signed = NOW.replace(microsecond=0)
    told = KeyList(1, signed, 0, (b"l" * 32,), (b"o" * 32,), (b"t" * 32,), authority)
    identity = ENTROPY.bytes(32)
    public = devices.public_key(identity)
    text = sign_key_list(identity, told)
    assert verify_key_list(public, text) == told
    (line,) = [one for one in text.decode().splitlines() if one.startswith("authority ")]
    twice = text.decode().rpartition("\n\n")[0] + f"\n{line}\n"
    with pytest.raises(SealBroken):
        verify_key_list(public, sign_note(identity, "colloque.keys", twice))
