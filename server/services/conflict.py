"""What a change may do when the base moved, one rule for each kind of resource (docs/protocol.md, Writing).

    STRICT    another version is a conflict; a person decides (allergies, problems, treatments, consents;
              every type not named elsewhere)
    MERGING   disjoint top-level elements merge; the same element is a conflict (contact details, tasks)
    APPENDED  never changed but for its status; a correction is a new resource that replaces

Elements are compared by `codec.value_hash`. `meta` is the server's word and never in conflict.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec

from dossier.errors import Conflict, Invalid, Issue
from dossier.wire.codec import value_hash
from dossier.wire.messages import Change

Elements = dict[str, msgspec.Raw]


class Rule(Enum):
    STRICT = "strict"
    MERGING = "merging"
    APPENDED = "appended"


_RULES = {
    **dict.fromkeys(
        (
            "Patient",
            "RelatedPerson",
            "Task",
            "CareTeam",
            "Organization",
            "Practitioner",
            "PractitionerRole",
            "Location",
            "Basic",
        ),
        Rule.MERGING,
    ),
    **dict.fromkeys(
        ("DocumentReference", "Binary", "Communication", "AuditEvent", "Provenance"),
        Rule.APPENDED,
    ),
}
_IMMUTABLE = frozenset({"resourceType", "id"})
_CHANGEABLE_WHEN_APPENDED = frozenset({"status", "docStatus"})


def rule_of(rtype: str) -> Rule:
    """The rule of a resource type; STRICT where nothing else is said."""
    return _RULES.get(rtype, Rule.STRICT)


def elements_of(body: bytes) -> Elements:
    """The top-level elements as received, their bytes untouched."""
    return msgspec.json.decode(body, type=Elements)


def changed(rtype: str, present: bytes, base: bytes | None, changes: Sequence[Change]) -> bytes:
    """The resource after these changes; every element not named keeps its bytes.

    `present` is the row as it is; `base` the version the author saw, when that is another one and still
    known. Raises Conflict naming the elements that differ, Invalid for what may never be changed.
    """
    rule = rule_of(rtype)
    _check_allowed(rule, changes)
    elements = elements_of(present)
    moved = {c.element for c in changes if _hash(elements, c.element) != c.base}
    if rule is Rule.STRICT and base is not None:
        moved |= differing(elements_of(base), elements)
    if moved:
        raise Conflict(tuple(sorted(moved)))
    return _patched(elements, changes)


def differing(one: Elements, other: Elements) -> set[str]:
    """The elements that are not equal in value, `meta` aside."""
    names = (one.keys() | other.keys()) - {"meta"}
    return {
        name
        for name in names
        if one.get(name) != other.get(name) and _hash(one, name) != _hash(other, name)
    }


def _check_allowed(rule: Rule, changes: Sequence[Change]) -> None:
    if not changes:
        raise Invalid((Issue("$", "no_change"),))
    names = [change.element for change in changes]
    if len(set(names)) != len(names):
        raise Invalid((Issue("$", "element_twice"),))
    issues = [Issue(name, "immutable") for name in names if name in _IMMUTABLE]
    if rule is Rule.APPENDED:
        late = (name for name in names if name not in _CHANGEABLE_WHEN_APPENDED | _IMMUTABLE)
        issues += [Issue(name, "appended_only") for name in late]
    if issues:
        raise Invalid(tuple(issues))


def _patched(elements: Elements, changes: Sequence[Change]) -> bytes:
    patched = dict(elements)
    for change in changes:
        if change.value is None:
            patched.pop(change.element, None)
        else:
            patched[change.element] = change.value
    return msgspec.json.encode(patched)


def _hash(elements: Elements, name: str) -> str | None:
    raw = elements.get(name)
    return None if raw is None else value_hash(msgspec.json.decode(raw))
