"""What a Consent resource opens: pure reading of one form (ACC-02, ACC-03, ACC-04).

A consent counts when it is active, permits, names who (`provision.actor`: an Organization, its care team;
a Practitioner, that person in their memberships) and carries its date, its author and its wording. Anything
else is a document like any other and opens nothing.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dossier.clock import to_ms
from dossier.errors import Issue

CONSENT = "Consent"

_COARSE = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_LAST_MS = to_ms(_LAST)
"""No instant of ours is later: a reader must be able to write the end down."""


class Permission(NamedTuple):
    """Whom an active consent lets read. Ids of Organization and Practitioner resources of the directory.

    `until_ms` None: the policy's own end for persons, none for teams.
    """

    organisations: tuple[str, ...]
    practitioners: tuple[str, ...]
    until_ms: int | None


NOBODY = Permission((), (), None)


def permission(consent: dict[str, Any]) -> Permission:
    """Whom it opens the record to; NOBODY when it does not count."""
    return NOBODY if consent.get("status") != "active" or gaps(consent) else _named(consent)


def gaps(consent: dict[str, Any]) -> tuple[Issue, ...]:
    """What an active consent that names somebody lacks to count: its date, author or wording."""
    if consent.get("status") != "active" or _named(consent) == NOBODY:
        return ()
    lacking = []
    if not consent.get("dateTime"):
        lacking.append(Issue("Consent.dateTime", "consent_without_date"))
    if not any(_reference(one) for one in _list(consent.get("performer"))):
        lacking.append(Issue("Consent.performer", "consent_without_author"))
    rule = consent.get("policyRule")
    if not (isinstance(rule, dict) and str(rule.get("text") or "").strip()):
        lacking.append(Issue("Consent.policyRule.text", "consent_without_wording"))
    return tuple(lacking)


def _named(consent: dict[str, Any]) -> Permission:
    provision = consent.get("provision")
    if not isinstance(provision, dict) or provision.get("type") != "permit":
        return NOBODY
    organisations: list[str] = []
    practitioners: list[str] = []
    for actor in _list(provision.get("actor")):
        literal = _reference(actor.get("reference"))
        kind, _, rid = literal.rpartition("/")
        if kind.rpartition("/")[2] == "Organization":
            organisations.append(rid)
        elif kind.rpartition("/")[2] == "Practitioner":
            practitioners.append(rid)
    if not organisations and not practitioners:
        return NOBODY
    return Permission(tuple(organisations), tuple(practitioners), _end(provision.get("period")))


def _list(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _reference(value: Any) -> str:
    literal = value.get("reference") if isinstance(value, dict) else None
    return literal if isinstance(literal, str) else ""


def _end(period: Any) -> int | None:
    """When it is over: a month or a year ends with it, an end that cannot be read has come."""
    text = period.get("end") if isinstance(period, dict) else None
    if not isinstance(text, str):
        return None
    try:
        instant = _after(text) or datetime.fromisoformat(text)
    except ValueError:
        return 0
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return min(max(to_ms(aware), 0), _LAST_MS)


def _after(text: str) -> datetime | None:
    """The instant after a whole year or month; None for other texts."""
    found = _COARSE.fullmatch(text)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    if (year, month) == (9999, 12):
        return _LAST
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
