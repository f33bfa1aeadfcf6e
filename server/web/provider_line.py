"""The only way out of this server: to the OpenID provider its operator named, over HTTPS, in bounded time and size.

No proxy of the environment, no cookie, no redirect, no compressed body; ten seconds and 256 KB an exchange, four at a
time: whoever asks is answered by then, also while a provider sends a byte now and again. Certificates are checked against the system's trust store.
"""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
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
        """In a thread of its own, which nobody waits for beyond the time: it keeps its place of the four until the
        provider lets go of it, and no stop of ours.
        """
        try:
            async with asyncio.timeout(self._total_s):
                await self._slots.acquire()
                return await self._begun(request)
        except TimeoutError as error:
            raise Unreachable("provider_slow") from error

    def _begun(self, request: requests.Request) -> asyncio.Future[bytes]:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[bytes] = loop.create_future()

        def told(body: bytes, error: Exception | None) -> None:
            self._slots.release()
            if ended.done():
                return
            if error is None:
                ended.set_result(body)
            else:
                ended.set_exception(error)

        def run() -> None:
            body, failed = b"", None
            try:
                body = self._exchanged(request)
            except Exception as error:  # noqa: BLE001 - raised where it was asked
                failed = error
            with suppress(RuntimeError):  # the loop ended meanwhile
                loop.call_soon_threadsafe(told, body, failed)

        threading.Thread(target=run, name="provider", daemon=True).start()
        return ended

    def _exchanged(self, request: requests.Request) -> bytes:
        ends = self._clock.monotonic() + self._total_s
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _SystemTrust())
            prepared = session.prepare_request(request)
            prepared.headers["Accept"] = "application/json"
            prepared.headers["Accept-Encoding"] = "identity"
            try:
                with session.send(
                    prepared, stream=True, allow_redirects=False, timeout=(_STALL_S, _STALL_S)
                ) as reply:
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
        while piece := reply.raw.read1(_CHUNK, decode_content=False):
            seen += len(piece)
            if seen > _BYTES:
                raise BadAnswer("too_large")
            if self._clock.monotonic() > ends:
                raise Unreachable("provider_slow")
            yield piece
