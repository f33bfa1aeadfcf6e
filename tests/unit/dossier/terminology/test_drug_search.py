"""Drugs found by common name first; the State's files read as they are, whatever they hold."""

import pytest

from dossier.errors import Invalid
from dossier.terminology.bdpm import (
    BOXES,
    DRUGS,
    GROUPS,
    MOST_BYTES,
    PARTS,
    OfficialDrug,
    read_bdpm,
)
from dossier.terminology.catalogue import Terminology
from dossier.terminology.drug_search import DrugIndex, amount_of
from dossier.terminology.numerals import decimal_in_letters, in_letters
from dossier.terminology.substances import Concern, Substances, components, same_substance

TERMS = Terminology.load()


def drug_line(cis="61266250", name="AMOXIX 500 mg, gélule", form="gélule", state="Commercialisée"):
    cells = (cis, name, form, "orale", "Autorisation active", "Procédure nationale", state)
    return "\t".join((*cells, "12/03/1998", "", "", " EXEMPLE", "Non"))


def part_line(cis="61266250", substance="AMOXICILLINE", amount="500 mg", nature="SA", link="1"):
    return f"{cis}\tgélule\t00821\t{substance}\t{amount}\tune gélule\t{nature}\t{link}\t"


def official(drugs, parts, encoding="utf-8", **more):
    files = {DRUGS: "\r\n".join(drugs).encode(encoding), PARTS: "\r\n".join(parts).encode(encoding)}
    return read_bdpm(files | more)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_the_files_are_read_in_either_encoding(encoding):
    found = official([drug_line()], [part_line(substance="AMOXICILLINE TRIHYDRATÉE")], encoding)
    [drug] = found.drugs
    assert drug.name == "AMOXIX 500 mg, gélule"
    assert (drug.substance, drug.strength, drug.marketed) == (
        "amoxicilline trihydratée",
        "500 mg",
        True,
    )
    assert (found.lines, found.wrong) == (2, 0)


def test_of_a_salt_and_its_therapeutic_part_the_part_is_named():
    parts = [
        part_line(substance="AMOXICILLINE TRIHYDRATÉE", amount="574 mg"),
        part_line(substance="AMOXICILLINE", amount="500 mg", nature="FT"),
        part_line(substance="CLAVULANATE DE POTASSIUM", amount="62,5 mg", link="2"),
    ]
    [drug] = official([drug_line()], parts).drugs
    assert (drug.substance, drug.strength) == (
        "amoxicilline + clavulanate de potassium",
        "500 mg/62,5 mg",
    )


def test_boxes_and_generic_groups_are_read_where_they_are():
    boxes = "61266250\t3400930\t1 boîte\tPrésentation active\tx\t01/01/2000\t".encode()
    groups = b"7\tAMOXICILLINE 500 mg\t61266250\t1\t2"
    [drug] = official([drug_line()], [part_line()], **{BOXES: boxes, GROUPS: groups}).drugs
    assert (drug.boxes, drug.generic) == (1, True)


def test_lines_that_do_not_fit_are_counted_and_left_out():
    wrong = ["", "n'importe quoi", drug_line(cis="12"), drug_line(cis="abcdefgh"), "x" * 9_000]
    found = official(
        [
            drug_line(),
            drug_line(cis="61266251"),
            drug_line(cis="61266252"),
            drug_line("61266253"),
            *wrong,
        ],
        [part_line()],
    )
    assert len(found.drugs) == 4
    assert found.wrong == 4


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({DRUGS: b""}, "missing_file"),
        ({DRUGS: b"", PARTS: b""}, "not_bdpm"),
        ({DRUGS: b"\x00\xff" * 5_000, PARTS: b"\x89PNG"}, "not_bdpm"),
        ({DRUGS: b"<html>\n" * 50, PARTS: b"<html>"}, "not_bdpm"),
        ({DRUGS: b"x" * (MOST_BYTES + 1), PARTS: b"x"}, "too_large"),
        ({DRUGS: b"\n" * 400_001, PARTS: b"x"}, "too_large"),
    ],
)
def test_a_hostile_file_is_refused_with_its_rule(files, rule):
    with pytest.raises(Invalid) as refused:
        read_bdpm(files)
    assert refused.value.issues[0].rule == rule


def test_common_names_come_before_brands_and_brands_are_found():
    [drug] = official([drug_line()], [part_line()]).drugs
    index = DrugIndex(TERMS.drug_list.entries, (drug,))
    found = index.search("amoxi")
    assert [choice.brand for choice in found][-1] == drug.name
    assert found[0].substance == "amoxicilline"
    [brand] = index.search("amoxix")
    assert (brand.substance, brand.brand, brand.code) == ("amoxicilline", drug.name, "61266250")


def test_numbers_are_whole_words():
    index = DrugIndex(TERMS.drug_list.entries)
    assert {choice.strength for choice in index.search("metformine 1000")} == {"1000 mg"}
    assert {choice.strength for choice in index.search("bisoprolol 2,5")} == {"2,5 mg"}
    assert index.search("bisoprolol 25") == ()
    assert index.search("") == ()
    assert index.exact("metformine 1 000 mg").code == "metformin-tablet-1-000-mg"
    assert index.exact("paracétamol") is None


def test_the_whole_database_is_searched_and_the_list_stays_short():
    drugs = [
        OfficialDrug(
            str(60_000_000 + n),
            f"MARQUE{n % 3000} {n % 900} mg, comprimé",
            "comprimé",
            f"substance{n % 2000}",
            f"{n % 900} mg",
            marketed=n % 7 > 0,
            generic=False,
            boxes=1,
        )
        for n in range(15_756)
    ]
    index = DrugIndex(TERMS.drug_list.entries, drugs)
    assert len(index) > 15_756
    for end in range(1, len("substance12 512") + 1):
        found = index.search("substance12 512"[:end])
        assert 0 < len(found) <= 12, end
    assert found[0].label() == "substance12, comprimé, 512 mg"


def test_hz_14_drugs_are_the_same_by_substance_and_not_by_label():
    assert same_substance("Amoxicilline trihydratée", "amoxicilline + acide clavulanique")
    assert same_substance("PÉRINDOPRIL ARGININE", "périndopril tert-butylamine")
    assert not same_substance("sulfate de morphine", "sulfate de magnésium")
    assert not same_substance("", "")
    assert components("chlorhydrate de tramadol") == frozenset({"tramadol"})


@pytest.mark.parametrize(
    ("agent", "code", "drug", "expected"),
    [
        ("pénicilline", "", "amoxicilline", "penicillins"),
        ("Pénicillines", "penicillins", "amoxicilline + acide clavulanique", "penicillins"),
        ("ibuprofène", "", "kétoprofène", "nsaids"),
        ("AINS", "", "naproxène", "nsaids"),
        ("Sulfamides", "sulfonamides", "triméthoprime + sulfaméthoxazole", "sulfonamides"),
        ("Amoxicilline", "amoxicillin", "amoxicilline", ""),
        ("Insuline", "insulin", "insuline glargine", "insulin"),
    ],
)
def test_hz_04_an_allergy_concerns_a_drug_by_its_substance_or_its_class(
    agent, code, drug, expected
):
    concern = Substances(TERMS).concern(agent, code, drug)
    assert concern is not None
    assert concern.class_code == expected


@pytest.mark.parametrize(
    ("agent", "drug"),
    [
        ("arachide", "amoxicilline"),
        ("ibuprofène", "paracétamol"),
        ("", "amoxicilline"),
        ("latex", "metformine"),
    ],
)
def test_hz_16_an_allergy_that_has_nothing_to_say_says_nothing(agent, drug):
    assert Substances(TERMS).concern(agent, "", drug) is None


def test_rules_of_substances_are_dated_and_the_strictest_holds():
    table = Substances(TERMS)
    assert table.rule("paracétamol + codéine").code == "codeine"
    assert table.rule("zolpidem").max_days == 28
    assert table.rule("sulfate de morphine").secured
    assert table.rule("metformine") is None
    assert all(entry.check_by >= "2026-12-01" for entry in TERMS.regulated_substances.entries)
    assert table.concern("x", "", "y") is None
    assert Concern() == Concern("", "")


@pytest.mark.parametrize(
    ("number", "letters"),
    [
        (0, "zéro"),
        (1, "un"),
        (16, "seize"),
        (21, "vingt et un"),
        (28, "vingt-huit"),
        (60, "soixante"),
        (71, "soixante et onze"),
        (72, "soixante-douze"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (200, "deux cents"),
        (201, "deux cent un"),
        (280, "deux cent quatre-vingts"),
        (1_000, "mille"),
        (2_280, "deux mille deux cent quatre-vingts"),
        (80_000, "quatre-vingt mille"),
    ],
)
def test_numbers_in_letters(number, letters):
    assert in_letters(number) == letters


def test_decimals_in_letters_and_amounts():
    from decimal import Decimal

    assert decimal_in_letters(Decimal("2.5")) == "deux virgule cinq"
    assert decimal_in_letters(Decimal("0.05")) == "zéro virgule zéro cinq"
    assert in_letters(21, feminine=True) == "vingt et une"
    assert in_letters(11, feminine=True) == "onze"
    assert amount_of("1 000 mg") == (Decimal(1000), "mg")
    assert amount_of("500 mg/62,5 mg") == (None, "")
    with pytest.raises(Invalid):
        in_letters(-1)


def test_d10_a_wording_of_spaces_is_compared_at_once():
    """Two hundred thousand spaces between two words: what is compared is short."""
    assert components("a" + " " * 200_000 + "b") == frozenset({"a"})
