"""Everybody else of the practice: plausible people drawn from a seed, coherent with their age and sex.

Rules kept (they are tests): a treatment has its problem; an eGFR is computed (CKD-EPI 2009), never drawn; LDL
obeys Friedewald; acts fall on working days by somebody who works that day; a child has weights; no drug
against a recorded allergy; metformin never below an eGFR of 30.
"""

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

from dossier.fhir import allergies
from server.demonstration import clinic, story
from server.demonstration.body import Body
from server.demonstration.pen import DrugLine, Pen, spread
from server.demonstration.story import Story

Json = dict[str, Any]

_GPS = ("fontaine", "lemaire", "kaci", "vasseur")
_YEARS = 15
_AWAITED = 0.035
"""Share of those with a long illness whose results came in during the week before the story."""
_ASKED_TOBACCO = 16
_WEIGHT, _HEIGHT = "29463-7", "8302-2"
_ALLERGIES = (
    ("pénicilline", "urticaire", ("amoxicillin",)),
    ("sulfamides", "éruption cutanée", ()),
    ("arachide", "œdème des lèvres", ()),
    ("acariens", "rhinite", ()),
    ("aspirine", "urticaire", ("acetylsalicylic",)),
    ("latex", "eczéma de contact", ()),
)
_START = {
    "hba1c": (6.4, 8.2), "glycemie": (1.15, 1.75), "creatinine": (58, 96), "potassium": (3.7, 4.8), "sodium": (137, 143),
    "rac": (5, 60), "cholesterol_total": (1.6, 2.7), "hdl": (0.38, 0.7), "triglycerides": (0.7, 2.1), "alat": (14, 44),
    "tsh": (0.8, 4.6), "hemoglobine": (12.2, 15.4), "plaquettes": (170, 360), "acide_urique": (290, 520), "vitamine_d": (12, 38),
}  # fmt: skip
_INFANT_DOSES = (
    ("J07CA09", 2, 1), ("J07AL02", 2, 1), ("J07CA09", 4, 2), ("J07AL02", 4, 2), ("J07CA09", 11, 3), ("J07AL02", 11, 3),
    ("J07BD52", 12, 1), ("J07BD52", 17, 2), ("J07CA02", 73, 4), ("J07CA02", 138, 5),
)  # fmt: skip


class Life(NamedTuple):
    """How one person lives: a body, how often they come, whether they smoke; what their last blood tests
    showed, one table a long illness.
    """

    body: Body
    fullness: float
    smokes: bool
    levels: list[dict[str, float]]


@cache
def rules() -> Json:
    """The ailments, as written in their sheet."""
    return tomllib.loads(
        (files("server.demonstration") / "ailments.toml").read_text(encoding="utf-8")
    )


def write(pen: Pen, by: str, now: Story, fullness: float) -> None:
    """A whole record; `fullness` scales how often the person comes."""
    first = max(pen.subject.birth + timedelta(days=14), _arrival(pen.random, now))
    pen.consent(by, story.working_day(first))
    avoided = _allergy(pen, by, first, now)
    body = Body(pen.random, pen.subject, first)
    life = Life(body, fullness, _tobacco(pen, by, first, now), [])
    chronic = _chronic(pen, by, first, now, avoided, life)
    _acute(pen, by, first, now, fullness, avoided)
    _child(pen, by, first, now, body)
    _vaccines(pen, by, now)
    _letters(pen, first, now, fullness)
    if chronic and pen.subject.age(now.today) > 40 and pen.random.random() < 0.5:
        pen.act(
            pen.random.choice(
                (
                    "appendicectomie",
                    "cure de hernie inguinale",
                    "cataracte opérée",
                    "ménisque opéré",
                )
            ),
            str(first.year - 3),
            "surgical",
        )
    _awaited(pen, life, now)


def _arrival(random: Random, now: Story) -> date:
    """When somebody first came: most were here when the records begin, others moved in since."""
    later = random.random() < 0.2
    days = random.randrange(400, 365 * 11) if later else random.randrange(400)
    return now.today - timedelta(days=365 * _YEARS - days)


def _tobacco(pen: Pen, by: str, first: date, now: Story) -> bool:
    """Asked once; True for who smokes."""
    if pen.subject.age(now.today) < _ASKED_TOBACCO:
        return False
    old_enough = pen.subject.birth + timedelta(days=366 * _ASKED_TOBACCO)
    asked = story.working_day(min(max(first, old_enough), now.today - timedelta(days=5)))
    shares = (60, 22, 18) if pen.subject.age(asked) >= 25 else (85, 0, 15)
    found = pen.random.choices(("Non-fumeur", "Ex-fumeur", "Fumeur"), shares)[0]
    said = f"{found[:-3]}euse" if pen.subject.sex == "female" else found
    pen.tobacco(said, asked, by)
    return found == "Fumeur"


def thicken(pen: Pen, by: str, now: Story, events: int) -> None:
    """Fill a record up to `events` resources: hospital follow-up with frequent results and letters."""
    first = now.today - timedelta(days=365 * _YEARS)
    rounds = 0
    while len(pen.resources) < events:
        for day in spread(
            pen.random, first + timedelta(days=rounds), now.today - timedelta(days=3), 24
        ):
            if len(pen.resources) >= events:
                return
            values = [
                (key, _drawn(pen.random, key))
                for key in (
                    "hemoglobine",
                    "plaquettes",
                    "potassium",
                    "sodium",
                    "alat",
                    "creatinine",
                )
            ]
            pen.results(day, with_filtration(pen, day, values))
            if pen.random.random() < 0.35:
                pen.pressure(
                    pen.random.randrange(118, 146), pen.random.randrange(66, 88), day, _who(by, day)
                )
                pen.visit(
                    day,
                    _who(by, day),
                    "Suivi",
                    "Motif : suivi oncologique partagé. Fatigue modérée. Examen sans particularité. CAT : poursuite.",
                )
        rounds += 5


def with_filtration(
    pen: Pen, day: date, values: list[tuple[str, float]]
) -> list[tuple[str, float]]:
    """Add the eGFR that a creatinine implies, from eighteen on."""
    found = dict(values)
    age = pen.subject.age(day)
    if "creatinine" in found and "dfg" not in found and age >= 18:
        return [*values, ("dfg", filtration(found["creatinine"], age, pen.subject.sex))]
    return values


def filtration(creatinine_umol: float, age: int, sex: str) -> int:
    """CKD-EPI 2009 in mL/min/1.73 m2, rounded."""
    kappa, alpha = (0.7, -0.329) if sex == "female" else (0.9, -0.411)
    ratio = creatinine_umol / 88.4 / kappa
    value = 141 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.209 * 0.993**age
    return round(float(value) * (1.018 if sex == "female" else 1))


def _allergy(pen: Pen, by: str, first: date, now: Story) -> tuple[str, ...]:
    """Asked at a visit of the later years; nobody is found allergic in the cradle."""
    earliest = max(first, pen.subject.birth + timedelta(days=1200))
    if earliest >= now.today:
        return ()
    span = (now.today - earliest).days
    day = story.working_day(
        earliest + timedelta(days=span * 2 // 3 - pen.random.randrange(0, span // 3 + 1))
    )
    roll = pen.random.random()
    if roll < 0.14:
        agent, reaction, avoided = pen.random.choice(_ALLERGIES)
        severity = pen.random.choice((allergies.Severity.MILD, allergies.Severity.MODERATE))
        pen.allergy(
            allergies.NewAllergy(agent=agent, reactions=(reaction,), severity=severity), by, day
        )
        return avoided
    if roll < 0.72:
        pen.no_allergy(by, day)
    return ()


def _chronic(
    pen: Pen,
    by: str,
    first: date,
    now: Story,
    avoided: tuple[str, ...],
    life: Life,
) -> int:
    age = pen.subject.age(now.today)
    has = 0
    for rule in rules()["chronic"]:
        if not _fits(rule, age, pen.subject.sex) or pen.random.random() * 100 >= rule["chance"]:
            continue
        if rule.get("smokers") and not life.smokes:
            continue
        earliest = max(first, pen.subject.birth + timedelta(days=365 * rule["ages"][0]))
        span = (now.today - earliest).days
        if span < 200:
            continue
        has += 1
        since = story.working_day(
            earliest + timedelta(days=pen.random.randrange(0, max(1, span * 2 // 3)))
        )
        pen.problem(rule["code"], str(since.year), _who(by, since), since, ald=rule.get("ald", ""))
        drugs = [one for one in rule["treatments"] if not any(word in one for word in avoided)]
        if drugs:
            pen.treatment(
                DrugLine(pen.random.choice(drugs), posology=rule["posology"]),
                since,
                _who(by, since),
            )
        _follow(pen, by, rule, since, now, life)
    return has


def _follow(pen: Pen, by: str, rule: Json, since: date, now: Story, life: Life) -> None:
    body, fullness = life.body, life.fullness
    levels = {key: _drawn(pen.random, key) for key in rule["labs"]}
    for day in spread(pen.random, since, now.today - timedelta(days=4), round(260 / fullness)):
        who = _who(by, day)
        weight = body.weight(day)
        vitals = (
            f"Poids {weight:g} kg.".replace(".", ",", 1)
            if weight % 1
            else f"Poids {weight:.0f} kg."
        )
        state = "équilibrée"
        if pen.subject.age(day) >= _ASKED_TOBACCO:
            systolic, diastolic = body.pressure()
            vitals = f"PA {systolic}/{diastolic}, p{vitals[1:]}"
            pen.pressure(systolic, diastolic, day, who)
            state = "équilibrée" if systolic < 140 else "à surveiller"
        if pen.random.random() < 0.5:
            pen.vital(_WEIGHT, weight, day, who)
        if not rule["note"].count("hypertension"):
            state = "stable"
        pen.visit(
            day,
            who,
            "Suivi",
            rule["note"].format(vitals=vitals, state=state),
            time=_time(pen.random),
        )
        if levels and pen.random.random() < 0.6:
            levels = {key: _next(pen.random, key, value) for key, value in levels.items()}
            sampled = story.working_day(day - timedelta(days=6))
            pen.results(sampled, with_filtration(pen, sampled, _coherent(levels)), odd=True)
    if levels:
        life.levels.append(levels)


def _awaited(pen: Pen, life: Life, now: Story) -> None:
    """Who comes this week had blood taken in the week before: nobody has read it yet."""
    if not life.levels or pen.random.random() > _AWAITED:
        return
    levels = {key: _next(pen.random, key, value) for key, value in life.levels[0].items()}
    sampled = story.working_day(now.today - timedelta(days=7 - pen.random.randrange(5)))
    pen.results(sampled, with_filtration(pen, sampled, _coherent(levels)))


def _coherent(levels: dict[str, float]) -> list[tuple[str, float]]:
    """Friedewald (g/L) where the four are there; never above 3.40 of triglycerides."""
    found = dict(levels)
    if {"cholesterol_total", "hdl", "triglycerides"} <= found.keys():
        found["ldl"] = round(
            found["cholesterol_total"] - found["hdl"] - found["triglycerides"] / 5, 2
        )
    return list(found.items())


def _acute(
    pen: Pen, by: str, first: date, now: Story, fullness: float, avoided: tuple[str, ...]
) -> None:
    each = round((170 if pen.subject.age(now.today) < 16 else 330) / fullness)
    for day in spread(pen.random, first, now.today - timedelta(days=2), each):
        age = pen.subject.age(day)
        fitting = [
            r
            for r in rules()["acute"]
            if _fits(r, age, pen.subject.sex)
            and day.month in r["months"]
            and r.get("drug") not in avoided
        ]
        if not fitting:
            continue
        rule = pen.random.choices(fitting, [r["weight"] for r in fitting])[0]
        told = pen.random.choice([rule["text"], *rule.get("or", ())])
        pen.visit(day, _who(by, day), rule["title"], told, time=_time(pen.random))


def _child(pen: Pen, by: str, first: date, now: Story, body: Body) -> None:
    """Weights and heights along a growth curve of the person's own."""
    if pen.subject.age(first) >= 16:
        return
    last = min(now.today - timedelta(days=2), pen.subject.birth + timedelta(days=365 * 17))
    each = 45 if pen.subject.age(now.today) < 2 else 210
    for day in spread(pen.random, first, last, each):
        pen.vital(_WEIGHT, body.weight(day), day, _who(by, day))
        pen.vital(_HEIGHT, body.height(day), day, _who(by, day))


def _vaccines(pen: Pen, by: str, now: Story) -> None:
    oldest = now.today - timedelta(days=365 * _YEARS)
    for code, months, dose in _INFANT_DOSES:
        day = story.working_day(
            pen.subject.birth + timedelta(days=round(months * 30.5) + pen.random.randrange(20))
        )
        if oldest < day < now.today and pen.random.random() < 0.93:
            pen.vaccine(code, day, _who(by, day), dose=dose)
    age = pen.subject.age(now.today)
    _vaccines_of_their_time(pen, by, now)
    for years in (25, 45, 65, 75):
        day = story.working_day(
            pen.subject.birth + timedelta(days=365 * years + pen.random.randrange(300))
        )
        if oldest < day < now.today and pen.random.random() < 0.6:
            pen.vaccine("J07CA01", day, _who(by, day))
    if age >= 65:
        for year in range(now.today.year - 6, now.today.year):
            if pen.random.random() < 0.55:
                day = story.working_day(
                    date(year, 10, 18) + timedelta(days=pen.random.randrange(40))
                )
                pen.vaccine("J07BB02", day, _who(by, day))


def _vaccines_of_their_time(pen: Pen, by: str, now: Story) -> None:
    """Papillomavirus for girls, since 2021 for boys; Covid-19 in 2021, then each autumn from 65 on."""
    born, female = pen.subject.birth, pen.subject.sex == "female"
    eleven = born + timedelta(days=round(11.4 * 365.25) + pen.random.randrange(300))
    oldest = max(now.today - timedelta(days=365 * _YEARS), date(2013 if female else 2021, 2, 1))
    if pen.random.random() < (0.5 if female else 0.35):
        for dose in (1, 2):
            day = story.working_day(eleven + timedelta(days=(dose - 1) * 190))
            if oldest < eleven and day < now.today:
                pen.vaccine("J07BM03", day, _who(by, day), dose=dose)
    if pen.subject.age(date(2021, 6, 1)) >= 18 and pen.random.random() < 0.8:
        start = date(2021, 4, 12) + timedelta(days=pen.random.randrange(80))
        for dose in (1, 2):
            day = story.working_day(start + timedelta(days=(dose - 1) * 42))
            pen.vaccine("J07BN01", day, _who(by, day), dose=dose)
    for year in range(2022, now.today.year):
        if pen.subject.age(date(year, 10, 1)) >= 65 and pen.random.random() < 0.45:
            day = story.working_day(date(year, 10, 16) + timedelta(days=pen.random.randrange(45)))
            pen.vaccine("J07BN01", day, _who(by, day))


def _letters(pen: Pen, first: date, now: Story, fullness: float) -> None:
    """Each kind once: nobody has the same film of the same knee five times over."""
    sent: set[str] = set()
    for day in spread(
        pen.random,
        first + timedelta(days=200),
        now.today - timedelta(days=5),
        round(1100 / fullness),
    ):
        fitting = [r for r in rules()["letters"] if _fits(r, pen.subject.age(day), pen.subject.sex)]
        fitting = [r for r in fitting if r["title"] not in sent]
        if fitting:
            rule = pen.random.choice(fitting)
            sent.add(rule["title"])
            pen.letter(day, rule["by"], rule["type"], rule["title"], rule["text"])


def _fits(rule: Json, age: int, sex: str) -> bool:
    return bool(rule["ages"][0] <= age <= rule["ages"][1] and rule.get("sex", sex) == sex)


def _who(by: str, day: date) -> str:
    """The attending doctor when they work that day, else a colleague who does."""
    if day.weekday() in clinic.BY_KEY[by].weekdays:
        return by
    return next((gp for gp in _GPS if day.weekday() in clinic.BY_KEY[gp].weekdays), by)


def _time(random: Random) -> str:
    minute = random.choice(range(0, 60, 15))
    return f"{random.choice((8, 9, 10, 11, 14, 15, 16, 17)):02d}:{max(minute, 30) if minute < 30 else minute:02d}"


def _drawn(random: Random, key: str) -> float:
    low, high = _START[key]
    return _rounded(key, random.uniform(low, high))


def _next(random: Random, key: str, value: float) -> float:
    """What is measured the next time; the body keeps sodium within a few units."""
    low, high = _START[key]
    falls, rises, beyond = (0.985, 1.015, 0.03) if key == "sodium" else (0.94, 1.07, 0.15)
    moved = value * random.uniform(falls, rises)
    return _rounded(key, min(max(moved, low * (1 - beyond)), high * (1 + beyond)))


def _rounded(key: str, value: float) -> float:
    return round(value, clinic.DECIMALS.get(key, 0))
