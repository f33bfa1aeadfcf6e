"""The allergy state of the banner: never less severe than any unresolved version (HZ-04, HZ-05, HZ-07, HZ-17)."""

from itertools import product

import pytest

from dossier.fhir import allergies
from dossier.fhir.allergies import Certainty, Criticality, Severity
from practitioner_app.ports import Completeness, ConflictCase, ItemState
from practitioner_app.services.allergy_panel import panel
from practitioner_app.services.decoding import Decoded, decode
from practitioner_app.services.rows import AllergyState, Struck
from tests.builders import OWNER, SIGNATURE, a_row, an_allergy, encoded, no_known_allergy
from tests.fakes.record_store import COPIED

WHOLE = Completeness(True, 10, 10, COPIED, True)
PART = Completeness(False, 3, 25, COPIED, True)
HIDDEN = Completeness(False, 0, 0, COPIED, False)


def shown(rows, cases=(), completeness=WHOLE):
    decoded = [Decoded(row, decode(row.rtype, row.body)) for row in rows]
    return panel(decoded, cases, completeness, lambda value: value.recorder_name, lambda row: False)


def a_case(rid, mine, theirs):
    return ConflictCase(
        "op", OWNER, "AllergyIntolerance", rid, "", b"", encoded(mine), encoded(theirs), ()
    )


ERROR = allergies.entered_in_error(an_allergy("x"), reason="r", signature=SIGNATURE)
VERSIONS = {
    "none": no_known_allergy("x"),
    "error": ERROR,
    "mild": an_allergy("x", severity=Severity.MILD),
    "severe": an_allergy("x", severity=Severity.SEVERE, criticality=Criticality.HIGH),
    "refuted": an_allergy("x", certainty=Certainty.REFUTED),
}
KNOWN = {"mild", "severe"}


def test_a_known_agent_is_known_with_the_date_of_the_copy():
    found = shown([a_row(an_allergy())])
    assert (found.state, found.copy_at) == (AllergyState.KNOWN, COPIED)
    assert [row.agent for row in found.rows] == ["pénicilline"]


def test_none_known_needs_an_explicit_assertion():
    assert shown([]).state is AllergyState.NOT_RECORDED
    found = shown([a_row(no_known_allergy())])
    assert found.state is AllergyState.NONE
    assert found.verified_by == "Dr Claire FONTAINE"


@pytest.mark.parametrize("rows", [[], [a_row(no_known_allergy())]])
def test_hz17_a_copy_that_is_not_complete_never_says_none(rows):
    found = shown(rows, completeness=PART)
    assert (found.state, found.received_percent) == (AllergyState.UNAVAILABLE, 12)
    assert shown(rows, completeness=HIDDEN).state is AllergyState.UNAVAILABLE


def test_hz17_a_known_agent_is_shown_before_the_copy_is_complete():
    found = shown([a_row(an_allergy())], completeness=PART)
    assert (found.state, found.partial) == (AllergyState.KNOWN, True)


def test_a_body_that_cannot_be_read_forbids_none():
    broken = a_row(an_allergy("b"), body=b'{"code": 1}')
    assert shown([a_row(no_known_allergy()), broken]).state is AllergyState.UNAVAILABLE


@pytest.mark.parametrize(("mine", "theirs"), list(product(VERSIONS, VERSIONS)))
@pytest.mark.parametrize("current", ["mine", "theirs"])
def test_hz05_the_state_is_never_less_severe_than_an_unresolved_version(mine, theirs, current):
    bodies = {"mine": VERSIONS[mine], "theirs": VERSIONS[theirs]}
    row = a_row(bodies[current], state=ItemState.CONFLICT)
    found = shown([row], [a_case("x", bodies["mine"], bodies["theirs"])])
    assert found.undecided
    if {mine, theirs} & KNOWN:
        assert found.state is AllergyState.KNOWN
    if "severe" in (mine, theirs):
        assert found.rows[0].severity is Severity.SEVERE
    if found.state is AllergyState.NONE:
        assert not {mine, theirs} & KNOWN


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_hz05_none_recorded_after_an_agent_is_to_be_settled_and_the_agent_shows(order):
    rows = [
        a_row(an_allergy()),
        a_row(no_known_allergy(at="2026-11-23T09:00:00.000Z")),
    ]
    found = shown([rows[index] for index in order])
    assert (found.state, found.undecided) == (AllergyState.KNOWN, True)


def test_an_agent_recorded_after_none_is_no_disagreement():
    found = shown([a_row(no_known_allergy(at="2020-01-01T00:00:00.000Z")), a_row(an_allergy())])
    assert (found.state, found.undecided) == (AllergyState.KNOWN, False)


def test_hz07_what_the_patient_declares_is_shown_apart_and_forbids_none():
    declared = an_allergy("d", "arachide") | {"asserter": {"reference": "Patient/p1"}}
    found = shown([a_row(no_known_allergy()), a_row(declared)])
    assert found.state is AllergyState.NOT_RECORDED
    assert [row.agent for row in found.declared_by_patient] == ["arachide"]


def test_what_was_an_error_is_listed_struck_and_does_not_count():
    found = shown([a_row(ERROR)])
    assert found.state is AllergyState.NOT_RECORDED
    assert [row.struck for row in found.struck] == [Struck.ERROR]


def test_the_most_dangerous_comes_first():
    found = shown([a_row(VERSIONS["mild"] | {"id": "1"}), a_row(VERSIONS["severe"] | {"id": "2"})])
    assert [row.id for row in found.rows] == ["2", "1"]
