"""Derive `r4.txt`, our compact table of R4 structures, from the official core package (CC0).

    python -m dossier.fhir.definitions.derive hl7.fhir.r4.core-4.0.1.tgz > dossier/fhir/definitions/r4.txt

The output names the SHA-256 of its input and is the same bytes for the same input. One line each:

    codes <name> <code> ...                 a required value set, where it can be listed
    primitive <name> ...                    the primitive types
    resource|datatype|part <name> <base> <element> ...

An element is `name`, its cardinality (`?` 0..1, `!` 1..1, `*` 0..*, `+` 1..*), its types joined by `|`
(`[a|b]` for a choice, `&Path` for the content of another part) and `=name` of its required codes.
"""

import hashlib
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

_INHERITED: Final = ("Resource.", "DomainResource.", "Element.", "BackboneElement.")
_ROOTS: Final = ("Resource", "DomainResource", "Element", "BackboneElement")
_CARDINALITY: Final = {("0", "1"): "?", ("1", "1"): "!", ("0", "*"): "*", ("1", "*"): "+"}
_PRIMITIVES_OF: Final = {"Element.id": "string", "Resource.id": "id", "Extension.url": "uri"}

Json = dict[str, Any]


class Package:
    """The conformance resources of one FHIR package, by type and url."""

    def __init__(self, path: Path) -> None:
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.structures: dict[str, Json] = {}
        self.value_sets: dict[str, Json] = {}
        self.code_systems: dict[str, Json] = {}
        kept = {
            "StructureDefinition": self.structures,
            "ValueSet": self.value_sets,
            "CodeSystem": self.code_systems,
        }
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None or not member.name.endswith(".json"):
                    continue
                resource = msgspec.json.decode(file.read())
                place = kept.get(resource.get("resourceType"))
                if place is not None:
                    place[resource["url"]] = resource

    def codes(self, canonical: str) -> list[str] | None:
        """The codes of a value set in order, None when they cannot be listed from the package."""
        value_set = self.value_sets.get(canonical.partition("|")[0])
        compose = (value_set or {}).get("compose")
        if compose is None or compose.get("exclude"):
            return None
        found: dict[str, None] = {}
        for include in compose["include"]:
            part = self._included(include)
            if part is None:
                return None
            found.update(dict.fromkeys(part))
        return list(found)

    def _included(self, include: Json) -> list[str] | None:
        if include.get("valueSet") and "system" not in include:
            parts = [self.codes(canonical) for canonical in include["valueSet"]]
            return None if None in parts else [code for part in parts for code in part or ()]
        if "concept" in include:
            return [concept["code"] for concept in include["concept"]]
        system = self.code_systems.get(include.get("system", ""))
        if system is None or system.get("content") != "complete" or include.get("valueSet"):
            return None
        filters = include.get("filter", [])
        if not filters:
            return [code for code, _ in _walk(system["concept"], ())]
        if len(filters) != 1 or filters[0]["op"] not in ("is-a", "descendent-of"):
            return None
        root, strict = filters[0]["value"], filters[0]["op"] == "descendent-of"
        return [
            code
            for code, above in _walk(system["concept"], ())
            if root in above or (code == root and not strict)
        ]


def _walk(concepts: list[Json], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for concept in concepts:
        yield concept["code"], above
        yield from _walk(concept.get("concept", []), (*above, concept["code"]))


def derive(path: Path) -> str:
    """The whole table as text."""
    package = Package(path)
    sets: dict[str, list[str]] = {}
    lines = []
    primitives = []
    for structure in sorted(package.structures.values(), key=lambda s: str(s["name"])):
        if structure.get("derivation") == "constraint":
            continue
        if structure["kind"] == "primitive-type":
            primitives.append(structure["name"])
        elif structure["kind"] in ("resource", "complex-type"):
            lines += _lines(package, structure, sets)
    listed = [f"codes {name} {' '.join(codes)}" for name, codes in sorted(sets.items())]
    head = [
        "# FHIR R4 4.0.1 structures and required codes, derived by derive.py from a CC0 package",
        f"# source {path.name} sha256 {package.sha256}",
        f"primitive {' '.join(primitives)}",
    ]
    return "\n".join(head + listed + lines) + "\n"


def _lines(package: Package, structure: Json, sets: dict[str, list[str]]) -> list[str]:
    name = structure["name"]
    kind = "resource" if structure["kind"] == "resource" else "datatype"
    base = structure.get("baseDefinition", "").rpartition("/")[2] or "-"
    parts: dict[str, list[str]] = {name: []}
    heads = {name: f"{kind} {name} {base}"}
    for element in structure["snapshot"]["element"][1:]:
        path = element["path"]
        owner, _, leaf = path.rpartition(".")
        types = element.get("type", [])
        if types and types[0]["code"] in ("BackboneElement", "Element"):
            parts.setdefault(path, [])
            heads.setdefault(path, f"part {path} {types[0]['code']}")
        if element["base"]["path"].startswith(_INHERITED) and name not in _ROOTS:
            continue
        parts[owner].append(_element(package, element, leaf, sets))
    return [" ".join([heads[part], *elements]) for part, elements in parts.items()]


def _element(package: Package, element: Json, leaf: str, sets: dict[str, list[str]]) -> str:
    cardinality = _CARDINALITY[(str(element["min"]), element["max"])]
    if "contentReference" in element:
        return f"{leaf}{cardinality}&{element['contentReference'].lstrip('#')}"
    codes = [_type(element, kind["code"]) for kind in element["type"]]
    if leaf.endswith("[x]"):
        return f"{leaf[:-3]}{cardinality}[{'|'.join(codes)}]"
    text = f"{leaf}{cardinality}{codes[0]}"
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and codes == ["code"] and "valueSet" in binding:
        listed = package.codes(binding["valueSet"])
        if listed:
            name = binding["valueSet"].partition("|")[0].rpartition("/")[2]
            sets[name] = listed
            text += f"={name}"
    return text


def _type(element: Json, code: str) -> str:
    if code in ("BackboneElement", "Element"):
        return str(element["path"])
    if code.startswith("http://hl7.org/fhirpath/"):
        return _PRIMITIVES_OF.get(element["base"]["path"], "string")
    return code


if __name__ == "__main__":
    sys.stdout.write(derive(Path(sys.argv[1])))
