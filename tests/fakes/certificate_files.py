"""Certificates as an operator buys, renews or gets wrong, in files; and a client that shows what TLS answers."""

import ipaddress
import socket
import ssl
import warnings
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from dossier.clock import SystemClock

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Authority:
    """An authority of its own and the certificates it issues; `root` is what would vouch for them."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = self._begun(self._subject, self._key, timedelta(days=-900), timedelta(days=9000))
        root = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        self.root = folder / f"{name}.pem"
        self.root.write_bytes(_pem(root.sign(self._key, hashes.SHA256())))

    def issue(
        self,
        name: str,
        host: str = "127.0.0.1",
        *,
        begins: timedelta = timedelta(days=-30),
        ends: timedelta = timedelta(days=60),
        key: Key | None = None,
        password: bytes = b"",
    ) -> tuple[Path, Path]:
        """Certificate and key files; a renewal passes the `key` of the one before."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
        built = self._begun(subject, key, begins, ends)
        try:
            general: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            general = x509.DNSName(host)
        built = built.add_extension(x509.SubjectAlternativeName([general]), False)
        certificate, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(_pem(built.sign(self._key, hashes.SHA256())))
        sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            sealed = serialization.BestAvailableEncryption(password)
        key_file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
        )
        return certificate, key_file

    def _begun(
        self, subject: x509.Name, key: Key, begins: timedelta, ends: timedelta
    ) -> x509.CertificateBuilder:
        now = SystemClock().now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def server_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    """What a server shows these files with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def old_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    """A server that was forgotten: nothing newer than TLS 1.1."""
    context = server_context(files)
    _only(context, ssl.TLSVersion.TLSv1_1)
    return context


def shake_hands(
    port: int, trusted: Path | bytes, *, only: ssl.TLSVersion | None = None
) -> ssl.SSLSocket:
    """A TLS connection to the loopback, its certificate checked; ssl.SSLError when there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(trusted, bytes):
        context.load_verify_locations(cadata=trusted)
    else:
        context.load_verify_locations(cafile=str(trusted))
    if only is not None:
        _only(context, only)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    except OSError:
        plain.close()
        raise


def asks(connection: socket.socket, path: str) -> bytes:
    """One request over an open connection; its answer, whole."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = raw.partition(b"\r\n\r\n")
    sizes = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    while sizes and len(body) < int(sizes[0].split(b":")[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _only(context: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
