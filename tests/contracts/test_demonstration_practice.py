"""The generator checks of the demonstration practice: coherent, fictional, repeatable."""

import hashlib
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import msgspec
import pytest

from dossier.fhir.validate import Validator
from dossier.terminology.catalogue import Terminology
from server.demonstration import clinic, crowd, people, practice, sheets
from server.demonstration.story import Story, is_holiday

MONDAY = date(2026, 11, 23)
COUNT = 140


@pytest.fixture(scope="module")
def records():
    found = []
    for deposit in practice.deposits(Terminology.load(), Story(MONDAY), COUNT):
        entries = msgspec.json.decode(deposit.raw)["entry"]
        found.append([entry["resource"] for entry in entries])
    return found


@pytest.fixture(scope="module")
def everything(records):
    return [one for record in records for one in record]


def of(resources, *rtypes):
    return [one for one in resources if one["resourceType"] in rtypes]


def _day(body):
    period = body.get("period") or body.get("effectivePeriod") or {}
    moments = ("effectiveDateTime", "occurrenceDateTime", "dateTime")
    text = next((body[name] for name in moments if name in body), period.get("start", ""))
    return date.fromisoformat(text[:10]) if len(text) >= 10 else None


def test_same_seed_same_bytes_another_seed_other_bytes():
    lists, story = Terminology.load(), Story(MONDAY)

    def digest(seed):
        total = hashlib.sha256()
        for deposit in practice.deposits(lists, story, 24, seed):
            total.update(deposit.raw)
        return total.hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_every_resource_is_valid_r4(everything):
    validator = Validator()
    wrong = [
        (one["resourceType"], issue)
        for one in everything
        for issue in validator.issues(one["resourceType"], one)
    ]
    assert wrong == []


def test_ids_are_unique_and_references_to_the_patient_resolve(records):
    ids = Counter(f"{one['resourceType']}/{one['id']}" for record in records for one in record)
    assert max(ids.values()) == 1
    for record in records:
        patient = of(record, "Patient")
        if not patient:
            continue
        own = f"Patient/{patient[0]['id']}"
        named = {one.get("subject", one.get("patient", {})).get("reference", own) for one in record}
        assert named == {own}


def test_the_cast_shows_the_values_of_its_sheets(records):
    martineau = next(r for r in records if r[0].get("name", [{}])[0].get("family") == "MARTINEAU")
    hba1c = [
        (one["effectiveDateTime"][:10], one["valueQuantity"]["value"])
        for one in of(martineau, "Observation")
        if one["code"]["coding"][0]["code"] == "4548-4"
    ]
    assert hba1c[-1] == ("2026-11-18", 7.4)
    assert hba1c[0] == ("2017-03-14", 6.4)
    assert len(hba1c) == 10
    egfr = [
        one["valueQuantity"]["value"]
        for one in of(martineau, "Observation")
        if one["code"]["coding"][0]["code"] == "62238-1"
    ]
    assert egfr == [75, 67, 61, 55]
    assert {a["code"]["text"] for a in of(martineau, "AllergyIntolerance")} == {
        "pénicilline",
        "ibuprofène",
    }


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [
        (74, 62, "female", 75),
        (92, 68, "female", 55),
        (118, 80, "male", 50),
        (126, 82, "male", 45),
        (138, 84, "male", 40),
    ],
)
def test_filtration_is_computed_by_ckd_epi_2009(creatinine, age, sex, expected):
    assert abs(crowd.filtration(creatinine, age, sex) - expected) <= 1


def test_friedewald_holds_where_all_four_are_there(everything):
    by_visit = defaultdict(dict)
    for one in of(everything, "Observation"):
        code = one["code"]["coding"][0]["code"]
        if code in {"2093-3", "2085-9", "2571-8", "13457-7"}:
            by_visit[one["subject"]["reference"], one["effectiveDateTime"]][code] = one[
                "valueQuantity"
            ]["value"]
    full = [v for v in by_visit.values() if len(v) == 4]
    assert full
    for values in full:
        expected = values["2093-3"] - values["2085-9"] - values["2571-8"] / 5
        assert abs(values["13457-7"] - expected) <= 0.011


def test_no_hpv_vaccine_before_nine_and_no_prostate_for_women(records):
    for record in records:
        if not of(record, "Patient"):
            continue
        patient = of(record, "Patient")[0]
        born = int(patient["birthDate"][:4])
        for shot in of(record, "Immunization"):
            if shot["vaccineCode"]["coding"][0]["code"] == "J07BM03":
                assert int(shot["occurrenceDateTime"][:4]) - born >= 9
        if patient["gender"] == "female":
            assert "N40" not in {
                c["code"].get("coding", [{}])[0].get("code") for c in of(record, "Condition")
            }


_AGAINST = {
    "pénicilline": ("amoxicilline",),
    "allopurinol": ("allopurinol",),
    "codéine": ("codéine",),
    "sulfamides": ("sulfaméthoxazole",),
    "ibuprofène": ("ibuprofène",),
    "aspirine": ("acide acétylsalicylique",),
}
"""Allergies, and the substances that nobody who has them is given."""


def test_no_drug_against_a_recorded_allergy_but_three_that_are_told_as_deliberate(records):
    against, told = [], []
    for record in records:
        agents = {
            a["code"]["text"] for a in of(record, "AllergyIntolerance") if "text" in a["code"]
        }
        refused = [word for agent in agents for word in _AGAINST.get(agent, ())]
        for one in of(record, "MedicationStatement"):
            drug = one["contained"][0]["code"]["text"].lower()
            against += [one["id"]] if any(word in drug for word in refused) else []
            notes = " ".join(note["text"] for note in one.get("note", ()))
            told += [one["id"]] if "contradiction voulue" in notes else []
    assert len(told) == 3
    assert against == told


def test_a_newborn_of_four_days_is_provisional_and_has_weights(records):
    [born] = [one for one in records if of(one, "Patient")[:1] and _is_of(one, "TANGUY", "Léna")]
    patient = of(born, "Patient")[0]
    assert patient["birthDate"] == (MONDAY - timedelta(days=4)).isoformat()
    assert "identifier" not in patient
    weights = [o for o in of(born, "Observation") if o["code"]["coding"][0]["code"] == "29463-7"]
    assert len(weights) == 2
    days = [_day(one) for one in born if _day(one) is not None]
    assert min(days) >= MONDAY - timedelta(days=4)
    assert max(days) <= MONDAY


def test_one_person_is_held_twice_once_qualified_and_once_provisional(records):
    patients = [of(one, "Patient")[0] for one in records if of(one, "Patient")]
    held = [one for one in patients if _calls_herself(one, "NGUYEN", "Mai", "1976-02-03")]
    assert len(held) == 2
    assert sum("identifier" in one for one in held) == 1
    assert len({one["id"] for one in held}) == 2
    assert len({one["gender"] for one in held}) == 1


def _is_of(record, family, given):
    return _calls_herself(of(record, "Patient")[0], family, given)


def _calls_herself(patient, family, given, born=""):
    names = patient["name"]
    families = {name.get("family") for name in names}
    givens = {one for name in names for one in name.get("given", ())}
    return family in families and given in givens and patient["birthDate"].startswith(born)


def test_metformin_never_stands_below_an_egfr_of_thirty(records):
    for record in records:
        drugs = " ".join(str(m.get("contained")) for m in of(record, "MedicationStatement"))
        values = [
            o["valueQuantity"]["value"]
            for o in of(record, "Observation")
            if o["code"]["coding"][0]["code"] == "62238-1"
        ]
        if "metformine" in drugs and values:
            assert values[-1] >= 30


def test_acts_fall_on_working_days_and_nothing_after_the_story(everything):
    for one in of(everything, "Encounter", "Observation", "Immunization", "DiagnosticReport"):
        day = _day(one)
        assert day is None or day <= MONDAY, one
    for one in of(everything, "Encounter"):
        day = _day(one)
        assert day.weekday() < 6
        assert not is_holiday(day)


def test_authors_exist_and_general_practitioners_work_that_day(records):
    known = {f"Practitioner/{person.id}": person for person in clinic.STAFF}
    drawn = records[len(sheets.cast()) + 3 :]
    for one in of([one for record in drawn for one in record], "Encounter"):
        who = known[one["participant"][0]["individual"]["reference"]]
        assert _day(one).weekday() in who.weekdays, (who.key, one["period"])


def test_a_childs_record_has_weights(records):
    for record in records:
        patient = of(record, "Patient")
        if (
            patient
            and patient[0]["birthDate"] > "2018-01-01"
            and patient[0]["birthDate"] < "2026-09-01"
        ):
            weights = [
                o for o in of(record, "Observation") if o["code"]["coding"][0]["code"] == "29463-7"
            ]
            assert weights, patient[0]["name"]


def test_numbers_lie_in_the_test_ranges(everything):
    text = msgspec.json.encode(everything).decode()
    for rpps in re.findall(r'"value":"8(\d{11})"', text):
        assert rpps.startswith("999")
    for phone in re.findall(r'"value":"(0[1-9](?: \d\d){4})"', text):
        assert phone.startswith(("06 39 98", "02 61 91"))
    assert not re.search(r"@(?!exemple\.invalid)", text)
    systems = {i["system"] for p in of(everything, "Patient") for i in p.get("identifier", ())}
    assert systems == {"urn:oid:1.2.250.1.213.1.4.10"}
    for patient in of(everything, "Patient"):
        for identifier in patient.get("identifier", ()):
            assert len(identifier["value"]) == 15


def test_apostrophes_are_curly_in_what_doctors_read(everything):
    for one in of(everything, "ClinicalImpression", "DocumentReference", "Encounter"):
        written = [one.get(name) for name in ("text", "summary", "description", "reasonCode")]
        assert "'" not in msgspec.json.encode(written).decode(), one["id"]
    reasons = {one["reasonCode"][0]["text"] for one in of(everything, "Encounter")}
    assert all(reason[:1].isupper() for reason in reasons)


def test_the_heavy_record_holds_five_thousand_events(records):
    assert max(len(record) for record in records) >= 5_000


def test_the_story_moves_by_whole_weeks():
    later = Story(date(2027, 3, 1))
    assert later.day(MONDAY) == date(2027, 3, 1)
    assert later.birth(date(1958, 7, 14)) == date(1958, 7, 14)
    with pytest.raises(ValueError, match="Monday"):
        Story(date(2026, 11, 24))


def test_the_crowd_has_homonyms_deaths_and_people_without_a_doctor():
    lists = Terminology.load()
    patients = []
    for deposit in practice.deposits(lists, Story(MONDAY), 320):
        patients += of(
            [e["resource"] for e in msgspec.json.decode(deposit.raw)["entry"]], "Patient"
        )
    names = Counter((p["name"][0]["family"], p["name"][0]["given"][0]) for p in patients)
    assert [name for name, n in names.items() if n > 1]
    assert any("deceasedDateTime" in p for p in patients)
    assert any("generalPractitioner" not in p for p in patients)
    assert any("identifier" not in p for p in patients)


def test_one_person_has_one_weight_whatever_they_come_for(records):
    """Two chronic conditions are followed side by side: the curve is one."""
    jumps = []
    for record in records[30:]:
        weights = sorted(
            (one["effectiveDateTime"][:10], one["valueQuantity"]["value"])
            for one in of(record, "Observation")
            if one["code"]["coding"][0]["code"] == "29463-7"
        )
        for (before, one), (after, other) in pairwise(weights):
            near = date.fromisoformat(after) - date.fromisoformat(before) < timedelta(days=120)
            jumps += [abs(one - other)] if near and one > 30 else []
    assert len(jumps) > 100
    assert max(jumps) <= 5


def test_a_child_is_asked_nothing_of_an_adult_and_nobody_gets_one_report_twice(records):
    for record in records[30:]:
        patients = of(record, "Patient")
        born = date.fromisoformat(patients[0]["birthDate"]) if patients else MONDAY
        of_sixteen = born.replace(year=born.year + 16, day=min(born.day, 28))
        for one in of(record, "Observation"):
            if one["code"]["coding"][0]["code"] in {"72166-2", "85354-9"}:
                assert date.fromisoformat(one["effectiveDateTime"][:10]) >= of_sixteen
        titles = Counter(one["description"] for one in of(record, "DocumentReference"))
        assert max(titles.values(), default=1) == 1


def test_a_letter_names_its_house_and_is_signed(records):
    letters = of([one for record in records for one in record], "DocumentReference")
    assert letters
    assert all(one["custodian"]["reference"].startswith("Organization/") for one in letters)
    closed = [one for one in letters if "onfraternellement," in one["text"]["div"]]
    assert closed
    assert all("</p><p>Dr " in one["text"]["div"] for one in closed)


@pytest.fixture(scope="module")
def residents():
    """The people of a whole practice, without their histories."""
    return people.Crowd(1_482, Random(1), Story(MONDAY)).people()


def test_a_whole_practice_has_the_people_of_its_sheet(residents):
    """With the cast: 6 deceased, 9 provisional, 4 who changed name, 3 protected, 12 homonyms, 2 pairs of twins."""
    ages = [one.age(MONDAY) for one in residents]
    shares = [sum(low <= age <= high for age in ages) / 14.82 for low, high, _ in people._BANDS]
    assert [
        abs(found - band[2]) < 1 for found, band in zip(shares, people._BANDS, strict=True)
    ] == [True] * 6
    assert 0.49 < sum(one.sex == "female" for one in residents) / 1_482 < 0.57
    assert 0.06 < sum(not one.attending for one in residents) / 1_482 < 0.10
    assert sum(one.deceased is not None for one in residents) == 5
    assert sum(one.provisional for one in residents) == 5
    assert sum(bool(one.used_name) for one in residents) == 3
    assert sum(bool(one.protection) for one in residents) == 2
    named = Counter((one.family, one.given) for one in residents)
    assert sorted(named.values())[-11:] == [2] * 11
    assert len(residents) - len(named) == 11
    fathers = [
        (one, other)
        for one in residents
        for other in residents
        if (one.family, one.given, one.address) == (other.family, other.given, other.address)
        and one.birth < other.birth
    ]
    assert len(fathers) == 3
    births = Counter((one.family, one.birth, one.address) for one in residents)
    assert sum(many == 2 for many in births.values()) == 2


def test_a_person_is_asked_for_once_and_named_by_a_number_of_their_own(residents):
    numbers = [people.ins(one) for one in residents]
    assert len(set(numbers)) == len(numbers)
    assert all(int(number[7:10]) >= 7 and number[7:10] == "990" for number in numbers)


def test_records_hold_about_150_resources_and_begin_on_days_of_their_own(records):
    drawn = records[len(sheets.cast()) + 2 :]
    assert 120 < sum(map(len, drawn)) / len(drawn) < 185
    began = Counter(min(_day(one) for one in of(record, "Consent")) for record in drawn)
    assert max(began.values()) <= 4


def test_a_fifth_of_the_practice_has_a_long_illness(records):
    drawn = records[len(sheets.cast()) + 2 :]
    ill = sum("ald" in msgspec.json.encode(of(one, "Condition")).decode().lower() for one in drawn)
    assert 0.1 < ill / len(drawn) < 0.32


def test_every_treatment_of_the_crowd_has_its_problem(records):
    meant = defaultdict(set)
    for rule in crowd.rules()["chronic"]:
        for drug in rule["treatments"]:
            meant[drug].add(rule["code"])
    seen = 0
    for record in records[len(sheets.cast()) + 2 :]:
        problems = {one["code"]["coding"][0]["code"] for one in of(record, "Condition")}
        for one in of(record, "MedicationStatement"):
            drug = one["contained"][0]["code"]["coding"][0]["code"]
            assert meant[drug] & problems, drug
            seen += 1
    assert seen > 50


def test_who_depends_on_tobacco_smokes_and_no_mammography_comes_before_fifty(records):
    for record in records[len(sheets.cast()) + 2 :]:
        patient = of(record, "Patient")[0]
        tobacco = [
            one["valueCodeableConcept"]["text"]
            for one in of(record, "Observation")
            if one["code"]["coding"][0]["code"] == "72166-2"
        ]
        codes = {one["code"]["coding"][0]["code"] for one in of(record, "Condition")}
        assert "F17.2" not in codes or tobacco in (["Fumeur"], ["Fumeuse"])
        assert all(said.endswith("se") == (patient["gender"] == "female") for said in tobacco)
        for letter in of(record, "DocumentReference"):
            if "Mammographie" in letter["description"]:
                assert patient["gender"] == "female"
                assert int(letter["date"][:4]) - int(patient["birthDate"][:4]) >= 50


def test_a_laboratory_is_now_and_then_odd_and_says_so(records):
    """Another unit with its own range, a corrected result; a value out of its range is flagged."""
    drawn = [one for record in records[len(sheets.cast()) + 2 :] for one in record]
    measured = [one for one in of(drawn, "Observation") if "referenceRange" in one]
    units = Counter(
        one["valueQuantity"]["unit"]
        for one in measured
        if one["code"]["coding"][0]["code"] in {"718-7", "1558-6"}
    )
    assert {"g/dL", "g/L"} <= set(units)
    assert units["mg/dL"] < units["g/L"]
    corrected = [one for one in measured if one["status"] == "corrected"]
    assert 0 < len(corrected) < len(measured) / 100
    for one in corrected:
        before = re.search(r": ([\d,]+) (\S.*) rendu d’abord", one["note"][0]["text"])
        assert before is not None, one["note"]
        assert float(before[1].replace(",", ".")) != one["valueQuantity"]["value"]
        assert before[2] == one["valueQuantity"]["unit"]
    for one in measured:
        value, limits = one["valueQuantity"], one["referenceRange"][0]
        high, low = limits.get("high"), limits.get("low")
        assert all(bound["unit"] == value["unit"] for bound in (high, low) if bound)
        beyond = (high and value["value"] > high["value"]) or (
            low and value["value"] < low["value"]
        )
        assert bool(beyond) == ("interpretation" in one)


def test_three_yearly_summaries_are_due_for_each_doctor_who_has_as_many_such_patients(records):
    due, written = Counter(), Counter()
    for record in records:
        patient = next(iter(of(record, "Patient")), None)
        conditions = [str(one.get("category", "")) for one in of(record, "Condition")]
        if patient is None or "deceasedDateTime" in patient or "ALD" not in str(conditions):
            continue
        doctor = patient.get("generalPractitioner", [{"reference": ""}])[0]["reference"]
        types = [str(one["type"]) for one in of(record, "DocumentReference")]
        (written if "60591-5" in str(types) else due)[doctor] += 1
    due.pop("", None)
    assert due["Practitioner/ps-fontaine"] == 3
    assert set(due.values()) <= {1, 2, 3}
    assert sum(written.values()) > 3


def test_what_is_asked_of_prevention_stands_in_the_cast(records):
    """FIT never done, the term of a pregnancy, pack-years as a number, a review, batches of vaccines."""
    everything = [one for record in records for one in record]
    procedures = of(everything, "Procedure")
    never = [one for one in procedures if "never" in str(one.get("statusReason"))]
    assert [one["code"]["coding"][0]["code"] for one in never] == ["COLORECTAL"]
    terms = [
        one["valueDateTime"] for one in of(everything, "Observation") if "valueDateTime" in one
    ]
    assert terms == ["2027-03-15"]
    smokers = [one for one in of(everything, "Observation") if "valueCodeableConcept" in one]
    years = [part["valueQuantity"]["value"] for one in smokers for part in one.get("component", ())]
    assert {18, 25, 30} <= set(years)
    assert len(of(everything, "List")) == 1
    given = [one for one in of(everything, "Immunization") if one["status"] == "completed"]
    assert all(re.fullmatch(r"[A-Z]{2}\d{2}[A-Z]\d{3}", one["lotNumber"]) for one in given)


def test_two_notes_of_friday_wait_for_the_signature_of_dr_fontaine(everything):
    """Section 3 of the story of the practice."""
    waiting = [
        one for one in of(everything, "DocumentReference") if one.get("docStatus") == "preliminary"
    ]
    fontaine = clinic.BY_KEY["fontaine"].reference
    assert [one["author"] for one in waiting] == [[fontaine], [fontaine]]
    assert {one["date"][:10] for one in waiting} == {"2026-11-20"}
    assert all("authenticator" not in one for one in waiting)
    ongoing = {one["id"] for one in of(everything, "Encounter") if one["status"] == "in-progress"}
    assert ongoing == {
        one["context"]["encounter"][0]["reference"].removeprefix("Encounter/") for one in waiting
    }
