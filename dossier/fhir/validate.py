"""Is this resource R4? Structure by schema, then the invariants a schema cannot say.

`Validator` compiles a schema per type at its first use, from our own table of structures. Two forms exist
per type: one for resources that contain none, where a reference must be literal, and one for those that
do. What is inside (contained, entries of a Bundle, parameters) is validated one by one with its path.
An issue names a FHIR path and a rule, never a value.

Rules: not_json, unknown_type, unknown_element, wrong_type, cardinality, choice, required_code, pattern,
empty, reference, not_a_date, period, narrative, and the keys of R4 invariants (con-4, ait-1, dom-2...).
Not checked: profiles, slices, terminology beyond required codes, the type a reference points to.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec

from dossier.errors import Invalid, Issue
from dossier.fhir import invariants
from dossier.fhir.definitions.schema import definitions
from dossier.fhir.definitions.table import Table, r4

Json = dict[str, Any]

_MOST: Final = 20
"""Issues reported of one resource."""
_INSIDE: Final = 8
"""Resources nest at most this deep."""
_BASE: Final = "urn:colloque:r4"
_SAFE_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,40}")
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


class Validator:
    """Validates decoded resources; one instance may serve many threads once warm."""

    def __init__(self, table: Table | None = None) -> None:
        self._table = table or r4()
        self._types = self._table.resources
        self._registries: dict[bool, jsonschema_rs.Registry] = {}
        self._compiled: dict[tuple[str, bool], jsonschema_rs.Draft202012Validator] = {}

    @property
    def types(self) -> frozenset[str]:
        """The concrete resource types of R4."""
        return self._types

    @property
    def source(self) -> str:
        """The package the table was derived from, with its SHA-256."""
        return self._table.source

    def warm(self, *rtypes: str) -> None:
        """Compile these types now rather than at their first resource."""
        for rtype in rtypes:
            self._schema(rtype, local=False)

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
            if self._schema(rtype, local=False).is_valid(resource):
                return invariants.check(rtype, resource, rtype)
            return tuple(self._explain(rtype, resource, rtype, local=False))[:_MOST]
        return tuple(self._whole(rtype, resource, rtype, 0))[:_MOST]

    def _schema(self, rtype: str, *, local: bool) -> "jsonschema_rs.Draft202012Validator":
        found = self._compiled.get((rtype, local))
        if found is None:
            if local not in self._registries:
                defs = definitions(self._table, local=local)
                self._registries[local] = jsonschema_rs.Registry([(_BASE, {"$defs": defs})])
            found = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{_BASE}#/$defs/{rtype}"},
                registry=self._registries[local],
                pattern_options=jsonschema_rs.RegexOptions(),
                validate_formats=False,
            )
            self._compiled[rtype, local] = found
        return found

    def _whole(self, rtype: str, resource: Json, path: str, depth: int) -> Iterator[Issue]:
        """A resource that may hold others."""
        local = "contained" in resource
        if self._schema(rtype, local=local).is_valid(resource):
            yield from invariants.check(rtype, resource, path)
        else:
            yield from self._explain(rtype, resource, path, local=local)
        if local:
            yield from invariants.contained(resource, path)
        for inner_path, inner, inside in _inner(resource, path):
            inner_type = inner.get("resourceType") if isinstance(inner, dict) else None
            if not isinstance(inner_type, str) or inner_type not in self._types:
                yield Issue(f"{inner_path}.resourceType", "unknown_type")
            elif depth >= _INSIDE:
                yield Issue(inner_path, "too_deep")
            elif inside:
                yield from self._contained(inner_type, inner, inner_path)
            else:
                yield from self._whole(inner_type, inner, inner_path, depth + 1)

    def _contained(self, rtype: str, resource: Json, path: str) -> Iterator[Issue]:
        if self._schema(rtype, local=True).is_valid(resource):
            yield from invariants.check(rtype, resource, path)
        else:
            yield from self._explain(rtype, resource, path, local=True)

    def _explain(self, rtype: str, resource: Json, path: str, *, local: bool) -> Iterator[Issue]:
        said = set()
        for error in self._schema(rtype, local=local).iter_errors(resource):
            issue = _issue(error, resource, path)
            if issue is not None and issue not in said:
                said.add(issue)
                yield issue
        yield from invariants.check(rtype, resource, path)


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


def _issue(error: jsonschema_rs.ValidationError, resource: Json, path: str) -> Issue | None:
    """One schema error in FHIR words, None for the echo of another one."""
    place = path
    node: Any = resource
    for step in error.instance_path:
        place += f"[{step}]" if isinstance(step, int) else f".{_safe(str(step))}"
        node = node[step]
    keyword = next(part for part in reversed(error.schema_path) if isinstance(part, str))
    if "dependentSchemas" in error.schema_path:
        return Issue(place, "ext-1" if _both(node) else "choice")
    if keyword == "additionalProperties":
        unknown = list(getattr(error.kind, "unexpected", ()))
        return Issue(f"{place}.{_safe(str(unknown[0]))}" if unknown else place, "unknown_element")
    if keyword == "required":
        missing = str(getattr(error.kind, "property", "")).strip('"')
        return Issue(f"{place}.{_safe(missing)}", "cardinality")
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


def _safe(name: str) -> str:
    """A key of the input, only where it looks like a name and not like content."""
    return name if _SAFE_NAME.fullmatch(name) else "?"
