"""Is this resource R4? Structure by schema, then the invariants a schema cannot say.

`Validator` compiles one schema of our own table for the types a record uses, and one for the others at
their first use: a schema shared by many types is smaller and twice as fast as one for each. References to
`#id` are followed by the invariants. What is inside (contained, entries of a Bundle, parameters) is
validated one by one with its path.
An issue names a FHIR path and a rule, never a value.

Rules: not_json, unknown_type, unknown_element, wrong_type, cardinality, choice, required_code, pattern,
empty, reference, not_a_date, period, narrative, and the keys of R4 invariants (con-4, ait-1, dom-2...).
Not checked: profiles, slices, terminology beyond required codes, the type a reference points to.
"""

from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec

from dossier.errors import Invalid, Issue
from dossier.fhir import invariants
from dossier.fhir.compartment import MEMBER_TYPES
from dossier.fhir.definitions.schema import definitions
from dossier.fhir.definitions.table import Table, r4

Json = dict[str, Any]

_MOST: Final = 20
"""Issues reported of one resource."""
_INSIDE: Final = 8
"""Resources nest at most this deep."""
_RULES: Final = {
    "additionalProperties": "unknown_element",
    "type": "wrong_type",
    "required": "cardinality",
    "minItems": "empty",
    "minProperties": "empty",
    "minLength": "empty",
    "enum": "required_code",
    "const": "unknown_type",
    "pattern": "pattern",
    "minimum": "pattern",
    "maximum": "pattern",
    "not": "ext-1",
}
_HOLDERS: Final = frozenset(("Bundle", "Parameters"))
_USUAL: Final = MEMBER_TYPES | frozenset(
    (
        "Binary", "Bundle", "Device", "Endpoint", "HealthcareService", "Location", "Medication",
        "OperationOutcome", "Organization", "Parameters", "Practitioner", "PractitionerRole",
        "Slot", "Substance", "Task",
    )
)  # fmt: skip
"""What a record, a directory and a diary hold: compiled when the validator is made."""


class Validator:
    """Validates decoded resources; one instance may serve many threads."""

    def __init__(self, table: Table | None = None) -> None:
        self._table = table or r4()
        self._types = self._table.resources
        self._schemas: dict[bool, jsonschema_rs.Draft202012Validator] = {}
        self._schema("Patient")

    @property
    def types(self) -> frozenset[str]:
        """The concrete resource types of R4."""
        return self._types

    @property
    def source(self) -> str:
        """The package the table was derived from, with its SHA-256."""
        return self._table.source

    def check(self, resource: Json) -> None:
        """Raises Invalid with every issue found (at most 20)."""
        issues = self.issues(str(resource.get("resourceType")), resource)
        if issues:
            raise Invalid(issues)

    def issues(self, rtype: str, resource: Json | bytes) -> tuple[Issue, ...]:
        """What is wrong with a resource that must be of type `rtype`; () when nothing is.

        `bytes` are decoded first; callers that take input from outside use `wire.codec.resource`, which
        also refuses duplicate keys and excessive depth.
        """
        if isinstance(resource, bytes):
            try:
                resource = msgspec.json.decode(resource)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                return (Issue("$", "not_json"),)
        if not isinstance(resource, dict):
            return (Issue("$", "wrong_type"),)
        if rtype not in self._types:
            return (Issue("resourceType", "unknown_type"),)
        if rtype not in _HOLDERS and "contained" not in resource:
            return (*self._alone(rtype, resource, rtype), *invariants.contained(resource, rtype))[
                :_MOST
            ]
        return tuple(self._whole(rtype, resource, rtype, 0))[:_MOST]

    def _schema(self, rtype: str) -> "jsonschema_rs.Draft202012Validator":
        usual = rtype in _USUAL
        found = self._schemas.get(usual)
        if found is None:
            types = [name for name in self._types if (name in _USUAL) is usual]
            found = jsonschema_rs.Draft202012Validator(
                {
                    "$defs": definitions(self._table),
                    "properties": {name: {"$ref": f"#/$defs/{name}"} for name in sorted(types)},
                },
                pattern_options=jsonschema_rs.RegexOptions(),
                validate_formats=False,
            )
            self._schemas[usual] = found
        return found

    def _alone(self, rtype: str, resource: Json, path: str) -> tuple[Issue, ...]:
        """One resource without what it holds."""
        schema = self._schema(rtype)
        wrapped = {rtype: resource}
        if schema.is_valid(wrapped):
            return invariants.check(rtype, resource, path)
        found: dict[Issue, None] = {}
        for error in schema.iter_errors(wrapped):
            found[_issue(error, resource, path)] = None
        return (*found, *invariants.check(rtype, resource, path))

    def _whole(self, rtype: str, resource: Json, path: str, depth: int) -> Iterator[Issue]:
        """A resource that may hold others."""
        yield from self._alone(rtype, resource, path)
        if rtype not in _HOLDERS:
            yield from invariants.contained(resource, path)
        for inner_path, inner, inside in _inner(resource, path):
            inner_type = inner.get("resourceType") if isinstance(inner, dict) else None
            if not isinstance(inner_type, str) or inner_type not in self._types:
                yield Issue(f"{inner_path}.resourceType", "unknown_type")
            elif depth >= _INSIDE:
                yield Issue(inner_path, "too_deep")
            elif inside:
                yield from self._alone(inner_type, inner, inner_path)
            else:
                yield from self._whole(inner_type, inner, inner_path, depth + 1)


def _inner(resource: Json, path: str) -> Iterator[tuple[str, Any, bool]]:
    """The resources right inside: (path, resource, whether it is contained)."""
    contained = resource.get("contained")
    for place, inner in enumerate(contained if isinstance(contained, list) else ()):
        yield f"{path}.contained[{place}]", inner, True
    if resource.get("resourceType") == "Bundle":
        for place, entry in enumerate(_dicts(resource.get("entry"))):
            if "resource" in entry:
                yield f"{path}.entry[{place}].resource", entry["resource"], False
            response = entry.get("response")
            if isinstance(response, dict) and "outcome" in response:
                yield f"{path}.entry[{place}].response.outcome", response["outcome"], False
    elif resource.get("resourceType") == "Parameters":
        yield from _parameters(resource.get("parameter"), f"{path}.parameter")


def _parameters(value: Any, path: str) -> Iterator[tuple[str, Any, bool]]:
    for place, parameter in enumerate(_dicts(value)):
        if "resource" in parameter:
            yield f"{path}[{place}].resource", parameter["resource"], False
        yield from _parameters(parameter.get("part"), f"{path}[{place}].part")


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _issue(error: jsonschema_rs.ValidationError, resource: Json, path: str) -> Issue:
    """One schema error in FHIR words."""
    place = path
    node: Any = resource
    for step in error.instance_path[1:]:
        place += f"[{step}]" if isinstance(step, int) else f".{invariants.safe_name(str(step))}"
        node = node[step]
    keyword = next(part for part in reversed(error.schema_path) if isinstance(part, str))
    if "dependentSchemas" in error.schema_path:
        return Issue(place, "ext-1" if _both(node) else "choice")
    if keyword == "additionalProperties":
        unknown = list(getattr(error.kind, "unexpected", ()))
        return Issue(
            f"{place}.{invariants.safe_name(str(unknown[0]))}" if unknown else place,
            "unknown_element",
        )
    if keyword == "required":
        missing = str(getattr(error.kind, "property", "")).strip('"')
        return Issue(f"{place}.{invariants.safe_name(missing)}", "cardinality")
    if keyword == "anyOf":
        return Issue(place, _either(node, error.schema_path))
    if keyword == "pattern" and place.endswith(".reference"):
        return Issue(place, "reference")
    return Issue(place, _RULES.get(keyword, keyword))


def _both(node: Any) -> bool:
    return isinstance(node, dict) and "extension" in node and "url" in node


def _either(node: Any, schema_path: list[str | int]) -> str:
    """The rule of a failed alternative: a required element with its forms, or a value in a list."""
    if "allOf" in schema_path:
        return "cardinality"
    return "pattern" if isinstance(node, str) else "wrong_type"
