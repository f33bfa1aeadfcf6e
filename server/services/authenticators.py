"""The seam to WebAuthn (Level 3): the only importer of `webauthn`.

What is asked of a browser and what of its answer is believed: our origin, our name, a person the device itself
recognised (user verification), a challenge of ours, a signature counter that only grows. Nothing is asked of the
maker of the device (attestation `none`).
"""

from typing import Any, Final, NamedTuple

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dossier.errors import SignInNeeded
from dossier.sealing.text import unbase64url
from dossier.wire import codec

_TIMEOUT_MS: Final = 120_000


class Copied(Exception):
    """Two devices hold this passkey: its counter went back."""


class _Client(msgspec.Struct):
    """The part of the browser's own words that the library leaves unread."""

    crossOrigin: bool = False  # noqa: N815 - as the browser writes it
    topOrigin: str = ""  # noqa: N815


class Site(NamedTuple):
    """Where the pages are: their origin, and the name passkeys are bound to (the host of that origin)."""

    origin: str
    host: str
    name: str


class Asking(NamedTuple):
    """The person a passkey is made for. `handle` says nothing to anybody else; `held` are ids not to add twice."""

    handle: bytes
    login: str
    display_name: str
    held: tuple[bytes, ...]


class MadePasskey(NamedTuple):
    """A new passkey: its id, its public key (COSE), the counter it begins with."""

    credential: bytes
    public_key: bytes
    counter: int


def creation_options(site: Site, asking: Asking, challenge: bytes) -> msgspec.Raw:
    """What `navigator.credentials.create` is given."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=asking.handle,
        user_name=asking.login,
        user_display_name=asking.display_name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in asking.held],
    )
    return msgspec.Raw(options_to_json(options).encode())


def request_options(site: Site, challenge: bytes) -> msgspec.Raw:
    """What `navigator.credentials.get` is given: the same for everybody, naming nobody's passkeys."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return msgspec.Raw(options_to_json(options).encode())


def made(site: Site, answer: dict[str, Any], challenge: bytes) -> MadePasskey:
    """The passkey a browser made. Raises SignInNeeded for an answer to anything else, or from anywhere else."""
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _REFUSED as error:
        raise SignInNeeded from error
    _refuse_embedded(answer)
    return MadePasskey(found.credential_id, found.credential_public_key, found.sign_count)


def shown(
    site: Site, answer: dict[str, Any], challenge: bytes, public_key: bytes, counter: int
) -> int:
    """The new counter of a passkey that answered this challenge. Raises SignInNeeded for any other answer, and
    Copied for a true one whose counter did not grow since `counter`.
    """
    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _REFUSED as error:
        raise SignInNeeded from error
    _refuse_embedded(answer)
    new = found.new_sign_count
    if (new or counter) and new <= counter:
        raise Copied
    return new


def _refuse_embedded(answer: dict[str, Any]) -> None:
    """What was asked inside a page of another site is not believed (WebAuthn Level 3, 7.2 step 14)."""
    said = codec.decode(unbase64url(answer["response"]["clientDataJSON"]), _Client)
    if said.crossOrigin or said.topOrigin:
        raise SignInNeeded


_REFUSED: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""The library's own words, and what it lets through for a message of another shape."""
