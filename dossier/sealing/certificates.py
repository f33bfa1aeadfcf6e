"""Certificates of a server (RFC 5280): a private authority for its own names, and what any certificate says.

    authority   10 years, its key offline, name-constrained: it can vouch for nobody else
    issuer       2 years, its key in the server's key store
    leaf        90 days, made again by the server itself; the same TLS key until that one is replaced

Certificates are DER. Private keys are 32-byte seeds, from which a P-256 key is derived, so that they are kept
where every other secret is. Dates are backdated by a day: a desktop's clock may be behind.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.wrapping import expand

AUTHORITY_LIFE: Final = timedelta(days=3652)
ISSUER_LIFE: Final = timedelta(days=730)
LEAF_LIFE: Final = timedelta(days=90)
_BACKDATED: Final = timedelta(days=1)
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SEC 2)."""
_NO_ADDRESS: Final = ("0.0.0.0/0", "::/0")
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


class Said(NamedTuple):
    """What a certificate says. `names`: host names and addresses of a leaf, or those an authority may vouch for."""

    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    is_authority: bool


def tls_key_hash(seed: bytes) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo of this seed's key: what the server's key list names."""
    return hashlib.sha256(_spki(_private(seed).public_key())).digest()


def key_hash(certificate: bytes) -> bytes:
    """The same of the key of a certificate, whatever its kind. Raises SealBroken for what is none."""
    try:
        public = _read(certificate).public_key()
        return hashlib.sha256(_spki(public)).digest()
    except ValueError as error:
        raise SealBroken from error


def host_name(text: str) -> str:
    """A host name or an address in the one form certificates carry. Raises ValueError for anything else."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        name = text.strip().rstrip(".").lower()
    labels = name.split(".")
    if len(name) > 253 or not set(name) <= _NAME_CHARACTERS:
        raise ValueError("not a host name")
    if not all(0 < len(one) <= 63 and one.strip("-") == one for one in labels):
        raise ValueError("not a host name")
    if labels[-1].isdigit():
        raise ValueError("not an address")
    return name


def make_authority(seed: bytes, names: Sequence[str], now: datetime, entropy: Entropy) -> bytes:
    """A root that may vouch for these host names and addresses alone. Raises ValueError without a name."""
    key, subject = _private(seed), _subject("Colloque private authority")
    built = _begun(key.public_key(), subject, subject, now, now + AUTHORITY_LIFE, entropy)
    built = built.add_extension(_constraints(names), critical=True)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    return _signed(built.add_extension(_usage(signs_others=True), critical=True), key)


def make_issuer(
    authority: bytes, authority_seed: bytes, seed: bytes, now: datetime, entropy: Entropy
) -> bytes:
    """The online certificate that makes leaves. Raises SealBroken when the seed is not the authority's."""
    root = _read(authority)
    if tls_key_hash(authority_seed) != key_hash(authority):
        raise SealBroken
    public, subject = _private(seed).public_key(), _subject("Colloque issuer")
    ends = min(now + ISSUER_LIFE, root.not_valid_after_utc)
    built = _begun(public, subject, root.subject, now, ends, entropy)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_usage(signs_others=True), critical=True)
    built = built.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    return _signed(built.add_extension(_issued_by(root), critical=False), _private(authority_seed))


def make_leaf(
    issuer: bytes,
    issuer_seed: bytes,
    seed: bytes,
    names: Sequence[str],
    now: datetime,
    entropy: Entropy,
) -> bytes:
    """The certificate desktops are shown. Raises SealBroken when the seed is not the issuer's."""
    above = _read(issuer)
    if tls_key_hash(issuer_seed) != key_hash(issuer):
        raise SealBroken
    ends = min(now + LEAF_LIFE, above.not_valid_after_utc)
    built = _begun(
        _private(seed).public_key(),
        _subject("Colloque server"),
        above.subject,
        now,
        ends,
        entropy,
    )
    built = built.add_extension(
        x509.SubjectAlternativeName([_general(one) for one in names]), critical=False
    )
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(signs_others=False), critical=True)
    built = built.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    return _signed(built.add_extension(_issued_by(above), critical=False), _private(issuer_seed))


def is_issued_by(certificate: bytes, above: bytes) -> bool:
    """Did the key of the certificate `above` sign this one?"""
    try:
        _read(certificate).verify_directly_issued_by(_read(above))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def said(certificate: bytes) -> Said:
    """Its dates and names. Raises SealBroken for what is no certificate."""
    try:
        read = _read(certificate)
        found = {type(one.value): one.value for one in read.extensions}
    except ValueError as error:
        raise SealBroken from error
    held: list[x509.GeneralName] = []
    limits, names = found.get(x509.NameConstraints), found.get(x509.SubjectAlternativeName)
    if isinstance(limits, x509.NameConstraints):
        held = list(limits.permitted_subtrees or ())
    elif isinstance(names, x509.SubjectAlternativeName):
        held = list(names)
    basic = found.get(x509.BasicConstraints)
    is_authority = isinstance(basic, x509.BasicConstraints) and basic.ca
    return Said(
        read.not_valid_before_utc,
        read.not_valid_after_utc,
        tuple(_shown(one) for one in held if isinstance(one, x509.DNSName | x509.IPAddress)),
        is_authority,
    )


def from_pem(text: bytes) -> tuple[bytes, ...]:
    """The certificates of a file, leaf first. Raises SealBroken when there is none."""
    try:
        found = x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise SealBroken from error
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def to_pem(*certificates: bytes) -> bytes:
    """A chain as TLS libraries read it from a file."""
    return b"".join(_read(one).public_bytes(Encoding.PEM) for one in certificates)


def sealed_key(seed: bytes, password: bytes) -> bytes:
    """The private key of a seed as PKCS #8 under a password, for the TLS library, which reads files only."""
    return _private(seed).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )


def _private(seed: bytes) -> EllipticCurvePrivateKey:
    """128 bits more than the group has, so that no key is likelier than another (FIPS 186-5, A.2.1)."""
    drawn = int.from_bytes(expand(seed, b"", tup("colloque/v1/tls-key"), 48), "big")
    return derive_private_key(drawn % (_ORDER - 1) + 1, SECP256R1())


def _read(certificate: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate)


def _spki(public: object) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]  # every kind of key has it


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(
    public: EllipticCurvePublicKey,
    subject: x509.Name,
    issuer: x509.Name,
    now: datetime,
    ends: datetime,
    entropy: Entropy,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(int.from_bytes(entropy.bytes(16), "big") + 1)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _signed(built: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> bytes:
    return built.sign(key, SHA256()).public_bytes(Encoding.DER)


def _issued_by(above: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    known = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(names: Sequence[str]) -> x509.NameConstraints:
    """A kind of name that is not among them is excluded as a whole: an absent kind would be allowed."""
    if not names:
        raise ValueError("an authority vouches for at least one name")
    permitted = [_subtree(one) for one in names]
    excluded: list[x509.GeneralName] = []
    if not any(isinstance(one, x509.DNSName) for one in permitted):
        excluded.append(x509.DNSName(""))
    if not any(isinstance(one, x509.IPAddress) for one in permitted):
        excluded += [x509.IPAddress(ipaddress.ip_network(one)) for one in _NO_ADDRESS]
    return x509.NameConstraints(permitted, excluded or None)


def _subtree(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _shown(name: x509.DNSName | x509.IPAddress) -> str:
    if isinstance(name, x509.DNSName):
        return name.value
    return str(name.value).partition("/")[0]
