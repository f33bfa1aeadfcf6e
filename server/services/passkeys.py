"""Passkeys: keys of a person's own devices, made and shown on the server's pages (WebAuthn).

A challenge is sealed, never stored before it was answered: good once, five minutes, for one use. A passkey names its
person by a handle that means nothing elsewhere, so nobody types a name and nobody learns who has an account. Each
passkey lies sealed under its account's key.
"""

import hashlib
from typing import Any, Final, NamedTuple

import msgspec

from dossier.errors import Refused, SealBroken, SignInNeeded, Unavailable
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from server.ports import OwnerTx, PasskeyRow
from server.services import authenticators, journal, narrowing
from server.services.accounts import Accounts
from server.services.authenticators import Asking, Site
from server.services.endings import end_recognition
from server.services.facets import ACCESS
from server.services.premises import Premises
from server.services.recognised import PASSKEY, Recognised, recognised
from server.services.sealer import Place
from server.services.session import SIGNS_IN
from server.services.slips import Slips
from server.services.unit import OwnerUnit

CHALLENGE_MS: Final = 300_000
MOST: Final = 16
"""Passkeys of one account."""
_SALT_BYTES: Final = 16
_NAME_CHARS: Final = 60
_SHOW, _ADD = "show", "add"


class _Held(msgspec.Struct, frozen=True):
    """What the cell of a passkey seals."""

    id: bytes
    public_key: bytes
    name: str


class Asked(NamedTuple):
    """What a browser is asked: our sealed challenge, and the options of the WebAuthn call as JSON."""

    challenge: str
    options: msgspec.Raw


class PasskeyLine(NamedTuple):
    """One passkey as its person sees it."""

    id: str
    name: str
    added_ms: int
    used_ms: int | None


class Passkeys:
    """Makes, checks, lists and ends passkeys. `site`: where the page is that asks."""

    def __init__(self, premises: Premises, accounts: Accounts, slips: Slips) -> None:
        self._premises, self._accounts, self._slips = premises, accounts, slips

    # -- signing in -----------------------------------------------------------------------------------

    def ask(self, site: Site) -> Asked:
        """The same for everybody."""
        challenge = self._challenge(_SHOW, 0)
        options = authenticators.request_options(site, _bytes_of(challenge))
        return Asked(challenge, options)

    async def check(self, site: Site, challenge: str, answer: dict[str, Any]) -> Recognised:
        """Who showed a passkey; the challenge is used up. Raises SignInNeeded, one answer for an
        unknown, removed, copied or foreign one.
        """
        until_ms = self._until(challenge, _SHOW, 0)
        account = self._person_of(_text(answer, "response", "userHandle"))
        mark = _mark(_raw(_text(answer, "id")))
        row, held = await self._found(account, mark)
        try:
            counter = authenticators.shown(
                site, answer, _bytes_of(challenge), held.public_key, row.counter
            )
        except authenticators.Copied:
            await self._say(account, "passkey_copied", row)
            raise SignInNeeded from None

        async def use(tx: OwnerTx) -> Recognised:
            await tx.owner.lock(1)
            held_by = await tx.people.account()
            now = {one.credential: one for one in await tx.browsers.passkeys()}.get(mark)
            if held_by is None or now is None or now.counter != row.counter:
                raise SignInNeeded
            await self._slips.use_up(tx, _bytes_of(challenge), until_ms)
            used = now._replace(counter=counter, used_ms=self._premises.now_ms)
            await tx.browsers.put_passkey(used)
            return recognised(held_by, PASSKEY)

        return await self._premises.store.write(account, use)

    # -- one's own ------------------------------------------------------------------------------------

    async def ask_new(self, site: Site, account: int) -> Asked:
        """What makes one more passkey of this person. Raises Refused("too_many_passkeys")."""
        held = await self._all(account)
        if len(held) >= MOST:
            raise Refused("too_many_passkeys")
        person = await self._accounts.person(account)
        asking = Asking(
            self._named(account),
            person.login,
            person.display_name,
            tuple(one.id for _, one in held),
        )
        challenge = self._challenge(_ADD, account)
        options = authenticators.creation_options(site, asking, _bytes_of(challenge))
        return Asked(challenge, options)

    async def add(
        self, site: Site, account: int, challenge: str, answer: dict[str, Any], name: str
    ) -> None:
        """Keep the passkey a browser made for this person. Raises SignInNeeded, Refused: `passkey_taken`,
        `too_many_passkeys`.
        """
        until_ms = self._until(challenge, _ADD, account)
        made = authenticators.made(site, answer, _bytes_of(challenge))
        mark = _mark(made.credential)
        said = " ".join(name.split())[:_NAME_CHARS]
        cell = await self._premises.sealer.seal(
            place_of(account, mark),
            msgspec.msgpack.encode(_Held(made.credential, made.public_key, said)),
        )
        row = PasskeyRow(mark, cell, made.counter, self._premises.now_ms, None)

        async def keep(tx: OwnerTx) -> None:
            book = await self._book(tx)
            held = await tx.browsers.passkeys()
            if any(one.credential == mark for one in held):
                raise Refused("passkey_taken")
            if len(held) >= MOST:
                raise Refused("too_many_passkeys")
            await self._slips.use_up(tx, _bytes_of(challenge), until_ms)
            await tx.browsers.put_passkey(row)
            await book.log(ACCESS, self._entry("passkey_added", row))
            await book.close()

        await self._premises.store.write(account, keep)

    async def remove(self, account: int, passkey: str) -> None:
        """It signs nobody in from now on, nor after a restore. Raises Unavailable for one that is not theirs."""

        async def end(tx: OwnerTx) -> None:
            book = await self._book(tx)
            for row in await tx.browsers.passkeys():
                if base64url(row.credential) == passkey:
                    said = self._entry("passkey_removed", row)
                    await narrowing.record(self._premises, tx, book.number(), said)
                    await tx.browsers.drop_passkey(row.credential)
                    await end_recognition(tx)
                    await book.log(ACCESS, said)
                    await book.close()
                    return
            raise Unavailable

        await self._premises.store.write(account, end)

    async def of_account(self, account: int) -> list[PasskeyLine]:
        """The newest first."""
        lines = [
            PasskeyLine(base64url(row.credential), held.name, row.added_ms, row.used_ms)
            for row, held in await self._all(account)
        ]
        return sorted(lines, key=lambda line: line.added_ms, reverse=True)

    # -- parts ----------------------------------------------------------------------------------------

    async def _all(self, account: int) -> list[tuple[PasskeyRow, _Held]]:
        async def rows(tx: OwnerTx) -> list[PasskeyRow]:
            return await tx.browsers.passkeys()

        found = await self._premises.store.read(account, rows)
        return [(row, await self._opened(account, row)) for row in found]

    async def _found(self, account: int, mark: bytes) -> tuple[PasskeyRow, _Held]:
        async def find(tx: OwnerTx) -> PasskeyRow:
            held = await tx.people.account()
            row = {one.credential: one for one in await tx.browsers.passkeys()}.get(mark)
            if held is None or held.state not in SIGNS_IN or row is None:
                raise SignInNeeded
            return row

        row = await self._premises.store.read(account, find)
        return row, await self._opened(account, row)

    async def _opened(self, account: int, row: PasskeyRow) -> _Held:
        plain = await self._premises.sealer.open(place_of(account, row.credential), row.cell)
        return msgspec.msgpack.decode(plain, type=_Held)

    async def _book(self, tx: OwnerTx) -> OwnerUnit:
        locked = await tx.owner.lock(2)
        account = await tx.people.account()
        if locked is None or account is None or account.state not in SIGNS_IN:
            raise Unavailable
        return OwnerUnit(self._premises, tx, locked, 2)

    async def _say(self, account: int, action: str, row: PasskeyRow) -> None:
        async def tell(tx: OwnerTx) -> None:
            book = await self._book(tx)
            await book.log(ACCESS, self._entry(action, row))
            await book.close()

        await self._premises.store.write(account, tell)

    def _entry(self, action: str, row: PasskeyRow) -> journal.Entry:
        return journal.Entry(
            action=action, at_ms=self._premises.now_ms, id=base64url(row.credential)
        )

    def _named(self, account: int) -> bytes:
        return self._premises.tokens.seal("passkey-person", account).encode()

    def _person_of(self, handle: str) -> int:
        """The account of a handle; raises SignInNeeded for one we never gave."""
        try:
            (account,) = self._premises.tokens.open("passkey-person", _raw(handle).decode("ascii"))
        except (SealBroken, UnicodeDecodeError) as error:
            raise SignInNeeded from error
        return int(account)

    def _challenge(self, use: str, account: int) -> str:
        until_ms = self._premises.now_ms + CHALLENGE_MS
        salt = base64url(self._premises.entropy.bytes(_SALT_BYTES))
        return self._premises.tokens.seal(
            "passkey-challenge", self._premises.restore, use, account, until_ms, salt
        )

    def _until(self, challenge: str, use: str, account: int) -> int:
        """Until when this challenge of ours is good; raises SignInNeeded for any other."""
        try:
            restore, said, whose, until, _ = self._premises.tokens.open(
                "passkey-challenge", challenge
            )
        except SealBroken as error:
            raise SignInNeeded from error
        ours = (restore, said, whose) == (str(self._premises.restore), use, str(account))
        if not ours or int(until) <= self._premises.now_ms:
            raise SignInNeeded
        return int(until)


def _bytes_of(challenge: str) -> bytes:
    """What the authenticator signs of a sealed challenge."""
    return hashlib.sha256(tup("colloque/v1/passkey-challenge", challenge)).digest()


def _mark(credential: bytes) -> bytes:
    return hashlib.sha256(tup("colloque/v1/passkey", credential)).digest()


def place_of(account: int, mark: bytes) -> Place:
    """Where its cell lies."""
    return Place("passkey", account, id=base64url(mark))


def _text(answer: dict[str, Any], *path: str) -> str:
    """A text of the browser's answer; raises SignInNeeded when there is none."""
    found: Any = answer
    for word in path:
        found = found.get(word) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise SignInNeeded
    return found


def _raw(text: str) -> bytes:
    try:
        return unbase64url(text)
    except ValueError as error:
        raise SignInNeeded from error
