"""The pages where a person signs in with their browser, and their small messages.

A page is drawn by the server in the language of the browser, with no word of its own script inside; its script
(`files/page.js`) comes from here as well and speaks JSON with the doors below. Signing in gives the browser a slip in
a cookie that only our pages send back (`__Host-`, `SameSite=Strict`), for ten minutes and no longer.
"""

from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from dossier.clock import from_ms
from dossier.errors import SignInNeeded
from server.api import answers
from server.api.doors import PAGE_COOKIE, Door, Pass
from server.api.exchange import Answer, Asked
from server.services.accounts import Accounts
from server.services.attempts import Attempts
from server.services.authenticators import Site
from server.services.credentials import Credentials
from server.services.desktop_codes import DesktopCodes, Wish
from server.services.passkeys import PasskeyLine, Passkeys
from server.services.recognised import Recognised
from server.services.slips import Shown, Slips
from server.web.words import Words, words_for

AT: Final = "/sign-in"
PAGE_S: Final = 600
"""How long a browser's sign-in lasts: as long as a proof."""
_ANSWER_BYTES: Final = 16 * 1024
_HTML: Final = "text/html; charset=utf-8"
_FILES: Final = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A message that says only that it was sent by a page."""


class PasswordTyped(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the form of the page."""

    login: str
    password: str
    proof: str


class PasskeyShown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the browser answered to our challenge (WebAuthn, as JSON)."""

    challenge: str
    answer: dict[str, Any]


class PasskeyMade(PasskeyShown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new passkey, and what its person calls it."""

    name: str


class PasskeyGone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of one's own passkeys."""

    passkey: str


class PasskeyAsked(Struct, frozen=True, kw_only=True):
    """Our sealed challenge, and the options of the WebAuthn call that carries it."""

    challenge: str
    options: msgspec.Raw


class GoOn(Struct, frozen=True, kw_only=True):
    """Where the browser goes now: the desktop that asked, on this very computer."""

    next: str


class _Line(Struct, frozen=True):
    """A passkey as the page shows it."""

    id: str
    name: str
    about: str


def site_at(origin: str, name: str) -> Site:
    """The site of an origin (`https://colloque.example`)."""
    host = urlsplit(origin).hostname
    assert host is not None
    return Site(origin, host, name)


class SignInPages:
    """The doors of the pages."""

    def __init__(
        self,
        accounts: Accounts,
        credentials: Credentials,
        passkeys: Passkeys,
        codes: DesktopCodes,
        slips: Slips,
        attempts: Attempts,
        site: Site,
        *,
        has_provider: bool,
    ) -> None:
        self._accounts, self._credentials = accounts, credentials
        self._passkeys, self._codes, self._slips = passkeys, codes, slips
        self._site, self._has_provider = site, has_provider
        self._attempts = attempts
        self.templates = _open_templates()
        self._template = self.templates.get_template("sign_in.html")

    query = Wish.__struct_fields__
    """The words of a desktop's wish in the address of a page."""

    def doors(self) -> list[Door]:
        anybody, person, page = Pass.ANYBODY, Pass.PERSON, Pass.PAGE
        big = _ANSWER_BYTES
        at, query = AT, (*self.query, "lang")
        return [
            Door("GET", at, anybody, self.page, None, "text/html", query=query),
            *(
                Door("GET", f"{at}/{name}", anybody, _file(name), None, kind.split(";")[0])
                for name, kind in _FILES.items()
            ),
            Door("POST", f"{at}/options", anybody, self.options, Nothing, PasskeyAsked),
            Door(
                "POST",
                f"{at}/passkey",
                person,
                self.passkey,
                PasskeyShown,
                None,
                204,
                max_bytes=big,
            ),
            Door("POST", f"{at}/password", person, self.password, PasswordTyped, None, 204),
            Door("POST", f"{at}/own/options", page, self.own_options, Nothing, PasskeyAsked),
            Door("POST", f"{at}/own/add", page, self.add, PasskeyMade, None, 204, max_bytes=big),
            Door("POST", f"{at}/own/remove", page, self.remove, PasskeyGone, None, 204),
            Door("POST", f"{at}/own/go-on", page, self.go_on, Wish, GoOn),
            Door("POST", f"{at}/own/sign-out", page, self.sign_out, Nothing, None, 204),
        ]

    # -- the page -------------------------------------------------------------------------------------

    async def page(self, request: Asked) -> Answer:
        """Sign in; or, for who did, one's passkeys and the way back to the desktop."""
        wish, problem = wish_of(request)
        words = words_for(request.word("lang", ""), request.header(b"accept-language"))
        account = await self._who(request)
        said = words.broken_wish if problem else ""
        return await self.drawn(words, wish, account, said, 400 if problem else 200)

    async def drawn(
        self, words: Words, wish: Wish | None, account: int | None, said: str, status: int = 200
    ) -> Answer:
        """The page as HTML."""
        person = None if account is None else await self._accounts.person(account)
        lines = [] if account is None else await self._passkeys.of_account(account)
        title, about = _title(words, wish)
        if person is not None:
            title = words.hello.format(name=person.display_name)
        drawn = self._template.render(
            w=words,
            server=self._site.name,
            title=title,
            about=about if person is None or wish is not None else "",
            wish="" if wish is None else msgspec.json.encode(wish).decode(),
            query=query_of(wish, words.lang),
            other_query=query_of(wish, words.other_lang),
            problem=said,
            person=person,
            passkeys=[_line(words, one) for one in lines],
            provider=self._has_provider,
        )
        return Answer(status, drawn.encode(), ((b"content-type", _HTML.encode()),))

    async def _who(self, request: Asked) -> int | None:
        try:
            return (await self._slips.read("page", request.cookie(PAGE_COOKIE))).account
        except SignInNeeded:
            return None

    # -- signing in -----------------------------------------------------------------------------------

    async def options(self, _asked: Nothing) -> Answer:
        asked = self._passkeys.ask(self._site)
        return answers.json(PasskeyAsked(challenge=asked.challenge, options=asked.options))

    async def passkey(self, asked: PasskeyShown, address: str) -> Answer:
        network = await self._attempts.enter(address)
        try:
            who = await self._passkeys.check(self._site, asked.challenge, asked.answer)
        except SignInNeeded:
            await self._attempts.spend(network)
            raise
        self._attempts.left(network)
        return await self.signed_in(who)

    async def password(self, asked: PasswordTyped, address: str) -> Answer:
        who = await self._credentials.check(asked.login, asked.password, asked.proof, address)
        return await self.signed_in(who)

    async def signed_in(self, who: Recognised) -> Answer:
        """A new slip at every sign-in; nothing of one before it is taken over."""
        slip = await self._slips.give(who, "page", b"", PAGE_S * 1000)
        return Answer(204, headers=(_cookie(slip, PAGE_S),))

    # -- signed in ------------------------------------------------------------------------------------

    async def own_options(self, shown: Shown, _asked: Nothing) -> Answer:
        asked = await self._passkeys.ask_new(self._site, shown.account)
        return answers.json(PasskeyAsked(challenge=asked.challenge, options=asked.options))

    async def add(self, shown: Shown, asked: PasskeyMade) -> Answer:
        await self._passkeys.add(
            self._site, shown.account, asked.challenge, asked.answer, asked.name
        )
        return Answer(204)

    async def remove(self, shown: Shown, asked: PasskeyGone) -> Answer:
        await self._passkeys.remove(shown.account, asked.passkey)
        return Answer(204)

    async def go_on(self, shown: Shown, wish: Wish) -> Answer:
        """The browser goes back to the desktop, and is signed out here."""
        answer = answers.json(GoOn(next=await self._codes.give(shown, wish)))
        return answer._replace(headers=(*answer.headers, _cookie("", 0)))

    async def sign_out(self, shown: Shown, _asked: Nothing) -> Answer:
        await self._slips.drop(shown)
        return Answer(204, headers=(_cookie("", 0),))


def wish_of(request: Asked) -> tuple[Wish | None, bool]:
    """What the desktop asked in the address of the page, and whether it was asked badly."""
    said = {name: request.word(name, "") for name in Wish.__struct_fields__}
    if not any(said.values()):
        return None, False
    try:
        return msgspec.convert(said, Wish, strict=False), False
    except msgspec.ValidationError:
        return None, True


def query_of(wish: Wish | None, lang: str) -> str:
    """The same in the address of the next page."""
    asked = {} if wish is None else msgspec.to_builtins(wish)
    return urlencode({**asked, "lang": lang})


def _title(words: Words, wish: Wish | None) -> tuple[str, str]:
    if wish is None:
        return words.sign_in, words.plain_about
    if wish.purpose == "enrol":
        return words.enrol, words.enrol_about
    return words.prove, words.prove_about


def _line(words: Words, one: PasskeyLine) -> _Line:
    used = words.never_used
    if one.used_ms is not None:
        used = words.used.format(day=_day(words, one.used_ms))
    about = words.added.format(day=_day(words, one.added_ms))
    return _Line(one.id, one.name, f"{about}, {used}")


def _day(words: Words, ms: int) -> str:
    day = from_ms(ms)
    return day.strftime("%d/%m/%Y") if words.lang == "fr" else day.strftime("%d %b %Y")


def _cookie(value: str, lives_s: int) -> tuple[bytes, bytes]:
    said = f"{PAGE_COOKIE}={value}; Path=/; Max-Age={lives_s}; Secure; HttpOnly; SameSite=Strict"
    return (b"set-cookie", said.encode())


def _file(name: str) -> Any:
    raw = files("server.web").joinpath("files", name).read_bytes()

    async def answer(_request: Asked) -> Answer:
        return Answer(200, raw, ((b"content-type", _FILES[name].encode()),))

    return answer


def _open_templates() -> Environment:
    """The pages' templates: every value in them is text, never markup."""
    loader = PackageLoader("server.web", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
