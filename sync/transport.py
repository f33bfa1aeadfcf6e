"""HTTPS to one server; the only importer of `requests` (security D10).

TLS 1.2 or later with the host checked, by keys and an authority that the server's signed list names
(sync.vouching); never a redirect, a proxy from the environment, a compressed transfer or a body beyond its cap; one deadline for the
whole exchange and one for each silence. Plain http is for the loopback only. A page is believed only after
its digest. Nothing of a body ever reaches an error.
"""

import contextlib
import http.client
import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
import requests.adapters
import urllib3.exceptions
from msgspec import Struct

from dossier.clock import Clock, from_wire
from dossier.errors import (
    BadAnswer,
    DeviceRevoked,
    DossierError,
    NotColloque,
    Refused,
    TlsRefused,
    Unreachable,
)
from dossier.wire import codec, limits
from dossier.wire.messages import (
    Capabilities,
    ChangesRequest,
    CompartmentRef,
    DigestsReply,
    Heads,
    KeysReply,
    LogReply,
    OpsReply,
    OpsRequest,
    Pages,
    PastProblem,
    TermsReply,
    TermsRequest,
    Want,
)
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationReply,
    ActivationRequest,
    ChallengeReply,
    ChallengeRequest,
    DevicesReply,
    EnrolReply,
    EnrolRequest,
    OwnDeviceRequest,
    ProveReply,
    ProveRequest,
    PurgedRequest,
    TokenReply,
    TokenRequest,
)
from sync.guard import Watch, guarded_pools
from sync.ports import Key
from sync.refusals import failure, refusal, retry_after
from sync.vouching import (
    DATED,
    OUTDATED,
    Vouched,
    Vouching,
    proven_context,
    unproven_context,
)

T = TypeVar("T")

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
JSON = "application/json"
HTML = "text/html"
EVENTS = "text/event-stream"
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK = 64 * 1024
_LINE = 4 * 1024
_OVERHEAD = 64 * 1024
"""Room for the framing of a chunked body."""
_SKEW_S = 600.0
"""Further apart than this, it is a clock that is wrong, not the certificate."""
_GATEWAY = frozenset({502, 503, 504})


Opened = tuple[requests.Session, Watch]
"""A way to the server and what bounds it."""


class Patience(NamedTuple):
    """Seconds for a whole exchange, for a silence within it, and for connecting."""

    total_s: float = 60.0
    stall_s: float = 10.0
    connect_s: float = 10.0


class Answer(NamedTuple):
    """A body read whole, within its cap."""

    status: int
    kind: str
    body: bytes
    digest: str
    retry_after_s: float | None


class Sent(NamedTuple):
    """One request: its address within the server's, the access token and the proof of the device's key it shows."""

    method: str
    path: str
    token: str = ""
    message: Struct | None = None
    proof: str = ""


class _Adapter(requests.adapters.HTTPAdapter):
    """Our TLS context and our pools; the bundle that comes with requests is never loaded."""

    def __init__(self, context: ssl.SSLContext, watch: Watch, keys: tuple[bytes, ...]) -> None:
        self._context, self._watch, self._keys = context, watch, keys
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *sizes: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*sizes, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = guarded_pools(self._watch, self._keys)

    def cert_verify(self, conn: object, _url: object, _verify: object, _cert: object) -> None:
        conn.cert_reqs = self._context.verify_mode  # type: ignore[attr-defined]
        conn.assert_hostname = None if self._context.check_hostname else False  # type: ignore[attr-defined]
        conn.ca_certs = conn.ca_cert_dir = None  # type: ignore[attr-defined]


class _Revoked(Struct):
    """The part of a refusal that only a revoked device is sent; an older server leaves it out."""

    order: str = ""


class Line:
    """An open stream of server-sent events. Raises Unreachable when it breaks or is silent too long."""

    def __init__(self, session: requests.Session, reply: requests.Response, watch: Watch) -> None:
        self._session, self._reply, self._watch = session, reply, watch
        self._pieces = reply.raw.stream(_LINE, decode_content=False)

    def read(self, timeout_s: float) -> bytes:
        """The next bytes; empty at the end of the line."""
        self._watch.begin(timeout_s)
        self._watch.expect_body(_OVERHEAD)
        try:
            piece: bytes = next(self._pieces, b"")
        except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            raise Unreachable("line") from error
        return piece

    def close(self) -> None:
        """End it; a read that waits in another thread ends too."""
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self._reply.raw.shutdown()
        self._session.close()


class RequestsTransport:
    """One server. Not thread-safe: one per lane. Raises what `sync.ports.Transport` says."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        vouching: Vouching | None = None,
        ca_file: Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.address = _checked(url)
        self._clock, self._ca_file = clock, ca_file
        self._vouching = vouching or Vouching(Vouched)
        self._vouched = self._vouching.present()
        self._patience = patience or Patience()
        self._session, self._watch = self._open(self._patience.stall_s)

    def capabilities(self) -> Capabilities:
        """Who answers, and in which versions."""
        return self._get("/sync/v1/capabilities", "", Capabilities)

    def keys(self) -> KeysReply:
        """The key list, to be believed only after its signature."""
        return self._get("/sync/v1/keys", "", KeysReply)

    def unproven(self) -> tuple[Capabilities, KeysReply]:
        """Both, whoever answers: to be believed only for what the key list's signature proves."""
        line = self._open(self._patience.stall_s, is_proven=False)
        try:
            known = _parsed(
                self._exchanged(line, Sent("GET", "/sync/v1/capabilities")), Capabilities
            )
            return known, _parsed(self._exchanged(line, Sent("GET", "/sync/v1/keys")), KeysReply)
        finally:
            line[0].close()

    def log(self, token: str, since: int) -> LogReply:
        """A signed root and its proof."""
        return self._get(f"/sync/v1/log?since={since}", token, LogReply)

    def purged(self, request: PurgedRequest) -> None:
        """The receipt of a purge order."""
        self._tell("/session/v1/purged", "", request)

    def activation(self, request: ActivationRequest) -> ActivationReply:
        """How the account of an activation code begins."""
        return self._post("/session/v1/activation", "", request, ActivationReply)

    def activate(self, request: ActivateRequest) -> None:
        """The account begins."""
        self._tell("/session/v1/activate", "", request)

    def enrol(self, request: EnrolRequest, proof: str) -> EnrolReply:
        """Make this device known."""
        return self._post(limits.ENROL_PATH, "", request, EnrolReply, proof)

    def challenge(self, device: str) -> ChallengeReply:
        """A nonce for proofs."""
        asked = ChallengeRequest(device=device)
        return self._post("/session/v1/challenge", "", asked, ChallengeReply)

    def token(self, request: TokenRequest, proof: str) -> TokenReply:
        """The tokens of a session."""
        return self._post(limits.TOKEN_PATH, "", request, TokenReply, proof)

    def prove(self, token: str, request: ProveRequest, proof: str) -> ProveReply:
        """Another token, for what needs a proof."""
        return self._post(limits.PROVE_PATH, token, request, ProveReply, proof)

    def own_devices(self, token: str) -> DevicesReply:
        """The computers of one's own account."""
        return self._get("/session/v1/devices", token, DevicesReply)

    def end_own(self, path: str, token: str, request: OwnDeviceRequest, proof: str) -> None:
        """One of them is refused from now on (REVOKE_PATH), or asks for its person again (SIGN_OUT_PATH)."""
        self._tell(path, token, request, proof)

    def heads(self, token: str, since: str) -> Heads | None:
        """What moved; None for a 304."""
        answer = self._exchange(Sent("GET", "/sync/v1/heads?" + urlencode({"since": since}), token))
        return None if answer.status == 304 else _parsed(answer, Heads)

    def changes(self, token: str, items: Sequence[Want], max_bytes: int) -> Pages:
        """Pages, unpacked by a bounded decompressor and checked against their digest."""
        asked = ChangesRequest(items=tuple(items), max_bytes=max_bytes)
        answer = self._exchange(Sent("POST", "/sync/v1/changes", token, asked))
        _refuse(answer, limits.PAGE_MEDIA_TYPE)
        return codec.decode_pages(answer.body, answer.digest, Pages)

    def ops(self, token: str, request: OpsRequest) -> OpsReply:
        """Push operations, get verdicts."""
        return self._post("/sync/v1/ops", token, request, OpsReply)

    def terms(self, token: str, items: Sequence[Key]) -> TermsReply:
        """Which of these may still be read."""
        return self._post("/sync/v1/terms", token, _refs(items), TermsReply)

    def digests(self, token: str, items: Sequence[Key]) -> DigestsReply:
        """The server's digests."""
        return self._post("/sync/v1/digests", token, _refs(items), DigestsReply)

    def hints(self, token: str, beat_s: float) -> Line:
        """Open the line of hints on a connection of its own; `beat_s` is its longest silence."""
        self._vouched = self._vouching.present()
        session, watch = self._open(beat_s)
        try:
            watch.begin(self._patience.connect_s)
            reply = self._send(session, Sent("GET", "/sync/v1/hints", token))
            if reply.status_code != 200 or _kind(reply) != EVENTS:
                _refuse(self._read(reply, watch), EVENTS)
        except DossierError:
            session.close()
            raise
        return Line(session, reply, watch)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    # --- one exchange --------------------------------------------------------------------------------

    def _tell(self, path: str, token: str, message: Struct, proof: str = "") -> None:
        """Post what is answered without a body."""
        answer = self._exchange(Sent("POST", path, token, message, proof))
        if answer.status != 204:
            _refuse(answer, JSON)

    def _get(self, path: str, token: str, kind: type[T]) -> T:
        return _parsed(self._exchange(Sent("GET", path, token)), kind)

    def _post(self, path: str, token: str, message: Struct, kind: type[T], proof: str = "") -> T:
        return _parsed(self._exchange(Sent("POST", path, token, message, proof)), kind)

    def _exchange(self, asked: Sent) -> Answer:
        """After a refusal of TLS once more, if a newer list of the server says otherwise."""
        if self._vouching.present() != self._vouched:
            self._begin_anew()
        try:
            return self._exchanged((self._session, self._watch), asked)
        except TlsRefused as error:
            if not self._is_otherwise(error):
                raise
        self._begin_anew()
        return self._exchanged((self._session, self._watch), asked)

    def _exchanged(self, line: Opened, asked: Sent) -> Answer:
        session, watch = line
        watch.begin(self._patience.total_s)
        reply = self._send(session, asked)
        try:
            return self._read(reply, watch)
        finally:
            reply.close()

    def _is_otherwise(self, error: TlsRefused) -> bool:
        """Look again, over a line that proves nothing: did the list change; or is it our clock that is wrong?
        Raises TlsRefused (`clock`) for that.
        """
        if error.detail not in OUTDATED | DATED:
            return False
        try:
            known, keys = self.unproven()
            skew_s = (from_wire(known.now) - self._clock.now()).total_seconds()
        except (DossierError, ValueError):
            return False
        if error.detail in DATED and abs(skew_s) > _SKEW_S:
            raise TlsRefused("clock") from error
        return error.detail in OUTDATED and self._vouching.offered(keys.list.encode())

    def _begin_anew(self) -> None:
        self._session.close()
        self._vouched = self._vouching.present()
        self._session, self._watch = self._open(self._patience.stall_s)

    def _send(self, session: requests.Session, sent: Sent) -> requests.Response:
        headers = {
            "Accept-Encoding": "identity",
            "User-Agent": "colloque",
            limits.PROTOCOL_HEADER: str(limits.PROTOCOL),
        }
        if sent.token:
            headers["Authorization"] = f"Bearer {sent.token}"
        if sent.proof:
            headers[limits.PROOF_HEADER] = sent.proof
        if sent.message is not None:
            headers["Content-Type"] = JSON
        body = None if sent.message is None else codec.encode(sent.message)
        url = self.address + sent.path
        try:
            # Not through the session: it would look for cookies, proxies and redirects, of which we take
            # none, at a quarter of the CPU of an exchange.
            asked = requests.Request(sent.method, url, headers=headers, data=body).prepare()
            return session.get_adapter(self.address).send(
                asked,
                stream=True,
                timeout=(self._patience.connect_s, self._patience.stall_s),
            )
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise failure(error) from error

    def _read(self, reply: requests.Response, watch: Watch) -> Answer:
        kind = _kind(reply)
        roof = (
            limits.DECODED_PAGE_BYTES
            if kind == limits.PAGE_MEDIA_TYPE
            else limits.JSON_ANSWER_BYTES
        )
        if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BadAnswer("encoded")
        announced = reply.headers.get("Content-Length", "0")
        if not _LENGTH.fullmatch(announced) or int(announced) > roof:
            raise BadAnswer("too_large")
        watch.expect_body(roof + _OVERHEAD)
        pieces: list[bytes] = []
        seen = 0
        try:
            for piece in reply.raw.stream(_CHUNK, decode_content=False):
                watch.wait_s()
                seen += len(piece)
                if seen > roof:
                    raise BadAnswer("too_large")
                pieces.append(piece)
        except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            raise failure(error) from error
        return Answer(
            status=reply.status_code,
            kind=kind,
            body=b"".join(pieces),
            digest=reply.headers.get(limits.DIGEST_HEADER, ""),
            retry_after_s=retry_after(reply.headers.get("Retry-After", "")),
        )

    def _open(self, stall_s: float, *, is_proven: bool = True) -> Opened:
        watch, vouched = Watch(self._clock, stall_s), self._vouched if is_proven else Vouched()
        context = proven_context(vouched, self._ca_file) if is_proven else unproven_context()
        session = requests.Session()
        session.trust_env = False
        adapter = _Adapter(context, watch, vouched.keys)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session, watch


def _checked(url: str) -> str:
    """The address without a trailing slash; raises NotColloque for one we do not talk to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise NotColloque("address")
    if parts.query or parts.fragment:
        raise NotColloque("address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise NotColloque("plain_http")
    return url.rstrip("/")


def _refs(items: Sequence[Key]) -> TermsRequest:
    refs = (CompartmentRef(owner=owner, facet=facet) for owner, facet in items)
    return TermsRequest(items=tuple(refs))


def _kind(reply: requests.Response) -> str:
    return reply.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _parsed(answer: Answer, kind: type[T]) -> T:
    _refuse(answer, JSON)
    return codec.decode(answer.body, kind)


def _refuse(answer: Answer, wanted: str) -> None:
    """Raise unless this is a success of the media type that was asked for."""
    if answer.status in (200, 201):
        if answer.kind == wanted:
            return
        raise NotColloque("html") if answer.kind == HTML else BadAnswer("media_type")
    if 300 <= answer.status < 400:
        raise NotColloque("redirect")
    if answer.kind != JSON:
        if answer.status == 429 or answer.status in _GATEWAY:
            raise Unreachable(f"status_{answer.status}", answer.retry_after_s)
        raise NotColloque(f"status_{answer.status}")
    problem = codec.decode(answer.body, PastProblem)
    if problem.code == "device_revoked":
        raise DeviceRevoked(codec.decode(answer.body, _Revoked).order)
    error = refusal(answer.status, problem, answer.retry_after_s)
    if isinstance(error, Refused):
        error.past = problem.checkpoint
    raise error
