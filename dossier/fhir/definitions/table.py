"""The table of R4 structures as values: what `r4.txt` says, parsed once."""

import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

_ELEMENT: Final = re.compile(r"(\w+)([?!*+])(\[)?(&)?([\w.|]+)\]?(?:=([\w-]+))?")


class Element(NamedTuple):
    """One element. `types` are primitives, datatypes or the dotted path of a part; more than one is a
    choice, written with its type in the name. `codes` names a list of required codes.
    """

    name: str
    required: bool
    repeats: bool
    choice: bool
    types: tuple[str, ...]
    codes: str


class Structure(NamedTuple):
    """A resource, a datatype or a part (`Patient.contact`) with its inherited elements."""

    name: str
    kind: str
    elements: tuple[Element, ...]


class Table(NamedTuple):
    """Everything the validator knows; `source` is the line that names the input."""

    source: str
    structures: dict[str, Structure]
    primitives: frozenset[str]
    codes: dict[str, tuple[str, ...]]

    @property
    def resources(self) -> frozenset[str]:
        """The concrete resource types."""
        abstract = {"Resource", "DomainResource"}
        return frozenset(
            name
            for name, structure in self.structures.items()
            if structure.kind == "resource" and name not in abstract
        )


def parse(text: str) -> Table:
    """Parse the table; raises ValueError on a line that is not ours."""
    source = ""
    primitives: frozenset[str] = frozenset()
    codes: dict[str, tuple[str, ...]] = {}
    bases: dict[str, str] = {}
    own: dict[str, Structure] = {}
    for line in text.splitlines():
        kind, *rest = line.split(" ")
        if kind == "#":
            source = line[2:] if rest[:1] == ["source"] else source
        elif kind == "primitive":
            primitives = frozenset(rest)
        elif kind == "codes":
            codes[rest[0]] = tuple(rest[1:])
        elif kind in ("resource", "datatype", "part"):
            name, base, *elements = rest
            bases[name] = base
            own[name] = Structure(name, kind, tuple(_element(text) for text in elements))
        else:
            raise ValueError(f"unknown line: {kind}")
    whole = {
        name: Structure(name, structure.kind, _inherited(name, bases, own))
        for name, structure in own.items()
    }
    return Table(source, whole, primitives, codes)


def _element(text: str) -> Element:
    match = _ELEMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"unknown element: {text}")
    name, cardinality, choice, _, types, codes = match.groups()
    return Element(
        name=name,
        required=cardinality in "!+",
        repeats=cardinality in "*+",
        choice=choice is not None,
        types=tuple(types.split("|")),
        codes=codes or "",
    )


def _inherited(name: str, bases: dict[str, str], own: dict[str, Structure]) -> tuple[Element, ...]:
    base = bases[name]
    above = _inherited(base, bases, own) if base in own else ()
    known = {element.name for element in own[name].elements}
    return (*(e for e in above if e.name not in known), *own[name].elements)


@cache
def r4() -> Table:
    """The table of R4 4.0.1 that is shipped."""
    place = files("dossier.fhir.definitions") / "r4.txt"
    return parse(place.read_text(encoding="utf-8"))
