"""National numbers: keys, strictness by system, nothing shown (FACTS: identifiers)."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.errors import Invalid
from dossier.identity import systems
from dossier.identity.numbers import (
    check,
    group_ins,
    ins_key,
    luhn,
    read_finess,
    read_ins,
    read_ps_idnat,
    read_rpps,
    read_rpps_rank,
    read_siren,
    read_siret,
    read_struct_idnat,
)


def rule_of(call: object, *arguments: object, **named: object) -> str:
    with pytest.raises(Invalid) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    return caught.value.issues[0].rule


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("2951099126111", "93"),
        ("253072B073004", "70"),
        ("253072A073004", "43"),
        ("2790351215189", "89"),
        ("2580744990901", "10"),
        ("168109749091479"[:13], "79"),
    ],
)
def test_the_key_of_an_ins_including_corsica(body: str, key: str) -> None:
    assert ins_key(body) == key
    assert read_ins(body + key).value == body + key
    assert read_ins(body).value == body + key


def test_an_ins_is_read_as_typed_and_shown_in_groups_that_never_break() -> None:
    ins = read_ins("2 58 07 44 990 901 10")

    assert ins.value == "258074499090110"
    assert ins.display() == "2\u00a058\u00a007\u00a044\u00a0990\u00a0901\u00a010"
    assert read_ins(ins.display()) == ins
    assert group_ins("258") == "258"


def test_a_corsican_ins_may_be_typed_in_small_letters() -> None:
    assert read_ins("2 53 07 2b 073 004 70").value == "253072B07300470"


@pytest.mark.parametrize(
    "text",
    ["", "2580744990901100", "25807449909011", "A580744990901" + "10", "258072C99090110",
     "9580744990901" + "10", "2580744990901X0"],
)  # fmt: skip
def test_what_is_no_ins_is_refused_under_every_system(text: str) -> None:
    for system in systems.INS_SYSTEMS:
        assert rule_of(read_ins, text, system) == "ins_format"


def test_a_wrong_key_is_an_error_in_production_and_a_warning_in_test() -> None:
    for system in systems.INS_PRODUCTION:
        assert rule_of(read_ins, "258074499090111", system) == "ins_key"
    for system in systems.INS_SYSTEMS - systems.INS_PRODUCTION:
        found = read_ins("258074499090111", system)
        assert [issue.rule for issue in found.warnings] == ["ins_key"]


def test_the_months_of_unknown_births_exist_and_13_does_not() -> None:
    for month in ("20", "42", "50", "99"):
        assert read_ins(f"258{month}44990901").warnings == ()
    assert rule_of(read_ins, "2581344990901") == "ins_month"
    assert rule_of(read_ins, "258074499090110", "urn:oid:1.2.3") == "ins_system"


def test_no_number_shows_its_digits() -> None:
    ins = read_ins("258074499090110")

    assert "2580" not in repr(ins) + str(ins) + f"{ins}"
    assert "9990" not in repr(read_rpps("99900001001"))


@given(st.from_regex(r"[12]\d{2}(0[1-9]|1[0-2])(\d{2}|2A|2B)\d{6}", fullmatch=True))
@settings(max_examples=50)
def test_one_wrong_digit_never_passes(body: str) -> None:
    if not body.isascii():
        return
    ins = read_ins(body)
    wrong = ("3" if ins.value[-4] != "3" else "4") + ins.value[-3:]

    assert rule_of(read_ins, ins.value[:-4] + wrong) == "ins_key"


@pytest.mark.parametrize("number", ["750712184", "310781406", "440000289", "970408589"])
def test_known_finess_numbers_have_a_right_key(number: str) -> None:
    assert luhn(number)
    assert read_finess(number).value == number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert rule_of(read_finess, wrong) == "finess_key"
    assert read_finess(wrong, testing=True).warnings[0].rule == "finess_key"


def test_a_corsican_finess_is_accepted_without_its_key() -> None:
    assert read_finess("2A0000014").warnings == ()
    assert rule_of(read_finess, "2C0000014") == "finess_format"


def test_siret_of_la_poste_follows_its_own_rule() -> None:
    # 3+5+6 = 14; an establishment number whose digits bring the sum to a multiple of 5
    assert read_siret("35600000000001").warnings == ()
    assert rule_of(read_siret, "35600000000003") == "siret_key"
    assert read_siret("999 000 011 00018").value == "99900001100018"
    assert rule_of(read_siret, "99900001100019") == "siret_key"


def test_professionals_and_structures_by_their_national_identifiers() -> None:
    assert read_rpps("999 0000 1001").kind == "RPPS"
    assert read_rpps_rank("9990000100101").kind == "RPPS-RANG"
    assert rule_of(read_rpps_rank, "99900001001") == "rpps_rank_format"
    assert read_ps_idnat("801234567897").warnings == ()
    assert read_ps_idnat("0751234567").warnings[0].rule == "adeli_ended"
    assert rule_of(read_ps_idnat, "801234567890") == "rpps_key"
    assert rule_of(read_ps_idnat, "9123") == "idnps_format"
    assert read_struct_idnat("1990000101").warnings == ()
    assert read_struct_idnat("2999000011").warnings == ()
    assert read_struct_idnat("399900001100018").warnings == ()
    assert rule_of(read_struct_idnat, "1990000102") == "finess_key"
    assert rule_of(read_struct_idnat, "7x") == "idnst_format"


def test_an_identifier_is_checked_by_its_system() -> None:
    assert check("urn:oid:9.9.9", "anything") == ()
    assert check(systems.SIRENE, "999000011") == ()
    assert check(systems.SIRENE, "99900001100018") == ()
    assert rule_of(check, systems.RPPS, "99900001002") == "rpps_key"
    assert check(systems.RPPS, "99900001002", testing=True)[0].rule == "rpps_key"
    assert check(systems.INS_NIR, "258074499090111", testing=True)[0].rule == "ins_key"
    assert rule_of(check, systems.INS_NIR, "258074499090111") == "ins_key"
    assert rule_of(check, systems.RPPS, "12") == "rpps_format"


@pytest.mark.shared
def test_the_published_test_people_and_structures_have_right_keys(shared: Path) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (shared / "domain" / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    patients = rows("test_patients.csv")
    for row in patients:
        assert read_ins(row["matricule_ins_15"], f"urn:oid:{row['ins_oid']}").warnings == ()
    people = rows("test_professionals.csv")
    for row in people:
        assert read_rpps(row["rpps_11"]).warnings == ()
        assert read_ps_idnat(row["idnatps_12"]).warnings == ()
    structures = rows("test_structures.csv")
    for row in structures:
        assert read_finess(row["finess_9"]).warnings == ()
        assert read_struct_idnat(row["idnatstruct_10"]).warnings == ()
        assert read_siren(row["siren_9"]).warnings == ()
        assert read_siret(row["siret_14"]).warnings == ()
    assert (len(patients), len(people), len(structures)) == (16, 11, 4)
