"""The status of an identity and what it allows (IDT-02, IDT-03, IDT-05, IDT-08)."""

from typing import Any

import pytest

from dossier.errors import Invalid
from dossier.identity import systems
from dossier.identity.reliability import (
    RELIABILITY_URLS,
    Reliability,
    Status,
    fr_core_issues,
    of_patient,
)


def test_idt_02_only_a_qualified_identity_sends_its_matricule() -> None:
    new = Reliability()
    steps = [new, new.retrieve(), new.validate(), new.retrieve().validate()]

    assert [step.status for step in steps] == [
        Status.PROVISIONAL,
        Status.RETRIEVED,
        Status.VALIDATED,
        Status.QUALIFIED,
    ]
    assert [step.may_send_ins for step in steps] == [False, False, False, True]


@pytest.mark.parametrize("attribute", ["DOUT", "FICT"])
def test_a_doubtful_or_fictive_identity_is_provisional_and_calls_nobody(attribute: str) -> None:
    marked = Reliability().retrieve().validate().mark(attribute)

    assert marked.status is Status.PROVISIONAL
    assert not marked.may_ask_ins
    assert not marked.may_send_ins
    with pytest.raises(Invalid, match="ins_forbidden"):
        marked.retrieve()
    with pytest.raises(Invalid, match="doubtful_or_fictive"):
        marked.validate()
    assert marked.unmark(attribute).status is Status.PROVISIONAL
    assert marked.unmark(attribute).retrieve().validate().status is Status.QUALIFIED


@pytest.mark.parametrize("attribute", ["HOMA", "HOMD", "DPOT", "DOUA"])
def test_idt_05_homonyms_and_doubles_warn_and_change_no_status(attribute: str) -> None:
    marked = Reliability().retrieve().validate().mark(attribute)

    assert marked.status is Status.QUALIFIED
    assert marked.may_ask_ins
    assert marked.warnings == {attribute}


@pytest.mark.parametrize("attribute", ["VALI", "PROV", "NOPE"])
def test_a_status_or_an_unknown_code_is_no_attribute(attribute: str) -> None:
    with pytest.raises(Invalid, match="unknown_attribute"):
        Reliability().mark(attribute)


def a_patient(
    *codes: str, ins: tuple[tuple[str, str], ...] = (), place: str = ""
) -> dict[str, Any]:
    reliability = {
        "url": next(iter(RELIABILITY_URLS)),
        "extension": [{"url": "identityStatus", "valueCoding": {"code": code}} for code in codes],
    }
    inner = {"url": "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code"}
    born = {
        "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
        "valueAddress": {"extension": [{**inner, "valueCoding": {"code": place}}]},
    }
    return {
        "resourceType": "Patient",
        "extension": [reliability, born] if place else [reliability],
        "identifier": [{"system": system, "use": use, "value": "1"} for system, use in ins],
    }


OFFICIAL, WAITING = (systems.INS_TEST, "official"), (systems.INS_NIA, "temp")


@pytest.mark.parametrize(
    ("patient", "rules"),
    [
        (a_patient("PROV"), []),
        (a_patient("VALI", ins=(OFFICIAL,)), []),
        (a_patient("VALI", ins=(WAITING,)), []),
        (a_patient("VALI"), ["fr-core-1", "fr-core-2"]),
        (a_patient("VALI", ins=((systems.INS_NIR, "old"),)), ["fr-core-1", "fr-core-2"]),
        (a_patient("VALI", ins=(OFFICIAL, (systems.INS_NIR, "official"))), ["fr-core-2"]),
        (a_patient("VALI", ins=((systems.INS_NIA, "usual"),)), ["fr-core-2"]),
        (a_patient("VALI", ins=(OFFICIAL,), place="99999"), ["place_unknown"]),
        ({"extension": [3, {"url": 4}], "identifier": "odd"}, []),
    ],
)
def test_idt_03_idt_08_fr_core_invariants(patient: dict[str, Any], rules: list[str]) -> None:
    assert [issue.rule for issue in fr_core_issues(patient)] == rules


def test_a_patient_resource_gives_its_reliability() -> None:
    found = of_patient(a_patient("VALI", "HOMA", ins=(OFFICIAL,)))

    assert found.status is Status.QUALIFIED
    assert found.warnings == {"HOMA"}
    assert of_patient({}).status is Status.PROVISIONAL
