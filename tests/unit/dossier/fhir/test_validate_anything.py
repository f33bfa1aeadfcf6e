"""Whatever JSON arrives, validation answers with issues and never fails itself."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.fhir.validate import Validator

VALIDATOR = Validator()
_KEYS = st.sampled_from(
    (
        "resourceType", "id", "contained", "entry", "resource", "response", "outcome", "parameter",
        "part", "text", "div", "status", "code", "coding", "subject", "reference", "period",
        "start", "end", "prediction", "probabilityRange", "referenceRange", "contact", "link",
        "fullUrl", "identifier", "clinicalStatus", "extension", "url", "type", "meta", "_id", "é?",
    )
)  # fmt: skip
_WORDS = st.sampled_from(
    ("Patient", "Bundle", "Parameters", "Condition", "2020-02-31", "#x", "", "document")
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=25,
)


_TYPES = st.sampled_from(
    ("Bundle", "Parameters", "Observation", "Patient", "RiskAssessment", "Condition")
)


@given(rtype=_TYPES, body=st.dictionaries(_KEYS, _JSON, max_size=7))
@settings(max_examples=50, deadline=None)
def test_validation_answers_on_any_object(rtype: str, body: dict[str, Any]) -> None:
    issues = VALIDATOR.issues(rtype, {**body, "resourceType": rtype})

    assert len(issues) <= 20
    assert all(issue.path.startswith(rtype) and "é" not in issue.path for issue in issues)
