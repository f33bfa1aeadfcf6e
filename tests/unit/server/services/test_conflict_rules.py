"""The rule per kind of resource, as a table."""

import msgspec
import pytest

from dossier.errors import Conflict, Invalid
from dossier.wire.codec import value_hash
from dossier.wire.messages import Change
from server.services.conflict import Rule, changed, differing, elements_of, rule_of


def change(element: str, seen: object, new: object) -> Change:
    return Change(
        element=element,
        base=None if seen is None else value_hash(seen),
        value=None if new is None else msgspec.Raw(msgspec.json.encode(new)),
    )


@pytest.mark.parametrize(
    ("rtype", "rule"),
    [
        *((name, Rule.STRICT) for name in ("AllergyIntolerance", "Condition", "Consent")),
        *((name, Rule.STRICT) for name in ("MedicationRequest", "MedicationStatement")),
        *((name, Rule.STRICT) for name in ("Observation", "SomethingNew")),
        *((name, Rule.MERGING) for name in ("Patient", "RelatedPerson", "Task")),
        *((name, Rule.APPENDED) for name in ("DocumentReference", "Communication", "AuditEvent")),
    ],
)
def test_each_kind_has_its_rule(rtype: str, rule: Rule) -> None:
    assert rule_of(rtype) is rule


def test_a_strict_kind_conflicts_on_any_difference_and_a_moved_row_alone_is_none() -> None:
    base = b'{"a":1,"b":2,"meta":{"versionId":"1"}}'
    moved = b'{"a":1.0, "b":2,"meta":{"versionId":"2"}}'
    assert changed("Condition", moved, base, [change("b", 2, 3)]).endswith(
        b'"b":3,"meta":{"versionId":"2"}}'
    )
    with pytest.raises(Conflict) as found:
        changed("Condition", b'{"a":9,"b":2}', base, [change("b", 2, 3)])
    assert found.value.elements == ("a",)


def test_a_merging_kind_conflicts_only_on_what_is_changed() -> None:
    base, present = b'{"a":1,"b":2}', b'{"a":9,"b":2}'
    assert changed("Patient", present, base, [change("b", 2, 3)]) == b'{"a":9,"b":3}'
    with pytest.raises(Conflict) as found:
        changed("Patient", present, base, [change("a", 1, 3), change("b", 2, 3)])
    assert found.value.elements == ("a",)


def test_a_removed_element_and_an_added_one_are_compared_as_absent() -> None:
    assert changed("Patient", b'{"a":1}', None, [change("a", 1, None)]) == b"{}"
    assert changed("Patient", b"{}", None, [change("a", None, 1)]) == b'{"a":1}'
    with pytest.raises(Conflict):
        changed("Patient", b'{"a":1}', None, [change("a", None, 2)])


@pytest.mark.parametrize(
    ("rtype", "changes", "rule"),
    [
        ("Patient", [], "no_change"),
        ("Patient", [change("a", 1, 2), change("a", 1, 3)], "element_twice"),
        ("Patient", [change("id", "x", "y")], "immutable"),
        ("Patient", [change("resourceType", "Patient", "Group")], "immutable"),
        ("DocumentReference", [change("a", 1, 2)], "appended_only"),
    ],
)
def test_what_may_never_be_changed_is_named(rtype: str, changes: list[Change], rule: str) -> None:
    with pytest.raises(Invalid) as found:
        changed(rtype, b'{"resourceType":"Patient","id":"x","a":1}', None, changes)
    assert rule in {issue.rule for issue in found.value.issues}


def test_elements_differ_by_value_and_not_by_spelling() -> None:
    one = elements_of(b'{"a": [1, 2.50], "b": {"x": 1, "y": 2}, "c": 1}')
    other = elements_of(b'{"a":[1,2.5],"b":{"y":2,"x":1},"d":1}')
    assert differing(one, other) == {"c", "d"}
