"""The TLS of the listener that answers desktops: TLS 1.2 or later, no fallback, keys the signed list names.

The certificate is given in files, or made here under the private authority: 90 days, again thirty days before
its end, the same key. What is shown is replaced while the listener stands: connections under way go on.
"""

import asyncio
import logging
import ssl
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import DossierError, Refused, SealBroken
from dossier.sealing import certificates

_LOG = logging.getLogger("colloque.server")
RENEWED_BEFORE: Final = timedelta(days=30)
LOOKED_AT_S: Final = 3600.0
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: ephemeral keys and authenticated encryption alone (RFC 7525, 4.2). TLS 1.3 has nothing else."""


class Shown(NamedTuple):
    """What a desktop is shown, in files the TLS library reads. `chain`: DER, the leaf first."""

    chain: tuple[bytes, ...]
    certificate: Path
    key: Path
    password: bytes = b""


class Source(Protocol):
    """Where certificate and key come from."""

    def show(self, place: Path) -> Shown:
        """The present ones; `place` is a folder that is gone right afterwards. Raises Refused, SealBroken."""
        ...

    def ends_early(self, shown: Shown, clock: Clock) -> bool:
        """Has another one to be made by now?"""
        ...


class GivenFiles:
    """A certificate with its chain, and its key, that the operator renews."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key

    def show(self, place: Path) -> Shown:  # noqa: ARG002 - the files lie elsewhere
        try:
            chain = certificates.from_pem(self._certificate.read_bytes())
        except (OSError, SealBroken) as error:
            raise Refused("certificate_unreadable", self._certificate.name) from error
        return Shown(chain, self._certificate, self._key)

    def ends_early(self, shown: Shown, clock: Clock) -> bool:  # noqa: ARG002 - they are not ours to make
        return False


class OwnLeaf:
    """A leaf under the private authority, made again by itself."""

    def __init__(
        self,
        authority: bytes,
        issuer: bytes,
        seeds: tuple[bytes, bytes],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._names, self._issuer = certificates.said(authority).names, issuer
        self._issuer_seed, self._seed = seeds
        self._clock, self._entropy = clock, entropy

    def show(self, place: Path) -> Shown:
        now = self._clock.now()
        leaf = certificates.make_leaf(
            self._issuer, self._issuer_seed, self._seed, self._names, now, self._entropy
        )
        chain, password = (leaf, self._issuer), self._entropy.bytes(32).hex().encode()
        certificate, key = place / "leaf.pem", place / "leaf.key"
        certificate.write_bytes(certificates.to_pem(*chain))
        key.write_bytes(certificates.sealed_key(self._seed, password))
        return Shown(chain, certificate, key, password)

    def ends_early(self, shown: Shown, clock: Clock) -> bool:
        leaf, now = certificates.said(shown.chain[0]), clock.now()
        longest = min(now + certificates.LEAF_LIFE, certificates.said(self._issuer).ends)
        is_short = leaf.ends - now < RENEWED_BEFORE and longest > leaf.ends
        return is_short or not leaf.begins <= now


class Listener:
    """`context` stands as long as the listener; each handshake begins with what was taken in last."""

    def __init__(self, source: Source, listed: Sequence[bytes], clock: Clock) -> None:
        self._clock = clock
        self.context = _context()
        self.context.sni_callback = self._choose
        self.reload(source, listed)

    def reload(self, source: Source, listed: Sequence[bytes]) -> None:
        """Whole or not at all. Raises Refused (`certificate_unreadable`, `certificate_key`,
        `certificate_over`, `certificate_unlisted`), SealBroken; what was shown before is shown on.
        """
        with tempfile.TemporaryDirectory() as name:
            shown = source.show(Path(name))
            self._refuse_unfit(shown, listed)
            self._present = _loaded(shown)
            self._names = certificates.said(shown.chain[0]).names
        self._source, self._listed, self._shown = source, listed, shown

    def renew(self) -> None:
        """Make another one in time, if the source makes them."""
        if self._source.ends_early(self._shown, self._clock):
            self.reload(self._source, self._listed)
            _LOG.info("certificate_renewed")

    async def keep_renewed(self) -> None:
        """Look every hour, until cancelled."""
        while True:
            await asyncio.sleep(LOOKED_AT_S)
            try:
                self.renew()
            except DossierError as error:
                _LOG.error("certificate_not_renewed", extra={"kind": type(error).__name__})

    @property
    def names(self) -> tuple[str, ...]:
        """Host names and addresses of the certificate that is shown."""
        return self._names

    @property
    def seconds_left(self) -> float:
        """Until the first certificate of the chain ends."""
        with suppress(SealBroken):
            return (first_end(self._shown.chain) - self._clock.now()).total_seconds()
        return 0.0

    def _choose(
        self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        """Called at each handshake, whether a name was asked for or not."""
        handshake.context = self._present

    def _refuse_unfit(self, shown: Shown, listed: Sequence[bytes]) -> None:
        if certificates.key_hash(shown.chain[0]) not in listed:
            raise Refused("certificate_unlisted")
        if certificates.said(shown.chain[0]).ends <= self._clock.now():
            raise Refused("certificate_over")


def first_end(chain: Sequence[bytes]) -> datetime:
    """When the first of these ends."""
    return min(certificates.said(one).ends for one in chain)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context


def _loaded(shown: Shown) -> ssl.SSLContext:
    """A key under a password nobody gave is refused, never asked for on a terminal."""
    context = _context()
    try:
        context.load_cert_chain(shown.certificate, shown.key, password=lambda: shown.password)
    except (OSError, ValueError) as error:
        raise Refused("certificate_key", shown.key.name) from error
    return context
