"""The only way out of this server: to the OpenID provider its operator named, over HTTPS, in bounded time and size.

No proxy of the environment, no cookie, no redirect, no compressed body; ten seconds and 256 KB an exchange, four at a
time. Certificates are checked against the system's trust store.
"""

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any, Final

import requests
import requests.adapters
import truststore
import urllib3.exceptions

from dossier.clock import Clock
from dossier.errors import BadAnswer, Unreachable

_TOTAL_S: Final = 10.0
_STALL_S: Final = 5.0
_BYTES: Final = 256 * 1024
_CHUNK: Final = 16 * 1024
_AT_ONCE: Final = 4


class _SystemTrust(requests.adapters.HTTPAdapter):
    """The bundle that comes with requests is never loaded."""

    def init_poolmanager(self, *sizes: Any, **kwargs: Any) -> None:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        super().init_poolmanager(*sizes, ssl_context=context, **kwargs)


class HttpsProviderLine:
    """The ProviderLine port over `requests`, on worker threads."""

    def __init__(self, clock: Clock, total_s: float = _TOTAL_S) -> None:
        self._clock, self._total_s = clock, total_s
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def get(self, url: str, token: str = "") -> bytes:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._asked(requests.Request("GET", url, headers=headers))

    async def post(self, url: str, fields: dict[str, str], basic: tuple[str, str]) -> bytes:
        return await self._asked(requests.Request("POST", url, data=fields, auth=basic))

    async def _asked(self, request: requests.Request) -> bytes:
        async with self._slots:
            return await asyncio.to_thread(self._exchanged, request)

    def _exchanged(self, request: requests.Request) -> bytes:
        ends = self._clock.monotonic() + self._total_s
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _SystemTrust())
            prepared = session.prepare_request(request)
            prepared.headers["Accept"] = "application/json"
            prepared.headers["Accept-Encoding"] = "identity"
            try:
                reply = session.send(
                    prepared, stream=True, allow_redirects=False, timeout=(_STALL_S, _STALL_S)
                )
                body = b"".join(self._bounded(reply, ends))
            except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
                raise Unreachable("provider") from error
        kind = reply.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if reply.status_code >= 500:
            raise Unreachable(f"provider_{reply.status_code}")
        if reply.status_code != 200 or kind not in {"application/json", "application/jwk-set+json"}:
            raise BadAnswer("provider")
        return body

    def _bounded(self, reply: requests.Response, ends: float) -> Iterator[bytes]:
        """The pieces of a body. Raises BadAnswer beyond the cap, Unreachable beyond the time."""
        seen = 0
        for piece in reply.raw.stream(_CHUNK, decode_content=False):
            seen += len(piece)
            if seen > _BYTES:
                raise BadAnswer("too_large")
            if self._clock.monotonic() > ends:
                raise Unreachable("provider_slow")
            yield piece
