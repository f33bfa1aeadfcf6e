"""What prevention is to be thought of: the vaccination histories of the demonstration sheet, person by person."""

from datetime import date

import pytest

from dossier.prevention import due
from dossier.prevention.due import Dismissed, Done, Dose, Facts, Standing
from dossier.prevention.months import months_between, plus_months
from dossier.terminology.catalogue import Terminology

TODAY = date(2026, 11, 23)
TERMS = Terminology.load()
HEXA, PNEUMO, MENB, ROTA = "J07CA09", "J07AL02", "J07AH09", "J07BH01"
ROR, DTCAP, DTP, HPV, MENACWY = "J07BD52", "J07CA02", "J07CA01", "J07BM03", "J07AH08"
FLU, COVID, ZOSTER, RSV = "J07BB02", "J07BN01", "J07BK03", "J07BX05"


def on(text):
    return date.fromisoformat(text)


def doses(*said):
    return tuple(Dose(atc=atc, at=on(day)) for atc, *days in said for day in days)


def lines(facts, today=TODAY):
    return due.vaccinations(facts, TERMS.vaccination_calendar.entries, today)


def codes(facts, standing, today=TODAY):
    return {line.code for line in lines(facts, today) if line.standing is standing}


def line_of(facts, code, today=TODAY):
    return next(line for line in lines(facts, today) if line.code == code)


MALO = Facts(
    birth=on("2026-05-20"),
    sex="male",
    doses=doses(
        (HEXA, "2026-07-22", "2026-09-23"),
        (PNEUMO, "2026-07-22", "2026-09-23"),
        (MENB, "2026-08-20", "2026-10-21"),
        (ROTA, "2026-07-22", "2026-08-20"),
    ),
)
ZOE = Facts(
    birth=on("2019-02-05"),
    sex="female",
    doses=doses(
        (HEXA, "2019-04-10", "2019-06-12", "2020-01-15"),
        (PNEUMO, "2019-04-10", "2019-06-12", "2020-01-15"),
        (ROR, "2020-02-12", "2020-07-08"),
        (DTCAP, "2025-02-12"),
    ),
)
INES = Facts(
    birth=on("2010-10-02"),
    sex="female",
    doses=doses(
        (HPV, "2021-11-17", "2022-06-15"), ("J07AH07", "2011-10-12"), (DTCAP, "2022-06-15")
    ),
)
MARTINEAU = Facts(
    birth=on("1958-07-14"),
    sex="female",
    risks=frozenset({"chronic"}),
    doses=doses(
        (DTP, "2023-09-12"),
        (FLU, "2023-10-24", "2024-10-22", "2025-10-28"),
        (COVID, "2024-10-22", "2025-10-28", "2026-10-20"),
        (PNEUMO, "2025-02-11"),
        (ZOSTER, "2025-10-28"),
    ),
)
LE_GOFF = Facts(
    birth=on("1942-03-03"),
    sex="male",
    risks=frozenset({"chronic", "heart_lung"}),
    doses=doses((DTP, "2007-05-15", "2017-05-16"), (PNEUMO, "2025-02-18"), (FLU, "2026-10-22")),
)
MOREAU = Facts(
    birth=on("1993-09-09"),
    sex="female",
    risks=frozenset({"pregnancy"}),
    term=on("2027-03-15"),
    doses=doses((ROR, "1994-10-11", "1999-05-18"), (DTCAP, "2026-11-09")),
)
DIALLO = Facts(birth=on("2000-01-01"), sex="male")


def test_malo_has_one_dose_due_and_one_question():
    assert codes(MALO, Standing.DUE) == {"MENACWY-1"}
    assert line_of(MALO, "MENACWY-1").since == on("2026-11-20")
    assert codes(MALO, Standing.NOT_RECORDED) == {"VRS-NN"}
    assert {"HEXA-3", "PNEUMO-3", "MENB-3", "ROR-1"} <= codes(MALO, Standing.PLANNED)


def test_zoe_has_nothing_due_before_eleven():
    assert codes(ZOE, Standing.DUE) == codes(ZOE, Standing.NOT_RECORDED) == set()
    assert codes(ZOE, Standing.PLANNED) == {"DTCAP-11Y", "HPV-1", "MENACWY-ADO"}
    assert {line.since for line in lines(ZOE)} == {on("2030-02-05")}


def test_ines_lacks_the_adolescent_dose_and_meningococcus_b_is_offered():
    assert codes(INES, Standing.DUE) == {"MENACWY-ADO", "MENB-ADO"}
    assert "HPV-3" not in {line.code for line in lines(INES)}


def test_martineau_awaits_the_second_dose_and_the_influenza_of_2026_is_not_recorded():
    assert codes(MARTINEAU, Standing.DUE) == {"ZONA-2"}
    second = line_of(MARTINEAU, "ZONA-2")
    assert (second.dose, second.last) == (2, on("2025-10-28"))
    assert second.late_since == on("2026-04-29")
    assert codes(MARTINEAU, Standing.NOT_RECORDED) == {"GRIPPE-65"}


def test_le_goff_has_his_booster_in_2027_and_rsv_now():
    assert codes(LE_GOFF, Standing.DUE) == {"VRS-75"}
    assert line_of(LE_GOFF, "DTP-85Y").since == on("2027-03-03")
    assert line_of(LE_GOFF, "DTP-85Y").standing is Standing.PLANNED
    assert "GRIPPE-65" not in {line.code for line in lines(LE_GOFF)}


def test_moreau_has_her_window_only_while_the_season_lasts():
    rsv = line_of(MOREAU, "VRS-PREG")
    assert (rsv.standing, rsv.since, rsv.until) == (
        Standing.PLANNED,
        on("2027-01-18"),
        on("2027-01-31"),
    )
    assert "COQ-PREG" not in {line.code for line in lines(MOREAU)}
    assert codes(MOREAU, Standing.DUE) == set()
    assert line_of(MOREAU, "VRS-PREG", on("2027-01-20")).standing is Standing.DUE
    assert not any(line.code == "VRS-PREG" for line in lines(MOREAU, on("2027-02-02")))


def test_diallo_has_no_history_and_nothing_is_said_to_be_due():
    [line] = lines(DIALLO)
    assert (line.standing, line.code) == (Standing.UNKNOWN, "")


def test_a_newborn_is_not_said_to_have_an_unknown_history():
    newborn = Facts(birth=on("2026-11-19"), sex="female")
    assert Standing.UNKNOWN not in {line.standing for line in lines(newborn)}
    assert "HEXA-1" in codes(newborn, Standing.PLANNED)


def test_what_is_dismissed_after_the_last_dose_is_dismissed_and_of_one_season_only():
    aside = Dismissed(code=FLU, at=on("2026-11-03"), reason="refus", by="Dr X")
    facts = Facts(birth=MARTINEAU.birth, sex="female", doses=MARTINEAU.doses, dismissed=(aside,))
    line = line_of(facts, "GRIPPE-65")
    assert (line.standing, line.dismissed.reason) == (Standing.DISMISSED, "refus")
    assert line_of(facts, "GRIPPE-65", on("2027-11-03")).standing is Standing.NOT_RECORDED


def test_a_dismissal_of_the_rule_itself_leaves_other_rules_alone():
    aside = Dismissed(code="ZONA-2", at=on("2026-11-03"), reason="refus")
    facts = Facts(birth=MARTINEAU.birth, sex="female", doses=MARTINEAU.doses, dismissed=(aside,))
    assert codes(facts, Standing.DISMISSED) == {"ZONA-2"}


def test_a_dose_of_unknown_day_counts_in_its_series():
    facts = Facts(
        birth=on("1990-01-01"), doses=(Dose(atc=ROR), Dose(atc=DTCAP, at=on("2015-03-03")))
    )
    assert line_of(facts, "ROR-2").standing is Standing.DUE


def test_a_first_dose_at_fifteen_or_later_wants_a_third():
    late = Facts(birth=on("2008-01-01"), doses=doses((HPV, "2025-01-10", "2025-04-10")))
    assert line_of(late, "HPV-3").standing is Standing.DUE


@pytest.mark.parametrize("day", ["2026-09-30", "2026-10-01", "2027-01-31", "2027-02-01"])
def test_influenza_is_asked_about_in_its_season_only(day):
    inside = "2026-10-01" <= day <= "2027-01-31"
    standing = line_of(MARTINEAU, "GRIPPE-65", on(day)).standing
    assert standing is (Standing.NOT_RECORDED if inside else Standing.PLANNED)


# -- screenings and examinations -----------------------------------------------


def screened(facts):
    return {line.code: line for line in due.screenings(facts, TERMS.screenings.entries, TODAY)}


def test_a_screening_never_recorded_is_asked_about_and_one_never_done_is_due():
    karim = Facts(birth=on("1972-01-30"), sex="male")
    assert screened(karim)["COLORECTAL"].standing is Standing.NOT_RECORDED
    never = Done(code="COLORECTAL", at=on("2026-11-10"), never=True)
    karim = Facts(birth=on("1972-01-30"), sex="male", done=(never,))
    assert screened(karim)["COLORECTAL"].standing is Standing.DUE
    assert "BREAST" not in screened(karim)


@pytest.mark.parametrize(
    ("last", "standing"), [("2025-11-24", Standing.PLANNED), ("2024-11-23", Standing.DUE)]
)
def test_a_screening_comes_again_after_its_interval(last, standing):
    facts = Facts(birth=on("1958-07-14"), sex="female", done=(Done(code="BREAST", at=on(last)),))
    assert screened(facts)["BREAST"].standing is standing


@pytest.mark.parametrize(
    ("birth", "there"),
    [("1976-11-24", False), ("1976-11-23", True), ("1951-11-23", False), ("1951-11-24", True)],
)
def test_a_screening_begins_and_ends_with_its_ages(birth, there):
    assert ("COLORECTAL" in screened(Facts(birth=on(birth), sex="male"))) is there


def test_the_examination_of_the_age_then_the_next_and_none_of_the_past():
    rules = TERMS.child_examinations.entries
    found = list(due.examinations(Facts(birth=on("2026-05-20")), rules, on("2026-11-19")))
    assert [(line.code, line.standing) for line in found] == [
        ("MED-1231", Standing.DUE),
        ("MED-1232", Standing.PLANNED),
    ]
    done = Facts(birth=on("2026-05-20"), done=(Done(code="MED-1231", at=on("2026-11-19")),))
    [line] = due.examinations(done, rules, TODAY)
    assert (line.code, line.since, line.until) == ("MED-1232", on("2027-01-20"), on("2027-02-19"))


def test_nothing_is_said_before_the_day_from_which_a_rule_holds():
    facts = Facts(birth=on("1940-01-01"), doses=doses((FLU, "2023-10-24")))
    assert "VRS-75" not in {line.code for line in lines(facts, on("2024-06-30"))}
    assert "VRS-75" in {line.code for line in lines(facts, on("2024-07-01"))}


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-11-30", 3, "2027-02-28"),
    ],
)
def test_months_end_with_their_last_day(day, months, later):
    assert plus_months(on(day), months) == on(later)


def test_completed_months_are_counted_by_the_day():
    assert months_between(on("2026-05-20"), on("2026-11-19")) == 5
    assert months_between(on("2026-05-20"), on("2026-11-20")) == 6


def test_every_rule_names_its_source_and_a_known_vaccine():
    known = {entry.code for entry in TERMS.vaccines.entries}
    for rule in TERMS.vaccination_calendar.entries:
        assert rule.rule_source
        assert rule.vaccines <= known, rule.code
