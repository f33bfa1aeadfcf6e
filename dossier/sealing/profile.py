"""The key of a desktop profile and its header file (DESIGN §4).

CK, 32 random bytes, is the raw key of the two SQLCipher files. It lies in the header twice:
  under HKDF(Argon2id(passphrase) || DS), where DS is the device secret of the system's keyring;
  under HKDF(recovery code), which covers a lost keyring or passphrase.
`pass-only` has no DS and costs more work; only the demonstration uses it.

header = canonical JSON || HMAC-SHA256(derived from CK, JSON). Any altered byte, a wrong passphrase, a
wrong device secret and a cost below the compiled floor are one answer, SealBroken.
"""

import hashlib
import hmac
from typing import NamedTuple

import msgspec

from dossier.clock import Clock, to_wire
from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.recovery import new_recovery_code, parse_recovery_code
from dossier.sealing.strength import Strength, phrase_strength
from dossier.sealing.stretching import CEILING, DEFAULT, SALT_BYTES, Cost, argon2id, plain
from dossier.sealing.wrapping import KEY_BYTES, derive, expand, unwrap, wrap

__all__ = [
    "KEYRING_AND_PASS",
    "PASS_ONLY",
    "Cost",
    "ProfileHeader",
    "Strength",
    "change_passphrase",
    "create_header",
    "device_of",
    "header_of",
    "mode_of",
    "new_recovery_code",
    "open_header",
    "open_with_recovery",
    "parse_recovery_code",
    "phrase_strength",
    "rewrap",
]

KEYRING_AND_PASS = "keyring+pass"  # noqa: S105 - the name of a mode
PASS_ONLY = "pass-only"  # noqa: S105 - the name of a mode
FLOORS = {KEYRING_AND_PASS: DEFAULT, PASS_ONLY: Cost(262_144, 3, 4)}
"""Less work than this is refused, whatever a header says: 64 MiB, or 256 MiB without a keyring."""

_MAC_BYTES = 32
_MAX_HEADER = 8_192


class Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    m: int
    t: int
    p: int
    salt: bytes


class ProfileHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the header file says in clear. `wrapped` and `recovery` hold CK; `created` is RFC 3339."""

    v: int
    mode: str
    device_id: str
    account_id: str
    created: str
    kdf: Kdf
    wrapped: bytes
    recovery_salt: bytes
    recovery: bytes


class Created(NamedTuple):
    """A new header and the key it wraps."""

    header: bytes
    key: bytes


def create_header(
    passphrase: str,
    device_secret: bytes | None,
    code: str,
    device_id: str,
    account_id: str,
    entropy: Entropy,
    clock: Clock,
    cost: Cost | None = None,
) -> Created:
    """A header around a fresh CK. Without `device_secret` the mode is `pass-only`.

    `code` is a written recovery code. `cost` defaults to the floor of the mode; another one must be
    passed to every open as well. Raises SealBroken for a mistyped code, ValueError for a short secret.
    """
    key = entropy.bytes(KEY_BYTES)
    salt = entropy.bytes(SALT_BYTES)
    draft = ProfileHeader(
        v=1,
        mode=PASS_ONLY if device_secret is None else KEYRING_AND_PASS,
        device_id=device_id,
        account_id=account_id,
        created=to_wire(clock.now()),
        kdf=Kdf("argon2id", 0, 0, 0, b""),
        wrapped=b"",
        recovery_salt=salt,
        recovery=b"",
    )
    kek = expand(parse_recovery_code(code), salt, tup("colloque/v1/cache-recovery", device_id), 32)
    draft = msgspec.structs.replace(draft, recovery=wrap(kek, key, _recovery_aad(draft), entropy))
    return Created(_wrapped(draft, key, passphrase, device_secret, entropy, cost), key)


def open_header(
    header: bytes, passphrase: str, device_secret: bytes | None, floor: Cost | None = None
) -> bytes:
    """CK. `floor` replaces the compiled floor and is named only where a test cost was. Raises SealBroken."""
    parsed = header_of(header)
    cost = _cost_of(parsed)
    lowest = FLOORS[parsed.mode] if floor is None else floor
    if not cost.reaches(lowest) or (device_secret is None) != (parsed.mode == PASS_ONLY):
        raise SealBroken
    kek = _kek(parsed, passphrase, device_secret)
    return _checked(header, unwrap(kek, parsed.wrapped, _pass_aad(parsed)))


def open_with_recovery(header: bytes, code: str) -> bytes:
    """CK by the recovery code alone; raises SealBroken."""
    parsed = header_of(header)
    info = tup("colloque/v1/cache-recovery", parsed.device_id)
    kek = expand(parse_recovery_code(code), parsed.recovery_salt, info, 32)
    return _checked(header, unwrap(kek, parsed.recovery, _recovery_aad(parsed)))


def change_passphrase(
    header: bytes,
    old: str,
    new: str,
    device_secret: bytes | None,
    entropy: Entropy,
    cost: Cost | None = None,
) -> bytes:
    """The same key under a new passphrase; `cost` is also the floor under which the old one is opened.

    Raises SealBroken. The recovery code stays the same.
    """
    return rewrap(
        header, open_header(header, old, device_secret, cost), new, device_secret, entropy, cost
    )


def rewrap(
    header: bytes,
    key: bytes,
    passphrase: str,
    device_secret: bytes | None,
    entropy: Entropy,
    cost: Cost | None = None,
) -> bytes:
    """A new passphrase and device secret around a CK already opened (after the recovery code was used).

    The mode never changes: SealBroken when `device_secret` does not fit it or `key` is not this header's.
    """
    _checked(header, key)
    parsed = header_of(header)
    if (device_secret is None) != (parsed.mode == PASS_ONLY):
        raise SealBroken
    return _wrapped(parsed, key, passphrase, device_secret, entropy, cost)


def device_of(header: bytes) -> str:
    """The device id in clear, to find its secret in the keyring; believed only once the header opened."""
    return header_of(header).device_id


def mode_of(header: bytes) -> str:
    """`keyring+pass` or `pass-only`; believed only once the header opened."""
    return header_of(header).mode


def header_of(header: bytes) -> ProfileHeader:
    """The clear part, unproven; raises SealBroken when it is not a header of ours."""
    if len(header) > _MAX_HEADER:
        raise SealBroken
    try:
        parsed = msgspec.json.decode(header[:-_MAC_BYTES], type=ProfileHeader)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SealBroken from error
    if parsed.v != 1 or parsed.mode not in FLOORS or parsed.kdf.alg != "argon2id":
        raise SealBroken
    return parsed


def _wrapped(
    draft: ProfileHeader,
    key: bytes,
    passphrase: str,
    device_secret: bytes | None,
    entropy: Entropy,
    cost: Cost | None,
) -> bytes:
    if device_secret is not None and len(device_secret) != KEY_BYTES:
        raise ValueError("a device secret has 32 bytes")
    work = FLOORS[draft.mode] if cost is None else cost
    kdf = Kdf("argon2id", *work, salt=entropy.bytes(SALT_BYTES))
    named = msgspec.structs.replace(draft, kdf=kdf)
    sealed = wrap(_kek(named, passphrase, device_secret), key, _pass_aad(named), entropy)
    body = msgspec.json.encode(msgspec.structs.replace(named, wrapped=sealed))
    return body + _mac(key, body)


def _kek(header: ProfileHeader, passphrase: str, device_secret: bytes | None) -> bytes:
    salt = header.kdf.salt
    stretched = argon2id(salt, _cost_of(header)).derive(plain(passphrase))
    info = tup("colloque/v1/cache-kek", header.device_id, header.mode)
    return expand(stretched + (device_secret or b""), salt, info, KEY_BYTES)


def _cost_of(header: ProfileHeader) -> Cost:
    cost = Cost(header.kdf.m, header.kdf.t, header.kdf.p)
    if len(header.kdf.salt) != SALT_BYTES or not cost.within(CEILING):
        raise SealBroken
    if cost.memory_kib < 8 * cost.lanes:  # RFC 9106 §3.1
        raise SealBroken
    return cost


def _pass_aad(header: ProfileHeader) -> bytes:
    kdf = header.kdf
    return tup(
        "colloque/v1/cache-wrap",
        header.v,
        header.mode,
        header.device_id,
        header.account_id,
        header.created,
        kdf.alg,
        kdf.m,
        kdf.t,
        kdf.p,
        kdf.salt,
    )


def _recovery_aad(header: ProfileHeader) -> bytes:
    return tup(
        "colloque/v1/cache-recovery-wrap",
        header.v,
        header.device_id,
        header.account_id,
        header.created,
        header.recovery_salt,
    )


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(derive(key, "colloque/v1/cache-header"), body, hashlib.sha256)


def _checked(header: bytes, key: bytes) -> bytes:
    body, mac = header[:-_MAC_BYTES], header[-_MAC_BYTES:]
    if len(key) != KEY_BYTES or not hmac.compare_digest(_mac(key, body), mac):
        raise SealBroken
    return key
