"""Dated parameters of access: ages, delays, the closed list of purposes (ACC-14)."""

import tomllib
from importlib.resources import files

import msgspec

from dossier.errors import Invalid, Issue

_PACKS = "dossier.access.packs"


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters in force; units are in the names."""

    version: str
    valid_from: str
    minors_enabled: bool
    majority_years: int
    masked_and_not_visible: bool
    announcement_notice_days: int
    announcement_release_months: int
    lease_days: int
    session_hours: int
    deposit_after_leaving_days: int
    opposition_weeks: int
    archive_years: int
    consent_years: int
    break_glass_hours: int
    purposes: tuple[str, ...]


def load_policy(version: str = "fr-2026-11") -> Policy:
    """The policy that came with the program. Raises FileNotFoundError, Invalid."""
    return parse_policy(files(_PACKS).joinpath(f"policy-{version}.toml").read_text("utf-8"))


def parse_policy(text: str) -> Policy:
    """Read a policy; raises Invalid.

    `masked_and_not_visible` must be false: no facet holds a document that is hidden from professionals
    and from the patient at once (VIS-02).
    """
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid((Issue("policy", "not_a_policy", str(error)[:120]),)) from error
    if policy.masked_and_not_visible:
        raise Invalid((Issue("policy.masked_and_not_visible", "not_supported"),))
    if not policy.purposes:
        raise Invalid((Issue("policy.purposes", "empty"),))
    return policy
