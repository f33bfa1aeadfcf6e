"""One planted fault at a time, made from a valid resource by what the table says of its type.

Each function returns the faulty copy, or None where the resource has no place for this fault.
"""

from collections.abc import Callable, Iterator
from typing import Any

from dossier.fhir.definitions.table import Element, r4

Json = dict[str, Any]
Fault = Callable[[Json], Json | None]

TABLE = r4()
_DATES = ("date", "dateTime")


def _elements(resource: Json) -> tuple[Element, ...]:
    return TABLE.structures[resource["resourceType"]].elements


def _without(resource: Json, name: str) -> Json:
    return {key: value for key, value in resource.items() if key.lstrip("_") != name}


def _forms(element: Element) -> Iterator[tuple[str, str]]:
    """(JSON name, type) of an element."""
    for kind in element.types:
        yield (element.name + kind[0].upper() + kind[1:] if element.choice else element.name), kind


def with_element(name: str, value: Any, holder: str = "id") -> Fault:
    """Set `name` where the type has an element `holder` and the resource has not `name` yet."""

    def fault(resource: Json) -> Json | None:
        if holder in {element.name for element in _elements(resource)}:
            return {**resource, name: value}
        return None

    return fault


def _date(text: str, kinds: tuple[str, ...] = _DATES) -> Fault:
    def fault(resource: Json) -> Json | None:
        for element in _elements(resource):
            for name, kind in _forms(element):
                if kind in kinds and isinstance(resource.get(name), str):
                    return {**resource, name: text}
        return None

    return fault


def _missing(*, primitive: bool) -> Fault:
    def fault(resource: Json) -> Json | None:
        for element in _elements(resource):
            simple = element.types[0] in TABLE.primitives
            if element.required and not element.choice and simple is primitive:
                return _without(resource, element.name) if element.name in resource else None
        return None

    return fault


def _missing_choice(resource: Json) -> Json | None:
    for element in _elements(resource):
        if element.required and element.choice:
            forms = {name for name, _ in _forms(element)}
            return {key: value for key, value in resource.items() if key.lstrip("_") not in forms}
    return None


def _two_choices(resource: Json) -> Json | None:
    more = {"dateTime": "2020-01-01", "string": "x", "boolean": True, "Period": {"start": "2020"}}
    for element in _elements(resource):
        forms = dict(_forms(element))
        if element.choice and forms.keys() & resource.keys():
            for name, kind in forms.items():
                if kind in more and name not in resource:
                    return {**resource, name: more[kind]}
    return None


def _single_for_list(resource: Json) -> Json | None:
    for element in _elements(resource):
        if element.repeats and isinstance(resource.get(element.name), list):
            return {**resource, element.name: resource[element.name][0]}
    return None


def _typed(kinds: tuple[str, ...], change: Callable[[Any], Any]) -> Fault:
    def fault(resource: Json) -> Json | None:
        for element in _elements(resource):
            single = not element.choice and not element.repeats
            if single and element.types[0] in kinds and element.name in resource:
                return {**resource, element.name: change(resource[element.name])}
        return None

    return fault


def _code(resource: Json) -> Json | None:
    for element in _elements(resource):
        if element.codes and element.name in resource:
            return {**resource, element.name: ["no-such"] if element.repeats else "no-such"}
    return None


def _reference(text: str) -> Fault:
    def fault(resource: Json) -> Json | None:
        for element in _elements(resource):
            if element.types == ("Reference",) and element.name in resource:
                value = {"reference": text}
                return {**resource, element.name: [value] if element.repeats else value}
        return None

    return fault


def _narrative(div: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'}


def _extension(**fields: Any) -> Fault:
    return with_element("extension", [{"url": "urn:x", **fields}], "extension")


INNER = [{"url": "y", "valueString": "b"}]
NUMBERS = ("integer", "positiveInt", "unsignedInt")

FAULTS: dict[str, Fault] = {
    "unknown element": with_element("colour", "red"),
    "null": with_element("language", None),
    "text for an object": with_element("meta", "x"),
    "list for an object": with_element("meta", [{}]),
    "object for a text": with_element("language", {"a": 1}),
    "one for a list": _single_for_list,
    "text for a number or boolean": _typed(("boolean", "decimal", *NUMBERS), str),
    "fraction for an integer": _typed(NUMBERS, lambda _: 1.5),
    "required object missing": _missing(primitive=False),
    "required primitive missing": _missing(primitive=True),
    "required choice missing": _missing_choice,
    "two options of a choice": _two_choices,
    "unknown code": _code,
    "characters of an id": with_element("id", "bad_id"),
    "length of an id": with_element("id", "a" * 65),
    "French date": _date("14/07/1958"),
    "thirteenth month": _date("1958-13-01"),
    "31 February": _date("1958-02-31"),
    "time without zone": _date("1958-02-01T10:00:00", ("dateTime",)),
    "empty object": with_element("meta", {}),
    "empty list": with_element("modifierExtension", [], "modifierExtension"),
    "empty text": with_element("implicitRules", ""),
    "extension with value and extensions": _extension(valueString="a", extension=INNER),
    "extension with nothing": _extension(),
    "reference that is none": _reference("not a reference"),
    "reference to nothing inside": _reference("#nowhere"),
    "script in the narrative": with_element("text", _narrative("<script>x</script>"), "text"),
    "no-break space in a text": _extension(valueString="7,4\u00a0%"),
}
