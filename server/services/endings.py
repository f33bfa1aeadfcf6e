"""Which sessions of an account live, and ending them, or its second factors, inside whatever unit of work asks for it."""

from typing import Final

from server.ports import FamilyRow, OwnerTx
from server.services.premises import Premises
from server.services.recognised import ended

PROVEN_MS: Final = 600_000
"""How long a proof by password and authenticator opens what needs one (security.md §5 row 40)."""

REPLACED: Final = "password_replaced"
"""Why sessions ended, what their devices are told, and the alarm of it."""


def is_live(premises: Premises, family: FamilyRow) -> bool:
    """Not ended, not over, begun on this line of time."""
    is_over = family.ended_ms is not None or family.ends_ms <= premises.now_ms
    return not is_over and family.restore == premises.restore


async def end_sessions(
    premises: Premises, tx: OwnerTx, reason: str, *, device: str | None = None
) -> None:
    """Inside a unit of work: every session of an account, or of one device of it, ends now; the next one begins
    only with its person.
    """
    now_ms = premises.now_ms
    for row in await tx.people.devices():
        if device is None or row.device == device:
            await tx.people.put_device(row._replace(proved_ms=None))
            await tx.people.drop_sessions(device=row.device)
    for family in await tx.families.every():
        if family.ended_ms is None and (device is None or family.device == device):
            await tx.families.put(family._replace(ended_ms=now_ms, reason=reason))


async def end_recognition(tx: OwnerTx) -> None:
    """Inside a unit of work: who was recognised before it, and not yet given anything for it, gets nothing."""
    row = await tx.people.account()
    if row is not None:
        await tx.people.put_account(ended(row))


async def end_passkeys(tx: OwnerTx) -> None:
    """Inside a unit of work: every passkey of an account ends."""
    for passkey in await tx.browsers.passkeys():
        await tx.browsers.drop_passkey(passkey.credential)


async def end_pages(tx: OwnerTx) -> None:
    """Inside a unit of work: what the browsers of an account were given is good no more. Challenges that served stay
    used.
    """
    for slip in await tx.browsers.slips():
        if slip.kind != "used":
            await tx.browsers.drop_slip(slip.mark)
