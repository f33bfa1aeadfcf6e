"""What was asked and noted of one person of the cast: habits, term, screenings, the review of the history."""

from datetime import date
from typing import Any

from dossier.fhir import history, lifestyle, prevention
from dossier.fhir.lifestyle import Habit, NewHabit
from dossier.fhir.prevention import NewPrevention, Outcome
from dossier.terminology.catalogue import Terminology
from dossier.terminology.recommendations import Rule
from server.demonstration.pen import Pen
from server.demonstration.story import Story


def write(sheet: dict[str, Any], pen: Pen, by: str, story: Story, terminology: Terminology) -> None:
    """After everything else of the sheet."""
    person = sheet["person"]
    for one in sheet.get("prevention", ()):
        code = one["code"]
        rule = terminology.screenings.get(code) or terminology.child_examinations.get(code)
        assert rule is not None, code
        _screening(one, rule, pen, one.get("by", by), story)
    if "term" in person:
        asked = story.day(person["term_noted"])
        said = NewHabit(
            habit=Habit.PREGNANCY,
            label="Terme prévu",
            text=story.day(person["term"]).isoformat(),
        )
        _put(pen, lifestyle.build, said, by, asked, at=asked.isoformat())
    if "reviewed" in person:
        _review(pen, by, story.day(person["reviewed"]))


def _screening(one: dict[str, Any], rule: Rule, pen: Pen, by: str, story: Story) -> None:
    day = story.day(one["at"])
    said = NewPrevention(
        system=rule.system,
        code=rule.code,
        label=rule.fr,
        at=day.isoformat(),
        outcome=Outcome(one.get("outcome", str(Outcome.DONE))),
        reason=one.get("reason", ""),
    )
    _put(pen, prevention.build, said, by, day)


def _put(pen: Pen, build: Any, said: Any, by: str, day: date, **more: str) -> None:
    pen.put(
        build(
            said,
            rid=pen.new_id(),
            patient=pen.subject.reference,
            signature=pen.sign(by, day),
            **more,
        )
    )


def _review(pen: Pen, by: str, day: date) -> None:
    past = [
        f"{one['resourceType']}/{one['id']}"
        for one in pen.resources
        if one["resourceType"] in ("Condition", "Procedure", "FamilyMemberHistory")
    ]
    pen.put(
        history.build_review(
            "Antécédents",
            tuple(past),
            rid=pen.new_id(),
            patient=pen.subject.reference,
            signature=pen.sign(by, day),
        )
    )
