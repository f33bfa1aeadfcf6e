"""Pro Santé Connect, the sign-in of French health professionals: OpenID Connect, authorization code and PKCE (row F1).

It says who somebody is: the account that bears this RPPS number signs in, in those of its memberships which the claims
confirm (server.services.exercising); none is ever made, no right and no membership comes from a claim. What is outside is behind the `ProviderLine` port; nothing is asked of
anybody unless the operator configured it. Never tried against the national service itself.
"""

import hashlib
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec

from dossier.errors import Invalid, Refused, SealBroken, SignInNeeded
from dossier.identity.numbers import read_ps_idnat
from dossier.sealing.text import base64url
from dossier.wire import codec
from server.ports import OwnerTx
from server.services import id_tokens, journal
from server.services.accounts import Accounts
from server.services.desktop_codes import Wish
from server.services.exercising import Exercises, confirmed, places, structures_of
from server.services.facets import ACCESS
from server.services.id_tokens import Expected, UnknownKey
from server.services.members import Members
from server.services.premises import Premises
from server.services.recognised import PRO_SANTE_CONNECT, Recognised, recognised
from server.services.session import SIGNS_IN
from server.services.slips import Slips
from server.services.unit import OwnerUnit

LEVEL: Final = "eidas1"
SCOPE: Final = "openid scope_all"
ROUND_TRIP_MS: Final = 600_000
_KEPT_S: Final = 3600.0
_AGAIN_S: Final = 60.0
"""The keys are asked for once more at most so often, whatever names a token brings."""
_SECRET_BYTES: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class ProviderLine(Protocol):
    """The way out to the provider, bounded in time and size. Raises Unreachable, BadAnswer."""

    async def get(self, url: str, token: str = "") -> bytes:
        """The JSON at this address; `token` is shown as a bearer's."""
        ...

    async def post(self, url: str, fields: dict[str, str], basic: tuple[str, str]) -> bytes:
        """The JSON answered to a form; `basic` are the client's name and secret."""
        ...


class Client(NamedTuple):
    """What the operator got from the provider. `back`: our address it sends browsers back to."""

    issuer: str
    name: str
    secret: str
    back: str
    level: str = LEVEL
    scope: str = SCOPE


class Leaving(NamedTuple):
    """Where the browser goes now, and what it keeps until it is back."""

    address: str
    kept: str


class Returned(NamedTuple):
    """Who came back, and what the desktop had asked."""

    who: Recognised
    wish: Wish | None


class _Discovered(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct):
    access_token: str
    token_type: str
    id_token: str


class _OtherId(msgspec.Struct):
    identifiant: str = ""
    origine: str = ""


class Identified(msgspec.Struct):
    """The claims of a person that are read (psc_userinfo_claims); the rest is left where it is."""

    sub: str
    SubjectNameID: str
    preferred_username: str = ""
    otherIds: tuple[_OtherId, ...] = ()  # noqa: N815
    Palier_Authentification: str = ""
    SubjectRefPro: Exercises = Exercises()
    SubjectOrganizationID: str = ""
    SubjectRole: tuple[str, ...] = ()


class ProSanteConnect:
    """One provider. What it publishes is kept for an hour; its keys are asked for again when it signs with a new one."""

    def __init__(
        self,
        premises: Premises,
        accounts: Accounts,
        members: Members,
        slips: Slips,
        line: ProviderLine,
        client: Client,
        *,
        testing: bool,
    ) -> None:
        self._premises, self._accounts, self._slips = premises, accounts, slips
        self._members = members
        self._line, self._client, self._testing = line, client, testing
        self._known: tuple[float, _Discovered] | None = None
        self._keys: tuple[float, Any] | None = None

    async def leave(self, wish: Wish | None, lang: str) -> Leaving:
        """Send a browser there. Raises Unreachable, BadAnswer, Refused("psc_failed")."""
        there = await self._discovered()
        state, nonce, verifier = (self._secret() for _ in range(3))
        asked = "" if wish is None else msgspec.json.encode(wish).decode()
        until_ms = self._premises.now_ms + ROUND_TRIP_MS
        restore = self._premises.restore
        kept = self._premises.tokens.seal(
            "psc", restore, state, nonce, verifier, asked, lang, until_ms
        )
        query = {
            "response_type": "code",
            "client_id": self._client.name,
            "redirect_uri": self._client.back,
            "scope": self._client.scope,
            "acr_values": self._client.level,
            "prompt": "login",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(there.authorization_endpoint).query else "?"
        return Leaving(f"{there.authorization_endpoint}{joint}{urlencode(query)}", kept)

    async def come_back(self, kept: str, state: str, code: str, issuer: str) -> Returned:
        """Who the provider says came back. Raises Refused: `psc_failed` (with the part that was wrong),
        `psc_unknown` for a professional nobody's account bears here, `psc_nowhere` and `psc_profession` for one whose
        claims confirm none of their memberships; Unreachable, BadAnswer.
        """
        mine, nonce, verifier, asked, _, until_ms = self._opened(kept)
        if not code or state != mine or issuer not in ("", self._client.issuer):
            raise Refused("psc_failed", "state")
        if until_ms <= self._premises.now_ms:
            raise Refused("psc_failed", "late")
        tokens = await self._tokens(code, verifier)
        subject = await self._subject(tokens, nonce)
        person = await self._person(tokens, subject)
        account = await self._account(person)
        situations = await self._confirmed(account, person)
        who = await self._remember(account, state, until_ms, person)
        who = msgspec.structs.replace(who, confirmed=situations)
        wish = codec.decode(asked.encode(), Wish) if asked else None
        return Returned(who, wish)

    def language_of(self, kept: str) -> str:
        """The language of the page the browser left from; "" for what we never gave."""
        try:
            return self._opened(kept)[4]
        except Refused:
            return ""

    # -- what the provider says ---------------------------------------------------------------------

    async def _discovered(self) -> _Discovered:
        """OpenID Connect Discovery 1.0 §4: the issuer must name itself, every address must be safe."""
        now_s = self._premises.clock.monotonic()
        if self._known is not None and now_s - self._known[0] < _KEPT_S:
            return self._known[1]
        raw = await self._line.get(self._client.issuer + "/.well-known/openid-configuration")
        found = codec.decode(raw, _Discovered)
        if found.issuer != self._client.issuer:
            raise Refused("psc_failed", "issuer")
        for address in (
            found.authorization_endpoint,
            found.token_endpoint,
            found.userinfo_endpoint,
            found.jwks_uri,
        ):
            if not is_safe(address, testing=self._testing):
                raise Refused("psc_failed", "address")
        self._known = (now_s, found)
        return found

    async def _tokens(self, code: str, verifier: str) -> _Tokens:
        there = await self._discovered()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.back,
            "code_verifier": verifier,
        }
        basic = (self._client.name, self._client.secret)
        found = codec.decode(await self._line.post(there.token_endpoint, fields, basic), _Tokens)
        if found.token_type.lower() != "bearer":
            raise Refused("psc_failed", "token_type")
        return found

    async def _subject(self, tokens: _Tokens, nonce: str) -> str:
        client = self._client
        expected = Expected(
            client.issuer,
            client.name,
            nonce,
            client.level,
            tokens.access_token,
            self._premises.now_ms // 1000,
        )
        try:
            return id_tokens.subject_of(tokens.id_token, await self._key_set(), expected)
        except UnknownKey:
            pass
        try:
            keys = await self._key_set(again=True)
            return id_tokens.subject_of(tokens.id_token, keys, expected)
        except UnknownKey as error:
            raise Refused("psc_failed", "key") from error

    async def _key_set(self, *, again: bool = False) -> Any:
        now_s = self._premises.clock.monotonic()
        kept_s = _AGAIN_S if again else _KEPT_S
        if self._keys is not None and now_s - self._keys[0] < kept_s:
            return self._keys[1]
        there = await self._discovered()
        self._keys = (now_s, id_tokens.read_keys(await self._line.get(there.jwks_uri)))
        return self._keys[1]

    async def _person(self, tokens: _Tokens, subject: str) -> Identified:
        there = await self._discovered()
        raw = await self._line.get(there.userinfo_endpoint, tokens.access_token)
        person = codec.decode(raw, Identified)
        if person.sub != subject:
            raise Refused("psc_failed", "sub")
        return person

    # -- who that is here ---------------------------------------------------------------------------

    async def _account(self, person: Identified) -> int:
        rpps = rpps_of(person, testing=self._testing)
        account = await self._accounts.find_rpps(rpps)
        if account is None:
            raise Refused("psc_unknown")
        return account

    async def _confirmed(self, account: int, person: Identified) -> tuple[str, ...]:
        """The live memberships that the claims confirm. Raises Refused: `psc_nowhere`, `psc_profession`."""
        testing = self._testing
        said = places(
            person.SubjectRefPro,
            person.SubjectOrganizationID,
            person.SubjectRole,
            testing=testing,
        )
        live = [
            (row, structures_of(await self._members.organisation(row.unit), testing=testing))
            for row in await self._members.of_account(account)
            if not row.is_over(self._premises.now_ms)
        ]
        return confirmed(said, live)

    async def _remember(
        self, account: int, state: str, until_ms: int, person: Identified
    ) -> Recognised:
        """The journey served once; the journal of the account says how its person was recognised."""

        async def write(tx: OwnerTx) -> Recognised:
            locked = await tx.owner.lock(1)
            held = await tx.people.account()
            if locked is None or held is None or held.state not in SIGNS_IN:
                raise Refused("psc_unknown")
            await self._slips.use_up(tx, state.encode(), until_ms)
            book = OwnerUnit(self._premises, tx, locked, 1)
            said = journal.Entry(
                action="identified",
                at_ms=self._premises.now_ms,
                kind="pro_sante_connect",
                reason=person.Palier_Authentification[:64],
            )
            await book.log(ACCESS, said)
            await book.close()
            return recognised(held, PRO_SANTE_CONNECT)

        try:
            return await self._premises.store.write(account, write)
        except SignInNeeded as error:
            raise Refused("psc_failed", "replayed") from error

    def _opened(self, kept: str) -> tuple[str, str, str, str, str, int]:
        try:
            restore, state, nonce, verifier, asked, lang, until = self._premises.tokens.open(
                "psc", kept
            )
        except (SealBroken, ValueError) as error:
            raise Refused("psc_failed", "state") from error
        if restore != str(self._premises.restore):
            raise Refused("psc_failed", "state")
        return state, nonce, verifier, asked, lang, int(until)

    def _secret(self) -> str:
        return base64url(self._premises.entropy.bytes(_SECRET_BYTES))


def rpps_of(person: Identified, *, testing: bool) -> str:
    """The RPPS number of the claims: `8` and eleven digits in SubjectNameID, said again alike wherever it is said
    again. Raises Refused("psc_failed") for anything else; who has no such number signs in otherwise.
    """
    said = person.SubjectNameID
    try:
        read_ps_idnat(said, testing=testing)
    except Invalid as error:
        raise Refused("psc_failed", "SubjectNameID") from error
    if not (said.startswith("8") and len(said) == 12 and said.isdecimal()):
        raise Refused("psc_failed", "SubjectNameID")
    if person.preferred_username not in ("", said):
        raise Refused("psc_failed", "preferred_username")
    others = {one.identifiant for one in person.otherIds if one.origine.upper() == "RPPS"}
    if others - {said[1:], said}:
        raise Refused("psc_failed", "otherIds")
    return said[1:]


def is_safe(address: str, *, testing: bool) -> bool:
    """Over TLS; the loopback without it only where everybody is fictional."""
    at = urlsplit(address)
    if at.scheme == "https" and at.hostname and at.username is None:
        return True
    return testing and at.scheme == "http" and at.hostname in _LOOPBACK
