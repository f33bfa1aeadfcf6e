"""A JSON schema built from the table of structures, for jsonschema-rs.

What it asks of each object: known elements only, their types, their cardinality (an element may be
replaced by an extension on it), one option of a choice, listed codes, the lexical form of primitives, no
empty object or list. Resources inside resources are objects here; the validator takes them one by one.
Source: FHIR R4 4.0.1, JSON representation and primitive types.
"""

from typing import Any, Final

from dossier.fhir.definitions.table import Element, Structure, Table

Json = dict[str, Any]

_YEAR: Final = r"[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000"
_MONTH: Final = r"(0[1-9]|1[0-2])"
_DAY: Final = r"(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE: Final = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


PRIMITIVES: Final[dict[str, Json]] = {
    "base64Binary": _text(r"^[A-Za-z0-9+/=\s]+$"),
    "boolean": {"type": "boolean"},
    "canonical": _text(r"^\S+$"),
    "code": _text(r"^\S+( \S+)*$"),
    "date": _text(rf"^({_YEAR})(-{_MONTH}(-{_DAY})?)?$"),
    "dateTime": _text(rf"^({_YEAR})(-{_MONTH}(-{_DAY}(T{_TIME}{_ZONE})?)?)?$"),
    "decimal": {"type": "number"},
    "id": _text(r"^[A-Za-z0-9.-]{1,64}$"),
    "instant": _text(rf"^({_YEAR})-{_MONTH}-{_DAY}T{_TIME}{_ZONE}$"),
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "markdown": {"type": "string", "minLength": 1},
    "oid": _text(r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"),
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "string": {"type": "string", "minLength": 1},
    "time": _text(rf"^{_TIME}$"),
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    "uri": _text(r"^\S+$"),
    "url": _text(r"^\S+$"),
    "uuid": _text(r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    "xhtml": _text(r"^\s*<div[\s>/]"),
}
REFERENCE: Final = (
    r"^([A-Z][A-Za-z]{2,}/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?(#\S+)?"
    r"|[A-Z][A-Za-z]{2,}\?\S+|[a-z][a-z0-9+.-]*:\S+|#\S*)$"
)
"""Relative, conditional, absolute, urn, or to what is inside (R4 §2.3.0, §3.1.0.11.2)."""


def definitions(table: Table) -> dict[str, Json]:
    """One schema per structure and per primitive, to be referred to as `#/$defs/<name>`."""
    defs = {name: dict(PRIMITIVES[name]) for name in table.primitives}
    for name, structure in table.structures.items():
        defs[name] = _structure(structure, table)
    defs["Resource"] = {"type": "object"}
    defs["Reference"]["properties"]["reference"] = _text(REFERENCE)
    defs["Extension"]["not"] = {"propertyNames": {"enum": ["id", "url", "_url"]}}
    dependents = defs["Extension"].setdefault("dependentSchemas", {})
    bare = {"propertyNames": {"enum": ["id", "url", "_url", "extension"]}}
    dependents["extension"] = bare
    return defs


def _structure(structure: Structure, table: Table) -> Json:
    properties: Json = {}
    required: list[str] = []
    either: list[Json] = []
    dependents: Json = {}
    if structure.kind == "resource":
        properties["resourceType"] = {"const": structure.name}
        required.append("resourceType")
    options: list[tuple[Element, dict[str, Json]]] = []
    for element in structure.elements:
        named = _named(element, table)
        options.append((element, named))
        for name, (value, primitive) in named.items():
            properties[name] = value
            if primitive:
                properties[f"_{name}"] = _extensions(element)
        if element.required:
            _require(named, required, either)
    whole = set(properties)
    for element, named in options:
        if element.choice:
            for name in named:
                others = {n for other in named if other != name for n in (other, f"_{other}")}
                dependents[name] = {"propertyNames": {"enum": sorted(whole - others)}}
    schema: Json = {
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    if either:
        schema["allOf"] = either
    if dependents:
        schema["dependentSchemas"] = dependents
    return schema


def _named(element: Element, table: Table) -> dict[str, Any]:
    """JSON name -> (schema, whether it is a primitive) of each option of an element."""
    found = {}
    for kind in element.types:
        primitive = kind in table.primitives
        name = element.name + kind[0].upper() + kind[1:] if element.choice else element.name
        value: Json = {"$ref": f"#/$defs/{kind}"}
        if element.codes:
            value = {"enum": list(table.codes[element.codes])}
        if element.repeats:
            items = {"anyOf": [value, {"type": "null"}]} if primitive else value
            if element.codes:
                items = {"enum": [*value["enum"], None]}
            value = {"type": "array", "minItems": 1, "items": items}
        found[name] = (value, primitive)
    return found


def _extensions(element: Element) -> Json:
    inner: Json = {"$ref": "#/$defs/Element"}
    if not element.repeats:
        return inner
    return {"type": "array", "minItems": 1, "items": {"anyOf": [inner, {"type": "null"}]}}


def _require(named: Json, required: list[str], either: list[Json]) -> None:
    names = [
        form
        for name, (_, primitive) in named.items()
        for form in ((name, f"_{name}") if primitive else (name,))
    ]
    if len(names) == 1:
        required += names
    else:
        either.append({"anyOf": [{"required": [name]} for name in names]})
