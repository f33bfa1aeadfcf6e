"""What lists, search and access need to know of a resource, without its body.

`extract` reads decoded R4 JSON and never raises: an element of the wrong shape counts as absent, because
a stored resource must be listed even when it is odd. No clock, no validation here (dossier.fhir.validate).
Source: FHIR R4 4.0.1, one line of `dossier.fhir.shapes` per type where the general rule does not hold.
"""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any, Final

from msgspec import Struct

from dossier.fhir.compartment import literal_patient
from dossier.fhir.shapes import ACTORS, AUTHORS, GENERAL, HUMAN, SHAPES, SUBJECTS, UNREAD, Shape
from dossier.identity.systems import INS_SYSTEMS

TEXT_CHARS: Final = 4096
"""The most search text kept of one resource, in characters."""
_NARRATIVE_CHARS: Final = 16_384
_DEPTH: Final = 40

Json = dict[str, Any]


class IndexRow(Struct, frozen=True, kw_only=True, gc=False):
    """The extracted columns of one resource.

    `at` is the clinical date of the act as written, with its own precision, "" if there is none; two of
    them compare as text to the precision they share. `subject` is the patient's literal reference.
    `code` is `system|code` of the main code. The last seven fields are filled for a Patient only:
    `family` is the name shown (usual, else official), `ins` the matricule with its key.
    """

    rtype: str
    id: str
    at: str = ""
    subject: str = ""
    authors: tuple[str, ...] = ()
    title: str = ""
    code: str = ""
    status: str = ""
    text: str = ""
    family: str = ""
    given: str = ""
    birth_name: str = ""
    birth_date: str = ""
    sex: str = ""
    ins: str = ""
    deceased: bool = False


_TAG: Final = re.compile(r"<[^>]*>")
_SPACE: Final = re.compile(r"\s+")


def extract(resource: Json) -> IndexRow:
    """The columns of one decoded resource; pure, and total over any JSON object."""
    rtype, rid = _string(resource.get("resourceType")), _string(resource.get("id"))
    shape = SHAPES.get(rtype, GENERAL)
    if rtype == "Patient":
        return _patient(resource, rid)
    title, code = _titled(resource, shape)
    return IndexRow(
        rtype=rtype,
        id=rid,
        at=_dated(resource, shape),
        subject=_subject(resource),
        authors=_authors(resource),
        title=title,
        code=code or _main_code(resource, shape),
        status=_status(resource),
        text=search_text(resource, title),
    )


def extract_words(resource: Json) -> IndexRow:
    """What a copy is listed and searched by: of anything but a Patient `rtype`, `id`, `at`, `title` and `text`
    as `extract` gives them, the other columns blank.
    """
    rtype, rid = _string(resource.get("resourceType")), _string(resource.get("id"))
    if rtype == "Patient":
        return _patient(resource, rid)
    shape = SHAPES.get(rtype, GENERAL)
    title, _ = _titled(resource, shape)
    text = search_text(resource, title)
    return IndexRow(rtype=rtype, id=rid, at=_dated(resource, shape), title=title, text=text)


def _dated(resource: Json, shape: Shape) -> str:
    for key in shape.at:
        value = resource.get(key)
        if value is not None and (at := _instant(value)):
            return at
    return ""


def _titled(resource: Json, shape: Shape) -> tuple[str, str]:
    """The title, and `system|code` of what it was read from."""
    for key in shape.title:
        value = resource.get(key)
        if value is not None and (title := _wording(value)):
            return title, _coded(value)
    if "medicationReference" in resource:
        return _contained_drug(resource)
    return "", ""


def references(resource: Json) -> tuple[str, ...]:
    """Every literal reference of a resource and of what it contains, once each, in document order.

    References to contained resources (`#id`) are not among them.
    """
    found: list[str] = []
    _gather_references(resource, found, 0)
    return tuple(dict.fromkeys(found))


def _gather_references(node: Json, found: list[str], depth: int) -> None:
    for key, value in node.items():
        kind = value.__class__
        if kind is dict:
            if depth < _DEPTH:
                _gather_references(value, found, depth + 1)
        elif kind is list:
            if depth < _DEPTH:
                for item in value:
                    if item.__class__ is dict:
                        _gather_references(item, found, depth + 1)
        elif key == "reference" and kind is str and value[:1] != "#":
            found.append(value)


def search_text(resource: Json, title: str = "") -> str:
    """The words a person could search, without repetition, title first, at most TEXT_CHARS."""
    found: list[str] = [title] if title else []
    _gather(resource, found, 0)
    return "\n".join(dict.fromkeys(found))[:TEXT_CHARS]


def _gather(node: Json, found: list[str], depth: int) -> None:
    for key, value in node.items():
        kind = value.__class__
        if kind is str:
            if key in HUMAN and value:
                found.append(_plain(value) if key == "div" else value)
        elif kind is dict:
            if key not in UNREAD and depth < _DEPTH:
                _gather(value, found, depth + 1)
        elif kind is list and key not in UNREAD and depth < _DEPTH:
            for item in value:
                if item.__class__ is dict:
                    _gather(item, found, depth + 1)
                elif item.__class__ is str and key in HUMAN:
                    found.append(item)


def _plain(narrative: str) -> str:
    """XHTML without its tags: words only, never markup again."""
    bare = _TAG.sub(" ", narrative[:_NARRATIVE_CHARS])
    return _SPACE.sub(" ", unescape(bare)).strip()


def _string(value: Any) -> str:
    return value if value.__class__ is str else ""


def _items(value: Any) -> Iterable[Any]:
    """The elements of a repeating element, or the one of a single one."""
    return value if value.__class__ is list else (value,)


_INNER_DATES: Final = ("start", "period", "event", "collectedDateTime", "collectedPeriod")
_LATER_DATES: Final = ("end", "attachment", "creation")


def _instant(value: Any, depth: int = 0) -> str:
    """The date of a dateTime, Period, Timing, or of a backbone element that holds one."""
    if value.__class__ is str:
        return value if value[:4].isdigit() else ""
    if depth > 3:
        return ""
    if value.__class__ is dict:
        for key in _INNER_DATES + _LATER_DATES:
            inner = value.get(key)
            if inner is not None and (found := _instant(inner, depth + 1)):
                return found
    elif value.__class__ is list:
        for item in value[:1]:
            return _instant(item, depth + 1)
    return ""


_INNER_WORDS: Final = ("text", "display", "contentString", "title", "description")
_INNER_CONCEPTS: Final = ("coding", "code", "attachment", "substance", "manifestation", "type")


def _wording(value: Any, depth: int = 0) -> str:
    """The text of a string, CodeableConcept, Coding, Reference, HumanName or of a list of them."""
    if value.__class__ is str:
        return str(value)
    if depth > 3:
        return ""
    found = ""
    if value.__class__ is dict:
        found = _own_words(value)
        for key in () if found else _INNER_CONCEPTS:
            inner = value.get(key)
            if inner is not None and (found := _wording(inner, depth + 1)):
                break
    elif value.__class__ is list:
        for item in value:
            if item is not None and (found := _wording(item, depth + 1)):
                break
    return found


def _own_words(value: Json) -> str:
    for key in _INNER_WORDS:
        word = value.get(key)
        if word.__class__ is str and word:
            return str(word)
    if "family" in value:
        return " ".join(part for part in (_string(value["family"]), _given(value)) if part)
    return ""


def _coded(value: Any) -> str:
    """`system|code` of the first coding of a concept, or of the first concept of a list."""
    for concept in _items(value):
        if concept.__class__ is not dict:
            continue
        codings = concept.get("coding")
        if codings.__class__ is not list:
            codings = (concept,)
        for coding in codings:
            if coding.__class__ is dict and (code := _string(coding.get("code"))):
                return f"{_string(coding.get('system'))}|{code}"
    return ""


def _main_code(resource: Json, shape: Shape) -> str:
    for key in shape.title:
        value = resource.get(key)
        if value is not None and (found := _coded(value)):
            return found
    return ""


def _contained_drug(resource: Json) -> tuple[str, str]:
    """Title and code of the Medication inside the resource that `medicationReference` points to."""
    target = resource["medicationReference"]
    wanted = _string(target.get("reference"))[1:] if target.__class__ is dict else ""
    for inner in _items(resource.get("contained")):
        if wanted and inner.__class__ is dict and inner.get("id") == wanted:
            concept = inner.get("code")
            return _wording(concept), _coded(concept)
    return "", ""


def _subject(resource: Json) -> str:
    for key in SUBJECTS:
        value = resource.get(key)
        if value is not None:
            for item in _items(value):
                if found := literal_patient(item):
                    return found
    participants = resource.get("participant")
    if participants.__class__ is list:
        for participant in participants:
            if participant.__class__ is dict and (
                found := literal_patient(participant.get("actor"))
            ):
                return found
    return ""


def _authors(resource: Json) -> tuple[str, ...]:
    found: list[str] = []
    for key in AUTHORS:
        value = resource.get(key)
        if value is None:
            continue
        for item in _items(value):
            if item.__class__ is not dict:
                continue
            reference = item.get("reference")
            if reference is None:
                for actor in ACTORS:
                    inner = item.get(actor)
                    if inner.__class__ is dict:
                        reference = inner.get("reference")
                        break
            if reference.__class__ is str and reference[:1] != "#":
                found.append(reference)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _status(resource: Json) -> str:
    """`status`; for problems and allergies what overrides (refuted, entered in error), else clinical."""
    status = resource.get("status")
    if status.__class__ is str:
        return str(status)
    verified = _coded(resource.get("verificationStatus")).rpartition("|")[2]
    if verified in ("entered-in-error", "refuted"):
        return verified
    return _coded(resource.get("clinicalStatus")).rpartition("|")[2] or verified


def _patient(resource: Json, rid: str) -> IndexRow:
    """FR Core keeps the birth name in the official name; others in a maiden name."""
    names: dict[str, Json] = {}
    for name in _items(resource.get("name")):
        if name.__class__ is dict:
            names.setdefault(_string(name.get("use")) or "usual", name)
    empty: Json = {}
    official = names.get("official", empty)
    shown = names.get("usual") or official or next(iter(names.values()), empty)
    maiden = names.get("maiden") or official or shown
    family = _string(shown.get("family")) or _string(official.get("family"))
    given = _given(shown) or _given(official)
    title = " ".join(part for part in (family, given) if part) or _string(shown.get("text"))
    dead = resource.get("deceasedBoolean") is True or bool(
        _string(resource.get("deceasedDateTime"))
    )
    return IndexRow(
        rtype="Patient",
        id=rid,
        subject=f"Patient/{rid}" if rid else "",
        authors=(),
        title=title,
        status="inactive" if resource.get("active") is False else "active",
        text=search_text(resource, title),
        family=family,
        given=given,
        birth_name=_string(maiden.get("family")) or family,
        birth_date=_string(resource.get("birthDate")),
        sex=_string(resource.get("gender")),
        ins=_ins(resource),
        deceased=dead,
    )


def _given(name: Json) -> str:
    given = name.get("given")
    if given.__class__ is not list:
        return ""
    return " ".join(part for part in given if part.__class__ is str)


def _ins(resource: Json) -> str:
    for identifier in _items(resource.get("identifier")):
        if (
            identifier.__class__ is dict
            and _string(identifier.get("system")) in INS_SYSTEMS
            and identifier.get("use") != "old"
        ):
            return _string(identifier.get("value"))
    return ""
