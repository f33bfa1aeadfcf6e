"""The derivation of the table, on a package small enough to read."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import msgspec

from dossier.fhir.definitions.derive import derive
from dossier.fhir.definitions.table import parse


def element(path: str, cardinality: str, *types: str, **more: Any) -> dict[str, Any]:
    low, high = cardinality.split("..")
    return {
        "path": path,
        "min": int(low),
        "max": high,
        "base": {"path": path},
        "type": [{"code": code} for code in types],
        **more,
    }


def structure(name: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "name": name,
        "type": name,
        "kind": "resource",
        "abstract": False,
        "derivation": "specialization",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Thing",
        "snapshot": {"element": [element(name, "0..*"), *elements]},
        **more,
    }


SYSTEM = {
    "resourceType": "CodeSystem",
    "url": "urn:sizes",
    "content": "complete",
    "concept": [{"code": "small", "concept": [{"code": "tiny"}]}, {"code": "large"}],
}


def value_set(name: str, *include: dict[str, Any], **more: Any) -> dict[str, Any]:
    compose = {"include": list(include), **more}
    return {"resourceType": "ValueSet", "url": f"http://x/ValueSet/{name}", "compose": compose}


def bound(name: str) -> dict[str, Any]:
    return {"strength": "required", "valueSet": f"http://x/ValueSet/{name}|1"}


KETTLE = structure(
    "Kettle",
    element("Kettle.id", "0..1", "http://hl7.org/fhirpath/System.String", base={"path": "Resource.id"}),
    element("Kettle.size", "1..1", "code", binding=bound("sizes")),
    element("Kettle.tiny", "0..*", "code", binding=bound("tiny")),
    element("Kettle.any", "0..1", "code", binding=bound("unlisted")),
    element("Kettle.heat[x]", "0..1", "Quantity", "string"),
    element("Kettle.lid", "1..*", "BackboneElement"),
    element("Kettle.lid.maker", "0..1", "string"),
    element("Kettle.lid.lid", "0..*", contentReference="#Kettle.lid"),
)  # fmt: skip


def package(folder: Path) -> Path:
    resources = [
        KETTLE,
        structure("MyKettle", derivation="constraint"),
        structure("string", kind="primitive-type"),
        SYSTEM,
        value_set("sizes", {"system": "urn:sizes"}),
        value_set(
            "tiny",
            {
                "system": "urn:sizes",
                "filter": [{"property": "concept", "op": "is-a", "value": "small"}],
            },
        ),
        value_set("unlisted", {"system": "urn:elsewhere"}),
    ]
    path = folder / "core.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for number, resource in enumerate(resources):
            body = msgspec.json.encode(resource)
            member = tarfile.TarInfo(f"package/{number}.json")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def test_the_table_holds_elements_cardinalities_choices_parts_and_codes(tmp_path: Path) -> None:
    path = package(tmp_path)

    lines = derive(path).splitlines()

    assert lines[1].endswith(f"core.tgz sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    assert lines[2:] == [
        "primitive string",
        "codes sizes small tiny large",
        "codes tiny small tiny",
        (
            "resource Kettle Thing size!code=sizes tiny*code=tiny any?code "
            "heat?[Quantity|string] lid+Kettle.lid"
        ),
        "part Kettle.lid BackboneElement maker?string lid*&Kettle.lid",
    ]


def test_the_table_is_read_back_as_it_was_meant(tmp_path: Path) -> None:
    table = parse(derive(package(tmp_path)))

    size, _, _, heat, lid = table.structures["Kettle"].elements
    assert (size.required, size.repeats, size.codes) == (True, False, "sizes")
    assert (heat.choice, heat.types) == (True, ("Quantity", "string"))
    assert (lid.required, lid.repeats, lid.types) == (True, True, ("Kettle.lid",))
    assert table.structures["Kettle.lid"].elements[1].types == ("Kettle.lid",)
    assert table.resources == {"Kettle"}
