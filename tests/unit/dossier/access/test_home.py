import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.access.facets import parse_facet
from dossier.access.home import (
    ACTING_PATIENT,
    ACTING_REPRESENTATIVE,
    LABELS,
    MASKED,
    NOT_PATIENT,
    NOT_REPRESENTATIVES,
    Author,
    Home,
    document_type,
    home,
    may_be_masked,
)
from dossier.access.matrix import MatrixPack
from dossier.errors import Invalid

PACK = MatrixPack.load()
DOCTOR = Author(account=1, unit=100, profession="10")
NURSE = Author(account=3, unit=100, profession="60")
SECRETARY = Author(account=5, unit=100, profession="331")
LABORATORY = Author(account=0, unit=200)
PATIENT = Author(account=11, unit=0)
HERS = {"reference": "Patient/p1"}


def document(code="11502-2"):
    return {
        "resourceType": "DocumentReference",
        "type": {"coding": [{"code": code}]},
        "subject": HERS,
    }


ALLERGY = {"resourceType": "AllergyIntolerance", "patient": HERS}


def facet(resource, author=DOCTOR, acting="situation", labels=()):
    return home(resource, author, acting, frozenset(labels), PACK).facet


def rule(*args, **more):
    with pytest.raises(Invalid) as refusal:
        facet(*args, **more)
    return refusal.value.issues[0].rule


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "p1"}, Home("patient", ("Patient/p1",), "identity")),
        (ALLERGY, Home("patient", ("Patient/p1",), "rec:care")),
        (document(), Home("patient", ("Patient/p1",), "rec:care")),
        (document("68817-6"), Home("patient", ("Patient/p1",), "rec:birth")),
        (document("local"), Home("patient", ("Patient/p1",), "rec:other")),
        (
            {"resourceType": "Consent", "patient": HERS},
            Home("patient", ("Patient/p1",), "access"),
        ),
        ({"resourceType": "Task", "for": HERS}, Home("patient", ("Patient/p1",), "desk")),
        (
            {"resourceType": "Device", "patient": HERS},
            Home("patient", ("Patient/p1",), "rec:care"),
        ),
        (
            {"resourceType": "Contract", "subject": [{"reference": "Group/1"}, HERS]},
            Home("patient", ("Patient/p1",), "rec:care"),
        ),
        (
            {"resourceType": "Appointment", "participant": [{"actor": HERS}]},
            Home("agenda", ("Patient/p1",), "diary"),
        ),
        ({"resourceType": "Schedule"}, Home("agenda", (), "diary")),
        (
            {"resourceType": "Communication", "subject": HERS},
            Home("conversation", ("Patient/p1",), "thread"),
        ),
        ({"resourceType": "Practitioner"}, Home("directory", (), "public")),
        ({"resourceType": "Consent"}, Home("directory", (), "import")),
        ({"resourceType": "ValueSet"}, Home("directory", (), "import")),
        (
            {"resourceType": "Observation", "subject": {"reference": "Group/1"}},
            Home("directory", (), "import"),
        ),
        ({}, Home("directory", (), "import")),
    ],
)
def test_each_kind_of_resource_has_its_home(resource, expected):
    assert home(resource, DOCTOR, "situation", frozenset(), PACK) == expected


def test_several_patients_the_subject_owns_and_the_others_are_references():
    report = {
        "resourceType": "Observation",
        "performer": [{"reference": "Patient/mother"}],
        "subject": HERS,
    }
    assert home(report, DOCTOR, "s", frozenset(), PACK).patients == ("Patient/p1", "Patient/mother")


@pytest.mark.parametrize(
    ("labels", "suffix"),
    [
        ((), ""),
        ((MASKED,), ":m-1"),
        ((NOT_PATIENT,), ":np"),
        ((NOT_REPRESENTATIVES,), ":nr"),
        ((NOT_PATIENT, NOT_REPRESENTATIVES), ":np"),
        ((MASKED, NOT_REPRESENTATIVES), ":m-1:nr"),
    ],
)
def test_vis_01_labels_become_suffixes(labels, suffix):
    assert facet(document(), labels=labels) == "rec:care" + suffix


def test_vis_02_masked_and_not_visible_to_the_patient_is_refused():
    assert rule(document(), labels=(MASKED, NOT_PATIENT)) == "masked_and_not_visible"


def test_an_unknown_label_is_refused():
    assert rule(document(), labels=("SECRET",)) == "label_unknown"


def test_hz_24_a_secret_connection_hides_from_representatives_or_refuses():
    secret = DOCTOR._replace(secret=True)
    assert facet(document(), author=secret) == "rec:care:nr"
    assert facet(document(), author=secret, labels=(MASKED,)) == "rec:care:m-1:nr"
    assert facet(ALLERGY, author=secret) == "rec:care:nr"
    assert facet({"resourceType": "Consent", "patient": HERS}, author=secret) == "access:nr"
    task = {"resourceType": "Task", "for": HERS}
    assert rule(task, author=secret) == "label_not_for_this_type"


def test_the_author_reads_what_the_matrix_denies_to_the_profession():
    assert facet(document("68817-6"), author=NURSE) == "rec:birth:a-3"
    assert facet(document("68817-6"), author=NURSE, labels=(NOT_PATIENT,)) == "rec:birth:a-3:np"
    assert facet(document("68817-6"), author=NURSE, labels=(MASKED,)) == "rec:birth:m-3"
    assert facet(document("ATTEST-RESID"), author=DOCTOR) == "rec:closed:a-1"


def test_a_secretary_is_never_the_author_a_facet_names():
    assert facet(document("68817-6"), author=SECRETARY) == "rec:birth"
    assert facet(document(), author=SECRETARY, labels=(MASKED,)) == "rec:care:m-100"


def test_the_organisation_is_the_author_where_no_person_is_named():
    assert facet(document(), author=LABORATORY, labels=(MASKED,)) == "rec:care:m-200"
    assert facet(document("68817-6"), author=LABORATORY) == "rec:birth"
    nobody = Author(account=0, unit=0)
    assert rule(document(), author=nobody, labels=(MASKED,)) == "masked_without_author"


@pytest.mark.parametrize("acting", [ACTING_PATIENT, ACTING_REPRESENTATIVE])
def test_what_the_patients_side_writes_is_the_profile(acting):
    weight = {"resourceType": "Observation", "subject": HERS}
    assert facet(weight, author=PATIENT, acting=acting) == "profile"
    assert facet(document("DOCPAT02"), author=PATIENT, acting=acting) == "profile"
    hidden = facet(weight, author=PATIENT, acting=acting, labels=(NOT_REPRESENTATIVES,))
    assert hidden == "profile:nr"
    consent = {"resourceType": "Consent", "patient": HERS}
    assert facet(consent, author=PATIENT, acting=acting) == "access"


def test_a_document_the_patient_deposits_masked_is_masked():
    masked = facet(document("DOCPAT02"), author=PATIENT, acting="self", labels=(MASKED,))
    assert masked == "rec:care:m-11"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "id": "p1"},
        {"resourceType": "Practitioner"},
        {"resourceType": "Appointment"},
        {"resourceType": "Communication"},
        {"resourceType": "ValueSet"},
    ],
)
@pytest.mark.parametrize("label", sorted(LABELS))
def test_a_label_that_the_home_cannot_keep_is_refused_not_dropped(resource, label):
    assert rule(resource, labels=(label,)) == "label_not_for_this_type"


def test_hz_06_every_care_profession_reads_an_allergy_and_nobody_can_mask_it():
    for profession in PACK.professions:
        author = Author(account=9, unit=100, profession=profession)
        assert facet(ALLERGY, author=author) == "rec:care"
        assert PACK.may_read(profession, "care")
    assert not may_be_masked("AllergyIntolerance", None)


def test_only_documents_and_what_came_from_one_can_be_masked():
    assert may_be_masked("DocumentReference", None)
    assert may_be_masked("Observation", "doc-1")
    assert not may_be_masked("Observation", None)


@pytest.mark.parametrize(
    "resource",
    [{}, {"type": []}, {"type": {"coding": "x"}}, {"type": {"coding": [3, {}, {"code": 5}]}}],
)
def test_a_document_without_a_readable_type_has_no_type(resource):
    assert document_type(resource) == ""


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["Patient/1", "urn:uuid:1", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["reference", "coding", "code", "actor"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)
TYPES = [
    "Patient",
    "Observation",
    "DocumentReference",
    "Consent",
    "AuditEvent",
    "Task",
    "Appointment",
    "Communication",
    "Organization",
    "Device",
    "Binary",
    "Nonsense",
    7,
]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {"resourceType": st.sampled_from(TYPES)},
        optional=dict.fromkeys(("subject", "patient", "for", "type", "participant", "id"), odd),
    ),
    st.sampled_from([DOCTOR, NURSE, SECRETARY, LABORATORY, PATIENT, DOCTOR._replace(secret=True)]),
    st.sampled_from(["situation", "self", "representative", ""]),
    st.frozensets(st.sampled_from(sorted(LABELS))),
)
def test_every_json_object_has_one_home_or_a_reason(resource, author, acting, labels):
    try:
        found = home(resource, author, acting, labels, PACK)
    except Invalid:
        assert labels or author.secret
        return
    assert found == home(resource, author, acting, labels, PACK)
    facet = parse_facet(found.facet)
    hidden = author.secret or NOT_REPRESENTATIVES in labels
    if found.kind == "patient":
        assert found.patients
        assert (facet.masked_by is not None) == (MASKED in labels)
        assert facet.np == (NOT_PATIENT in labels)
        assert facet.nr == (hidden and not facet.np)
    else:
        assert not labels
