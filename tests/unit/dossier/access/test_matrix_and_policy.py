import csv
import hashlib
from importlib.resources import files

import pytest

from dossier.access.matrix import MatrixPack
from dossier.access.policy import load_policy, parse_policy
from dossier.errors import Invalid

PACK = MatrixPack.load()
TEXT = files("dossier.access.packs").joinpath("matrix-fr-2026-11.toml").read_text("utf-8")
POLICY = files("dossier.access.packs").joinpath("policy-fr-2026-11.toml").read_text("utf-8")


def test_acc_08_the_matrix_is_dated_and_names_its_source():
    assert PACK.version == "fr-2026-11"
    assert PACK.valid_from == "2026-11-01"
    assert PACK.verified


def test_doctors_read_everything_but_the_residence_attestation():
    denied = {c for c in PACK.classes if not PACK.may_read("10", c)}
    assert denied == {PACK.doc_class("ATTEST-RESID")}


@pytest.mark.parametrize("code", ["80788-3", "75496-0", "83981-1", "83901-9", "68599-0"])
def test_dentists_do_not_read_these(code):
    assert not PACK.may_read("40", PACK.doc_class(code))


@pytest.mark.parametrize("code", ["75496-0", "68599-0", "83901-9", "68817-6", "89601-9"])
def test_nurses_do_not_read_these(code):
    assert not PACK.may_read("60", PACK.doc_class(code))


@pytest.mark.parametrize("code", ["PROT_ALD", "DOCPAT03", "11502-2", "15507-7", "83981-1"])
def test_nurses_read_these(code):
    assert PACK.may_read("60", PACK.doc_class(code))


def test_every_care_profession_reads_clinical_resources():
    assert PACK.readers(PACK.clinical_class) == PACK.professions


def test_a_type_without_a_row_is_read_by_doctors_only():
    assert PACK.readers(PACK.doc_class("no-such-type")) == {"10"}


def test_acc_14_no_insurer_employer_or_researcher_has_a_column():
    assert not {name for name in PACK.names.values() if "assur" in name.lower()}
    assert PACK.professions | PACK.secretaries == set(PACK.names)
    for secretary in PACK.secretaries | {"insurer", "employer", ""}:
        assert not any(PACK.may_read(secretary, c) for c in PACK.classes)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('read = ["10", "50"]', 'read = ["10", "99"]', "unknown_profession"),
        ('"68817-6"', '"89601-9"', "type_twice"),
        ("[classes.birth]", "[classes.Birth]", "class_name"),
        ('unlisted = "other"', 'unlisted = "nothing"', "unknown_class"),
        ('clinical = "care"', 'clinical = "doctor"', "every_care_profession_reads_it"),
        ('331 = "', '10 = "', "secretary_with_a_column"),
        ("version =", "vresion =", "not_a_pack"),
        ("[professions]", "[professions", "not_a_pack"),
    ],
)
def test_acc_08_a_pack_with_a_mistake_is_refused_by_name(old, new, rule):
    assert old in TEXT
    with pytest.raises(Invalid) as refusal:
        MatrixPack.parse(TEXT.replace(old, new, 1))
    assert rule in {issue.rule for issue in refusal.value.issues}


def test_the_parameters_of_the_law():
    policy = load_policy()
    assert policy.majority_years == 18
    assert policy.opposition_weeks == 6
    assert policy.archive_years == 10
    assert (policy.announcement_notice_days, policy.announcement_release_months) == (14, 1)
    assert policy.lease_days == 7


def test_acc_14_the_purposes_are_a_closed_list_without_insurance_employment_or_research():
    purposes = set(load_policy().purposes)
    assert purposes == {"prevention", "diagnosis", "care", "social_follow_up"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("masked_and_not_visible = false", "masked_and_not_visible = true"),
        ('purposes = ["prevention", "diagnosis", "care", "social_follow_up"]', "purposes = []"),
        ("lease_days = 7", 'lease_days = "seven"'),
        ("lease_days = 7", "lease = 7"),
    ],
)
def test_vis_02_a_policy_that_cannot_be_kept_is_refused(old, new):
    assert old in POLICY
    with pytest.raises(Invalid):
        parse_policy(POLICY.replace(old, new))


@pytest.mark.shared
def test_the_pack_says_what_the_published_table_says(shared):
    raw = (shared / "domain" / "dmp_access_matrix.csv").read_bytes()
    assert hashlib.sha256(raw).hexdigest() in TEXT
    cells = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert len(cells) == 1370
    for cell in cells:
        code, profession = cell["type_code"], cell["profession_code"]
        if code == "*":
            assert profession in PACK.secretaries
            continue
        assert PACK.may_read(profession, PACK.doc_class(code)) == (cell["access"] == "read"), cell
    marked = sum(114 if v.types == ("all",) else len(v.types) for v in PACK.verified)
    assert marked == sum(cell["basis"].startswith("verified") for cell in cells)
