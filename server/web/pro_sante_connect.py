"""The two addresses of the journey to Pro Santé Connect and back; what is judged lies in the service."""

import logging
from typing import Final

from dossier.errors import BadAnswer, Refused, Unreachable
from server.api.doors import Door, Pass
from server.api.exchange import Answer, Asked
from server.services.exercising import NOWHERE, OTHER_PROFESSION
from server.services.pro_sante_connect import ProSanteConnect
from server.web.sign_in import AT, SignInPages, query_of, wish_of
from server.web.words import Words, words_for

COOKIE: Final = "__Host-colloque-psc"
"""What a browser keeps of its journey; sent along when the provider sends it back (`Lax`), for ten minutes."""
RETURN: Final = f"{AT}/pro-sante-connect/return"
_KEPT_S: Final = 600
_LOG = logging.getLogger("colloque.server")


class ProSanteConnectPages:
    """Leaves for the provider, and takes in who comes back."""

    def __init__(self, provider: ProSanteConnect, pages: SignInPages) -> None:
        self._provider, self._pages = provider, pages
        self._back = pages.templates.get_template("back.html")

    def doors(self) -> list[Door]:
        anybody, html = Pass.ANYBODY, "text/html"
        return [
            Door(
                "GET",
                f"{AT}/pro-sante-connect",
                anybody,
                self.leave,
                None,
                html,
                query=(*self._pages.query, "lang"),
            ),
            Door(
                "GET",
                RETURN,
                anybody,
                self.back,
                None,
                html,
                query=("state", "code", "iss", "error"),
            ),
        ]

    async def leave(self, request: Asked) -> Answer:
        words = _words(request)
        wish, is_broken = wish_of(request)
        if is_broken:
            return await self._pages.drawn(words, None, None, words.broken_wish, 400)
        try:
            leaving = await self._provider.leave(wish, words.lang)
        except (Unreachable, BadAnswer, Refused) as error:
            return await self._refused(words, error)
        headers = ((b"location", leaving.address.encode()), _cookie(leaving.kept, _KEPT_S))
        return Answer(303, b"", headers)

    async def back(self, request: Asked) -> Answer:
        """Judge the answer; then this browser's person is signed in as by a password, and the page goes on by itself."""
        kept = request.cookie(COOKIE)
        words = words_for(self._provider.language_of(kept), request.header(b"accept-language"))
        said = {name: request.word(name, "") for name in ("state", "code", "iss")}
        try:
            found = await self._provider.come_back(kept, said["state"], said["code"], said["iss"])
        except (Unreachable, BadAnswer, Refused) as error:
            answer = await self._refused(words, error)
        else:
            signed_in = await self._pages.signed_in(found.who)
            drawn = self._back.render(w=words, query=query_of(found.wish, words.lang))
            kind = (b"content-type", b"text/html; charset=utf-8")
            answer = Answer(200, drawn.encode(), (kind, *signed_in.headers))
        return answer._replace(headers=(*answer.headers, _cookie("", 0)))

    async def _refused(self, words: Words, error: Exception) -> Answer:
        code = error.code if isinstance(error, Refused) else type(error).__name__
        _LOG.warning("provider_refused", extra={"code": code, "kind": _why(error)})
        sentence, status = words.psc_failed, 403
        if isinstance(error, Refused):
            sentence = {
                "psc_unknown": words.psc_unknown,
                NOWHERE: words.psc_nowhere,
                OTHER_PROFESSION: words.psc_profession,
            }.get(error.code, sentence)
        if isinstance(error, Unreachable):
            sentence, status = words.psc_away, 503
        return await self._pages.drawn(words, None, None, sentence, status)


def _why(error: Exception) -> str:
    """Which part was wrong: a word of ours, never a claim."""
    return error.detail if isinstance(error, Refused | BadAnswer) else ""


def _words(request: Asked) -> Words:
    return words_for(request.word("lang", ""), request.header(b"accept-language"))


def _cookie(value: str, lives_s: int) -> tuple[bytes, bytes]:
    said = f"{COOKIE}={value}; Path=/; Max-Age={lives_s}; Secure; HttpOnly; SameSite=Lax"
    return (b"set-cookie", said.encode())
