"""Invariants of R4 that a schema cannot say, by the keys of the specification.

Every function is total over resources whose structure may already be wrong, and names no value.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final, TypeGuard

import msgspec

from dossier.errors import Issue

Json = dict[str, Any]

_LEVELS: Final = 40
_LOCAL: Final = re.compile(rb'"#([^"\\ ]*)"')
_KEY: Final = b'"reference":'
_SAFE_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,40}")


def safe_name(name: str) -> str:
    """A key of the input for a path, only where it looks like a name and not like content."""
    return name if _SAFE_NAME.fullmatch(name) else "?"


def check(rtype: str, resource: Json, path: str) -> tuple[Issue, ...]:
    """The invariants of one resource, what it holds left out."""
    found: list[Issue] = []
    for name, value in resource.items():
        kind = value.__class__
        if kind is str:
            if value[8:10] > "28" and value[4] == "-" and not _real_day(value):
                found.append(Issue(f"{path}.{safe_name(name)}", "not_a_date"))
        elif kind is dict and "start" in value and not _ordered(value):
            found.append(Issue(f"{path}.{safe_name(name)}", "per-1"))
    text = resource.get("text")
    if text.__class__ is dict and not _harmless(text.get("div")):
        found.append(Issue(f"{path}.text.div", "narrative"))
    rules = _BY_TYPE.get(rtype)
    if rules is not None:
        found += [Issue(f"{path}{place}", rule) for place, rule in rules(resource)]
    return tuple(found)


def contained(resource: Json, path: str) -> Iterator[Issue]:
    """dom-2 to dom-5 and ref-1: what is contained holds nothing, has an id, is used, and resolves.

    References to `#id` are looked for in the encoded text, where a string that begins with `#` cannot be
    part of another one: most resources have none and pay one encoding.
    """
    text = msgspec.json.encode(resource)
    inner = [item for item in _list(resource.get("contained")) if item.__class__ is dict]
    if not inner and _KEY + b'"#' not in text:
        return
    named: set[bytes] = set()
    referred: set[bytes] = set()
    for match in _LOCAL.finditer(text):
        place = match.start()
        if text[place - 1] in b":[,":
            named.add(match[1])
            if text[place - len(_KEY) : place] == _KEY:
                referred.add(match[1])
    known = {str(item.get("id")).encode() for item in inner}
    for number, item in enumerate(inner):
        where = f"{path}.contained[{number}]"
        if "contained" in item:
            yield Issue(where, "dom-2")
        meta = item.get("meta")
        if isinstance(meta, dict) and ("versionId" in meta or "lastUpdated" in meta):
            yield Issue(where, "dom-4")
        if isinstance(meta, dict) and "security" in meta:
            yield Issue(where, "dom-5")
        if str(item.get("id")).encode() not in named and not _points_out(item):
            yield Issue(where, "dom-3")
    if referred - known - {b""}:
        yield from _unresolved(resource, path, {target.decode() for target in known})


def _points_out(item: Json) -> bool:
    """Whether something contained refers to the resource that contains it (`#` alone)."""
    return b'"reference":"#"' in msgspec.json.encode(item)


def _unresolved(node: Any, path: str, known: set[str], depth: int = 0) -> Iterator[Issue]:
    if node.__class__ is dict:
        for key, value in node.items():
            place = f"{path}.{safe_name(key)}"
            if value.__class__ is not str:
                if depth < _LEVELS:
                    yield from _unresolved(value, place, known, depth + 1)
            elif key == "reference" and value[:1] == "#" and value[1:] not in {*known, ""}:
                yield Issue(place, "reference")
    elif node.__class__ is list and depth < _LEVELS:
        for number, item in enumerate(node):
            yield from _unresolved(item, f"{path}[{number}]", known, depth + 1)


def _list(value: Any) -> list[Any]:
    return value if value.__class__ is list else []


def _real_day(text: str) -> bool:
    """Whether the day of a date or dateTime exists in its month; other texts are none of our business."""
    year, month, day = text[:4], text[5:7], text[8:10]
    if text[7] != "-" or not (year.isdecimal() and month.isdecimal()):
        return True
    if not day.isdecimal() or (len(text) > 10 and text[10] != "T"):
        return True
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _ordered(period: Json) -> bool:
    """per-1, compared to the precision both ends share and only in one offset."""
    start, end = period["start"], period.get("end")
    if start.__class__ is not str or end.__class__ is not str:
        return True
    if len(start) > 10 and len(end) > 10 and start[19:] != end[19:]:
        shared = 10
        return bool(start[:shared] <= end[:shared]) or _one_day_apart(start, end)
    shared = min(len(start), len(end))
    return bool(start[:shared] <= end[:shared])


def _one_day_apart(start: str, end: str) -> bool:
    try:
        return (date.fromisoformat(start[:10]) - date.fromisoformat(end[:10])).days <= 1
    except ValueError:
        return True


def _harmless(div: Any) -> bool:
    """txt-1: no script, no embedded object, no event attribute in a narrative."""
    if div.__class__ is not str:
        return True
    low = div.lower()
    if any(f"<{tag}" in low for tag in ("script", "iframe", "object", "embed", "form", "input")):
        return False
    return "javascript:" not in low and not any(f" {event}=" in low for event in _EVENTS)


_EVENTS: Final = ("onload", "onclick", "onerror", "onmouseover", "onfocus")


def _code(concept: Any) -> str:
    """The first code of a CodeableConcept."""
    if concept.__class__ is dict:
        for coding in _list(concept.get("coding")):
            if coding.__class__ is dict and coding.get("code").__class__ is str:
                return str(coding["code"])
    return ""


def _condition(resource: Json) -> Iterator[tuple[str, str]]:
    status = _code(resource.get("clinicalStatus"))
    over = status in ("", "inactive", "resolved", "remission")
    if not over and any(name.startswith("abatement") for name in resource):
        yield ".clinicalStatus", "con-4"
    if _code(resource.get("verificationStatus")) == "entered-in-error" and status:
        yield ".clinicalStatus", "con-5"


def _allergy(resource: Json) -> Iterator[tuple[str, str]]:
    verification = _code(resource.get("verificationStatus"))
    has_status = "clinicalStatus" in resource
    if verification == "entered-in-error":
        if has_status:
            yield ".clinicalStatus", "ait-2"
    elif not has_status:
        yield ".clinicalStatus", "ait-1"


def _observation(resource: Json) -> Iterator[tuple[str, str]]:
    if "dataAbsentReason" in resource and any(name.startswith("value") for name in resource):
        yield ".dataAbsentReason", "obs-6"
    for place, bounds in enumerate(_list(resource.get("referenceRange"))):
        if bounds.__class__ is dict and not bounds.keys() & {"low", "high", "text", "extension"}:
            yield f".referenceRange[{place}]", "obs-3"


def _patient(resource: Json) -> Iterator[tuple[str, str]]:
    for place, contact in enumerate(_list(resource.get("contact"))):
        if contact.__class__ is dict and not (
            contact.keys() & {"name", "telecom", "address", "organization"}
        ):
            yield f".contact[{place}]", "pat-1"


def _risk(resource: Json) -> Iterator[tuple[str, str]]:
    for place, prediction in enumerate(_list(resource.get("prediction"))):
        if prediction.__class__ is not dict:
            continue
        bounds = prediction.get("probabilityRange")
        ends = bounds.values() if bounds.__class__ is dict else ()
        values = [end.get("value") for end in ends if end.__class__ is dict]
        values.append(prediction.get("probabilityDecimal"))
        if any(isinstance(value, int | float) and value > 100 for value in values):
            yield f".prediction[{place}]", "ras-2"


def _parameters(resource: Json) -> Iterator[tuple[str, str]]:
    stack = [("", resource.get("parameter"), "parameter")]
    while stack:
        above, items, name = stack.pop()
        for place, parameter in enumerate(_list(items)):
            if parameter.__class__ is not dict:
                continue
            where = f"{above}.{name}[{place}]"
            forms = sum(key.startswith("value") for key in parameter)
            forms += ("resource" in parameter) + ("part" in parameter)
            if forms > 1:
                yield where, "inv-1"
            stack.append((where, parameter.get("part"), "part"))


_WRITES: Final = frozenset(("batch", "transaction", "history"))
_ANSWERS: Final = frozenset(("batch-response", "transaction-response", "history"))


def _bundle(resource: Json) -> Iterator[tuple[str, str]]:
    kind = resource.get("type")
    entries = [entry for entry in _list(resource.get("entry")) if entry.__class__ is dict]
    if "total" in resource and kind not in ("searchset", "history"):
        yield ".total", "bdl-1"
    yield from _entries(str(kind), entries)
    first = entries[0].get("resource") if entries else None
    opens = first.get("resourceType") if isinstance(first, dict) else None
    if kind == "document":
        identifier = resource.get("identifier")
        if not (isinstance(identifier, dict) and identifier.keys() >= {"system", "value"}):
            yield ".identifier", "bdl-9"
        if "timestamp" not in resource:
            yield ".timestamp", "bdl-10"
        if opens != "Composition":
            yield ".entry[0].resource", "bdl-11"
    elif kind == "message" and opens != "MessageHeader":
        yield ".entry[0].resource", "bdl-12"
    relations = [item.get("relation") for item in _list(resource.get("link")) if _is_dict(item)]
    if len(relations) != len(set(map(str, relations))):
        yield ".link", "repeated_link"


def _entries(kind: str, entries: list[Json]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for place, entry in enumerate(entries):
        where = f".entry[{place}]"
        inner = entry.get("resource")
        if "search" in entry and kind != "searchset":
            yield where, "bdl-2"
        if ("request" in entry) != (kind in _WRITES):
            yield where, "bdl-3"
        if ("response" in entry) != (kind in _ANSWERS):
            yield where, "bdl-4"
        if inner is None and not entry.keys() & {"request", "response"}:
            yield where, "bdl-5"
        url = entry.get("fullUrl")
        if url.__class__ is str:
            if ":" not in url:
                yield f"{where}.fullUrl", "full_url"
            if "/_history/" in url:
                yield f"{where}.fullUrl", "bdl-8"
            meta = inner.get("meta") if _is_dict(inner) else None
            key = (str(url), str(meta.get("versionId")) if _is_dict(meta) else "")
            if key in seen and kind != "history":
                yield f"{where}.fullUrl", "bdl-7"
            seen.add(key)


def _is_dict(value: Any) -> TypeGuard[Json]:
    return value.__class__ is dict


_BY_TYPE: Final[dict[str, Callable[[Json], Iterator[tuple[str, str]]]]] = {
    "AllergyIntolerance": _allergy,
    "Bundle": _bundle,
    "Condition": _condition,
    "Observation": _observation,
    "Parameters": _parameters,
    "Patient": _patient,
    "RiskAssessment": _risk,
}
