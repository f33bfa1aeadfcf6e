"""`serve --pro-sante-connect FILE`: what the operator was given by the provider; without it nothing is asked of anybody."""

import argparse
import os
from pathlib import Path
from typing import Final

import msgspec

from dossier.errors import BadAnswer, Refused
from dossier.wire.codec import decode
from server.app import House
from server.services.pro_sante_connect import LEVEL, SCOPE, Client, ProSanteConnect, is_safe
from server.store.keystore.key_file import read_private_file
from server.web.pro_sante_connect import RETURN
from server.web.provider_line import HttpsProviderLine

_CREDENTIAL: Final = "pro-sante-connect.secret"
_BYTES: Final = 4096


class ProviderFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. `client_secret_file` may lie beside it, mode 0400; a service of systemd gives the credential
    `pro-sante-connect.secret` instead.
    """

    issuer: str
    client_id: str
    client_secret_file: str = ""
    acr: str = LEVEL
    scope: str = SCOPE


def provider_of(options: argparse.Namespace, house: House, pages_at: str) -> ProSanteConnect | None:
    """The provider of the file, None without one. Raises Refused: `provider_file`, `provider_address`,
    `provider_pages`; KeychainError for its secret.
    """
    path: Path | None = options.pro_sante_connect
    if path is None:
        return None
    if not pages_at:
        raise Refused("provider_pages")
    try:
        told = decode(path.read_bytes(), ProviderFile)
    except (OSError, BadAnswer) as error:
        raise Refused("provider_file", path.name) from error
    fictional = house.told.demonstration
    if not is_safe(told.issuer, testing=fictional):
        raise Refused("provider_address", told.issuer)
    secret = read_private_file(_secret_at(path, told), _BYTES).decode("utf-8", "replace").strip()
    client = Client(
        told.issuer.rstrip("/"), told.client_id, secret, pages_at + RETURN, told.acr, told.scope
    )
    line = HttpsProviderLine(house.premises.clock)
    return ProSanteConnect(
        house.premises, house.accounts, house.members, house.slips, line, client, testing=fictional
    )


def _secret_at(path: Path, told: ProviderFile) -> Path:
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if told.client_secret_file or not given:
        return path.parent / (told.client_secret_file or _CREDENTIAL)
    return Path(given) / _CREDENTIAL
